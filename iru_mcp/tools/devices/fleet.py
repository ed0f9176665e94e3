"""The devices of the fleet, by whatever Iru or its rows can tell."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Literal, TypedDict, Unpack

from pydantic import Field

from ...api.endpoints.devices import LIST_DEVICES, Device
from ...api.endpoints.prism import PRISM_APPS, PRISM_DEVICE_INFORMATION
from ...api.endpoints.vulnerabilities import LIST_AFFECTED_DEVICES, LIST_VULNERABILITIES
from ...versions import read_version
from ..kit import COUNT_REQUESTS, Context, GroupBy, Page, RowShape, Source, counting_or_listing, tool
from ..kit.enrolled import without_device_id
from ..kit.params import NamePart, Paging, Platform, Since, Str, equals
from ..kit.versions import VersionAtLeast, VersionBelow
from .fleet_filters import DERIVED, Filters, os_version_checks
from .fleet_sets import filevault_states, known_exploited_check

_PLATFORMS = {name.lower(): name for name in ("Mac", "iPhone", "iPad", "AppleTV", "Android", "Windows")}
DeviceOrder = Literal["last_check_in", "os_version", "device_name"] | None
_ORDERS: dict[str, Callable[[Device], Any]] = {
    "last_check_in": lambda device: (device.last_check_in or datetime.min.replace(tzinfo=UTC), device.device_id),
    "os_version": lambda device: (
        read_version(device.full_software_version or device.os_version) or (),
        device.device_id,
    ),
    "device_name": lambda device: ((device.device_name or "").casefold(), device.device_id),
}
FLEET_REQUESTS = 60
"""18,000 devices at 300 a page: what a question that Iru cannot filter may cost."""


class AnyDeviceLine(TypedDict, total=False):
    """A device in a list of devices."""

    device_id: str
    device_name: str
    serial_number: str
    platform: str
    model: str
    os_version: str
    user_email: str


class DeviceLine(AnyDeviceLine, total=False):
    """A device of the fleet."""

    blueprint_name: str
    last_check_in: str
    is_missing: bool
    lost_mode_status: str
    tags: Any  # a list in a row, one of them in a count


_ASSUMED_FALSE = frozenset({"is_missing", "user_is_archived"})


def lean_device(flat: dict[str, Any]) -> dict[str, Any]:
    """Without what a reader assumes; the id only where no serial number names the device to the next tool."""
    return without_device_id({name: value for name, value in flat.items() if name not in _ASSUMED_FALSE or value})


_Flag = bool | None


@tool(
    LIST_DEVICES,
    optional=(PRISM_APPS, PRISM_DEVICE_INFORMATION, LIST_VULNERABILITIES, LIST_AFFECTED_DEVICES),
    requests=FLEET_REQUESTS,
    count_requests=COUNT_REQUESTS,
)
async def list_devices(
    ctx: Context,
    platform: Platform = None,
    device_name: NamePart = "",
    serial_number: NamePart = "",
    model: Str = "",
    os_version: Annotated[Str, Field(description="starts with, like 14.4")] = "",
    version_below: VersionBelow = "",
    version_at_least: VersionAtLeast = "",
    user_email: NamePart = "",
    blueprint_name: Str = "",
    tag: Annotated[Str, Field(description="whole tag")] = "",
    asset_tag: Str = "",
    has_app: Annotated[Str, Field(description="name or bundle id; Macs, iPhones, iPads")] = "",
    lacks_app: Str = "",
    has_kev: Annotated[_Flag, Field(description="a known-exploited CVE")] = None,
    filevault_enabled: Annotated[_Flag, Field(description="Macs only")] = None,
    checked_in_before: Annotated[Since, Field(description="last check-in: ISO time, date, 24h, 7d")] = "",
    checked_in_after: Since = "",
    never_checked_in: _Flag = None,
    is_missing: _Flag = None,
    is_removed: _Flag = None,
    lost_mode: _Flag = None,
    assigned: Annotated[_Flag, Field(description="has a user")] = None,
    user_is_archived: _Flag = None,
    mdm_enabled: _Flag = None,
    agent_installed: _Flag = None,
    group_by: GroupBy = (),
    sort_by: Annotated[DeviceOrder, Field(description="lowest or longest ago first")] = None,
    **paging: Unpack[Paging],
) -> Page[DeviceLine]:
    """Devices in the fleet. Filters are ANDed; text matches any part in any letter case.
    One person's devices: find_devices_for_user; one device in depth: get_device_details."""
    asked = Filters(ctx.now)
    asked.platform(_PLATFORMS[platform] if platform else "")
    asked.parts(
        device_name=device_name,
        serial_number=serial_number,
        model=model,
        asset_tag=asset_tag,
        user_email=user_email,
        blueprint_name=blueprint_name,
    )
    asked.version(os_version)
    asked.tag(tag)
    asked.checked_in(checked_in_before, checked_in_after)
    asked.flags(
        is_missing=is_missing,
        is_removed=is_removed,
        mdm_enabled=mdm_enabled,
        agent_installed=agent_installed,
        lost_mode=lost_mode,
        assigned=assigned,
        never_checked_in=never_checked_in,
        user_is_archived=user_is_archived,
    )
    notes = await asked.apps(ctx.call, has_app, lacks_app)
    if has_kev is not None:
        asked.checks.append(await known_exploited_check(ctx.call, wanted=has_kev))
    if filevault_enabled is not None:
        await asked.filevault(ctx.call, filevault_enabled)
    checks = (*asked.checks, *os_version_checks(version_below, version_at_least))
    order = _ORDERS.get(sort_by or "") or asked.exact_serial_first(serial_number)
    source = Source(LIST_DEVICES, {"ordering": "device_id"} | asked.query, asked.narrow, checks, order=order)
    derived = dict(DERIVED)
    columns = {*group_by, *paging["fields"]}
    if "filevault_enabled" in columns:
        derived["filevault_enabled"] = await filevault_states(ctx.call)
    shape = RowShape(
        DeviceLine,
        flat=partial(_with_derived, derived) if derived.keys() & columns else None,
        lean=lean_device,
        device_kind="platform",
        more_columns=(*DERIVED, "filevault_enabled"),
    )
    page = await counting_or_listing(ctx, source, shape, group_by, sort_by=sort_by, **paging)
    page.notes += notes + _serial_note(page, serial_number)
    never = sum("last_check_in" not in row for row in page.items)
    if never and checked_in_before and not columns:
        page.notes.append(f"{never} of these never checked in; never_checked_in=false leaves them out")
    if is_removed and not page.items:
        page.notes.append("Iru's device list may lack removed devices; prism_device_information still shows them")
    return page


def _with_derived(derived: Mapping[str, Callable[[Device], bool | None]], device: Device) -> dict[str, Any]:
    """A row with what is derived from the device."""
    told = {name: value(device) for name, value in derived.items()}
    return device.flat() | {name: value for name, value in told.items() if value is not None}


def _serial_note(page: Page[Any], wanted: str) -> list[str]:
    """Says that other devices merely contain the serial number that one device has."""
    serials = [str(row.get("serial_number", "")) for row in page.items]
    if not wanted or len(serials) < 2 or not equals(wanted)(serials[0]):
        return []
    return [f"only the first has the serial number {serials[0]}; the others contain it"]
