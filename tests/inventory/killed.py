"""A first sync that ends itself at its n-th statement, as a kill would: python killed.py FILE N."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path

import anyio

from iru_mcp.inventory import store
from tests.conftest import KILL
from tests.inventory.conftest import Copy

COUNT = 0


def _counting(connect: object, last: int) -> object:
    def counted(path: Path, *, flags: str = "mode=rw") -> sqlite3.Connection:
        db: sqlite3.Connection = connect(path, flags=flags)  # type: ignore[operator]

        def traced(_: str) -> None:
            global COUNT  # noqa: PLW0603 - a script's own
            COUNT += 1
            if last == COUNT:
                os.kill(os.getpid(), KILL)

        db.set_trace_callback(traced)
        return db

    return counted


if __name__ == "__main__":
    store._connect = _counting(store._connect, int(sys.argv[2]))  # type: ignore[assignment]
    outcome = anyio.run(Copy(Path(sys.argv[1])).sync)
    print(COUNT, int(outcome.resumed))  # noqa: T201 - to whoever started this
