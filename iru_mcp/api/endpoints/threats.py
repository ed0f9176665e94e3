"""Endpoint detection and response: threats (files) and behavioral detections (processes), API versions 1 and 2."""

from typing import Any

from ..endpoint import Endpoint, R
from ..paging import Offset
from ..record import Moment, Names, Record, Text


class Threat(Record):
    """A malicious or unwanted file found on a device."""

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


def _endpoint(name: str, path: str, record: type[R], filters: str, **more: Any) -> Endpoint[R]:
    """An endpoint of this section; `more` is what only version 2 has."""
    return Endpoint(
        name=name,
        path=path,
        section="Threats",
        record=record,
        paging=Offset(1000, "results"),
        filters=frozenset(filters.split()),
        product="Endpoint Detection and Response",
        **more,
    )


# https://api-docs.kandji.io - Threats > Get Threat Details (deprecated in March 2026, still in the August OpenAPI text)
LIST_THREATS_V1 = _endpoint(
    "LIST_THREATS_V1", "/api/v1/threat-details", Threat, "classification date_range device_id status sort_by term"
)

# https://api-docs.kandji.io - Threats > Get Behavioral Detections (deprecated in March 2026)
LIST_BEHAVIORAL_DETECTIONS_V1 = _endpoint(
    "LIST_BEHAVIORAL_DETECTIONS_V1",
    "/api/v1/behavioral-detections",
    BehavioralDetection,
    "threat_id classification status date_range detection_date_from detection_date_to device_id malware_family "
    "parent_process_name target_process_name informational_tags term sort_by",
)

# https://api-docs.kandji.io - Threats v2 > Threat Details. `statuses` is required.
LIST_THREATS_V2 = _endpoint(
    "LIST_THREATS_V2",
    "/api/v2/threat/threat-details",
    Threat,
    "statuses device_id classification term detection_date_from detection_date_to date_range management_state tags "
    "severities sort_by",
    same_as="LIST_THREATS_V1",
    required={"statuses": "quarantined,not_quarantined,released,resolved"},
)

# https://api-docs.kandji.io - Threats v2 > Behavioral Detections. `device_id` is required: there is no fleet-wide list.
LIST_BEHAVIORAL_DETECTIONS_V2 = _endpoint(
    "LIST_BEHAVIORAL_DETECTIONS_V2",
    "/api/v2/threat/behavioral-detections/events",
    BehavioralDetection,
    "device_id classifications statuses search_term detection_from detection_to management_state severities tags "
    "sort_by",
    same_as="LIST_BEHAVIORAL_DETECTIONS_V1",
    required={"device_id": "00000000-0000-4000-8000-000000000000"},
)
