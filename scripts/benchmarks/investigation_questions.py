"""Questions about people, alerts, and what was changed in Iru: those of an investigation."""

from __future__ import annotations

from iru_mcp.demo.world.story import STORY
from iru_mcp.demo.world.tenant import DemoTenant

from .question import Asked, one_call, where

_REPORTED = (
    STORY.app_name,
    STORY.app_bundle_id,
    STORY.launch_label,
    STORY.command_host,
    STORY.file_hash,
)
"""What a report of another company would tell of the malware."""


def of_people_and_changes(tenant: DemoTenant) -> list[Asked]:
    """These questions with their right answers on `tenant`."""
    left = [one for one in tenant.people if one.archived and tenant.held[one.id]]
    return [
        one_call(
            "Which people who left still hold devices?",
            "list_users",
            {"archived": True, "has_devices": True},
            STORY.leaver_email,
            total=len(left),
        ),
        one_call(
            "Whose recovery key was viewed, when, and with what?",
            "list_audit_events",
            {"since": "30d", "action": "view"},
            STORY.leaver_serials[0],
            STORY.night_token_id,
            total=1,
        ),
        one_call(
            "Was anything done at night, between one and five, in the last three days?",
            "list_audit_events",
            {"since": "3d", "hours": "01-05", "target_type": "api_token"},
            STORY.night_token_label,
            total=1,
        ),
        one_call(
            "What was added to a blueprint in the last week?",
            "list_audit_events",
            {"since": "7d", "target_type": "blueprint", "changed": "added"},
            STORY.script_name,
            STORY.token_id,
            total=1,
        ),
        one_call(
            "What did the token ci-sync do?",
            "list_audit_events",
            {"since": "30d", "actor": STORY.token_id},
            STORY.script_name,
            total=2,
        ),
        one_call(
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
        one_call(
            "On how many devices of its scope does Endpoint Protection stand how, and which have no report?",
            "list_library_item_status",
            {"library_item": STORY.protection_item, "limit": 0},
            f'"in_scope":{len(where(tenant, platform="Mac"))}',
            '"no_report":0',
            total=len(where(tenant, platform="Mac")),
        ),
        one_call(
            "Which people hold the devices of that CVE, in which departments, and which version mends it?",
            "find_devices_with_vulnerability",
            {"cve_id": STORY.cve_id, "limit": 10, "fields": ["serial_number", "user_email", "department"]},
            '"fixed_version"',
            '"department"',
        ),
        one_call(
            "Which devices with that CVE have been silent for two weeks?",
            "find_devices_with_vulnerability",
            {"cve_id": STORY.cve_id, "checked_in_before": "14d"},
            '"last_check_in"',
        ),
        one_call(
            "Five indicators of one report, pasted at once: which Macs have which of them?",
            "find_indicator",
            {"value": "\n".join(_REPORTED)},
            '"devices":{"count":3',
            '"indicators":[1,2,3,4,5]',
            '"followed_from":[4,5]',
        ),
        one_call(
            "Is any local account a superuser?",
            "prism_local_users",
            {"filter": {"type": {"eq": "Superuser"}}},
            "type in the ",
            "Standard ",
            "Admin ",
            total=0,
        ),
        one_call(
            "Does any Mac have an app called Lumem?",
            "prism_applications",
            {"name": "lumem"},
            f"nearest: {STORY.app_name}",
            total=0,
        ),
        one_call(
            "On which devices has Chrome not been reported on yet?",
            "list_library_item_status",
            {"library_item": "Google Chrome", "status": "pending"},
            '"reported":"not yet"',
            '"not_reported_yet":',
            '"no_report":0',
        ),
        one_call(
            "Which admins changed what on that Mac's blueprint in the last month?",
            "get_timeline",
            {"device": STORY.patient_zero_serial, "since": "30d", "include": ["audit"]},
            "'oskar.vane@northwind.example' (user)",
            STORY.script_name,
        ),
        one_call(
            "Did anyone touch AnyConnect a year ago?",
            "list_audit_events",
            {"since": "1y", "target": "AnyConnect"},
            "log_starts_at",
            '"complete":false',
        ),
        one_call(
            "Which of that leaver's devices has alerts?",
            "list_threats",
            {"device": STORY.leaver_serials[1]},
            "not covered",
        ),
    ]
