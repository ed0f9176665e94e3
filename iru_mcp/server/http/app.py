"""Serving many clients over HTTP from one process with one Iru client: /mcp, the older /sse, and what watches them."""

import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import anyio
from anyio import to_thread
from mcp.server.sse import SseServerTransport
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ...errors import ConfigError
from ..binder import Binder
from ..metrics import Metrics
from .admission import LOOPBACK, LOOPBACK_ORIGIN, MAX_BODY, Admission
from .authentication import Authentication
from .bearer_tokens import METADATA, Keys
from .listener import Listener, config
from .sessions import Sessions
from .shares import Shares

MAX_CONNECTIONS = 512
MAX_SESSIONS = 2_000
"""Sessions of older clients; they end after half an hour without a request, or when others need the room."""
_SPARE_SESSIONS = 100
"""Those that are just being opened."""
READY_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """On which address this server listens, who may call, and what is offered.

    `prefix` is the path before /mcp in the URL that clients know. `ready` says why calls cannot work, empty when they
    can, in words for anyone; it may take its time, as may `copy_age`, which says how old the inventory copy is.
    `background` works beside the server until it ends.
    """

    host: str
    keys: Keys | None = None
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    streamable: bool = True
    stateless: bool = False
    prefix: str = ""
    max_connections: int = MAX_CONNECTIONS
    max_sessions: int = MAX_SESSIONS
    metrics: Metrics | None = None
    ready: Callable[[], str] = lambda: ""
    copy_age: Callable[[], str] | None = None
    background: Callable[[], Coroutine[Any, Any, None]] | None = None


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


async def run_http(binder: Binder, listen: Listen, opened: socket.socket) -> None:
    """Serve on a listening socket until SIGINT or SIGTERM; answers in flight are delivered."""
    server: Listener | None = None
    app = application(binder, listen, lambda: server is not None and server.draining)
    server = Listener(config(app, listen.max_connections), lambda: binder.in_flight > 0)
    await server.serve(sockets=[opened])


def application(binder: Binder, listen: Listen, draining: Callable[[], bool] = lambda: False) -> ASGIApp:
    """The ASGI application behind `run_http`: from the outside in, admission, CORS, authentication, shares, routes.

    Raises what `guard` raises: none is made that would open Iru's data to a network without a token.
    """
    guard(listen)
    manager = StreamableHTTPSessionManager(
        app=binder.server,
        stateless=listen.stateless,
        max_request_body_size=MAX_BODY,
        max_sessions=listen.max_sessions + _SPARE_SESSIONS,
    )
    routes: list[BaseRoute] = [
        Route("/healthz", JSONResponse({"status": "ok"}), methods=["GET"]),
        Route("/readyz", _readyz(listen, draining)),
        *_published(listen),
        *(() if listen.stateless else _sse_routes(binder, listen.prefix)),
        *(_both("/mcp", Sessions(StreamableHTTPASGIApp(manager), listen.max_sessions)) if listen.streamable else ()),
    ]

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            async with manager.run(), anyio.create_task_group() as group:
                if binder.opens_early:
                    group.start_soon(binder.open_early)
                if listen.background:
                    group.start_soon(listen.background)
                yield
                group.cancel_scope.cancel()
        finally:
            await binder.aclose()

    routed = Starlette(routes=routes, lifespan=lifespan)
    routed.router.redirect_slashes = False
    app: ASGIApp = Shares(routed, listen.max_connections)
    if listen.keys is not None:
        app = Authentication(app, listen.keys)
    own = () if listen.host in ("0.0.0.0", "::") else (listen.host,)  # noqa: S104 - compared, not bound
    hosts = (*own, *listen.allowed_hosts)
    return Admission(_cors(app, listen.allowed_origins), hosts, listen.allowed_origins, listen.prefix)


def _both(path: str, endpoint: ASGIApp) -> list[BaseRoute]:
    """A path with and without a slash at its end: a redirect would lead to this server's own name, without TLS."""
    return [Route(path, endpoint=endpoint), Route(f"{path}/", endpoint=endpoint)]


def _cors(app: ASGIApp, origins: tuple[str, ...]) -> ASGIApp:
    """Pages of `origins` and of this machine may read the answers in a browser; a preflight needs no token."""
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_origin_regex=LOOPBACK_ORIGIN,
        allow_methods=("GET", "POST", "DELETE"),
        allow_headers=("*",),
        allow_private_network=True,
        expose_headers=("Mcp-Session-Id", "WWW-Authenticate", "Retry-After"),
    )


def _readyz(listen: Listen, draining: Callable[[], bool]) -> Callable[[Request], Any]:
    """Readiness, asked for in a thread: it may read a file or a keyring that is slow. One question at a time."""
    asking = anyio.Lock()

    async def readyz(_: Request) -> Response:
        why = "shutting down" if draining() else ""
        about: dict[str, str] = {}
        if not why:
            with anyio.move_on_after(READY_SECONDS) as late:
                async with asking:
                    why = await to_thread.run_sync(listen.ready, abandon_on_cancel=True)
                    if listen.copy_age:
                        about["inventory"] = await to_thread.run_sync(listen.copy_age, abandon_on_cancel=True)
            why = "the settings could not be read in time" if late.cancelled_caught else why
        if why:
            return JSONResponse({"status": "not ready", "why": why}, 503)
        return JSONResponse({"status": "ready"} | about)

    return readyz


def _published(listen: Listen) -> list[BaseRoute]:
    """/metrics when asked for, and the RFC 9728 document where an authorization server issues the tokens."""
    routes: list[BaseRoute] = []
    if (metrics := listen.metrics) is not None:

        async def numbers(_: Request) -> Response:
            return PlainTextResponse(metrics.text(), media_type="text/plain; version=0.0.4")

        routes.append(Route("/metrics", numbers))
    if (document := listen.keys.metadata() if listen.keys else None) is not None:
        answer = JSONResponse(document, headers={"Cache-Control": "max-age=3600"})
        routes += [Route(path, answer, methods=["GET"]) for path in (METADATA, f"{METADATA}/{{path:path}}")]
    return routes


@dataclass(frozen=True, slots=True)
class _Application:
    """A function as an ASGI application: starlette would take the function itself for one that returns an answer."""

    serve: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.serve(scope, receive, send)


def _sse_routes(binder: Binder, prefix: str) -> list[BaseRoute]:
    """The older transport: a stream, and a path to write to, which the stream tells as clients know it."""
    transport = SseServerTransport(f"{prefix}/messages/", max_request_body_size=MAX_BODY)
    server = binder.server

    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET":
            await Response(status_code=405, headers={"Allow": "GET"})(scope, receive, send)
            return
        async with transport.connect_sse(scope, receive, send) as (read, write):
            await server.run(read, write, server.create_initialization_options())

    return [*_both("/sse", _Application(stream)), *_both("/messages", _Application(transport.handle_post_message))]
