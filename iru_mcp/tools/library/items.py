"""The library: custom software, profiles and scripts, and who changed an item."""

from typing import Any, Literal, TypedDict, Unpack

from ...api.endpoints.library import LIST_LIBRARY_ITEM_ACTIVITY, LIST_SELF_SERVICE_CATEGORIES, LibraryItemActivity
from ..kit import Check, Context, Page, RowShape, Source, listing, text_checks, tool
from ..kit.coverage import Oldest
from ..kit.params import Cursor, Limit, Paging, Since, Str, Until, newest_first, read_window, within
from .scope import KINDS, SCOPE_ENDPOINTS, ItemRef, find_item


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


@tool(*KINDS.values(), default=False)
async def list_library_items(
    ctx: Context,
    kind: Literal["custom_apps", "in_house_apps", "custom_profiles", "custom_scripts"],
    name: Str = "",
    **paging: Unpack[Paging],
) -> Page[LibraryItemLine]:
    """Custom apps, in-house apps, custom profiles or custom scripts, without bodies and download addresses. Iru has no
    list of its other items: find those in list_blueprint_library_items or get_device_status."""
    source = Source(KINDS[kind], checks=text_checks("name", name, tells=True))
    return await listing(ctx, source, RowShape(LibraryItemLine), **paging)


@tool(LIST_LIBRARY_ITEM_ACTIVITY, optional=SCOPE_ENDPOINTS, default=False)
async def list_library_item_activity(
    ctx: Context, library_item: ItemRef, since: Since = "", until: Until = "", **paging: Unpack[Paging]
) -> Page[ItemActivityLine]:
    """Who created, edited, assigned or deleted one library item, newest first."""
    early, late = read_window(since, until, ctx.now())
    oldest = Oldest()
    checks: list[Check[LibraryItemActivity]] = [
        Check("since/until", lambda row: oldest.seen(row.activity_time) and within(row.activity_time, early, late))
    ]
    item = await find_item(ctx.call, library_item)
    source = Source(
        LIST_LIBRARY_ITEM_ACTIVITY,
        checks=checks,
        ids={"library_item_id": item.item_id},
        promised=(lambda row: newest_first(row.activity_time),),
    )
    page = await listing(ctx, source, RowShape(ItemActivityLine), **paging)
    oldest.say(page, early)
    return page


@tool(LIST_SELF_SERVICE_CATEGORIES, default=False)
async def list_self_service_categories(ctx: Context, limit: Limit = 100, cursor: Cursor = "") -> Page[CategoryLine]:
    """Categories of Self Service."""
    return await listing(ctx, Source(LIST_SELF_SERVICE_CATEGORIES), RowShape(CategoryLine), limit=limit, cursor=cursor)
