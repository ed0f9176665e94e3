"""A large tenant is founded quickly, answers any page at once, and keeps little in memory."""

from __future__ import annotations

import json
import time
import tracemalloc

import pytest

from iru_mcp import demo
from iru_mcp.demo.asgi_transport import DemoTransport
from iru_mcp.demo.routes.query import cursor
from iru_mcp.demo.world.story import STORY

from .conftest import NOW

APPS = "/api/v1/prism/apps"


@pytest.fixture(scope="module")
def large() -> DemoTransport:
    found = demo.transport(devices=10_000, now=NOW)
    assert isinstance(found, DemoTransport)
    return found


def _ask(tenant: DemoTransport, path: str, **query: str) -> dict[str, list[dict[str, str]]]:
    status, _, body = tenant.answer("GET", path, query, f"Bearer {demo.TOKEN}")
    assert status == 200
    found: dict[str, list[dict[str, str]]] = json.loads(body)
    return found


def test_ten_thousand_devices_are_founded_in_bounded_memory() -> None:
    tracemalloc.start()
    try:
        held = demo.transport(devices=10_000, now=NOW)
        assert isinstance(held, DemoTransport)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(held.tenant.devices) == 10_000
    assert kept < 60_000_000


def test_founding_is_quick(large: DemoTransport) -> None:
    assert len(large.tenant.devices) == 10_000
    began = time.process_time()
    demo.transport(devices=400, now=NOW)
    assert time.process_time() - began < 0.5


def test_a_page_is_the_same_wherever_a_walk_begins_and_costs_no_walk(large: DemoTransport) -> None:
    count = _ask(large, "/api/v1/prism/count", category="apps")["count"]
    assert isinstance(count, int)
    assert count > 500_000
    began = time.process_time()
    for index in (0, 5_000, 9_000):
        page = _ask(large, APPS, limit="300", cursor=cursor(f"1:{index}:0"))
        assert len(page["data"]) == 300
    last = _ask(large, APPS, limit="300", offset=str(count - 10))
    assert len(last["data"]) == 10
    assert time.process_time() - began < 2


def test_three_macs_among_ten_thousand_devices_are_found_without_an_empty_page(large: DemoTransport) -> None:
    clause = json.dumps({"label": {"in": [STORY.launch_label]}})
    after = ""
    pages: list[list[dict[str, str]]] = []
    while not pages or after:
        answer = _ask(large, "/api/v1/prism/launch_agents_and_daemons", limit="300", filter=clause, cursor=after)
        pages.append(answer["data"])
        after = str(answer["cursor"] or "")
    assert {row["serial_number"] for page in pages for row in page} == set(STORY.infected)
    assert all(pages[:-1])
