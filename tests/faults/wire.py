"""A tenant over a raw socket on loopback, which can say what no polite server says."""

from __future__ import annotations

import contextlib
import json
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import anyio.abc
from anyio.streams.tls import TLSListener

from iru_mcp.api.call import Batch, Interrupted
from iru_mcp.api.client import IruClient
from iru_mcp.api.endpoints.devices import LIST_DEVICES
from iru_mcp.api.endpoints.users import LIST_USERS
from iru_mcp.api.transport.rate_limit import Limits
from iru_mcp.errors import IruError

logging.getLogger("anyio.streams.tls").setLevel(logging.CRITICAL)  # a refused handshake is what is tried
TOKEN = "tok-5e1f-not-to-be-seen"
OK = b"HTTP/1.1 200 OK\r\n"
Answer = Callable[[anyio.abc.ByteStream], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[str, list[bytes]]]:
    """The URL of a socket where `answer` writes what it likes once a request's head is read; the heads are kept."""
    heads: list[bytes] = []

    async def handle(stream: anyio.abc.ByteStream) -> None:
        async with stream:
            with contextlib.suppress(anyio.EndOfStream, anyio.BrokenResourceError, OSError):
                head = b""
                while b"\r\n\r\n" not in head:
                    head += await stream.receive()
                heads.append(head)
                await answer(stream)

    plain = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = plain.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - no Django here
    listener: Any = TLSListener(plain, tls, standard_compatible=False) if tls else plain
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, handle)
        yield f"{'https' if tls else 'http'}://{'localhost' if tls else '127.0.0.1'}:{port}", heads
        group.cancel_scope.cancel()


def framed(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A well-framed answer that ends its connection."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def page(*ids: str, following: str | None = None) -> bytes:
    """One page of users."""
    return framed(json.dumps({"results": [{"id": each} for each in ids], "next": following}).encode())


def turns(*answers: bytes) -> Answer:
    """Each request gets the next of `answers`; the last one stays."""
    left = list(answers)

    async def answer(stream: anyio.abc.ByteStream) -> None:
        await stream.send(left.pop(0) if len(left) > 1 else left[0])

    return answer


async def users(client: IruClient) -> list[str]:
    """The ids of all users that `client` reads. Raises an IruError, or Interrupted when they are not all."""
    batches: list[Batch[Any]] = [batch async for batch in client.call(LIST_USERS).walk(LIST_USERS)]
    return [row["id"] for batch in batches for row in batch.rows if isinstance(row, dict)]


async def outcome(answer: Answer, limits: Limits | None = None, *, devices: bool = False) -> tuple[str, list[bytes]]:
    """What a call to `answer` comes to: `ok N` for N rows, or the error's name and text; and the heads of requests."""
    async with serving(answer) as (url, heads):
        client = IruClient(url, lambda: TOKEN, limits=limits or Limits())
        endpoint: Any = LIST_DEVICES if devices else LIST_USERS
        try:
            rows = [row async for batch in client.call(endpoint).walk(endpoint) for row in batch.rows]
            return f"ok {len(rows)}", heads
        except (IruError, Interrupted) as error:
            return f"{type(error).__name__}: {error}", heads
        finally:
            await client.aclose()
