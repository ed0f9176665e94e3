"""A tenant that moves on between two incremental syncs: what went, moved and changed is right at the next one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from .conftest import LATER, NOW, Copy, Row, count_roughly
from .planted import BUMPED, Planted, device, nothing, put

pytestmark = pytest.mark.anyio
CHESS = {"bundle_id": "com.apple.Chess"}


def reported(*device_ids: str, at: str = BUMPED) -> Callable[[str, list[Row]], list[Row]]:
    """Those devices reported anew: all that is left of their rows is renewed."""

    def edit(_: str, rows: list[Row]) -> list[Row]:
        return [
            row | {"updated_at": at, "last_collected_at": at}
            if "updated_at" in row and row.get("device_id") in device_ids
            else row
            for row in rows
        ]

    return edit


async def test_what_a_device_that_reported_anew_has_no_more_is_gone_at_once(copy: Copy) -> None:
    serial, device_id = device(copy)
    planted = Planted()
    planted.plant("apps", CHESS | {"device_id": device_id}, nothing)
    copy.tenant.edits += [planted, reported(device_id)]
    copy.tenant.counts["apps"] = -1
    copy.now = LATER
    outcome = await copy.sync()
    assert outcome.modes["apps"] == "incremental"
    assert [(kind, what, number) for kind, what, number, *_ in copy.changes()] == [("apps", "gone", serial)]
    assert copy.rows("SELECT removals_at FROM coverage WHERE kind = 'apps'") == [("2026-11-23T18:00:00Z",)]


async def test_an_app_that_moved_is_one_move_and_one_that_was_upgraded_one_change(copy: Copy) -> None:
    (one, id_one), (two, id_two) = device(copy, 0), device(copy, 1)
    planted = Planted()
    planted.plant("apps", CHESS | {"device_id": id_one}, put(path="/Users/x/Chess.app"))
    planted.plant("apps", CHESS | {"device_id": id_two}, put(version="99.1"))
    copy.tenant.edits += [planted, reported(id_one, id_two)]
    copy.now = LATER
    assert (await copy.sync()).modes["apps"] == "incremental"
    found = {(what, number, field, new) for _, what, number, _, field, _, new in copy.changes()}
    assert found == {("moved", one, "path", "/Users/x/Chess.app"), ("changed", two, "version", "99.1")}


async def test_where_only_changed_rows_are_renewed_a_removal_beside_one_is_found_and_nothing_else_ends(
    copy: Copy,
) -> None:
    serial, device_id = device(copy)
    planted = Planted()
    planted.plant("apps", CHESS | {"device_id": device_id}, nothing)
    planted.plant("apps", {"device_id": device_id, "bundle_id": "com.apple.Calculator"}, put(version="99.1"))
    copy.tenant.edits.append(planted)
    copy.tenant.counts["apps"] = -1
    copy.now = LATER
    assert (await copy.sync()).modes["apps"] == "incremental"
    assert {(what, number) for _, what, number, *_ in copy.changes()} == {("gone", serial), ("changed", serial)}


async def test_where_removals_cannot_be_known_the_copy_says_until_when_they_are(copy: Copy) -> None:
    """Iru counts only roughly, and renews only rows that changed."""
    _, device_id = device(copy)
    planted = Planted()
    planted.plant("apps", {"device_id": device_id, "bundle_id": "com.apple.Calculator"}, put(version="99.1"))
    copy.tenant.edits.append(planted)
    copy.now = LATER
    count_roughly(copy)
    assert (await copy.sync()).modes["apps"] == "incremental"
    assert copy.rows("SELECT removals_at FROM coverage WHERE kind = 'apps'") == [("2026-11-23T12:00:00Z",)]
    apps, devices = (await copy.call("inventory_query", sql="SELECT count(*) FROM apps, devices"))["tables"]
    assert (apps["as_of"], apps["removals_known_until"]) == ("2026-11-23T18:00:00Z", "2026-11-23T12:00:00Z")
    assert "removals_known_until" not in devices, "it was read whole"
    assert [note for note in (await copy.call("inventory_schema"))["notes"] if "apps 2026-11-23T12:00:00Z" in note]


async def test_a_clock_that_is_45_minutes_fast_loses_no_change(empty: Copy) -> None:
    empty.now = NOW + timedelta(minutes=45)
    await empty.sync()
    _, device_id = device(empty)
    planted = Planted()
    planted.plant("apps", CHESS | {"device_id": device_id}, put(version="99.1"))
    empty.tenant.edits += [planted, reported(device_id, at="2026-11-23T12:05:00+00:00")]
    empty.now = LATER + timedelta(minutes=45)
    assert (await empty.sync()).modes["apps"] == "incremental"
    assert [(what, new) for _, what, *_, new in empty.changes()] == [("changed", "99.1")]


async def test_a_device_that_is_away_and_back_between_incremental_syncs_is_one_change(copy: Copy) -> None:
    _, device_id = device(copy)
    planted = Planted()
    planted.plant("devices", {"device_id": device_id}, nothing)
    copy.tenant.edits.append(planted)
    copy.now = LATER
    await copy.sync()
    assert copy.rows("SELECT DISTINCT enrolled FROM apps WHERE device_id = :id", id=device_id) == [(0,)]
    copy.tenant.edits.clear()
    copy.now = LATER + timedelta(hours=2)
    await copy.sync()
    found = copy.rows("SELECT kind, what FROM changes ORDER BY at")
    assert found == [("devices", "gone"), ("devices", "appeared")]
    assert copy.rows("SELECT DISTINCT enrolled FROM apps WHERE device_id = :id", id=device_id) == [(1,)]


async def test_a_cve_is_joined_to_the_devices_that_have_it_and_to_no_other(copy: Copy) -> None:
    cve, count = copy.rows("SELECT cve_id, count(DISTINCT device_id) FROM detections WHERE enrolled GROUP BY 1")[0]
    answer = await copy.call("inventory_graph", around=cve)
    types = {node["n"]: node["type"] for node in answer["nodes"]}
    devices = {source for source, verb, _, *_ in answer["edges"] if verb == "HAS" and types[source] == "device"}
    assert len(devices) == count
    told = [rest[0] for source, _, _, *rest in answer["edges"] if types[source] == "device"]
    assert all({"version", "software"} <= one.keys() for one in told)
