"""Pages asked for before their turn, where the pages already read tell where the next ones begin."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from itertools import count
from typing import Any, Generic, TypeVar

from ..paging import Position

B = TypeVar("B")


def positions(at: Position, following: Position | None, end: int | None) -> Iterator[int]:
    """Where the pages after the one at `at` begin, up to `end`; none where only Iru's cursor knows."""
    if not isinstance(following, int):
        return iter(())
    step = following - (at if isinstance(at, int) else 0)
    return iter(range(following, end, step)) if end is not None else count(following, step)


class Ahead(Generic[B]):
    """Some pages in flight at once. A page is only given to who asks for its exact position, so the walk that uses
    it reads the same pages in the same order as one that asks for each in turn.
    """

    def __init__(self, ask: Callable[[Position], Coroutine[Any, Any, B]]) -> None:
        self._ask = ask
        self._tasks: dict[Position, asyncio.Task[B]] = {}

    def start(self, wanted: Iterator[int], most: int, allowed: Callable[[], bool]) -> None:
        """Ask for the first `most` of the `wanted` pages, unless they are asked for, while it is allowed."""
        for position in (next(wanted, None) for _ in range(most)):
            if position is None or (position not in self._tasks and not allowed()):
                return
            if position not in self._tasks:
                task = self._tasks[position] = asyncio.create_task(self._ask(position))
                # A failure counts when the page's turn comes, which may be never.
                task.add_done_callback(lambda done: done.cancelled() or done.exception())

    def __contains__(self, position: Position) -> bool:
        return position in self._tasks

    async def take(self, position: Position) -> B:
        """The page at `position`, asked for now if it was not before. Raises what asking for it raises."""
        task = self._tasks.pop(position, None)
        if task is None:
            self.drop()
            return await self._ask(position)
        return await task

    def drop(self) -> None:
        """Give up all pages that nobody has taken."""
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()
