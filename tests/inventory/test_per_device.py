"""Windows and Android devices, which Prism does not report, are in the copy as Apple's are."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from iru_mcp.errors import IruError, NotPermitted
from tests.conftest import unlimited

from .conftest import LATER, NOW, Copy, Edited, Row
from .planted import Planted, decoys, nothing, put

pytestmark = pytest.mark.anyio


def of(copy: Copy, platform: str) -> list[tuple[str, str]]:
    """Serial number and id of each device of a platform."""
    return [
        (serial, device_id)
        for serial, device_id in copy.rows(
            "SELECT serial_number, device_id FROM devices WHERE platform = :platform ORDER BY device_id",
            platform=platform,
        )
    ]


def checked_in(*device_ids: str) -> Callable[[str, list[Row]], list[Row]]:
    """Those devices have reported since."""

    def edit(table: str, rows: list[Row]) -> list[Row]:
        if table != "devices":
            return rows
        return [
            row | {"last_check_in": "2026-11-23T17:00:00Z"} if row["device_id"] in device_ids else row for row in rows
        ]

    return edit


def asked_one_by_one(copy: Copy, since: int = 0) -> list[str]:
    """The paths that were asked for one device."""
    paths = [url.path for url in copy.tenant.asked[since:]]
    return [path for path in paths if path.endswith(("/apps", "/details")) and "/prism/" not in path]


def failing(request: httpx.Request, status: int, *parts: str) -> httpx.Response | None:
    if not any(part in request.url.path for part in parts) or "/prism/" in request.url.path:
        return None
    return httpx.Response(status, request=request, stream=httpx.ByteStream(b"{}"))


async def test_an_app_is_found_on_every_platform(copy: Copy) -> None:
    windows, android = of(copy, "Windows"), of(copy, "Android")
    assert windows
    assert android
    found = copy.rows(
        "SELECT DISTINCT d.platform FROM apps a JOIN devices d USING (device_id) WHERE a.name LIKE '1Pass%'"
    )
    assert {row[0] for row in found} >= {"Mac", "iPhone", "Windows", "Android"}
    held = copy.rows("SELECT device_id, count(*) FROM apps GROUP BY 1")
    assert {device_id for device_id, _ in held} >= {device_id for _, device_id in windows + android}
    answer = await copy.call("list_device_apps", device=windows[0][0], limit=300, fields=["*"])
    wanted = {(row["name"], row["version"], row["path"], row["publisher"]) for row in answer["items"]}
    columns = "name, version, path, developer_name"
    assert set(copy.rows(f"SELECT {columns} FROM apps WHERE device_id = :id", id=windows[0][1])) == wanted


@pytest.mark.parametrize("platform", ["Windows", "Android"])
async def test_an_app_keeps_its_package_name_and_signer_beside_the_names_for_people(copy: Copy, platform: str) -> None:
    device, device_id = of(copy, platform)[0]
    answer = await copy.call("list_device_apps", device=device, limit=300, fields=["*"])
    names = ("name", "bundle_id", "publisher", "signature")
    wanted = {tuple(row.get(name) for name in names) for row in answer["items"]}
    assert any(package and package != name for name, package, _, _ in wanted)
    assert platform != "Windows" or all(signer.startswith("CN=") for *_, signer in wanted)
    columns = "name, bundle_id, developer_name, signature"
    assert set(copy.rows(f"SELECT {columns} FROM apps WHERE device_id = :id", id=device_id)) == wanted


async def test_details_of_windows_and_android_are_columns(copy: Copy) -> None:
    found = copy.rows(
        "SELECT d.platform, w.os_edition, w.is_encrypted, w.agent_installed, w.total_ram > 0, w.more "
        "FROM windows_android_details w JOIN devices d USING (device_id)"
    )
    assert {row[0] for row in found} == {"Windows", "Android"}
    assert len(found) == len(of(copy, "Windows")) + len(of(copy, "Android"))
    assert {row[1:] for row in found if row[0] == "Windows"} == {("Professional", None, 1, 1, None)}
    assert {row[1:] for row in found if row[0] == "Android"} == {(None, 1, None, 1, None)}


async def test_only_who_checked_in_since_is_asked_again(copy: Copy) -> None:
    (_, device_id), *_ = of(copy, "Windows")
    copy.tenant.edits.append(checked_in(device_id))
    copy.now = LATER
    outcome = await copy.sync()
    assert sorted(asked_one_by_one(copy)) == [f"/api/v1/devices/{device_id}/{part}" for part in ("apps", "details")]
    assert outcome.modes["apps (Windows, Android)"] == "incremental"
    assert copy.changes() == set()


@pytest.mark.parametrize("full", [True, False], ids=["full", "incremental"])
async def test_what_changed_on_them_is_found_and_nothing_is_invented(copy: Copy, full: bool) -> None:  # noqa: FBT001
    (one, id_one), *_ = of(copy, "Windows")
    (two, id_two), *_ = of(copy, "Android")
    planted = Planted()
    planted.plant(
        "device_apps", {"publisher": "CN=Slack Technologies, Inc., O=Slack Technologies, Inc."}, put(version="99.1")
    )
    planted.plant("device_apps", {"package_name": "com.okta.mobile"}, nothing)
    copy.tenant.edits += [checked_in(id_one, id_two), planted, posture]
    if full:
        copy.tenant.edits.append(decoys)
    had = copy.rows(
        "SELECT serial_number, a.name, a.bundle_id, a.path, a.version FROM apps a JOIN devices d USING (device_id, "
        "serial_number) WHERE d.platform IN ('Windows', 'Android')"
    )
    copy.now = LATER
    await copy.sync(full=full)
    asked = {one, two} if not full else {serial for serial, *_ in had}
    wanted: set[tuple[Any, ...]] = {
        ("apps", "changed", serial, f"{bundle} {name} {path}", "version", version, "99.1")
        for serial, name, bundle, path, version in had
        if serial in asked and name == "Slack" and path
    }
    wanted |= {
        ("apps", "gone", serial, f"{bundle} {name}", None, None, None)
        for serial, name, bundle, _, _ in had
        if serial in asked and bundle == "com.okta.mobile"
    }
    androids = {serial for serial, _ in of(copy, "Android")} & asked
    wanted |= {
        ("windows_android_details", "changed", serial, "", "device_posture", "SECURE", "AT_RISK") for serial in androids
    }
    assert wanted
    assert copy.changes() == wanted


def posture(table: str, rows: list[Row]) -> list[Row]:
    """Google calls every Android device at risk."""
    if table != "details":
        return rows
    return [
        row | {"security": row["security"] | {"device_posture": "AT_RISK"}}
        if "security" in row and "management" in row
        else row
        for row in rows
    ]


async def test_what_may_not_be_asked_is_said_and_apples_apps_are_copied(empty: Copy) -> None:
    empty.tenant.refuse = lambda request: failing(request, 403, "/apps")
    outcome = await empty.sync()
    assert set(outcome.denied) == {"apps (Windows, Android)"}
    answer = await empty.call("inventory_query", sql="SELECT count(*) FROM apps")
    assert answer["rows"][0][0] > 1000
    assert any("apps (Windows, Android): not readable" in missing for missing in answer["tables"][0]["missing"])


@pytest.mark.parametrize("path", ["/prism/apps", "/apps"], ids=["a list", "one by one"])
async def test_a_permission_that_is_lost_half_way_doubles_no_row_and_the_next_sync_says_so(
    copy: Copy, path: str
) -> None:
    before = copy.rows("SELECT device_id, name, bundle_id, version FROM apps ORDER BY 1, 2, 3, 4")
    everyone = [device_id for platform in ("Windows", "Android") for _, device_id in of(copy, platform)]
    newer: Callable[[Row], list[Row]] = lambda row: [row | {"version": "9.9", "version_name": "9.9"}]  # noqa: E731
    planted = Planted()
    planted.plant("device_apps", {}, newer)
    planted.plant("apps", {}, newer)
    copy.tenant.edits += [checked_in(*everyone), planted]
    asked = {"left": 2}

    def refuse(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith(path) or ("/prism/" in request.url.path) != ("/prism/" in path):
            return None
        asked["left"] -= 1
        stream = httpx.ByteStream(b"{}")
        return httpx.Response(403, request=request, stream=stream) if asked["left"] < 0 else None

    copy.tenant.refuse = refuse
    copy.now = LATER
    with pytest.raises(NotPermitted):
        await copy.sync(full=True)
    assert copy.rows("SELECT device_id, name, bundle_id, version FROM apps ORDER BY 1, 2, 3, 4") == before
    reading = "apps" if "/prism/" in path else "apps (Windows, Android)"
    assert set((await copy.sync(full=True)).denied) == {reading}
    kept = dict(copy.rows("SELECT version = '9.9', count(*) FROM apps GROUP BY 1"))
    assert sum(kept.values()) == len(before)
    assert set(kept) == {0, 1}, "what may be read is new, the rest as it was"


async def test_a_device_that_iru_cannot_answer_for_costs_nobody_else_and_is_asked_next_time(
    copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_waiting(monkeypatch)
    (_, poison), (_, other), *_ = of(copy, "Windows")
    before = copy.rows("SELECT name, version FROM apps WHERE device_id = :id", id=poison)
    copy.tenant.edits.append(checked_in(poison, other))
    copy.tenant.refuse = lambda request: failing(request, 500, f"{poison}/apps")
    copy.now = LATER
    await copy.sync()
    assert copy.rows("SELECT name, version FROM apps WHERE device_id = :id", id=poison) == before
    assert copy.rows("SELECT odd FROM coverage WHERE kind = 'apps (Windows, Android)'") == [(1,)]
    assert not (await copy.call("inventory_query", sql="SELECT count(*) FROM apps"))["complete"]
    copy.tenant.refuse = lambda _: None
    since = len(copy.tenant.asked)
    await copy.sync()
    assert asked_one_by_one(copy, since) == [f"/api/v1/devices/{poison}/apps"]
    assert (await copy.call("inventory_query", sql="SELECT count(*) FROM apps"))["complete"]


async def test_an_outage_ends_the_sync_and_the_next_goes_on_with_the_next_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_waiting(monkeypatch)
    copy = Copy(tmp_path / "copy.sqlite3", Edited(unlimited(devices=120, now=NOW)))
    answered = {"left": 4}

    def refuse(request: httpx.Request) -> httpx.Response | None:
        if request.url.path.endswith("/details"):
            answered["left"] -= 1
            return failing(request, 503, "/details") if answered["left"] < 0 else None
        return None

    copy.tenant.refuse = refuse
    with pytest.raises(IruError):
        await copy.sync()
    assert copy.rows("SELECT count(*) FROM syncs") == [(0,)]
    copy.tenant.refuse = lambda _: None
    since = len(copy.tenant.asked)
    assert (await copy.sync()).resumed
    everyone = len(of(copy, "Windows") + of(copy, "Android"))
    assert everyone > 7
    macs = len(of(copy, "Mac"))
    asked = [path for path in asked_one_by_one(copy, since) if path.endswith("/details")]
    assert len(asked) == everyone + macs - 4
    assert copy.rows("SELECT count(*) FROM windows_android_details") == [(everyone,)]


async def test_a_device_that_prism_begins_to_report_is_asked_no_more_and_its_apps_are_not_doubled(copy: Copy) -> None:
    (serial, device_id), *_ = of(copy, "Windows")
    copy.tenant.edits.append(checked_in(device_id))
    copy.tenant.edits.append(listed_by_prism(device_id, serial))
    copy.tenant.counts["apps"] = 1
    copy.now = LATER
    await copy.sync(full=True)
    assert f"/api/v1/devices/{device_id}/apps" not in asked_one_by_one(copy)
    assert copy.rows("SELECT name FROM apps WHERE device_id = :id", id=device_id) == [("Slack",)]


def listed_by_prism(device_id: str, serial: str) -> Callable[[str, list[Row]], list[Row]]:
    """Prism has one app of that device."""
    app = {
        "device_id": device_id,
        "serial_number": serial,
        "name": "Slack",
        "bundle_id": "slack",
        "version": "4.46.104",
    }
    return lambda table, rows: [*rows, app | {"updated_at": "2026-11-23T17:00:00Z"}] if table == "apps" else rows


def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between tries end at once."""
    real = anyio.sleep

    async def sleep(_: float) -> None:
        await real(0)

    monkeypatch.setattr(anyio, "sleep", sleep)


