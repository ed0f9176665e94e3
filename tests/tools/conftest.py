"""The made-up tenant with a fixed clock, and ways in which parts of it fail."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import anyio
import httpx
import pytest

from iru_mcp import demo
from iru_mcp.api.client import IruClient
from iru_mcp.api.transport.rate_limit import Limits
from iru_mcp.tools.kit.catalogue import catalogue

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
Answer = dict[str, Any]
Change = Callable[[Any, httpx.URL], Any]
Ask = Callable[..., Awaitable[Answer]]


class Faulty(httpx.AsyncBaseTransport):
    """The tenant, but paths that match `broken` answer 500, those that match `slow` never, and `change` alters
    the JSON of others."""

    def __init__(
        self, inner: httpx.AsyncBaseTransport, *, broken: str = "$^", slow: str = "$^", change: Change | None = None
    ) -> None:
        self.inner, self.change = inner, change
        self.broken, self.slow = re.compile(broken), re.compile(slow)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        where = request.url.raw_path.decode()
        if self.slow.search(where):
            await anyio.sleep_forever()
        if self.broken.search(where):
            return _json(500, {"detail": "oops"}, request)
        answer = await self.inner.handle_async_request(request)
        if self.change is None or not answer.is_success:
            return answer
        return _json(200, self.change(json.loads(await answer.aread()), request.url), request)


def _json(status: int, body: Any, request: httpx.Request) -> httpx.Response:
    stream = httpx.ByteStream(json.dumps(body).encode())
    return httpx.Response(status, headers={"content-type": "application/json"}, stream=stream, request=request)


@pytest.fixture
async def ask() -> AsyncIterator[Ask]:
    """Run a tool: `ask(tool, denied=[...], unlicensed=[...], broken=..., slow=..., change=..., **arguments)`."""
    clients: list[IruClient] = []

    async def asked(
        name: str,
        *,
        denied: tuple[str, ...] = (),
        unlicensed: tuple[str, ...] = (),
        broken: str = "$^",
        slow: str = "$^",
        change: Change | None = None,
        **arguments: Any,
    ) -> Answer:
        tenant = demo.transport(now=NOW, denied=denied, unlicensed=unlicensed)
        client = IruClient(
            "https://demo.api.kandji.io",
            lambda: "demo-token",
            transport=Faulty(tenant, broken=broken, slow=slow, change=change),
            limits=Limits(attempts=1, attempt_seconds=1.0),
            now=lambda: NOW,
        )
        clients.append(client)
        answer = await catalogue()[name].run(client, arguments)
        return answer | {"requests": client.requests}

    yield asked
    for client in clients:
        await client.aclose()
