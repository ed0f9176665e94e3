"""Personal data that a field declares leaves only by the tool that a person named for it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from iru_mcp import demo
from iru_mcp.api.client import IruClient
from iru_mcp.api.record import sensitive_fields
from iru_mcp.output.privacy import Privacy
from iru_mcp.output.redaction import WITHHELD
from iru_mcp.tools.kit.catalogue import catalogue
from tests.conftest import unlimited

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PLACE = ("47.04990512", "8.30925117")


@pytest.fixture(params=[None, Privacy("a key for the tests")], ids=["open", "private"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[IruClient]:
    made_up = unlimited(devices=120, now=NOW)
    client = IruClient(demo.HOST, lambda: demo.TOKEN, transport=made_up, now=lambda: NOW, privacy=request.param)
    yield client
    await client.aclose()


async def lost(client: IruClient) -> str:
    rows = (await catalogue()["list_devices"].run(client, {"lost_mode": True, "fields": "device_id"}))["items"]
    return str(rows[0]["device_id"])


async def test_where_a_lost_device_is_leaves_only_by_the_tool_named_for_it(client: IruClient) -> None:
    device = await lost(client)
    for tool in ("get_device_details", "get_device_dossier", "get_timeline", "get_device_activity"):
        extra = {"sections": "lost_mode"} if tool == "get_device_details" else {}
        out = json.dumps(await catalogue()[tool].run(client, {"device": device, **extra}))
        assert not [number for number in PLACE if number in out], tool
    details = await catalogue()["get_device_details"].run(client, {"device": device, "sections": "lost_mode"})
    assert details["lost_mode"]["last_location"] == {"latitude": WITHHELD, "longitude": WITHHELD}
    named = json.dumps(await catalogue()["get_device_lost_mode"].run(client, {"device": device}))
    assert all(number in named for number in PLACE)


async def test_the_companys_phone_and_address_stay_with_iru(client: IruClient) -> None:
    row = (await catalogue()["list_enrollment_integrations"].run(client, {"fields": "*"}))["items"][0]
    assert "555 0100" not in json.dumps(row)
    assert row["org_phone"] == row["org_address"] == WITHHELD
    assert row["org_name"] == "Northwind"


def test_what_is_sensitive_is_declared_on_fields() -> None:
    assert {"latitude", "longitude", "org_phone", "org_address", "phone"} <= sensitive_fields()
