"""Single-flight cache: identical reads share one request, and its answer for a short while after.

An agent asks the same list several times in a minute, and several tools at once. A read whose request is in flight
joins it; one that was answered within `seconds` gets that answer again. Rows are stored as bytes, so that their memory
is known, no reader can change what others get, and nothing is read that nobody looks at. What must stay true: failures
are never stored, a reader waits no longer than its own deadline, and a request goes on only while somebody waits for
it.
"""

import asyncio
import marshal
import sys
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, overload

import anyio

from ..paging import RawPage

MAX_BYTES = 32 * 1024 * 1024
"""Bytes of all answers stored."""

_MOST_ANSWERS = 2_000


@dataclass(slots=True)
class Deadline:
    """When those who wait for a request give up; a later reader may move it to a later time."""

    at: float


Read = Callable[[Deadline], Awaitable[RawPage]]
"""Asks Iru for a page."""


class _PackedRows(Sequence[Any]):
    """The rows of a page, each packed by itself, and unpacked each time it is asked for.

    Most answers show 25 of a page's 300 rows: reading all of them took more than the rest of such a call. Marshal is
    several times faster than JSON; this process wrote the bytes, never anyone else.
    """

    def __init__(self, rows: Sequence[Any]) -> None:
        self._packed = [marshal.dumps(row) for row in rows]
        self.size = sum(map(sys.getsizeof, self._packed))

    def __len__(self) -> int:
        return len(self._packed)

    def __iter__(self) -> Iterator[Any]:
        return map(marshal.loads, self._packed)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        found = self._packed[index]
        return list(map(marshal.loads, found)) if isinstance(found, list) else marshal.loads(found)  # noqa: S302


class _Stored(NamedTuple):
    """A page that any number of readers may be given, when it came, and its size in bytes."""

    at: float
    page: RawPage
    size: int


@dataclass(slots=True)
class _InFlight:
    deadline: Deadline
    task: asyncio.Task[_Stored] = field(init=False)
    waiting: int = 0


@dataclass(slots=True, eq=False, repr=False)
class Cache:
    """Pages by key for `seconds`, at most `max_bytes` in all: the oldest are dropped first. With `seconds` 0 nothing is
    stored and nothing is shared."""

    seconds: float
    clock: Callable[[], float] = anyio.current_time
    max_bytes: int = MAX_BYTES
    hits: int = 0
    shared: int = 0
    size: int = 0
    _stored: OrderedDict[Hashable, _Stored] = field(default_factory=OrderedDict)
    _in_flight: dict[Hashable, _InFlight] = field(default_factory=dict)

    async def get(self, key: Hashable, deadline: float, read: Read) -> tuple[RawPage, float | None]:
        """The page, a copy of its own for each reader, and its age in seconds, None when `read` was called for it.

        Raises what `read` raises, and TimeoutError at `deadline`.
        """
        if self.seconds <= 0:
            return await read(Deadline(deadline)), None
        stored = self._stored.get(key)
        if stored and self.clock() - stored.at < self.seconds:
            self.hits += 1
            return stored.page, self.clock() - stored.at
        joined = self._in_flight.get(key)
        if joined:
            self.shared += 1
            joined.deadline.at = max(joined.deadline.at, deadline)
        shared = joined or self._start(key, deadline, read)
        with anyio.fail_after(max(0.0, deadline - self.clock())):
            page = (await self._wait(key, shared)).page
        return page, None if joined is None else 0.0

    def close(self) -> None:
        """Cancel the requests in flight and forget everything."""
        for shared in list(self._in_flight.values()):
            shared.task.cancel()
        self._in_flight.clear()
        self._stored.clear()
        self.size = 0

    def _start(self, key: Hashable, deadline: float, read: Read) -> _InFlight:
        shared = self._in_flight[key] = _InFlight(Deadline(deadline))
        shared.task = asyncio.create_task(self._read(key, shared, read))
        # Its failure is raised in whoever waits; when nobody does, asyncio must not report it as unread.
        shared.task.add_done_callback(lambda task: task.cancelled() or task.exception())
        return shared

    async def _read(self, key: Hashable, shared: _InFlight, read: Read) -> _Stored:
        try:
            page = await read(shared.deadline)
        finally:
            self._leave(key, shared)
        rows = _PackedRows(page.rows)
        stored = _Stored(self.clock(), page._replace(rows=rows), rows.size)
        self._store(key, stored)
        return stored

    async def _wait(self, key: Hashable, shared: _InFlight) -> _Stored:
        shared.waiting += 1
        try:
            return await asyncio.shield(shared.task)
        finally:
            shared.waiting -= 1
            if not shared.waiting and not shared.task.done():
                self._leave(key, shared)
                shared.task.cancel()

    def _leave(self, key: Hashable, shared: _InFlight) -> None:
        """Let nobody join this request any more."""
        if self._in_flight.get(key) is shared:
            del self._in_flight[key]

    def _store(self, key: Hashable, stored: _Stored) -> None:
        self._evict(key)
        if stored.size > self.max_bytes // 4:
            return
        self._stored[key] = stored
        self.size += stored.size
        while self._stored:
            oldest = next(iter(self._stored))
            expired = self.clock() - self._stored[oldest].at >= self.seconds
            if not (expired or self.size > self.max_bytes or len(self._stored) > _MOST_ANSWERS):
                return
            self._evict(oldest)

    def _evict(self, key: Hashable) -> None:
        gone = self._stored.pop(key, None)
        self.size -= gone.size if gone else 0
