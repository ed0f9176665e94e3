"""The only module that speaks to Iru: GET, declared endpoints, bounded in time, size and number."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import anyio
import httpx
import truststore

from ..errors import (
    ConfigError,
    IruError,
    NotPermitted,
    RateLimited,
    ServerFault,
    TookTooLong,
    Unauthorized,
    Unreachable,
    Unreadable,
    UsageError,
)
from .body import read_body
from .decode import decode
from .endpoint import Endpoint
from .pacing import Limits, Pace, RetryBudget, backoff
from .paging import Position, Rows
from .record import Record

R = TypeVar("R", bound=Record)
Progress = Callable[[int, int | None], Awaitable[None]]
"""Told after each page of a walk: rows so far, and the total when Iru said it."""

Observe = Callable[[Endpoint[Any]], contextlib.AbstractContextManager[Callable[[int], None]]]
"""Entered around each request; what it yields is told the status of the answer."""

_AGENT = "iru-mcp (read-only)"


@dataclass(frozen=True, slots=True)
class Batch(Generic[R]):
    """One page: its rows as sent, where it began, where the next begins, and the total if Iru said."""

    endpoint: Endpoint[R]
    rows: list[Any]
    position: Position
    next: Position | None
    total: int | None

    @property
    def records(self) -> list[R | None]:
        """Each row as a record; None where a row is not one."""
        return [self.endpoint.record.read(row) for row in self.rows]


class IruClient:
    """One connection pool, one pace and one retry budget for a tenant.

    `base_url` is scheme and host of the tenant's API. The token is sent in one header and kept nowhere else.
    """

    def __init__(  # noqa: PLR0913 - what a test or the demo tenant replaces
        self,
        base_url: str,
        token: Callable[[], str],
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        limits: Limits | None = None,
        clock: Callable[[], float] = anyio.current_time,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        observe: Observe | None = None,
    ) -> None:
        self.now = now
        self._observe = observe or _unobserved
        self.base_url = base_url.rstrip("/")
        self.limits = limits or Limits()
        self.pace = Pace(self.limits.per_second, clock)
        self.requests = 0
        self.retries = 0
        self._token = token
        self._clock = clock
        self._budget = RetryBudget(self.limits.retry_share, self.limits.retry_floor)
        self._slots = anyio.CapacityLimiter(self.limits.in_flight)
        self._http = httpx.AsyncClient(
            base_url=self.base_url,
            transport=transport,
            verify=_trust() if transport is None else True,
            timeout=httpx.Timeout(self.limits.attempt_seconds, connect=self.limits.connect_seconds),
            follow_redirects=False,
            headers={"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": _AGENT},
        )

    async def aclose(self) -> None:
        """Close the connections; the client is of no use afterwards."""
        await self._http.aclose()

    def call(
        self,
        *endpoints: Endpoint[Any],
        seconds: float | None = None,
        requests: int | None = None,
        progress: Progress | None = None,
    ) -> Call:
        """One question's view of the client: these endpoints only, within this time and number of requests."""
        deadline = self._clock() + (seconds or self.limits.call_seconds)
        return Call(self, frozenset(endpoints), deadline, requests or self.limits.call_requests, progress)

    async def send(self, endpoint: Endpoint[Any], path: str, query: Mapping[str, str | int], deadline: float) -> Any:
        """The JSON of one GET, after at most `limits.attempts` tries. Raises an IruError."""
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = await self._attempt(endpoint, path, query, deadline)
            except IruError as error:
                await self._before_retry(error, attempt, deadline)
            else:
                self._budget.earn()
                return answer

    async def _before_retry(self, error: IruError, attempt: int, deadline: float) -> None:
        """Wait until the next try; raises `error` again when there shall be none."""
        asked = error.wait if isinstance(error, (RateLimited, ServerFault)) else None
        wait = asked if asked is not None else backoff(attempt)
        if isinstance(error, RateLimited):
            wait = max(wait, 0.2)
            self.pace.hold(wait)
        tries = min(self.limits.attempts, 2) if isinstance(error, Unreadable) else self.limits.attempts
        if not error.retryable or attempt >= tries or self._clock() + wait >= deadline or not self._budget.spend():
            raise error
        self.retries += 1
        await anyio.sleep(wait)

    async def _attempt(
        self, endpoint: Endpoint[Any], path: str, query: Mapping[str, str | int], deadline: float
    ) -> Any:
        left = deadline - self._clock()
        if left <= 0:
            raise _out_of_time()
        if self.pace.held >= left:
            raise RateLimited(
                "Iru's rate limit is reached (429).", f"Try again in {self.pace.held:.0f} s.", self.pace.held
            )
        within = self.limits.attempt_seconds
        try:
            with anyio.fail_after(left):
                async with self._slots:
                    await self._turn()
                    within = min(within, deadline - self._clock())
                    self.requests += 1
                    with self._observe(endpoint) as answered, anyio.fail_after(within):
                        status, headers, body = await self._exchange(path, query)
                        answered(status)
        except TimeoutError:
            raise _slow(endpoint, within, last=self._clock() + 0.5 >= deadline) from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ssl.SSLError, OSError) as error:
            raise _no_answer(self.base_url, error) from None
        self.pace.learn(headers)
        return decode(endpoint, status, headers, body)

    async def _turn(self) -> None:
        await anyio.sleep(self.pace.delay())
        while self.pace.held:  # noqa: ASYNC110 - a 429 may have come meanwhile, and another while waiting for it
            await anyio.sleep(self.pace.held)

    async def _exchange(self, path: str, query: Mapping[str, str | int]) -> tuple[int, httpx.Headers, bytes]:
        request = self._http.build_request(
            "GET", path, params=dict(query), headers={"Authorization": f"Bearer {self._token()}"}
        )
        response = await self._http.send(request, stream=True)
        try:
            body = await read_body(response.aiter_raw(), response.headers, self.limits.body_bytes)
        except Unreadable:
            if response.is_success:
                raise
            body = b""  # a failure's status says enough
        finally:
            await response.aclose()
        return response.status_code, response.headers, body


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
        self.requests_left = requests
        self.question = ""
        """A short name for what is asked, for cursors."""
        self.requests_made = 0

    async def fetch(self, endpoint: Endpoint[R], **ids: str) -> R:
        """The one record at an endpoint. Raises an IruError, Unreadable when it is not that record."""
        body = await self._get(endpoint, {}, ids)
        rows = endpoint.paging.read(body, endpoint.paging.start).rows
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
        body = await self._get(endpoint, endpoint.paging.query(at) | dict(query or {}), ids)
        rows: Rows = endpoint.paging.read(body, at)
        return Batch(endpoint, rows.rows, at, rows.next, rows.total)

    async def walk(
        self,
        endpoint: Endpoint[R],
        position: Position | None = None,
        query: Mapping[str, str | int] | None = None,
        **ids: str,
    ) -> AsyncIterator[Batch[R]]:
        """Pages from `position` on, until the end.

        Raises Interrupted, with the position to go on from, when the call's requests or time run out, Iru fails
        midway, or its paging turns in a circle; what fails before the first page is raised as it is.
        """
        at: Position | None = endpoint.paging.start if position is None else position
        seen: set[Position] = set()
        before: list[Any] = []
        counted = 0
        while at is not None:
            if at in seen:
                raise Interrupted("Iru's paging repeats itself", at)
            seen.add(at)
            batch = await self._next_page(endpoint, at, query, ids, first=len(seen) == 1)
            if batch.rows and batch.rows == before:
                raise Interrupted("Iru gave the same page twice", at)
            before = batch.rows
            counted += len(batch.rows)
            if self._progress and (batch.next is not None or len(seen) > 1):
                await self._progress(counted, batch.total)
            yield batch
            at = batch.next

    async def _next_page(
        self,
        endpoint: Endpoint[R],
        at: Position,
        query: Mapping[str, str | int] | None,
        ids: Mapping[str, str],
        *,
        first: bool,
    ) -> Batch[R]:
        if first:
            return await self.page(endpoint, at, query, **ids)
        if self.requests_left <= 0:
            raise Interrupted(f"this call's {self.requests_made} requests are used up", at)
        try:
            return await self.page(endpoint, at, query, **ids)
        except (NotPermitted, Unauthorized, UsageError, ConfigError):
            raise
        except TookTooLong:
            raise Interrupted("this call's time is used up", at) from None
        except IruError as error:
            raise Interrupted(error.fact.rstrip("."), at) from None

    async def _get(self, endpoint: Endpoint[Any], query: Mapping[str, str | int], ids: Mapping[str, str]) -> Any:
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
        self.requests_left -= 1
        self.requests_made += 1
        return await self._client.send(endpoint, endpoint.url_path(ids), query, self.deadline)


