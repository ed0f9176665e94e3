"""Rows A1 to A8: what Iru, or something between, answers, and what a call then costs."""

from __future__ import annotations

import contextlib
import gzip
import json
import time

import anyio
import anyio.abc

from iru_mcp.api.client import IruClient
from iru_mcp.api.endpoints.users import LIST_USERS
from iru_mcp.api.transport.rate_limit import Limits
from iru_mcp.errors import IruError
from tests.faults.row import Row, open_files
from tests.faults.wire import OK, TOKEN, framed, outcome, page, serving, turns, users

ONE = Limits(attempts=1, attempt_seconds=1, call_seconds=2)
Measured = tuple[str, bool]


async def refused() -> Measured:
    """A1: one request, and neither token nor body in what is said."""
    most, leaks = 0, 0
    for status in ("401 Unauthorized", "403 Forbidden", "404 Not Found"):
        said, heads = await outcome(turns(framed(b'{"detail": "who-is-ada"}', status=status)))
        most = max(most, len(heads))
        leaks += TOKEN in said or "who-is-ada" in said
    return f"{most} request each, {leaks} leaks", most == 1 and leaks == 0


async def throttled() -> Measured:
    """A2: whatever Retry-After says, a call recovers, or fails at once when it cannot."""
    date = "Date: Wed, 21 Oct 2026 07:28:00 GMT"
    fine = ("Retry-After: 1", "Retry-After: Wed, 21 Oct 2026 07:28:01 GMT", "X-None: 1", "Retry-After: soon",
            "Retry-After: 1, 1")  # fmt: skip
    recovered = 0
    for header in fine:
        said, _ = await outcome(turns(framed(b"", date, header, status="429 Too Many"), page("u1")))
        recovered += said == "ok 1"
    began = time.monotonic()
    said, heads = await outcome(turns(framed(b"", "Retry-After: 86400", status="429 Too Many")))
    took = time.monotonic() - began
    held = "86400 s" in said and len(heads) == 1 and took < 1
    return f"recovered {recovered} of 5; huge: {len(heads)} request, {took:.2f} s", recovered == 5 and held


