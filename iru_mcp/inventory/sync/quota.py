"""How many of the tenant's requests a sync takes, and every wait of a sync.

The problem: all tokens of a tenant share one number of requests an hour, and a sync alone could take them all. Iru's
answers state the limit and what is left of it; until one has, the documented limit is taken. Two bounds hold, and the
stricter wins: the sync makes at most its share of the limit (`--quota`), and it makes none while what is left is not
more than the rest of the limit, or than IRU_QUOTA_FLOOR. Iru counts by the hour of its own clock, so such a wait ends
with that hour. A sync reads many pages side by side: all of its requests pass one reader, which takes each from the
quota as it is sent, and keeps fewer in flight than the client allows, so that live tools find a place free. What must
stay true: a wait is told before it begins, with its reason and its end in UTC, and lasts an hour at most.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import anyio

from ...api.call import Call
from ...api.client import IruClient
from ...api.endpoint import Endpoint
from ...api.paging import RawPage
from ...api.request import Request
from ...api.transport.rate_limit import RateLimiter
from ...errors import IruError, RateLimited, ServerFault, UsageError

_LONGEST_NAP = 60.0
"""Seconds after which a wait looks again at what is left: another request may have shown that more is."""
_TOLD = 10.0
"""A wait before another try is told from this many seconds on."""
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


@dataclass(slots=True)
class Quota:
    """Lets requests through while both bounds hold, `most` of them if that is given; `tell` is told of waits.

    `floor` and `per_hour` are those of `Limits`.
    """

    share: float
    limiter: RateLimiter
    floor: int = 0
    per_hour: int = 0
    tell: Callable[[str], None] = lambda _: None
    most: int | None = None
    _taken: int = 0
    _hour: int = 0
    _told: int = 0

    @property
    def allowed(self) -> int:
        """Requests that the sync may make in an hour."""
        share = int(self.limiter.hour_limit * self.share)
        return max(1, min(share, self.limiter.of_hour(self.per_hour)) if self.per_hour else share)

    @property
    def reserve(self) -> int:
        """Requests of an hour that the sync leaves."""
        return max(self.limiter.hour_limit - self.allowed, self.limiter.of_hour(self.floor))

    def contradiction(self) -> str:
        """What to say when the floor leaves less than the share; empty when it does not."""
        limit = self.limiter.hour_limit
        if limit - int(limit * self.share) >= self.limiter.of_hour(self.floor):
            return ""
        return (
            f"IRU_QUOTA_FLOOR={self.floor} is stricter than a quota of {self.share:.0%} and holds: "
            f"{self.reserve:,} of {limit:,} requests an hour are left"
        )

    async def take(self) -> None:
        """One more request, as soon as there is room for it. Raises OutOfBudget after `most` of them."""
        if self.most is not None:
            if not self.most:
                raise OutOfBudget("The sync made all the requests it may.", "Ask again: it goes on from there.")
            self.most -= 1
        while reason := self._no_room():
            if self._told != self.limiter.hour:
                self._told = self.limiter.hour
                self.tell(f"waiting until {self._utc(self.limiter.hour_ends_in)}: {reason}")
            await anyio.sleep(min(self.limiter.hour_ends_in, _LONGEST_NAP))
        self._taken += 1

    async def rest(self, error: Exception, failures: int) -> None:
        """Wait before another try after `error`, the `failures`-th in a row."""
        if (seconds := pause(error, failures)) >= _TOLD:
            self.tell(f"waiting until {self._utc(seconds)}: {error.fact if isinstance(error, IruError) else error}")
        await anyio.sleep(seconds)

    def _no_room(self) -> str:
        """Why no request may be made in this hour; empty when one may."""
        if self._hour != self.limiter.hour:
            self._hour, self._taken = self.limiter.hour, 0
        limit, left = self.limiter.hour_limit, self.limiter.hour_left
        if left is not None and left <= self.reserve:
            return f"{left:,} of {limit:,} requests left this hour, of which the sync leaves {self.reserve:,} to others"
        if self._taken >= self.allowed:
            return f"the sync made the {self.allowed:,} of {limit:,} requests that it may make in an hour"
        return ""

    def _utc(self, seconds: float) -> str:
        """The time in so many seconds, by Iru's clock."""
        return f"{self.limiter.iru_now + timedelta(seconds=seconds):%H:%M} UTC"


class QuotaReader:
    """Reads through the shared client, within a quota, `at_once` requests in flight at most."""

    def __init__(self, client: IruClient, quota: Quota) -> None:
        self.limits, self.rate_limiter = client.limits, client.rate_limiter
        self.at_once = client.limits.side_by_side
        self.rest = quota.rest
        self._client, self._quota = client, quota
        self._places = anyio.CapacityLimiter(self.at_once)

    def call(self, *endpoints: Endpoint[Any]) -> Call:
        """A view of the client in which only the quota bounds the requests."""
        return self._client.call(*endpoints, seconds=_A_DAY, requests=1_000_000, reader=self)

    async def read(self, request: Request[Any], deadline: float) -> tuple[RawPage, float | None]:
        """As the client reads it, but never from its cache: the copy says when each table was read, and a list that is
        read twice must be asked for twice. Raises OutOfBudget, and what the client raises."""
        async with self._places:
            await self._quota.take()
            return await self._client.read(request, deadline, cached=False)


def pause(error: Exception, failures: int) -> float:
    """Seconds until the next try: as long as Iru asks, for a sync can wait for the next hour; else 2, 4, 8."""
    asked = error.wait if isinstance(error, (RateLimited, ServerFault)) else None
    return min(asked, 3600.0) if asked else 2.0**failures
