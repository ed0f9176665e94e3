"""Serving one client on stdin and stdout.

The server must end when either pipe is closed, on a signal, and when its parent process has ended although another
process holds the pipes open. It must answer every line, also one that is no message (frames.py). Nothing but messages
may reach stdout, so both descriptors are moved away from 0 and 1 first.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import queue
import re
import signal
import stat
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any, TypeVar, cast

import anyio
from mcp.server.stdio import stdio_server

from ..errors import reader_has_left
from .binder import Binder
from .frames import MAX_LINE, Unread, read_line, too_long

PARENT_SECONDS = 1.0
"""Seconds between two checks whether the parent process is still there."""
_LAST_SECONDS = 0.2
"""How long the end of a file is held back, so that what stands before it is answered."""
_PIECE = 65_536
"""Bytes that are read at once."""
_EDGE = 4_096
"""Bytes kept of each end of a line that is too long."""

T = TypeVar("T")
_log = logging.getLogger("iru_mcp")


async def run_stdio(binder: Binder) -> None:
    """Serve until stdin closes, stdout breaks, the parent ends or a signal comes; calls in flight are cancelled.

    Where stdin and stdout are pipes or sockets, as every client makes them, both are read and written without
    threads: a thread that waits for the other side cannot be cancelled and would outlive a signal.
    """
    server = binder.server
    try:
        async with anyio.create_task_group() as group:
            _end_on_signals(group.cancel_scope)
            written = await _open_stdout(group.cancel_scope)
            lines = cast("Any", _messages(await _open_stdin(), written))
            group.start_soon(_end_with_parent, group.cancel_scope)
            if binder.opens_early:
                group.start_soon(binder.open_early)
            async with stdio_server(stdin=lines, stdout=cast("Any", written)) as (read, write):
                await server.run(read, write, server.create_initialization_options())
            group.cancel_scope.cancel()
    except* (BrokenPipeError, ConnectionResetError):
        pass  # nobody reads any more
    finally:
        with anyio.CancelScope(shield=True), anyio.move_on_after(2):
            await binder.aclose()


def _end_on_signals(scope: anyio.CancelScope) -> None:
    loop = asyncio.get_running_loop()
    if sys.platform == "win32":  # its event loop takes no handlers; what is called so runs between two of its steps
        for number in (signal.SIGINT, signal.SIGBREAK):  # Ctrl-C, and Ctrl-Break or a closed window
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(scope.cancel))
    else:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, scope.cancel)


async def _end_with_parent(scope: anyio.CancelScope) -> None:
    """End when whoever started this process is gone: its pipes may be held open by others, and then never close."""
    if sys.platform == "win32":
        return  # the number of the parent stays what it was
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 - nothing tells of it
        await anyio.sleep(PARENT_SECONDS)
    _log.warning("the process that started this server has ended, so this one ends too")
    scope.cancel()


async def _open_stdin() -> AsyncIterator[bytes | Unread]:
    """Lines of stdin. Anything else that reads fd 0 finds it empty."""
    if os.isatty(0):
        _log.warning("waiting for an MCP client on this terminal; iru-mcp setup connects one")
    elif stat.S_ISCHR(os.fstat(0).st_mode):
        _log.warning("no MCP client can speak on this stdin; a container needs -i to keep it open")
    without_thread = sys.platform != "win32" and (_is_stream(0) or os.isatty(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    wire = os.fdopen(_take(0, nothing), "rb", buffering=0)
    os.close(nothing)
    if not without_thread:
        thread = _Thread()
        return _lines(lambda: thread.run(lambda: wire.read(_PIECE)), _LAST_SECONDS)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), wire)
    return _lines(lambda: reader.read(_PIECE))


async def _open_stdout(scope: anyio.CancelScope) -> _Pipe | _File:
    """Where answers go. Anything else that prints reaches stderr and cannot break a line."""
    without_threads = sys.platform != "win32" and _is_stream(1)
    fd = _take(1, 2)
    return await _Pipe.open(os.fdopen(fd, "wb", buffering=0), scope) if without_threads else _File(fd)


def _is_stream(fd: int) -> bool:
    mode = os.fstat(fd).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _take(fd: int, instead: int) -> int:
    """A private copy of `fd`, which itself becomes `instead`, so that nothing else can read or write the stream."""
    wire = os.dup(fd)
    os.dup2(instead, fd)
    return wire


class _Thread:
    """Reads or writes what has no other way: a file and, on Windows, anything. Nothing can end a read or a write that
    waits for the other side, so this is a thread that the process does not wait for when it ends."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._asked: queue.SimpleQueue[tuple[Callable[[], Any], asyncio.Future[Any]]] = queue.SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns; it is done also when whoever waits for it is cancelled. Raises OSError."""
        done: asyncio.Future[T] = self._loop.create_future()
        self._asked.put((work, done))
        return await done

    def _work(self) -> None:
        with contextlib.suppress(RuntimeError):  # the event loop has ended
            while True:
                work, done = self._asked.get()
                try:
                    self._loop.call_soon_threadsafe(_settle, done, work())
                except OSError as error:
                    self._loop.call_soon_threadsafe(_settle, done, error)


def _settle(done: asyncio.Future[Any], result: Any) -> None:
    if done.cancelled():
        return
    if isinstance(result, OSError):
        done.set_exception(result)
    else:
        done.set_result(result)


class _File:
    """A stdout that is a file, a terminal or, on Windows, anything. It has what the SDK calls of an async file."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._thread = _Thread()

    async def write(self, text: str) -> None:
        await self._thread.run(partial(self._write, text.encode("utf-8", "replace")))

    async def flush(self) -> None:
        """Nothing is held back."""

    def _write(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._fd, data) :]
        except OSError as error:
            raise BrokenPipeError if reader_has_left(error) else error from None


class _Pipe:
    """A stdout that is a pipe or a socket; ends the server when nobody reads any more."""

    def __init__(self, wire: asyncio.StreamWriter) -> None:
        self._wire = wire

    @classmethod
    async def open(cls, wire: Any, scope: anyio.CancelScope) -> _Pipe:
        loop = asyncio.get_running_loop()
        protocol = _UntilGone(scope)
        transport, _ = await loop.connect_write_pipe(lambda: protocol, wire)
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


async def _messages(lines: AsyncIterator[bytes | Unread], written: _Pipe | _File) -> AsyncIterator[str]:
    """The lines that are messages; the others are answered here, and logged."""
    async for line in lines:
        found = read_line(line) if isinstance(line, bytes) else line
        if isinstance(found, str):
            yield found
        elif found is not None:
            _log.warning("a line from the client was not read: %s", found.why)
            for answer in found.answers:
                await written.write(answer)
            await written.flush()


async def _lines(read: Callable[[], Awaitable[bytes]], hold_back: float = 0.0) -> AsyncIterator[bytes | Unread]:
    """The lines of what `read` gives, piece by piece; of a line that is too long only the ends are kept.

    The end of all lines comes `hold_back` seconds late.
    """
    line, head = bytearray(), b""
    while piece := await read():
        for part in re.findall(rb"[^\n]*\n|[^\n]+", piece):
            line += part
            if len(line) > MAX_LINE:
                head = bytes(line[:_EDGE])
            if head:
                del line[:-_EDGE]
            if part.endswith(b"\n"):
                yield too_long(head, bytes(line)) if head else bytes(line)
                line, head = bytearray(), b""
    if line:
        yield too_long(head, bytes(line)) if head else bytes(line)
    await anyio.sleep(hold_back)
