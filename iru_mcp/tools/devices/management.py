"""What else Iru knows of one device: MDM commands, parameters, notes, lost mode."""

from __future__ import annotations

import html
import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from ...api.client import Call
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
from ..kit.answers import Page, View
from ..kit.catalogue import tool
from ..kit.listing import Ask, listing
from ..kit.params import Cursor, DeviceRef, Fields, Limit, Since, Until, folded, newest_first, read_window, within
from ..kit.resolve import resolve
from ..kit.scan import Check
from .apps_and_activity import COMMAND_STATUS
from .details import is_fine

_TAGS = re.compile(r"<[^>]{0,200}>")


class CommandLine(View):
    """An MDM command."""

    date_requested: str
    command_type: str
    status: str
    date_completed: str
    attempts: float
    error_chain: list[Any]


class ParameterLine(View):
    """A parameter of the device's blueprint."""

    name: str
    status: str
    category: str
    subcategory: str


class NoteLine(View):
    """A note of an admin."""

    created_at: str
    author: str
    content: str


class LostModeDetails(View):
    """What get_device_lost_mode returns."""

    device: dict[str, Any]
    lost_mode: dict[str, Any]


def _command_row(command: Command) -> dict[str, Any]:
    flat = command.flat()
    number = int(command.status) if command.status is not None else 0
    return flat | ({"status": COMMAND_STATUS.get(number, str(number))} if command.status is not None else {})


CommandState = Annotated[Literal["pending", "running", "completed", "failed", "notnow"] | None, BeforeValidator(folded)]


@tool(LIST_DEVICE_COMMANDS, optional=(LIST_DEVICES,), toolset="device_more", default=False)
async def list_device_commands(
    iru: Call,
    device: DeviceRef,
    status: CommandState = None,
    since: Since = "",
    until: Until = "",
    fields: Fields = (),
    limit: Limit = 25,
    cursor: Cursor = "",
) -> Page[CommandLine]:
    """MDM commands sent to one Apple device, newest first, with why they failed."""
    target = await resolve(iru, device)
    early, late = read_window(since, until, iru.now())
    checks: list[Check[Command]] = [Check("since/until", lambda row: within(row.date_requested, early, late))]
    if status:
        checks.append(Check("status", lambda row: str(_command_row(row).get("status", "")).replace(" ", "") == status))
    ask = Ask(
        LIST_DEVICE_COMMANDS,
        checks=checks,
        ids={"device_id": target.device_id},
        order=lambda row: (newest_first(row.date_requested), row.uuid),
        flat=_command_row,
    )
    page = await listing(iru, ask, CommandLine, limit=limit, cursor=cursor, fields=fields)
    page.device = target.shown()
    return page


@tool(LIST_DEVICE_PARAMETERS, optional=(LIST_DEVICES,), toolset="device_more", default=False)
async def list_device_parameters(
    iru: Call,
    device: DeviceRef,
    show: Literal["not_fine", "all"] = "all",
    limit: Limit = 100,
    cursor: Cursor = "",
) -> Page[ParameterLine]:
    """The parameters (security settings) that a Mac's blueprint enforces, and whether each holds."""
    target = await resolve(iru, device)
    checks: list[Check[StatusItem]] = [Check("show", lambda row: not is_fine(row.status))] if show == "not_fine" else []
    ask = Ask(LIST_DEVICE_PARAMETERS, checks=checks, ids={"device_id": target.device_id})
    page = await listing(iru, ask, ParameterLine, limit=limit, cursor=cursor, fields=())
    page.device = target.shown()
    return page


def _note_row(note: Note) -> dict[str, Any]:
    return note.flat() | {"content": html.unescape(_TAGS.sub(" ", note.content or "")).strip()}


@tool(LIST_DEVICE_NOTES, optional=(LIST_DEVICES,), toolset="device_more", default=False)
async def list_device_notes(iru: Call, device: DeviceRef, limit: Limit = 25, cursor: Cursor = "") -> Page[NoteLine]:
    """Notes that admins wrote on one device, newest first."""
    target = await resolve(iru, device)
    ask = Ask(
        LIST_DEVICE_NOTES,
        ids={"device_id": target.device_id},
        order=lambda note: (newest_first(note.created_at), note.note_id),
        flat=_note_row,
    )
    page = await listing(iru, ask, NoteLine, limit=limit, cursor=cursor, fields=())
    page.device = target.shown()
    return page


@tool(GET_DEVICE_LOST_MODE, optional=(LIST_DEVICES,), toolset="lost_mode", default=False, sensitive=True)
async def get_device_lost_mode(
    iru: Call, device: Annotated[DeviceRef, Field(description="an iPhone or iPad: serial number, name or device_id")]
) -> LostModeDetails:
    """Lost mode of an iPhone or iPad: since when, by whom, and its last location, which is personal data."""
    target = await resolve(iru, device)
    try:
        record = await iru.fetch(GET_DEVICE_LOST_MODE, device_id=target.device_id)
    except Refused as error:
        if "not in lost mode" in error.fact.casefold():
            return {"device": target.shown(), "lost_mode": {"lost_mode_status": "not in lost mode"}}  # type: ignore[return-value]
        raise
    return {"device": target.shown(), "lost_mode": tidy(record.lost_mode or {})}  # type: ignore[return-value]
