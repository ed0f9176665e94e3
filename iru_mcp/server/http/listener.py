"""The HTTP listener: so many connections, so long for a request to arrive, and an end that loses no answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

ARRIVAL_SECONDS = 10.0
"""From a connection's or request's first byte to its last; whoever is slower is hung up on."""
DRAIN_SECONDS = 6.0
"""How long calls in flight may go on after SIGTERM."""
_CLOSE_SECONDS = 2
_SPARE = 64
"""Connections accepted beyond the limit, to be told 503; after those, none."""


class Impatient(H11Protocol):
    """Hangs up on a connection whose request does not arrive in time: uvicorn itself would wait for ever."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.limit_concurrency is not None and len(self.connections) > self.limit_concurrency + _SPARE:
            transport.abort()
            return
        self._expect()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        self._arrived()
        super().connection_lost(exc)

    def _expect(self) -> None:
        """Start the clock while a request is under way, stop it once all of it is here."""
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._arrived()
        elif self._late is None:
            self._late = self.loop.call_later(ARRIVAL_SECONDS, self._hang_up)

    def _arrived(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _hang_up(self) -> None:
        self._late = None
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY) and not self.transport.is_closing():
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


def config(app: Any, most_connections: int) -> uvicorn.Config:
    """How uvicorn is to serve `app`: quietly, within these bounds."""
    return uvicorn.Config(
        app,
        http=Impatient,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=most_connections,
        backlog=256,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_CLOSE_SECONDS,
    )
