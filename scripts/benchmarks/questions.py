"""Twenty questions of an investigation: the calls that answer them, the facts, and the raw pages that hold them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from iru_mcp.api.endpoint import Endpoint
from iru_mcp.api.endpoints.audit import LIST_AUDIT_EVENTS
from iru_mcp.api.endpoints.devices import (
    GET_DEVICE,
    GET_DEVICE_DETAILS,
    GET_DEVICE_STATUS,
    LIST_DEVICE_ACTIVITY,
    LIST_DEVICES,
)
from iru_mcp.api.endpoints.prism import (
    CATEGORIES,
    PRISM_APPS,
    PRISM_DEVICE_INFORMATION,
    PRISM_LAUNCH_AGENTS_AND_DAEMONS,
    PRISM_LOCAL_USERS,
)
from iru_mcp.api.endpoints.threats import LIST_BEHAVIORAL_DETECTIONS_V1, LIST_THREATS_V1
from iru_mcp.api.endpoints.users import LIST_USERS
from iru_mcp.api.endpoints.vulnerabilities import (
    GET_VULNERABILITY,
    LIST_AFFECTED_DEVICES,
    LIST_DETECTIONS,
    LIST_VULNERABILITIES,
)
from iru_mcp.demo.world.story import STORY

NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
"""The present moment of the demo tenant that is asked."""


@dataclass(frozen=True, slots=True)
class Raw:
    """An endpoint asked directly: all its pages with this query, or the one answer where it has no pages."""

    endpoint: Endpoint[Any]
    query: Mapping[str, str | int]
    ids: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, the calls that answer it, texts that the answers must hold, and the raw pages beside them."""

    text: str
    calls: tuple[tuple[str, dict[str, Any]], ...]
    facts: tuple[str, ...]
    raw: tuple[Raw, ...]


def _raw(endpoint: Endpoint[Any], query: Mapping[str, str | int] | None = None, **ids: str) -> Raw:
    return Raw(endpoint, query or {}, ids)


def _prism(endpoint: Endpoint[Any], **clauses: Any) -> Raw:
    """The narrowest query that Iru documents; the same that iru-mcp sends."""
    return Raw(endpoint, {"filter": json.dumps(clauses)}, {})


def _ask(text: str, tool: str, arguments: dict[str, Any], facts: tuple[str, ...], *raw: Raw) -> Question:
    return Question(text, ((tool, arguments),), facts, raw)


_ZERO = STORY.patient_zero_device_id
_MACS = _raw(LIST_DEVICES, {"platform": "Mac"})
_FLEET = _raw(LIST_DEVICES)
_AUDIT = _raw(LIST_AUDIT_EVENTS, {"start_date": (NOW - timedelta(days=7)).date().isoformat()})

