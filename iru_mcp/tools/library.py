"""The library: custom software, profiles and scripts, how an item stands on devices and who changed it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict

from pydantic import Field

from ..api.endpoint import Endpoint
from ..api.endpoints.library import (
    LIST_CUSTOM_APPS,
    LIST_CUSTOM_PROFILES,
    LIST_CUSTOM_SCRIPTS,
    LIST_IN_HOUSE_APPS,
    LIST_LIBRARY_ITEM_ACTIVITY,
    LIST_LIBRARY_ITEM_STATUSES,
    LIST_SELF_SERVICE_CATEGORIES,
    LibraryItem,
    LibraryItemActivity,
    LibraryItemStatus,
)
from .devices.details import is_fine
from .kit.answers import Page
from .kit.catalogue import tool
from .kit.context import Context
from .kit.counting import COUNT_REQUESTS, GroupBy, counting
from .kit.listing import listing
from .kit.params import Cursor, Fields, Limit, Since, Str, Until, contains, read_window, within
from .kit.rows import RowShape
from .kit.scan import Check, Source

_KINDS: dict[str, Endpoint[LibraryItem]] = {
    "custom_apps": LIST_CUSTOM_APPS,
    "in_house_apps": LIST_IN_HOUSE_APPS,
    "custom_profiles": LIST_CUSTOM_PROFILES,
    "custom_scripts": LIST_CUSTOM_SCRIPTS,
}
ItemId = Annotated[
    str,
    Field(description="item_id from get_device_status, or id from list_library_items", min_length=1, max_length=100),
]


class LibraryItemLine(TypedDict, total=False):
    """A library item, without its body."""

    id: str
    name: str
    active: bool
    install_enforcement: str
    execution_frequency: str
    mdm_identifier: str
    app_version: str
    created_at: str
    updated_at: str


class ItemStatusLine(TypedDict, total=False):
    """How an item stands on one device."""

    device_name: str
    device_id: str
    status: str
    reported_at: str
    last_audit_run: str
    last_audit_log: str


class ItemActivityLine(TypedDict, total=False):
    """A change to an item."""

    activity_time: str
    activity_type: str
    user_email: str
    details: Any


class CategoryLine(TypedDict, total=False):
    """A Self Service category."""

    id: str
    name: str


@tool(LIST_CUSTOM_APPS, LIST_IN_HOUSE_APPS, LIST_CUSTOM_PROFILES, LIST_CUSTOM_SCRIPTS, default=False)
async def list_library_items(
    ctx: Context,
    kind: Literal["custom_apps", "in_house_apps", "custom_profiles", "custom_scripts"],
    name: Str = "",
    fields: Fields = (),
    limit: Limit = 25,
    cursor: Cursor = "",
) -> Page[LibraryItemLine]:
    """Custom apps, in-house apps, custom profiles or custom scripts, without bodies and download addresses. Iru has no
    list of its other items: find those in list_blueprint_library_items or get_device_status."""
    has = contains(name.strip())
    checks: list[Check[LibraryItem]] = [Check("name", lambda item: has(item.name))] if name.strip() else []
    source = Source(_KINDS[kind], checks=checks)
    return await listing(ctx, source, RowShape(LibraryItemLine), limit=limit, cursor=cursor, fields=fields)


def _status_row(record: LibraryItemStatus) -> dict[str, Any]:
    flat = record.flat()
    computer = flat.get("computer") or {}
    return flat | {"device_id": computer.get("id"), "device_name": computer.get("name")}


@tool(LIST_LIBRARY_ITEM_STATUSES, default=False, count_requests=COUNT_REQUESTS)
async def list_library_item_status(
    ctx: Context,
    library_item_id: ItemId,
    status: Annotated[Str, Field(description="e.g. ERROR, PENDING; not_fine for all that is not done")] = "",
    group_by: GroupBy = (),
    fields: Fields = (),
    limit: Limit = 25,
    cursor: Cursor = "",
) -> Page[ItemStatusLine]:
    """How one library item stands on every device that has it."""
    wanted = status.strip().casefold()
    checks: list[Check[LibraryItemStatus]] = []
    if wanted == "not_fine":
        checks.append(Check("status", lambda row: not is_fine(row.status)))
    elif wanted:
        checks.append(Check("status", lambda row: (row.status or "").casefold() == wanted))
    source = Source(LIST_LIBRARY_ITEM_STATUSES, checks=checks, ids={"library_item_id": library_item_id.strip()})
    shape = RowShape(ItemStatusLine, flat=_status_row, more_columns=("device_id", "device_name"))
    if group_by:
        return await counting(ctx, source, shape, group_by, limit=limit, cursor=cursor)
    return await listing(ctx, source, shape, limit=limit, cursor=cursor, fields=fields)


@tool(LIST_LIBRARY_ITEM_ACTIVITY, default=False)
async def list_library_item_activity(
    ctx: Context,
    library_item_id: ItemId,
    since: Since = "",
    until: Until = "",
    fields: Fields = (),
    limit: Limit = 25,
    cursor: Cursor = "",
) -> Page[ItemActivityLine]:
    """Who created, edited, assigned or deleted one library item, newest first."""
    early, late = read_window(since, until, ctx.now())
    checks: list[Check[LibraryItemActivity]] = [
        Check("since/until", lambda row: within(row.activity_time, early, late))
    ]
    source = Source(LIST_LIBRARY_ITEM_ACTIVITY, checks=checks, ids={"library_item_id": library_item_id.strip()})
    return await listing(ctx, source, RowShape(ItemActivityLine), limit=limit, cursor=cursor, fields=fields)


@tool(LIST_SELF_SERVICE_CATEGORIES, default=False)
async def list_self_service_categories(ctx: Context, limit: Limit = 100, cursor: Cursor = "") -> Page[CategoryLine]:
    """Categories of Self Service."""
    return await listing(ctx, Source(LIST_SELF_SERVICE_CATEGORIES), RowShape(CategoryLine), limit=limit, cursor=cursor)
