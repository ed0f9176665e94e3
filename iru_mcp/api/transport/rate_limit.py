"""Rate limiter, retry budget and circuit breaker: how fast to ask Iru, and when to stop trying.

Iru allows 50 requests a second and 10,000 an hour, shared by all of a tenant's tokens, and answers 429 beyond. The
rate limiter spaces requests and holds all of them after a 429; the retry budget keeps retries at a share of requests,
so that an outage does not multiply them; the circuit breaker stops asking an endpoint that keeps failing. What
must stay true: every wait is bounded, and nothing here sends a request.
"""

import contextlib
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import anyio

DOCUMENTED_HOUR = 10_000
"""Requests an hour that Iru documents for a tenant, shared by all its tokens; its answers may state another limit."""


class Limits(NamedTuple):
    """Bounds on what one process asks of Iru. Seconds, counts, bytes."""

    attempts: int = 3
    attempt_seconds: float = 10.0
    connect_seconds: float = 5.0
    call_seconds: float = 25.0
    call_requests: int = 30
    in_flight: int = 8
    side_by_side: int = 6
    """Pages of one walk in flight at once; the rest of `in_flight` is left to others."""
    per_second: float = 40.0
    body_bytes: int = 8 * 1024 * 1024
    retry_share: float = 0.25
    """Retries earned by a success: a quarter keeps them at a fifth of all requests."""
    retry_floor: float = 10.0
    fails_in_a_row: int = 5
    probe_seconds: float = 2.0
    cache_seconds: float = 0.0
    """How long an answer may be given again; 0 asks Iru every time."""
    per_hour: int = 9_500
    """Requests one process makes in an hour of DOCUMENTED_HOUR; of another limit that Iru states, the same share."""
    quota_floor: int = 500
    """Below so many requests left of DOCUMENTED_HOUR (or the same share of the limit that Iru states), nothing that
    takes more than `small_walk` of them is begun."""
    small_walk: int = 10


class RetryBudget:
    """Retries as a share of requests, so that an outage does not multiply requests."""

    def __init__(self, share: float, floor: float) -> None:
        self._share = share
        self._floor = floor
        self._left = floor

    def earn(self) -> None:
        """A request succeeded."""
        self._left = min(self._floor, self._left + self._share)

    @property
    def spent(self) -> bool:
        """Whether no retry is left."""
        return self._left < 1

    def spend(self) -> bool:
        """Take one retry; False when none is left."""
        if self.spent:
            return False
        self._left -= 1
        return True


@dataclass(slots=True, eq=False, repr=False)
class CircuitBreaker:
    """Stops requests to an endpoint that keeps failing, but for one every `probe_seconds` to see whether it answers.

    It is shut off after `fails` failures in a row, once the retry budget is spent.
    """

    fails: int
    probe_seconds: float
    clock: Callable[[], float] = anyio.current_time
    _failed: dict[str, int] = field(default_factory=dict)
    _shut_until: dict[str, float] = field(default_factory=dict)

    def wait(self, name: str) -> float:
        """Seconds until the endpoint `name` may be asked. If it was shut off, only one caller at a time is told 0."""
        if name not in self._shut_until:
            return 0.0
        if (left := self._shut_until[name] - self.clock()) > 0:
            return left
        self._shut_until[name] = self.clock() + self.probe_seconds
        return 0.0

    def failed(self, name: str, *, spent: bool) -> None:
        """`name` did not answer; `spent` when no retry is left."""
        self._failed[name] = self._failed.get(name, 0) + 1
        if spent and self._failed[name] >= self.fails:
            self._shut_until[name] = self.clock() + self.probe_seconds

    def answered(self, name: str) -> None:
        """The endpoint `name` answered, with whatever status."""
        self._failed.pop(name, None)
        self._shut_until.pop(name, None)


def backoff(attempt: int, rand: Callable[[], float] = random.random) -> float:
    """Full jitter: seconds before try `attempt` + 1, at random below 0.5, 1, 2 ..."""
    return float(rand() * 0.5 * 2 ** (attempt - 1))


@dataclass(slots=True, eq=False, repr=False)
class RateLimiter:
    """Spaces requests below the per-second limit, counts those of the clock hour, and holds all of them after a 429."""

    per_second: float
    clock: Callable[[], float] = anyio.current_time
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    hour_limit: int = DOCUMENTED_HOUR
    clock_ahead: timedelta | None = None
    """How far this machine's clock is ahead of Iru's, by the last answer's date; None where it bore none."""
    _left: int | None = None
    _hour: int = 0
    _used: int = 0
    _next_free: float = 0.0
    _held_until: float = 0.0
    _burst: float = 0.25

    def delay(self) -> float:
        """Reserve the next moment at which a request may be sent; how many seconds away it is."""
        now = self.clock()
        earliest = max(self._next_free, now - self._burst, self._held_until)
        self._next_free = earliest + 1 / self.per_second
        return max(0.0, earliest - now)

    def hold(self, seconds: float) -> None:
        """No request is sent for so many seconds, at most 60."""
        self._held_until = max(self._held_until, self.clock() + min(seconds, 60.0))

    @property
    def held(self) -> float:
        """Seconds until a request may be sent again after a 429."""
        return max(0.0, self._held_until - self.clock())

    @property
    def hour_left(self) -> int | None:
        """Requests left of this clock hour, as Iru's last answer states; None when no answer of this hour does."""
        self._roll_hour()
        return self._left

    @property
    def hour_used(self) -> int:
        """Requests counted here since the clock hour began."""
        self._roll_hour()
        return self._used

    @property
    def hour(self) -> int:
        """The clock hour that Iru counts in, by Iru's clock where it has said the time: hours since 1970."""
        return int(self.iru_now.timestamp()) // 3600

    @property
    def iru_now(self) -> datetime:
        """The time by Iru's clock; by this machine's until Iru has said it."""
        return self.now() - (self.clock_ahead or timedelta())

    @property
    def hour_ends_in(self) -> float:
        """Seconds until the next clock hour, when Iru counts anew."""
        return 3600.0 - int(self.iru_now.timestamp()) % 3600

    def of_hour(self, requests: int) -> int:
        """`requests` of DOCUMENTED_HOUR as the same share of the limit that Iru states."""
        return requests * self.hour_limit // DOCUMENTED_HOUR

    def count(self) -> None:
        """One request is sent."""
        self._roll_hour()
        self._used += 1

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take what Iru says is left of the hour, and keep below four fifths of what it allows in a second."""
        with contextlib.suppress(TypeError, ValueError):
            self.clock_ahead = self.now() - parsedate_to_datetime(headers["date"]) if "date" in headers else None
        self._roll_hour()
        if (left := _number(headers, "x-ratelimit-remaining-hour")) is not None:
            self._left = left
        self.hour_limit = _number(headers, "x-ratelimit-limit-hour") or self.hour_limit
        if allowed := _number(headers, "x-ratelimit-limit-second"):
            self.per_second = min(self.per_second, allowed * 0.8)
        if _number(headers, "x-ratelimit-remaining-second") == 0:
            self._next_free = max(self._next_free, self.clock() + 1)

    def _roll_hour(self) -> None:
        if self.hour != self._hour:
            self._hour, self._left, self._used = self.hour, None, 0


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
