"""What was found of one indicator as an answer: counts and rows by list, and the union of the devices."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..kit.reader import Attempt, Parts, SourceRows
from ..kit.size import Section, fit_sections
from .indicator_links import Followed
from .indicator_lists import LISTS, SearchedList
from .indicator_matching import matched, value_of
from .indicator_text import Indicator, any_home
from .sources import program_of

_NAMED_IN_ROW = 3
"""Serial numbers of a row that many devices agree in."""
_DEVICE_ROWS = 10
"""Devices that are shown with what each has."""
MOST_NAMED = 25
"""Devices that are named one by one; of more only the number says something."""
_TEXT = 160
"""Characters of one field; what stands out is at the beginning."""
_FOLLOWED = "followed "
_OLD_HASHES = ("md5", "sha1")

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
"""By kind: what no list of Iru's can tell of it, and why."""

TRAITS: dict[str, tuple[str, str]] = {
    "applications": ("app", "none"),
    "threats": ("threat", "no record"),
    "behavioral_detections": ("behavior", "no record"),
    "launch_agents_and_daemons": ("launch_item", "none"),
    "local_accounts": ("account", "none"),
}
"""By list: the name of what a device has of it, and the word for a device that has nothing."""

Row = Mapping[str, Any]
Hits = Mapping[str, Sequence[Row]]


def answer_of(
    indicator: Indicator,
    columns: Mapping[str, tuple[str, ...]],
    parts: Parts,
    followed: Followed,
    devices: Mapping[str, Any],
    room: int,
    most: int,
) -> dict[str, Any]:
    """The answer for one indicator about `devices`, its rows within `room` bytes and `most` of each list."""
    missing = _unsearchable(indicator, columns)
    complete = not missing and not followed.missing and all(part.complete for part in parts.values())
    missing |= {name: part.state for name, part in parts.items() if part.value is None}
    # Where the devices have rows of their own, their serial numbers are enough here.
    names = _IDENTITY[:2] if devices.get("rows") else _IDENTITY
    sections = {
        name: _section_of_hits(LISTS[name], part, indicator, columns[name], names)
        for name, part in parts.items()
        if part.value is not None
    }
    for name, records in followed.rows.items():
        state = followed.missing.get(name, "")
        sections[f"{_FOLLOWED}{name}"] = _section(LISTS[name], [one.flat() for one in records.values()], names, state)
    shown = fit_sections(sections, room, most)
    for name, section in shown.items():
        if section.get("rows_left_out"):
            section["more"] = LISTS[name.removeprefix(_FOLLOWED)].next_tool
    beside = {name.removeprefix(_FOLLOWED): section for name, section in shown.items() if name.startswith(_FOLLOWED)}
    found = {name: section for name, section in shown.items() if not name.startswith(_FOLLOWED)}
    empty = [name for name, section in found.items() if section == {"hits": 0}]
    answer: dict[str, Any] = {"indicator": indicator.shown, "looks_like": list(indicator.kinds), "complete": complete}
    answer["devices"] = devices
    answer["found"] = {name: section for name, section in found.items() if name not in empty}
    answer |= {"followed": {"steps": followed.steps} | beside} if beside else {}
    no_hits = [name for name in empty if name not in beside]
    notes = _notes(indicator, sections)
    notes += [f"not followed, too many to be one thing: {what}" for what in followed.not_followed]
    notes += [f"not followed into {name}: {state}" for name, state in followed.missing.items() if name not in beside]
    rest = {"no_hits_in": no_hits, "not_looked_at": missing, "notes": notes}
    return answer | {name: value for name, value in rest.items() if value}


