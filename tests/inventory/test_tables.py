"""Every table is filled from the tenant, with the values that the live tools show."""

from __future__ import annotations

import json

import httpx
import pytest

from iru_mcp.inventory.tables import KINDS

from .conftest import LATER, Copy

pytestmark = pytest.mark.anyio


async def test_every_table_has_rows_or_the_tenant_has_none(copy: Copy) -> None:
    empty = {kind.name for kind in KINDS if copy.rows(f"SELECT count(*) FROM {kind.name}") == [(0,)]}
    assert empty == {"kernel_extensions"}
    assert set(copy.rows("SELECT state FROM coverage")) == {("copied",)}


async def test_a_library_item_is_known_by_blueprint_and_by_device(copy: Copy) -> None:
    item, blueprint = copy.rows(
        "SELECT library_item_id, blueprint_id FROM blueprint_library_items WHERE library_item_name = 'Play Store Apps'"
    )[0]
    assert copy.rows("SELECT count(*) FROM blueprints WHERE id = :id", id=blueprint) == [(1,)]
    (script,) = copy.rows("SELECT id FROM custom_scripts WHERE name = 'Rotate Recovery Key'")[0]
    answer = await copy.call("list_library_item_status", library_item=script, limit=300, fields=["device_id", "status"])
    found = copy.rows("SELECT device_id, status FROM library_item_status WHERE library_item_id = :id", id=script)
    assert sorted(found) == sorted((row["device_id"], row["status"]) for row in answer["items"])
    assert found
    assert item


async def test_no_body_of_a_script_or_profile_is_copied(copy: Copy) -> None:
    written = copy.path.read_bytes()
    assert [word for word in (b"SECRET-IN-SCRIPT", b"SECRET-IN-PROFILE", b"X-Amz-Signature") if word in written] == []


async def test_audit_events_are_added_and_none_is_lost_or_read_twice(copy: Copy) -> None:
    before = copy.rows("SELECT id FROM audit_events ORDER BY 1")
    assert len(before) > 500
    since = len(copy.tenant.asked)
    copy.now = LATER
    outcome = await copy.sync()
    assert outcome.modes["audit_events"] == "incremental"
    asked = [url for url in copy.tenant.asked[since:] if url.path.endswith("/audit/events")]
    assert [url.params["start_date"] for url in asked] == ["2026-11-23T11:15:50Z"], (
        "half an hour before the newest event, by Iru's clock"
    )
    assert copy.rows("SELECT id FROM audit_events ORDER BY 1") == before
    assert copy.rows("SELECT count(*) FROM changes WHERE kind = 'audit_events'") == [(0,)]
    state = json.loads(
        copy.rows("SELECT new_state FROM audit_events WHERE action = 'create' AND target_type = 'api_token'")[0][0]
    )
    assert state["permissions"]


async def test_without_blueprints_what_is_in_them_is_called_not_permitted_and_not_empty(empty: Copy) -> None:
    empty.tenant.refuse = lambda request: (
        httpx.Response(403, request=request, stream=httpx.ByteStream(b"{}"))
        if request.url.path.endswith("/blueprints")
        else None
    )
    outcome = await empty.sync()
    assert {"blueprints", "blueprint_library_items"} <= set(outcome.denied)


async def test_an_item_that_was_deleted_meanwhile_costs_no_other_its_statuses(copy: Copy) -> None:
    (gone,) = copy.rows("SELECT min(library_item_id) FROM library_item_status")[0]
    copy.tenant.refuse = lambda request: (
        httpx.Response(404, request=request, stream=httpx.ByteStream(b'{"detail":"Not found."}'))
        if f"/library-items/{gone}/status" in request.url.path
        else None
    )
    copy.now = LATER
    await copy.sync(full=True)
    assert copy.rows("SELECT count(*) FROM library_item_status WHERE library_item_id = :id", id=gone) == [(0,)]
    assert copy.rows("SELECT count(*) > 100 FROM library_item_status") == [(1,)]
