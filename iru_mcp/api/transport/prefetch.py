"""Pages of a walk, and answers about many things, requested before their turn.

A walk of 60 pages, one request after the other, takes a minute. Where the pages already read tell where later ones
begin (offsets and page numbers, not cursors), those are requested side by side; so are the answers about things that
are known beforehand. What must stay true: an answer is given only to a reader that asks for its exact position or
thing, so a walk with prefetch reads the same pages in the same order as one without.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Generic, TypeVar

from ..paging import Position

K = TypeVar("K")
B = TypeVar("B")


def later_positions(position: Position, following: Position | None, end: int | None) -> Iterator[int]:
    """Where the pages after the one at `position` begin, up to `end`; none where only Iru's cursor knows."""
    if not isinstance(following, int):
        return iter(())
    step = following - (position if isinstance(position, int) else 0)
    return iter(range(following, end, step)) if end is not None else count(following, step)


async def in_order(
    things: Sequence[K], read: Callable[[K], Coroutine[Any, Any, B]], most: int
) -> AsyncGenerator[tuple[K, B], None]:
    """Each of `things` with what `read` gives for it, in their order, at most `most` of them requested at once.

    Raises what reading one raises, when its turn comes.
    """
    prefetch: Prefetch[K, B] = Prefetch(read)
    try:
        for place, thing in enumerate(things):
            prefetch.start(iter(things[place : place + most]), most, lambda: True)
            yield thing, await prefetch.take(thing)
    finally:
        prefetch.cancel()


@dataclass
class Prefetch(Generic[K, B]):
    """Answers in flight, by position or thing; `read` requests one."""

    read: Callable[[K], Coroutine[Any, Any, B]]
    _tasks: dict[K, asyncio.Task[B]] = field(default_factory=dict)

    def start(self, wanted: Iterator[K], most: int, allowed: Callable[[], bool]) -> None:
        """Request those of the first `most` of `wanted` that are not in flight, while `allowed` says so."""
        for position in (next(wanted, None) for _ in range(most)):
            if position is None or (position not in self._tasks and not allowed()):
                return
            if position not in self._tasks:
                task = self._tasks[position] = asyncio.create_task(self.read(position))
                # A failure is raised when the page is taken, which may never happen.
                task.add_done_callback(lambda done: done.cancelled() or done.exception())

    def __contains__(self, position: K) -> bool:
        return position in self._tasks

    async def take(self, position: K) -> B:
        """The answer for `position`, requested now unless it was before. Raises what reading it raises."""
        if position in self._tasks:
            return await self._tasks.pop(position)
        self.cancel()
        return await self.read(position)

    def cancel(self) -> None:
        """Cancel all requests whose answer nobody has taken."""
        for task in self._tasks.values():
            task.cancel()
        self._tasks.clear()
