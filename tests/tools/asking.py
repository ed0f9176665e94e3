"""One question to one tool over the made-up tenant, and ways in which Iru may answer otherwise."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import anyio
import httpx

from iru_mcp.api.transport.rate_limit import Limits
from tests.conftest import MOMENT, Agent, Remembering, agent_over, answer_of, refusal_of, unlimited

NOW = MOMENT

EDR = "Endpoint Detection and Response"
VULNERABILITIES = "Vulnerability Management"
Meddle = Callable[[httpx.Request], httpx.Response | httpx.Request | None]


@lru_cache(maxsize=8)
def tenant(denied: tuple[str, ...] = (), unlicensed: tuple[str, ...] = (), devices: int = 400) -> Remembering:
    """The tenant, without these endpoints and products."""
    return Remembering(unlimited(now=NOW, denied=denied, unlicensed=unlicensed, devices=devices))


class Between(httpx.AsyncBaseTransport):
    """Stands between the client and the tenant: may answer itself, or change what is asked or answered."""

    def __init__(
        self,
        before: Meddle = lambda _: None,
        after: Callable[[str, Any], Any] | None = None,
        inner: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.before, self.after, self.inner = before, after, inner or tenant()
        self.asked: list[httpx.URL] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        instead = self.before(request)
        if isinstance(instead, httpx.Response):
            instead.request = request
            return instead
        answer = await self.inner.handle_async_request(instead or request)
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


class Faulty(Between):
    """The tenant, but paths that match `broken` answer 500, those that match `slow` never, and `change` alters the JSON
    of others."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport | None = None,
        *,
        broken: str = "$^",
        slow: str = "$^",
        change: Callable[[Any, httpx.URL], Any] | None = None,
    ) -> None:
        super().__init__(inner=inner)
        self.change = change
        self.broken, self.slow = re.compile(broken), re.compile(slow)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        where = request.url.raw_path.decode()
        if self.slow.search(where):
            await anyio.sleep_forever()
        if self.broken.search(where):
            return told(500, {"detail": "oops"}, request)
        answer = await self.inner.handle_async_request(request)
        if self.change is None or not answer.is_success:
            return answer
        return told(200, self.change(json.loads(await answer.aread()), request.url), request)


class Recorded(httpx.AsyncBaseTransport):
    """A tenant, and the paths that it was asked."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner
        self.paths: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.paths.append(request.url.path)
        return await self.inner.handle_async_request(request)


def over(transport: httpx.AsyncBaseTransport | None) -> contextlib.AbstractAsyncContextManager[Agent]:
    """A server of its own over `transport`, to be asked several things."""
    silent = isinstance(transport, Faulty)  # a path that never answers costs a second
    limits = Limits(per_second=100_000, attempts=1, attempt_seconds=1.0 if silent else 10.0, call_seconds=120.0)
    return agent_over(transport or tenant(), limits)


async def ask(tool: str, transport: httpx.AsyncBaseTransport | None = None, **arguments: Any) -> dict[str, Any]:
    """The tool's answer, of a server of its own over `transport`."""
    async with over(transport) as agent:
        result = await agent.call(tool, **arguments)
    return answer_of(result)


async def refused(tool: str, transport: httpx.AsyncBaseTransport | None = None, **arguments: Any) -> str:
    """The text of the tool's error."""
    async with over(transport) as agent:
        result = await agent.call(tool, **arguments)
    return refusal_of(result)


async def ask_all(tool: str, transport: httpx.AsyncBaseTransport | None = None, **arguments: Any) -> list[Any]:
    """The rows of all pages."""
    async with over(transport) as agent:
        return await agent.every(tool, **arguments)
