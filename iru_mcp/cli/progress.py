"""How far a long walk is: one moving line on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

_EVERY = 5.0
"""Seconds between plain lines."""
_SMOOTH = 0.1
"""Seconds between two states of the moving line."""


class Bar:
    """Shows rows so far of what is walked now."""

    def __init__(self, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._out, self._clock = out, clock
        self._moving = out.isatty()
        self._last = 0.0
        self._rows: dict[str, int] = {}
        self._width = 0

    def show(self, what: str, rows: int, total: int | None) -> None:
        """`rows` of `what` are read, of `total` if that is known."""
        self._rows[what] = rows
        now = self._clock()
        if now - self._last < (_SMOOTH if self._moving else _EVERY):
            return
        self._last = now
        of = f" of {total:,}" if total else ""
        part = f" [{'#' * (20 * min(rows, total) // total):<20}]" if total else ""
        self._write(f"{what}{part} {rows:,}{of}; {sum(self._rows.values()):,} rows in all")

    def close(self, text: str) -> None:
        """End with `text`, or with nothing."""
        if self._moving and self._width:
            self._out.write("\r" + " " * self._width + "\r")
        if text:
            self._out.write(f"{text}\n")
        self._out.flush()

    def _write(self, line: str) -> None:
        if self._moving:
            self._out.write(f"\r{line:<{self._width}}")
            self._width = max(self._width, len(line))
        else:
            self._out.write(f"{line}\n")
        self._out.flush()
