"""What list_devices is asked for, as parameters for Iru and as checks of each row.

Iru matches parts of some columns, ignores parameters it does not know, and cannot ask for most of what people want. So
every filter is applied here, and sent only where it narrows what Iru gives; a row whose value is unknown passes neither
a filter nor its opposite.
"""

from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from typing import Any

from ...api.call import Call
from ...api.endpoints.devices import LIST_DEVICES, Device
from ...folding import plain_part
from ...versions import is_release
from ..kit import Check, flag_checks, text_checks
from ..kit.params import equals, read_time, within
from ..kit.versions import version_checks
from .fleet_sets import app_check, filevault_ignored


def _never_checked_in(device: Device) -> bool | None:
    """Whether a device never did; None where Iru gave a check-in that is no date."""
    if "last_check_in_as_sent" in (device.model_extra or {}):
        return None
    return device.last_check_in is None


DERIVED: dict[str, Callable[[Device], bool | None]] = {
    # Iru publishes ENABLED and nothing; other words may mean that it is on its way in or out.
    "lost_mode": lambda device: (device.lost_mode_status or "").upper() not in ("", "DISABLED", "NONE"),
    "assigned": lambda device: device.user is not None,
    "never_checked_in": _never_checked_in,
    "user_is_archived": lambda device: device.user.is_archived if device.user else False,
}
"""Filters on what a row tells only indirectly; they are columns to count by, too."""


_MATCHED_HERE = frozenset({"device_name", "asset_tag", "blueprint_name"})
"""Columns of which Iru does not publish how it matches them."""


class Filters:
    """What list_devices was asked for, as parameters for Iru and as checks here."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.query: dict[str, str | int] = {}
        self.narrow: dict[str, str | int] = {}
        self.checks: list[Check[Device]] = []
        self._now = now

    def platform(self, wanted: str) -> None:
        if wanted:
            self.narrow["platform"] = wanted
            is_wanted = equals(wanted)
            self.checks.append(Check("platform", lambda device: is_wanted(device.platform), sent=True))

    def parts(self, **wanted: str) -> None:
        """Each a text that a column has in it. Iru matches parts of some columns; how it matches the others is
        unpublished, so those are only matched here."""
        for name, text in wanted.items():
            asked = "" if name in _MATCHED_HERE else plain_part(text)
            if asked:
                self.narrow[name] = asked
            read = (lambda device: device.user and device.user.email) if name == "user_email" else attrgetter(name)
            tells = name in ("blueprint_name", "model")
            self.checks += text_checks(name, text, read, sent=asked == text.strip(), tells=tells)

    def version(self, wanted: str) -> None:
        text = wanted.strip()
        if text and not _is_build(text):
            self.narrow["os_version"] = text
        if text:
            texts = attrgetter("os_version", "full_software_version")
            self.checks.append(
                Check("os_version", lambda device: any(_starts_with(one, text) for one in texts(device)))
            )

    def tag(self, wanted: str) -> None:
        text = wanted.strip()
        if text:
            self.narrow["tag_name"] = text
            is_wanted = equals(text)
            has = lambda device: any(is_wanted(tag) for tag in device.tags or [])  # noqa: E731
            self.checks.append(Check("tag", has, sent=True, value=lambda device: device.tags))

    def checked_in(self, before: str, after: str) -> None:
        early = read_time(before, "checked_in_before", self._now())
        late = read_time(after, "checked_in_after", self._now())
        if early or late:
            counts = early is not None and late is None  # never checked in is older than any moment

            def test(device: Device) -> bool | None:
                if device.last_check_in is not None:
                    return within(device.last_check_in, late, early)
                return None if _never_checked_in(device) is None else counts

            self.checks.append(Check("last_check_in", test))

    def flags(self, **wanted: bool | None) -> None:
        """Each a column of the row, or derived from it."""
        for name, flag in wanted.items():
            self.checks += flag_checks(name, flag, DERIVED.get(name))

    async def apps(self, call: Call, has_app: str, lacks_app: str) -> list[str]:
        """Filters by an app, and what to say about its matches."""
        notes = []
        for name, text, wanted in (("has_app", has_app, True), ("lacks_app", lacks_app, False)):
            if text.strip():
                check, note = await app_check(call, name, text, wanted=wanted)
                self.checks.append(check)
                notes.append(note)
        return notes

    def exact_serial_first(self, wanted: str) -> Callable[[Device], Any] | None:
        """The order of an answer to a serial number: the device that has it, then those that contain it."""
        is_wanted = equals(wanted)
        return (lambda device: (not is_wanted(device.serial_number), device.device_id)) if wanted.strip() else None

    async def filevault(self, call: Call, wanted: bool) -> None:
        """Rows do not carry FileVault, so the filter is proven by asking for its opposite: no device may be in both."""
        self.query["filevault_enabled"] = str(wanted).lower()
        this = await call.page(LIST_DEVICES, query=self.query)
        other = await call.page(LIST_DEVICES, query={"filevault_enabled": str(not wanted).lower()})
        both = {device.device_id for device in this.records if device} & {d.device_id for d in other.records if d}
        if both:
            raise filevault_ignored("Leave it out and read filevault in get_device_details, device by device.")
        self.checks.append(Check("filevault_enabled", lambda device: device.platform == "Mac", sent=True))


def _is_build(version: str) -> bool:
    """Whether this is a version of Windows; other systems have left 10.0 behind."""
    return version.strip().startswith("10.0.")


def os_version_checks(below: str, at_least: str) -> list[Check[Device]]:
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
