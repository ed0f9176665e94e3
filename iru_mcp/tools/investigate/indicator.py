"""One indicator looked for in every place that Iru has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from pydantic import Field

from ...api.client import Call
from ...errors import UsageError
from ..kit.answers import View
from ..kit.catalogue import tool
from .indicator_kinds import looks_like, without_port
from .indicator_matching import Query, count_beside_prism, matched
from .indicator_sources import PLACE_ENDPOINTS, PLACES, Place, serial_of, shown
from .reader import Part, Section, gather, spend

_REQUESTS = 60
"""Eight places, up to three columns each, a few pages of each; a dozen requests are usual."""
_ROOM = 6_500
"""Bytes for rows: with what stands around them about 3,000 tokens."""
_ROWS = 5
_SERIALS = 25
"""Devices that are named one by one; of more only the number says something."""
_TEXT = 160
"""Characters of one field; what stands out is at the beginning."""
_LEAST = 3
_IN_APPS = "applications"
_ON_ALL_PLATFORMS = frozenset({"app_name", "bundle_id", "path", "process_name"})
_BESIDE = "devices that Prism does not have"
_JOINED = frozenset({"program_arguments"})
_OLD_HASHES = ("md5", "sha1")
_HASHES = frozenset({"md5", "sha1", "sha256"})

_NOWHERE: dict[str, dict[str, str]] = {
    "sha256": {"applications, launch_agents_and_daemons": "Iru has no file hashes of them"},
    "ip": {"network connections": "Iru records none; one device's own address is in get_device_details"},
    "team_id": {"threats, behavioral_detections": "they have no team id"},
    "person": {"users": "Iru cannot search them by name; use list_users"},
    "email": {"audit log": "use list_audit_events"},
    "device_id": {"audit log": "ids of tokens, admins and items are there: list_audit_events target= or actor="},
    "app_name": {"library items, audit log": "names of scripts, profiles and tokens: list_audit_events target="},
}


class Indicator(View):
    """What find_indicator returns."""

    indicator: str
    looks_like: list[str]
    complete: bool
    devices: dict[str, Any]
    found: dict[str, Any]
    no_hits_in: list[str]
    not_looked_at: dict[str, str]
    notes: list[str]


@tool(optional=PLACE_ENDPOINTS, toolset="investigate", requests=_REQUESTS)
async def find_indicator(
    iru: Call,
    value: Annotated[
        str,
        Field(
            description="hash, process, path, bundle id, team id, launch label, app or account name, IP, serial, "
            "e-mail, person or CVE",
            min_length=1,
            max_length=300,
        ),
    ],
) -> Indicator:
    """Where one indicator occurs in the fleet: apps, launch agents, EDR threats and behavior, local accounts,
    vulnerable software, devices, users. Device counts and first rows per place; what could not be searched is in
    not_looked_at. Start here with an unknown name, hash or path."""
    query = _read(value)
    where = {name: columns for name, place in PLACES.items() if (columns := query.columns(place.by_kind))}
    jobs = {name: _job(iru, PLACES[name], query, columns) for name, columns in where.items()}
    if _IN_APPS in where and _ON_ALL_PLATFORMS & set(query.kinds):
        jobs[_BESIDE] = lambda: count_beside_prism(iru)
    parts = await gather(jobs)
    beside = parts.pop(_BESIDE, None)
    answer = _answer(query, where, parts)
    return _beside_prism(answer, beside) if beside else answer  # type: ignore[return-value]


def _beside_prism(answer: dict[str, Any], beside: Part[str]) -> dict[str, Any]:
    """The answer, saying whether there are devices whose apps cannot be searched."""
    if beside.value == "":
        return answer
    which = f"apps of {beside.value or 'Windows and Android'} devices"
    missing = {which: "Iru has them device by device: list_device_apps"}
    return answer | {"complete": False, "not_looked_at": answer.get("not_looked_at", {}) | missing}


def _read(value: str) -> Query:
    wanted = value.strip().strip("\"'").strip()
    if len(wanted) < _LEAST:
        raise UsageError("value is too short to look for.", f"Give at least {_LEAST} characters.")
    kinds = looks_like(wanted)
    return Query(without_port(wanted) if kinds == ("ip",) else wanted, kinds)


def _job(iru: Call, place: Place, query: Query, columns: tuple[str, ...]) -> Callable[[], Awaitable[Any]]:
    return lambda: place.search(iru, query, columns)


def _answer(query: Query, where: dict[str, tuple[str, ...]], parts: dict[str, Part[Any]]) -> dict[str, Any]:
    sections: dict[str, Section] = {}
    kinds = ("sha256" if kind in _OLD_HASHES else kind for kind in query.kinds)
    nowhere = ((places, why) for kind in kinds for places, why in _NOWHERE.get(kind, {}).items())
    missing = {places: why for places, why in nowhere if not set(places.split(", ")) & set(where)}
    searchable = not missing
    serials: dict[str, None] = {}
    for name, part in parts.items():
        if part.value is None:
            missing[name] = part.state
            continue
        rows = [record.flat() for record in part.value.records]
        serials |= dict.fromkeys(serial for row in rows if (serial := serial_of(row)))
        sections[name] = _section(PLACES[name], rows, query, where[name], part)
    found = spend(sections, _ROOM, _ROWS)
    empty = [name for name, section in found.items() if section == {"hits": 0}]
    for name, section in found.items():
        if section.get("rows_left_out"):
            section["more"] = PLACES[name].more
    answer: dict[str, Any] = {
        "indicator": query.value,
        "looks_like": list(query.kinds),
        "complete": searchable and all(part.whole for part in parts.values()),
        "devices": {"count": len(serials)} | ({"serial_numbers": list(serials)} if len(serials) <= _SERIALS else {}),
        "found": {name: section for name, section in found.items() if name not in empty},
    }
    answer |= {"no_hits_in": empty} if empty else {}
    return answer | ({"not_looked_at": missing} if missing else {}) | _notes(query, sections)


def _section(
    place: Place, rows: list[dict[str, Any]], query: Query, columns: tuple[str, ...], part: Part[Any]
) -> Section:
    devices = {serial_of(row) for row in rows} - {None}
    counts: dict[str, Any] = {"hits": len(rows)} | ({"devices": len(devices)} if devices else {})
    if not part.whole:
        counts["state"] = part.state
    if len(columns) > 1 and rows:
        counts["matched"] = sorted({name for row in rows for name in matched(row, query, columns)})
    return Section(counts, [_short(row) for row in shown(place, rows)])


def _short(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _cut(" ".join(map(str, value)) if name in _JOINED and isinstance(value, list) else value)
        for name, value in row.items()
    }


def _cut(value: Any) -> Any:
    return f"{value[:_TEXT]}..." if isinstance(value, str) and len(value) > _TEXT else value


def _notes(query: Query, sections: dict[str, Section]) -> dict[str, Any]:
    notes = []
    if _HASHES & set(query.kinds):
        notes.append("only EDR alerts carry hashes: look for the file's name or its path below the home folder too")
    if query.kinds[0] in _OLD_HASHES:
        notes.append("Iru's EDR records SHA-256; look for that too")
    if sections.get("device_information", Section()).rows and not sections.get("devices", Section(rows=[{}])).rows:
        notes.append("Prism knows the device, Iru's device list does not: it was removed")
    if sections and not any(section.rows for section in sections.values()):
        notes.append("no hit in any place that was looked at")
    return {"notes": notes} if notes else {}
