"""The process that runs statements: a line of JSON in for each, a line of JSON out.

It ends with its standard input, and ends itself a moment after a statement's time is over: SQLite looks at the clock
between its steps only, and one call of a function on long text can take minutes.
"""

import json
import os
import sqlite3
import sys
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

from .guard import HEAP, Guard

GRACE = 0.5
"""Seconds beyond a statement's time until the process ends itself."""


def main() -> None:
    """Answer statements until standard input ends."""
    limits = sqlite3.connect(":memory:")
    limits.execute(f"PRAGMA hard_heap_limit = {HEAP}")  # of the process
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        watch = threading.Timer(asked["seconds"] + GRACE, os._exit, (1,))
        watch.daemon = True
        watch.start()
        answer = _answer(asked)
        watch.cancel()
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()


@lru_cache(maxsize=1)
def _guard(path: Path, _file: tuple[int, int] | None) -> Guard:
    """A guard over the file that is at `path` now; the last is held open, for to open one takes longer than most
    statements. Raises sqlite3.Error where there is none."""
    return Guard(path)


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    """`tables`, `facts`, `columns`, `rows` and `more`; or `error`, SQLite's words, and whether it was `late`.

    With `only_reads` the statement is not run. `facts` are statements of the caller's own, by name, answered from the
    same state of the copy.
    """
    guard, path = None, Path(asked["path"])
    sql, values = asked["sql"], asked["values"]
    try:
        place = path.stat() if path.exists() else None
        guard = _guard(path, (place.st_dev, place.st_ino) if place else None)
        with guard.within(asked["seconds"]):
            if asked["only_reads"]:
                return {"tables": sorted(guard.reads(sql, values))}
            facts = {name: guard.db.execute(fact).fetchall() for name, fact in asked["facts"].items()}
            found = guard.run(sql, values, asked["rows"], asked["cell"])
    except (sqlite3.Error, sqlite3.Warning, MemoryError) as error:
        return {"error": str(error) or type(error).__name__, "late": guard is not None and guard.late}
    return found._asdict() | {"tables": sorted(found.tables), "facts": facts}
