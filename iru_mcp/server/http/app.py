"""Serving many clients over HTTP from one process with one Iru client: /mcp, the older /sse, and what watches them."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from mcp.server.sse import SseServerTransport
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ...errors import ConfigError
from ..binder import Binder
from ..metrics import Metrics
from .admission import LOOPBACK, MAX_BODY, Door
from .bearer_tokens import METADATA, Keys
from .listener import Listener, config

MAX_CONNECTIONS = 512
MAX_SESSIONS = 2_000
"""Sessions of older clients; they end after half an hour without a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Where to listen, who may call, and what to offer. `ready` says why calls cannot work, empty when they can."""

    host: str
    port: int
    keys: Keys | None = None
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    streamable: bool = True
    stateless: bool = False
    max_connections: int = MAX_CONNECTIONS
    metrics: Metrics | None = None
    ready: Callable[[], str] = lambda: ""


def guard(listen: Listen) -> None:
    """Raises ConfigError for an address beyond this machine without a token, and for what contradicts itself."""
    if listen.host not in LOOPBACK and listen.keys is None:
        raise ConfigError(
            f"Listening on {listen.host} would open Iru's data to the network without a token.",
            "Set IRU_MCP_TOKEN (or IRU_MCP_TOKEN_FILE), or IRU_MCP_OAUTH_ISSUER; or listen on 127.0.0.1.",
        )
    if listen.stateless and not listen.streamable:
        raise ConfigError("SSE keeps state in its connections: it cannot be stateless.", "Use --transport http.")


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises ConfigError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        opened = socket.create_server((host, port), family=family, backlog=256)
    except OSError as error:
        raise ConfigError(
            f"Port {port} on {host} cannot be listened on ({error.strerror}).", "Choose another with --port and --host."
        ) from None
    # Connections inherit it. asyncio sets it only where a socket says that it is TCP, and without it every answer waits
    # some 40 ms for the client's delayed acknowledgement.
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened


async def run_http(binder: Binder, listen: Listen, opened: socket.socket | None = None) -> None:
    """Serve until SIGINT or SIGTERM; answers in flight are delivered. Raises ConfigError before anything is served."""
    guard(listen)
    taken = opened or bind(listen.host, listen.port)
    server: Listener | None = None

    def ready() -> str:
        return "shutting down" if server is not None and server.draining else listen.ready()

    app = application(binder, listen, ready)
    server = Listener(config(app, listen.max_connections), lambda: binder.in_flight > 0)
    await server.serve(sockets=[taken])


def application(binder: Binder, listen: Listen, ready: Callable[[], str] | None = None) -> ASGIApp:
    """The ASGI application behind `run_http`."""
    routes: list[BaseRoute] = [
        Route("/healthz", _healthz),
        Route("/readyz", _readyz(ready or listen.ready)),
        *_published(listen),
    ]
    if not listen.stateless:
        routes += _sse_routes(binder)
    manager = StreamableHTTPSessionManager(
        app=binder.server, stateless=listen.stateless, max_request_body_size=MAX_BODY, max_sessions=MAX_SESSIONS
    )
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
    own = () if listen.host in ("0.0.0.0", "::") else (listen.host,)  # noqa: S104 - compared, not bound
    return Door(app, listen.keys, (*own, *listen.allowed_hosts), listen.allowed_origins)


async def _healthz(_: Request) -> Response:
    return JSONResponse({"status": "ok"})


def _readyz(ready: Callable[[], str]) -> Callable[[Request], Any]:
    async def readyz(_: Request) -> Response:
        why = ready()
        return JSONResponse({"status": "not ready", "why": why}, 503) if why else JSONResponse({"status": "ready"})

    return readyz


def _published(listen: Listen) -> list[BaseRoute]:
    """/metrics when asked for, and the RFC 9728 document where an authorization server issues the tokens."""
    routes: list[BaseRoute] = []
    metrics = listen.metrics
    if metrics is not None:

        async def numbers(_: Request) -> Response:
            return PlainTextResponse(metrics.text(), media_type="text/plain; version=0.0.4")

        routes.append(Route("/metrics", numbers))
    document = listen.keys.metadata() if listen.keys else None
    if document is not None:

        async def metadata(_: Request) -> Response:
            return JSONResponse(document, headers={"Cache-Control": "max-age=3600"})

        routes += [Route(METADATA, metadata), Route(f"{METADATA}/{{path:path}}", metadata)]
    return routes


@dataclass(frozen=True, slots=True)
class _Stream:
    """The SSE connection as an application of its own: the stream is the answer, starlette must not add one."""

    binder: Binder
    transport: SseServerTransport

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        server = self.binder.server
        async with self.transport.connect_sse(scope, receive, send) as (read, write):
            await server.run(read, write, server.create_initialization_options())


def _sse_routes(binder: Binder) -> list[BaseRoute]:
    transport = SseServerTransport("/messages/", max_request_body_size=MAX_BODY)
    return [
        Route("/sse", _Stream(binder, transport), methods=["GET"]),
        Mount("/messages/", app=transport.handle_post_message),
    ]
