"""The toolset inventory as an agent calls it."""

from __future__ import annotations

import io
import json
import re

import pytest

from iru_mcp.cli.progress import Log
from iru_mcp.inventory.alerts.evaluate import judge
from iru_mcp.inventory.alerts.rules import load
from iru_mcp.output.privacy import Privacy
from iru_mcp.tools.kit.catalogue import catalogue, select

from .conftest import LATER, Copy
from .planted import Planted, device, nothing, put, with_new

pytestmark = pytest.mark.anyio


def test_sql_is_usual_and_the_tools_of_history_are_off_until_they_are_named() -> None:
    usual = select(catalogue())
    assert {name for name in usual if name.startswith("inventory_")} == {"inventory_query", "inventory_schema"}
    assert len(select(catalogue(), toolsets_named=["inventory"])) - len(usual) == 4


async def test_a_change_is_told_with_old_and_new_value(copy: Copy) -> None:
    serial, device_id = device(copy)
    planted = Planted()
    planted.plant("devices", {"device_id": device_id}, put(asset_tag="NEW"))
    copy.tenant.edits.append(planted)
    copy.now = LATER
    await copy.sync()
    answer = await copy.call("inventory_changes", since="1d", kind="devices", device=serial)
    assert answer["summary"]["changes"] == {"devices": {"changed": 1}}
    assert answer["summary"]["copy"]["age"] == "0 s"
    (item,) = answer["items"]
    assert item["fields"]["asset_tag"]["new"] == "NEW"
    assert (await copy.call("inventory_changes", since="1d", until="2026-11-23T13:00:00Z"))["items"] == []


async def test_a_change_says_whose_device_it_is_and_which_copies_were_compared(copy: Copy) -> None:
    _, device_id = device(copy)
    planted = Planted()
    planted.plant("apps", {"device_id": device_id, "bundle_id": "com.apple.Chess"}, nothing)
    copy.tenant.edits.append(planted)
    copy.now = LATER
    await copy.sync(full=True)
    answer = await copy.call("inventory_changes", since="2026-11-23T13:00:00Z")
    assert answer["complete"]
    assert answer["summary"]["compared"] == ["2026-11-23T18:00:00Z", "2026-11-23T12:00:00Z"]
    (item,) = answer["items"]
    held = copy.rows("SELECT user_email, blueprint_name FROM devices WHERE device_id = :id", id=device_id)[0]
    assert (item.get("user_email"), item["blueprint_name"]) == held
    assert set(item["was"]) == {"name", "version", "bundle_id", "path", "ad_hoc_code_signed"}, "what tells it"
    whole = await copy.call("inventory_changes", since="2026-11-23T13:00:00Z", kind="apps")
    assert set(whole["items"][0]["was"]) > set(item["was"])


async def test_no_changes_before_the_first_copy_is_not_called_none(copy: Copy) -> None:
    answer = await copy.call("inventory_changes", since="30d")
    assert answer["items"] == []
    assert not answer["complete"]
    assert answer["notes"] == [
        "the copy begins at 2026-11-23T12:00:00Z: of what came before, list_audit_events and get_timeline tell"
    ]
    assert answer == await copy.call("inventory_changes", since="30d", until="2026-11-23T12:30:00Z")
    assert "since is after until" in await copy.refused("inventory_changes", until="2026-11-10")


async def test_what_appeared_says_since_when_iru_has_it(copy: Copy) -> None:
    _, device_id = device(copy)
    planted = Planted()
    planted.plant(
        "apps",
        {"device_id": device_id, "bundle_id": "com.apple.Chess"},
        with_new(bundle_id="org.evil", created_at="2026-11-23T14:05:06.789Z"),
    )
    copy.tenant.edits.append(planted)
    copy.now = LATER
    await copy.sync(full=True)
    (item,) = (await copy.call("inventory_changes", since="1d"))["items"]
    assert (item["at"], item["is"]["since"]) == ("2026-11-23T18:00:00Z", "2026-11-23T14:05:06Z")


async def test_many_rows_are_counted_until_their_kind_is_asked_for(copy: Copy) -> None:
    serial, _ = device(copy)
    brief = await copy.call("inventory_at", device=serial, when="now")
    whole = await copy.call("inventory_at", device=serial, when="now", kind="apps")
    assert brief["apps"] == f"{len(whole['apps'])} rows: ask with kind=apps"
    assert len(brief["local_users"]) > 3


async def test_a_name_is_found_whichever_apostrophe_is_typed(copy: Copy) -> None:
    names = [name for (name,) in copy.rows("SELECT device_name FROM devices WHERE device_name LIKE '%\u2019%'")]
    (name, *_) = (name for name in names if names.count(name) == 1)
    curly = await copy.call("inventory_at", device=name, when="now")
    assert curly == await copy.call("inventory_at", device=name.replace("\u2019", "'"), when="now")


async def test_a_cell_that_is_cut_is_said(copy: Copy) -> None:
    answer = await copy.call("inventory_query", sql="SELECT group_concat(bundle_id) FROM apps")
    assert not answer["complete"]
    assert answer["notes"] == ["1 cells are cut at 512 characters: use substr(), or rows instead of group_concat()"]
    whole = await copy.call("inventory_query", sql="SELECT substr(group_concat(bundle_id), 1, 512) FROM apps")
    assert whole["complete"]
    assert len(whole["rows"][0][0]) == 512


