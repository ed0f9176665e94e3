"""Identical reads share one request while it is in flight, and its answer for a short while after."""

from __future__ import annotations

import asyncio
import marshal
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, overload

import anyio

from ..paging import RawPage

MAX_BYTES = 32 * 1024 * 1024
"""Bytes of all answers kept."""

_MOST_KEPT = 2_000
_BLOCK = 32
"""RawPage unpacked at once: most answers show 25 of a page's 300."""


@dataclass(slots=True)
class Deadline:
    """When those who wait for a request give up; a later waiter may move it back."""

    at: float


Read = Callable[[Deadline], Awaitable[RawPage]]
"""Asks Iru for a page."""


class _Unpacked(Sequence[Any]):
    """A reader's own copy of kept rows, of which each block is made when one of its rows is looked at."""

    def __init__(self, blocks: Sequence[bytes], count: int) -> None:
        self._blocks = blocks
        self._places = range(count)
        self._made: dict[int, list[Any]] = {}

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self[place] for place in self._places[index]]
        number, place = divmod(self._places[index], _BLOCK)
        if number not in self._made:
            # Several times faster than reading JSON again; written by this process, never by anyone else.
            self._made[number] = marshal.loads(self._blocks[number])  # noqa: S302
        return self._made[number][place]


class _Packed:
    """A page as bytes: its memory is known, and nobody who reads it can change what others will read."""

    def __init__(self, page: RawPage) -> None:
        self._page = replace(page, rows=())
        self._count = len(page.rows)
        self._blocks = [marshal.dumps([*page.rows[at : at + _BLOCK]]) for at in range(0, self._count, _BLOCK)]
        self.size = sum(map(len, self._blocks))

    def page(self) -> RawPage:
        return replace(self._page, rows=_Unpacked(self._blocks, self._count))


@dataclass(slots=True)
class _Flight:
    deadline: Deadline
    task: asyncio.Task[tuple[RawPage, _Packed]] | None = None
    waiting: int = 0


@dataclass(slots=True)
class Cache:
    """Answers by question, `seconds` long, at most MAX_BYTES in all, the oldest out first; failures are never kept.

    With `seconds` 0 nothing is kept and nothing is shared.
    """

    seconds: float
    clock: Callable[[], float] = anyio.current_time
    max_bytes: int = MAX_BYTES
    hits: int = 0
    shared: int = 0
    size: int = 0
    _kept: OrderedDict[Hashable, tuple[float, _Packed]] = field(default_factory=OrderedDict)
    _flights: dict[Hashable, _Flight] = field(default_factory=dict)

    async def get(self, question: Hashable, deadline: float, read: Read) -> tuple[RawPage, float | None]:
        """The page, the caller's own to change, and its age in seconds, None when it was read for this caller alone.

        Raises what `read` raises, and TimeoutError at `deadline`. Whoever is cancelled leaves; the request goes on
        while somebody waits for it.
        """
        if self.seconds <= 0:
            return await read(Deadline(deadline)), None
        found = self._fresh(question)
        if found:
            self.hits += 1
            return found[1].page(), self.clock() - found[0]
        flight = self._flights.get(question)
        first = flight is None
        if flight is None:
            flight = self._take_off(question, deadline, read)
        else:
            self.shared += 1
            flight.deadline.at = max(flight.deadline.at, deadline)
        with anyio.fail_after(max(0.0, deadline - self.clock())):
            found_now, packed = await self._wait(question, flight)
        return (found_now, None) if first else (packed.page(), 0.0)

    def close(self) -> None:
        """End the requests in flight and forget everything."""
        for flight in list(self._flights.values()):
            if flight.task:
                flight.task.cancel()
        self._flights.clear()
        self._kept.clear()
        self.size = 0

    def _take_off(self, question: Hashable, deadline: float, read: Read) -> _Flight:
        flight = self._flights[question] = _Flight(Deadline(deadline))
        flight.task = asyncio.create_task(self._fly(question, flight, read))
        # Whoever waited has seen its failure; when nobody is left, nobody needs to.
        flight.task.add_done_callback(lambda task: task.cancelled() or task.exception())
        return flight

    async def _fly(self, question: Hashable, flight: _Flight, read: Read) -> tuple[RawPage, _Packed]:
        try:
            found = await read(flight.deadline)
        finally:
            self._land(question, flight)
        packed = _Packed(found)
        self._keep(question, packed)
        return found, packed

    def _land(self, question: Hashable, flight: _Flight) -> None:
        if self._flights.get(question) is flight:
            del self._flights[question]

    async def _wait(self, question: Hashable, flight: _Flight) -> tuple[RawPage, _Packed]:
        assert flight.task is not None  # noqa: S101 - set where the flight is made
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                self._land(question, flight)
                flight.task.cancel()

    def _fresh(self, question: Hashable) -> tuple[float, _Packed] | None:
        found = self._kept.get(question)
        return found if found and self.clock() - found[0] < self.seconds else None

    def _keep(self, question: Hashable, packed: _Packed) -> None:
        self._drop(question)
        if packed.size > self.max_bytes // 4:
            return
        self._kept[question] = (self.clock(), packed)
        self.size += packed.size
        while self._kept and (self.size > self.max_bytes or len(self._kept) > _MOST_KEPT or self._oldest_is_stale()):
            self._drop(next(iter(self._kept)))

    def _oldest_is_stale(self) -> bool:
        return self.clock() - next(iter(self._kept.values()))[0] >= self.seconds

    def _drop(self, question: Hashable) -> None:
        gone = self._kept.pop(question, None)
        self.size -= gone[1].size if gone else 0
