"""Questions that an analyst, an admin or an auditor asks of the fleet, each with its right answer on the demo tenant.

What is right is worked out here from what the demo tenant is made of, its devices and people, not from any answer: a
total, or texts that the answers must hold. Each question has the shortest sequence of calls that answers it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from iru_mcp.demo.world.fleet import DemoDevice
from iru_mcp.demo.world.story import STORY
from iru_mcp.demo.world.tenant import DemoTenant

from .questions import QUESTIONS

MOST_CALLS = 2
MOST_TOKENS = 3_000
MOST_HARD_TOKENS = 6_000
HARD = frozenset(
    {
        "What happened on that Mac, and in Iru about it, in the last week, in order?",
        "An alert names NW7QK2M4XH. Who has it, what stands out on it, and since when?",
        "Which Macs still run a Chrome older than the fixed version?",
        "Which devices have not checked in for thirty days?",
        "Which Macs are not encrypted with FileVault?",
    }
)
"""The five whose answer is long by nature: two whole stories, and three lists that are wanted row by row."""

_REPORTED = (
    STORY.app_name,
    STORY.app_bundle_id,
    STORY.launch_label,
    STORY.command_host,
    STORY.file_hash,
)
"""What a report of another company would tell of the malware."""

Calls = tuple[tuple[str, dict[str, Any]], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, its calls, texts that must be in the answers, and the total that the last answer must give."""

    text: str
    calls: Calls
    facts: tuple[str, ...] = ()
    total: int | None = None
    """Of the rows that match: `total` of a list, `rows` in the summary of a count."""


def _one(text: str, tool: str, arguments: dict[str, Any], *facts: str, total: int | None = None) -> Asked:
    return Asked(text, ((tool, arguments),), facts, total)


def questions(tenant: DemoTenant) -> list[Asked]:
    """All questions: the twenty that are measured beside the raw pages, and those about the fleet."""
    return [
        *(Asked(one.text, one.calls, one.facts) for one in QUESTIONS),
        *_of_devices(tenant),
        *_of_software(tenant),
        *_of_people_and_changes(tenant),
    ]


def _where(tenant: DemoTenant, **wanted: Any) -> list[DemoDevice]:
    """The devices with these attributes."""
    return [one for one in tenant.devices if all(getattr(one, name) == value for name, value in wanted.items())]


def _count_line(column: str, value: str, count: int) -> str:
    return f'"{column}":"{value}","count":{count}'


def _of_devices(tenant: DemoTenant) -> list[Asked]:
    macs = _where(tenant, platform="Mac")
    never = [one for one in tenant.devices if one.checked_in is None]
    silent_month = [one for one in macs if one.checked_in and tenant.now - one.checked_in > timedelta(days=30)]
    off = [one for one in macs if not one.encrypted]
    archived = [one for one in tenant.devices if one.person and one.person.archived]
    old_windows = [one for one in _where(tenant, platform="Windows") if one.system.release < "24H2"]
    platforms = Counter(one.platform for one in tenant.devices)
    blueprints = Counter(one.blueprint.name for one in tenant.devices)
    return [
        _one(
            "How many devices of each platform are there?",
            "list_devices",
            {"group_by": ["platform"]},
            *(_count_line("platform", name, count) for name, count in platforms.items()),
            total=len(tenant.devices),
        ),
        _one(
            "How many devices does each blueprint have?",
            "list_devices",
            {"group_by": ["blueprint_name"]},
            *(_count_line("blueprint_name", name, count) for name, count in blueprints.items()),
            total=len(tenant.devices),
        ),
        _one(
            "Which devices have never checked in?",
            "list_devices",
            {"never_checked_in": True},
            *(one.serial for one in never),
            total=len(never),
        ),
        _one(
            "How many Macs were not seen for a month, those that never were left aside?",
            "list_devices",
            {"platform": "mac", "checked_in_before": "30d", "never_checked_in": False, "limit": 0},
            total=len(silent_month),
        ),
        _one(
            "On how many Macs is FileVault on, off, and unknown?",
            "list_devices",
            {"platform": "mac", "group_by": ["filevault_enabled"]},
            f'"filevault_enabled":false,"count":{len(off)}',
            f'"filevault_enabled":true,"count":{len(macs) - len(off)}',
            total=len(macs),
        ),
        _one(
            "On how many enrolled Macs does Prism say that FileVault is off?",
            "prism_query",
            {"category": "filevault", "filter": {"status": {"eq": False}}, "limit": 0},
            "not enrolled are left out",
            total=len(off),
        ),
        _one(
            "Which Windows PCs are older than 24H2?",
            "list_devices",
            {"platform": "windows", "version_below": "24H2"},
            *(one.serial for one in old_windows),
            total=len(old_windows),
        ),
        _one(
            "Which devices are held by people who left?",
            "list_devices",
            {"user_is_archived": True},
            *STORY.leaver_serials,
            total=len(archived),
        ),
        _one("Which devices are in lost mode?", "list_devices", {"lost_mode": True}, STORY.lost_serial, total=1),
        _one(
            "How many devices are missing?",
            "list_devices",
            {"is_missing": True, "limit": 0},
            total=len(_where(tenant, missing=True)),
        ),
        _one(
            "What is the serial number of Mira's MacBook Pro?",
            "list_devices",
            {"device_name": "Mira's MacBook Pro", "fields": ["device_name", "serial_number"]},
            STORY.patient_zero_serial,
        ),
        _one(
            "Does Prism still count devices that are no longer enrolled?",
            "prism_device_information",
            {"enrolled": False},
            tenant.removed.serial,
            total=1,
        ),
        _one(
            "On how many Macs is nobody assigned?",
            "list_devices",
            {"platform": "mac", "assigned": False, "limit": 0},
            total=len([one for one in macs if one.person is None]),
        ),
    ]


