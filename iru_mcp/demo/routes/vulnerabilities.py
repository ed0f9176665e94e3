"""Answers for /vulnerability-management: CVEs in the versions of apps that Macs have."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from ..world import STORY, DemoDevice, DemoTenant, Row, dates, filled, hashed
from ..world.software import CHROME, THIRD_PARTY, Software, third_party
from .query import Query, cursor, cursor_numbers, json_filter, number, one_of, ordered, passes, sized

_SCORES = {"Critical": 9.6, "High": 7.8, "Medium": 5.4, "Low": 3.1, "Undefined": 0.0}


@dataclass(frozen=True, slots=True)
class Flaw:
    """A CVE in the versions of an app before place `fixed`."""

    cve_id: str
    software: Software
    fixed: int
    severity: str
    age: int
    """Days since its publication."""
    exploited: bool = False

    @property
    def score(self) -> float:
        """Its CVSS score."""
        return _SCORES[self.severity]

    @property
    def link(self) -> str:
        """The database entry."""
        return f"https://nvd.nist.gov/vuln/detail/{self.cve_id}"

    @property
    def description(self) -> str:
        """What the database says."""
        how = "may let an attacker read or change data"
        if self.exploited:
            how = "is exploited in the wild and lets a web page run code"
        return f"A flaw in {self.software.name} before {self.software.versions[self.fixed]} {how}."


def _flaws() -> tuple[Flaw, ...]:
    place = CHROME.versions.index(STORY.browser_fixed_version)
    found = [Flaw(STORY.cve_id, CHROME, place, "Critical", 15, exploited=True)]
    severities = ("High", "Medium", "Critical", "Medium", "High", "Low", "Undefined")
    for place, software in enumerate(THIRD_PARTY):
        for fixed in range(1, len(software.versions)):
            if hashed("flaw", software.bundle_id, fixed) % 2:
                severity = severities[hashed("severity", place, fixed) % len(severities)]
                age = 20 + (place * 13 + fixed * 7) % 80
                found.append(Flaw(f"CVE-2026-4{1000 + place * 11 + fixed}", software, fixed, severity, age))
    return tuple(found)


FLAWS = _flaws()
_BY_APP = {one.bundle_id: [flaw for flaw in FLAWS if flaw.software is one] for one in THIRD_PARTY}


@dataclass(frozen=True, slots=True)
class FoundFlaw:
    """A flaw on a device, in one version."""

    device: DemoDevice
    flaw: Flaw
    version: str


def hits(tenant: DemoTenant, device: DemoDevice) -> list[FoundFlaw]:
    """The flaws on a Mac."""
    if device.platform != "Mac" or device.part == "never":
        return []
    return [
        FoundFlaw(device, flaw, software.versions[version])
        for software, version in third_party(device, tenant.seed)
        for flaw in _BY_APP[software.bundle_id]
        if version < flaw.fixed
    ]


@lru_cache(maxsize=4)
def _by_flaw(tenant: DemoTenant) -> dict[str, list[FoundFlaw]]:
    found: dict[str, list[FoundFlaw]] = {flaw.cve_id: [] for flaw in FLAWS}
    for device in tenant.devices:
        for hit in hits(tenant, device):
            found[hit.flaw.cve_id].append(hit)
    return found


def _published(tenant: DemoTenant, flaw: Flaw) -> datetime:
    if flaw.cve_id == STORY.cve_id:
        return tenant.times.cve_published
    return tenant.now - timedelta(days=flaw.age, microseconds=flaw.fixed)


def _first(tenant: DemoTenant, hit: FoundFlaw) -> datetime:
    """When it was first detected: hours after publication, or after the device came."""
    later = max(_published(tenant, hit.flaw), hit.device.enrolled)
    return later + timedelta(hours=2, minutes=hashed("first", hit.device.serial, hit.flaw.cve_id) % 600)


def _latest(hit: FoundFlaw) -> datetime:
    return (hit.device.checked_in or hit.device.enrolled) - timedelta(minutes=7)


def _detection(tenant: DemoTenant, hit: FoundFlaw) -> Row:
    """A detection; of every fifth device with the other field names that Iru is known to send."""
    device, flaw = hit.device, hit.flaw
    first = _first(tenant, hit)
    shared = filled("detection", hit)
    if device.index % 5 == 0:
        moments = {"detection_datetime": dates.bare(first), "cve_published_at": dates.bare(_published(tenant, flaw))}
        return shared | moments | {"description": flaw.description, "severity": flaw.severity, "cve_modified_at": None}
    latest = {"first_detection_date": dates.bare(first), "latest_detection_date": dates.bare(max(first, _latest(hit)))}
    return shared | latest | {"cve_description": flaw.description, "cvss_severity": flaw.severity}


def _detections(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    size = number(query, "size", 300, least=1, most=300)
    index, skip = cursor_numbers(query.get("after", ""), "d=", (0, 0))
    tests = json_filter(query)
    of_device = {key: held for key, held in tests.items() if key == "device_id"}
    rows: list[Row] = []
    for device in tenant.devices[index:]:
        if not passes({"device_id": device.device_id}, of_device):
            continue
        for place, hit in enumerate(hits(tenant, device)):
            if device.index == index and place < skip:
                continue
            if len(rows) >= size:
                return {"next": cursor(f"d={device.index}:{place}"), "previous": None, "results": rows}
            row = _detection(tenant, hit)
            if passes(row, tests):
                rows.append(row)
    return {"next": None, "previous": None, "results": rows}


def _summary(tenant: DemoTenant, flaw: Flaw, form: Callable[[datetime], str]) -> Row:
    found = _by_flaw(tenant)[flaw.cve_id]
    firsts = [_first(tenant, hit) for hit in found] or [_published(tenant, flaw)]
    return filled(
        "vulnerability",
        flaw,
        kev_score=int(flaw.exploited),
        first_detection_date=form(min(firsts)),
        latest_detection_date=form(max([*firsts, *map(_latest, found)])),
        device_count=len(found),
    )


_SORTS = {"age": "first_detection_date", "known_exploit": "kev_score"}
_SORT_KEYS = "age cve_id cvss_score device_count known_exploit software severity status".split()


def _listed(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    tests, rows = json_filter(query), []
    for flaw in FLAWS:
        row = _summary(tenant, flaw, dates.zulu)
        row |= {"software": [flaw.software.name], "status": "Active" if row["device_count"] else "Remediated"}
        if passes(row, tests):
            rows.append(row)
    rows = ordered(rows, query.get("sort_by", ""), lambda row, name: row[_SORTS.get(name, name)], _SORT_KEYS)
    return sized(rows, query)


def _flaw_at(ids: Mapping[str, str]) -> Flaw:
    return one_of(FLAWS, lambda flaw: flaw.cve_id == ids["cve_id"].upper())


def _one(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    flaw = _flaw_at(ids)
    published = dates.bare(_published(tenant, flaw))
    more = {"epss_score": 0.94 if flaw.exploited else 0.02, "description": flaw.description, "software_count": 1}
    return _summary(tenant, flaw, dates.bare) | more | {"cve_published_at": published, "cve_modified_at": published}


def _device_rows(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    flaw, tests = _flaw_at(ids), json_filter(query)
    rows = []
    for hit in _by_flaw(tenant)[flaw.cve_id]:
        person, detected = hit.device.person, dates.bare(_first(tenant, hit))
        found = {"name": flaw.software.name, "detection_date": detected, "path": flaw.software.path}
        user = person.name if person else ""
        row = filled("affected device", hit, assigned_user=user, software_summary=found | {"version": hit.version})
        if passes(row | {"detection_datetime": detected}, tests):
            rows.append(row)
    return sized(rows, query)


def _software_rows(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    flaw = _flaw_at(ids)
    found = _by_flaw(tenant)[flaw.cve_id]
    versions: dict[str, list[FoundFlaw]] = {}
    for hit in found:
        versions.setdefault(hit.version, []).append(hit)
    software_versions = [
        {
            "latest_detection_date": dates.bare(max(_first(tenant, hit) for hit in held)),
            "blueprints": _blueprints(held),
            "version": version,
            "devices_impacted": len(held),
        }
        for version, held in sorted(versions.items())
    ]
    counts = {"num_versions": len(versions), "num_devices": len(found)}
    more = {"blueprints": _blueprints(found), "software_versions": software_versions}
    return sized([filled("affected software", flaw, **counts, **more)] if found else [], query)


def _blueprints(found: list[FoundFlaw]) -> list[dict[str, str]]:
    return [blueprint.named() for blueprint in dict.fromkeys(hit.device.blueprint for hit in found)]


ROUTES: dict[str, Any] = {
    "LIST_VULNERABILITIES": _listed,
    "GET_VULNERABILITY": _one,
    "LIST_AFFECTED_DEVICES": _device_rows,
    "LIST_AFFECTED_SOFTWARE": _software_rows,
    "LIST_AFFECTED_APPLICATIONS": _software_rows,
    "LIST_DETECTIONS": _detections,
}
