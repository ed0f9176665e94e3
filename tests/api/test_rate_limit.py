"""The client asks slowly enough, and stops trying in time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iru_mcp.api.transport.rate_limit import RateLimiter, RetryBudget, backoff


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.floats(0, 2), min_size=1, max_size=200), st.floats(1, 50))
def test_no_second_holds_more_requests_than_the_pace_and_its_burst(gaps: list[float], rate: float) -> None:
    clock = Clock()
    limiter = RateLimiter(rate, clock)
    sent = []
    for gap in gaps:
        clock.now += gap
        sent.append(clock.now + limiter.delay())
    assert sent == sorted(sent)
    for first in sent:
        assert sum(first <= moment < first + 1 for moment in sent) <= rate * 1.25 + 2


def test_a_hold_makes_everybody_wait_but_no_longer_than_a_minute() -> None:
    clock = Clock()
    limiter = RateLimiter(10, clock)
    limiter.hold(5)
    assert limiter.held == 5
    assert [limiter.delay(), limiter.delay()] == pytest.approx([5, 5.1])
    limiter.hold(1e9)
    assert limiter.held == 60
    limiter.hold(1)
    assert limiter.held == 60
    clock.now += 61
    assert limiter.held == 0


def test_irus_own_limit_slows_the_pace_and_never_quickens_it() -> None:
    limiter = RateLimiter(40, Clock())
    limiter.learn({"x-ratelimit-limit-second": "20", "x-ratelimit-remaining-hour": "9876"})
    assert (limiter.per_second, limiter.hour_left) == (16, 9876)
    limiter.learn({"x-ratelimit-limit-second": "500"})
    assert limiter.per_second == 16


def test_a_new_clock_hour_begins_with_nothing_used_and_nothing_known_to_be_left() -> None:
    moments = [datetime(2026, 11, 20, 9, 59, tzinfo=UTC)]
    limiter = RateLimiter(40, Clock(), now=lambda: moments[-1])
    limiter.count()
    limiter.learn({"x-ratelimit-remaining-hour": "0"})
    assert (limiter.hour_used, limiter.hour_left, limiter.hour_ends_in) == (1, 0, 60)
    moments.append(datetime(2026, 11, 20, 10, 0, tzinfo=UTC))
    assert (limiter.hour_used, limiter.hour_left, limiter.hour_ends_in) == (0, None, 3600)


def test_a_used_up_second_is_waited_out() -> None:
    limiter = RateLimiter(40, Clock())
    limiter.learn({"x-ratelimit-remaining-second": "0"})
    assert limiter.delay() == 1


@pytest.mark.parametrize("value", ["", "-1", "many", "1.5", "\u00b2", "9" * 5000])
def test_a_header_that_is_no_count_changes_nothing(value: str) -> None:
    limiter = RateLimiter(40, Clock())
    names = ("limit-second", "remaining-second", "remaining-hour")
    limiter.learn({f"x-ratelimit-{name}": value for name in names})
    assert (limiter.per_second, limiter.hour_left, limiter.delay()) == (40, None, 0)


@given(st.lists(st.booleans(), max_size=500))
def test_retries_stay_within_their_share_of_successes(successes: list[bool]) -> None:
    budget = RetryBudget(0.15, 10)
    retries = 0
    for succeeded in successes:
        if succeeded:
            budget.earn()
        else:
            retries += budget.spend()
    assert retries <= 10 + 0.15 * sum(successes) + 1e-6


def test_backoff_spreads_below_a_doubling_ceiling() -> None:
    assert [backoff(attempt, lambda: 1.0) for attempt in (1, 2, 3)] == [0.5, 1, 2]
    assert backoff(3, lambda: 0.0) == 0
    assert all(0 <= backoff(1) <= 0.5 for _ in range(50))
