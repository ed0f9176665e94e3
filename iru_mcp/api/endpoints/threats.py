"""Endpoint detection and response: threats (files) and behavioral detections (processes), API versions 1 and 2."""

from __future__ import annotations

from typing import Any, ClassVar

from ..endpoint import Endpoint
from ..paging import Offset
from ..record import Moment, Names, Record, Text

_SECTION = "Threats"
_PRODUCT = "Endpoint Detection and Response"


class Threat(Record):
    """A malicious or unwanted file found on a device."""

    identity: ClassVar[tuple[str, ...]] = ("device_id",)
    device_id: str
    id: Text = None
    threat_name: Text = None
    classification: Text = None
    status: Text = None
    management_state: Text = None
    severity: Text = None
    device_name: Text = None
    device_serial_number: Text = None
    detection_date: Moment = None
    date_of_quarantine: Moment = None
    date_of_release: Moment = None
    released_by: Text = None
    release_note: Text = None
    process_name: Text = None
    process_owner: Text = None
    file_path: Text = None
    file_hash: Text = None
    bundle_path: Text = None
    blueprint_id: Text = None
    blueprint_name: Text = None
    library_item_id: Text = None
    library_item_name: Text = None
    malware_posture: Text = None
    pup_posture: Text = None
    tags: Names = None


class BehavioralDetection(Record):
    """A process whose behavior matched a rule."""

    identity: ClassVar[tuple[str, ...]] = ("id",)
    unique = True
    id: str
    threat_id: Text = None
    description: Text = None
    classification: Text = None
    threat_status: Text = None
    status: Text = None
    management_state: Text = None
    severity: Text = None
    detection_date: Moment = None
    malware_family: Names = None
    informational_tags: Names = None
    tags: Names = None
    device_info: Any = None
    parent_process: Any = None
    target_process: Any = None
    library_item: Any = None
    blueprint: Any = None


# https://api-docs.kandji.io - Threats > Get Threat Details (deprecated in March 2026, still in the August OpenAPI text)
LIST_THREATS_V1 = Endpoint(
    name="LIST_THREATS_V1",
    path="/api/v1/threat-details",
    section=_SECTION,
    record=Threat,
    paging=Offset(1000, "results"),
    filters=frozenset({"classification", "date_range", "device_id", "status", "sort_by", "term"}),
    product=_PRODUCT,
)

# https://api-docs.kandji.io - Threats > Get Behavioral Detections (deprecated in March 2026)
LIST_BEHAVIORAL_DETECTIONS_V1 = Endpoint(
    name="LIST_BEHAVIORAL_DETECTIONS_V1",
    path="/api/v1/behavioral-detections",
    section=_SECTION,
    record=BehavioralDetection,
    paging=Offset(1000, "results"),
    filters=frozenset(
        "threat_id classification status date_range detection_date_from detection_date_to device_id malware_family "
        "parent_process_name target_process_name informational_tags term sort_by".split()
    ),
    product=_PRODUCT,
)

# https://api-docs.kandji.io - Threats v2 > Threat Details. `statuses` is required.
LIST_THREATS_V2 = Endpoint(
    name="LIST_THREATS_V2",
    same_as="LIST_THREATS_V1",
    path="/api/v2/threat/threat-details",
    section=_SECTION,
    record=Threat,
    paging=Offset(1000, "results"),
    filters=frozenset(
        "statuses device_id classification term detection_date_from detection_date_to date_range management_state tags "
        "severities sort_by".split()
    ),
    required={"statuses": "quarantined,not_quarantined,released,resolved"},
    product=_PRODUCT,
)

# https://api-docs.kandji.io - Threats v2 > Behavioral Detections. `device_id` is required: there is no fleet-wide list.
LIST_BEHAVIORAL_DETECTIONS_V2 = Endpoint(
    name="LIST_BEHAVIORAL_DETECTIONS_V2",
    same_as="LIST_BEHAVIORAL_DETECTIONS_V1",
    path="/api/v2/threat/behavioral-detections/events",
    section=_SECTION,
    record=BehavioralDetection,
    paging=Offset(1000, "results"),
    filters=frozenset(
        "device_id classifications statuses search_term detection_from detection_to management_state severities tags "
        "sort_by".split()
    ),
    required={"device_id": "00000000-0000-4000-8000-000000000000"},
    product=_PRODUCT,
)
