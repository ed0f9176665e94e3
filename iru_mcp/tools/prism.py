"""What devices reported to Prism: software, persistence, local accounts, the machine itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from ..api.client import Call
from ..api.devices import LIST_DEVICES
from ..api.endpoint import Endpoint
from ..api.prism import (
    COLUMNS,
    COMMON_COLUMNS,
    PRISM_APPS,
    PRISM_DEVICE_INFORMATION,
    PRISM_LAUNCH_AGENTS_AND_DAEMONS,
    PRISM_LOCAL_USERS,
    PrismRow,
)
from ..errors import UsageError
from .answers import Page, View
from .catalogue import tool
from .counting import GroupBy, counting
from .listing import Ask, Check, listing
from .params import Cursor, Family, Fields, Limit, Str, listed
from .prism_categories import EXAMPLES
from .prism_filter import Filter, joined, letter_cases, matches, validate
from .resolve import IS_UUID, find
from .versions import VersionAtLeast, VersionBelow, VersionRange

_PRISM_REQUESTS = 60


def _object(value: object) -> object:
    """A filter given as JSON text, as some models write it."""
    if not isinstance(value, str):
        return {} if value is None else value
    if not value.strip():
        return {}
    try:
        return json.loads(value)
    except ValueError:
        return value


OnDevice = Annotated[Str, Field(description="only this serial number, name or device_id")]
Blueprint = Annotated[Str, Field(description="name part or id")]
Families = Annotated[tuple[Family, ...], BeforeValidator(listed)]
PrismFilter = Annotated[
    dict[str, Any] | None,
    BeforeValidator(_object),
    Field(
        description='on any column: {"team_id":{"in":["X"]},"path":{"like":["/tmp"]},"created_at":{"gte":"2026-11-01"}}'
    ),
]
SortBy = Annotated[Str, Field(description="column, - first for descending")]


def _account_type(value: object) -> object:
    """What people call the two kinds of account."""
    word = value.strip().casefold() if isinstance(value, str) else value
    return {"administrator": "Admin", "admin": "Admin", "standard": "Standard", "user": "Standard", "": None}.get(
        str(word), value
    )


AccountType = Annotated[Literal["Admin", "Standard"] | None, BeforeValidator(_account_type)]


class DeviceInformationLine(View):
    """One device as Prism knows it."""

    device__name: str
    serial_number: str
    device__user_email: str
    device__family: str
    model_name: Any
    os_version: Any
    agent_version: Any
    mdm_enabled: Any
    last_checkin: Any
    blueprint_name: str


class LaunchLine(View):
    """A launch agent or daemon on one device."""

    device__name: str
    serial_number: str
    device__user_email: str
    label: Any
    path: Any
    program: Any
    program_arguments: Any
    service_domain: Any
    run_at_load: bool
    is_loaded: bool
    created_at: str


class LocalUserLine(View):
    """A local account on one device."""

    device__name: str
    serial_number: str
    device__user_email: str
    username: Any
    full_name: Any
    uid: Any
    type: Any
    hidden_user: Any
    secure_token: Any
    home_directory: Any
    user_created_at: Any


class ApplicationLine(View):
    """An app on one device."""

    device__name: str
    serial_number: str
    device__user_email: str
    name: Any
    version: Any
    bundle_id: Any
    team_id: Any
    path: Any
    obtained_from: Any
    ad_hoc_code_signed: Any
    created_at: str


@tool(PRISM_DEVICE_INFORMATION, optional=(LIST_DEVICES,), requests=_PRISM_REQUESTS)
async def prism_device_information(
    iru: Call,
    device: OnDevice = "",
    model_name: Str = "",
    os_version: Str = "",
    version_below: VersionBelow = "",
    version_at_least: VersionAtLeast = "",
    apple_silicon: bool | None = None,
    mdm_enabled: bool | None = None,
    agent_installed: bool | None = None,
    blueprint: Blueprint = "",
    device_families: Families = (),
    filter: PrismFilter = None,
    sort_by: SortBy = "",
    group_by: GroupBy = (),
    fields: Fields = (),
    limit: Limit = 25,
    cursor: Cursor = "",
) -> Page[DeviceInformationLine]:
    """Hardware and OS of devices from Prism, fleet-wide: model, capacity, OS build, agent, check-in, battery. Unlike
    list_devices it covers Apple devices only and also shows removed ones."""
    typed = {
        "model_name": model_name,
        "os_version": os_version,
        "apple_silicon": apple_silicon,
        "mdm_enabled": mdm_enabled,
        "agent_installed": agent_installed,
    }
    versions = _versions("os_version", version_below, version_at_least)
    scope = Scope(device, blueprint, device_families, filter, sort_by, group_by, versions)
    return await prism_page(iru, PRISM_DEVICE_INFORMATION, DeviceInformationLine, typed, scope, fields, limit, cursor)


@tool(PRISM_LAUNCH_AGENTS_AND_DAEMONS, optional=(LIST_DEVICES,), requests=_PRISM_REQUESTS)
async def prism_launch_agents_and_daemons(
    iru: Call,
    device: OnDevice = "",
    label: Str = "",
    path: Str = "",
    program: Annotated[Str, Field(description="often empty; program_arguments holds the command line")] = "",
    program_arguments: Str = "",
    is_loaded: bool | None = None,
    run_at_load: bool | None = None,
    blueprint: Blueprint = "",
    device_families: Families = (),
    filter: PrismFilter = None,
    sort_by: SortBy = "",
    group_by: GroupBy = (),
    fields: Fields = (),
    limit: Limit = 25,
    cursor: Cursor = "",
) -> Page[LaunchLine]:
    """What starts by itself on Macs (persistence), fleet-wide or on one device. Apple's own labels begin with
    com.apple., but
    malware imitates them: check path and program_arguments."""
    typed = {
        "label": label,
        "path": path,
        "program": program,
        "program_arguments": program_arguments,
        "is_loaded": is_loaded,
        "run_at_load": run_at_load,
    }
    scope = Scope(device, blueprint, device_families, filter, sort_by, group_by)
    page = await prism_page(iru, PRISM_LAUNCH_AGENTS_AND_DAEMONS, LaunchLine, typed, scope, fields, limit, cursor)
    if program and not page.items:
        page.notes.append("program is often empty in Prism; try program_arguments")
    return page


@tool(PRISM_LOCAL_USERS, optional=(LIST_DEVICES,), requests=_PRISM_REQUESTS)
async def prism_local_users(
    iru: Call,
    device: OnDevice = "",
    username: Str = "",
    type: AccountType = None,
    hidden_user: bool | None = None,
    secure_token: bool | None = None,
    logged_in: bool | None = None,
    blueprint: Blueprint = "",
    device_families: Families = (),
    filter: PrismFilter = None,
    sort_by: SortBy = "",
    group_by: GroupBy = (),
    fields: Fields = (),
    limit: Limit = 25,
    cursor: Cursor = "",
) -> Page[LocalUserLine]:
    """Local accounts on Macs, fleet-wide or on one device: admins, hidden accounts, secure tokens."""
    typed = {
        "username": username,
        "type": type,
        "hidden_user": hidden_user,
        "secure_token": secure_token,
        "logged_in": logged_in,
    }
    scope = Scope(device, blueprint, device_families, filter, sort_by, group_by)
    return await prism_page(iru, PRISM_LOCAL_USERS, LocalUserLine, typed, scope, fields, limit, cursor)


@tool(PRISM_APPS, optional=(LIST_DEVICES,), requests=_PRISM_REQUESTS)
async def prism_applications(
    iru: Call,
    device: OnDevice = "",
    name: Str = "",
    bundle_id: Str = "",
    version: Annotated[Str, Field(description="whole version")] = "",
    version_below: VersionBelow = "",
    version_at_least: VersionAtLeast = "",
    team_id: Str = "",
    path: Str = "",
    ad_hoc_code_signed: bool | None = None,
    blueprint: Blueprint = "",
    device_families: Families = (),
    filter: PrismFilter = None,
    sort_by: SortBy = "",
    group_by: GroupBy = (),
    fields: Fields = (),
    limit: Limit = 25,
    cursor: Cursor = "",
) -> Page[ApplicationLine]:
    """Which devices have an app: one row per app and device, over Macs, iPhones and iPads, removed ones too. Text
    matches any part in any letter case. For all apps of one device, or Windows and Android, use list_device_apps."""
    typed = {
        "name": name,
        "bundle_id": bundle_id,
        "team_id": team_id,
        "path": path,
        "ad_hoc_code_signed": ad_hoc_code_signed,
    }
    exact = {"version": {"in": [version.strip()]}} if version.strip() else {}
    versions = _versions("version", version_below, version_at_least)
    wanted = joined(exact, filter or {})
    scope = Scope(device, blueprint, device_families, wanted, sort_by, group_by, versions)
    return await prism_page(iru, PRISM_APPS, ApplicationLine, typed, scope, fields, limit, cursor)


@dataclass(slots=True)
class Scope:
    """Which rows of a category, and how to show them: the parameters that all Prism tools share."""

    device: str = ""
    blueprint: str = ""
    device_families: tuple[str, ...] = ()
    filter: Mapping[str, Any] | None = None
    sort_by: str = ""
    group_by: tuple[str, ...] = ()
    versions: VersionRange[PrismRow] | None = None


async def prism_page(
    iru: Call,
    endpoint: Endpoint[PrismRow],
    view: type[View],
    typed: Mapping[str, str | bool | None],
    scope: Scope,
    fields: tuple[str, ...],
    limit: int,
    cursor: str,
) -> Page[Any]:
    """One page of a category: typed parameters and the raw filter become one filter, sent to Iru and proven here."""
    category = endpoint.path.rpartition("/")[2]
    group_by, fields = _in_prisms_words(scope.group_by), _in_prisms_words(fields)
    wanted = _typed_filter(typed)
    target = await find(iru, scope.device.strip())
    if target:
        wanted["device_id"] = {"in": [target.device_id]}
    query: dict[str, str | int] = {}
    checks: list[Check[PrismRow]] = []
    _by_blueprint(scope.blueprint.strip(), wanted, query, checks)
    wanted = joined(wanted, {_PRISMS_WORDS.get(name, name): value for name, value in (scope.filter or {}).items()})
    if scope.device_families:
        families = {family.casefold() for family in scope.device_families}
        query["device_families"] = ",".join(scope.device_families)
        checks.append(Check("device_families", lambda row: _family(row) in families, sent=True))
    await _known_columns(iru, endpoint, category, wanted, scope.sort_by.strip())
    if wanted:
        query["filter"] = json.dumps(wanted)
        checks.append(_proof(wanted))
    checks += scope.versions.checks() if scope.versions else []
    if scope.sort_by:
        query["sort_by"] = scope.sort_by.strip()
    # Iru's cursor knows no sorting, and only one page at a time.
    start = 0 if scope.sort_by or scope.group_by else None
    ask = Ask(
        endpoint, query, {}, checks, kind="device__family", columns=COMMON_COLUMNS + COLUMNS[category], start=start
    )
    if scope.group_by:
        page = await counting(iru, ask, group_by, limit=limit, cursor=cursor)
    else:
        page = await listing(iru, ask, view, limit=limit, cursor=cursor, fields=fields)
    page.notes += scope.versions.notes() if scope.versions else []
    if target:
        page.device = target.shown()
    return page


def _versions(column: str, below: str, at_least: str) -> VersionRange[PrismRow]:
    return VersionRange(below, at_least, lambda row: row.values.get(column))


_PRISMS_WORDS = {
    "device_name": "device__name",
    "user_name": "device__user_name",
    "user_email": "device__user_email",
    "device_family": "device__family",
}
"""What the device list calls a column, and Prism something else."""


def _in_prisms_words(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_PRISMS_WORDS.get(name, name) for name in names)


def _typed_filter(typed: Mapping[str, str | bool | None]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for column, value in typed.items():
        if isinstance(value, bool):
            found[column] = {"eq": value}
        elif value and value.strip():
            found[column] = {"like": letter_cases(value.strip())}
    return found


def _by_blueprint(
    blueprint: str, wanted: dict[str, Any], query: dict[str, str | int], checks: list[Check[PrismRow]]
) -> None:
    if IS_UUID.fullmatch(blueprint):
        query["blueprint_ids"] = blueprint.lower()
        checks.append(Check("blueprint", lambda row: row.values.get("blueprint_id") == blueprint.lower(), sent=True))
    elif blueprint:
        wanted["blueprint_name"] = {"like": letter_cases(blueprint)}


def _proof(wanted: Filter) -> Check[PrismRow]:
    return Check("filter", lambda row: matches(row.values, wanted), sent=True)


def _family(row: PrismRow) -> str:
    """The device family; which word stands for an Apple TV in rows is unpublished."""
    family = str(row.values.get("device__family") or "").casefold()
    return "tvos" if family == "appletv" else family


async def _known_columns(
    iru: Call, endpoint: Endpoint[PrismRow], category: str, wanted: Mapping[str, Any], sort_by: str
) -> None:
    """Refuse a column that the category lacks, before Iru ignores it. Tenants may have newer columns than are
    published."""
    columns = set(COMMON_COLUMNS + COLUMNS[category])
    named = set(wanted) | ({sort_by.removeprefix("-")} if sort_by else set())
    if named - columns:
        sample = await iru.page(endpoint)
        columns |= {key for row in sample.rows[:50] if isinstance(row, dict) for key in row}
    if sort_by and sort_by.removeprefix("-") not in columns:
        raise UsageError(f"No column '{sort_by[:60]}' to sort by.", f"Columns: {', '.join(sorted(columns))}.")
    validate(wanted, columns, EXAMPLES[category])