async def brownout() -> Measured:
    """A3: one answer in five is a failure, of every kind."""
    kinds = [framed(b"<html>", status=f"{code} No") for code in (500, 502, 503, 504)]
    asked = 0

    async def answer(stream: anyio.abc.ByteStream) -> None:
        nonlocal asked
        asked += 1
        await stream.send(kinds[asked // 5 % 4] if asked % 5 == 0 else page("u1"))

    calls, good = 400, list[str]()
    async with serving(answer) as (url, heads):
        client = IruClient(url, lambda: TOKEN, limits=Limits(per_second=10_000))
        async with anyio.create_task_group() as group:

            async def ask() -> None:
                with contextlib.suppress(IruError):
                    good.extend(await users(client))

            for _ in range(calls):
                group.start_soon(ask)
        await client.aclose()
    extra = (len(heads) - calls) / len(heads)
    return f"{len(good)} of {calls}; {extra:.0%} of requests are retries", len(good) >= calls * 0.99 and extra <= 0.2


async def outage() -> Measured:
    """A4: total outage: fail fast, and recover by probing."""
    down = True

    async def answer(stream: anyio.abc.ByteStream) -> None:
        await stream.send(framed(b"", status="503 No") if down else page("u1"))

    async with serving(answer) as (url, heads):
        client = IruClient(url, lambda: TOKEN, limits=Limits(per_second=1_000))
        failed = 0
        for _ in range(100):
            failed += await _fails(client)
        cost, down = len(heads), False
        began = time.monotonic()
        while await _fails(client):  # noqa: ASYNC110 - a caller who tries again is what is measured
            await anyio.sleep(0.2)
        back = time.monotonic() - began
        await client.aclose()
    return f"{failed} calls cost {cost} requests; back after {back:.1f} s", failed == 100 and cost <= 110 and back < 5


async def _fails(client: IruClient) -> bool:
    try:
        await client.call(LIST_USERS).page(LIST_USERS)
    except IruError:
        return True
    return False


async def stalls() -> Measured:
    """A5: no head, half a head, half a body, a byte now and then: the call's deadline holds."""
    limits = Limits(attempt_seconds=0.4, call_seconds=1)
    worst = 0.0

    for begin in (b"", OK, framed(b"x" * 50)[:-40], b"drip"):

        async def answer(stream: anyio.abc.ByteStream, begin: bytes = begin) -> None:
            await stream.send(framed(b" " * 10_000)[:-9_990] if begin == b"drip" else begin)
            while True:
                await anyio.sleep(0.05)
                if begin == b"drip":
                    await stream.send(b" ")

        began = time.monotonic()
        said, _ = await outcome(answer, limits)
        worst = max(worst, time.monotonic() - began)
        if said.startswith("ok"):
            return said, False
    return f"at most {worst:.2f} s for a deadline of 1 s", worst <= 2


async def breaks() -> Measured:
    """A6: one broken answer heals; the pool stays usable and no file stays open."""
    chunked = OK + b"Transfer-Encoding: chunked\r\n\r\n"
    whole = page("u1")
    one_offs = (b"", whole[:30], whole[:-5], chunked + b"zz\r\n")
    healed = 0
    await outcome(turns(whole))
    before = open_files()
    for broken in one_offs:
        said, _ = await outcome(turns(broken, whole))
        healed += said == "ok 1"
    clear = 0
    for broken in (b"SSH-2.0-x\r\n\r\n", OK + b"X-Long: " + b"a" * 2_000_000 + b"\r\n\r\n"):
        said, _ = await outcome(turns(broken), ONE)
        clear += said.startswith("Unreachable: 127.0.0.1 gave no answer: the connection broke")
    left = open_files() - before
    return f"healed {healed} of 4, clear {clear} of 2, {left} files left open", (healed, clear, left) == (4, 2, 0)


def not_json() -> dict[str, bytes]:
    """Answers of success that are not the answer."""
    good = b'{"results": [{"id": "u1"}, {"id": "u2"}], "next": null}'
    zipped = gzip.compress(good)
    return {
        "cut but well framed": framed(good[:25]),
        "empty": framed(b""),
        "204": framed(b"", status="204 No Content"),
        "206": framed(good, status="206 Partial Content"),
        "null": framed(b"null"),
        "text": framed(b'"ok"'),
        "a sign-in page": framed(b"<!doctype html><html>Sign in", "Content-Type: text/html"),
        "bad UTF-8": framed(good.replace(b"u1", b"\xff\xfe")),
        "gzip cut off": framed(zipped[:-9], "Content-Encoding: gzip"),
        "gzip with a tail": framed(zipped + zipped, "Content-Encoding: gzip"),
        "a list for an envelope": framed(b"[]"),
        "an envelope without rows": framed(b'{"next": null}'),
        "rows that are no list": framed(b'{"results": {"id": "u1"}}'),
        "rows that are null": framed(b'{"results": null}'),
    }


async def cut() -> Measured:
    """A7: an error that says so, never an empty or shorter list."""
    lost = [name for name, body in not_json().items() if (await outcome(turns(body), ONE))[0].startswith("ok")]
    return f"{len(lost)} silent losses of {len(not_json())} {lost or ''}".strip(), not lost


async def strange() -> Measured:
    """A8: strange JSON is read, or refused clearly; nothing crashes."""
    rows = '{"results": [{"id": "u1", "x": %s}], "next": null}'
    bodies = [rows % value for value in ("NaN", "Infinity", "1e999", "9" * 100_000, '"\\ud800"', '{"a":1,"a":2}')]
    bodies += ["[" * 100_000, '{"a":' * 100_000, "[[],[]," * 300_000]
    told = [framed(body.encode()) for body in bodies]
    plain = json.dumps({"results": [{"id": "u1"}], "next": None})
    told += [framed(b"\xef\xbb\xbf" + plain.encode()), framed(plain.encode("utf-16"))]
    told += [framed(plain.encode(), "Content-Type: text/plain")]
    crashes, read = 0, 0
    for answer in told:
        try:
            said, _ = await outcome(turns(answer), ONE)
        except Exception:  # noqa: BLE001 - what is counted here
            crashes += 1
        else:
            read += said == "ok 1"
            crashes += not said.startswith(("ok 1", "Unreadable"))
    return f"{crashes} crashes of {len(told)}; {read} read, the others refused", crashes == 0 and read >= 5


def rows() -> list[Row]:
    """Rows A1 to A8."""
    return [
        Row("A1", "401, 403, 404", "1 request each, 0 leaks", refused),
        Row("A2", "429 with and without a Retry-After", "recovered 5 of 5; a huge one under 1 s, 1 request", throttled,
            quick=False),
        Row("A3", "one answer in five is a 5xx", ">= 99 %; <= 20 % of requests are retries", brownout, quick=False),
        Row("A4", "total outage", "100 calls cost <= 110 requests; back < 5 s", outage, quick=False),
        Row("A5", "stalls and drips", "deadline + 1 s", stalls, quick=False),
        Row("A6", "broken connections", "one-offs healed 4 of 4; files unchanged", breaks),
        Row("A7", "success without the answer", "silent losses 0", cut, quick=False),
        Row("A8", "strange JSON", "crashes 0", strange),
    ]  # fmt: skip
