"""Questions that an analyst, an admin or an auditor asks of the fleet, each with its right answer on the demo tenant.

What is right is worked out here from what the demo tenant is made of, its devices and people, not from any answer: a
total, or texts that the answers must hold. Each question has the shortest sequence of calls that answers it.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from iru_mcp.demo.world.fleet import DemoDevice
from iru_mcp.demo.world.story import STORY
from iru_mcp.demo.world.tenant import DemoTenant

from .investigation_questions import of_people_and_changes
from .question import Asked, count_line, one_call, where
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


def questions(tenant: DemoTenant) -> list[Asked]:
    """All questions: the twenty that are measured beside the raw pages, and those about the fleet."""
    return [
        *(Asked(one.text, one.calls, one.facts) for one in QUESTIONS),
        *_of_devices(tenant),
        *_of_software(tenant),
        *of_people_and_changes(tenant),
    ]


def _of_devices(tenant: DemoTenant) -> list[Asked]:
    macs = where(tenant, platform="Mac")
    never = [one for one in tenant.devices if one.checked_in is None]
    silent_month = [one for one in macs if one.checked_in and tenant.now - one.checked_in > timedelta(days=30)]
    off = [one for one in macs if not one.encrypted]
    archived = [one for one in tenant.devices if one.person and one.person.archived]
    old_windows = [one for one in where(tenant, platform="Windows") if one.system.release < "24H2"]
    platforms = Counter(one.platform for one in tenant.devices)
    blueprints = Counter(one.blueprint.name for one in tenant.devices)
    return [
        one_call(
            "How many devices of each platform are there?",
            "list_devices",
            {"group_by": ["platform"]},
            *(count_line("platform", name, count) for name, count in platforms.items()),
            total=len(tenant.devices),
        ),
        one_call(
            "How many devices does each blueprint have?",
            "list_devices",
            {"group_by": ["blueprint_name"]},
            *(count_line("blueprint_name", name, count) for name, count in blueprints.items()),
            total=len(tenant.devices),
        ),
        one_call(
            "Which devices have never checked in?",
            "list_devices",
            {"never_checked_in": True},
            *(one.serial for one in never),
            total=len(never),
        ),
        one_call(
            "How many Macs were not seen for a month, those that never were left aside?",
            "list_devices",
            {"platform": "mac", "checked_in_before": "30d", "never_checked_in": False, "limit": 0},
            total=len(silent_month),
        ),
        one_call(
            "On how many Macs is FileVault on, off, and unknown?",
            "list_devices",
            {"platform": "mac", "group_by": ["filevault_enabled"]},
            f'"filevault_enabled":false,"count":{len(off)}',
            f'"filevault_enabled":true,"count":{len(macs) - len(off)}',
            total=len(macs),
        ),
        one_call(
            "On how many enrolled Macs does Prism say that FileVault is off?",
            "prism_query",
            {"category": "filevault", "filter": {"status": {"eq": False}}, "limit": 0},
            "not enrolled are left out",
            total=len(off),
        ),
        one_call(
            "Which Windows PCs are older than 24H2?",
            "list_devices",
            {"platform": "windows", "version_below": "24H2"},
            *(one.serial for one in old_windows),
            total=len(old_windows),
        ),
        one_call(
            "Which devices are held by people who left?",
            "list_devices",
            {"user_is_archived": True},
            *STORY.leaver_serials,
            total=len(archived),
        ),
        one_call("Which devices are in lost mode?", "list_devices", {"lost_mode": True}, STORY.lost_serial, total=1),
        one_call(
            "How many devices are missing?",
            "list_devices",
            {"is_missing": True, "limit": 0},
            total=len(where(tenant, missing=True)),
        ),
        one_call(
            "What is the serial number of Mira's MacBook Pro?",
            "list_devices",
            {"device_name": "Mira's MacBook Pro", "fields": ["device_name", "serial_number"]},
            STORY.patient_zero_serial,
        ),
        one_call(
            "Does Prism still count devices that are no longer enrolled?",
            "prism_device_information",
            {"enrolled": False},
            tenant.removed.serial,
            total=1,
        ),
        one_call(
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
    slack = next(one for one in where(tenant, platform="Windows") if has(one, "Slack"))
    return [
        one_call(
            "Which devices have Lumen PDF Pro, and who holds them?",
            "list_devices",
            {"has_app": STORY.app_name},
            *STORY.infected,
            STORY.user_email,
            *STORY.spread_emails,
            total=3,
        ),
        one_call(
            "How many Macs have Slack?",
            "list_devices",
            {"has_app": "slack", "platform": "mac", "limit": 0},
            total=len([one for one in macs if has(one, "Slack")]),
        ),
        one_call(
            "How many Macs, iPhones and iPads lack 1Password?",
            "list_devices",
            {"lacks_app": "1Password", "limit": 0},
            total=len([one for one in reporting if not has(one, "1Password")]),
        ),
        one_call(
            "Does that Windows PC have the Slack of the Microsoft Store, and who signed it?",
            "list_device_apps",
            {"device": slack.serial, "bundle_id": "91750D7E.Slack", "fields": ["name", "bundle_id", "signature"]},
            "CN=Slack Technologies",
            total=1,
        ),
        one_call(
            "Has that Windows PC any vulnerability?",
            "list_vulnerabilities",
            {"device": slack.serial},
            "not covered",
            '"complete":false',
        ),
        one_call(
            "How many devices have CVE-2026-40117, which versions, and what fixes it?",
            "find_devices_with_vulnerability",
            {"cve_id": STORY.cve_id, "limit": 0},
            STORY.browser_fixed_version,
            '"known_exploited":true',
        ),
        one_call(
            "Which known-exploited flaws make how many Macs urgent?",
            "list_devices",
            {"has_kev": True, "group_by": ["blueprint_name"]},
            '"devices"',
        ),
        one_call(
            "Was that Mac's Chrome vulnerable, at least highly?",
            "list_vulnerabilities",
            {"device": STORY.patient_zero_serial, "software": "chrome", "severity": "high"},
            STORY.cve_id,
        ),
        one_call(
            "Which files were found and not quarantined in the last month?",
            "list_threats",
            {"since": "1 month", "status": "not_quarantined"},
            '"complete":true',
        ),
        one_call(
            "What starts from a hidden folder in someone's home, where?",
            "prism_launch_agents_and_daemons",
            {"program_arguments": "/.local/share/.cache/"},
            STORY.launch_label,
            *STORY.infected,
            total=3,
        ),
        one_call(
            "Which accounts below uid 501 that are admins are hidden?",
            "prism_local_users",
            {"type": "Admin", "hidden_user": True, "filter": {"uid": {"lt": 501}}},
            STORY.hidden_admin,
            *STORY.infected,
        ),
    ]
