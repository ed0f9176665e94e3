"""What one question may ask: fetch one, page some, walk all, of the endpoints it named and within its bounds."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..errors import (
    ConfigError,
    IruError,
    NotPermitted,
    RateLimited,
    TookTooLong,
    Unauthorized,
    Unreadable,
    UsageError,
)
from .endpoint import Endpoint
from .paging import Position, Rows
from .record import Record
from .transport.prefetch import Ahead, positions

if TYPE_CHECKING:
    from .client import IruClient

R = TypeVar("R", bound=Record)
Progress = Callable[[int, int | None], Awaitable[None]]
"""Told after each page of a walk: rows so far, and the total when Iru said it."""


@dataclass(frozen=True, slots=True)
class Batch(Generic[R]):
    """One page: its rows as sent, where it began, where the next begins, and the total if Iru said."""

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


class Call:
    """What one tool call may do: fetch one, page some, walk all, of the endpoints it named."""

    def __init__(
        self,
        client: IruClient,
        endpoints: frozenset[Endpoint[Any]],
        deadline: float,
        requests: int,
        progress: Progress | None,
    ) -> None:
        self._client = client
        self._endpoints = endpoints
        self._progress = progress
        self.deadline = deadline
        self.now = client.now
        self.inventory = client.inventory
        self.companion = client.companion
        self.requests_left = requests
        self.question = ""
        """A short name for what is asked, for cursors."""
        self.requests_made = 0
        self.age: float | None = None
        """Seconds since the oldest kept answer that was used came from Iru; None when all were asked for."""

    @property
    def private(self) -> bool:
        """Whether names must leave under pseudonyms."""
        return self._client.privacy is not None

    def shown(self, value: Any) -> Any:
        """`value` as it leaves: under pseudonyms in privacy mode."""
        privacy = self._client.privacy
        return privacy.answer(value) if privacy else value

    def remarks(self, answer: dict[str, Any]) -> dict[str, Any]:
        """`answer`, saying how old it is when kept answers were used, and what is left of the hour when that is low."""
        pace = self._client.pace
        left = pace.hour_left
        if self.age is not None and self.age >= 1:
            answer = {"cached_seconds": int(self.age)} | answer
        if left is not None and left * 10 < pace.hour_limit:
            note = f"{left} of {pace.hour_limit} Iru requests left this hour, shared by all tokens"
            answer = answer | {"notes": [*answer.get("notes", []), note]}
        return answer

    async def fetch(self, endpoint: Endpoint[R], **ids: str) -> R:
        """The one record at an endpoint. Raises an IruError, Unreadable when it is not that record."""
        rows = (await self._read(endpoint, self._spend(endpoint, {}, ids), {}, endpoint.paging.start)).rows
        record = endpoint.record.read(rows[0]) if len(rows) == 1 else None
        if record is None:
            raise Unreadable(f"Iru's answer to {endpoint.path} is not the record it should be.", "Tell the user.")
        return record

    async def page(
        self,
        endpoint: Endpoint[R],
        position: Position | None = None,
        query: Mapping[str, str | int] | None = None,
        **ids: str,
    ) -> Batch[R]:
        """The page at `position` (None: the first)."""
        at = endpoint.paging.start if position is None else position
        return await self._page(endpoint, at, query, ids)

    async def walk(
        self,
        endpoint: Endpoint[R],
        position: Position | None = None,
        query: Mapping[str, str | int] | None = None,
        *,
        whole: bool = False,
        **ids: str,
    ) -> AsyncGenerator[Batch[R], None]:
        """Pages from `position` on, until the end, in order; side by side for who will want the `whole`.

        Raises Interrupted, with the position to go on from, when the call's requests or time run out, Iru fails
        midway, or its paging turns in a circle; what fails before the first page is raised as it is.
        """
        start = endpoint.paging.start if position is None else position
        at: Position | None = start
        seen: set[Position] = set()
        pages: set[int] = set()
        counted = begun = _rows_before(endpoint, start)
        ahead: Ahead[Batch[R]] = Ahead(lambda later: self._page(endpoint, later, query, ids))
        try:
            while at is not None:
                if at in seen:
                    raise Interrupted("Iru's paging repeats itself", None)
                seen.add(at)
                batch = await self._next_page(ahead, at, first=len(seen) == 1)
                if pages and batch.rows and _likeness(batch.rows) in pages:
                    raise Interrupted("Iru gave the same page twice", None)
                counted += len(batch.rows)
                if len(seen) == 1:
                    self._refuse_long_walk(batch, counted)
                if whole:
                    self._ask_ahead(ahead, batch, len(seen))
                if self._progress and (batch.next is not None or len(seen) > 1):
                    await self._progress(counted - begun, batch.total)
                yield batch
                at = batch.next
                if at is not None:
                    pages.add(_likeness(batch.rows))
                if at is None and begun >= 0 and batch.total is not None and counted < batch.total:
                    raise Interrupted(f"Iru counts {batch.total} rows but gave {counted}", None)
        finally:
            ahead.drop()

    def _ask_ahead(self, ahead: Ahead[Batch[R]], batch: Batch[R], read: int) -> None:
        """Ask for what follows `batch`; where no end is known, for no more pages than were `read`."""
        most = self._client.limits.side_by_side
        wanted = positions(batch.position, batch.next, batch.end)
        ahead.start(wanted, most if batch.end is not None else min(most, read), self._may_go_on)

    def _may_go_on(self) -> bool:
        long = self.requests_made >= self._client.limits.small_walk
        return self.requests_left > 0 and not (long and self._low())

    def _low(self) -> str:
        """Why no long walk may be made now; empty when one may."""
        left, floor = self._client.pace.hour_left, self._client.limits.quota_floor
        if left is None or left >= floor:
            return ""
        return f"{left} Iru requests are left this hour, below the floor of {floor} for long walks"

    def _refuse_long_walk(self, batch: Batch[Any], counted: int) -> None:
        ahead = max(0, (batch.total or 0) - counted) // max(1, len(batch.rows)) if batch.next is not None else 0
        if self._low() and ahead >= self._client.limits.small_walk:
            raise RateLimited(
                f"{self._low()}, and this one needs about {ahead + 1}.",
                "Narrow the question to a device or filter, or wait for the next hour (setting IRU_QUOTA_FLOOR).",
                self._client.pace.hour_ends_in,
            )

    async def _next_page(self, ahead: Ahead[Batch[R]], at: Position, *, first: bool) -> Batch[R]:
        if first:
            return await ahead.take(at)
        if at not in ahead and not self._may_go_on():
            raise Interrupted(self._low() or f"this call's {self.requests_made} requests are used up", at)
        try:
            return await ahead.take(at)
        except (NotPermitted, Unauthorized, UsageError, ConfigError):
            raise
        except TookTooLong:
            raise Interrupted("this call's time is used up", at) from None
        except IruError as error:
            raise Interrupted(error.fact.rstrip("."), at) from None

    def _page(
        self, endpoint: Endpoint[R], at: Position, query: Mapping[str, str | int] | None, ids: Mapping[str, str]
    ) -> Coroutine[Any, Any, Batch[R]]:
        """The page at `at`, its request already counted."""
        whole_query = endpoint.paging.query(at) | dict(query or {})
        return self._batch(endpoint, at, self._spend(endpoint, whole_query, ids), whole_query)

    async def _batch(self, endpoint: Endpoint[R], at: Position, path: str, query: Mapping[str, str | int]) -> Batch[R]:
        page = await self._read(endpoint, path, query, at)
        return Batch(endpoint, page.rows, at, page.next, page.total, page.end)

    def _spend(self, endpoint: Endpoint[Any], query: Mapping[str, str | int], ids: Mapping[str, str]) -> str:
        """The path of a request that may be made, which counts from now on."""
        if endpoint not in self._endpoints:
            raise TypeError(f"this tool did not name {endpoint.name}")
        unknown = (
            set(query)
            - endpoint.filters
            - set(endpoint.paging.query("x" if endpoint.paging.start == "" else 1))
            - {"offset"}
        )
        if unknown:
            raise TypeError(f"{endpoint.name} documents no {sorted(unknown)}")
        if self.requests_left <= 0:
            raise TookTooLong("This call's requests are used up.", "Narrow the question, or ask for less at once.")
        path = endpoint.url_path(ids)
        if any("\ud800" <= letter <= "\udfff" for value in query.values() for letter in str(value)):
            raise UsageError("An argument holds half a character.", "Pass it as another tool gave it.")
        self.requests_left -= 1
        self.requests_made += 1
        return path

    async def _read(self, endpoint: Endpoint[Any], path: str, query: Mapping[str, str | int], at: Position) -> Rows:
        page, age = await self._client.read(endpoint, path, query, at, self.deadline)
        if age is not None:
            self.requests_left += 1
            self.requests_made -= 1
            self.age = max(self.age or 0.0, age)
        return page


def _likeness(rows: Sequence[Any]) -> int:
    """A number that two pages share when they are the same: of a few rows, since all would cost more than reading."""
    return hash(repr((len(rows), rows[-1:], rows[:: len(rows) // 8 + 1])))


def _rows_before(endpoint: Endpoint[Any], at: Position) -> int:
    """How many rows lie before `at`; below zero, and far, when a cursor does not say."""
    if at == endpoint.paging.start:
        return 0
    return at if isinstance(at, int) and endpoint.paging.start in (0, "") else -(10**9)


class Interrupted(Exception):
    """A walk that could not reach the end: why, and the position it did not read, None where going on is no use."""

    def __init__(self, why: str, position: Position | None) -> None:
        super().__init__(why)
        self.why = why
        self.position = position
