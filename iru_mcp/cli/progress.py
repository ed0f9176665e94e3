"""What a sync writes to stderr: lines that begin with the time, and how far it is.

Progress is one moving line with a bar on a terminal, a plain line now and then elsewhere.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TextIO

_EVERY = 5.0
"""Seconds between plain lines."""
_SMOOTH = 0.1
"""Seconds between two updates of the moving line."""


class Log:
    """Lines of one sync; each bears the time in UTC and `name`, if there is one. Without `moving` there is no moving
    line on a terminal either. A reader that has left is no reason to stop a sync: what it would have read is lost."""

    def __init__(
        self, out: TextIO, name: str = "", *, moving: bool = True, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._out, self._clock = out, clock
        self._name = f"{name}: " if name else ""
        self._moving = moving and out.isatty()
        self._last = 0.0
        self._rows: dict[str, int] = {}
        self._width = 0

    def progress(self, table: str, rows: int, total: int | None) -> None:
        """`rows` of `table` are read, of `total` if that is known."""
        self._rows[table] = rows
        now = self._clock()
        if now - self._last < (_SMOOTH if self._moving else _EVERY):
            return
        self._last = now
        of = f" of {total:,}" if total else ""
        part = f" [{'#' * (20 * min(rows, total) // total):<20}]" if total and self._moving else ""
        line = f"{table}{part} {rows:,}{of}; {sum(self._rows.values()):,} rows in all"
        if self._moving:
            self._write(f"\r{line:<{self._width}}")
            self._width = max(self._width, len(line))
        else:
            self.write(line)

    def write(self, text: str) -> None:
        """Each line of `text`, in place of the moving line."""
        blank = "\r" + " " * self._width + "\r" if self._width else ""
        self._width = 0
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._write(blank + "".join(f"{at} {self._name}{line}\n" for line in text.splitlines()))

    def _write(self, text: str) -> None:
        with suppress(OSError):
            self._out.write(text)
            self._out.flush()