class Interrupted(Exception):
    """A walk that could not reach the end: why, and the position it did not read."""

    def __init__(self, why: str, position: Position) -> None:
        super().__init__(why)
        self.why = why
        self.position = position


@contextlib.contextmanager
def _unobserved(_: Endpoint[Any]) -> Iterator[Callable[[int], None]]:
    yield lambda _: None


def _trust() -> ssl.SSLContext:
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _out_of_time() -> TookTooLong:
    return TookTooLong("The time for this call is used up.", "Narrow the question, or ask for less at once.")


def _slow(endpoint: Endpoint[Any], seconds: float, *, last: bool) -> IruError:
    if last:
        return TookTooLong(
            f"Iru did not finish answering {endpoint.path} within this call's time.",
            "Narrow the question or try once more.",
        )
    return Unreachable(
        f"Iru did not answer {endpoint.path} within {seconds:.0f} s.", "Try once more; then tell the user."
    )


def _no_answer(base_url: str, error: Exception) -> Unreachable:
    host = httpx.URL(base_url).host
    kind = type(error).__name__
    text = str(error).casefold()
    if "certificate" in text:
        why, remedy = (
            "its TLS certificate is not trusted",
            "An admin must add the company's CA to the OS trust store or set SSL_CERT_FILE.",
        )
    elif isinstance(error, httpx.ProxyError):
        why, remedy = "the proxy refused", "An admin must check HTTPS_PROXY and NO_PROXY."
    elif (
        "name or service" in text or "getaddrinfo" in text or "nodename" in text or "temporary failure in name" in text
    ):
        why, remedy = "the name does not resolve", "An admin must check IRU_API_URL (subdomain and region), and DNS."
    elif isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)):
        why, remedy = "no connection", "Try once more; then an admin must check the network and HTTPS_PROXY."
    else:
        why, remedy = f"the connection broke ({kind})", "Try once more; then tell the user."
    return Unreachable(f"{host} gave no answer: {why}.", remedy)
