"""The tenant itself: tags, licences, Automated Device Enrollment."""

from functools import partial
from typing import Annotated, Any, Literal, TypedDict, Unpack, cast

from pydantic import Field

from ..api.endpoints.devices import LIST_DEVICES
from ..api.endpoints.organization import (
    GET_LICENSING,
    LIST_ENROLLMENT_DEVICES,
    LIST_ENROLLMENT_INTEGRATIONS,
    LIST_TAGS,
    EnrollmentDevice,
)
from ..api.record import as_object
from .kit import COUNT_REQUESTS, Check, Context, GroupBy, Page, RowShape, Source, counting_or_listing, listing, tool
from .kit.enrolled import IDENTITY, Enrolled, enrolled_devices
from .kit.params import Cursor, Limit, NamePart, Paging, Str, part_query
from .kit.scan import text_checks


class TagLine(TypedDict, total=False):
    """A tag."""

    name: str


class LicensingDetails(TypedDict, total=False):
    """What get_licensing returns."""

    counts: dict[str, Any]
    limits: dict[str, Any]
    tenantOverLicenseLimit: bool


class IntegrationLine(TypedDict, total=False):
    """An enrollment token."""

    server_name: str
    org_name: str
    status: str
    status_reason: str
    days_left: float
    access_token_expiry: str
    last_device_sync: str
    device_counts: dict[str, Any]


class EnrollmentDeviceLine(TypedDict, total=False):
    """A device in Apple Business Manager."""

    serial_number: str
    model: str
    device_family: str
    profile_status: str
    device_assigned_date: str
    device_assigned_by: str
    enrolled: bool
    device_name: str
    user_email: str


@tool(LIST_TAGS, default=False)
async def list_tags(ctx: Context, name: Str = "", limit: Limit = 100, cursor: Cursor = "") -> Page[TagLine]:
    """Tags that devices can carry; for the devices use list_devices with tag."""
    source = Source(LIST_TAGS, narrow=part_query("search", name), checks=text_checks("name", name, tells=True))
    return await listing(ctx, source, RowShape(TagLine), limit=limit, cursor=cursor)


@tool(GET_LICENSING, default=False)
async def get_licensing(ctx: Context) -> LicensingDetails:
    """How many devices of each platform the tenant has, and how many it may have."""
    record = await ctx.call.fetch(GET_LICENSING)
    return cast("LicensingDetails", record.flat())


@tool(LIST_ENROLLMENT_INTEGRATIONS, default=False)
async def list_enrollment_integrations(ctx: Context, **paging: Unpack[Paging]) -> Page[IntegrationLine]:
    """Apple Automated Device Enrollment tokens: status, days left, last sync."""
    return await listing(ctx, Source(LIST_ENROLLMENT_INTEGRATIONS), RowShape(IntegrationLine), **paging)


def _enrollment_row(enrolled: Enrolled, record: EnrollmentDevice) -> dict[str, Any]:
    flat = record.flat()
    known = as_object(flat.get("mdm_device"))
    flat |= {"enrolled": bool(flat.get("mdm_device"))} | ({"device_name": known["name"]} if known.get("name") else {})
    return flat | enrolled.facts(str(known.get("id", "")), ("device_name", "user_email"))


def _has(name: str, wanted: str, record: EnrollmentDevice) -> bool:
    return bool(getattr(record, name) == wanted)


@tool(LIST_ENROLLMENT_DEVICES, optional=(LIST_DEVICES,), default=False, count_requests=COUNT_REQUESTS)
async def list_enrollment_devices(
    ctx: Context,
    serial_number: NamePart = "",
    device_family: Literal["iPad", "iPhone", "iPod", "Mac", "AppleTV", "Vision"] | None = None,
    profile_status: Literal["assigned", "empty", "pushed", "removed"] | None = None,
    enrolled: Annotated[bool | None, Field(description="false: bought but never set up")] = None,
    group_by: GroupBy = (),
    **paging: Unpack[Paging],
) -> Page[EnrollmentDeviceLine]:
    """Devices in Apple Business Manager, enrolled or not."""
    narrow = part_query("serial_number", serial_number)
    checks: list[Check[EnrollmentDevice]] = text_checks("serial_number", serial_number)
    for name, wanted in (("device_family", device_family), ("profile_status", profile_status)):
        if wanted:
            narrow[name] = wanted
            checks.append(Check(name, partial(_has, name, wanted), sent=True))
    if enrolled is not None:
        checks.append(Check("enrolled", lambda row: bool(row.mdm_device) == enrolled))
    source = Source(LIST_ENROLLMENT_DEVICES, narrow=narrow, checks=checks)
    listed = await enrolled_devices(ctx.call)
    shape = RowShape(EnrollmentDeviceLine, flat=partial(_enrollment_row, listed), more_columns=("enrolled", *IDENTITY))
    page = await counting_or_listing(ctx, source, shape, group_by, **paging)
    page.notes += listed.not_read("who holds the devices")
    return page
