"""A demo tenant whose answers a test may edit between two syncs, and the copy of it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from iru_mcp.api.client import Filling, IruClient
from iru_mcp.api.transport.rate_limit import Limits
from iru_mcp.inventory.sandbox.guard import Guard, Selected
from iru_mcp.inventory.sync.run import Outcome, Plan, sync
from iru_mcp.output.privacy import Privacy
from tests.conftest import Agent, Remembering, agent_of, unlimited

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=6)
Row = dict[str, Any]
Edit = Callable[[str, list[Row]], list[Row]]
"""From a path's last part and its rows to other rows."""


class Edited(httpx.AsyncBaseTransport):
    """The demo tenant with `edits` in force. A Prism category is edited whole, then filtered and split into pages, as
    if Iru itself held the rows."""

    def __init__(self, demo: httpx.AsyncBaseTransport) -> None:
        self.demo = demo
        self.edits: list[Edit] = []
        self.refuse: Callable[[httpx.Request], httpx.Response | None] = lambda _: None
        self.ignores_filters = False
        self.counts_rows = True
        """Whether Iru says how many rows there are where it is asked by offset; else it sends a cursor."""
        self._held: dict[str, list[Row]] = {}
        self.counts: dict[str, int] = {}
        self.asked: list[httpx.URL] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        refused = self.refuse(request)
        if refused is not None:
            return refused
        if "/prism/" in request.url.path and not request.url.path.endswith("/count"):
            return _answer(request, await self._prism(request))
        return _answer(request, self._edit(request, await self._demo(request, request.url)))

    async def _demo(self, request: httpx.Request, url: httpx.URL) -> Any:
        answer = await self.demo.handle_async_request(httpx.Request("GET", url, headers=request.headers))
        return json.loads(await answer.aread())

    def _edit(self, request: httpx.Request, body: Any) -> Any:
        name = request.url.path.rpartition("/")[2]
        if name == "count":
            return body | {"count": body["count"] + self.counts.get(request.url.params["category"], 0)}
        if isinstance(body, dict) and isinstance(body.get("general"), dict):
            return self._edited("details", [body])[0]
        for key, table in (("data", name), ("results", name), ("apps", "device_apps")):
            if isinstance(body, dict) and isinstance(body.get(key), list):
                return body | {key: self._edited(table, body[key])}
        return self._edited(name, body) if isinstance(body, list) else body

    def _edited(self, name: str, rows: list[Row]) -> list[Row]:
        for edit in self.edits:
            rows = edit(name, rows)
        return rows

    async def _prism(self, request: httpx.Request) -> Any:
        params = request.url.params
        rows = self._edited(request.url.path.rpartition("/")[2], await self._category(request))
        if "filter" in params and not self.ignores_filters:
            rows = [row for row in rows if _passes(row, json.loads(params["filter"]))]
        first = int(params.get("offset") or params.get("cursor") or 0)
        page = {"data": rows[first : first + 300], "limit": 300}
        if "offset" in params and self.counts_rows:
            return page | {"offset": first, "total": len(rows), "cursor": None}
        return page | {"offset": None, "total": None, "cursor": str(first + 300) if first + 300 < len(rows) else None}

    def forget(self) -> None:
        """Ask the demo for its categories anew: its tenant is another."""
        self._held.clear()

    async def _category(self, request: httpx.Request) -> list[Row]:
        """All rows of a category, unedited, asked of the demo once."""
        if request.url.path not in self._held:
            rows, url = list[Row](), request.url.copy_with(query=None)
            while True:
                body = await self._demo(request, url)
                rows += body["data"]
                if not body["cursor"]:
                    break
                url = url.copy_set_param("cursor", body["cursor"])
            self._held[request.url.path] = rows
        return list(self._held[request.url.path])


def is_later_page(url: httpx.URL) -> bool:
    """Whether a request is for a page of a category after the first."""
    return bool(url.params.get("cursor")) or url.params.get("offset", "0") != "0"


def _passes(row: Row, wanted: Row) -> bool:
    if "device_id" in wanted:
        return row["device_id"] in wanted["device_id"]["in"]
    return bool(row["updated_at"][:19] >= wanted["updated_at"]["gte"][:19])


def _answer(request: httpx.Request, body: Any) -> httpx.Response:
    headers = {"content-type": "application/json"}
    return httpx.Response(200, stream=httpx.ByteStream(json.dumps(body).encode()), headers=headers, request=request)


@cache
def forty() -> Remembering:
    """The demo tenant of 40 devices at NOW; `Edited` changes its answers, never itself."""
    return Remembering(unlimited(devices=40, now=NOW))


@dataclass
class Copy:
    """A tenant and the copy of it."""

    path: Path
    tenant: Edited = field(default_factory=lambda: Edited(forty()))
    now: datetime = NOW
    cache_seconds: float = 0.0

    def client(self) -> IruClient:
        client = IruClient(
            "https://demo.api.kandji.io",
            lambda: "demo-token",
            transport=self.tenant,
            now=lambda: self.now,
            limits=Limits(per_second=10_000, cache_seconds=self.cache_seconds),
        )
        client.inventory = str(self.path)
        client.filling = Filling("demo", keep=True)
        return client

    async def sync(self, **plan: Any) -> Outcome:
        client = self.client()
        try:
            return await sync(client, self.path, Plan("demo", **plan))
        finally:
            await client.aclose()

    def agent(self, privacy: Privacy | None = None) -> AbstractAsyncContextManager[Agent]:
        """An agent of a server of its own, which has the copy."""

        def opened() -> IruClient:
            client = self.client()
            client.privacy = privacy
            return client

        return agent_of(opened)

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        async with self.agent() as agent:
            return await agent.ask(tool, **arguments)

    async def refused(self, tool: str, **arguments: Any) -> str:
        async with self.agent() as agent:
            return await agent.refused(tool, **arguments)

    def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in select(self.path, sql, **values).rows]

    def changes(self) -> set[tuple[Any, ...]]:
        """What the copy says changed: kind, what, thing, field, old, new."""
        return set(self.rows("SELECT kind, what, serial_number, thing, field, old, new FROM changes"))


def select(path: Path, sql: str, most: int = 100_000, **values: Any) -> Selected:
    """The rows of one statement over a copy, run in this process: the guard without its process."""
    with closing(Guard(path)) as guard, guard.within(60):
        return guard.run(sql, values, most)


def count_roughly(copy: Copy) -> None:
    """From now on Iru says only about how many rows a Prism category has."""
    roughly = httpx.ByteStream(b'{"count": 250000, "approximate": true}')
    copy.tenant.refuse = lambda request: (
        httpx.Response(200, request=request, stream=roughly, headers={"content-type": "application/json"})
        if request.url.path.endswith("/prism/count")
        else None
    )


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy after its first sync, made once."""
    path = tmp_path_factory.mktemp("first") / "copy.sqlite3"
    anyio.run(Copy(path).sync)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def copy(first: Path, tmp_path: Path) -> Copy:
    """A tenant of 40 devices, copied at NOW."""
    path = tmp_path / "copy.sqlite3"
    shutil.copy(first, path)
    return Copy(path)


@pytest.fixture
def empty(tmp_path: Path) -> Copy:
    """A tenant that was never copied."""
    return Copy(tmp_path / "copy.sqlite3")
