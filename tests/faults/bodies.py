"""Rows A9 to A15 and D17: sizes, redirects, paging, quota, proxies and certificates."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import re
import time
import tracemalloc
from collections.abc import Iterator
from typing import Any

import anyio
import anyio.abc

from iru_mcp.api.call import Interrupted
from iru_mcp.api.client import IruClient
from iru_mcp.api.endpoints.devices import LIST_DEVICES
from iru_mcp.api.endpoints.users import LIST_USERS
from iru_mcp.api.transport.rate_limit import Limits
from iru_mcp.errors import IruError, RateLimited
from tests.faults.certificate import certificate
from tests.faults.row import Row, forget_peak, peak_rss, rss
from tests.faults.wire import OK, TOKEN, framed, outcome, page, serving, turns, users

Measured = tuple[str, bool]
ONE = Limits(attempts=1, attempt_seconds=5, call_seconds=8)


async def flood() -> Measured:
    """A9: half a gigabyte, said or not, costs neither memory nor time."""
    answer = framed(b"")[:-2].replace(b"Content-Length: 0", b"Content-Length: 524288000")

    async def endless(stream: anyio.abc.ByteStream) -> None:
        await stream.send(OK + b"\r\n")
        for _ in range(8_000):
            await stream.send(b" " * 65_536)

    forget_peak()
    before, began = rss(), time.monotonic()
    told = [await outcome(turns(answer + b"\r\n"), ONE), await outcome(endless, ONE)]
    took, grew = time.monotonic() - began, peak_rss() - before
    clear = all("larger than 8 MiB" in said for said, _ in told)
    return f"{grew:.0f} MB, {took:.1f} s for both", clear and grew <= 25 and took < 4


async def bombs() -> Measured:
    """A10: the cap is on decoded bytes, and encodings that lie are refused."""
    bomb = gzip.compress(bytes(500 * 1024 * 1024), 1)
    nested = gzip.compress(gzip.compress(bytes(50 * 1024 * 1024)))
    answers = [
        framed(bomb, "Content-Encoding: gzip"),
        framed(nested, "Content-Encoding: gzip, gzip"),
        framed(nested, "Content-Encoding: gzip"),
        framed(b"[]", "Content-Encoding: gzip"),
        framed(b"[]", "Content-Encoding: br"),
    ]
    await outcome(turns(page("u1")), ONE)
    tracemalloc.start()
    told = [(await outcome(turns(answer), ONE))[0] for answer in answers]
    grew = tracemalloc.get_traced_memory()[1] / 1024 / 1024
    tracemalloc.stop()
    refused = sum(said.startswith("Unreadable") for said in told)
    return f"{grew:.0f} MB at most, {refused} of 5 refused", refused == 5 and grew <= 25


async def redirects() -> Measured:
    """A11: not followed, wherever they lead."""
    asked, clear = 0, 0
    async with serving(turns(page("u1"))) as (other, stolen):
        host = other.removeprefix("http://")
        for place in (f"{other}/api/v1/users", "/api/v1/users", f"http://{host}@evil.example/", f"//{host}/"):
            for status in ("301 M", "302 F", "307 T", "308 P"):
                said, heads = await outcome(turns(framed(b"", f"Location: {place}", status=status)), ONE)
                asked = max(asked, len(heads))
                clear += "IRU_API_URL" in said
    return f"{asked} request, {len(stolen)} tokens elsewhere, {clear} of 16 clear", (asked, len(stolen), clear) == (
        1,
        0,
        16,
    )


async def elsewhere() -> Measured:
    """A12: of a `next` on another host only the cursor is taken."""
    async with serving(turns(page())) as (other, stolen):
        pages = [page(f"u{n}", following=f"{other}/api/v1/users?cursor=c{n}" if n < 4 else None) for n in range(5)]
        said, heads = await outcome(turns(*pages))
    return f"{said} of 5 rows, {len(stolen)} requests elsewhere", (said, len(heads), len(stolen)) == ("ok 5", 5, 0)


async def walked(answer: Any, *, devices: bool = False) -> tuple[int, str, int]:
    """Rows of a walk, why it stopped (empty at its end), and its requests."""
    found: list[Any] = []
    why = ""
    endpoint: Any = LIST_DEVICES if devices else LIST_USERS
    async with serving(answer) as (url, heads):
        client = IruClient(url, lambda: TOKEN, limits=Limits(per_second=10_000))
        try:
            async for batch in client.call(endpoint).walk(endpoint):
                found += batch.rows
        except (Interrupted, IruError) as error:
            why = str(error)
        await client.aclose()
    return len({json.dumps(row) for row in found}), why, len(heads)


async def paging() -> Measured:
    """A13: what repeats, circles, never ends or lies is stopped, and said."""

    def numbered(make: Any) -> Any:
        asked = [0]

        async def answer(stream: anyio.abc.ByteStream) -> None:
            asked[0] += 1
            await stream.send(make(asked[0]))

        return answer

    def listed(first: int, count: int) -> bytes:
        return framed(json.dumps([{"device_id": f"d{n}"} for n in range(first, first + count)]).encode())

    def counted(total: int) -> bytes:
        return framed(json.dumps({"results": [{"id": "u1"}], "next": None, "count": total}).encode())

    found = {
        "repeats": await walked(numbered(lambda n: page(f"u{n}", following="c"))),
        "circles": await walked(numbered(lambda n: page(f"u{n}", following=f"c{n % 3}"))),
        "never ends": await walked(numbered(lambda n: page(f"u{n}", following=f"c{n}"))),
        "ignored offset": await walked(turns(listed(0, 300)), devices=True),
        "alternating": await walked(numbered(lambda n: listed(n % 2 * 300, 300)), devices=True),
        "total too high": await walked(turns(counted(9))),
    }
    whole = {
        "empty page in the middle": await walked(turns(page("a", following="c"), page(following="d"), page("b"))),
        "total too low": await walked(turns(counted(0))),
    }
    silent = [name for name, (_, why, _) in found.items() if not why]
    silent += [name for name, (rows, why, _) in whole.items() if why or not rows]
    most = max(cost for *_, cost in (*found.values(), *whole.values()))
    return (
        f"{len(silent)} silent of {len(found) + len(whole)} {silent or ''}; {most} requests at most",
        not silent and most <= 30,
    )


async def odd_rows() -> Measured:
    """A14: a row survives any odd field; what is no row is counted."""
    values: list[Any] = [None, 7, [], {}, True, "", "x"]
    good: list[Any] = [{"id": f"u{n}", "email": odd, "extra": odd} for n, odd in enumerate(values)]
    bad: list[Any] = [None, 1, "x", [], {}, {"id": ""}, {"id": None}, {"id": {}}]
    async with serving(turns(framed(json.dumps({"results": good + bad, "next": None}).encode()))) as (url, _):
        client = IruClient(url, lambda: TOKEN)
        records = (await client.call(LIST_USERS).page(LIST_USERS)).records
        await client.aclose()
    kept, counted = sum(record is not None for record in records), records.count(None)
    return f"{kept} of {len(good)} kept, {counted} of {len(bad)} counted", (kept, counted) == (len(good), len(bad))


async def quota() -> Measured:
    """A15: 100 calls against a tenant that allows 20 a second."""
    seconds: dict[int, int] = {}
    refused = 0

    async def answer(stream: anyio.abc.ByteStream) -> None:
        nonlocal refused
        second = int(time.monotonic())
        seconds[second] = seconds.get(second, 0) + 1
        left = 20 - seconds[second]
        refused += left < 0
        said = ("X-RateLimit-Limit-Second: 20", f"X-RateLimit-Remaining-Second: {max(left, 0)}")
        body = json.dumps({"results": [{"id": "u1"}], "next": None}).encode()
        await stream.send(framed(b"", *said, status="429 No") if left < 0 else framed(body, *said))

    async with serving(answer) as (url, heads):
        client = IruClient(url, lambda: TOKEN)
        async with anyio.create_task_group() as group:
            for _ in range(100):
                group.start_soon(users, client)
        held_before = client.rate_limiter.held
        client.rate_limiter.hold(1e9)
        capped = client.rate_limiter.held
        with contextlib.suppress(RateLimited):
            await users(client)
        cost = len(heads)
        await client.aclose()
    fine = refused <= 1 and held_before == 0 and 59 < capped <= 60 and cost == 100 + refused
    return f"{refused} of {cost} throttled; a hold is at most {capped:.0f} s and binds every call", fine


@contextlib.contextmanager
def environment(**names: str) -> Iterator[None]:
    """These proxy and certificate variables and no others."""
    ours = re.compile(r"(?i)(https?_proxy|no_proxy|all_proxy|ssl_cert_file)")
    before = {name: value for name, value in os.environ.items() if ours.fullmatch(name)}
    for name in before:
        del os.environ[name]
    os.environ.update(names)
    try:
        yield
    finally:
        for name in names:
            del os.environ[name]
        os.environ.update(before)


async def _ask(url: str, ca_file: str = "") -> str:
    try:
        client = IruClient(url, lambda: TOKEN, limits=ONE, ca_file=ca_file)
    except IruError as error:
        return str(error)
    try:
        return f"ok {len(await users(client))}"
    except IruError as error:
        return str(error)
    finally:
        await client.aclose()


async def routes() -> Measured:
    """D17: proxies and certificates are obeyed, and an error names which."""
    good = 0
    with certificate() as (context, ca_file), environment():
        async with serving(turns(page("u1")), context) as (url, _):
            good += "certificate is not trusted" in await _ask(url)
            good += await _ask(url, ca_file) == "ok 1"
            good += "SSL_CERT_FILE" in await _ask(url, f"{ca_file}.none")
    async with serving(turns(page("u1"))) as (url, _):
        async with serving(turns(framed(b"", status="407 Proxy"))) as (proxy, asked):
            with environment(HTTPS_PROXY=proxy):
                good += "HTTPS_PROXY" in await _ask("https://acme.api.example")
                good += [head.split()[0] for head in asked] == [b"CONNECT"] and TOKEN.encode() not in asked[0]
            with environment(HTTP_PROXY=proxy, NO_PROXY="127.0.0.1"):
                good += await _ask(url) == "ok 1"
        with environment(HTTPS_PROXY="http://127.0.0.1:9"):
            good += "HTTPS_PROXY" in await _ask("https://acme.api.example")
    with environment():
        good += "no connection" in await _ask("http://127.0.0.1:9")
        good += "does not resolve" in await _ask("https://acme.invalid")
    return f"{good} of 9 right", good == 9


def rows() -> list[Row]:
    """Rows A9 to A15 and D17."""
    return [
        Row("A9", "a body of 500 MB, announced or not", "<= 25 MB, < 2 s each", flood),
        Row("A10", "gzip bombs and lying encodings", "<= 25 MB", bombs, quick=False),
        Row("A11", "redirects", "1 request; token elsewhere 0", redirects),
        Row("A12", "`next` on another host", "every row; token elsewhere 0", elsewhere),
        Row("A13", "paging that repeats, circles, never ends, lies", "nothing silent; <= 30 requests", paging),
        Row("A14", "odd fields, rows that are none", "every record kept, every other row counted", odd_rows),
        Row("A15", "100 calls against 20 a second", "throttled <= 1", quota, quick=False),
        Row("D17", "proxies and company CAs", "obeyed, and errors name which", routes),
    ]
