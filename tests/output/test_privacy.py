"""In privacy mode no person, device, serial number or address leaves, and an investigation still joins up."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iru_mcp.output.privacy import Privacy
from iru_mcp.output.pseudonyms import Cipher
from iru_mcp.tools.kit.catalogue import catalogue
from tests.conftest import MOMENT, Agent, Over, Remembering, text_of, unlimited

KEY = "a key for the tests"
MAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w+")


@pytest.fixture(scope="module")
def made_up() -> Remembering:
    return Remembering(unlimited(devices=120, now=MOMENT))


@pytest.fixture
async def plain(over: Over, made_up: Remembering) -> AsyncIterator[Agent]:
    async with over(made_up) as agent:
        yield agent


@pytest.fixture
async def hidden(over: Over, made_up: Remembering) -> AsyncIterator[Agent]:
    async with over(made_up, privacy=Privacy(KEY)) as agent:
        yield agent


async def test_a_walk_by_pseudonym_reaches_the_same_facts(plain: Agent, hidden: Agent) -> None:
    real = (await plain.ask("list_devices", platform="mac", limit=12))["items"]
    shown = (await hidden.ask("list_devices", platform="mac", limit=12))["items"]
    everywhere = [row["device_name"] for row in (await plain.ask("list_devices", limit=200))["items"]]
    for seen, named in zip(real, shown, strict=True):
        assert seen["os_version"] == named["os_version"]
        for by in (
            ("serial_number", "device_name") if everywhere.count(seen["device_name"]) == 1 else ("serial_number",)
        ):
            held = await hidden.ask("get_device_details", device=named[by])
            assert held["device_id"] == (await plain.ask("get_device_details", device=seen[by]))["device_id"]
    owner = next(row["user_email"] for row in shown if "user_email" in row)
    held = await hidden.ask("find_devices_for_user", email=owner)
    assert {row["user_email"] for row in held["items"] if "user_email" in row} <= {owner}
    assert held["items"]


async def test_nothing_that_names_a_person_or_device_leaves_by_any_tool(plain: Agent, hidden: Agent) -> None:
    devices = (await plain.ask("list_devices", platform="mac", limit=100, fields="device_name,serial_number"))["items"]
    users = (await plain.ask("list_users", limit=100))["items"]
    names = {user["name"] for user in users if "name" in user} | {row["serial_number"] for row in devices}
    names |= {row["device_name"] for row in devices if "\u2019" in row["device_name"]}
    serial, email = devices[0]["serial_number"], users[0]["email"]
    for tool in catalogue().values():
        known = {"device": serial, "email": email, "kind": "custom_apps", "cve_id": "CVE-2026-40117"}
        wanted = tool.input_schema.get("required", [])
        result = await hidden.call(tool.name, **{name: known.get(name, "x") for name in wanted})
        out = text_of(result) + json.dumps(result.structured_content)
        assert not MAIL.search(out), tool.name
        assert not re.search(r"/Users/(?!person-|Shared)\w", out), tool.name
        assert not [name for name in names if name in out], tool.name


async def test_an_error_names_no_one_either(plain: Agent, hidden: Agent) -> None:
    rows = (await plain.ask("list_devices", platform="mac", limit=50))["items"]
    row = next(row for row in rows if "\u2019" in row["device_name"])
    text = await hidden.refused("get_device_details", device=row["serial_number"][:-1])
    assert row["serial_number"] not in text
    assert row["device_name"] not in text
    assert not MAIL.search(text)


async def test_a_pseudonym_of_another_key_is_refused(hidden: Agent) -> None:
    other = Privacy("quite another key")
    stranger = other.answer({"serial_number": "C02XK1ZYJG5H"})["serial_number"]
    assert "IRU_PRIVACY_KEY" in await hidden.refused("get_device_details", device=stranger)


@pytest.mark.parametrize(
    "text",
    [
        "ssh ada@corp.example from 10.1.2.3",
        "/Users/ada.lovelace/Library/x.plist",
        "open C:\\Users\\ada\\AppData",
        "/home/ada/.ssh/id",
        "ether 02:6e:63:48:61:12 up",
        "fe80::1c2d:3e4f:5a6b:7c8d on en0",
        "Ada Lovelace changed it",
        "ADA LOVELACE and NWJ3LQ1WPJ",
        "Ada\u2019s MacBook Pro is lost",
    ],
)
def test_names_in_free_text_are_found(text: str) -> None:
    privacy = Privacy(KEY)
    privacy.learn([{"email": "ada@corp.example", "name": "Ada Lovelace"}, {"serial_number": "NWJ3LQ1WPJ"}])
    privacy.learn({"device_name": "Ada\u2019s MacBook Pro"})
    out = privacy.answer({"log": text, text: 1})
    shown = json.dumps(out, ensure_ascii=False).casefold()
    for word in ("ada", "lovelace", "nwj3", "10.1.2.3", "02:6e", "fe80"):
        assert word not in re.sub(r"-[a-z2-7]{28,}", "", shown)
    assert privacy.answer(out) == out
    assert privacy.arguments(out)["log"].casefold() == text.casefold()


def test_what_names_nobody_survives() -> None:
    kept = {
        "team_id": "Q6L2SF6YDW",
        "version": "10.12.3.1",
        "path": "/Users/Shared/x",
        "bundle_id": "com.apple.Safari",
        "owner": "root",
        "model": "MacBook Pro (14-inch, M4, 2024)",
        "device_id": "daeb5840-995b-400e-9787-a8c15499f31d",
        "last_check_in": "2026-11-11T01:55:44Z",
        "command": "curl http://203.0.113.9/x.sh; ping 127.0.0.1",
        "next_cursor": "WyIwNDVj",
        "blueprint_name": "Standard Mac",
        "name": "Google Chrome",
        "count": 3,
    }
    privacy = Privacy(KEY)
    privacy.learn([{"device_name": "MacBook Pro"}, {"username": "root"}, {"username": "_spotlight"}])
    assert privacy.answer({"items": [kept]}) == {"items": [kept]}


@given(st.text(min_size=1, max_size=100), st.sampled_from(["person", "mail", "serial"]))
def test_a_code_opens_as_what_was_sealed_under_its_key_and_kind_only(value: str, kind: str) -> None:
    cipher = Cipher(b"one")
    value = value.encode("utf-8", "replace")[:100].decode("utf-8", "ignore")
    code = cipher.seal(kind, value)
    assert cipher.open(kind, code) == value
    assert code == Cipher(b"one").seal(kind, value)
    assert cipher.open("device", code) != value
    assert Cipher(b"two").open(kind, code) is None


LEARNED = (
    {"email": "mira.castellane@corp.example", "name": "Mira Castellane"},
    {"device_name": "Mira\u2019s MacBook Pro", "serial_number": "C02XK1ZYJG5H", "mac_address": "02:6e:63:48:61:12"},
    {"device_name": "macbook-air-00223", "ip_address": "203.0.113.77"},
)


@pytest.mark.parametrize(
    "text",
    [
        "Mira Castellane.pdf",
        "/Users/mira/Library/x",
        "/Volumes/Backup/mira/x",
        "saved as C02XK1ZYJG5H.log",
        "logC02XK1ZYJG5Hv2.txt",
        "cn=com.corp.c02xk1zyjg5h-mdm",
        "miras-mbp.local",
        "Miras-MacBook-Pro.local is up",
        "Castellane, Mira",
        "CASTELLANE_MIRA",
        "mira.castellane and mcastellane",
        "Mira's MacBook Pro",
        "Mira\u02bcs MacBook\u00a0Pro",
        "<b>Mira Castellane</b>",
        "CORP\\mira",
        "to/from Mira Castellane/IT",
        "lladdr 026e63486112 reachable",
        "02-6E-63-48-61-12",
        "from ::ffff:10.1.2.3 to 10.1.2.4:443",
        "seen at 203.0.113.77:22",
        "macbook-air-00223 enrolled",
        "MIRA\u0301 CASTELLANE",
        "\uff2d\uff29\uff32\uff21 castellane",
    ],
)
def test_a_learned_name_is_found_whatever_stands_around_it(text: str) -> None:
    privacy = Privacy(KEY)
    privacy.learn(list(LEARNED))
    out = privacy.answer({"log": text, "items": [{"unknown_key": text}]})
    shown = re.sub(r"(person|SER|device|address)-[a-z2-7]{28,}", "", json.dumps(out, ensure_ascii=False)).casefold()
    for word in ("mira", "castellane", "xk1zy", "6e", "10.1.2", "203.0", "00223", "\uff2d"):
        assert word not in shown
    assert privacy.answer(out) == out


@pytest.mark.parametrize(
    ("field", "shortest"),
    [
        ("user_name", "miro"),
        ("user_name", "jo li"),
        ("device_name", "zorro"),
        ("device_name", "a b c d e"),
        ("serial_number", "ab12345"),
        ("user_email", "annah@northwind.example"),
        ("user_email", "a.b@northwind.example"),
    ],
)
def test_a_learned_name_is_found_in_text_from_the_length_on_that_tells_it_from_a_word(
    field: str, shortest: str
) -> None:
    name, _, domain = shortest.partition("@")
    assert name not in _told_after_learning(field, shortest, name)
    if " " not in name and "." not in name:
        shorter = name[:-1]
        assert shorter in _told_after_learning(field, shorter + ("@" + domain if domain else ""), shorter)


def _told_after_learning(field: str, value: str, name: str) -> str:
    privacy = Privacy(KEY)
    privacy.learn({field: value})
    told: str = privacy.answer({"log": f"opened by {name} at noon"})["log"]
    return told


NAMING = {
    "enabled_by": "Jane Roe",
    "disabled_by": "CORP/Jane <Roe>",
    "released_by": "Jane Roe",
    "author": "Jane Roe",
    "assigned_user": "Jane Roe",
    "dns_computer_name": "JANE-ROE-PC",
    "lock_screen_phone_number": "+15551234567",
    "phone_number_slot_1": "+15551234567",
    "iccid_slot_1": "8901260000000000001",
    "eid_slot_1": "89049032000001000000001234567890",
    "imei_slot_1": "35 673008 397160 8",
    "udid": "00008020-0015308c11a1402e",
    "device_name": "Jane/Roe <mac>",
}


@pytest.mark.parametrize("field", NAMING)
def test_a_field_that_names_someone_never_leaves_in_clear(field: str) -> None:
    privacy = Privacy(KEY)
    out = privacy.answer({"items": [{field: NAMING[field]}]})
    assert re.fullmatch(r"(person|SER|device)-[a-z2-7]{28,}", out["items"][0][field])
    assert privacy.arguments(out)["items"][0][field].casefold() == NAMING[field].casefold()


@pytest.mark.parametrize(
    "address",
    ["203.0.113.9", "::ffff:203.0.113.9", "2001:db8::7", "02:6e:63:48:61:12", "10.1.2.3, 203.0.113.9", "Mira's router"],
)
def test_the_address_of_a_device_never_leaves_in_clear_however_it_is_written(address: str) -> None:
    out = Privacy(KEY).answer({"items": [{"ip_address": address}]})
    assert re.fullmatch(r"(::ffff:)?address-[a-z2-7]{28,}", out["items"][0]["ip_address"])


def test_a_mobiles_hardware_uuid_and_the_name_of_a_vulnerable_device_are_hidden_and_an_apps_name_is_not() -> None:
    row = {"device_id": "d1", "name": "Jane Roe's MacBook Air", "serial_number": "MACSER000001", "assigned_user": "J R"}
    app = {"device__name": "x-mac-77123", "serial_number": "MACSER000001", "name": "Firefox", "bundle_id": "a.b"}
    mobile = {"hardware_overview": {"uuid": "00008020-0015308c11a1402e"}}
    out = Privacy(KEY).answer({"devices": [row], "apps": [app], "mobile": mobile})
    assert "Roe" not in json.dumps(out)
    assert "0015308c" not in json.dumps(out)
    assert out["apps"][0]["name"] == "Firefox"


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("list_users", {"name": "mi"}),
        ("list_users", {"email": "a@"}),
        ("list_devices", {"device_name": "mac"}),
        ("list_devices", {"serial_number": "C0"}),
        ("list_devices", {"user_email": "ada@corp.example"}),
        ("prism_local_users", {"username": "a"}),
        ("prism_local_users", {"filter": {"username": {"like": ["a"]}}}),
        ("prism_local_users", {"filter": '{"full_name": {"like": ["a"]}}'}),
        ("find_devices_for_user", {"email": "mira"}),
        ("list_enrollment_devices", {"serial_number": "C0"}),
    ],
)
async def test_a_filter_on_parts_of_hidden_names_takes_whole_pseudonyms_only(
    hidden: Agent, tool: str, arguments: dict[str, Any]
) -> None:
    assert "whole pseudonym" in await hidden.refused(tool, **arguments)


async def test_a_whole_pseudonym_filters_names(hidden: Agent) -> None:
    user = next(row for row in (await hidden.ask("list_users", limit=20))["items"] if "name" in row)
    assert user in (await hidden.ask("list_users", name=user["name"]))["items"]
    device = (await hidden.ask("list_devices", platform="mac", limit=1))["items"][0]
    found = await hidden.ask("list_devices", device_name=device["device_name"], serial_number=device["serial_number"])
    assert [row["serial_number"] for row in found["items"]] == [device["serial_number"]]


def test_who_does_not_ask_for_privacy_does_not_load_the_cipher() -> None:
    check = "import sys, iru_mcp.config.account; sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


async def test_parts_of_a_name_inside_other_text_do_not_match(plain: Agent, hidden: Agent) -> None:
    rows = (await plain.ask("prism_launch_agents_and_daemons", path="/Users/", limit=200))["items"]
    path = next(row["path"] for row in rows if re.match(r"/Users/(?!Shared)[\w.]{3,}/\w+", row["path"]))
    home, below = "/".join(path.split("/")[:3]), path.split("/", 3)[3]
    for part in (home[:-1], home[-2:] + "/" + below):
        assert (await plain.ask("prism_launch_agents_and_daemons", path=part, limit=5))["returned"], (
            "in clear it matches"
        )
        for arguments in ({"path": part}, {"path": part, "limit": 0}, {"filter": {"path": {"like": [part]}}}):
            answer = await hidden.ask("prism_launch_agents_and_daemons", **arguments)
            assert (answer["returned"], answer.get("total", 0)) == (0, 0)
    shown = await hidden.ask("prism_launch_agents_and_daemons", path=below)
    whole = next(row["path"] for row in shown["items"])
    assert whole in [row["path"] for row in (await hidden.ask("prism_launch_agents_and_daemons", path=whole))["items"]]


@pytest.mark.parametrize("filter_", ["target", "changed"])
async def test_an_audited_change_is_not_found_by_a_part_of_a_hidden_name(
    plain: Agent, hidden: Agent, filter_: str
) -> None:
    users = {"since": "30d", "target_type": "user"}
    row = (await plain.ask("list_audit_events", **users, limit=1))["items"][0]
    name = row["new_state"]["name"]
    first, last = name.split()
    for part in (name[:-1], name[1:], first, last, last[:-1], last[1:], f"{first[-2:]} {last[:2]}"):
        found = await plain.ask("list_audit_events", **users, **{filter_: part})
        assert row["target_id"] in [one["target_id"] for one in found["items"]], "in clear it matches"
        answer = await hidden.ask("list_audit_events", **users, **{filter_: part})
        assert row["target_id"] not in [one["target_id"] for one in answer["items"]], part
    shown = (await hidden.ask("list_audit_events", **users, limit=1))["items"][0]
    pseudonym = shown["new_state"]["name"]
    assert pseudonym.startswith("person-")
    whole = (await hidden.ask("list_audit_events", **users, **{filter_: pseudonym}))["items"]
    assert shown in whole
    assert {one["new_state"]["name"] for one in whole} == {pseudonym}


async def test_an_indicator_is_not_found_by_a_part_of_a_name(plain: Agent, hidden: Agent) -> None:
    user = next(row for row in (await plain.ask("list_users", limit=20))["items"] if len(row["name"].split()[0]) > 4)
    part = user["name"].split()[0][:-1].lower()
    assert "no hit" not in json.dumps(await plain.ask("find_indicator", value=part))
    await hidden.ask("list_users", limit=200)
    await hidden.ask("list_devices", limit=200)
    answer = await hidden.ask("find_indicator", value=part)
    assert "no hit in any place that was looked at" in answer["notes"], answer


async def test_a_filter_for_a_part_of_a_name_in_a_path_is_answered_like_one_that_nothing_has(
    plain: Agent, hidden: Agent
) -> None:
    row = next(
        row
        for row in (await plain.ask("prism_local_users", type="Standard", limit=50))["items"]
        if str(row.get("home_directory", "")).startswith("/Users/")
    )
    part = row["home_directory"].removesuffix(row["home_directory"][-2:])
    for column, tool in (("home_directory", "prism_local_users"), ("path", "prism_launch_agents_and_daemons")):
        nothing = await hidden.ask(tool, filter={column: {"like": ["/Users/zqxzq"]}})
        something = await hidden.ask(tool, filter={column: {"like": [part]}})
        assert something["items"] == []
        told = [{**answer, "cached_seconds": 0} for answer in (something, nothing)]
        assert told[0] == told[1]
    assert (await plain.ask("prism_local_users", filter={"home_directory": {"like": [part]}}))["items"]
