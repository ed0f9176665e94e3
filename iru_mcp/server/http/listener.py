"""The HTTP listener: a limit on connections, a time limit for requests to arrive, and a shutdown that loses no answer.

uvicorn waits for ever for a request that does not arrive, and answers 503 to everyone once its limit is reached: some
hundred connections that say nothing would close the server to all. Here a connection that waits for its client (it has
sent nothing yet, only a part, or is kept alive) gives way to a new one: the longest waiting one of the address that has
most of them. Connections on which a token was accepted and the others each give way to their own kind, so that whoever
has no token cannot end the connections of those who have. A connection whose request is at work never gives way.
"""

import asyncio
import ipaddress
import socket
import time
from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

ARRIVAL_SECONDS = 10.0
"""From a connection's or request's first byte to its last; whoever is slower is hung up on."""
DRAIN_SECONDS = 6.0
"""How long calls in flight may go on after SIGTERM."""
_SPARE = 64
"""Connections beyond the limit, for probes and for refusals in words; after those, none is accepted."""
_numbers = count()


class BoundedProtocol(H11Protocol):
    """One connection. `config.limit_concurrency` is the limit and the spare ones."""

    _deadline: asyncio.TimerHandle | None = None
    waits_since = 0
    known = False
    """Whether the token of a request on it was accepted."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.waits_since = next(_numbers)
        limit = self.limit_concurrency or 0
        if len(self.connections) > limit - _SPARE and not self._make_room() and len(self.connections) >= limit:
            transport.abort()
            return
        self._watch_arrival()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch_arrival()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        self.waits_since = next(_numbers)
        self.known |= "user" in self.scope  # as authentication.py leaves it
        super().on_response_complete()

    @property
    def waits(self) -> bool:
        """Whether the client is to send next: it has sent nothing yet, or not all of a request."""
        return self.conn.their_state in (h11.IDLE, h11.SEND_BODY) and not self.transport.is_closing()

    def _make_room(self) -> bool:
        others = (one for one in self.connections if isinstance(one, BoundedProtocol) and one is not self)
        waiting = [one for one in others if one.waits]
        known = [one for one in waiting if one.known]
        strangers = [one for one in waiting if not one.known]
        choice = strangers if len(strangers) > len(self.connections) // 2 or not known else known
        if not choice:
            return False
        held = Counter(one.network for one in choice)
        last = max(choice, key=lambda one: (held[one.network], -one.waits_since))
        last.transport.abort()
        self.connections.discard(last)
        return True

    @property
    def network(self) -> str:
        """The client's address; of an IPv6 address its network (/64), which belongs to one customer."""
        address = self.client[0] if self.client else ""
        return ipaddress.ip_address(address.partition("%")[0]).exploded[:19] if ":" in address else address

    def _watch_arrival(self) -> None:
        """Start the clock while a request is under way, stop it once all of it is here."""
        if not self.waits:
            self._stop_watching()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(ARRIVAL_SECONDS, self._hang_up)

    def _stop_watching(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _hang_up(self) -> None:
        self._deadline = None
        if self.waits:
            self.transport.abort()


class Listener(uvicorn.Server):
    """On SIGTERM or SIGINT it first lets calls in flight end, then closes; on a second signal it closes at once."""

    def __init__(self, config: uvicorn.Config, busy: Callable[[], bool]) -> None:
        super().__init__(config)
        self.draining = False
        self._busy = busy
        self._until = 0.0
        self._quiet = 0

    def handle_exit(self, sig: int, frame: Any) -> None:
        if self.draining:
            self.should_exit = self.force_exit = True
        self.draining = True
        self._until = time.monotonic() + DRAIN_SECONDS

    async def on_tick(self, counter: int) -> bool:
        if self.draining:
            # The answer of the last call has yet to be written when the call has ended: two quiet ticks.
            self._quiet = 0 if self._busy() else self._quiet + 1
            self.should_exit |= self._quiet > 2 or time.monotonic() > self._until
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close; streams that clients hold open end with their connections instead of being waited for."""
        for connection in list(self.server_state.connections):
            connection.transport.close()
        await super().shutdown(sockets)


def config(app: Any, most_connections: int) -> uvicorn.Config:
    """How uvicorn is to serve `app`: quietly, within these bounds."""
    return uvicorn.Config(
        app,
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=most_connections + _SPARE,
        backlog=256,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=2,
    )
