"""Rules fire once and resolve when their finding is gone; the webhook gets each event once, signed."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from iru_mcp.cli.inventory import as_shown
from iru_mcp.config.settings import Settings
from iru_mcp.errors import ConfigError, UsageError
from iru_mcp.inventory.alerts.decisions import acknowledge, mute
from iru_mcp.inventory.alerts.evaluate import Verdict, judge, listed
from iru_mcp.inventory.alerts.rules import load
from iru_mcp.inventory.alerts.webhook import SIGNATURE, Delivery, Webhook, check, deliver, set_aside
from iru_mcp.inventory.store import reader

from .conftest import LATER, NOW, Copy
from .planted import Change, Planted, device, nothing, put, with_new
from .test_query import TRIM
from .test_verbs import Shell

pytestmark = pytest.mark.anyio


async def ask(copy: Copy, **options: Any) -> Verdict:
    return await judge(copy.path, load(), copy.now, **options)


def said(verdict: Verdict) -> list[tuple[str, str, str | None]]:
    """Each event with its rule and the first device of its finding."""
    rows = [(event, event["row"].get("devices", [event["row"]])[0]) for event in verdict.events]
    return [(event["event"], event["rule"], row.get("serial_number")) for event, row in rows]


def opened(copy: Copy, rule: str) -> list[dict[str, Any]]:
    with reader(copy.path) as db:
        return listed(db, rule=rule)


async def step(copy: Copy, planted: Planted | None) -> Verdict:
    """A further full sync with these edits in force, and its rules."""
    copy.tenant.edits = [planted] if planted else []
    copy.now = LATER if copy.now == NOW else copy.now.replace(hour=23)
    await copy.sync(full=True)
    return await ask(copy)


UNSIGNED = with_new(
    label="org.evil.agent",
    path="/Library/LaunchAgents/org.evil.plist",
    program_arguments="/Users/Shared/.hidden/agent --quiet",
)
SIGNED = with_new(
    label="us.zoom.more",
    path="/Library/LaunchAgents/us.zoom.more.plist",
    program_arguments="/System/Applications/Mail.app/Contents/MacOS/Mail",
)
PLANTED: dict[str, tuple[str, dict[str, Any], Change]] = {
    "new-local-admin": ("local_users", {"username": "root"}, put(type="Administrator")),
    "filevault-turned-off": ("filevault", {"status": True}, put(status=False)),
    "agent-silent": ("devices", {}, put(last_check_in="2026-10-01T00:00:00.000000Z")),
    "new-unsigned-login-item": ("launch_agents_and_daemons", {"label": "com.apple.AirPlayXPCHelper"}, UNSIGNED),
    "device-unassigned": ("devices", {}, put(user="")),
    "removed-from-mdm": ("devices", {}, put(mdm_enabled=False)),
}


async def test_each_built_in_rule_fires_once_and_resolves(copy: Copy) -> None:
    await ask(copy)
    ordinary = copy.rows(
        "SELECT d.device_id, d.serial_number FROM devices d JOIN filevault f USING (device_id) "
        "JOIN users u ON u.id = d.user_id WHERE f.status AND NOT u.archived AND d.agent_installed "
        "AND d.last_check_in > '2026-11-20' AND d.mdm_enabled"
    )
    planted = Planted()
    found: set[tuple[str, str]] = set()
    for (rule, (table, where, change)), (device_id, serial) in zip(PLANTED.items(), ordinary, strict=False):
        planted.plant(table, where | {"device_id": device_id}, change)
        found.add((rule, serial))
    assert len(found) == len(PLANTED)
    assert sorted(said(await step(copy, planted))) == sorted(("opened", *one) for one in found)
    assert said(await ask(copy)) == [], "once"
    assert sorted(said(await step(copy, None))) == sorted(("resolved", *one) for one in found)


async def test_malware_that_is_not_quarantined_is_an_alert_until_it_is(copy: Copy) -> None:
    await ask(copy)
    (alert,) = opened(copy, "threat-not-quarantined")
    assert alert["severity"] == "critical"
    (serial,) = {device["serial_number"] for device in alert["row"]["devices"]}
    planted = Planted()
    for (number,) in copy.rows("SELECT id FROM threats WHERE status = 'not_quarantined'"):
        planted.plant("threat-details", {"id": number}, put(status="QUARANTINED"))
    events = (await step(copy, planted)).events
    (event,) = [event for event in events if event["rule"] == "threat-not-quarantined"]
    assert (event["event"], event["why"]) == ("resolved", "the rule no longer finds it")
    assert event["row"]["devices"][0]["serial_number"] == serial


async def test_the_first_sync_is_one_summary(copy: Copy) -> None:
    (event,) = (await ask(copy)).events
    assert event["event"] == "summary"
    assert sum(event["opened"].values()) == len(opened(copy, ""))
    assert event["say"].startswith("open at the first sync: ")


async def test_what_has_one_cause_is_one_alert_with_its_devices(copy: Copy) -> None:
    await ask(copy)
    (alert,) = [one for one in opened(copy, "known-exploited-cve") if one["row"]["cve_id"] == "CVE-2026-40117"]
    affected = copy.rows("SELECT DISTINCT device_id FROM detections WHERE cve_id = 'CVE-2026-40117'")
    assert {device["device_id"] for device in alert["row"]["devices"]} == {row[0] for row in affected}
    assert f"on {len(affected)} devices: " in alert["say"]

    planted = Planted()
    gone = affected[0][0]
    planted.plant("detections", {"device_id": gone, "cve_id": "CVE-2026-40117"}, nothing)
    (event,) = [one for one in (await step(copy, planted)).events if one["rule"] == "known-exploited-cve"]
    assert (event["event"], event["added"], event["gone"]) == ("changed", [], [gone])


async def test_a_signed_login_item_that_is_rolled_out_to_twelve_macs_is_no_alert(copy: Copy) -> None:
    await ask(copy)
    planted = Planted()
    macs = copy.rows("SELECT DISTINCT device_id FROM launch_items ORDER BY 1 LIMIT 12")
    rolled_out = with_new(
        label="us.zoom.rollout", path="/Library/LaunchAgents/us.zoom.rollout.plist", program_arguments="/opt/zoom/agent"
    )
    for (device_id,) in macs:
        planted.plant(
            "launch_agents_and_daemons", {"device_id": device_id, "label": "com.apple.AirPlayXPCHelper"}, rolled_out
        )
    assert said(await step(copy, planted)) == []
    assert len(copy.rows("SELECT * FROM launch_items WHERE label = 'us.zoom.rollout'")) == 12


SEVERITIES = {
    "/Users/Shared/.hidden/agent": "high",
    "/private/tmp/x": "high",
    "/bin/bash, -c, curl https://c2.example": "high",
    "/usr/bin/osascript -e quit": "high",
    "/opt/unknown/agent": "medium",
}


async def test_a_login_item_is_as_severe_as_where_it_runs(copy: Copy) -> None:
    await ask(copy)
    planted = Planted()
    expected = []
    for place, (command, severity) in enumerate(SEVERITIES.items()):
        serial, device_id = device(copy, place)
        expected.append((serial, "new-unsigned-login-item", severity))
        label = f"org.unknown.{place}"
        item = with_new(label=label, path=f"/Library/LaunchAgents/{label}.plist", program_arguments=command)
        planted.plant(
            "launch_agents_and_daemons", {"device_id": device_id, "label": "com.apple.AirPlayXPCHelper"}, item
        )
    found = [
        (event["row"].get("devices", [event["row"]])[0]["serial_number"], event["rule"], event["severity"])
        for event in (await step(copy, planted)).events
    ]
    assert sorted(found) == sorted(expected)


async def test_an_acknowledged_alert_says_nothing_of_changes_until_its_end(copy: Copy) -> None:
    await ask(copy)
    (alert,) = [one for one in opened(copy, "known-exploited-cve") if one["row"]["cve_id"] == "CVE-2026-40117"]
    acknowledge(copy.path, alert["alert"], "patch on Friday", copy.now + timedelta(days=30))
    planted = Planted()
    planted.plant("detections", {"device_id": alert["row"]["devices"][0]["device_id"]}, nothing)
    assert "changed" not in {event["event"] for event in (await step(copy, planted)).events}
    (kept,) = [one for one in opened(copy, "known-exploited-cve") if one["alert"] == alert["alert"]]
    assert kept["acknowledged_why"] == "patch on Friday"
    with pytest.raises(UsageError, match="no open alert"):
        acknowledge(copy.path, 99_999, "x", copy.now)


async def test_a_muted_rule_is_told_when_its_mute_ends(copy: Copy) -> None:
    await ask(copy)
    mute(copy.path, "removed-from-mdm", "migration", copy.now + timedelta(hours=12), copy.now)
    serial, device_id = device(copy)
    planted = Planted()
    planted.plant("devices", {"device_id": device_id}, put(mdm_enabled=False))
    copy.tenant.edits = [planted]
    await copy.sync(full=True)
    assert said(await ask(copy)) == []
    assert [one["row"]["serial_number"] for one in opened(copy, "removed-from-mdm")] == [serial]
    copy.now += timedelta(hours=13)
    assert said(await ask(copy)) == [("opened", "removed-from-mdm", serial)]


async def test_a_rule_that_hangs_inside_a_function_of_sqlite_is_stopped_in_time(
    copy: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iru_mcp.inventory.alerts.findings._SECONDS", 0.5)
    own = tmp_path / "rules.toml"
    own.write_text(f"[[rule]]\nname = 'hungry'\nseverity = 'low'\nsay = 'x'\nsql = \"\"\"{TRIM}\"\"\"\n")
    began = time.monotonic()
    verdict = await judge(
        copy.path, [rule for rule in load(str(own)) if rule.name in {"hungry", "removed-from-mdm"}], copy.now
    )
    assert time.monotonic() - began < 30
    assert verdict.problems == {"hungry": "The statement took too long. Narrow it with WHERE, or aggregate fewer rows."}


async def test_a_sync_without_the_custom_rules_does_not_resolve_their_alerts(copy: Copy, tmp_path: Path) -> None:
    own = tmp_path / "rules.toml"
    own.write_text(CHESS)
    await judge(copy.path, load(str(own)), copy.now)
    found = len(opened(copy, "chess"))
    assert found > 10
    await ask(copy)
    assert len(opened(copy, "chess")) == found


async def test_a_device_that_is_gone_says_so_as_its_reason(copy: Copy) -> None:
    await ask(copy)
    _, device_id = device(copy)
    planted = Planted()
    planted.plant("devices", {"device_id": device_id}, put(user=""))
    await step(copy, planted)
    gone = Planted()
    gone.plant("devices", {"device_id": device_id}, nothing)
    events = (await step(copy, gone)).events
    (why,) = [event["why"] for event in events if event["rule"] == "device-unassigned"]
    assert why == "Iru no longer lists the device"


async def test_a_login_item_inside_a_signed_app_is_no_alert(copy: Copy) -> None:
    await ask(copy)
    _, device_id = device(copy)
    planted = Planted()
    where = {"label": "com.apple.AirPlayXPCHelper", "device_id": device_id}
    planted.plant("launch_agents_and_daemons", where, SIGNED)
    assert said(await step(copy, planted)) == []
    assert copy.rows("SELECT what FROM changes WHERE kind = 'launch_items'") == [("appeared",)]


async def test_a_device_that_is_gone_is_an_alert(copy: Copy) -> None:
    await ask(copy)
    serial, device_id = device(copy)
    planted = Planted()
    planted.plant("devices", {"device_id": device_id}, nothing)
    assert ("opened", "removed-from-mdm", serial) in said(await step(copy, planted))


async def test_exploited_cves_are_narrowed_to_a_group(copy: Copy, tmp_path: Path) -> None:
    await ask(copy)
    blueprint = opened(copy, "known-exploited-cve")[0]["row"]["devices"][0]["blueprint_name"]
    own = tmp_path / "rules.toml"
    own.write_text(f'[[rule]]\nname = "known-exploited-cve"\nparams = {{ group = "{blueprint}" }}\n')
    await judge(copy.path, load(str(own)), copy.now)
    left = await copy.call("inventory_alerts")
    found = [item for item in left["items"] if item["rule"] == "known-exploited-cve"]
    assert found
    assert {device["blueprint_name"] for item in found for device in item["row"]["devices"]} == {blueprint}


async def test_an_alert_does_not_resolve_because_its_kind_could_not_be_read(copy: Copy) -> None:
    await ask(copy)
    _, device_id = device(copy)
    planted = Planted()
    planted.plant("local_users", {"device_id": device_id, "username": "root"}, put(type="Administrator"))
    await step(copy, planted)

    copy.tenant.refuse = lambda request: (
        httpx.Response(403, request=request, stream=httpx.ByteStream(b"{}"))
        if request.url.path.endswith("local_users")
        else None
    )
    verdict = await step(copy, None)
    assert verdict.events == []
    assert "local_users could not be copied" in verdict.problems["new-local-admin"]


CHESS = (
    '[[rule]]\nname = "chess"\nseverity = "low"\nsay = "{device_name} has {name}"\nkey = ["device_id"]\n'
    "sql = \"SELECT device_id, device_name, name FROM apps WHERE name = 'Chess'\"\n"
)


async def test_a_rule_of_ones_own_is_asked_and_a_built_in_one_can_be_switched_off(copy: Copy, tmp_path: Path) -> None:
    own = tmp_path / "rules.toml"
    own.write_text(f'{CHESS}[[rule]]\nname = "agent-silent"\nenabled = false\n')
    await judge(copy.path, load(str(own)), copy.now)
    found = opened(copy, "chess")
    assert len(found) > 10
    assert all(alert["say"].endswith("has Chess") for alert in found)
    assert opened(copy, "agent-silent") == []


GOOD = {"name": "'a'", "severity": "'low'", "say": "'x'", "sql": "'SELECT device_id FROM devices'"}


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ({"sqll": "'x'"}, "line 1: .*unknown part, sqll"),
        ({"name": "''"}, "line 1: .*no name"),
        ({"sql": "''"}, "the rule 'a' has no sql"),
        ({"severity": "'dire'"}, "unknown severity"),
        ({"needs": "['app']"}, "unknown table, app"),
        ({"enabled": "'yes'"}, "enabled of the rule 'a' is not true or false"),
        ({"params": "'7'"}, "params of the rule 'a' is not a table"),
        ({"params": "{ days = [1] }"}, "params.days of the rule 'a' is neither text nor a number"),
        ({"key": "'device_id'"}, "key of the rule 'a' is not a list of column names"),
        ({"key": "['serial']"}, "names serial, which its statement does not give"),
        ({"say": "'{owner} x'"}, "names owner, which"),
        ({"sql": "'DELETE FROM devices'"}, "does not run: .*DELETE"),
        ({"sql": "'SELECT no_such FROM devices'"}, "does not run: no such column: no_such"),
        ({"sql": "'SELECT :days AS device_id'"}, "does not run"),
    ],
)
def test_a_rule_with_a_mistake_is_refused_with_its_line(tmp_path: Path, parts: dict[str, str], problem: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text("[[rule]]\n" + "".join(f"{name} = {value}\n" for name, value in (GOOD | parts).items()))
    with pytest.raises(ConfigError, match=problem):
        load(str(path))


@pytest.mark.parametrize(
    ("text", "problem"),
    [("x = 1", "other than"), ("[[rule", "not TOML"), (CHESS + CHESS, "line 7: a second rule is named 'chess'")],
)
def test_a_file_that_is_no_file_of_rules_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=problem):
        load(str(path))


def test_the_built_in_rules_compile_and_name_columns_that_they_give(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text("".join(f'[[rule]]\nname = "{rule.name}"\nenabled = true\n' for rule in load()))
    assert len(load(str(path))) == 12


class Hook:
    """A webhook on loopback that answers with `answers` in turn, then 204."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.got: list[tuple[bytes, str]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = hook.answers.pop(0) if hook.answers else 204
                if status < 300:
                    hook.got.append((body, self.headers.get(SIGNATURE, "")))
                self.send_response(status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def hook() -> Iterator[Hook]:
    found = Hook()
    thread = threading.Thread(target=found.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


async def with_events(copy: Copy) -> list[dict[str, Any]]:
    """A copy whose second round has several events, which wait to be sent."""
    await ask(copy)
    planted = Planted()
    for (device_id,) in copy.rows("SELECT device_id FROM devices WHERE mdm_enabled ORDER BY 1 LIMIT 3"):
        planted.plant("devices", {"device_id": device_id}, put(mdm_enabled=False))
    copy.tenant.edits = [planted]
    await copy.sync(full=True)
    return (await ask(copy, keep=True)).events


def in_clear(event: Any) -> Any:
    return event


async def test_the_webhook_gets_each_event_once_and_signed(copy: Copy, hook: Hook) -> None:
    events = await with_events(copy)
    assert await deliver(copy.path, Webhook(hook.url, "shared"), in_clear, clock=lambda: 1_700_000_000.0) == Delivery(
        len(events), 0, 0
    )
    assert [json.loads(body) for body, _ in hook.got] == events
    body, signature = hook.got[0]
    mac = hmac.new(b"shared", b"1700000000." + body, hashlib.sha256).hexdigest()
    assert signature == f"t=1700000000,v1={mac}"
    assert await deliver(copy.path, Webhook(hook.url, "shared"), in_clear) == Delivery(0, 0, 0)


async def test_an_event_that_is_always_refused_is_set_aside_and_the_others_go_on(copy: Copy, hook: Hook) -> None:
    first, *others = await with_events(copy)
    hook.answers = [400]
    assert await deliver(copy.path, Webhook(hook.url), in_clear) == Delivery(len(others), 1, 0)
    assert [json.loads(body) for body, _ in hook.got] == others
    hook.answers = [400]
    assert await deliver(copy.path, Webhook(hook.url), in_clear) == Delivery(0, 1, 0)
    hook.answers = [400]
    assert await deliver(copy.path, Webhook(hook.url), in_clear) == Delivery(0, 0, 1)
    with reader(copy.path) as db:
        assert set_aside(db) == [first | {"refused": "the webhook answered 400"}]
    assert await deliver(copy.path, Webhook(hook.url), in_clear) == Delivery(0, 0, 0)


async def test_a_digest_is_one_request_with_all_events(copy: Copy, hook: Hook) -> None:
    events = await with_events(copy)
    assert await deliver(copy.path, Webhook(hook.url, digest=True), in_clear) == Delivery(len(events), 0, 0)
    assert [json.loads(body) for body, _ in hook.got] == [{"events": events}]


@pytest.mark.parametrize("digest", [False, True])
async def test_in_privacy_mode_the_webhook_gets_pseudonyms_where_the_event_names_someone(
    copy: Copy, hook: Hook, *, digest: bool
) -> None:
    await ask(copy)
    device_id, serial = copy.rows("SELECT device_id, serial_number FROM devices WHERE mdm_enabled ORDER BY 1")[0]
    planted = Planted()
    named = {
        "device_name": "Mira Castellane\u2019s Mac",
        "user": {"name": "Mira Castellane", "email": "mira@c.example"},
    }
    planted.plant("devices", {"device_id": device_id}, put(mdm_enabled=False, **named))
    copy.tenant.edits = [planted]
    await copy.sync(full=True)
    assert "Castellane" in json.dumps((await ask(copy, keep=True)).events)
    shown = as_shown(Settings(inventory=str(copy.path), privacy="pseudonyms", privacy_key=SecretStr("k" * 16)))
    sent = await deliver(copy.path, Webhook(hook.url, digest=digest), shown)
    assert (sent.sent > 0, sent.waiting) == (True, 0)
    text = b"".join(body for body, _ in hook.got).decode()
    assert not [name for name in ("Castellane", "Mira", "mira@", serial) if name in text]
    assert shown({"serial_number": serial})["serial_number"] in text


def test_sync_in_privacy_mode_tells_the_webhook_the_pseudonyms_that_it_prints(hook: Hook, tmp_path: Path) -> None:
    shell = Shell(tmp_path / "demo.sqlite3")
    shell("sync")
    private = {"IRU_PRIVACY": "pseudonyms", "IRU_PRIVACY_KEY": "a key for the tests of this"}
    printed = [
        json.loads(line)
        for line in shell("sync", settings=private | {"IRU_ALERT_WEBHOOK": hook.url}).stdout.splitlines()
    ]
    assert [json.loads(body) for body, _ in hook.got] == printed
    with reader(shell.file) as db:
        named = {serial for (serial,) in db.execute("SELECT serial_number FROM devices")}
        named |= {cell for row in db.execute("SELECT name, email FROM users") for cell in row if cell}
    text = json.dumps(printed, ensure_ascii=False)
    assert "SER-" in text
    assert not [name for name in named if name in text]


@pytest.mark.parametrize(
    "url", ["http://hooks.example/x", "ftp://hooks.example", "hooks.example", "https://acme.api.kandji.io/api/v1/x"]
)
def test_a_webhook_that_is_not_ones_own_https_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        check(url)
    assert check("https://hooks.example/x")
