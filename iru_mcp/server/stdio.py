"""Serving one client on stdin and stdout, and ending cleanly with either of them or on a signal."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator
from typing import Any, cast

import anyio
from mcp.server.stdio import stdio_server

from .binder import Binder

MAX_LINE = 8 * 1024 * 1024
"""Bytes of one request line; a longer one is dropped."""

_log = logging.getLogger("iru_mcp")
_SIGNALS = (signal.SIGINT, signal.SIGTERM) + ((signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ())


async def run_stdio(binder: Binder) -> None:
    """Serve until stdin closes, stdout breaks or a signal comes; calls in flight are cancelled, the client closed.

    Where stdin and stdout are pipes or sockets, as every client makes them, both are read and written without
    threads: a thread that waits for the other side cannot be cancelled and would outlive a signal.
    """
    server = binder.server
    try:
        with anyio.CancelScope() as scope:
            if sys.platform == "win32":
                lines, written = None, None
            else:
                for number in _SIGNALS:
                    asyncio.get_running_loop().add_signal_handler(number, scope.cancel)
                _say_if_nobody_speaks()
                lines = await _lines_in() if _is_stream(0) or os.isatty(0) else None
                written = await _LinesOut.open(scope) if _is_stream(1) else None
            async with stdio_server(stdin=cast("Any", lines), stdout=cast("Any", written)) as (read, write):
                await server.run(read, write, server.create_initialization_options())
    except* (BrokenPipeError, ConnectionResetError):
        _abandon_stdout()
    finally:
        with anyio.CancelScope(shield=True), anyio.move_on_after(2):
            await binder.aclose()


def _say_if_nobody_speaks() -> None:
    if os.isatty(0):
        _log.warning("waiting for an MCP client on this terminal; iru-mcp setup connects one")
    elif stat.S_ISCHR(os.fstat(0).st_mode):
        _log.warning("no MCP client can speak on this stdin; a container needs -i to keep it open")


def _is_stream(fd: int) -> bool:
    mode = os.fstat(fd).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _take(fd: int, instead: int) -> int:
    """A private copy of `fd`, which itself now leads to `instead`, so that nothing else can touch the wire."""
    wire = os.dup(fd)
    os.dup2(instead, fd)
    return wire


async def _lines_in() -> AsyncIterator[str]:
    nothing = os.open(os.devnull, os.O_RDONLY)
    wire = _take(0, nothing)
    os.close(nothing)
    reader = asyncio.StreamReader(limit=MAX_LINE)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(wire, "rb"))
    return _lines(reader)


class _LinesOut:
    """The part of an async file that the SDK writes to; ends the server when nobody reads any more."""

    def __init__(self, wire: asyncio.StreamWriter) -> None:
        self._wire = wire

    @classmethod
    async def open(cls, scope: anyio.CancelScope) -> _LinesOut:
        loop = asyncio.get_running_loop()
        protocol = _UntilGone(scope)
        pipe = os.fdopen(_take(1, 2), "wb", buffering=0)
        transport, _ = await loop.connect_write_pipe(lambda: protocol, pipe)
        transport.set_write_buffer_limits(0)  # a flush waits until all is handed over
        return cls(asyncio.StreamWriter(transport, protocol, None, loop))

    async def write(self, text: str) -> None:
        self._wire.write(text.encode("utf-8", "replace"))

    async def flush(self) -> None:
        await self._wire.drain()


class _UntilGone(asyncio.StreamReaderProtocol):
    def __init__(self, scope: anyio.CancelScope) -> None:
        super().__init__(asyncio.StreamReader())
        self._scope = scope

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._scope.cancel()


async def _lines(reader: asyncio.StreamReader) -> AsyncIterator[str]:
    while True:
        try:
            line = await reader.readuntil(b"\n")
        except asyncio.IncompleteReadError as end:
            line = end.partial
        except asyncio.LimitOverrunError as over:
            await _skip_line(reader, over.consumed)
            continue
        if not line:
            return
        yield line.decode("utf-8", "replace")


async def _skip_line(reader: asyncio.StreamReader, held: int) -> None:
    """Drop a line that is too long to be a request."""
    while True:
        await reader.readexactly(held)
        try:
            await reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as over:
            held = over.consumed
        except asyncio.IncompleteReadError:
            return
        else:
            return


def _abandon_stdout() -> None:
    """Nobody reads stdout any more: point it nowhere, so that the interpreter's last flush does not fail."""
    with contextlib.suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