async def test_a_device_is_shown_as_it_was(copy: Copy) -> None:
    serial, device_id = device(copy)
    before = copy.rows("SELECT asset_tag FROM devices WHERE device_id = :id", id=device_id)[0][0]
    planted = Planted()
    planted.plant("devices", {"device_id": device_id}, put(asset_tag="NEW"))
    copy.tenant.edits.append(planted)
    copy.now = LATER
    await copy.sync()
    then = await copy.call("inventory_at", device=serial, when="2026-11-23T12:30:00Z")
    now = await copy.call("inventory_at", device=serial, when="now")
    assert (then["devices"][0]["asset_tag"], now["devices"][0]["asset_tag"]) == (before, "NEW")
    whole = await copy.call("inventory_at", device=serial, when="now", kind="apps")
    assert set(whole) <= {"copy", "device", "as_of", "apps", "notes", "complete"}
    assert "No sync had finished" in await copy.refused("inventory_at", device=serial, when="2020-01-01")


async def test_a_device_that_is_not_there_is_said(copy: Copy) -> None:
    assert "no such device" in await copy.refused("inventory_changes", device="NOSUCH")
    assert "More than one" in await copy.refused("inventory_changes", device="Studio Mac")


async def test_the_graph_leads_from_a_person_to_what_they_hold(copy: Copy) -> None:
    email, held = copy.rows(
        "SELECT user_email, count(*) FROM devices WHERE user_email IS NOT NULL GROUP BY 1 ORDER BY 2 DESC LIMIT 1"
    )[0]
    answer = await copy.call("inventory_graph", around=email)
    assert len([node for node in answer["nodes"] if node["type"] == "device"]) == held
    assert {edge[1] for edge in answer["edges"]} == {"ASSIGNED"}
    further = await copy.call("inventory_graph", around=email, hops=2)
    assert {"account", "blueprint", "app"} <= {node["type"] for node in further["nodes"]}
    numbers = {node["n"] for node in further["nodes"]}
    assert all(edge[0] in numbers and edge[2] in numbers for edge in further["edges"])


async def test_the_graph_leads_from_a_cve_to_the_app_that_has_it(copy: Copy) -> None:
    cve, app = copy.rows("SELECT cve_id, name FROM detections ORDER BY 1 LIMIT 1")[0]
    answer = await copy.call("inventory_graph", around=cve)
    assert app in {node["name"] for node in answer["nodes"] if node["type"] == "app"}
    assert "nothing of that name" in await copy.refused("inventory_graph", around="nowhere")


async def test_open_alerts_are_listed_worst_first(copy: Copy) -> None:
    await judge(copy.path, load(), copy.now)
    answer = await copy.call("inventory_alerts")
    order = ["critical", "high", "medium", "low"]
    ranks = [order.index(item["severity"]) for item in answer["items"]]
    assert ranks
    assert ranks == sorted(ranks)


async def test_alerts_are_narrowed_and_counted(copy: Copy) -> None:
    await judge(copy.path, load(), copy.now)
    everything = await copy.call("inventory_alerts", limit=500)
    counts = everything["summary"]["open"]
    assert everything["complete"]
    assert sum(rule["alerts"] for rule in counts.values()) == everything["total"] == len(everything["items"])
    some = await copy.call("inventory_alerts", limit=1)
    assert not some["complete"]
    assert (len(some["items"]), some["summary"]["open"]) == (1, counts)
    for rule, held in counts.items():
        of_rule = await copy.call("inventory_alerts", rule=rule)
        assert {(item["rule"], item["severity"]) for item in of_rule["items"]} == {(rule, held["severity"])}
        assert of_rule["total"] == held["alerts"]
    worst = [item for item in everything["items"] if item["severity"] == "critical"]
    assert worst
    assert (await copy.call("inventory_alerts", severity="critical"))["items"] == worst
    serial = worst[0]["row"]["devices"][0]["serial_number"]
    rows = [(item, item["row"].get("devices", [item["row"]])) for item in everything["items"]]
    of_one = [item for item, devices in rows if serial in {device["serial_number"] for device in devices}]
    assert (await copy.call("inventory_alerts", device=serial))["items"] == of_one


async def test_privacy_mode_shows_no_name_from_the_copy(copy: Copy) -> None:
    await judge(copy.path, load(), copy.now)
    serial, device_id = device(copy)
    name, email = copy.rows("SELECT device_name, user_email FROM devices WHERE device_id = :id", id=device_id)[0]
    said = ""
    async with copy.agent(Privacy("a key")) as agent:
        for tool, arguments in (
            ("inventory_at", {"device": serial, "when": "now"}),
            ("inventory_graph", {"around": serial, "hops": 1}),
            ("inventory_alerts", {}),
            ("inventory_changes", {}),
        ):
            said += json.dumps(await agent.ask(tool, **arguments), ensure_ascii=False)
    assert not [word for word in (serial, name, email) if word and word in said]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_one_moving_line_on_a_terminal_and_plain_lines_elsewhere() -> None:
    moments = iter([1.0, 2.0, 10.0] * 2)
    terminal, plain = Terminal(), io.StringIO()
    for out in (terminal, plain):
        log = Log(out, clock=lambda: next(moments))
        for rows in (300, 600, 1_000):
            log.progress("devices", rows, 1_000)
        log.write("done\nindeed")
    assert terminal.getvalue().count("\r") >= 3
    assert "[####" in terminal.getvalue()
    assert "devices 1,000 of 1,000; " in plain.getvalue()
    assert not {"\r", "#"} & set(plain.getvalue())
    assert [line.split(" ", 1)[1] for line in plain.getvalue().splitlines()[-2:]] == ["done", "indeed"]
    assert all(re.match(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ ", line) for line in plain.getvalue().splitlines())
