"""Every endpoint that the package declares has an answer that the client can read."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from httpx import ASGITransport, AsyncBaseTransport, AsyncClient

from iru_mcp import demo
from iru_mcp.api import declared_endpoints
from iru_mcp.api.client import IruClient
from iru_mcp.api.endpoint import Endpoint
from iru_mcp.api.endpoints.device_apps import LIST_DEVICE_APPS
from iru_mcp.api.endpoints.devices import GET_DEVICE, GET_DEVICE_LOST_MODE, LIST_DEVICES
from iru_mcp.api.endpoints.prism import COLUMNS, COMMON_COLUMNS
from iru_mcp.demo.asgi_transport import DemoTransport
from iru_mcp.demo.routes import ROUTES
from iru_mcp.demo.world.blueprints import ITEMS
from iru_mcp.demo.world.story import STORY
from iru_mcp.errors import NotFound, NotLicensed, NotPermitted, Refused, Unauthorized

from .conftest import NOW, Ask, Walk

NEEDS: dict[str, dict[str, Any]] = {
    "LIST_THREATS_V2": {"statuses": "quarantined"},
    "LIST_BEHAVIORAL_DETECTIONS_V2": {"device_id": STORY.patient_zero_device_id},
    "PRISM_COUNT": {"category": "apps"},
}
EMPTY = {"LIST_DEVICE_NOTES", "PRISM_KERNEL_EXTENSIONS"}


def _ids(endpoint: Endpoint[Any], tenant: AsyncBaseTransport) -> dict[str, str]:
    assert isinstance(tenant, DemoTransport)
    device = tenant.tenant.by_id[STORY.patient_zero_device_id]
    assert device.person is not None
    known = {
        "device_id": STORY.lost_device_id if endpoint is GET_DEVICE_LOST_MODE else device.device_id,
        "user_id": device.person.id,
        "blueprint_id": device.blueprint.id,
        "cve_id": STORY.cve_id,
        "library_item_id": ITEMS[0].id,
    }
    missing = set(endpoint.slots) - set(known)
    assert not missing, f"say above which id of the demo tenant stands for {', '.join(missing)}"
    return {slot: known[slot] for slot in endpoint.slots}


def test_no_declared_endpoint_lacks_a_route() -> None:
    assert sorted(declared_endpoints()) == sorted(ROUTES)


@pytest.mark.parametrize("name", sorted(declared_endpoints()))
async def test_a_first_page_is_read_in_full(name: str, client: IruClient, tenant: AsyncBaseTransport) -> None:
    endpoint = declared_endpoints()[name]
    batch = await client.call(endpoint).page(endpoint, query=NEEDS.get(name), **_ids(endpoint, tenant))
    assert batch.rows or name in EMPTY
    assert None not in batch.records


@pytest.mark.parametrize("category", sorted(set(COLUMNS) - {"kernel_extensions"}))
async def test_a_prism_row_has_the_published_columns_and_no_others(category: str, ask: Ask) -> None:
    row = (await ask(f"/api/v1/prism/{category}", limit=1)).json()["data"][0]
    older = {"model_identifier", "os_name"}
    renamed = {"battery_health", "home_folder"}
    assert set(row) - set(COMMON_COLUMNS) <= set(COLUMNS[category])
    assert {*COMMON_COLUMNS} <= set(row)
    assert len(set(COLUMNS[category]) - set(row) - older - renamed) <= len(older)


async def test_a_denied_endpoint_leaves_the_others() -> None:
    client = IruClient(demo.HOST, lambda: demo.TOKEN, transport=demo.transport(now=NOW, denied=["LIST_DEVICE_APPS"]))
    call = client.call(GET_DEVICE, LIST_DEVICE_APPS)
    await call.fetch(GET_DEVICE, device_id=STORY.lost_device_id)
    with pytest.raises(NotPermitted, match="Application list"):
        await call.page(LIST_DEVICE_APPS, device_id=STORY.lost_device_id)


@pytest.mark.parametrize("name", sorted(name for name, endpoint in declared_endpoints().items() if endpoint.product))
async def test_an_unlicensed_product_is_told_from_a_wrong_token(name: str, tenant: AsyncBaseTransport) -> None:
    endpoint = declared_endpoints()[name]
    bare = demo.transport(now=NOW, unlicensed=[endpoint.product])
    client = IruClient(demo.HOST, lambda: demo.TOKEN, transport=bare)
    with pytest.raises((NotLicensed, NotFound)):
        await client.call(endpoint).page(endpoint, query=NEEDS.get(name), **_ids(endpoint, tenant))


def test_what_does_not_exist_cannot_be_denied() -> None:
    with pytest.raises(ValueError, match="LIST_TOASTERS"):
        demo.transport(denied=["LIST_TOASTERS"])
    with pytest.raises(ValueError, match="at least 40"):
        demo.transport(devices=10)


async def test_a_wrong_token_is_answered_without_json(tenant: AsyncBaseTransport, ask: Ask) -> None:
    answer = await ask("/api/v1/devices", token="other")
    assert (answer.status_code, answer.headers["content-type"]) == (401, "text/plain")
    client = IruClient(demo.HOST, lambda: "other", transport=tenant)
    with pytest.raises(Unauthorized):
        await client.call(LIST_DEVICES).page(LIST_DEVICES)


async def test_an_unknown_path_is_answered_by_the_gateway(ask: Ask) -> None:
    answer = await ask("/api/v1/settings")
    assert answer.status_code == 404
    assert answer.json()["message"] == "no Route matched with those values"


async def test_an_unknown_device_and_a_device_that_is_not_lost_are_refused(client: IruClient) -> None:
    call = client.call(GET_DEVICE, GET_DEVICE_LOST_MODE)
    with pytest.raises(NotFound, match="no such device"):
        await call.fetch(GET_DEVICE, device_id="00000000-0000-4000-8000-000000000000")
    with pytest.raises(Refused, match="not in lost mode"):
        await call.fetch(GET_DEVICE_LOST_MODE, device_id=STORY.patient_zero_device_id)


async def test_nothing_but_get_is_allowed(ask: Ask) -> None:
    path = f"/api/v1/devices/{STORY.lost_device_id}"
    assert {(await ask(path, method=method)).status_code for method in ("POST", "PATCH", "DELETE")} == {405}


async def test_the_hour_counts_down_and_ends() -> None:
    tenant = demo.transport(now=NOW, hour_limit=2)
    client = IruClient(demo.HOST, lambda: demo.TOKEN, transport=tenant)
    await client.call(LIST_DEVICES).page(LIST_DEVICES)
    assert client.rate_limiter.hour_left == 1
    async with AsyncClient(transport=tenant, base_url=demo.HOST) as http:
        headers = {"Authorization": f"Bearer {demo.TOKEN}"}
        answers = [await http.get("/api/v1/devices", headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]


async def test_the_same_seed_and_moment_give_the_same_tenant(ask: Ask) -> None:
    again = demo.transport(now=NOW)
    async with AsyncClient(transport=again, base_url=demo.HOST) as http:
        headers = {"Authorization": f"Bearer {demo.TOKEN}"}
        for path in ("/api/v1/devices", "/api/v1/audit/events", "/api/v1/prism/apps", "/api/v1/threat-details"):
            assert (await http.get(path, headers=headers)).content == (await ask(path)).content


async def test_it_can_be_served_as_an_asgi_application(tenant: AsyncBaseTransport, walk: Walk) -> None:
    served = IruClient("http://127.0.0.1", lambda: demo.TOKEN, transport=ASGITransport(demo.asgi(tenant)))
    batch = await served.call(LIST_DEVICES).page(LIST_DEVICES, query={"device_name": "Mira\u2019s MacBook"})
    assert batch.rows == [row for row in await walk(LIST_DEVICES) if "Mira\u2019s MacBook" in row["device_name"]]
    assert served.rate_limiter.hour_left is not None


def test_importing_the_demo_loads_neither_httpx_nor_the_tenant() -> None:
    code = "import sys, iru_mcp.demo; print('httpx' in sys.modules, 'iru_mcp.demo.world.tenant' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True, timeout=30)
    assert told.stdout.split() == ["False", "False"]