def _of_software(tenant: DemoTenant) -> list[Asked]:
    def has(device: DemoDevice, name: str) -> bool:
        return any(name in one.software.name for one in tenant.apps(device))

    reporting = [one for one in tenant.devices if one.platform in ("Mac", "iPhone", "iPad")]
    macs = [one for one in reporting if one.platform == "Mac"]
    slack = next(one for one in _where(tenant, platform="Windows") if has(one, "Slack"))
    return [
        _one(
            "Which devices have Lumen PDF Pro, and who holds them?",
            "list_devices",
            {"has_app": STORY.app_name},
            *STORY.infected,
            STORY.user_email,
            *STORY.spread_emails,
            total=3,
        ),
        _one(
            "How many Macs have Slack?",
            "list_devices",
            {"has_app": "slack", "platform": "mac", "limit": 0},
            total=len([one for one in macs if has(one, "Slack")]),
        ),
        _one(
            "How many Macs, iPhones and iPads lack 1Password?",
            "list_devices",
            {"lacks_app": "1Password", "limit": 0},
            total=len([one for one in reporting if not has(one, "1Password")]),
        ),
        _one(
            "Does that Windows PC have the Slack of the Microsoft Store, and who signed it?",
            "list_device_apps",
            {"device": slack.serial, "bundle_id": "91750D7E.Slack", "fields": ["name", "bundle_id", "signature"]},
            "CN=Slack Technologies",
            total=1,
        ),
        _one(
            "Has that Windows PC any vulnerability?",
            "list_vulnerabilities",
            {"device": slack.serial},
            "not covered",
            '"complete":false',
        ),
        _one(
            "How many devices have CVE-2026-40117, which versions, and what fixes it?",
            "find_devices_with_vulnerability",
            {"cve_id": STORY.cve_id, "limit": 0},
            STORY.browser_fixed_version,
            '"known_exploited":true',
        ),
        _one(
            "Which known-exploited flaws make how many Macs urgent?",
            "list_devices",
            {"has_kev": True, "group_by": ["blueprint_name"]},
            '"devices"',
        ),
        _one(
            "Was that Mac's Chrome vulnerable, at least highly?",
            "list_vulnerabilities",
            {"device": STORY.patient_zero_serial, "software": "chrome", "severity": "high"},
            STORY.cve_id,
        ),
        _one(
            "Which files were found and not quarantined in the last month?",
            "list_threats",
            {"since": "1 month", "status": "not_quarantined"},
            '"complete":true',
        ),
        _one(
            "What starts from a hidden folder in someone's home, where?",
            "prism_launch_agents_and_daemons",
            {"program_arguments": "/.local/share/.cache/"},
            STORY.launch_label,
            *STORY.infected,
            total=3,
        ),
        _one(
            "Which accounts below uid 501 that are admins are hidden?",
            "prism_local_users",
            {"type": "Admin", "hidden_user": True, "filter": {"uid": {"lt": 501}}},
            STORY.hidden_admin,
            *STORY.infected,
        ),
    ]


