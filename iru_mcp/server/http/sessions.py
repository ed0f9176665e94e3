"""A limit on the sessions of older clients: at the limit, the caller with most of them loses its longest idle one.

The SDK refuses every new session while its limit is reached, and a session lasts half an hour without a request: one
caller could lock everyone else out. Here each session is known with its caller and its last request. To end one, this
asks the SDK as the client itself would (DELETE), so that nothing of the SDK's inside is touched. A session with a
request or a stream open is never ended.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from mcp.server.streamable_http_manager import StreamableHTTPASGIApp
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.types import Message, Receive, Scope, Send

from ..binder import caller_of

_HEADER = b"mcp-session-id"
_VERSION = b"2025-11-25"
_WITH_SESSIONS = frozenset(HANDSHAKE_PROTOCOL_VERSIONS)
"""Protocol versions that know sessions; a request that names none is of one of them."""


@dataclass(slots=True)
class _Session:
    caller: str
    user: Any
    used: int
    """The number of its last request, counted over all."""
    busy: int = 0


@dataclass(slots=True)
class Sessions:
    """The streamable HTTP endpoint with at most `most` sessions."""

    app: StreamableHTTPASGIApp
    most: int
    _open: dict[bytes, _Session] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        known = self._open.get(headers.get(_HEADER, b""))
        version = headers.get(b"mcp-protocol-version", _VERSION).decode("latin-1")
        if _HEADER not in headers and version in _WITH_SESSIONS:
            await self._make_room()

        async def watching(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(scope, headers, message)
            await send(message)

        if known is None:
            await self.app(scope, receive, watching)
            return
        known.used = next(self._numbers)
        known.busy += 1
        try:
            await self.app(scope, receive, watching)
        finally:
            known.busy -= 1

    def _note(self, scope: Scope, headers: dict[bytes, bytes], answer: Message) -> None:
        """A session that was opened or has ended, as the answer tells."""
        asked = headers.get(_HEADER)
        opened = dict(answer["headers"]).get(_HEADER)
        if asked is None and opened and answer["status"] < 400:
            self._open[opened] = _Session(caller_of(scope), scope.get("user"), next(self._numbers))
        elif asked and (answer["status"] == 404 or (scope["method"] == "DELETE" and answer["status"] < 400)):
            session = self._open.get(asked)
            if session is not None and session.caller == caller_of(scope):
                del self._open[asked]

    async def _make_room(self) -> None:
        while len(self._open) >= self.most:
            held = Counter(session.caller for session in self._open.values())
            idle = [(held[one.caller], -one.used, name) for name, one in self._open.items() if not one.busy]
            if not idle:
                return
            name = max(idle)[2]
            await self._end(name, self._open.pop(name))

    async def _end(self, name: bytes, session: _Session) -> None:
        scope = {
            "type": "http",
            "method": "DELETE",
            "path": "/mcp",
            "query_string": b"",
            "headers": [(_HEADER, name), (b"mcp-protocol-version", _VERSION)],
            "user": session.user,
        }

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(_: Message) -> None:
            """The answer is for nobody."""

        await self.app(scope, receive, send)
