"""Serving one client on stdin and stdout, and ending cleanly with either of them or on a signal."""

from __future__ import annotations

import asyncio
import contextlib
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
"""Bytes of one request line."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM) + ((signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ())


async def run_stdio(binder: Binder) -> None:
    """Serve until stdin closes, stdout breaks or a signal comes; calls in flight are cancelled, the client closed."""
    server = binder.server
    try:
        if sys.platform == "win32" or stat.S_ISREG(os.fstat(0).st_mode):
            async with stdio_server() as (read, write):  # no cancellable reader there: the SDK's own
                await server.run(read, write, server.create_initialization_options())
            return
        lines = await _cancellable_lines()
        with anyio.CancelScope() as scope:
            loop = asyncio.get_running_loop()
            for number in _SIGNALS:
                loop.add_signal_handler(number, scope.cancel)
            async with stdio_server(stdin=cast("Any", lines)) as (read, write):
                await server.run(read, write, server.create_initialization_options())
    except* (BrokenPipeError, ConnectionResetError):
        _abandon_stdout()
    finally:
        with anyio.CancelScope(shield=True), anyio.move_on_after(2):
            await binder.aclose()


async def _cancellable_lines() -> AsyncIterator[str]:
    """Lines of stdin from a pipe reader; the SDK's worker thread cannot be cancelled and would outlive a signal.

    stdin itself is handed an empty file, so that nothing else in the process reads the wire.
    """
    wire = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    reader = asyncio.StreamReader(limit=MAX_LINE)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(wire, "rb"))
    return _lines(reader)


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