def _of_people_and_changes(tenant: DemoTenant) -> list[Asked]:
    left = [one for one in tenant.people if one.archived and tenant.held[one.id]]
    return [
        _one(
            "Which people who left still hold devices?",
            "list_users",
            {"archived": True, "has_devices": True},
            STORY.leaver_email,
            total=len(left),
        ),
        _one(
            "Whose recovery key was viewed, when, and with what?",
            "list_audit_events",
            {"since": "30d", "action": "view"},
            STORY.leaver_serials[0],
            STORY.night_token_id,
            total=1,
        ),
        _one(
            "Was anything done at night, between one and five, in the last three days?",
            "list_audit_events",
            {"since": "3d", "hours": "01-05", "target_type": "api_token"},
            STORY.night_token_label,
            total=1,
        ),
        _one(
            "What was added to a blueprint in the last week?",
            "list_audit_events",
            {"since": "7d", "target_type": "blueprint", "changed": "added"},
            STORY.script_name,
            STORY.token_id,
            total=1,
        ),
        _one(
            "What did the token ci-sync do?",
            "list_audit_events",
            {"since": "30d", "actor": STORY.token_id},
            STORY.script_name,
            total=2,
        ),
        _one(
            "Which API tokens were created in the last week, and what did each do?",
            "list_audit_events",
            {"since": "7d", "action": "create", "target_type": "api_token"},
            STORY.token_id,
            STORY.night_token_id,
            f'"did":["1 view device secrets ({STORY.leaver_serials[0]})"]',
            f"1 create library_item ({STORY.script_name})",
            '"deleted":false',
            total=2,
        ),
        _one(
            "On how many devices of its scope does Endpoint Protection stand how, and which have no report?",
            "list_library_item_status",
            {"library_item": STORY.protection_item, "limit": 0},
            f'"in_scope":{len(_where(tenant, platform="Mac"))}',
            '"no_report":0',
            total=len(_where(tenant, platform="Mac")),
        ),
        _one(
            "Which people hold the devices of that CVE, in which departments, and which version mends it?",
            "find_devices_with_vulnerability",
            {"cve_id": STORY.cve_id, "limit": 10, "fields": ["serial_number", "user_email", "department"]},
            '"fixed_version"',
            '"department"',
        ),
        _one(
            "Which devices with that CVE have been silent for two weeks?",
            "find_devices_with_vulnerability",
            {"cve_id": STORY.cve_id, "checked_in_before": "14d"},
            '"last_check_in"',
        ),
        _one(
            "Five indicators of one report, pasted at once: which Macs have which of them?",
            "find_indicator",
            {"value": "\n".join(_REPORTED)},
            '"devices":{"count":3',
            '"indicators":[1,2,3,4,5]',
            '"followed_from":[4,5]',
        ),
        _one(
            "Is any local account a superuser?",
            "prism_local_users",
            {"filter": {"type": {"eq": "Superuser"}}},
            "type in the ",
            "Standard ",
            "Admin ",
            total=0,
        ),
        _one(
            "Does any Mac have an app called Lumem?",
            "prism_applications",
            {"name": "lumem"},
            f"nearest: {STORY.app_name}",
            total=0,
        ),
        _one(
            "On which devices has Chrome not been reported on yet?",
            "list_library_item_status",
            {"library_item": "Google Chrome", "status": "pending"},
            '"reported":"not yet"',
            '"not_reported_yet":',
            '"no_report":0',
        ),
        _one(
            "Which admins changed what on that Mac's blueprint in the last month?",
            "get_timeline",
            {"device": STORY.patient_zero_serial, "since": "30d", "include": ["audit"]},
            "'oskar.vane@northwind.example' (user)",
            STORY.script_name,
        ),
        _one(
            "Did anyone touch AnyConnect a year ago?",
            "list_audit_events",
            {"since": "1y", "target": "AnyConnect"},
            "log_starts_at",
            '"complete":false',
        ),
        _one(
            "Which of that leaver's devices has alerts?",
            "list_threats",
            {"device": STORY.leaver_serials[1]},
            "not covered",
        ),
    ]
