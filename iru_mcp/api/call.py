"""What one question may ask of Iru: fetch one record, read one page, walk all pages, within a budget.

A question must not use up the tenant's hourly quota or outlast the client that waits for it. So a `Call` is limited to
the endpoints it names, a number of requests and a deadline, and reads through a `Reader` (the shared client). A walk
yields pages in order and compares each with those before it, since Iru's paging can repeat itself. What must stay
true: a walk ends normally only when every row was read; whatever stops it earlier raises `Interrupted`, with the
position to go on from.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from ..errors import ConfigError, IruError, NotPermitted, RateLimited, TookTooLong, Unauthorized, Unreadable, UsageError
from .endpoint import Endpoint
from .paging import Position, RawPage
from .record import Record
from .request import Request, request_for
from .transport.prefetch import Prefetch, later_positions
from .transport.rate_limit import Limits, RateLimiter

R = TypeVar("R", bound=Record)
ReportProgress = Callable[[int, int | None], Awaitable[None]]
"""Told after each page of a walk: rows so far, and the total when Iru said it."""


class Reader(Protocol):
    """What a call reads through."""

    @property
    def limits(self) -> Limits: ...
    @property
    def rate_limiter(self) -> RateLimiter: ...

    async def read(self, request: Request[Any], deadline: float) -> tuple[RawPage, float | None]:
        """The page, and its age in seconds when no request was sent for it. Raises an IruError."""


class Batch(NamedTuple, Generic[R]):
    """One page: its rows as sent, where it began, where the next begins, the total if Iru said, and RawPage's `end`."""

    endpoint: Endpoint[R]
    rows: Sequence[Any]
    position: Position
    next: Position | None
    total: int | None
    end: int | None = None

    @property
    def records(self) -> list[R | None]:
        """Each row as a record; None where a row is not one."""
        return [self.record(index) for index in range(len(self.rows))]

    def record(self, index: int) -> R | None:
        """One row as a record."""
        return self.endpoint.record.read(self.rows[index])