async def test_processor_memory_and_addresses_of_macs_are_in_the_copy_as_their_details_have_them(copy: Copy) -> None:
    macs = of(copy, "Mac")
    assert copy.rows("SELECT count(*) FROM mac_hardware") == [(len(macs),)]
    serial, device_id = macs[0]
    columns = "model_identifier processor_name total_number_of_cores memory mac_address ip_address".split()
    details = await copy.call("get_device_details", device=serial, sections=["hardware_overview", "network"])
    ((hardware,),) = copy.rows(
        "SELECT json_object('model_identifier', model_identifier, 'processor_name', processor_name, "
        "'total_number_of_cores', total_number_of_cores, 'memory', memory, 'mac_address', mac_address, 'ip_address', "
        "ip_address) FROM mac_hardware WHERE device_id = :device_id",
        device_id=device_id,
    )
    shown = {name: cell for part in details.values() if isinstance(part, dict) for name, cell in part.items()}
    assert json.loads(hardware) == {name: shown[name] for name in columns}


async def test_a_mac_is_asked_for_its_hardware_once_a_day_at_most_and_only_when_it_checked_in(copy: Copy) -> None:
    mac, *_ = [device_id for _, device_id in of(copy, "Mac")]
    copy.tenant.edits.append(checked_in(mac))
    asked: list[list[str]] = []
    for hours in (6, 25, 50):
        since = len(copy.tenant.asked)
        copy.now = NOW + timedelta(hours=hours)
        await copy.sync()
        asked.append([path for path in asked_one_by_one(copy, since) if mac in path])
    assert asked == [[], [f"/api/v1/devices/{mac}/details"], []]
