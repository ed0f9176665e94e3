"""Changes planted between two syncs are all found, and none is invented."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from iru_mcp.inventory.tables import BY_NAME

from .conftest import LATER, NOW, Copy, Row
from .planted import BUMPED, Planted, decoys, device, nothing, put, with_new

pytestmark = pytest.mark.anyio


async def test_two_readings_of_the_same_tenant_hold_no_change(copy: Copy) -> None:
    copy.tenant.edits.append(decoys)
    copy.now = LATER
    outcome = await copy.sync(full=True)
    assert lists(outcome.modes) == {"full"}
    assert copy.changes() == set()
    assert copy.rows("SELECT last_check_in FROM devices WHERE last_check_in = '2026-11-23T17:00:00Z'")


@pytest.mark.parametrize("full", [True, False], ids=["full", "incremental"])
async def test_planted_changes_are_found_and_none_is_invented(copy: Copy, full: bool) -> None:  # noqa: FBT001
    (one, id_one), (two, id_two), (three, id_three) = (device(copy, place) for place in range(3))
    planted = Planted()
    app = {"device_id": id_one, "bundle_id": "com.apple.Calculator"}
    planted.plant("apps", app, put(version="99.1"))
    mail = {"device_id": id_two, "bundle_id": "com.apple.Mail"}
    planted.plant("apps", mail, with_new(name="Evil", bundle_id="org.evil", path="/Users/x/Evil.app"))
    planted.plant("devices", {"device_id": id_two}, put(blueprint_id="b-2", blueprint_name="Quarantine"))
    planted.plant("devices", {"device_id": id_three}, put(asset_tag="NEW"))
    planted.plant("local_users", {"device_id": id_three, "username": "root"}, put(type="Admin"))
    planted.plant(
        "filevault", {"device_id": id_one}, lambda row: [row | {"status": not row["status"], "updated_at": BUMPED}]
    )
    new_item = with_new(label="org.evil.agent", path="/Library/LaunchAgents/org.evil.plist")
    planted.plant("launch_agents_and_daemons", {"device_id": id_one, "label": "com.apple.AirPlayXPCHelper"}, new_item)
    cve = copy.rows("SELECT cve_id FROM vulnerabilities ORDER BY 1")[0][0]
    planted.plant("vulnerabilities", {"cve_id": cve}, put(status="Remediated"))
    copy.tenant.edits += [decoys, planted] if full else [planted]
    copy.tenant.counts |= {"apps": 1, "launch_agents_and_daemons": 1}
    copy.now = LATER
    outcome = await copy.sync(full=full)
    assert outcome.modes["apps"] == ("full" if full else "incremental")
    version = copy.rows("SELECT os_version FROM devices WHERE device_id = :id", id=id_one)[0][0]
    encrypted = copy.rows("SELECT status FROM filevault WHERE device_id = :id", id=id_one)[0][0]
    evil, root = "org.evil Evil /Users/x/Evil.app", _key(copy, "local_users", id_three, "root")
    label = "org.evil.agent /Library/LaunchAgents/org.evil.plist"
    blueprint, name, tag = (
        _before(copy, "blueprint_id", id_two),
        _before(copy, "blueprint_name", id_two),
        _before(copy, "asset_tag", id_three),
    )
    old_status = copy.rows("SELECT old FROM changes WHERE kind = 'vulnerabilities'")[0][0]
    calculator = "com.apple.Calculator Calculator /System/Applications/Calculator.app"
    assert copy.changes() == {
        ("apps", "changed", one, calculator, "version", version, "99.1"),
        ("apps", "appeared", two, evil, None, None, None),
        ("devices", "moved", two, "", "blueprint_id", blueprint, "b-2"),
        ("devices", "moved", two, "", "blueprint_name", name, "Quarantine"),
        ("devices", "changed", three, "", "asset_tag", tag, "NEW"),
        ("local_users", "changed", three, root, "type", "Standard", "Admin"),
        ("filevault", "changed", one, "", "status", 1 - encrypted, encrypted),
        ("launch_items", "appeared", one, label, None, None, None),
        ("vulnerabilities", "changed", None, cve, "status", old_status, "Remediated"),
    }


def _key(copy: Copy, table: str, device_id: str, name: str) -> str:
    found = copy.rows(
        f"SELECT username || ' ' || generated_uid FROM {table} WHERE device_id = :id AND username = :name",
        id=device_id,
        name=name,
    )
    return str(found[0][0])


def _before(copy: Copy, column: str, device_id: str) -> Any:
    found = copy.rows(
        f"SELECT {column} FROM devices_history WHERE device_id = :id AND valid_to IS NOT NULL", id=device_id
    )
    return found[0][0]


async def test_what_prism_no_longer_has_is_gone_and_what_changed_its_path_moved(copy: Copy) -> None:
    (one, id_one), (two, id_two) = device(copy, 0), device(copy, 1)
    planted = Planted()
    planted.plant("apps", {"device_id": id_one, "bundle_id": "com.apple.Chess"}, nothing)
    planted.plant("apps", {"device_id": id_two, "bundle_id": "com.apple.Chess"}, put(path="/Users/x/Chess.app"))
    copy.tenant.edits.append(planted)
    copy.now = LATER
    await copy.sync(full=True)
    found = copy.rows("SELECT what, serial_number, field, old, new FROM changes")
    old = "/System/Applications/Chess.app"
    assert sorted(found, key=str) == sorted(
        [("gone", one, None, None, None), ("moved", two, "path", old, "/Users/x/Chess.app")], key=str
    )


async def test_a_device_that_iru_no_longer_lists_is_kept_and_marked(copy: Copy) -> None:
    serial, device_id = device(copy)
    apps = copy.rows("SELECT count(*) FROM apps WHERE device_id = :id", id=device_id)[0][0]
    planted = Planted()
    planted.plant("devices", {"device_id": device_id}, nothing)
    copy.tenant.edits.append(planted)
    copy.now = LATER
    await copy.sync(full=True)
    assert copy.changes() == {("devices", "gone", serial, "", None, None, None)}
    assert copy.rows("SELECT serial_number, gone_at FROM devices_gone") == [(serial, "2026-11-23T18:00:00Z")]
    assert copy.rows("SELECT DISTINCT enrolled FROM apps WHERE device_id = :id", id=device_id) == [(0,)]
    assert copy.rows("SELECT left_out >= :apps FROM coverage WHERE kind = 'apps'", apps=apps) == [(1,)]
    before = await copy.call("inventory_at", device=serial, when="2026-11-23T13:00:00Z", kind="apps")
    assert len(before["apps"]) == apps


async def test_a_device_that_comes_back_is_one_change_and_not_a_hundred(copy: Copy) -> None:
    _, device_id = device(copy)
    planted = Planted()
    planted.plant("devices", {"device_id": device_id}, nothing)
    copy.tenant.edits.append(planted)
    copy.now = LATER
    await copy.sync(full=True)
    copy.tenant.edits.clear()
    copy.now = LATER.replace(hour=23)
    await copy.sync(full=True)
    found = copy.rows("SELECT kind, what FROM changes WHERE at = '2026-11-23T23:00:00Z'")
    assert found == [("devices", "appeared")]
    assert copy.rows("SELECT count(*) FROM devices_gone") == [(0,)]
    assert copy.rows("SELECT count(*) > 50 FROM apps WHERE device_id = :id", id=device_id) == [(1,)]


@pytest.mark.parametrize("cache_seconds", [0, 60])
async def test_a_device_skipped_by_one_walk_of_shifting_pages_is_not_called_gone(
    copy: Copy, cache_seconds: float
) -> None:
    copy.cache_seconds = cache_seconds
    _, device_id = device(copy)
    walks = 0

    def shifting(table: str, rows: list[Row]) -> list[Row]:
        nonlocal walks
        walks += table == "devices"
        return [row for row in rows if table != "devices" or walks != 1 or row["device_id"] != device_id]

    copy.tenant.edits.append(shifting)
    copy.now = LATER
    await copy.sync(full=True)
    assert walks == 2
    assert copy.changes() == set()


def lists(modes: dict[str, str]) -> set[str]:
    """How the lists were read; devices that are asked one by one go by their check-in."""
    return {
        mode for name, mode in modes.items() if name in BY_NAME and BY_NAME[name].listed and not BY_NAME[name].starts
    }


async def test_an_incremental_sync_costs_fewer_requests_and_a_day_later_all_is_read(copy: Copy) -> None:
    first = copy.rows("SELECT requests FROM syncs")[0][0]
    copy.now = LATER
    second = await copy.sync()
    assert second.modes["apps"] == "incremental"
    assert second.requests < first
    copy.now = NOW + timedelta(days=2)
    third = await copy.sync()
    assert lists(third.modes) == {"full"}


async def test_a_filter_that_iru_ignores_is_seen_and_all_is_read(copy: Copy) -> None:
    copy.tenant.ignores_filters = True
    copy.now = LATER
    outcome = await copy.sync()
    assert lists(outcome.modes) == {"full"}
    assert copy.changes() == set()


async def test_a_row_that_went_silently_is_found_by_irus_own_count(copy: Copy) -> None:
    serial, device_id = device(copy)

    def gone(table: str, rows: list[Row]) -> list[Row]:
        return [
            row
            for row in rows
            if table != "local_users" or row["device_id"] != device_id or row["username"] != "daemon"
        ]

    copy.tenant.edits.append(gone)
    copy.tenant.counts["local_users"] = -1
    copy.now = LATER
    outcome = await copy.sync()
    assert outcome.modes["local_users"] == "full"
    assert outcome.modes["apps"] == "incremental"
    assert [(kind, what, number) for kind, what, number, *_ in copy.changes()] == [("local_users", "gone", serial)]
