"""One question to one tool over the made-up tenant, and ways in which Iru may answer otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import httpx

from iru_mcp import demo
from iru_mcp.api.client import IruClient
from iru_mcp.tools.kit.catalogue import catalogue
from tests.conftest import whole_rows

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
EDR = "Endpoint Detection and Response"
VULNERABILITIES = "Vulnerability Management"
Meddle = Callable[[httpx.Request], httpx.Response | httpx.Request | None]


@lru_cache(maxsize=8)
def tenant(denied: tuple[str, ...] = (), unlicensed: tuple[str, ...] = ()) -> httpx.AsyncBaseTransport:
    """The tenant of 400 devices, without these endpoints and products."""
    return demo.transport(now=NOW, denied=denied, unlicensed=unlicensed, hour_limit=1_000_000)


class Between(httpx.AsyncBaseTransport):
    """Stands between the client and the tenant: may answer itself, or change what is asked or answered."""

    def __init__(self, before: Meddle = lambda _: None, after: Callable[[str, Any], Any] | None = None) -> None:
        self.before, self.after = before, after
        self.asked: list[httpx.URL] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        instead = self.before(request)
        if isinstance(instead, httpx.Response):
            instead.request = request
            return instead
        answer = await tenant().handle_async_request(instead or request)
        if self.after is None or answer.status_code != 200:
            return answer
        changed = self.after(request.url.path, json.loads(await answer.aread()))
        return told(200, changed, request)


def told(status: int, body: Any, request: httpx.Request | None = None) -> httpx.Response:
    """An answer that is read like one from the network."""
    stream = httpx.ByteStream(json.dumps(body).encode())
    return httpx.Response(status, stream=stream, headers={"content-type": "application/json"}, request=request)


def gone(*paths: str) -> Meddle:
    """404 for every path that ends in one of `paths`."""
    return lambda request: told(404, "no such page") if request.url.path.endswith(paths) else None


def deaf(*parameters: str) -> Meddle:
    """An Iru that ignores these parameters, as it does with those it does not know."""

    def without(request: httpx.Request) -> httpx.Request:
        kept = {name: value for name, value in request.url.params.items() if name not in parameters}
        return httpx.Request("GET", request.url.copy_with(params=kept), headers=request.headers)

    return without


async def ask(tool: str, transport: httpx.AsyncBaseTransport | None = None, **arguments: Any) -> dict[str, Any]:
    """The tool's answer. Raises an IruError."""
    client = IruClient(demo.HOST, lambda: demo.TOKEN, transport=transport or tenant(), now=lambda: NOW)
    try:
        return await catalogue()[tool].run(client, arguments)
    finally:
        await client.aclose()


async def ask_all(tool: str, transport: httpx.AsyncBaseTransport | None = None, **arguments: Any) -> list[Any]:
    """The rows of all pages."""
    page = await ask(tool, transport, **arguments)
    rows = whole_rows(page)
    while page.get("next_cursor"):
        page = await ask(tool, transport, cursor=page["next_cursor"], **arguments)
        rows += whole_rows(page)
    return list(rows)
