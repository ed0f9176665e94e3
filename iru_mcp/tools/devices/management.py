"""What else Iru knows of one device: MDM commands, parameters, notes, lost mode."""

import html
import re
from typing import Annotated, Any, Literal, TypedDict, Unpack

from pydantic import Field

from ...api.endpoints.devices import (
    GET_DEVICE_LOST_MODE,
    LIST_DEVICE_COMMANDS,
    LIST_DEVICE_NOTES,
    LIST_DEVICE_PARAMETERS,
    LIST_DEVICES,
    Command,
    Note,
    StatusItem,
)
from ...api.record import tidy
from ...errors import Refused
from ..kit import Check, Context, Page, RowShape, tool
from ..kit.params import Cursor, DeviceRef, Limit, Paging, Since, Until, newest_first, read_window, within
from ..kit.resolve import resolve
from .apps_and_activity import COMMAND_STATUS, list_of_device
from .details import is_fine

_TAGS = re.compile(r"<[^>]{0,200}>")


class CommandLine(TypedDict, total=False):
    """An MDM command."""

    date_requested: str
    command_type: str
    status: str
    date_completed: str
    attempts: float
    error_chain: list[Any]


class ParameterLine(TypedDict, total=False):
    """A parameter of the device's blueprint."""

    name: str
    status: str
    category: str
    subcategory: str


class NoteLine(TypedDict, total=False):
    """A note of an admin."""

    created_at: str
    author: str
    content: str


class LostModeDetails(TypedDict, total=False):
    """What get_device_lost_mode returns."""

    device: dict[str, Any]
    lost_mode: dict[str, Any]


def _command_row(command: Command) -> dict[str, Any]:
    flat = command.flat()
    number = int(command.status) if command.status is not None else 0
    return flat | ({"status": COMMAND_STATUS.get(number, str(number))} if command.status is not None else {})


@tool(LIST_DEVICE_COMMANDS, optional=(LIST_DEVICES,), toolset="device_more", default=False)
async def list_device_commands(
    ctx: Context,
    device: DeviceRef,
    status: Literal["pending", "running", "completed", "failed", "notnow"] | None = None,
    since: Since = "",
    until: Until = "",
    **paging: Unpack[Paging],
) -> Page[CommandLine]:
    """MDM commands sent to one Apple device, newest first, with why they failed."""
    early, late = read_window(since, until, ctx.now())
    checks: list[Check[Command]] = [Check("since/until", lambda row: within(row.date_requested, early, late))]
    if status:
        checks.append(Check("status", lambda row: str(_command_row(row).get("status", "")).replace(" ", "") == status))
    shape = RowShape(CommandLine, flat=_command_row)
    return await list_of_device(ctx, device, LIST_DEVICE_COMMANDS, shape, checks, _newest_command, **paging)


def _newest_command(command: Command) -> tuple[float, str]:
    return (newest_first(command.date_requested), command.uuid)


@tool(LIST_DEVICE_PARAMETERS, optional=(LIST_DEVICES,), toolset="device_more", default=False)
async def list_device_parameters(
    ctx: Context,
    device: DeviceRef,
    show: Literal["not_fine", "all"] = "all",
    limit: Limit = 100,
    cursor: Cursor = "",
) -> Page[ParameterLine]:
    """The parameters (security settings) that a Mac's blueprint enforces, and whether each holds."""
    checks: list[Check[StatusItem]] = [Check("show", lambda row: not is_fine(row.status))] if show == "not_fine" else []
    paging: Paging = {"fields": (), "limit": limit, "cursor": cursor}
    return await list_of_device(ctx, device, LIST_DEVICE_PARAMETERS, RowShape(ParameterLine), checks, **paging)


def _note_row(note: Note) -> dict[str, Any]:
    return note.flat() | {"content": html.unescape(_TAGS.sub(" ", note.content or "")).strip()}


@tool(LIST_DEVICE_NOTES, optional=(LIST_DEVICES,), toolset="device_more", default=False)
async def list_device_notes(ctx: Context, device: DeviceRef, limit: Limit = 25, cursor: Cursor = "") -> Page[NoteLine]:
    """Notes that admins wrote on one device, newest first."""
    paging: Paging = {"fields": (), "limit": limit, "cursor": cursor}
    shape = RowShape(NoteLine, flat=_note_row)
    return await list_of_device(ctx, device, LIST_DEVICE_NOTES, shape, (), _newest_note, **paging)


def _newest_note(note: Note) -> tuple[float, str]:
    return (newest_first(note.created_at), note.note_id)


@tool(GET_DEVICE_LOST_MODE, optional=(LIST_DEVICES,), toolset="lost_mode", default=False, sensitive=True)
async def get_device_lost_mode(
    ctx: Context, device: Annotated[DeviceRef, Field(description="an iPhone or iPad: serial number, name or device_id")]
) -> LostModeDetails:
    """Lost mode of an iPhone or iPad: since when, by whom, and its last location, which is personal data."""
    target = await resolve(ctx.call, device)
    try:
        record = await ctx.call.fetch(GET_DEVICE_LOST_MODE, device_id=target.device_id)
    except Refused as error:
        if "not in lost mode" in error.fact.casefold():
            return {"device": target.shown(), "lost_mode": {"lost_mode_status": "not in lost mode"}}
        raise
    return {"device": target.shown(), "lost_mode": tidy(record.lost_mode or {})}
