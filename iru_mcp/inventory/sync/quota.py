"""How much of the tenant's hourly quota a sync may take: its own count, and what Iru says is left for everybody.

A sync reads many pages side by side. All of its requests pass one reader, which takes each from the quota as it is
sent, and keeps fewer in flight than the client allows: live tools find a place free.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import anyio

from ...api.call import Call
from ...api.client import IruClient
from ...api.endpoint import Endpoint
from ...api.paging import RawPage
from ...api.request import Request
from ...errors import RateLimited, UsageError

HOUR_LIMIT = 10_000
"""Requests an hour that Iru grants a tenant, shared by all its tokens."""
_PROBE_SECONDS = 60.0
"""Seconds between looks at an hour that others have used up."""
_A_DAY = 86_400.0


class OutOfBudget(RateLimited):
    """A sync made all the requests it was allowed; what it read is staged, and the same sync again goes on from it."""

    retryable = False


def read_share(text: str) -> float:
    """`50%` as 0.5. Raises UsageError."""
    number = text.strip().removesuffix("%")
    if number.isascii() and number.isdigit() and 1 <= int(number) <= 100:
        return int(number) / 100
    raise UsageError("quota is not a share of the hourly quota.", "Give a whole percentage, like --quota 50%.")


class Quota:
    """Lets at most `share` of the hour's requests through, and leaves the rest of what Iru says is left to others."""

    def __init__(
        self,
        share: float,
        hour_left: Callable[[], int | None],
        *,
        clock: Callable[[], float] = anyio.current_time,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        most: int | None = None,
    ) -> None:
        self.allowed = max(1, int(HOUR_LIMIT * share))
        self._reserve = HOUR_LIMIT - self.allowed
        self._hour_left, self._clock, self._sleep = hour_left, clock, sleep
        self._taken: deque[float] = deque()
        self._most = most
        self.waited = 0.0

    async def take(self) -> None:
        """One more request, as soon as the share has room for it. Raises OutOfBudget after `most` of them."""
        if self._most is not None:
            if not self._most:
                raise OutOfBudget("The sync made all the requests it may.", "Ask again: it goes on from there.")
            self._most -= 1
        while (wait := self._wait()) > 0:
            self.waited += wait
            await self._sleep(wait)
        self._taken.append(self._clock())

    def _wait(self) -> float:
        now = self._clock()
        while self._taken and self._taken[0] <= now - 3600:
            self._taken.popleft()
        if len(self._taken) >= self.allowed:
            return self._taken[0] + 3600 - now
        left = self._hour_left()
        if left is not None and left <= self._reserve and self._taken and now - self._taken[-1] < _PROBE_SECONDS:
            return self._taken[-1] + _PROBE_SECONDS - now
        return 0.0


class QuotaReader:
    """Reads through the shared client, within a quota, `at_once` requests in flight at most."""

    def __init__(self, client: IruClient, quota: Quota) -> None:
        self.limits, self.rate_limiter = client.limits, client.rate_limiter
        self.at_once = client.limits.side_by_side
        self._client, self._quota = client, quota
        self._places = anyio.CapacityLimiter(self.at_once)

    def call(self, *endpoints: Endpoint[Any]) -> Call:
        """A view of the client in which only the quota bounds the requests."""
        return self._client.call(*endpoints, seconds=_A_DAY, requests=1_000_000, reader=self)

    async def read(self, request: Request[Any], deadline: float) -> tuple[RawPage, float | None]:
        """As the client reads it. Raises OutOfBudget, and what the client raises."""
        async with self._places:
            await self._quota.take()
            return await self._client.read(request, deadline)