class Interrupted(Exception):
    """A walk that could not reach the end: why, the position it did not read, None where going on is no use, and the
    error behind it where a request failed."""

    def __init__(self, why: str, position: Position | None, cause: IruError | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.position = position
        self.cause = cause


@dataclass(slots=True, eq=False, repr=False)
class Call:
    """The budget of one question: endpoints, requests and a deadline (in seconds of the client's clock)."""

    _reader: Reader
    _endpoints: frozenset[Endpoint[Any]]
    deadline: float
    requests_left: int
    report_progress: ReportProgress | None
    requests_made: int = 0
    age: float | None = None
    """Seconds since the oldest cached answer that was used came from Iru; None when all were asked for."""

    async def fetch(self, endpoint: Endpoint[R], **ids: str) -> R:
        """The one record at an endpoint. Raises an IruError, Unreadable when it is not that record."""
        records = (await self._start_read(request_for(endpoint, None, {}, ids))).records
        if len(records) != 1 or records[0] is None:
            raise Unreadable(f"Iru's answer to {endpoint.path} is not the record it should be.", "Tell the user.")
        return records[0]

    async def page(
        self,
        endpoint: Endpoint[R],
        position: Position | None = None,
        query: Mapping[str, str | int] | None = None,
        **ids: str,
    ) -> Batch[R]:
        """The page at `position` (None: the first). Raises an IruError."""
        return await self._start_read(request_for(endpoint, position, query or {}, ids))

    async def walk(
        self,
        endpoint: Endpoint[R],
        position: Position | None = None,
        query: Mapping[str, str | int] | None = None,
        *,
        whole: bool = False,
        **ids: str,
    ) -> AsyncGenerator[Batch[R], None]:
        """Pages from `position` (None: the first) to the end, in order; with `whole`, later ones are prefetched.

        Raises Interrupted, with the position to go on from, when the call's requests or time run out, Iru fails
        midway, or its paging repeats itself; what fails before the first page is raised as it is.
        """

        def read(at: Position | None) -> Coroutine[Any, Any, Batch[R]]:
            return self._start_read(request_for(endpoint, at, query or {}, ids))

        pages = _Pages(endpoint.paging.start if position is None else position, endpoint.paging.start)
        prefetch: Prefetch[Position, Batch[R]] = Prefetch(read)
        try:
            while pages.next is not None:
                pages.refuse_repeat()
                batch = await self._next_page(prefetch, pages.next, first=not pages.read)
                pages.add(batch)
                if pages.read == 1:
                    self._refuse_long_walk(batch, pages.rows + (pages.rows_before or 0))
                if whole:
                    self._prefetch_after(batch, prefetch, pages.read)
                if self.report_progress and (batch.next is not None or pages.read > 1):
                    await self.report_progress(pages.rows, batch.total)
                yield batch
            pages.check_total()
        finally:
            prefetch.cancel()

    def low_quota(self) -> str:
        """A note when less than a tenth of the tenant's requests of this hour are left; else empty."""
        limiter = self._reader.rate_limiter
        if limiter.hour_left is None or limiter.hour_left * 10 >= limiter.hour_limit:
            return ""
        return f"{limiter.hour_left} of {limiter.hour_limit} Iru requests left this hour, shared by all tokens"

    async def _next_page(self, prefetch: Prefetch[Position, Batch[R]], position: Position, *, first: bool) -> Batch[R]:
        if first:
            return await prefetch.take(position)
        if position not in prefetch and not self._may_read_more():
            raise Interrupted(self._below_floor() or f"this call's {self.requests_made} requests are used up", position)
        try:
            return await prefetch.take(position)
        except (NotPermitted, Unauthorized, UsageError, ConfigError):
            raise
        except TookTooLong:
            raise Interrupted("this call's time is used up", position) from None
        except IruError as error:
            raise Interrupted(error.fact.rstrip("."), position, error) from None

    def _prefetch_after(self, batch: Batch[R], prefetch: Prefetch[Position, Batch[R]], pages_read: int) -> None:
        """Prefetch what follows `batch`; where no end is known, no more pages than were read."""
        most = self._reader.limits.side_by_side
        wanted = later_positions(batch.position, batch.next, batch.end)
        prefetch.start(wanted, most if batch.end is not None else min(most, pages_read), self._may_read_more)

    def _may_read_more(self) -> bool:
        is_long = self.requests_made >= self._reader.limits.small_walk
        return self.requests_left > 0 and not (is_long and self._below_floor())

    def _below_floor(self) -> str:
        """Why no long walk may be made now; empty when one may."""
        limiter = self._reader.rate_limiter
        left, floor = limiter.hour_left, limiter.of_hour(self._reader.limits.quota_floor)
        if left is None or left >= floor:
            return ""
        return f"{left} Iru requests are left this hour, below the floor of {floor} for long walks"

    def _refuse_long_walk(self, batch: Batch[Any], rows: int) -> None:
        more = max(0, (batch.total or 0) - rows) // max(1, len(batch.rows)) if batch.next is not None else 0
        if self._below_floor() and more >= self._reader.limits.small_walk:
            raise RateLimited(
                f"{self._below_floor()}, and this one needs about {more + 1}.",
                "Narrow the question to a device or filter, or wait for the next hour (setting IRU_QUOTA_FLOOR).",
                self._reader.rate_limiter.hour_ends_in,
            )

    def _start_read(self, request: Request[R]) -> Coroutine[Any, Any, Batch[R]]:
        """Count the request against the budget, now, and return the read to await."""
        if request.endpoint not in self._endpoints:
            raise TypeError(f"this tool did not name {request.endpoint.name}")
        if self.requests_left <= 0:
            raise TookTooLong("This call's requests are used up.", "Narrow the question, or ask for less at once.")
        self.requests_left -= 1
        self.requests_made += 1
        return self._read(request)

    async def _read(self, request: Request[R]) -> Batch[R]:
        page, age = await self._reader.read(request, self.deadline)
        if age is not None:
            self.requests_left += 1
            self.requests_made -= 1
            self.age = max(self.age or 0.0, age)
        return Batch(request.endpoint, page.rows, request.position, page.next, page.total, page.end)


class _Pages:
    """The pages that a walk has read: which is next, and whether Iru repeats rows or gives fewer than it counts."""

    def __init__(self, position: Position, start: Position) -> None:
        self.next: Position | None = position
        self.read = 0
        self.rows = 0
        # How many rows lie before; None when a cursor or page number does not say.
        self.rows_before = position if isinstance(position, int) and start in (0, "") else None
        if position == start:
            self.rows_before = 0
        self._total: int | None = None
        self._positions: set[Position] = set()
        self._first_rows: Sequence[Any] = ()
        self._fingerprints: set[int] = set()

    def refuse_repeat(self) -> None:
        """Raises Interrupted when the next page was read before."""
        if self.next in self._positions:
            raise Interrupted("Iru's paging repeats itself", None)

    def add(self, batch: Batch[Any]) -> None:
        """Count one page. Raises Interrupted when the same rows were read before."""
        if self.read == 0:
            self._first_rows = batch.rows  # most walks end here, and need no fingerprint
        else:
            self._refuse_same_rows(batch.rows)
        self._positions.add(batch.position)
        self.read += 1
        self.rows += len(batch.rows)
        self.next, self._total = batch.next, batch.total

    def _refuse_same_rows(self, rows: Sequence[Any]) -> None:
        if self._first_rows:
            self._fingerprints.add(_fingerprint(self._first_rows))
            self._first_rows = ()
        fingerprint = _fingerprint(rows)
        if rows and fingerprint in self._fingerprints:
            raise Interrupted("Iru gave the same page twice", None)
        self._fingerprints.add(fingerprint)

    def check_total(self) -> None:
        """Raises Interrupted when Iru counts more rows than it gave."""
        rows = self.rows + (self.rows_before or 0)
        if self.rows_before is not None and self._total is not None and rows < self._total:
            raise Interrupted(f"Iru counts {self._total} rows but gave {rows}", None)


def _fingerprint(rows: Sequence[Any]) -> int:
    """A hash that equal pages share. It is of some rows only: of all, it would take longer than reading the page."""
    return hash(repr((len(rows), rows[-1:], rows[:: len(rows) // 8 + 1])))
