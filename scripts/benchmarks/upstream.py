"""A tenant on loopback that answers after a set time, as a process whose work is not in the figures."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import httpx

from benchmarks.questions import NOW
from iru_mcp.demo import HOST, TOKEN, transport

_PAGE = 300
_MARK = "00000000-0000-4000-8000-"
Body = Callable[[str], bytes | None]


class Demo:
    """The demo tenant; each answer is made once and then given again."""

    def __init__(self) -> None:
        self._inner = transport(now=NOW, hour_limit=100_000_000)
        self._made: dict[str, bytes] = {}

    async def get(self, target: str) -> bytes:
        """The body at a path with its query."""
        if target not in self._made:
            request = httpx.Request("GET", HOST + target, headers={"Authorization": f"Bearer {TOKEN}"})
            answer = await self._inner.handle_async_request(request)
            self._made[target] = await answer.aread()
        return self._made[target]


async def synthetic(rows: int) -> Body:
    """Pages of a fleet of any size at no cost: the demo tenant's own rows under numbered device ids."""
    demo = Demo()
    devices = json.loads(await demo.get("/api/v1/devices?limit=300&offset=0"))
    apps = json.loads(await demo.get("/api/v1/prism/apps?limit=300&offset=0"))["data"]
    forms = {
        name: [json.dumps(row | {"device_id": _MARK}).replace(_MARK, _MARK + "%012d") for row in made]
        for name, made in (("devices", devices), ("apps", apps))
    }

    def body(target: str) -> bytes | None:
        place = urlsplit(target)
        name = place.path.rpartition("/")[2]
        if name not in forms:
            return None
        begin = int(parse_qs(place.query).get("offset", ["0"])[0])
        form = forms[name]
        made = (
            form[number % len(form)].replace("%012d", f"{number:012d}")
            for number in range(begin, min(begin + _PAGE, rows))
        )
        page = f"[{','.join(made)}]"
        if name == "apps":
            page = f'{{"offset":{begin},"limit":{_PAGE},"total":{rows},"cursor":null,"data":{page}}}'
        return page.encode()

    return body


async def _answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, demo: Demo, made: Body | None, wait: float
) -> None:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            target = head.split(b" ", 2)[1].decode()
            body = made(target) if made else None
            if body is None:
                body = await demo.get(target)
            await asyncio.sleep(wait)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body))
            writer.write(body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def _serve(rows: int, wait: float) -> None:
    demo = Demo()
    made = await synthetic(rows) if rows else None
    server = await asyncio.start_server(
        lambda reader, writer: _answer(reader, writer, demo, made, wait), "127.0.0.1", 0
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, sys.stdin.read)  # until whoever started it lets go
    server.close()


def main() -> None:
    """Print the port, then serve until stdin closes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--wait", type=float, default=0.0)
    options = parser.parse_args()
    asyncio.run(_serve(options.rows, options.wait))


if __name__ == "__main__":
    main()
