"""What every tool is asked by the laws, on the small tenant and its inventory copy of conftest.py.

A tool or a parameter without a case fails a law that names it, so a new one gets a line here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MAC = "NW7QK2M4XH"
OTHER_MAC = "NWF3T90LJC"
IPHONE = "NWX4C9J6DF"
LEAVER = "tobias.renn@northwind.example"
MIRA = "mira.castellane@northwind.example"
ENGINEERING = "283e0243-22c1-49ae-9519-282082cd9f0e"
DESIGN = "273af2f7-1b61-43c9-bee8-31db9c66bde9"
SCRIPT = "ae4fa4f4-4b54-4b45-a44f-d7a103fae433"
OTHER_SCRIPT = "59640442-4996-4d9e-8975-835f1527f629"
USER = "229177fe-d588-4def-9d4b-761183870877"
OTHER_USER = "502a566b-7cfc-4aba-859e-9e374f56a9bc"
LABEL = "com.apple.softwareupdate.helperd"
CVE = "CVE-2026-40117"
ELSEWHERE = {
    ("inventory_query", "max_age"): "tests/inventory/test_fill.py::test_max_age_says_how_old_a_table_may_be",
}
"""Parameters that no case can show, where time must pass or a tenant must change, and the test that holds each."""
GENERIC = frozenset({"fields", "limit", "cursor"})
"""Parameters whose law needs no case."""


@dataclass(frozen=True, slots=True)
class Case:
    """How one tool is asked. `given` alone must find something.

    Each of `narrows`, added to `given`, leaves fewer rows, all of which `given` alone has; True and False of one flag
    share none. Each of `changes`, added to `given` or put in place of its value, gives another answer (where the
    tenant has only one such thing, an id that does not exist). A list stands for several values; each is tried.
    """

    given: dict[str, Any] = field(default_factory=dict)
    narrows: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    """Columns that tell rows apart, where a filter also changes which others a row has; empty: all."""


PRISM: dict[str, Any] = {"device": MAC, "blueprint": "Engineering", "enrolled": [True, False]}
FAMILY: dict[str, Any] = {"device_families": [["iPhone"]]}
"""Leaves nothing of a category that only Macs report."""
BOTH = [True, False]

CASES: dict[str, Case] = {
    "list_audit_events": Case(
        narrows={
            "since": "7d",
            "until": "2026-11-18",
            "hours": "22-05",
            "action": "create",
            "target_type": "api_token",
            "target_component": "asset_tag",
            "changed": "asset_tag",
            "target": ["zoom", "9b7809a0-fc58-42f6-bd35-4edf7921e45b"],
            "actor": ["integration", "d995039d-8391-4bdf-a6ad-85edaae05a93"],
        }
    ),
    "list_blueprint_library_items": Case(
        {"blueprint_id": ENGINEERING}, narrows={"name": "chrome"}, changes={"blueprint_id": DESIGN}
    ),
    "list_blueprint_routing_activity": Case(narrows={"since": "2026-01-01"}),
    "list_blueprints": Case(narrows={"name": "engin"}),
    "list_device_commands": Case(
        {"device": MAC},
        narrows={"status": ["completed", "failed"], "since": "30d", "until": "2026-10-01"},
        changes={"device": OTHER_MAC},
    ),
    "list_device_notes": Case({"device": "NWL0Q5ZK7T"}, changes={"device": "NWW77G77VY"}),
    "list_device_parameters": Case({"device": MAC}, narrows={"show": "not_fine"}, changes={"device": OTHER_MAC}),
    "find_devices_for_user": Case({"email": MIRA}, changes={"email": LEAVER}),
    "get_device_activity": Case(
        {"device": MAC},
        narrows={"since": "7d", "until": "2026-11-01", "action_type": "failed"},
        changes={"device": OTHER_MAC},
    ),
    "get_device_details": Case(
        {"device": MAC}, changes={"device": OTHER_MAC, "sections": [["filevault"], ["network"]]}
    ),
    "get_device_status": Case({"device": MAC}, changes={"device": OTHER_MAC, "show": "all"}),
    "list_device_apps": Case(
        {"device": MAC},
        narrows={"name": "zoom", "bundle_id": "com.apple.", "version_below": "26", "version_at_least": "26"},
        changes={"device": OTHER_MAC, "group_by": [["version"]]},
    ),
    "list_devices": Case(
        narrows={
            "platform": ["mac", "iphone", "android", "windows"],
            "device_name": "macbook",
            "serial_number": "nw7",
            "model": "air",
            "os_version": "26.0",
            "version_below": "26.1",
            "version_at_least": "26.1",
            "user_email": "mira",
            "blueprint_name": "engin",
            "tag": "qa",
            "asset_tag": "nwt-0000",
            "filevault_enabled": BOTH,
            "checked_in_before": "2026-11-18",
            "checked_in_after": "2026-11-18",
            "is_missing": BOTH,
            "is_removed": BOTH,
            "lost_mode": BOTH,
            "assigned": BOTH,
            "mdm_enabled": BOTH,
            "agent_installed": BOTH,
            "has_app": "com.lumenpdf.pro",
            "lacks_app": "com.lumenpdf.pro",
            "has_kev": BOTH,
            "never_checked_in": BOTH,
            "user_is_archived": BOTH,
        },
        changes={"group_by": [["platform"]], "sort_by": ["os_version", "device_name"]},
    ),
    "inventory_alerts": Case(
        narrows={"severity": "critical", "rule": "new-local-admin", "device": MAC}, changes={"resolved_since": "30d"}
    ),
    "inventory_at": Case(
        {"device": MAC, "when": "2026-11-20T09:30:00Z"},
        changes={"device": OTHER_MAC, "when": "2026-11-14", "kind": "threats"},
    ),
    "inventory_changes": Case(
        {"since": "7d"},
        narrows={"kind": "apps", "device": MAC},
        changes={"since": "30d", "until": "1d"},
        key=("at", "kind", "what", "device_id", "thing"),
    ),
    "inventory_graph": Case({"around": MAC}, changes={"around": MIRA, "hops": 2}),
    "inventory_query": Case({"sql": "SELECT serial_number FROM devices"}, changes={"sql": "SELECT count(*) FROM apps"}),
    "inventory_schema": Case(changes={"table": "devices"}),
    "find_indicator": Case({"value": LABEL}, changes={"value": "com.lumenpdf.pro"}),
    "get_device_dossier": Case(
        {"device": MAC, "since": "300d"}, changes={"device": OTHER_MAC, "since": "7d", "detail": "full"}
    ),
    "get_timeline": Case(
        {"device": MAC, "since": "300d"},
        changes={
            "device": OTHER_MAC,
            "user": MIRA,
            "since": "7d",
            "until": "2026-11-01",
            "include": [["audit"]],
            "exclude": [["audit"]],
        },
    ),
    "list_library_item_activity": Case(
        {"library_item": SCRIPT},
        narrows={"since": "2026-02-26", "until": "2026-02-25"},
        changes={"library_item": [OTHER_SCRIPT, "Google Chrome"]},
    ),
    "list_library_item_status": Case(
        {"library_item": SCRIPT},
        narrows={"status": "excluded"},
        changes={"library_item": [OTHER_SCRIPT, "Google Chrome"], "group_by": [["status"]]},
    ),
    "list_library_items": Case(
        {"kind": "custom_scripts"},
        narrows={"name": "rotate"},
        changes={"kind": ["custom_apps", "custom_profiles", "in_house_apps"]},
    ),
    "list_self_service_categories": Case(),
    "get_device_lost_mode": Case({"device": IPHONE}, changes={"device": MAC}),
    "get_licensing": Case(),
    "list_enrollment_devices": Case(
        narrows={
            "serial_number": "nw7",
            "device_family": ["iPhone", "Mac"],
            "profile_status": ["assigned", "pushed"],
            "enrolled": BOTH,
        },
        changes={"group_by": [["device_family"]]},
    ),
    "list_enrollment_integrations": Case(),
    "list_tags": Case(narrows={"name": "vip"}),
    "prism_applications": Case(
        {"filter": {"obtained_from": {"in": ["Unknown", "Identified Developer"]}}},
        narrows={
            **PRISM,
            "name": "zoom",
            "bundle_id": "com.lumenpdf.pro",
            "version": "3.1.4",
            "version_below": "100",
            "version_at_least": "100",
            "team_id": "UBF8T346G9",
            "path": "/Applications/Lumen",
            "ad_hoc_code_signed": BOTH,
        },
        changes={
            **FAMILY,
            "filter": {"obtained_from": {"in": ["Unknown"]}},
            "sort_by": ["-name", "version"],
            "group_by": [["version"]],
        },
    ),
    "prism_device_information": Case(
        narrows={
            **PRISM,
            "device_families": [["iPhone"], ["Mac"]],
            "model_name": "air",
            "os_version": "26.0",
            "version_below": "26.1",
            "version_at_least": "26.1",
            "apple_silicon": BOTH,
            "mdm_enabled": BOTH,
            "agent_installed": BOTH,
            "filter": {"os_version": {"in": ["26.1"]}},
        },
        changes={"sort_by": "-serial_number", "group_by": [["os_version"]]},
    ),
    "prism_launch_agents_and_daemons": Case(
        narrows={
            **PRISM,
            "label": LABEL,
            "path": "/Users/",
            "program": "/Users/",
            "program_arguments": "/Users/",
            "is_loaded": BOTH,
            "run_at_load": BOTH,
            "filter": {"label": {"like": ["zoom"]}},
        },
        changes={**FAMILY, "sort_by": "-label", "group_by": [["label"]]},
    ),
    "prism_local_users": Case(
        narrows={
            **PRISM,
            "username": "svc_",
            "type": ["Admin", "Standard"],
            "hidden_user": BOTH,
            "secure_token": True,
            "logged_in": BOTH,
            "filter": {"username": {"like": ["svc"]}},
        },
        changes={**FAMILY, "sort_by": "-username", "group_by": [["type"]]},
    ),
    "prism_query": Case(
        {"category": "filevault"},
        narrows={**PRISM, "filter": {"status": {"in": [False]}}},
        changes={
            **FAMILY,
            "no_report": True,
            "category": "cellular",
            "sort_by": "-serial_number",
            "group_by": [["status"]],
        },
    ),
    "list_threats": Case(
        narrows={
            "device": MAC,
            "since": "2026-11-19T09:00:00Z",
            "status": "quarantined",
            "classification": "malicious",
            "kind": ["threat", "behavioral"],
        }
    ),
    "get_user": Case({"email": MIRA}, changes={"email": LEAVER}),
    "get_user_by_id": Case({"user_id": USER}, changes={"user_id": OTHER_USER}),
    "list_users": Case(
        narrows={
            "name": "mira",
            "email": "castellane",
            "archived": BOTH,
            "department": "engineering",
            "job_title": "analyst",
            "has_devices": BOTH,
        }
    ),
    "find_devices_with_vulnerability": Case(
        {"cve_id": CVE},
        narrows={"checked_in_before": "2026-11-20T09:15:00Z"},
        changes={"cve_id": "CVE-2026-41014", "sort_by": ["last_check_in", "device_name"]},
    ),
    "list_fleet_vulnerabilities": Case(
        {"status": "all"},
        narrows={
            "severity": ["critical", "low"],
            "known_exploited": BOTH,
            "software": "zoom",
            "status": ["active", "remediated"],
        },
        changes={"sort": ["newest", "most_devices"]},
    ),
    "list_vulnerabilities": Case(
        {"device": "NWL0Q5ZK7T"},
        narrows={"severity": ["critical", "high"], "software": "chrome", "known_exploited": BOTH},
        changes={"device": MAC, "sort": "newest"},
    ),
}
