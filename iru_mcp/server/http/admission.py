"""What a request must show before it is served: a host of ours, a page we allow, a bearable size, an accepted token."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any
from urllib.parse import urlsplit

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from .bearer_tokens import METADATA, Caller, Denied, Keys

LOOPBACK = ("127.0.0.1", "localhost", "::1")
MAX_BODY = 4 * 1024 * 1024
"""Bytes of one request; the SDK counts those that come without a length."""
PROBES = frozenset({"/healthz", "/readyz"})
"""Asked by whatever keeps the process alive, under any name and without a token."""


class Door:
    """An ASGI application before the application. `hosts` and `origins` are allowed beside loopback's own."""

    def __init__(
        self, app: ASGIApp, keys: Keys | None = None, hosts: Iterable[str] = (), origins: Iterable[str] = ()
    ) -> None:
        self._app = app
        self._keys = keys
        self._hosts = {host.casefold().rstrip(".") for host in hosts}
        self._origins = {origin.casefold().rstrip("/") for origin in origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self._refusal(scope, headers) or await self._admit(scope, headers)
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> JSONResponse | None:
        if scope["path"] in PROBES:
            return None
        host, origin = headers.get("host", ""), headers.get("origin")
        if not _is_ours(host, self._hosts):
            return _refuse(
                421, f"This server does not answer to the host {_quoted(host)}; IRU_MCP_ALLOWED_HOSTS adds one."
            )
        if origin is not None and not self._allows(origin):
            return _refuse(
                403, f"Pages of {_quoted(origin)} may not call this server; IRU_MCP_ALLOWED_ORIGINS adds one."
            )
        length = headers.get("content-length", "0")
        if length.isascii() and length.isdigit() and int(length[:20]) > MAX_BODY:
            return _refuse(413, f"A request may have {MAX_BODY} bytes at most.")
        return None

    def _allows(self, origin: str) -> bool:
        wanted = origin.casefold()
        if wanted in self._origins:
            return True
        try:
            parts = urlsplit(wanted)
        except ValueError:
            return False
        return parts.scheme in ("http", "https") and parts.hostname in LOOPBACK and not parts.path

    async def _admit(self, scope: Scope, headers: dict[str, str]) -> JSONResponse | None:
        """Put the caller on the request, or say why not."""
        if self._keys is None or scope["path"] in PROBES or scope["path"].startswith(METADATA):
            return None
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.casefold() != "bearer" or not token.strip():
            text = "Send a token as 'Authorization: Bearer ...'."
            return _refuse(401, text, f'Bearer realm="iru-mcp"{self._keys.challenge()}')
        try:
            caller = await self._keys.caller(token.strip())
        except Denied as denied:
            challenge = f'Bearer error="{denied.error}"{self._keys.challenge()}'
            return _refuse(denied.status, denied.description, challenge)
        scope["user"] = AuthenticatedUser(_access(caller))
        return None


def _access(caller: Caller) -> AccessToken:
    """The caller as the SDK ties sessions to: a session answers only to the one that began it."""
    claims: dict[str, Any] | None = {"iss": caller.issuer} if caller.issuer else None
    return AccessToken(token="", client_id=caller.name, scopes=[], subject=caller.subject or None, claims=claims)


def _is_ours(host: str, allowed: Collection[str]) -> bool:
    """Whether a Host header names this machine's loopback or an allowed host; one without a port allows any."""
    wanted = host.casefold()
    try:
        name = urlsplit(f"//{wanted}").hostname or ""
    except ValueError:
        return False
    return name in LOOPBACK or wanted in allowed or name.rstrip(".") in allowed


def _quoted(text: str) -> str:
    return json.dumps(text[:80])


def _refuse(status: int, text: str, challenge: str = "") -> JSONResponse:
    headers = {"Connection": "close"} if status == 413 else {}
    return JSONResponse({"error": text}, status, headers | ({"WWW-Authenticate": challenge} if challenge else {}))
