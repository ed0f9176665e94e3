"""A clock that runs ahead instead of waiting, a tenant over respx, and one over a raw socket."""

from __future__ import annotations

import asyncio
import contextlib
import selectors
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import respx

from iru_mcp.api.client import IruClient
from iru_mcp.api.transport.rate_limit import Limits
from tests.faults.wire import Answer, serving

URL = "https://acme.api.example"
TOKEN = "tok-5e1f-not-to-be-seen"

Serve = Callable[[Answer], contextlib.AbstractAsyncContextManager[tuple[str, list[bytes]]]]


class Impatient(selectors.SelectSelector):
    """Where nothing is ready it moves the clock instead of waiting."""

    ahead = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout is None:
            return ready or super().select(None)
        self.ahead += max(timeout, 0)
        return []


class SkippingLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._impatient = Impatient()
        super().__init__(self._impatient)

    def time(self) -> float:
        return self._impatient.ahead  # work takes no time: how busy the machine is makes no difference


@pytest.fixture
def skipping() -> tuple[str, dict[str, Any]]:
    """For `anyio_backend`: an hour's wait takes no time; for tests that touch no real socket."""
    return "asyncio", {"loop_factory": SkippingLoop}


@pytest.fixture
def iru() -> Iterator[respx.MockRouter]:
    """The tenant at URL; any request elsewhere fails the test."""
    with respx.mock(base_url=URL, assert_all_called=False) as router:
        yield router


@pytest.fixture
async def client() -> AsyncIterator[IruClient]:
    """A client of the tenant at URL, with the limits that ship."""
    made = IruClient(URL, lambda: TOKEN)
    yield made
    await made.aclose()


@pytest.fixture
def serve() -> Serve:
    """A socket on loopback: `answer` writes what it likes once a request's head is read; the heads are kept."""
    return serving


@pytest.fixture
def hasty() -> Limits:
    """Limits for real sockets: everything that can wait waits a fraction of a second."""
    return Limits(attempts=1, attempt_seconds=0.3, connect_seconds=0.3, call_seconds=0.6)
