"""How the made-up tenant answers a request: it checks token and permission, finds the route, and counts the hour."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from ..api import declared_endpoints
from ..api.endpoint import Endpoint
from .routes import ROUTES
from .routes.query import Fault
from .world.chance import hex_digits
from .world.tenant import DemoTenant

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_DENIED = Fault(403, {"detail": "You do not have permission to perform this action."})
_NO_TOKEN = Fault(401, "Unauthorized\r\n", "text/plain")
_UNLICENSED = Fault(404, "<!doctype html>\n<html><head><title>Not Found</title></head></html>", "text/html")


@dataclass
class DemoTransport(httpx.AsyncBaseTransport):
    """Answers GETs as Iru would for this tenant, and 429 once `hour_limit` requests of an hour are used.

    `second_limit` is stated in its headers, and kept by nobody but the client.
    """

    tenant: DemoTenant
    token: str
    denied: frozenset[str]
    unlicensed: frozenset[str]
    hour_limit: int
    second_limit: int
    patterns: list[tuple[re.Pattern[str], Endpoint[Any]]] = field(default_factory=list)
    """The declared paths, those without slots first."""
    asked: int = 0
    hour: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        """Raises ValueError for an endpoint or product that does not exist."""
        known = declared_endpoints()
        products = {one.product for one in known.values() if one.product}
        if strange := (self.denied - set(known)) | (self.unlicensed - products):
            raise ValueError(f"no endpoint or product is called {', '.join(sorted(strange))}")
        for one in sorted(known.values(), key=lambda endpoint: len(endpoint.slots)):
            pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(one.path))
            self.patterns.append((re.compile(f"{pattern}/?"), one))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One answer, with Iru's headers."""
        query, authorization = dict(request.url.params), request.headers.get("authorization", "")
        status, media, body = self.answer(request.method, request.url.path, query, authorization)
        headers = {"content-type": media, "content-length": str(len(body))} | self._limits()
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body), request=request)

    def _limits(self) -> dict[str, str]:
        limits = {
            "RateLimit-Limit": self.second_limit,
            "RateLimit-Remaining": self.second_limit - 1,
            "RateLimit-Reset": 1,
            "X-RateLimit-Limit-Second": self.second_limit,
            "X-RateLimit-Remaining-Second": self.second_limit - 1,
            "X-RateLimit-Limit-Hour": self.hour_limit,
            "X-RateLimit-Remaining-Hour": max(0, self.hour_limit - self.asked),
        }
        return {name: str(number) for name, number in limits.items()}

    def answer(self, method: str, path: str, query: dict[str, str], authorization: str) -> tuple[int, str, bytes]:
        """Status, content type and body."""
        if time.monotonic() - self.hour >= 3600:
            self.asked, self.hour = 0, time.monotonic()
        self.asked += 1
        try:
            found = self._find(method, path, query, authorization)
        except Fault as fault:
            text = fault.body if fault.media != "application/json" else json.dumps(fault.body)
            return fault.status, fault.media, text.encode()
        return 200, "application/json", json.dumps(found).encode()

    def _find(self, method: str, path: str, query: dict[str, str], authorization: str) -> Any:
        if self.asked > self.hour_limit:
            raise Fault(429, {"message": "API rate limit exceeded"})
        endpoint, ids = self._route(path)
        if authorization != f"Bearer {self.token}":
            raise _NO_TOKEN
        if method != "GET":
            raise Fault(405, {"detail": f'Method "{method}" not allowed.'})
        if endpoint.name in self.denied:
            raise _DENIED
        if endpoint.product in self.unlicensed:
            raise _UNLICENSED if "/v2/" in path or endpoint.product.startswith("Vuln") else _DENIED
        return ROUTES[endpoint.name](self.tenant, ids, query)

    def _route(self, path: str) -> tuple[Endpoint[Any], dict[str, str]]:
        for pattern, endpoint in self.patterns:
            if match := pattern.fullmatch(path):
                return endpoint, match.groupdict()
        raise Fault(404, {"message": "no Route matched with those values", "request_id": hex_digits(32, self.asked)})


def application(demo: httpx.AsyncBaseTransport) -> ASGIApp:
    """`demo` as an ASGI application: HTTP only, one answer a request."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        url = httpx.URL(scheme="http", host="127.0.0.1", path=scope["path"], query=scope.get("query_string", b""))
        answer = await demo.handle_async_request(httpx.Request(scope["method"], url, headers=scope["headers"]))
        headers = [(name.lower(), value) for name, value in answer.headers.raw]
        await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": await answer.aread()})

    return app
