"""Blueprints, what is in them, and which devices routing moved."""

from typing import Annotated, Any, TypedDict, Unpack

from pydantic import Field

from ..api.endpoints.blueprints import (
    LIST_BLUEPRINT_LIBRARY_ITEMS,
    LIST_BLUEPRINT_ROUTING_ACTIVITY,
    LIST_BLUEPRINTS,
    RoutingActivity,
)
from ..api.endpoints.devices import LIST_DEVICES
from .kit import Check, Context, Page, RowShape, Source, listing, text_checks, tool
from .kit.enrolled import IDENTITY, enrolled_devices, without_device_id
from .kit.params import Cursor, Limit, Paging, Since, Str, part_query, read_time, within

BlueprintId = Annotated[str, Field(description="id from list_blueprints", min_length=1, max_length=100)]


class BlueprintLine(TypedDict, total=False):
    """A blueprint."""

    id: str
    name: str
    type: str
    description: str
    computers_count: float


class BlueprintItemLine(TypedDict, total=False):
    """A library item of a blueprint."""

    id: str
    name: str


class RoutingLine(TypedDict, total=False):
    """A device that was routed."""

    activity_time: str
    activity_type: str
    device_name: str
    serial_number: str
    user_email: str
    device_id: str
    details: Any


@tool(LIST_BLUEPRINTS, default=False)
async def list_blueprints(ctx: Context, name: Str = "", **paging: Unpack[Paging]) -> Page[BlueprintLine]:
    """Blueprints with their number of devices. Enrollment codes are never shown."""
    source = Source(LIST_BLUEPRINTS, narrow=part_query("name", name), checks=text_checks("name", name, tells=True))
    return await listing(ctx, source, RowShape(BlueprintLine), **paging)


@tool(LIST_BLUEPRINT_LIBRARY_ITEMS, default=False)
async def list_blueprint_library_items(
    ctx: Context, blueprint_id: BlueprintId, name: Str = "", limit: Limit = 100, cursor: Cursor = ""
) -> Page[BlueprintItemLine]:
    """The library items that a blueprint gives its devices."""
    checks = text_checks("name", name, tells=True)
    source = Source(LIST_BLUEPRINT_LIBRARY_ITEMS, checks=checks, ids={"blueprint_id": blueprint_id.strip()})
    return await listing(ctx, source, RowShape(BlueprintItemLine), limit=limit, cursor=cursor)


@tool(LIST_BLUEPRINT_ROUTING_ACTIVITY, optional=(LIST_DEVICES,), default=False)
async def list_blueprint_routing_activity(
    ctx: Context, since: Since = "", **paging: Unpack[Paging]
) -> Page[RoutingLine]:
    """Devices that blueprint routing moved, in Iru's order."""
    early = read_time(since, "since", ctx.now())
    in_time: Check[RoutingActivity] = Check("since", lambda row: within(row.activity_time, early, None))
    source = Source(LIST_BLUEPRINT_ROUTING_ACTIVITY, checks=[in_time] if early else [])
    enrolled = await enrolled_devices(ctx.call)
    shape = RowShape(
        RoutingLine,
        flat=lambda row: enrolled.facts(row.device_id or "") | row.flat(),
        lean=without_device_id,
        more_columns=IDENTITY,
    )
    page = await listing(ctx, source, shape, **paging)
    page.notes += enrolled.not_read("how the devices are called")
    return page
