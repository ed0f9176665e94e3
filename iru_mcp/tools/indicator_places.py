"""Where an indicator is looked for, and how it is matched there."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from ..api.client import Call
from ..api.devices import LIST_DEVICES, Device
from ..api.endpoint import Endpoint
from ..api.prism import PRISM_APPS, PRISM_LAUNCH_AGENTS_AND_DAEMONS, PRISM_LOCAL_USERS, PrismRow
from ..api.record import Record
from ..api.users import LIST_USERS
from ..api.vulnerabilities import LIST_AFFECTED_DEVICES, LIST_DETECTIONS, LIST_VULNERABILITIES
from ..errors import NotFound
from .parts import Rows, gather, read
from .prism_filter import letter_cases, matches
from .scan import Check
from .threats import THREAT_ENDPOINTS, Sighting, read_threats
from .vulnerabilities import rank

R = TypeVar("R", bound=Record)

_WHOLE = frozenset({"team_id", "serial_number", "device_id", "email"})
"""Kinds and columns that are compared whole; all others may contain the value."""


@dataclass(frozen=True, slots=True)
class Query:
    """The value that is looked for, and the kinds it may be."""

    value: str
    kinds: tuple[str, ...]

    def columns(self, by_kind: Mapping[str, str]) -> tuple[str, ...]:
        """What to look in, each once."""
        found = (column for kind in self.kinds for column in by_kind.get(kind, "").split())
        return tuple(dict.fromkeys(found))

    def fits(self, found: Any, *, whole: bool = False) -> bool:
        """Whether one field has the value; lists have it when an item has."""
        if isinstance(found, (list, tuple)):
            return any(self.fits(item, whole=whole) for item in found)
        wanted, text = self.value.casefold(), str(found or "").casefold()
        return wanted == text if whole else wanted in text


@dataclass(frozen=True, slots=True)
class Place:
    """One list of Iru's: in which fields each kind is looked for there, what a hit shows, and what shows more.

    With `alike`, hits that agree in these fields are one row, and the rarest come first, since what hides behind a
    usual name is on few devices.
    """

    by_kind: Mapping[str, str]
    search: Callable[[Call, Query, Sequence[str]], Any]
    shown: tuple[str, ...]
    more: str
    alike: tuple[str, ...] = ()
    first: Callable[[Sequence[Mapping[str, Any]]], Any] = len
    """By what rows are sorted, from the hits in each."""


def _prism(endpoint: Endpoint[PrismRow]) -> Callable[[Call, Query, Sequence[str]], Any]:
    async def search(iru: Call, query: Query, columns: Sequence[str]) -> Rows[PrismRow]:
        async def one(column: str) -> Rows[PrismRow]:
            words = [query.value] if column in _WHOLE else letter_cases(query.value)
            return await read(iru, endpoint, *_filtered({column: {"in" if column in _WHOLE else "like": words}}))

        return await _each(columns, one)

    return search


async def _each(columns: Sequence[str], one: Callable[[str], Awaitable[Rows[R]]]) -> Rows[R]:
    """The rows of one request a column, since several columns in one filter would all have to match."""
    parts = await gather({column: partial(one, column) for column in columns})
    rows = {row.key(): row for part in parts.values() if part.value for row in part.value.records}
    told = [f"{column}: {part.state.removeprefix('partial: ')}" for column, part in parts.items() if not part.whole]
    return Rows(list(rows.values()), "; ".join(told))


def _filtered(wanted: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, str | int], list[Check[Any]]]:
    """The JSON filter for Iru, and its proof."""
    return {"filter": json.dumps(wanted)}, [Check("filter", lambda row: matches(row.flat(), wanted), sent=True)]


def _alerts(kind: str) -> Callable[[Call, Query, Sequence[str]], Any]:
    async def search(iru: Call, query: Query, columns: Sequence[str]) -> Rows[Sighting]:
        found = await read_threats(iru, kinds=(kind,))
        hits = [one for one in found.records if matched(one.flat(), query, columns)]
        return Rows(hits, "" if found.complete else "; ".join(found.notes) or "not all could be read")

    return search


async def _detections(iru: Call, query: Query, columns: Sequence[str]) -> Rows[Any]:
    """By CVE its devices, by software the detections in it."""
    if "cve" in query.kinds:
        return await _affected(iru, query.value.upper())

    async def one(column: str) -> Rows[Any]:
        return await read(iru, LIST_DETECTIONS, *_filtered({column: {"like": letter_cases(query.value)}}))

    return await _each(columns, one)


async def _affected(iru: Call, cve: str) -> Rows[Any]:
    try:
        return await read(iru, LIST_AFFECTED_DEVICES, cve_id=cve)
    except NotFound:
        await iru.page(LIST_VULNERABILITIES)  # raises where the product is missing, not the CVE
        return Rows([])


async def _devices(iru: Call, query: Query, columns: Sequence[str]) -> Rows[Device]:
    async def one(column: str) -> Rows[Device]:
        check = Check(column, _has(query, (column,)), sent=True)
        return await read(iru, LIST_DEVICES, {column: query.value, "ordering": "device_id"}, [check])

    return await _each(columns, one)


async def count_beside_prism(iru: Call) -> str:
    """How many devices there are whose apps Prism does not have, in words; empty when there are none."""
    counts = {}
    for platform in ("Windows", "Android"):
        page = await iru.page(LIST_DEVICES, query={"platform": platform})
        held = sum(1 for device in page.records if device and device.platform == platform)
        if held:
            counts[platform] = f"{held}{' or more' if page.next is not None else ''} {platform}"
    return " and ".join(counts.values())


async def _users(iru: Call, query: Query, columns: Sequence[str]) -> Rows[Any]:
    return await read(iru, LIST_USERS, {"email": query.value}, [Check("email", _has(query, columns), sent=True)])


def _has(query: Query, columns: Sequence[str]) -> Callable[[Any], bool]:
    return lambda record: bool(matched(record.flat(), query, columns))


def matched(row: Mapping[str, Any], query: Query, columns: Sequence[str]) -> list[str]:
    """The columns of `row` that have the value."""
    return [name for name in columns if query.fits(_of(row, name), whole=name in _WHOLE)]


def _of(row: Mapping[str, Any], name: str) -> Any:
    """A field, also within an object as `object.key`."""
    outer, _, inner = name.partition(".")
    value = row.get(outer)
    return value.get(inner) if inner and isinstance(value, Mapping) else None if inner else value


_SERIALS = 3
"""Serial numbers of a row that many devices agree in."""
_NAMED = ("app_name", "process_name")
_ALERT_TEXT = "threat_name process_name file_path command_line bundle_path"
_PARENT_TEXT = "parent_process.name parent_process.image_path parent_process.command_line"


def _alert_columns(parent: str) -> dict[str, str]:
    text = f"{_ALERT_TEXT} {parent}".strip()
    hashes = f"file_hash {'parent_process.sha256' if parent else ''}".strip()
    kinds = dict.fromkeys((*_NAMED, "path", "ip", "bundle_id", "launch_label"), text)
    whose = {"serial_number": "device_serial_number", "device_id": "device_id", "username": "process_owner"}
    return kinds | dict.fromkeys(("md5", "sha1", "sha256"), hashes) | whose


_ALERT_SHOWN = tuple(
    "detection_date threat_name status process_name file_path bundle_path command_line file_hash".split()
)

PLACES: dict[str, Place] = {
    "threats": Place(_alert_columns(""), _alerts("threat"), _ALERT_SHOWN, "list_threats"),
    "behavioral_detections": Place(
        _alert_columns(_PARENT_TEXT), _alerts("behavioral"), (*_ALERT_SHOWN, "parent_process.name"), "list_threats"
    ),
    "launch_agents_and_daemons": Place(
        dict.fromkeys(_NAMED, "label program program_arguments")
        | {
            "path": "path program program_arguments",
            "ip": "program_arguments",
            "bundle_id": "label program_arguments",
            "launch_label": "label",
        },
        _prism(PRISM_LAUNCH_AGENTS_AND_DAEMONS),
        ("label", "path", "program", "program_arguments", "created_at"),
        "prism_launch_agents_and_daemons",
        ("label", "path", "program", "program_arguments"),
    ),
    "applications": Place(
        {
            "app_name": "name",
            "process_name": "executable",
            "path": "path",
            "bundle_id": "bundle_id",
            "team_id": "team_id",
        },
        _prism(PRISM_APPS),
        ("name", "version", "bundle_id", "team_id", "path", "ad_hoc_code_signed", "created_at"),
        "prism_applications",
        ("name", "version", "bundle_id", "team_id", "path"),
    ),
    "local_accounts": Place(
        {"username": "username"},
        _prism(PRISM_LOCAL_USERS),
        ("username", "type", "hidden_user", "user_created_at"),
        "prism_local_users",
        ("username", "type", "hidden_user"),
    ),
    "vulnerable_software": Place(
        {"cve": "cve_id", "app_name": "name", "bundle_id": "bundle_id", "path": "path"},
        _detections,
        ("cve_id", "cvss_severity", "name", "version", "software_summary.name", "software_summary.version"),
        "find_devices_with_vulnerability",
        ("cve_id", "cvss_severity", "name", "version", "software_summary.name", "software_summary.version"),
        lambda group: (-rank(group[0].get("cvss_severity")), -len(group)),
    ),
    "devices": Place(
        {
            "serial_number": "serial_number",
            "device_id": "device_id",
            "email": "user_email",
            "device_name": "device_name",
            "person": "user_name",
        },
        _devices,
        ("platform", "os_version", "user_email", "last_check_in", "device_id"),
        "list_devices",
    ),
    "users": Place({"email": "email"}, _users, ("id", "email", "name", "archived", "device_count"), "list_users"),
}
"""By the name an answer gives them; the most telling first."""

PLACE_ENDPOINTS: tuple[Endpoint[Any], ...] = (
    *THREAT_ENDPOINTS,
    PRISM_APPS,
    PRISM_LAUNCH_AGENTS_AND_DAEMONS,
    PRISM_LOCAL_USERS,
    LIST_DETECTIONS,
    LIST_AFFECTED_DEVICES,
    LIST_VULNERABILITIES,
    LIST_DEVICES,
    LIST_USERS,
)


def shown(place: Place, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The hits as rows: each with its device, or how many devices agree in it."""
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for number, row in enumerate(rows):
        key = tuple(str(_of(row, name)) for name in place.alike) or (str(number),)
        groups.setdefault(key, []).append(row)
    return [_row(place, group) for group in sorted(groups.values(), key=place.first)]


def _row(place: Place, group: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    row = group[0]
    whose: dict[str, Any] = {}
    names = place.shown if len(group) == 1 else place.alike
    if len(group) > 1:
        serials = list(dict.fromkeys(serial for one in group if (serial := serial_of(one))))
        whose = {"devices": len(serials), "serial_numbers": serials[:_SERIALS]}
    elif place.more != "list_users":
        whose = {"serial_number": serial_of(row), "device": name_of(row), "user_email": owner_of(row)}
        whose = {name: value for name, value in whose.items() if value}
    for name in names:
        value = _of(row, name)
        if value is not None:
            whose[name.replace("software_summary.", "").replace(".", "_")] = value
    return whose


def serial_of(row: Mapping[str, Any]) -> str | None:
    """The serial number of the device in a row of any place."""
    return row.get("serial_number") or row.get("device_serial_number")


def owner_of(row: Mapping[str, Any]) -> str | None:
    """Who holds the device in a row of any place that says it."""
    return row.get("device__user_email") or row.get("user_email")


def name_of(row: Mapping[str, Any]) -> str | None:
    """The name of the device in a row of any place."""
    return row.get("device__name") or row.get("device_name") or row.get("name")
