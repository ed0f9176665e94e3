"""The made-up tenant behind the real client, at a fixed moment."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from iru_mcp import demo
from iru_mcp.api.client import IruClient

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
Ask = Callable[..., Any]
Walk = Callable[..., Any]


@pytest.fixture(scope="session")
def tenant() -> httpx.AsyncBaseTransport:
    """The tenant of 400 devices; it remembers nothing but the requests of the hour."""
    return demo.transport(now=NOW, hour_limit=1_000_000)


@pytest.fixture
async def client(tenant: httpx.AsyncBaseTransport) -> IruClient:
    """The product's own client; it keeps the pace of a real tenant, so tests walk no more than they need."""
    return IruClient(demo.HOST, lambda: demo.TOKEN, transport=tenant)


@pytest.fixture
def walk(client: IruClient) -> Walk:
    """All rows of an endpoint, through the client's own paging."""

    async def rows(endpoint: Any, query: dict[str, Any] | None = None, **ids: str) -> list[dict[str, Any]]:
        call = client.call(endpoint, requests=500)
        return [row async for batch in call.walk(endpoint, None, query, whole=False, **ids) for row in batch.rows]

    return rows


@pytest.fixture
async def ask(tenant: httpx.AsyncBaseTransport) -> AsyncIterator[Ask]:
    """One raw GET, with the token unless told otherwise."""
    async with httpx.AsyncClient(transport=tenant, base_url=demo.HOST) as http:

        async def get(path: str, token: str = demo.TOKEN, method: str = "GET", **query: Any) -> httpx.Response:
            return await http.request(method, path, params=query, headers={"Authorization": f"Bearer {token}"})

        yield get
