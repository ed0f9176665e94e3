"""The shared client: one read of a declared endpoint, with cache, rate limit, retries and circuit breaker.

All questions to a tenant share its quota and its faults, so they share one client. A read is answered from the cache
or the request in flight where there is one; else it is tried a few times, each try waiting for its place in the rate
limit. What must stay true: every wait ends by the caller's deadline, and nothing but GET is sent (transport/wire.py).
"""

from __future__ import annotations

import contextlib
import hmac
import math
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, InitVar, dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar, cast

import anyio

from ..errors import IruError, RateLimited, ServerFault, TookTooLong, Unreachable, Unreadable
from ..output.privacy import Privacy
from .call import Call, Reader, ReportProgress
from .endpoint import Endpoint
from .paging import RawPage
from .request import Request
from .transport.cache import Cache, Deadline
from .transport.decode import decode
from .transport.rate_limit import CircuitBreaker, Limits, RateLimiter, RetryBudget, backoff

if TYPE_CHECKING:
    from .transport.wire import Transport


class Filling(NamedTuple):
    """How the inventory copy of a tenant may be filled on demand."""

    account: str = ""
    """The account whose copy it is, as it is written in the file."""
    share: float = 0.5
    """The share of the hour's requests that all fills together may take."""
    keep: bool = False
    """Whether the file is made where there is none; else a copy ends with its process."""
    account_name: str = ""
    """What people call the account."""


class Companion(Protocol):
    """What is made for a client and closed with it."""

    async def aclose(self) -> None: ...


C = TypeVar("C", bound=Companion)
Observe = Callable[[Endpoint[Any]], contextlib.AbstractContextManager[Callable[[int], None]]]
"""Entered around each request; what it yields is told the status of the answer."""


def unobserved(_: Endpoint[Any]) -> contextlib.AbstractContextManager[Callable[[int], None]]:
    """An Observe that does nothing."""
    return contextlib.nullcontext(lambda _: None)