QUESTIONS: tuple[Question, ...] = (
    _ask(
        "An alert names NW7QK2M4XH. Who has it, what stands out on it, and since when?",
        "get_device_dossier",
        {"device": STORY.patient_zero_serial},
        (STORY.user_email, STORY.launch_label, STORY.app_bundle_id, STORY.hidden_admin, STORY.threat_name),
        _raw(LIST_DEVICES, {"serial_number": STORY.patient_zero_serial}),
        _raw(GET_DEVICE, device_id=_ZERO),
        _raw(GET_DEVICE_DETAILS, device_id=_ZERO),
        _raw(GET_DEVICE_STATUS, device_id=_ZERO),
        _raw(LIST_DEVICE_ACTIVITY, device_id=_ZERO),
        _prism(PRISM_LAUNCH_AGENTS_AND_DAEMONS, device_id={"in": [_ZERO]}),
        _prism(PRISM_LOCAL_USERS, device_id={"in": [_ZERO]}),
        _prism(PRISM_APPS, device_id={"in": [_ZERO]}),
        _raw(LIST_THREATS_V1, {"device_id": _ZERO}),
        _raw(LIST_BEHAVIORAL_DETECTIONS_V1, {"device_id": _ZERO}),
    ),
    _ask(
        "What happened on that Mac, and in Iru about it, in the last week, in order?",
        "get_timeline",
        {"device": STORY.patient_zero_serial, "since": "7d"},
        (STORY.threat_name,),
        _raw(LIST_DEVICES, {"serial_number": STORY.patient_zero_serial}),
        _raw(GET_DEVICE_DETAILS, device_id=_ZERO),
        _raw(LIST_DEVICE_ACTIVITY, device_id=_ZERO),
        _raw(LIST_THREATS_V1, {"device_id": _ZERO}),
        _raw(LIST_BEHAVIORAL_DETECTIONS_V1, {"device_id": _ZERO}),
        _AUDIT,
    ),
    _ask(
        "Where else in the fleet is the launch agent com.apple.softwareupdate.helperd?",
        "find_indicator",
        {"value": STORY.launch_label},
        STORY.infected,
        _prism(PRISM_LAUNCH_AGENTS_AND_DAEMONS, label={"like": [STORY.launch_label]}),
    ),
    _ask(
        "Which devices have the app com.lumenpdf.pro?",
        "find_indicator",
        {"value": STORY.app_bundle_id},
        STORY.infected,
        _prism(PRISM_APPS, bundle_id={"like": [STORY.app_bundle_id]}),
    ),
    _ask(
        "Was the file with this SHA-256 seen anywhere?",
        "find_indicator",
        {"value": STORY.file_hash},
        (STORY.patient_zero_serial,),
        _raw(LIST_THREATS_V1),
        _raw(LIST_BEHAVIORAL_DETECTIONS_V1),
    ),
    _ask(
        "How many devices run which operating system version?",
        "list_devices",
        {"group_by": ["platform", "os_version"], "limit": 100},
        ('"platform":"Mac"', '"count"'),
        _FLEET,
    ),
    _ask(
        "Which versions of Google Chrome are installed, on how many Macs?",
        "prism_applications",
        {"bundle_id": STORY.browser_bundle_id, "group_by": ["version"], "limit": 50},
        (STORY.browser_fixed_version,),
        _prism(PRISM_APPS, bundle_id={"like": [STORY.browser_bundle_id]}),
    ),
    _ask(
        "Which Macs still run a Chrome older than the fixed version?",
        "prism_applications",
        {
            "bundle_id": STORY.browser_bundle_id,
            "version_below": STORY.browser_fixed_version,
            "limit": 200,
            "fields": ["serial_number", "version"],
        },
        ('"serial_number"', '"complete":true'),
        _prism(PRISM_APPS, bundle_id={"like": [STORY.browser_bundle_id]}),
    ),
    _ask(
        "Which devices have CVE-2026-40117, and what fixes it?",
        "find_devices_with_vulnerability",
        {"cve_id": STORY.cve_id},
        (STORY.browser_name, STORY.browser_fixed_version),
        _raw(GET_VULNERABILITY, cve_id=STORY.cve_id),
        _raw(LIST_AFFECTED_DEVICES, cve_id=STORY.cve_id),
    ),
    _ask(
        "Which known-exploited CVEs does the fleet have?",
        "list_fleet_vulnerabilities",
        {"known_exploited": True},
        (STORY.cve_id,),
        _raw(LIST_VULNERABILITIES),
    ),
    _ask(
        "What is vulnerable on that Mac, worst first?",
        "list_vulnerabilities",
        {"device": STORY.patient_zero_serial, "limit": 10},
        (STORY.cve_id,),
        _raw(LIST_DEVICES, {"serial_number": STORY.patient_zero_serial}),
        _prism(LIST_DETECTIONS, device_id={"in": [_ZERO]}),
    ),
    Question(
        "Tobias Renn has left. Is the account archived, and which devices does he still hold?",
        (("get_user", {"email": STORY.leaver_email}), ("find_devices_for_user", {"email": STORY.leaver_email})),
        ('"archived":true', *STORY.leaver_serials),
        (
            _raw(LIST_USERS, {"email": STORY.leaver_email}),
            _raw(LIST_DEVICES, {"user_email": STORY.leaver_email}),
        ),
    ),
    _ask(
        "Which API tokens were made in the last week, and by whom?",
        "list_audit_events",
        {"since": "7d", "target_type": "api_token"},
        (STORY.token_label, STORY.night_token_label),
        _AUDIT,
    ),
    _ask(
        "Which local administrator accounts are hidden, fleet-wide?",
        "prism_local_users",
        {"hidden_user": True},
        (STORY.hidden_admin, *STORY.infected),
        _prism(PRISM_LOCAL_USERS, hidden_user={"eq": True}),
    ),
    _ask(
        "Which Macs are not encrypted with FileVault?",
        "list_devices",
        {"platform": "Mac", "filevault_enabled": False, "limit": 50},
        ('"serial_number"',),
        _MACS,
        _raw(CATEGORIES["filevault"]),
    ),
    _ask(
        "Which devices have not checked in for thirty days?",
        "list_devices",
        {"checked_in_before": "30d", "limit": 50},
        ('"last_check_in"',),
        _FLEET,
    ),
    _ask(
        "Which library items fail on that Mac?",
        "get_device_status",
        {"device": STORY.patient_zero_serial},
        (STORY.protection_item,),
        _raw(LIST_DEVICES, {"serial_number": STORY.patient_zero_serial}),
        _raw(GET_DEVICE_STATUS, device_id=_ZERO),
    ),
    _ask(
        "Which threats were found in the fleet in the last month?",
        "list_threats",
        {"since": "30d"},
        (STORY.threat_name,),
        _raw(LIST_THREATS_V1),
        _raw(LIST_BEHAVIORAL_DETECTIONS_V1),
    ),
    _ask(
        "Which apps without a developer's signature are installed, on how many devices?",
        "prism_applications",
        {"ad_hoc_code_signed": True, "group_by": ["bundle_id"]},
        (STORY.app_bundle_id,),
        _prism(PRISM_APPS, ad_hoc_code_signed={"eq": True}),
    ),
    _ask(
        "How many Macs are on a system older than 26.0, by model?",
        "prism_device_information",
        {"version_below": "26.0", "device_families": ["Mac"], "group_by": ["model_name"]},
        ('"count"',),
        _raw(PRISM_DEVICE_INFORMATION, {"device_families": "Mac"}),
    ),
)

