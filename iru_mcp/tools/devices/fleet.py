"""The devices of the fleet, by whatever Iru or its rows can tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from operator import attrgetter
from typing import Annotated, Any, Literal, TypedDict

from pydantic import Field

from ...api.call import Call
from ...api.endpoints.devices import LIST_DEVICES, Device
from ...errors import Refused
from ...folding import plain_part
from ..kit.answers import Page
from ..kit.catalogue import tool
from ..kit.context import Context
from ..kit.counting import COUNT_REQUESTS, GroupBy, counting
from ..kit.listing import listing
from ..kit.params import Cursor, Fields, Limit, NamePart, Platform, Since, Str, contains, equals, read_time, within
from ..kit.rows import RowShape
from ..kit.scan import Check, Source, flag_check
from ..kit.versions import VersionAtLeast, VersionBelow, is_release, read_version, version_checks

_PLATFORMS = {
    "mac": "Mac",
    "iphone": "iPhone",
    "ipad": "iPad",
    "appletv": "AppleTV",
    "android": "Android",
    "windows": "Windows",
}
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


class DeviceLine(TypedDict, total=False):
    """A device in a list."""

    device_id: str
    device_name: str
    serial_number: str
    platform: str
    model: str
    os_version: str
    user_email: str
    blueprint_name: str
    last_check_in: str
    is_missing: bool
    lost_mode_status: str
    tags: Any  # a list in a row, one of them in a count


_ASSUMED_FALSE = frozenset({"is_missing", "user_is_archived"})


def lean_device(flat: dict[str, Any]) -> dict[str, Any]:
    """Without what a reader assumes; the id only where no serial number names the device to the next tool."""
    kept = {name: value for name, value in flat.items() if name not in _ASSUMED_FALSE or value}
    if "serial_number" in kept:
        kept.pop("device_id")
    return kept


_Flag = bool | None


@tool(LIST_DEVICES, requests=FLEET_REQUESTS, count_requests=COUNT_REQUESTS)
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
    filevault_enabled: Annotated[_Flag, Field(description="Macs only")] = None,
    checked_in_before: Annotated[Since, Field(description="last check-in: ISO time, date, 24h, 7d")] = "",
    checked_in_after: Since = "",
    is_missing: _Flag = None,
    is_removed: _Flag = None,
    lost_mode: _Flag = None,
    assigned: Annotated[_Flag, Field(description="has a user")] = None,
    mdm_enabled: _Flag = None,
    agent_installed: _Flag = None,
    group_by: GroupBy = (),
    sort_by: Annotated[DeviceOrder, Field(description="lowest or longest ago first")] = None,
    fields: Fields = (),
    limit: Limit = 25,
    cursor: Cursor = "",
) -> Page[DeviceLine]:
    """Devices in the fleet, one line each. Filters combine with AND; text filters match any part in any letter case.
    One person's devices: find_devices_for_user; one device in depth: get_device_details."""
    asked = _Filters(ctx.now)
    asked.exact("platform", _PLATFORMS[platform] if platform else "", "platform")
    for name, value in {
        "device_name": device_name,
        "serial_number": serial_number,
        "model": model,
        "asset_tag": asset_tag,
    }.items():
        asked.part(name, value, sent=name not in ("device_name", "asset_tag"))
    asked.version(os_version)
    asked.part("user_email", user_email, value=lambda device: device.user.email if device.user else None)
    asked.part("blueprint_name", blueprint_name, sent=False)
    asked.tag(tag)
    asked.checked_in(checked_in_before, checked_in_after)
    for name, flag in {
        "is_missing": is_missing,
        "is_removed": is_removed,
        "mdm_enabled": mdm_enabled,
        "agent_installed": agent_installed,
    }.items():
        asked.flag(name, flag)
    if lost_mode is not None:
        asked.checks.append(Check("lost_mode", lambda device: _is_lost(device) == lost_mode))
    if assigned is not None:
        asked.checks.append(Check("assigned", lambda device: (device.user is not None) == assigned))
    if filevault_enabled is not None:
        await asked.filevault(ctx.call, filevault_enabled)
    checks = (*asked.checks, *_version_checks(version_below, version_at_least))
    query = {"ordering": "device_id"} | asked.query
    order = _ORDERS.get(sort_by or "")
    source = Source(LIST_DEVICES, query=query, narrow=asked.narrow, checks=checks, order=order)
    shape = RowShape(DeviceLine, lean=lean_device, device_kind="platform")
    if group_by:
        page = await counting(ctx, source, shape, group_by, limit=limit, cursor=cursor)
    else:
        page = await listing(ctx, source, shape, limit=limit, cursor=cursor, fields=fields)
    if is_removed and not page.items:
        page.notes.append("Iru's device list may lack removed devices; prism_device_information still shows them")
    return page


