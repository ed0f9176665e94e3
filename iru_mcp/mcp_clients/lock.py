"""One setup at a time on this machine: a lock that ends with the process that holds it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from ..inventory.location import default_file


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Wait until no other setup of this user changes files; they take milliseconds. Raises OSError without a place."""
    path: Path = default_file("setup").with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - of this platform

            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - of the other platforms

            fcntl.flock(file, fcntl.LOCK_EX)
        yield
