"""Rules fire once and resolve when their finding is gone; the webhook gets each event once, signed."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from iru_mcp.errors import ConfigError
from iru_mcp.inventory.alerts.evaluate import Verdict, judge
from iru_mcp.inventory.alerts.rules import load
from iru_mcp.inventory.alerts.webhook import SIGNATURE, check, deliver

from .conftest import LATER, NOW, Copy
from .planted import Change, Planted, device, nothing, put, with_new

pytestmark = pytest.mark.anyio


def ask(copy: Copy, **options: Any) -> Verdict:
    return judge(copy.path, load(), copy.now, **options)


def said(verdict: Verdict) -> list[tuple[str, str, str | None]]:
    return [(event["event"], event["rule"], event["row"].get("serial_number")) for event in verdict.events]


async def step(copy: Copy, planted: Planted | None) -> Verdict:
    """A further full sync with these edits in force, and its rules."""
    copy.tenant.edits = [planted] if planted else []
    copy.now = LATER if copy.now == NOW else copy.now.replace(hour=23)
    await copy.sync(full=True)
    return ask(copy)


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
    "new-local-admin": ("local_users", {"username": "root"}, put(type="Admin")),
    "filevault-turned-off": ("filevault", {"status": True}, put(status=False)),
    "agent-silent": ("devices", {}, put(last_check_in="2026-10-01T00:00:00.000000Z")),
    "new-unsigned-login-item": ("launch_agents_and_daemons", {"label": "com.apple.AirPlayXPCHelper"}, UNSIGNED),
    "device-unassigned": ("devices", {}, put(user="")),
    "removed-from-mdm": ("devices", {}, put(mdm_enabled=False)),
}


@pytest.mark.parametrize("rule", PLANTED)
async def test_a_built_in_rule_fires_once_and_resolves(copy: Copy, rule: str) -> None:
    ask(copy)
    table, where, change = PLANTED[rule]
    serial, device_id = next(
        (serial, number)
        for serial, number in copy.rows(
            "SELECT d.serial_number, d.device_id FROM devices d JOIN filevault f USING (device_id) WHERE f.status "
            "AND d.user_id IS NOT NULL AND d.agent_installed AND d.last_check_in > '2026-11-20' AND d.mdm_enabled"
        )
    )
    planted = Planted()
    planted.plant(table, where | {"device_id": device_id}, change)
    assert said(await step(copy, planted)) == [("opened", rule, serial)]
    assert said(ask(copy)) == [], "once"
    assert said(await step(copy, None)) == [("resolved", rule, serial)]


async def test_malware_that_is_not_quarantined_is_an_alert_until_it_is(copy: Copy) -> None:
    opened = [event for event in ask(copy).events if event["rule"] == "threat-not-quarantined"]
    assert {event["severity"] for event in opened} == {"critical"}
    (serial,) = {event["row"]["serial_number"] for event in opened}
    planted = Planted()
    for (number,) in copy.rows("SELECT id FROM threats WHERE status = 'not_quarantined'"):
        planted.plant("threat-details", {"id": number}, put(status="QUARANTINED"))
    assert ("resolved", "threat-not-quarantined", serial) in said(await step(copy, planted))


async def test_a_login_item_inside_a_signed_app_is_no_alert(copy: Copy) -> None:
    ask(copy)
    _, device_id = device(copy)
    planted = Planted()
    where = {"label": "com.apple.AirPlayXPCHelper", "device_id": device_id}
    planted.plant("launch_agents_and_daemons", where, SIGNED)
    assert said(await step(copy, planted)) == []
    assert copy.rows("SELECT what FROM changes WHERE kind = 'launch_items'") == [("appeared",)]


async def test_a_device_that_is_gone_is_an_alert(copy: Copy) -> None:
    ask(copy)
    serial, device_id = device(copy)
    planted = Planted()
    planted.plant("devices", {"device_id": device_id}, nothing)
    assert ("opened", "removed-from-mdm", serial) in said(await step(copy, planted))


async def test_exploited_cves_are_narrowed_to_a_group(copy: Copy, tmp_path: Path) -> None:
    everyone = [event for event in ask(copy).events if event["rule"] == "known-exploited-cve"]
    blueprint = everyone[0]["row"]["blueprint_name"]
    own = tmp_path / "rules.toml"
    own.write_text(f'[[rule]]\nname = "known-exploited-cve"\nparams = {{ group = "{blueprint}" }}\n')
    judge(copy.path, load(str(own)), copy.now)
    left = await copy.call("inventory_alerts")
    found = [item for item in left["items"] if item["rule"] == "known-exploited-cve"]
    assert found
    assert {item["row"]["blueprint_name"] for item in found} == {blueprint}


async def test_an_alert_does_not_resolve_because_its_kind_could_not_be_read(copy: Copy) -> None:
    ask(copy)
    _, device_id = device(copy)
    planted = Planted()
    planted.plant("local_users", {"device_id": device_id, "username": "root"}, put(type="Admin"))
    await step(copy, planted)

    copy.tenant.refuse = lambda request: (
        httpx.Response(403, request=request, stream=httpx.ByteStream(b"{}"))
        if request.url.path.endswith("local_users")
        else None
    )
    verdict = await step(copy, None)
    assert verdict.events == []
    assert "local_users could not be copied" in verdict.problems["new-local-admin"]


async def test_a_rule_of_ones_own_is_asked_and_a_wrong_one_does_not_stop_the_others(copy: Copy, tmp_path: Path) -> None:
    own = tmp_path / "rules.toml"
    own.write_text(
        '[[rule]]\nname = "vlc"\nseverity = "low"\nsay = "{device_name} has {name}"\n'
        "sql = \"SELECT device_name, name FROM apps WHERE name = 'Chess'\"\n"
        '[[rule]]\nname = "wrong"\nseverity = "low"\nsay = "x"\nsql = "DELETE FROM devices"\n'
        '[[rule]]\nname = "agent-silent"\nenabled = false\n'
    )
    verdict = judge(copy.path, load(str(own)), copy.now)
    assert len([event for event in verdict.events if event["rule"] == "vlc"]) > 10
    assert all(event["say"].endswith("has Chess") for event in verdict.events if event["rule"] == "vlc")
    assert "not allowed" in verdict.problems["wrong"]
    assert "agent-silent" not in {event["rule"] for event in verdict.events}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("x = 1", "other than"),
        ("[[rule]]\n", "no name"),
        ('[[rule]]\nname = "a"\nsqll = "x"', "unknown part, sqll"),
        ('[[rule]]\nname = "a"\nsay = "x"\nseverity = "low"', "no sql"),
        ('[[rule]]\nname = "a"\nsay = "x"\nseverity = "dire"\nsql = "SELECT 1"', "unknown severity"),
        ('[[rule]]\nname = "a"\nsay = "x"\nseverity = "low"\nsql = "SELECT 1"\nneeds = ["app"]', "unknown kind"),
        ("[[rule", "not TOML"),
    ],
)
def test_a_file_of_rules_with_a_mistake_says_which(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=problem):
        load(str(path))


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


async def test_the_webhook_gets_each_event_once_and_signed(copy: Copy, hook: Hook) -> None:
    events = ask(copy, keep=True).events
    assert await deliver(copy.path, hook.url, "shared", clock=lambda: 1_700_000_000.0) == (len(events), 0)
    assert [json.loads(body) for body, _ in hook.got] == events
    body, signature = hook.got[0]
    mac = hmac.new(b"shared", b"1700000000." + body, hashlib.sha256).hexdigest()
    assert signature == f"t=1700000000,v1={mac}"
    assert await deliver(copy.path, hook.url, "shared") == (0, 0)


async def test_what_the_webhook_does_not_take_waits_in_order(copy: Copy, hook: Hook) -> None:
    events = ask(copy, keep=True).events
    hook.answers = [400]
    assert await deliver(copy.path, hook.url, "") == (0, len(events))
    assert await deliver(copy.path, hook.url, "") == (len(events), 0)
    assert [json.loads(body)["alert"] for body, _ in hook.got] == [event["alert"] for event in events]


@pytest.mark.parametrize(
    "url", ["http://hooks.example/x", "ftp://hooks.example", "hooks.example", "https://acme.api.kandji.io/api/v1/x"]
)
def test_a_webhook_that_is_not_ones_own_https_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        check(url)
    assert check("https://hooks.example/x")