def _is_lost(device: Device) -> bool:
    """Iru publishes ENABLED and nothing; other words may mean that it is on its way in or out."""
    return (device.lost_mode_status or "").upper() not in ("", "DISABLED", "NONE")


class _Filters:
    """What list_devices was asked for, as parameters for Iru and as checks here."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.query: dict[str, str | int] = {}
        self.narrow: dict[str, str | int] = {}
        self.checks: list[Check[Device]] = []
        self._now = now

    def exact(self, name: str, wanted: str, field: str) -> None:
        if wanted:
            self.narrow[name] = wanted
            is_wanted = equals(wanted)
            self._check(name, lambda device: is_wanted(getattr(device, field)), sent=True)

    def part(
        self, name: str, wanted: str, *, sent: bool = True, value: Callable[[Device], str | None] | None = None
    ) -> None:
        """Iru matches parts of some fields; how it matches the others is unpublished, so those are only
        matched here."""
        if not wanted.strip():
            return
        asked = plain_part(wanted) if sent else ""
        if asked:
            self.narrow[name] = asked
        has = contains(wanted.strip())
        self._check(
            name, lambda device: has(value(device) if value else getattr(device, name)), sent=asked == wanted.strip()
        )

    def version(self, wanted: str) -> None:
        text = wanted.strip()
        if text and not _is_build(text):
            self.narrow["os_version"] = text
        if text:
            self._check(
                "os_version",
                lambda device: (
                    _starts_with(device.os_version, text) or _starts_with(device.full_software_version, text)
                ),
            )

    def tag(self, wanted: str) -> None:
        text = wanted.strip()
        if text:
            self.narrow["tag_name"] = text
            is_wanted = equals(text)
            self._check("tag", lambda device: any(is_wanted(tag) for tag in device.tags or []), sent=True)

    def checked_in(self, before: str, after: str) -> None:
        early = read_time(before, "checked_in_before", self._now())
        late = read_time(after, "checked_in_after", self._now())
        if early or late:
            never = early is not None and late is None  # never checked in is older than any moment
            self._check(
                "last_check_in",
                lambda device: never if device.last_check_in is None else within(device.last_check_in, late, early),
            )

    def flag(self, name: str, wanted: bool | None) -> None:
        if wanted is not None:
            self.checks.append(flag_check(name, wanted, attrgetter(name)))

    async def filevault(self, call: Call, wanted: bool) -> None:
        """Rows do not carry FileVault, so the filter is proven by asking for its opposite: no device may be in both."""
        self.query["filevault_enabled"] = str(wanted).lower()
        this = await call.page(LIST_DEVICES, query=self.query)
        other = await call.page(LIST_DEVICES, query={"filevault_enabled": str(not wanted).lower()})
        both = {device.device_id for device in this.records if device} & {d.device_id for d in other.records if d}
        if both:
            raise Refused(
                "Iru ignored the filevault_enabled filter, and its device list does not carry FileVault.",
                "Leave it out and read filevault in get_device_details, device by device.",
            )
        self._check("filevault_enabled", lambda device: device.platform == "Mac", sent=True)

    def _check(self, name: str, test: Callable[[Device], bool], *, sent: bool = False) -> None:
        self.checks.append(Check(name, test, sent))


def _is_build(version: str) -> bool:
    """Whether this is a version of Windows; other systems have left 10.0 behind."""
    return version.strip().startswith("10.0.")


def _version_checks(below: str, at_least: str) -> list[Check[Device]]:
    """A bound compares with versions that are numbered like it: Windows has releases and builds, others one version."""
    bound = below.strip() or at_least.strip()
    release, build = is_release(bound), _is_build(bound)

    def version(device: Device) -> str | None:
        if device.platform != "Windows":
            return device.os_version
        return device.os_version if release else device.full_software_version if build else None

    checks = version_checks(below, at_least, version, "a version that compares with this (Windows: 24H2, 10.0.26100)")
    if release or build:
        checks.append(Check("platform", lambda device: device.platform == "Windows"))
    return checks


def _starts_with(version: str | None, wanted: str) -> bool:
    """Whether a version begins with the wanted parts: 14.1 is in 14.1.2, not in 14.10."""
    return version is not None and (version == wanted or version.startswith((f"{wanted}.", f"{wanted} ")))
