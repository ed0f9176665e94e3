"""The only module that speaks to Iru: GET, declared endpoints, bounded in time, size and number."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import anyio

from ..errors import (
    IruError,
    RateLimited,
    ServerFault,
    TookTooLong,
    Unreachable,
    Unreadable,
)
from ..output.privacy import Privacy
from .call import Batch, Call, Interrupted, Progress
from .endpoint import Endpoint
from .paging import Position, Rows
from .transport.cache import Cache, Deadline
from .transport.decode import decode
from .transport.rate_limit import Circuit, Limits, Pace, RetryBudget, backoff

if TYPE_CHECKING:
    from .transport.wire import Transport

__all__ = ["Batch", "Call", "Interrupted", "IruClient", "Progress"]


@dataclass(frozen=True, slots=True)
class Filling:
    """How the inventory copy of a tenant may be filled on demand."""

    account: str = ""
    """Whose copy it is, as the file says it."""
    share: float = 0.5
    """Of the hour's requests, how many all fills may take."""
    keep: bool = False
    """Whether the file is made where there is none; else a copy ends with its process."""


class Companion(Protocol):
    """What is used beside a client and ends with it."""

    async def aclose(self) -> None: ...


C = TypeVar("C", bound=Companion)
Observe = Callable[[Endpoint[Any]], contextlib.AbstractContextManager[Callable[[int], None]]]
"""Entered around each request; what it yields is told the status of the answer."""


class IruClient:
    """One connection pool, one pace and one retry budget for a tenant.

    `base_url` is scheme and host of the tenant's API. The token is sent in one header and kept nowhere else.
    `ca_file` holds certificates to trust beside those of the operating system.
    """

    def __init__(  # noqa: PLR0913 - what a test or the demo tenant replaces
        self,
        base_url: str,
        token: Callable[[], str],
        *,
        transport: Transport | None = None,
        limits: Limits | None = None,
        clock: Callable[[], float] = anyio.current_time,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        ca_file: str = "",
        observe: Observe | None = None,
        privacy: Privacy | None = None,
    ) -> None:
        self.now = now
        self.privacy = privacy
        self.inventory = ""
        """The file of the tenant's inventory copy, for tools that read it; empty where none is set."""
        self.filling = Filling()
        self._observe = observe or _unobserved
        self.base_url = base_url.rstrip("/")
        self.limits = limits or Limits()
        self.pace = Pace(self.limits.per_second, clock, now)
        self.cache = Cache(self.limits.cache_seconds, clock)
        self.requests = 0
        self.retries = 0
        self._companions: dict[Callable[[IruClient], Companion], Companion] = {}
        self._clock = clock
        self._budget = RetryBudget(self.limits.retry_share, self.limits.retry_floor)
        self._circuit = Circuit(self.limits.fails_in_a_row, self.limits.probe_seconds, clock)
        self._slots = anyio.CapacityLimiter(self.limits.in_flight)
        from .transport.wire import Wire  # the HTTP library takes longer to load than all of this package

        self._wire = Wire(self.base_url, token, transport, self.limits, ca_file)

    def companion(self, make: Callable[[IruClient], C]) -> C:
        """What `make` makes of this client, made once, when first asked for, and closed with the client."""
        if make not in self._companions:
            self._companions[make] = make(self)
        return cast("C", self._companions[make])

    async def aclose(self) -> None:
        """Close the companions and the connections; the client is of no use afterwards."""
        while self._companions:
            await self._companions.popitem()[1].aclose()
        self.cache.close()
        await self._wire.aclose()

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

    async def read(
        self, endpoint: Endpoint[Any], path: str, query: Mapping[str, str | int], at: Position, deadline: float
    ) -> tuple[Rows, float | None]:
        """The page at `at` by one GET, after at most `limits.attempts` tries, and its age in seconds if it was not
        asked for just now and for this caller alone. Raises an IruError."""
        question = (path, at, *sorted(query.items()))
        try:
            return await self.cache.get(question, deadline, partial(self._tries, endpoint, path, query, at))
        except TimeoutError:
            raise _slow(endpoint, self.limits.call_seconds, last=True) from None

    async def _tries(
        self, endpoint: Endpoint[Any], path: str, query: Mapping[str, str | int], at: Position, until: Deadline
    ) -> Rows:
        attempt = 0
        while True:
            attempt += 1
            self._pass_circuit(endpoint)
            try:
                page = await self._attempt(endpoint, path, query, at, until.at)
            except IruError as error:
                self._note_failure(endpoint, error)
                await self._before_retry(error, attempt, until.at)
            else:
                self._circuit.answered(endpoint.name)
                self._budget.earn()
                return page

    def _pass_circuit(self, endpoint: Endpoint[Any]) -> None:
        """Raises ServerFault while an endpoint that keeps failing shall not be asked."""
        wait = self._circuit.wait(endpoint.name)
        if wait > 0:
            raise ServerFault(
                f"{endpoint.path} has failed {self.limits.fails_in_a_row} times or more in a row and was not asked.",
                f"Try again in {math.ceil(wait)} s; if it stays, tell the user.",
                wait,
            )

    def _note_failure(self, endpoint: Endpoint[Any], error: IruError) -> None:
        if isinstance(error, (ServerFault, Unreachable)):
            self._circuit.failed(endpoint.name, spent=self._budget.spent)
        elif not isinstance(error, TookTooLong):
            self._circuit.answered(endpoint.name)

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
        self, endpoint: Endpoint[Any], path: str, query: Mapping[str, str | int], at: Position, deadline: float
    ) -> Rows:
        left = deadline - self._clock()
        if left <= 0:
            raise _out_of_time()
        self._check_quota(left)
        within = self.limits.attempt_seconds
        try:
            with anyio.fail_after(left):
                async with self._slots:
                    await self._turn()
                    within = min(within, deadline - self._clock())
                    self.requests += 1
                    self.pace.count()
                    with self._observe(endpoint) as answered, anyio.fail_after(within):
                        status, headers, body = await self._wire.get(path, query)
                        answered(status)
        except TimeoutError:
            raise _slow(endpoint, within, last=self._clock() + 0.5 >= deadline) from None
        self.pace.learn(headers)
        found = decode(endpoint, status, headers, body)
        page = endpoint.paging.read(found, at)
        if self.privacy:
            self.privacy.learn(found)
        return page

    def _check_quota(self, left: float) -> None:
        """Raises RateLimited when nothing may be asked within the `left` seconds of a call."""
        if self.pace.held >= left:
            raise RateLimited(
                "Iru's rate limit is reached (429).", f"Try again in {self.pace.held:.0f} s.", self.pace.held
            )
        if self.pace.hour_used >= self.limits.per_hour:
            wait = self.pace.hour_ends_in
            raise RateLimited(
                f"iru-mcp has used the {self.limits.per_hour} requests it may make in an hour.",
                f"Try again in {wait:.0f} s.",
                wait,
            )

    async def _turn(self) -> None:
        await anyio.sleep(self.pace.delay())
        while self.pace.held:  # noqa: ASYNC110 - a 429 may have come meanwhile, and another while waiting for it
            await anyio.sleep(self.pace.held)


@contextlib.contextmanager
def _unobserved(_: Endpoint[Any]) -> Iterator[Callable[[int], None]]:
    yield lambda _: None


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
