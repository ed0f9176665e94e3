"""One indicator looked for in every source that Iru has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any, TypedDict, cast

from pydantic import BeforeValidator, Field

from ...api.call import Call
from ...errors import UsageError
from ..kit.catalogue import tool
from ..kit.context import Context
from .indicator_matching import count_outside_prism, matched
from .indicator_sources import SOURCE_ENDPOINTS, SOURCES, Source, serial_of, shown
from .indicator_text import Indicator, read_indicators
from .reader import Outcome, Section, gather, spend

_REQUESTS = 200
"""Eight sources, up to three columns each, a few pages of each; a dozen requests an indicator are usual."""
_MOST_INDICATORS = 10
_ROOM_EACH = 500
"""Bytes for the rows of each of several indicators, beside its share of `_ROOM`."""
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
    "domain": {"network connections": "Iru records none, only command lines"},
    "mac_address": {"MAC addresses": "no list has them; one device's own is in get_device_details"},
    "team_id": {"threats, behavioral_detections": "they have no team id"},
    "person": {"users": "Iru cannot search them by name; use list_users"},
    "email": {"audit log": "use list_audit_events"},
    "device_id": {"audit log": "ids of tokens, admins and items are there: list_audit_events target= or actor="},
    "app_name": {"library items, audit log": "names of scripts, profiles and tokens: list_audit_events target="},
}


class FoundIndicator(TypedDict, total=False):
    """What find_indicator returns; of several indicators, `indicators` has such an answer for each."""

    indicator: str
    looks_like: list[str]
    complete: bool
    devices: dict[str, Any]
    found: dict[str, Any]
    no_hits_in: list[str]
    not_looked_at: dict[str, str]
    notes: list[str]
    indicators: list[Any]


def _lines(value: object) -> object:
    return "\n".join(map(str, value)) if isinstance(value, (list, tuple)) else value


@tool(optional=SOURCE_ENDPOINTS, toolset="investigate", requests=_REQUESTS)
async def find_indicator(
    ctx: Context,
    value: Annotated[
        str,
        BeforeValidator(_lines),
        Field(
            description="hash, process, path, URL, domain, bundle id, team id, launch label, app or account name, IP, "
            "serial, e-mail, person or CVE, as pasted; several: one a line",
            min_length=1,
            max_length=3000,
        ),
    ],
) -> FoundIndicator:
    """Where an indicator occurs in the fleet: apps, launch agents, EDR threats and behavior, local accounts,
    vulnerable software, devices, users. Device counts and first rows per place; what could not be searched is in
    not_looked_at. Start here with an unknown name, hash or path."""
    indicators = read_indicators(value)
    if not indicators or any(len(indicator.value) < _LEAST for indicator in indicators):
        raise UsageError("value is too short to look for.", f"Give at least {_LEAST} characters of each.")
    if len(indicators) > _MOST_INDICATORS:
        raise UsageError(f"{len(indicators)} indicators at once.", f"Give at most {_MOST_INDICATORS}, one a line.")
    if len(indicators) == 1:
        return cast("FoundIndicator", await _find(ctx.call, indicators[0], _ROOM))
    room = _ROOM // len(indicators) + _ROOM_EACH
    jobs = {indicator.shown: partial(_find, ctx.call, indicator, room) for indicator in indicators}
    return cast("FoundIndicator", _several(await gather(jobs)))


async def _find(call: Call, indicator: Indicator, room: int) -> dict[str, Any]:
    """The answer for one indicator, its rows within `room` bytes. Raises an IruError when nothing could be searched."""
    columns = {name: found for name, source in SOURCES.items() if (found := indicator.columns(source.columns_by_kind))}
    jobs: dict[str, Callable[[], Awaitable[Any]]] = {
        name: partial(SOURCES[name].search, call, indicator, names) for name, names in columns.items()
    }
    if _IN_APPS in columns and _ON_ALL_PLATFORMS & set(indicator.kinds):
        jobs[_OUTSIDE] = lambda: count_outside_prism(call)
    outcomes = await gather(jobs)
    outside = outcomes.pop(_OUTSIDE, None)
    answer = _answer(indicator, columns, outcomes, room)
    return _with_outside_prism(answer, outside) if outside else answer


def _several(outcomes: dict[str, Outcome[dict[str, Any]]]) -> dict[str, Any]:
    """One answer for several indicators: which devices have which, then the answer for each."""
    answers = [
        outcome.value or {"indicator": value, "complete": False, "notes": [outcome.state]}
        for value, outcome in outcomes.items()
    ]
    have: dict[str, list[str]] = {}
    for answer in answers:
        for serial in answer.get("devices", {}).get("serial_numbers", []):
            have.setdefault(serial, []).append(answer["indicator"])
    ranked = sorted(have.items(), key=lambda item: -len(item[1]))
    rows = [{"serial_number": serial, "indicators": values} for serial, values in ranked[:_SERIALS]]
    unnamed = [answer["indicator"] for answer in answers if "serial_numbers" not in answer.get("devices", {})]
    notes = [f"devices not named one by one of: {', '.join(unnamed)}"] if unnamed else []
    devices = {"at_least" if unnamed else "count": len(have)} | ({"rows": rows} if rows else {})
    complete = all(answer["complete"] for answer in answers)
    return {"complete": complete, "devices": devices} | ({"notes": notes} if notes else {}) | {"indicators": answers}


def _with_outside_prism(answer: dict[str, Any], outside: Outcome[str]) -> dict[str, Any]:
    """The answer, saying whether there are devices whose apps cannot be searched."""
    if outside.value == "":
        return answer
    which = f"apps of {outside.value or 'Windows and Android'} devices"
    missing = {which: "Iru has them device by device: list_device_apps"}
    return answer | {"complete": False, "not_looked_at": answer.get("not_looked_at", {}) | missing}


def _answer(
    indicator: Indicator, where: dict[str, tuple[str, ...]], parts: dict[str, Outcome[Any]], room: int
) -> dict[str, Any]:
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
    found = spend(sections, room, _ROWS)
    empty = [name for name, section in found.items() if section == {"hits": 0}]
    for name, section in found.items():
        if section.get("rows_left_out"):
            section["more"] = SOURCES[name].next_tool
    answer: dict[str, Any] = {
        "indicator": indicator.shown,
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
