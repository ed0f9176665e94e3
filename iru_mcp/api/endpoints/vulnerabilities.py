"""Vulnerability management: CVEs across the fleet and the detections on each device."""

from dataclasses import replace
from typing import Any

from pydantic import AliasChoices, Field

from ..endpoint import Endpoint, R
from ..paging import NextCursor, PageNumber, Paging, Single
from ..record import Moment, Names, Number, Record, Text

_NAME = "Vulnerability Management"
"""The name of the section on Iru's token screen, and of the product."""


class Vulnerability(Record):
    """A CVE found in the fleet."""

    unique = True
    cve_id: str
    severity: Text = None
    cvss_score: Number = None
    kev_score: Number = None
    epss_score: Number = None
    status: Text = None
    device_count: Number = None
    software: Names = None
    software_count: Number = None
    first_detection_date: Moment = None
    latest_detection_date: Moment = None
    cve_published_at: Moment = None
    cve_modified_at: Moment = None
    description: Text = None
    cve_link: Text = None


class Detection(Record):
    """One CVE in one piece of software on one device. Iru has two names for some fields; both are read."""

    device_id: str
    cve_id: str
    device_name: Text = None
    device_serial_number: Text = None
    device_model: Text = None
    device_os_version: Text = None
    blueprint_id: Text = None
    blueprint_name: Text = None
    name: Text = None
    version: Text = None
    path: Text = None
    bundle_id: Text = None
    cvss_score: Number = None
    cvss_severity: Text = Field(default=None, validation_alias=AliasChoices("cvss_severity", "severity"))
    cve_description: Text = Field(default=None, validation_alias=AliasChoices("cve_description", "description"))
    cve_link: Text = None
    first_detection_date: Moment = Field(
        default=None, validation_alias=AliasChoices("first_detection_date", "detection_datetime")
    )
    latest_detection_date: Moment = None
    cve_published_at: Moment = None
    cve_modified_at: Moment = None


class AffectedDevice(Record):
    """A device on which a CVE is present."""

    device_id: str
    name: Text = None
    serial_number: Text = None
    model: Text = None
    os_version: Text = None
    blueprint_id: Text = None
    blueprint_name: Text = None
    assigned_user: Any = None
    no_of_installs: Number = None
    software_summary: Any = None


class AffectedSoftware(Record):
    """A piece of software that carries a CVE, with its versions in the fleet."""

    name: str
    bundle_id: Text = None
    type: Text = None
    num_versions: Number = None
    num_devices: Number = None
    blueprints: list[Any] | None = None
    software_versions: list[Any] | None = None


def _endpoint(name: str, path: str, record: type[R], paging: Paging, *filters: str) -> Endpoint[R]:
    return Endpoint(
        name=name,
        path=f"/api/v1/vulnerability-management{path}",
        section=_NAME,
        record=record,
        paging=paging,
        filters=frozenset(filters),
        product=_NAME,
    )


_PAGES = PageNumber(50, size_name="size")

# https://api-docs.kandji.io - Vulnerabilities > List Vulnerabilities. At most 50 rows.
LIST_VULNERABILITIES = _endpoint("LIST_VULNERABILITIES", "/vulnerabilities", Vulnerability, _PAGES, "sort_by", "filter")

# https://api-docs.kandji.io - Vulnerabilities > Get Vulnerability Description
GET_VULNERABILITY = _endpoint("GET_VULNERABILITY", "/vulnerabilities/{cve_id}", Vulnerability, Single())

# https://api-docs.kandji.io - Vulnerabilities > List Affected Devices
LIST_AFFECTED_DEVICES = _endpoint(
    "LIST_AFFECTED_DEVICES", "/vulnerabilities/{cve_id}/devices", AffectedDevice, _PAGES, "sort_by", "filter"
)

# https://api-docs.kandji.io - Vulnerabilities > List Affected Software
LIST_AFFECTED_SOFTWARE = _endpoint(
    "LIST_AFFECTED_SOFTWARE", "/vulnerabilities/{cve_id}/software", AffectedSoftware, _PAGES, "sort_by", "filter"
)

# The path of LIST_AFFECTED_SOFTWARE in the documentation of August 2025; a tenant may answer only this one.
LIST_AFFECTED_APPLICATIONS = replace(
    LIST_AFFECTED_SOFTWARE,
    name="LIST_AFFECTED_APPLICATIONS",
    path="/api/v1/vulnerability-management/vulnerabilities/{cve_id}/applications",
)

# https://api-docs.kandji.io - Vulnerabilities > List Detections. The cursor is `after`; `next` is the bare cursor.
LIST_DETECTIONS = _endpoint(
    "LIST_DETECTIONS", "/detections", Detection, NextCursor(300, name="after", size_name="size"), "filter"
)
