"""The verb serve: from settings to a running server, who may call, what is written down, and over which transport."""

from __future__ import annotations

import argparse
import contextlib
import gc
import logging
import socket
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio

from ..config.settings import Settings, exposed, mcp_token, names, open_client, tenant, token
from ..errors import ConfigError
from ..output.logs import configure
from ..server import Binder, Watch, open_audit, run_stdio
from ..server.http.bearer_tokens import Keys, Tokens, named_tokens
from ..server.telemetry import Observer
from .tools import offered

if TYPE_CHECKING:
    from ..server.http.app import Listen
    from ..server.metrics import Metrics

_log = logging.getLogger("iru_mcp")


def run(_: argparse.Namespace, settings: Settings) -> int:
    """Serve until the client leaves or a signal comes. Raises ConfigError first."""
    tools = offered(settings)
    http = _keys(settings) if settings.transport != "stdio" else None
    configure(settings.log_level, *_secrets(settings))
    for warning in exposed(settings):
        _log.warning("%s", warning)
    audit = open_audit(settings.audit, tools)
    observers: list[Observer] = [audit] if audit else []
    watch = Watch(observers)
    binder = Binder(
        tools,
        lambda: open_client(settings, watch.request),
        text_only=settings.text_only,
        watch=watch,
        max_calls=settings.max_calls,
    )
    gc.freeze()  # what is loaded now stays; looking through it again takes most of the time of an exit
    if settings.transport == "stdio":
        anyio.run(run_stdio, binder)
        return 0
    from ..server.http.app import bind, guard, run_http
    from ..server.metrics import Metrics

    metrics = Metrics(tools, lambda: binder.client, lambda: binder.in_flight) if settings.metrics else None
    observers += [metrics] if metrics else []
    listen = _listen(settings, http, metrics)
    guard(listen)
    opened = bind(settings.host, settings.port)
    say(f"listening on {url_of(opened)}{'/mcp' if listen.streamable else '/sse'}")
    anyio.run(run_http, binder, listen, opened)
    return 0


def say(text: str) -> None:
    """Tell whoever started this, on stderr."""
    print(f"iru-mcp: {text}", file=sys.stderr, flush=True)


def url_of(opened: socket.socket) -> str:
    """The base URL of a listening socket."""
    host, port = opened.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _listen(settings: Settings, keys: Keys | None, metrics: Metrics | None) -> Listen:
    from ..server.http.app import Listen

    public = urlsplit(settings.public_url)
    hosts, origins = names(settings.allowed_hosts), names(settings.allowed_origins)
    return Listen(
        host=settings.host,
        port=settings.port,
        keys=keys,
        allowed_hosts=(*hosts, public.hostname) if public.hostname else hosts,
        allowed_origins=(*origins, f"{public.scheme}://{public.netloc}") if public.netloc else origins,
        streamable=settings.transport == "http",
        stateless=settings.stateless,
        max_connections=settings.max_connections,
        metrics=metrics,
        ready=lambda: _unready(settings),
    )


def _keys(settings: Settings) -> Keys | None:
    """What callers must show, None where nothing is asked. Raises ConfigError."""
    held = mcp_token(settings)
    if settings.oauth_issuer:
        if held:
            raise ConfigError("IRU_MCP_TOKEN and IRU_MCP_OAUTH_ISSUER are both set.", "Choose one of them.")
        from ..server.http.oauth import Issuer, OAuth

        issuer = Issuer(
            issuer=settings.oauth_issuer,
            jwks_url=settings.oauth_jwks_url,
            audience=settings.oauth_audience,
            scopes=names(settings.oauth_scopes),
            public_url=settings.public_url,
        )
        return OAuth(issuer)
    return Tokens(named_tokens(held.get_secret_value())) if held else None


def _secrets(settings: Settings) -> list[str]:
    """What no log line may hold, wherever it was set."""
    held = mcp_token(settings)
    found = list(named_tokens(held.get_secret_value()).values()) if held else []
    with contextlib.suppress(ConfigError):  # each call will say what is wrong with it
        found.append(token(settings).get_secret_value())
    return found


def _unready(settings: Settings) -> str:
    """Why calls cannot work, as far as the settings alone can tell."""
    if settings.demo:
        return ""
    try:
        tenant(settings)
        token(settings)
    except ConfigError as error:
        return str(error)
    return ""
