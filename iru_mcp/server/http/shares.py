"""Limits for each HTTP caller: requests at once, and bytes of request bodies that are still arriving.

One caller must not be able to make everyone else wait, whether by mistake or on purpose. A caller is the holder of a
token or, where none is asked for, an address. A body is read here, before the application sees the request, so that the
bytes that somebody sends slowly are counted while they wait. What must stay true: whatever is counted is given back,
however the request ends.
"""

from collections import Counter
from dataclasses import dataclass, field

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..binder import HUNG_UP, caller_of
from .admission import MAX_BODY, PROBES, refuse, too_large

BODY_SHARE = 16 * MAX_BODY
"""Bytes of one caller's bodies that may be arriving at once."""
BODY_TOTAL = 64 * MAX_BODY
"""Bytes of all bodies that may be arriving at once."""
LEAST_REQUESTS = 8
"""Requests at once that any caller may have, however low the limit is."""


class Shares:
    """ASGI middleware: `most` requests at once, half of them at most by one caller."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most
        self._share = min(most, max(LEAST_REQUESTS, most // 2))
        self._requests: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        caller = caller_of(scope)
        if self._requests.total() >= self._most or self._requests[caller] >= self._share:
            text = f"Too many requests at once; IRU_MCP_MAX_CONNECTIONS is {self._most}, half of it for one caller."
            await refuse(503, text, Retry_After="1")(scope, receive, send)
            return
        self._requests[caller] += 1
        body = _Body(self._bytes, caller, receive)
        try:
            await (await body.read() or self._app)({**scope, HUNG_UP: body.hung_up}, body.again, body.watched(send))
        finally:
            body.give_back()
            self._requests[caller] -= 1
            if not self._requests[caller]:
                del self._requests[caller]


@dataclass(slots=True)
class _Body:
    """The body of one request: read and counted, then given to the application as if it came in one piece."""

    counted: Counter[str]
    """Bytes that are arriving, by caller, over all requests."""
    caller: str
    receive: Receive
    hung_up: anyio.Event = field(default_factory=anyio.Event)
    _pieces: list[bytes] = field(default_factory=list)
    _size: int = 0

    async def read(self) -> ASGIApp | None:
        """Read all of it. Returns the refusal of a body that may not be read, else None."""
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                return refuse(400, "The request did not arrive.")
            piece = message.get("body", b"")
            self._size += len(piece)
            self.counted[self.caller] += len(piece)
            self._pieces.append(piece)
            if self._size > MAX_BODY:
                return too_large()
            if self.counted[self.caller] > BODY_SHARE or self.counted.total() > BODY_TOTAL:
                return refuse(503, "Too many bytes on their way.", Retry_After="1", Connection="close")
            if not message.get("more_body", False):
                return None

    async def again(self) -> Message:
        """What the application receives: the body, then whatever the connection says."""
        if self._pieces:
            body, self._pieces = b"".join(self._pieces), []
            return {"type": "http.request", "body": body, "more_body": False}
        message = await self.receive()
        if message["type"] == "http.disconnect":
            self.hung_up.set()
        return message

    def watched(self, send: Send) -> Send:
        """Counts the body no longer once the answer begins: the application has read it."""

        async def watching(message: Message) -> None:
            self.give_back()
            await send(message)

        return watching

    def give_back(self) -> None:
        """Count it no longer."""
        self.counted[self.caller] -= self._size
        self._size = 0
        if not self.counted[self.caller]:
            del self.counted[self.caller]