TEN = (0, 1, 2, 6, 7, 8, 9, 11, 12, 18)
"""The ten that tell the two incidents of the demo tenant."""

EXAMPLES: dict[str, dict[str, Any]] = {
    "list_audit_events": {},
    "find_devices_for_user": {"email": STORY.user_email},
    "get_device_activity": {"device": STORY.patient_zero_serial},
    "get_device_details": {"device": STORY.patient_zero_serial},
    "get_device_status": {"device": STORY.patient_zero_serial},
    "list_device_apps": {"device": STORY.patient_zero_serial},
    "list_devices": {},
    "find_indicator": {"value": STORY.launch_label},
    "get_device_dossier": {"device": STORY.patient_zero_serial},
    "get_timeline": {"device": STORY.patient_zero_serial},
    "inventory_query": {"sql": "SELECT platform, count(*) AS devices FROM devices GROUP BY 1"},
    "inventory_schema": {},
    "list_library_item_status": {"library_item": STORY.protection_item},
    "prism_applications": {},
    "prism_device_information": {},
    "prism_launch_agents_and_daemons": {},
    "prism_local_users": {},
    "prism_query": {"category": "filevault"},
    "list_threats": {},
    "get_user": {"email": STORY.user_email},
    "get_user_by_id": {"user_id": ""},
    "list_users": {},
    "find_devices_with_vulnerability": {"cve_id": STORY.cve_id},
    "list_fleet_vulnerabilities": {},
    "list_vulnerabilities": {"device": STORY.patient_zero_serial},
}
"""Each default tool asked in its simplest way; the id of a user is read from get_user."""

LATER = frozenset(
    "find_indicator get_device_dossier get_timeline inventory_query inventory_schema prism_query list_threats "
    "list_library_item_status find_devices_with_vulnerability list_fleet_vulnerabilities".split()
)
"""Tools of the default set beside the base fifteen."""