@dataclass(eq=False, repr=False)
class IruClient:
    """One connection pool, rate limiter and retry budget for a tenant.

    `base_url` is scheme and host of the tenant's API. The token is sent in one header and kept nowhere else.
    `ca_file` holds certificates to trust beside those of the operating system.
    """

    base_url: str
    token: Callable[[], str]
    _: KW_ONLY
    transport: InitVar[Transport | None] = None
    limits: Limits = field(default_factory=Limits)
    clock: Callable[[], float] = anyio.current_time
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ca_file: InitVar[str] = ""
    observe: Observe = unobserved
    privacy: Privacy | None = None
    inventory: str = field(default="", init=False)
    """The file of the tenant's inventory copy, for tools that read it; empty where none is set."""
    on_answer: Callable[[Endpoint[Any], Mapping[str, str], Any], None] | None = field(default=None, init=False)
    """Told of every answer: its endpoint, its headers and its JSON as Iru sent it."""
    filling: Filling = field(default_factory=Filling, init=False)
    requests: int = field(default=0, init=False)
    retries: int = field(default=0, init=False)

    def __post_init__(self, transport: Transport | None, ca_file: str) -> None:
        from .transport.wire import Wire  # the HTTP library takes longer to load than all of this package

        limits = self.limits
        self.base_url = self.base_url.rstrip("/")
        self.rate_limiter = RateLimiter(limits.per_second, self.clock, self.now)
        self.cache = Cache(limits.cache_seconds, self.clock)
        self._companions: dict[Callable[[IruClient], Companion], Companion] = {}
        self._budget = RetryBudget(limits.retry_share, limits.retry_floor)
        self._circuit = CircuitBreaker(limits.fails_in_a_row, limits.probe_seconds, self.clock)
        self._slots = anyio.CapacityLimiter(limits.in_flight)
        self._wire = Wire(self.base_url, self.token, transport, limits, ca_file)

    @cached_property
    def cursor_key(self) -> bytes:
        """A key that every process with the same API token derives alike; the token cannot be computed from it."""
        return hmac.digest(self.token().encode(), b"iru-mcp pagination cursors", "sha256")

    def companion(self, make: Callable[[IruClient], C]) -> C:
        """What `make` returns for this client: called when first asked for, and closed with the client."""
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
        progress: ReportProgress | None = None,
        reader: Reader | None = None,
    ) -> Call:
        """A call for one question: to these endpoints only, within this time and number of requests, read through
        `reader` where one is given."""
        deadline = self.clock() + (seconds or self.limits.call_seconds)
        return Call(reader or self, frozenset(endpoints), deadline, requests or self.limits.call_requests, progress)

    async def read(
        self, request: Request[Any], deadline: float, *, cached: bool = True
    ) -> tuple[RawPage, float | None]:
        """The page, after at most `limits.attempts` tries, and its age in seconds if it is of the cache or of another
        reader's request; without `cached` it is always requested. Raises an IruError."""
        try:
            if not cached:
                return await self._read_with_retries(request, Deadline(deadline)), None
            return await self.cache.get(request, deadline, partial(self._read_with_retries, request))
        except TimeoutError:
            raise _too_slow(request.endpoint, self.limits.call_seconds, last=True) from None

    async def _read_with_retries(self, request: Request[Any], until: Deadline) -> RawPage:
        attempt = 0
        while True:
            attempt += 1
            self._refuse_open_circuit(request.endpoint)
            try:
                page = await self._attempt(request, until.at)
            except IruError as error:
                if isinstance(error, (ServerFault, Unreachable)):
                    self._circuit.failed(request.endpoint.name, spent=self._budget.spent)
                elif not isinstance(error, TookTooLong):
                    self._circuit.answered(request.endpoint.name)
                await self._wait_for_retry(error, attempt, until.at)
            else:
                self._circuit.answered(request.endpoint.name)
                self._budget.earn()
                return page

    def _refuse_open_circuit(self, endpoint: Endpoint[Any]) -> None:
        """Raises ServerFault while an endpoint that keeps failing shall not be asked."""
        if (wait := self._circuit.wait(endpoint.name)) > 0:
            raise ServerFault(
                f"{endpoint.path} has failed {self.limits.fails_in_a_row} times or more in a row and was not asked.",
                f"Try again in {math.ceil(wait)} s; if it stays, tell the user.",
                wait,
            )

    async def _wait_for_retry(self, error: IruError, attempt: int, deadline: float) -> None:
        """Wait until the next try; raises `error` again when there shall be none."""
        asked = error.wait if isinstance(error, (RateLimited, ServerFault)) else None
        wait = asked if asked is not None else backoff(attempt)
        if isinstance(error, RateLimited):
            wait = max(wait, 0.2)
            self.rate_limiter.hold(wait)
        tries = min(self.limits.attempts, 2) if isinstance(error, Unreadable) else self.limits.attempts
        if not error.retryable or attempt >= tries or self.clock() + wait >= deadline or not self._budget.spend():
            raise error
        self.retries += 1
        await anyio.sleep(wait)

    async def _attempt(self, request: Request[Any], deadline: float) -> RawPage:
        if (left := deadline - self.clock()) <= 0:
            raise TookTooLong("The time for this call is used up.", "Narrow the question, or ask for less at once.")
        self._refuse_over_quota(left)
        within = self.limits.attempt_seconds
        try:
            with anyio.fail_after(left):
                async with self._slots:
                    await anyio.sleep(self.rate_limiter.delay())
                    while self.rate_limiter.held:  # noqa: ASYNC110 - a 429 may have come meanwhile, and another since
                        await anyio.sleep(self.rate_limiter.held)
                    within = min(within, deadline - self.clock())
                    self.requests += 1
                    self.rate_limiter.count()
                    with self.observe(request.endpoint) as answered, anyio.fail_after(within):
                        status, headers, body = await self._wire.get(request.path, dict(request.query))
                        answered(status)
        except TimeoutError:
            raise _too_slow(request.endpoint, within, last=self.clock() + 0.5 >= deadline) from None
        self.rate_limiter.learn(headers)
        found = decode(request.endpoint, status, headers, body)
        if self.on_answer:
            self.on_answer(request.endpoint, headers, found)
        page = request.endpoint.paging.read(found, request.position)
        if self.privacy:
            self.privacy.learn(found)
        return page

    def _refuse_over_quota(self, left: float) -> None:
        """Raises RateLimited when nothing may be asked within the `left` seconds of a call."""
        if (held := self.rate_limiter.held) >= left:
            raise RateLimited("Iru's rate limit is reached (429).", f"Try again in {held:.0f} s.", held)
        per_hour = self.rate_limiter.of_hour(self.limits.per_hour)
        if self.rate_limiter.hour_used >= per_hour:
            wait = self.rate_limiter.hour_ends_in
            raise RateLimited(
                f"iru-mcp has used the {per_hour} requests it may make in an hour.", f"Try again in {wait:.0f} s.", wait
            )


def _too_slow(endpoint: Endpoint[Any], seconds: float, *, last: bool) -> IruError:
    if last:
        return TookTooLong(
            f"Iru did not finish answering {endpoint.path} within this call's time.",
            "Narrow the question or try once more.",
        )
    return Unreachable(
        f"Iru did not answer {endpoint.path} within {seconds:.0f} s.", "Try once more; then tell the user."
    )
