"""The verb serve: from settings to a running server, who may call, what is written down, and over which transport."""

from __future__ import annotations

import argparse
import contextlib
import gc
import logging
import socket
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio

from ..config.account import exposed, mcp_token, open_client, tenant, token
from ..config.settings import FIELDS, Settings, names
from ..errors import ConfigError
from ..output.logs import configure
from ..server import Binder, Watch, open_audit, run_stdio
from ..server.http.bearer_tokens import Keys, Tokens, named_tokens
from ..server.telemetry import Observer
from ..urls import read_host, read_origin, read_url
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
        show_views=settings.views,
        opens_early=settings.api_token_keyring,
    )
    gc.freeze()  # what is loaded now stays; looking through it again takes most of the time of an exit
    if settings.transport == "stdio":
        if settings.sync_every:
            raise ConfigError("--sync-every is for a server over HTTP.", "Use --transport http, or run iru-mcp sync.")
        anyio.run(run_stdio, binder)
        return 0
    from ..server.http.app import bind, guard, run_http
    from ..server.metrics import Metrics

    metrics = Metrics(tools, lambda: binder.client, lambda: binder.in_flight) if settings.metrics else None
    observers += [metrics] if metrics else []
    listen = _listen(settings, http, metrics, binder)
    guard(listen)
    opened = bind(settings.host, settings.port)
    say(f"listening on {url_of(opened)}{'/mcp' if listen.streamable else '/sse'}")
    anyio.run(run_http, binder, listen, opened)
    return 0


def say(text: str) -> None:
    """Write a line to stderr."""
    print(f"iru-mcp: {text}", file=sys.stderr, flush=True)


def url_of(opened: socket.socket) -> str:
    """The base URL of a listening socket."""
    host, port = opened.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _listen(settings: Settings, keys: Keys | None, metrics: Metrics | None, binder: Binder) -> Listen:
    """Where to listen, who may call, and what is offered there. Raises ConfigError, and UsageError for --sync-every."""
    from ..server.http.app import Listen

    hosts = [read_host("IRU_MCP_ALLOWED_HOSTS", name) for name in names(settings.allowed_hosts)]
    origins = [read_origin("IRU_MCP_ALLOWED_ORIGINS", name) for name in names(settings.allowed_origins)]
    public = None
    if settings.public_url:
        right = "Give this server's whole URL as clients know it, like https://HOST/mcp."
        public = read_url("IRU_MCP_PUBLIC_URL", settings.public_url, right, plain=True)
    kept_fresh: dict[str, Any] = {}
    if settings.sync_every:
        from ..inventory.fill.scheduled import copy_age, keep_fresh
        from .inventory import read_interval

        background = partial(keep_fresh, binder.shared_client, read_interval(settings.sync_every, "--sync-every"))
        kept_fresh = {"background": background, "copy_age": lambda: copy_age(binder.client)}
    return Listen(
        host=settings.host,
        keys=keys,
        allowed_hosts=(*hosts, public.host) if public else tuple(hosts),
        allowed_origins=(*origins, public.origin) if public else tuple(origins),
        streamable=settings.transport == "http",
        prefix=public.path.rstrip("/").removesuffix("/mcp").removesuffix("/sse") if public else "",
        stateless=settings.stateless,
        max_connections=settings.max_connections,
        metrics=metrics,
        ready=lambda: _unready(settings),
        **kept_fresh,
    )


def _keys(settings: Settings) -> Keys | None:
    """What checks the callers' tokens; None where no token is asked for. Raises ConfigError."""
    held = mcp_token(settings)
    needs_issuer = [name for name in ("oauth_jwks_url", "oauth_audience", "oauth_scopes") if getattr(settings, name)]
    if needs_issuer and not settings.oauth_issuer:
        variable = FIELDS[needs_issuer[0]].metadata["env"]
        raise ConfigError(f"{variable} is set without IRU_MCP_OAUTH_ISSUER.", "Set both, or neither.")
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
    """The secrets that no log line may have, wherever they were set; a token in the keyring is hidden when it is
    read."""
    held = mcp_token(settings)
    found = list(named_tokens(held.get_secret_value()).values()) if held else []
    if not settings.api_token_keyring:
        with contextlib.suppress(ConfigError):  # each call will say what is wrong with it
            found.append(token(settings).get_secret_value())
    return found


def _unready(settings: Settings) -> str:
    """Why calls cannot work, as far as the settings tell, empty when they can; it names no tenant, since anybody may
    read it."""
    if settings.demo:
        return ""
    for setting, read in (("IRU_API_URL", tenant), ("IRU_API_TOKEN", token)):
        try:
            read(settings)
        except ConfigError as error:
            _log.warning("not ready: %s", error)
            return f"{setting} is missing or cannot be used; the server's log says why"
    return ""