def _unsearchable(indicator: Indicator, columns: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    kinds = ("sha256" if kind in _OLD_HASHES else kind for kind in indicator.kinds)
    reasons = ((names, why) for kind in kinds for names, why in _NEVER_SEARCHABLE.get(kind, {}).items())
    return {names: why for names, why in reasons if not set(names.split(", ")) & set(columns)}


def _section_of_hits(
    of: SearchedList,
    part: Attempt[SourceRows[Any]],
    indicator: Indicator,
    columns: tuple[str, ...],
    names: Sequence[str],
) -> Section:
    rows = [record.flat() for record in part.records]
    section = _section(of, rows, names, "" if part.complete else part.state)
    if len(columns) > 1 and rows:
        section.counts["matched"] = sorted({name for row in rows for name in matched(row, indicator, columns)})
    return section


def _section(of: SearchedList, rows: Sequence[Row], names: Sequence[str], state: str) -> Section:
    """Counts, and the hits as rows: each with its device, or how many devices agree in it, where paths are compared
    without the user's home folder. `state` says why these are not all."""
    devices = {device_of(row) for row in rows} - {""}
    counts: dict[str, Any] = {"hits": len(rows)} | ({"devices": len(devices)} if devices else {})
    counts |= {"state": state} if state else {}
    groups: dict[tuple[str, ...], list[Row]] = {}
    for number, row in enumerate(rows):
        key = tuple(any_home(str(value_of(row, name))) for name in of.group_by.split()) or (str(number),)
        groups.setdefault(key, []).append(row)
    return Section(counts, [_row(of, group, names) for group in sorted(groups.values(), key=of.sort_key)])


def _row(of: SearchedList, group: Sequence[Row], names: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if len(group) > 1:
        devices = list(dict.fromkeys(_named(row) for row in group if device_of(row)))
        found = {"devices": len(devices), "serial_numbers": devices[:_NAMED_IN_ROW]}
    elif of.next_tool != "list_users":
        found = _identity(group[0], names)
    for name in (f"{of.group_by} {of.alone}" if len(group) == 1 else of.group_by).split():
        value = value_of(group[0], name)
        if value is not None:
            found[name.replace("software_summary.", "").replace(".", "_")] = _short(name, value, len(group))
    if found.get("program_arguments") == found.get("program"):
        found.pop("program_arguments", None)
    return found


def _short(name: str, value: Any, rows: int) -> Any:
    """A value of so many rows, on one line and cut; where they are several, with `~` for each home folder."""
    if name == "program_arguments" and isinstance(value, list):
        value = " ".join(map(str, value))
    if not isinstance(value, str):
        return value
    text = any_home(value) if rows > 1 else value
    return f"{text[:_TEXT]}..." if len(text) > _TEXT else text


def device_of(row: Row) -> str:
    """What tells the device of a row from others: its id in every list, or else its serial number."""
    return str(row.get("device_id") or _serial(row) or "")


def _serial(row: Row) -> str | None:
    return row.get("serial_number") or row.get("device_serial_number")


def _named(row: Row) -> str:
    """The device of a row as another tool takes it."""
    return _serial(row) or device_of(row)


_IDENTITY = ("serial_number", "device_id", "device_name", "user_email")


def _identity(row: Row, names: Sequence[str] = _IDENTITY) -> dict[str, Any]:
    """Which device a row is about, and who holds it; the device_id only where there is no serial number."""
    found = {
        "serial_number": _serial(row),
        "device_id": None if _serial(row) else device_of(row),
        "device_name": row.get("device__name") or row.get("device_name") or row.get("name"),
        "user_email": row.get("device__user_email") or row.get("user_email"),
    }
    return {name: found[name] for name in names if found[name]}


def devices_of(hits: Hits, direct: set[str], unknown: Mapping[str, str], edr: Mapping[str, str]) -> dict[str, Any]:
    """All devices that the hits are about: how many, and of a few what each has and has not.

    `direct` has the devices with the indicator itself, the others have only what belongs to it; `unknown` the lists
    that were not read to their end; `edr` the state of endpoint detection by device.
    """
    rows: dict[str, dict[str, list[Row]]] = {}
    for name, found in hits.items():
        for row in filter(device_of, found):
            rows.setdefault(device_of(row), {}).setdefault(name, []).append(row)
    traits = {name: trait for name, trait in TRAITS.items() if hits.get(name)}
    if traits and len(rows) <= _DEVICE_ROWS:
        shown = [
            _device_row(by_list, traits, unknown)
            | ({"edr": edr[device]} if device in edr else {})
            | ({} if device in direct else {"only_followed": True})
            for device, by_list in rows.items()
        ]
        return {"count": len(rows)} | ({"rows": shown} if shown else {})
    named = [_named(next(iter(by_list.values()))[0]) for by_list in rows.values()]
    counts = {"count": len(rows)} | ({"only_followed": len(rows.keys() - direct)} if rows.keys() - direct else {})
    return counts | ({"serial_numbers": named} if 0 < len(rows) <= MOST_NAMED else {})


def _device_row(
    by_list: Mapping[str, Sequence[Row]], traits: Mapping[str, tuple[str, str]], unknown: Mapping[str, str]
) -> dict[str, Any]:
    identities = [_identity(row) for rows in by_list.values() for row in rows]
    found: dict[str, Any] = {name: next((one[name] for one in identities if name in one), None) for name in _IDENTITY}
    found["device_id"] = None if found["serial_number"] else found["device_id"]
    for name, (trait, absent) in traits.items():
        has = ", ".join(dict.fromkeys(_trait(name, row) for row in by_list.get(name, ())))
        found[trait] = has or ("unknown" if name in unknown else absent)
    return {name: value for name, value in found.items() if value}


def _trait(name: str, row: Row) -> str:
    """What a device has of a list, in a few words."""
    if name == "applications":
        return f"{row.get('name') or row.get('bundle_id') or row.get('path')} {row.get('version') or ''}".strip()
    if name == "launch_agents_and_daemons":
        return str(row.get("label") or program_of(row))[:_TEXT]
    if name == "local_accounts":
        return f"{row.get('username')}{' (hidden)' if row.get('hidden_user') is True else ''}"
    return str(row.get("status") or "state unknown")


def _notes(indicator: Indicator, sections: Mapping[str, Section]) -> list[str]:
    notes = []
    if {*_OLD_HASHES, "sha256"} & set(indicator.kinds) and not any(name.startswith(_FOLLOWED) for name in sections):
        notes.append("only EDR alerts carry hashes: look for the file's name or its path below the home folder too")
    if indicator.kinds[0] in _OLD_HASHES:
        notes.append("Iru's EDR records SHA-256; look for that too")
    if sections.get("device_information", Section()).rows and not sections.get("devices", Section(rows=[{}])).rows:
        notes.append("Prism knows the device, Iru's device list does not: it was removed")
    if sections and not any(section.rows for section in sections.values()):
        notes.append("no hit in any place that was looked at")
    return notes
