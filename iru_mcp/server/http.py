"""Serving many clients over HTTP from one process with one Iru client: /mcp, the older /sse, and /healthz."""

from __future__ import annotations

import contextlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import uvicorn
from mcp.server.sse import SseServerTransport
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ..errors import ConfigError
from .binder import Binder

LOOPBACK = ("127.0.0.1", "localhost", "::1")
GRACE_SECONDS = 5
"""How long calls in flight may go on after SIGTERM."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Where to listen, who may call, and which transports to offer."""

    host: str
    port: int
    token: str | None = None
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    streamable: bool = True


def guard(listen: Listen) -> None:
    """Raises ConfigError for an address beyond this machine without a token."""
    if listen.host not in LOOPBACK and not listen.token:
        raise ConfigError(
            f"Listening on {listen.host} would open Iru's data to the network without a token.",
            "Set IRU_MCP_TOKEN (or IRU_MCP_TOKEN_FILE), or listen on 127.0.0.1.",
        )


async def run_http(binder: Binder, listen: Listen) -> None:
    """Serve until SIGINT or SIGTERM; answers in flight are delivered. Raises ConfigError before anything is opened."""
    guard(listen)
    config = uvicorn.Config(
        application(binder, listen),
        host=listen.host,
        port=listen.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=30,
        lifespan="on",
        server_header=False,
    )
    await uvicorn.Server(config).serve()


def application(binder: Binder, listen: Listen) -> ASGIApp:
    """The ASGI application behind `run_http`."""
    security = TransportSecuritySettings(
        allowed_hosts=[*_hosts(), *listen.allowed_hosts],
        allowed_origins=[*(f"http://{host}" for host in _hosts()), *listen.allowed_origins],
    )
    routes = [Route("/healthz", _healthz), *_sse_routes(binder, security)]
    manager = StreamableHTTPSessionManager(app=binder.server, security_settings=security)
    if listen.streamable:
        routes.append(Route("/mcp", endpoint=StreamableHTTPASGIApp(manager)))

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            async with manager.run():
                yield
        finally:
            await binder.aclose()

    app = Starlette(routes=routes, lifespan=lifespan)
    return _Bearer(app, listen.token) if listen.token else app


def _hosts() -> list[str]:
    return [f"{f'[{host}]' if ':' in host else host}{port}" for host in LOOPBACK for port in ("", ":*")]


async def _healthz(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


def _sse_routes(binder: Binder, security: TransportSecuritySettings) -> list[Any]:
    transport = SseServerTransport("/messages/", security_settings=security)

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with transport.connect_sse(scope, receive, send) as (read, write):
                await binder.server.run(read, write, binder.server.create_initialization_options())
        except ValueError:
            return  # the transport has already answered with what is wrong

    async def endpoint(request: Request) -> Response:
        await handle(request.scope, request.receive, request._send)  # noqa: SLF001 - starlette offers no other way
        return Response()

    return [Route("/sse", endpoint=endpoint), Mount("/messages/", app=transport.handle_post_message)]


class _Bearer:
    """Asks every request but the health check for the bearer token, compared in constant time."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == "/healthz" or self._accepts(scope):
            await self._app(scope, receive, send)
            return
        response = JSONResponse(
            {"error": "Send the token of IRU_MCP_TOKEN as 'Authorization: Bearer ...'."},
            401,
            {"WWW-Authenticate": "Bearer"},
        )
        await response(scope, receive, send)

    def _accepts(self, scope: Scope) -> bool:
        given = dict(scope["headers"]).get(b"authorization", b"")
        return hmac.compare_digest(given, self._expected)
