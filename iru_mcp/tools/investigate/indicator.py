"""One indicator looked for in every source that Iru has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypedDict, cast

from pydantic import Field

from ...api.call import Call
from ...errors import UsageError
from ..kit.catalogue import tool
from ..kit.context import Context
from .indicator_kinds import looks_like, without_port
from .indicator_matching import Indicator, count_outside_prism, matched
from .indicator_sources import SOURCE_ENDPOINTS, SOURCES, Source, serial_of, shown
from .reader import Outcome, Section, gather, spend

_REQUESTS = 60
"""Eight sources, up to three columns each, a few pages of each; a dozen requests are usual."""
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
_OUTSIDE = "devices that Prism does not have"
_JOINED = frozenset({"program_arguments"})
_OLD_HASHES = ("md5", "sha1")
_HASHES = frozenset({"md5", "sha1", "sha256"})

_NEVER_SEARCHABLE: dict[str, dict[str, str]] = {
    "sha256": {"applications, launch_agents_and_daemons": "Iru has no file hashes of them"},
    "ip": {"network connections": "Iru records none; one device's own address is in get_device_details"},
    "team_id": {"threats, behavioral_detections": "they have no team id"},
    "person": {"users": "Iru cannot search them by name; use list_users"},
    "email": {"audit log": "use list_audit_events"},
    "device_id": {"audit log": "ids of tokens, admins and items are there: list_audit_events target= or actor="},
    "app_name": {"library items, audit log": "names of scripts, profiles and tokens: list_audit_events target="},
}


class FoundIndicator(TypedDict, total=False):
    """What find_indicator returns."""

    indicator: str
    looks_like: list[str]
    complete: bool
    devices: dict[str, Any]
    found: dict[str, Any]
    no_hits_in: list[str]
    not_looked_at: dict[str, str]
    notes: list[str]


@tool(optional=SOURCE_ENDPOINTS, toolset="investigate", requests=_REQUESTS)
async def find_indicator(
    ctx: Context,
    value: Annotated[
        str,
        Field(
            description="hash, process, path, bundle id, team id, launch label, app or account name, IP, serial, "
            "e-mail, person or CVE",
            min_length=1,
            max_length=300,
        ),
    ],
) -> FoundIndicator:
    """Where one indicator occurs in the fleet: apps, launch agents, EDR threats and behavior, local accounts,
    vulnerable software, devices, users. Device counts and first rows per place; what could not be searched is in
    not_looked_at. Start here with an unknown name, hash or path."""
    indicator = _read(value)
    where = {
        name: columns for name, source in SOURCES.items() if (columns := indicator.columns(source.columns_by_kind))
    }
    jobs = {name: _job(ctx.call, SOURCES[name], indicator, columns) for name, columns in where.items()}
    if _IN_APPS in where and _ON_ALL_PLATFORMS & set(indicator.kinds):
        jobs[_OUTSIDE] = lambda: count_outside_prism(ctx.call)
    parts = await gather(jobs)
    outside = parts.pop(_OUTSIDE, None)
    answer = _answer(indicator, where, parts)
    return cast("FoundIndicator", _with_outside_prism(answer, outside) if outside else answer)


def _with_outside_prism(answer: dict[str, Any], outside: Outcome[str]) -> dict[str, Any]:
    """The answer, saying whether there are devices whose apps cannot be searched."""
    if outside.value == "":
        return answer
    which = f"apps of {outside.value or 'Windows and Android'} devices"
    missing = {which: "Iru has them device by device: list_device_apps"}
    return answer | {"complete": False, "not_looked_at": answer.get("not_looked_at", {}) | missing}


def _read(value: str) -> Indicator:
    wanted = value.strip().strip("\"'").strip()
    if len(wanted) < _LEAST:
        raise UsageError("value is too short to look for.", f"Give at least {_LEAST} characters.")
    kinds = looks_like(wanted)
    return Indicator(without_port(wanted) if kinds == ("ip",) else wanted, kinds)


def _job(call: Call, source: Source, indicator: Indicator, columns: tuple[str, ...]) -> Callable[[], Awaitable[Any]]:
    return lambda: source.search(call, indicator, columns)


def _answer(indicator: Indicator, where: dict[str, tuple[str, ...]], parts: dict[str, Outcome[Any]]) -> dict[str, Any]:
    sections: dict[str, Section] = {}
    kinds = ("sha256" if kind in _OLD_HASHES else kind for kind in indicator.kinds)
    unsearchable = ((sources, why) for kind in kinds for sources, why in _NEVER_SEARCHABLE.get(kind, {}).items())
    missing = {sources: why for sources, why in unsearchable if not set(sources.split(", ")) & set(where)}
    searchable = not missing
    serials: dict[str, None] = {}
    for name, part in parts.items():
        if part.value is None:
            missing[name] = part.state
            continue
        rows = [record.flat() for record in part.value.records]
        serials |= dict.fromkeys(serial for row in rows if (serial := serial_of(row)))
        sections[name] = _section(SOURCES[name], rows, indicator, where[name], part)
    found = spend(sections, _ROOM, _ROWS)
    empty = [name for name, section in found.items() if section == {"hits": 0}]
    for name, section in found.items():
        if section.get("rows_left_out"):
            section["more"] = SOURCES[name].next_tool
    answer: dict[str, Any] = {
        "indicator": indicator.value,
        "looks_like": list(indicator.kinds),
        "complete": searchable and all(part.complete for part in parts.values()),
        "devices": {"count": len(serials)} | ({"serial_numbers": list(serials)} if len(serials) <= _SERIALS else {}),
        "found": {name: section for name, section in found.items() if name not in empty},
    }
    answer |= {"no_hits_in": empty} if empty else {}
    return answer | ({"not_looked_at": missing} if missing else {}) | _notes(indicator, sections)


def _section(
    source: Source, rows: list[dict[str, Any]], indicator: Indicator, columns: tuple[str, ...], part: Outcome[Any]
) -> Section:
    devices = {serial_of(row) for row in rows} - {None}
    counts: dict[str, Any] = {"hits": len(rows)} | ({"devices": len(devices)} if devices else {})
    if not part.complete:
        counts["state"] = part.state
    if len(columns) > 1 and rows:
        counts["matched"] = sorted({name for row in rows for name in matched(row, indicator, columns)})
    return Section(counts, [_short(row) for row in shown(source, rows)])


def _short(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _cut(" ".join(map(str, value)) if name in _JOINED and isinstance(value, list) else value)
        for name, value in row.items()
    }


def _cut(value: Any) -> Any:
    return f"{value[:_TEXT]}..." if isinstance(value, str) and len(value) > _TEXT else value


def _notes(indicator: Indicator, sections: dict[str, Section]) -> dict[str, Any]:
    notes = []
    if _HASHES & set(indicator.kinds):
        notes.append("only EDR alerts carry hashes: look for the file's name or its path below the home folder too")
    if indicator.kinds[0] in _OLD_HASHES:
        notes.append("Iru's EDR records SHA-256; look for that too")
    if sections.get("device_information", Section()).rows and not sections.get("devices", Section(rows=[{}])).rows:
        notes.append("Prism knows the device, Iru's device list does not: it was removed")
    if sections and not any(section.rows for section in sections.values()):
        notes.append("no hit in any place that was looked at")
    return {"notes": notes} if notes else {}
