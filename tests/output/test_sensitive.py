"""Personal data that a field declares leaves only by the tool that a person named for it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from iru_mcp.api.record import sensitive_fields
from iru_mcp.output.privacy import Privacy
from iru_mcp.output.redaction import WITHHELD
from tests.conftest import MOMENT, Agent, Over, unlimited

PLACE = ("47.04990512", "8.30925117")


@pytest.fixture(params=[None, Privacy("a key for the tests")], ids=["open", "private"])
async def agent(over: Over, request: pytest.FixtureRequest) -> AsyncIterator[Agent]:
    async with over(unlimited(devices=120, now=MOMENT), privacy=request.param) as attached:
        yield attached


async def lost(agent: Agent) -> str:
    rows = (await agent.ask("list_devices", lost_mode=True, fields="device_id"))["items"]
    return str(rows[0]["device_id"])


async def test_where_a_lost_device_is_leaves_only_by_the_tool_named_for_it(agent: Agent) -> None:
    device = await lost(agent)
    for tool in ("get_device_details", "get_device_dossier", "get_timeline", "get_device_activity"):
        extra = {"sections": "lost_mode"} if tool == "get_device_details" else {}
        out = json.dumps(await agent.ask(tool, device=device, **extra))
        assert not [number for number in PLACE if number in out], tool
    details = await agent.ask("get_device_details", device=device, sections="lost_mode")
    assert details["lost_mode"]["last_location"] == {"latitude": WITHHELD, "longitude": WITHHELD}
    named = json.dumps(await agent.ask("get_device_lost_mode", device=device))
    assert all(number in named for number in PLACE)


async def test_the_companys_phone_and_address_stay_with_iru(agent: Agent) -> None:
    row = (await agent.ask("list_enrollment_integrations", fields="*"))["items"][0]
    assert "555 0100" not in json.dumps(row)
    assert row["org_phone"] == row["org_address"] == WITHHELD
    assert row["org_name"] == "Northwind"


def test_what_is_sensitive_is_declared_on_fields() -> None:
    assert {"latitude", "longitude", "org_phone", "org_address", "phone"} <= sensitive_fields()
