"""Pages of a walk requested before their turn.

A walk of 60 pages, one request after the other, takes a minute. Where the pages already read tell where later ones
begin (offsets and page numbers, not cursors), those are requested side by side. What must stay true: a page is given
only to who asks for its exact position, so a walk with prefetch reads the same pages in the same order as one without.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from itertools import count
from typing import Any, Generic, TypeVar

from ..paging import Position

B = TypeVar("B")


def later_positions(position: Position, following: Position | None, end: int | None) -> Iterator[int]:
    """Where the pages after the one at `position` begin, up to `end`; none where only Iru's cursor knows."""
    if not isinstance(following, int):
        return iter(())
    step = following - (position if isinstance(position, int) else 0)
    return iter(range(following, end, step)) if end is not None else count(following, step)


class Prefetch(Generic[B]):
    """Pages in flight, by position; `read` requests one."""

    def __init__(self, read: Callable[[Position], Coroutine[Any, Any, B]]) -> None:
        self._read = read
        self._tasks: dict[Position, asyncio.Task[B]] = {}

    def start(self, wanted: Iterator[int], most: int, allowed: Callable[[], bool]) -> None:
        """Request the first `most` of the `wanted` pages that are not in flight, while `allowed` says so."""
        for position in (next(wanted, None) for _ in range(most)):
            if position is None or (position not in self._tasks and not allowed()):
                return
            if position not in self._tasks:
                task = self._tasks[position] = asyncio.create_task(self._read(position))
                # A failure counts when the page's turn comes, which may be never.
                task.add_done_callback(lambda done: done.cancelled() or done.exception())

    def __contains__(self, position: Position) -> bool:
        return position in self._tasks

    async def take(self, position: Position) -> B:
        """The page at `position`, requested now unless it was before. Raises what reading it raises."""
        task = self._tasks.pop(position, None)
        if task is None:
            self.cancel()
            return await self._read(position)
        return await task

    def cancel(self) -> None:
        """Cancel all requests whose page nobody has taken."""
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()
