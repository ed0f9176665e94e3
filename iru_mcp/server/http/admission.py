"""What is checked of every request first: its Host header, its Origin header and the size of its body.

A page in a browser can make its visitor's machine call this server (DNS rebinding, cross-site requests). The Host and
Origin headers show that, so they are checked before anything else. Of a request that passes, the path loses the prefix
that a proxy may have left on it, and the media type becomes lower case: the SDK compares both as text.
"""

import json
import re
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "::1")
LOOPBACK_ORIGIN = r"https?://(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?"
_LOOPBACK = re.compile(LOOPBACK_ORIGIN, re.IGNORECASE)
MAX_BODY = 256 * 1024
"""Bytes of one request's body; the arguments of a tool have some 40,000 characters at most."""
PROBES = frozenset({"/healthz", "/readyz"})
"""Asked by what supervises the process, with any Host header and without a token."""


class Admission:
    """ASGI middleware. `hosts` and `origins` are allowed beside loopback's own; `prefix` is the part of the public path
    before this server's own."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str], origins: Iterable[str], prefix: str) -> None:
        self._app = app
        self._hosts = {host.casefold().rstrip(".") for host in hosts}
        self._origins = frozenset(origins)
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._prefix and scope["path"].startswith(f"{self._prefix}/"):
            scope["path"] = scope["path"].removeprefix(self._prefix)
        scope["headers"] = [_read_header(name, value) for name, value in scope["headers"] if name != b"last-event-id"]
        await (self._refusal(scope) or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> JSONResponse | None:
        if scope["path"] in PROBES:
            return None
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        host, origin = headers.get("host", ""), headers.get("origin")
        if not _is_ours(host, self._hosts):
            return refuse(
                421, f"This server does not answer to the host {_quoted(host)}; IRU_MCP_ALLOWED_HOSTS adds one."
            )
        if origin is not None and origin.casefold() not in self._origins and not _LOOPBACK.fullmatch(origin):
            return refuse(
                403, f"Pages of {_quoted(origin)} may not call this server; IRU_MCP_ALLOWED_ORIGINS adds one."
            )
        length = headers.get("content-length", "0")
        return too_large() if length.isascii() and length.isdigit() and int(length[:20]) > MAX_BODY else None


def refuse(status: int, text: str, **headers: str) -> JSONResponse:
    """A refusal in words; a header's name is written with underscores."""
    return JSONResponse({"error": text}, status, {name.replace("_", "-"): value for name, value in headers.items()})


def too_large() -> JSONResponse:
    """The refusal of a body that is too large; the rest of it is not read."""
    return refuse(413, f"A request may have {MAX_BODY} bytes at most.", Connection="close")


def _read_header(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """A header with a media type in lower case: it has no letter case (RFC 9110), but the SDK compares it as text."""
    kind, mark, parameters = value.partition(b";")
    return name, kind.lower() + mark + parameters if name == b"content-type" else value


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
