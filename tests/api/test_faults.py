"""What only a real socket can do to the client."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.abc
import pytest

from iru_mcp.api.client import IruClient
from iru_mcp.api.endpoints.devices import LIST_DEVICES
from iru_mcp.api.transport.rate_limit import Limits
from iru_mcp.errors import IruError, Refused, TookTooLong, Unreachable, Unreadable

if TYPE_CHECKING:
    from tests.api.conftest import Serve

TOKEN = "tok-5e1f-not-to-be-seen"
BODY = b'[{"device_id": "d1"}]'
OK = b"HTTP/1.1 200 OK\r\n"
GOOD = OK + b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
MIB = 1024 * 1024
ONCE = Limits(attempts=1)
"""One try, with the usual time: a busy machine must not be taken for a broken answer."""


def zipped(body: bytes) -> bytes:
    return OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


async def read(url: str, limits: Limits) -> list[object]:
    client = IruClient(url, lambda: TOKEN, limits=limits)
    try:
        return [*(await client.call(LIST_DEVICES).page(LIST_DEVICES)).rows]
    finally:
        await client.aclose()


def open_files() -> int:
    listed = Path("/proc/self/fd")  # where there is no /proc, nothing is counted
    return len(list(listed.iterdir())) if listed.is_dir() else 0


FAULTS = {
    "closed before a byte": (b"", Unreachable),
    "not http": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", Unreachable),
    "closed within the head": (b"HTTP/1.1 200 OK\r\nContent-", Unreachable),
    "closed within the body": (GOOD[:-3], Unreachable),
    "a chunk that lies": (CHUNKED + b"zz\r\n" + BODY, Unreachable),
    "chunks without an end": (CHUNKED + b"%x\r\n%s\r\n" % (len(BODY), BODY), Unreachable),
    "a head of 2 MB": (OK + b"X-Long: " + b"a" * 2_000_000 + b"\r\n\r\n", Unreachable),
    "gzip cut off": (zipped(gzip.compress(BODY * 50)[:-12]), Unreadable),
    "gzip that is none": (zipped(BODY), Unreadable),
    "gzip in gzip": (zipped(gzip.compress(gzip.compress(BODY))), Unreadable),
    "an encoding nobody asked for": (OK + b"Content-Encoding: br\r\nContent-Length: 2\r\n\r\n[]", Unreadable),
    "json cut off within its frame": (OK + b"Content-Length: 15\r\n\r\n" + BODY[:15], Unreadable),
    "nothing at all": (OK + b"Content-Length: 0\r\n\r\n", Unreadable),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", Unreadable),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_broken_answer_is_an_error_and_never_a_shorter_list(serve: Serve, fault: str) -> None:
    said, kind = FAULTS[fault]
    async with serve(lambda stream: stream.send(said)) as (url, heads):
        with pytest.raises(kind) as caught:
            await read(url, ONCE)
    assert len(heads) == 1
    assert TOKEN not in str(caught.value)


async def test_the_pool_is_as_good_as_new_after_every_fault(serve: Serve) -> None:
    answers = [said for said, _ in FAULTS.values()] * 2 + [GOOD]
    async with serve(lambda stream: stream.send(answers.pop(0))) as (url, _):
        client = IruClient(url, lambda: TOKEN, limits=ONCE)
        before = open_files()
        while len(answers) > 1:
            with pytest.raises(IruError):
                await client.call(LIST_DEVICES).page(LIST_DEVICES)
        assert (await client.call(LIST_DEVICES).page(LIST_DEVICES)).rows == [{"device_id": "d1"}]
        await client.aclose()
        assert open_files() <= before + 1


async def test_a_connection_that_broke_once_is_made_again(serve: Serve) -> None:
    answers = [b"", GOOD]
    async with serve(lambda stream: stream.send(answers.pop(0))) as (url, heads):
        assert await read(url, Limits()) == [{"device_id": "d1"}]
    assert len(heads) == 2


@pytest.mark.parametrize(
    "head",
    [b"", OK, OK + b"Content-Length: 21\r\n\r\n["],
    ids=["no head", "half a head", "half a body"],
)
async def test_a_stall_ends_with_the_calls_deadline(serve: Serve, hasty: Limits, head: bytes) -> None:
    async def stall(stream: anyio.abc.ByteStream) -> None:
        await stream.send(head)
        await anyio.sleep_forever()

    async with serve(stall) as (url, _):
        start = anyio.current_time()
        with pytest.raises((Unreachable, TookTooLong)):
            await read(url, hasty)
        assert anyio.current_time() - start < 1


async def test_a_dripping_body_does_not_outlive_its_attempt(serve: Serve, hasty: Limits) -> None:
    async def drip(stream: anyio.abc.ByteStream) -> None:
        await stream.send(OK + b"Content-Length: 5000\r\n\r\n")
        while True:
            await stream.send(b" ")
            await anyio.sleep(0.01)

    async with serve(drip) as (url, _):
        start = anyio.current_time()
        with pytest.raises((Unreachable, TookTooLong)):
            await read(url, hasty)
        assert anyio.current_time() - start < 1


async def test_half_a_gigabyte_is_refused_before_it_is_read(serve: Serve) -> None:
    async def promise(stream: anyio.abc.ByteStream) -> None:
        await stream.send(OK + b"Content-Length: 524288000\r\n\r\n")
        await anyio.sleep_forever()

    async with serve(promise) as (url, _):
        with pytest.raises(Unreadable, match="larger than 8 MiB"):
            await read(url, ONCE)


@pytest.mark.parametrize("kind", ["endless", "bomb"])
async def test_a_body_of_unsaid_size_is_cut_at_the_cap_and_costs_little_memory(serve: Serve, kind: str) -> None:
    bomb = zipped(gzip.compress(bytes(200 * MIB), 1))

    async def pour(stream: anyio.abc.ByteStream) -> None:
        if kind == "bomb":
            await stream.send(bomb)
            return
        await stream.send(OK + b"\r\n")
        while True:
            await stream.send(b" " * 65_536)

    async with serve(pour) as (url, _):
        tracemalloc.start()
        try:
            with pytest.raises(Unreadable, match="larger than 8 MiB"):
                await read(url, ONCE)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 25 * MIB


async def test_a_body_just_below_the_cap_is_read(serve: Serve) -> None:
    body = BODY + b" " * (8 * MIB - len(BODY))
    async with serve(lambda stream: stream.send(zipped(gzip.compress(body)))) as (url, _):
        assert await read(url, ONCE) == [{"device_id": "d1"}]


@pytest.mark.parametrize("status", [b"301 Moved", b"302 Found", b"303 See Other", b"307 Temporary", b"308 Permanent"])
async def test_the_token_never_follows_a_redirect(serve: Serve, status: bytes) -> None:
    async with serve(lambda stream: stream.send(GOOD)) as (other, stolen):

        async def redirect(stream: anyio.abc.ByteStream) -> None:
            location = other.encode() + b"/api/v1/devices"
            await stream.send(b"HTTP/1.1 " + status + b"\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n")

        async with serve(redirect) as (url, heads):
            with pytest.raises(Refused, match="redirect"):
                await read(url, ONCE)
    assert (len(heads), stolen) == (1, [])


async def test_a_port_where_nobody_listens_is_named_as_such() -> None:
    with pytest.raises(Unreachable, match="gave no answer: no connection"):
        await read("http://127.0.0.1:9", ONCE)


async def test_a_cancelled_call_leaves_the_client_usable(serve: Serve) -> None:
    waiting = anyio.Event()
    silent = [True]

    async def answer(stream: anyio.abc.ByteStream) -> None:
        if silent.pop():
            silent.append(False)
            waiting.set()
            await anyio.sleep_forever()
        silent.append(False)
        await stream.send(GOOD)

    async with serve(answer) as (url, heads):
        client = IruClient(url, lambda: TOKEN, limits=Limits(in_flight=1))
        async with anyio.create_task_group() as group:
            group.start_soon(client.call(LIST_DEVICES).page, LIST_DEVICES)
            await waiting.wait()
            group.cancel_scope.cancel()
        assert (await client.call(LIST_DEVICES).page(LIST_DEVICES)).rows == [{"device_id": "d1"}]
        await client.aclose()
    assert len(heads) == 2
