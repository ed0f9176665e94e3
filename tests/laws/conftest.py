"""A tenant small enough to be read whole many times, and its inventory copy, for the laws over every tool."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast

import anyio
import httpx
import pytest

from iru_mcp import demo
from iru_mcp.api.client import IruClient
from iru_mcp.api.transport.rate_limit import Limits
from iru_mcp.inventory.alerts.evaluate import judge
from iru_mcp.inventory.alerts.rules import load
from iru_mcp.inventory.sync.run import Plan, sync
from tests.conftest import MOMENT, Agent, Over, Remembering, unlimited
from tests.heedless import Heedless

DEVICES = 40
WEEK = timedelta(days=7)


@pytest.fixture(scope="session")
def small() -> httpx.AsyncBaseTransport:
    """The made-up tenant with the fewest devices that its story needs."""
    return Remembering(tenant())


def tenant(*, begun: bool = True) -> httpx.AsyncBaseTransport:
    """The tenant with one Mac each that is removed, not in MDM, not encrypted, and assigned but never enrolled."""
    transport: Any = unlimited(devices=DEVICES, now=MOMENT, begun=begun)
    devices = transport.tenant.devices
    ordinary = [place for place, device in enumerate(devices) if device.platform == "Mac" and not device.part]
    changes: list[dict[str, Any]] = [{"removed": True}, {"mdm": False}, {"encrypted": False}, {"part": "never"}]
    for place, changed in zip(ordinary, changes, strict=False):
        devices[place] = replace(devices[place], **changed)
    return cast("httpx.AsyncBaseTransport", transport)


@pytest.fixture(scope="session")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A copy of that tenant before its story and after it, with alerts that are open and some that are resolved."""
    path = tmp_path_factory.mktemp("laws") / "copy.sqlite3"
    anyio.run(_copied, path)
    return str(path)


def _same(moment: datetime) -> datetime:
    return moment


async def _copied(path: Path) -> None:
    for begun in (False, True):
        transport = tenant(begun=begun)
        now = MOMENT if begun else MOMENT - WEEK
        limits = Limits(per_second=100_000)
        client = IruClient(demo.HOST, lambda: demo.TOKEN, transport=transport, limits=limits)
        client.now = partial(_same, now)
        try:
            await sync(client, path, Plan("demo", full=True))
        finally:
            await client.aclose()
        await judge(path, load(), now)
    patient = [replace(rule, params={"days": 10_000}) if rule.name == "agent-silent" else rule for rule in load()]
    await judge(path, patient, MOMENT)  # what a rule no longer finds is resolved


@pytest.fixture
async def everything(over: Over, small: httpx.AsyncBaseTransport, inventory: str) -> AsyncIterator[Agent]:
    """An agent of that tenant with every tool and the copy."""
    async with over(small, inventory=inventory) as attached:
        yield attached


@pytest.fixture
async def large(over: Over, northwind: httpx.AsyncBaseTransport, inventory: str) -> AsyncIterator[Agent]:
    """An agent of the tenant of 400 devices with every tool; the copy is the small tenant's."""
    async with over(northwind, inventory=inventory) as attached:
        yield attached


@pytest.fixture
async def unheeded(over: Over, small: httpx.AsyncBaseTransport, inventory: str) -> AsyncIterator[Any]:
    """The same, where Iru ignores every filter."""
    async with over(Heedless(small), inventory=inventory) as attached:
        yield attached
