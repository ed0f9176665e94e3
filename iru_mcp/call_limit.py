"""How many calls, or SQL statements, run at once: so many in all, three quarters of them at most for one caller.

Each needs memory while it runs, and a call also a part of Iru's rate limit. So the number is bounded and the others
wait their turn, but no longer than a client would wait. A caller waits first for one of its own places, so that its
many calls do not delay other callers, and only so many of its calls may wait: over SSE, calls come without waiting for
an answer.
"""

import contextlib
from collections import Counter
from collections.abc import AsyncIterator

import anyio

from .errors import RateLimited

MOST_WAITING = 4_000
"""Calls that wait, of all callers."""
WAITING_SHARE = 500
"""Those of one caller of several."""
LONGEST_WAIT = 50.0
"""Seconds a call waits for its turn; most clients give up at 60."""


_BUSY = ("iru-mcp is busy: too many calls are waiting.", "Try again in a minute, with fewer at once.")


class CallLimit:
    """At most `most` calls at once, and at most three quarters of them by one caller of several.

    `busy` is the error of a call that got no place: fact and remedy.
    """

    def __init__(self, most: int, busy: tuple[str, str] = _BUSY) -> None:
        self._busy = busy
        self._all = anyio.CapacityLimiter(most)
        self._share = max(1, most * 3 // 4)
        self._callers: dict[str, anyio.CapacityLimiter] = {}
        self._waiting: Counter[str | None] = Counter()

    @contextlib.asynccontextmanager
    async def place(self, caller: str | None) -> AsyncIterator[None]:
        """Wait for a place; `caller` None is the only one there is. Raises RateLimited after `LONGEST_WAIT`."""
        share = MOST_WAITING if caller is None else WAITING_SHARE
        if self._waiting.total() >= MOST_WAITING or self._waiting[caller] >= share:
            raise RateLimited(*self._busy)
        own = [] if caller is None else [self._callers.setdefault(caller, anyio.CapacityLimiter(self._share))]
        async with contextlib.AsyncExitStack() as held:
            self._waiting[caller] += 1
            try:
                with anyio.fail_after(LONGEST_WAIT):
                    for limit in (*own, self._all):
                        await _hold(held, limit)
            except TimeoutError:
                raise RateLimited(*self._busy) from None
            finally:
                self._waiting[caller] -= 1
            yield
        if not self._waiting.total():  # nobody is between getting a limiter and holding a place of it
            self._waiting.clear()
            self._callers = {name: limit for name, limit in self._callers.items() if limit.borrowed_tokens}


async def _hold(held: contextlib.AsyncExitStack, limit: anyio.CapacityLimiter) -> None:
    """Take a place of `limit` until `held` is left; a task may hold several."""
    call = object()
    try:
        limit.acquire_on_behalf_of_nowait(call)
    except anyio.WouldBlock:
        await limit.acquire_on_behalf_of(call)
    held.callback(limit.release_on_behalf_of, call)
