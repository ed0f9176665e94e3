"""How fast to ask, how long to wait and when to stop trying."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import anyio


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what one process asks of Iru. Seconds, counts, bytes."""

    attempts: int = 3
    attempt_seconds: float = 10.0
    connect_seconds: float = 5.0
    call_seconds: float = 25.0
    call_requests: int = 30
    in_flight: int = 8
    per_second: float = 40.0
    body_bytes: int = 8 * 1024 * 1024
    retry_share: float = 0.25
    retry_floor: float = 10.0


class RetryBudget:
    """Retries as a share of requests, so that an outage is not answered with a storm."""

    def __init__(self, share: float, floor: float) -> None:
        self._share = share
        self._floor = floor
        self._left = floor

    def earn(self) -> None:
        """A first attempt succeeded."""
        self._left = min(self._floor, self._left + self._share)

    def spend(self) -> bool:
        """Take one retry; False when none is left."""
        if self._left < 1:
            return False
        self._left -= 1
        return True


def backoff(attempt: int, rand: Callable[[], float] = random.random) -> float:
    """Full jitter: seconds before try `attempt` + 1, somewhere below 0.5, 1, 2 ..."""
    return float(rand() * 0.5 * 2 ** (attempt - 1))


@dataclass(slots=True)
class Pace:
    """Spaces requests below the per-second limit and holds all of them after a 429.

    50 requests a second and 10,000 an hour are what Iru's response headers show; the hour is shared by all tokens.
    """

    per_second: float
    clock: Callable[[], float] = anyio.current_time
    hour_left: int | None = None
    _next_free: float = 0.0
    _held_until: float = 0.0
    _burst: float = field(default=0.25)

    def delay(self) -> float:
        """Reserve the next place and say how many seconds away it is."""
        now = self.clock()
        earliest = max(self._next_free, now - self._burst, self._held_until)
        self._next_free = earliest + 1 / self.per_second
        return max(0.0, earliest - now)

    def hold(self, seconds: float) -> None:
        """Nobody asks for this long, at most a minute."""
        self._held_until = max(self._held_until, self.clock() + min(seconds, 60.0))

    @property
    def held(self) -> float:
        """Seconds until anybody may ask again."""
        return max(0.0, self._held_until - self.clock())

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take what Iru says is left of the hour, and keep below four fifths of what it allows in a second."""
        left = _number(headers, "x-ratelimit-remaining-hour")
        if left is not None:
            self.hour_left = left
        allowed = _number(headers, "x-ratelimit-limit-second")
        if allowed:
            self.per_second = min(self.per_second, allowed * 0.8)
        if _number(headers, "x-ratelimit-remaining-second") == 0:
            self._next_free = max(self._next_free, self.clock() + 1)


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
