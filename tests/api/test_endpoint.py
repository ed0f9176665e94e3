"""Endpoints are declared once, only read, and keep ids within their segment."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iru_mcp.api import declared_endpoints
from iru_mcp.api.endpoint import Endpoint
from iru_mcp.api.endpoints.devices import GET_DEVICE, Device
from iru_mcp.api.paging import Single
from iru_mcp.errors import UsageError

DECLARED = sorted(declared_endpoints().values(), key=lambda endpoint: endpoint.name)


@pytest.mark.parametrize("endpoint", DECLARED, ids=lambda endpoint: endpoint.name)
def test_a_declared_endpoint_is_a_get_under_the_api_with_a_section(endpoint: Endpoint[Any]) -> None:
    assert endpoint.method == "GET"
    assert endpoint.path.startswith("/api/v")
    assert endpoint.section
    assert endpoint.path in endpoint.grant
    assert not endpoint.filters & set(endpoint.paging.query(endpoint.paging.start))


def test_no_two_endpoints_share_a_path() -> None:
    paths = [endpoint.path for endpoint in DECLARED]
    assert len(paths) == len(set(paths)) > 30


def test_an_endpoint_that_writes_cannot_be_declared() -> None:
    with pytest.raises(ValueError, match="only reads"):
        Endpoint(name="LOCK", path="/x", section="x", record=Device, paging=Single(), method="POST")  # type: ignore[arg-type]


def test_an_id_fills_its_slot() -> None:
    assert GET_DEVICE.url_path({"device_id": "0f3-A_9"}) == "/api/v1/devices/0f3-A_9"


@pytest.mark.parametrize(
    "value",
    [
        "",
        ".",
        "..",
        "../secrets",
        "a/b",
        "a%2Fb",
        "%2e%2e",
        "a?x=1",
        "a#b",
        "a b",
        "a\n",
        "\u0661",
        "-a",
        "a" * 101,
        "{x}",
        "a;b",
    ],
)
def test_an_id_that_could_leave_its_segment_is_refused_unsent(value: str) -> None:
    with pytest.raises(UsageError, match="no identifier"):
        GET_DEVICE.url_path({"device_id": value})


@given(st.text(max_size=30))
def test_whatever_the_id_the_path_stays_the_declared_one(value: str) -> None:
    try:
        path = GET_DEVICE.url_path({"device_id": value})
    except UsageError:
        return
    assert path == f"/api/v1/devices/{value}"
    assert path.count("/") == 4
    assert path.isascii()


@pytest.mark.parametrize("ids", [{}, {"device": "x"}, {"device_id": "x", "more": "y"}])
def test_a_path_with_other_slots_than_given_is_a_mistake_in_the_code(ids: dict[str, str]) -> None:
    with pytest.raises(TypeError, match="GET_DEVICE takes"):
        GET_DEVICE.url_path(ids)
