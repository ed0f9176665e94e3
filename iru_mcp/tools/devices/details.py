"""One device in depth: everything Iru holds on it, and how its blueprint's items stand."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, TypedDict, cast

from pydantic import Field

from ...api.endpoints.devices import GET_DEVICE_DETAILS, GET_DEVICE_STATUS, LIST_DEVICES, DeviceStatus, StatusItem
from ...api.record import is_blank, tidy
from ...errors import UsageError
from ..kit import Context, tool
from ..kit.params import ALL, DeviceRef, Fields, known_fields
from ..kit.resolve import resolve

_FINE = frozenset("pass success installed remediated available cached compliant excluded incompatible".split())
FAILED = frozenset({"error", "failed"})
"""Words of Iru's for an item that failed."""
_LAST_LINES = 3
_LOG_CHARACTERS = 300


class Details(TypedDict, total=False):
    """What get_device_details returns: one key per section that this platform has."""

    device_id: str
    general: dict[str, Any]
    mdm: dict[str, Any]
    filevault: dict[str, Any]
    hardware_overview: dict[str, Any]
    network: dict[str, Any]
    kandji_agent: dict[str, Any]
    users: dict[str, Any]
    installed_profiles: Any
    volumes: list[Any]


class Status(TypedDict, total=False):
    """What get_device_status returns."""

    device: dict[str, Any]
    library_items: dict[str, Any]
    parameters: dict[str, Any]
    complete: bool
    notes: list[str]
    items: list[Any]


Sections = Annotated[
    tuple[str, ...],
    Field(description="e.g. general, network, users, installed_profiles; default all, the last two counted"),
]


@tool(GET_DEVICE_DETAILS, optional=(LIST_DEVICES,))
async def get_device_details(ctx: Context, device: DeviceRef, sections: Sections = ()) -> Details:
    """Everything Iru holds on one device: owner, hardware, OS, network, MDM, agent, FileVault, activation lock, lost
    mode, recovery, security, local users, volumes, profiles, Apple Business Manager. Sections differ by platform. For
    installed software use list_device_apps, for failures get_device_status."""
    target = await resolve(ctx.call, device)
    record = await ctx.call.fetch(GET_DEVICE_DETAILS, device_id=target.device_id)
    held = record.model_dump()
    found = {name: kept for name, value in held.items() if not is_blank(kept := tidy(value, name))}
    wrong = [name for name in sections if name not in held]
    if wrong:
        raise UsageError(
            f"This device has no section '{wrong[0][:40]}'; sections differ by platform.",
            f"It has: {', '.join(found)}.",
        )
    shown = {name: found.get(name, {}) for name in sections} if sections else _lightened(found)
    return cast("Details", {"device_id": target.device_id} | shown)


def _lightened(found: dict[str, Any]) -> dict[str, Any]:
    """The sections with the long lists counted; who may administer the machine stays."""
    light = dict(found)
    if "installed_profiles" in light:
        light["installed_profiles"] = {"count": len(light["installed_profiles"])}
    users = light.get("users")
    if isinstance(users, dict):
        regular = [user for user in users.get("regular_users", []) if isinstance(user, dict)]
        light["users"] = {
            "regular_users": [user.get("username") for user in regular],
            "admins": [user.get("username") for user in regular if user.get("admin") is True],
            "system_users": {"count": len(users.get("system_users", []))},
        }
    return light


@tool(GET_DEVICE_STATUS, optional=(LIST_DEVICES,))
async def get_device_status(
    ctx: Context,
    device: DeviceRef,
    show: Annotated[Literal["not_fine", "all"], Field(description="all lists the items that pass too")] = "not_fine",
    fields: Fields = (),
) -> Status:
    """How a device stands against its blueprint: library items and parameters that failed, err, warn or wait,
    with their last log lines, and counts of all by status."""
    target = await resolve(ctx.call, device)
    record = await ctx.call.fetch(GET_DEVICE_STATUS, device_id=target.device_id)
    found = standing(record, everything=show == "all", fields=fields)
    answer: dict[str, Any] = {"device": target.shown()} | found.counts | {"complete": not found.unreadable}
    if found.unreadable:
        answer["notes"] = [f"{found.unreadable} items could not be read and are left out"]
    return cast("Status", answer | {"items": found.rows})


class Standing(NamedTuple):
    """How a device stands: counts of its items by kind and status, rows with the worst first, items left out."""

    counts: dict[str, dict[str, int]]
    rows: list[dict[str, Any]]
    unreadable: int


def standing(record: DeviceStatus, *, everything: bool = False, fields: tuple[str, ...] = ()) -> Standing:
    """What a status record says, about the items that are not fine or about all."""
    counts: dict[str, dict[str, int]] = {}
    shown: list[tuple[str, StatusItem]] = []
    unreadable = 0
    for kind, raw in (("library_items", record.library_items), ("parameters", record.parameters)):
        readable = [item for row in raw or () if (item := StatusItem.read(row))]
        unreadable += len(raw or ()) - len(readable)
        counts[kind] = dict(Counter((item.status or "unknown").upper() for item in readable).most_common())
        shown += [(kind, item) for item in readable if everything or not is_fine(item.status)]
    shown.sort(key=lambda pair: _worst_first(pair[1]))
    if not fields:
        return Standing(counts, [_status_row(item, kind) for kind, item in shown], unreadable)
    rows = [item.flat() for _, item in shown]
    known_fields(fields, {*StatusItem.field_names(), *(name for row in rows for name in row)})
    chosen = [{name: row[name] for name in (row if ALL in fields else fields) if name in row} for row in rows]
    return Standing(counts, chosen, unreadable)


def is_fine(status: str | None) -> bool:
    """Whether a status needs nobody: done, or not meant for this device. Iru mixes upper and lower case."""
    return (status or "").casefold() in _FINE


def _worst_first(item: StatusItem) -> tuple[int, str]:
    word = (item.status or "").casefold()
    return (2 if is_fine(word) else int(word not in FAILED), item.name)


def _status_row(item: StatusItem, kind: str) -> dict[str, Any]:
    flat = item.flat() | ({"type": "parameter"} if kind == "parameters" else {})
    fine = is_fine(item.status)
    names = ("name", "status", "type", "category", "reported_at") + (() if fine else ("item_id",))
    logs = "" if fine else last_logs(flat)
    return {name: flat[name] for name in names if name in flat} | ({"log": logs} if logs else {})


def last_logs(flat: Mapping[str, Any]) -> str:
    """The last lines of a status row's logs, those that are part of another left out."""
    logs = [_last_lines(str(flat[name])) for name in ("log", "last_audit_log", "control_log") if name in flat]
    return " | ".join(dict.fromkeys(log for log in logs if not any(log != one and log in one for one in logs)))


def _last_lines(log: str) -> str:
    return " / ".join(line.strip() for line in log.strip().splitlines()[-_LAST_LINES:])[-_LOG_CHARACTERS:]
