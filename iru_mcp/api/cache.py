"""Identical reads share one request while it is in flight, and its answer for a short while after."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

import anyio

MAX_BYTES = 8 * 1024 * 1024
"""Bytes of all bodies whose contents are kept, read: in memory they take several times as much."""

_MOST_KEPT = 2_000


@dataclass(slots=True)
class Deadline:
    """When those who wait for a request give up; a later waiter may move it back."""

    at: float


@dataclass(frozen=True, slots=True)
class Kept:
    """What an answer's body held, shared by all who asked: nobody may change it. `size` is the body's, in bytes."""

    found: Any
    size: int


Read = Callable[[Deadline], Awaitable[Kept]]


@dataclass(slots=True)
class _Flight:
    deadline: Deadline
    task: asyncio.Task[Kept] | None = None
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
    _kept: OrderedDict[Hashable, tuple[float, Kept]] = field(default_factory=OrderedDict)
    _flights: dict[Hashable, _Flight] = field(default_factory=dict)

    async def get(self, question: Hashable, deadline: float, read: Read) -> tuple[Kept, float | None]:
        """The answer and its age in seconds, None when it was read for this caller alone.

        Raises what `read` raises, and TimeoutError at `deadline`. Whoever is cancelled leaves; the request goes on
        while somebody waits for it.
        """
        if self.seconds <= 0:
            return await read(Deadline(deadline)), None
        found = self._fresh(question)
        if found:
            self.hits += 1
            return found[1], self.clock() - found[0]
        flight = self._flights.get(question)
        first = flight is None
        if flight is None:
            flight = self._take_off(question, deadline, read)
        else:
            self.shared += 1
            flight.deadline.at = max(flight.deadline.at, deadline)
        with anyio.fail_after(max(0.0, deadline - self.clock())):
            return await self._wait(question, flight), None if first else 0.0

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

    async def _fly(self, question: Hashable, flight: _Flight, read: Read) -> Kept:
        try:
            body = await read(flight.deadline)
        finally:
            self._land(question, flight)
        self._keep(question, body)
        return body

    def _land(self, question: Hashable, flight: _Flight) -> None:
        if self._flights.get(question) is flight:
            del self._flights[question]

    async def _wait(self, question: Hashable, flight: _Flight) -> Kept:
        assert flight.task is not None  # noqa: S101 - set where the flight is made
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                self._land(question, flight)
                flight.task.cancel()

    def _fresh(self, question: Hashable) -> tuple[float, Kept] | None:
        found = self._kept.get(question)
        return found if found and self.clock() - found[0] < self.seconds else None

    def _keep(self, question: Hashable, body: Kept) -> None:
        self._drop(question)
        if body.size > self.max_bytes // 4:
            return
        self._kept[question] = (self.clock(), body)
        self.size += body.size
        while self._kept and (self.size > self.max_bytes or len(self._kept) > _MOST_KEPT or self._oldest_is_stale()):
            self._drop(next(iter(self._kept)))

    def _oldest_is_stale(self) -> bool:
        return self.clock() - next(iter(self._kept.values()))[0] >= self.seconds

    def _drop(self, question: Hashable) -> None:
        gone = self._kept.pop(question, None)
        self.size -= gone[1].size if gone else 0
