"""Which devices a Prism answer is about: Prism keeps rows of devices that were removed, and some devices never report.

Both make a count wrong. Rows of devices that the device list does not have are marked, and counts leave them out. Where
every device of a platform reports to a category, those that do not are counted beside the answer: a Mac without a
FileVault row is neither encrypted nor not. What must stay true: when the device list could not be read, the answer
says that neither was checked.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ...api.call import Call, Interrupted
from ...api.endpoint import Endpoint
from ...api.endpoints.devices import Device
from ...api.endpoints.prism import PRISM_DEVICE_INFORMATION, PrismRow
from ...api.record import moment_in, write_moment
from ...errors import IruError
from ..kit import Check, Page
from ..kit.coverage import APPLE, MACS
from ..kit.enrolled import Enrolled
from ..kit.params import contains

_HANDHELD = frozenset({"iPhone", "iPad"})
_SAME_TIME = timedelta(minutes=10)
"""Times this close are one check-in."""
_SMALL_FLEET = 1_500
"""Devices: five of Prism's pages tell which of them report."""
REPORTED_BY: Mapping[str, frozenset[str]] = {
    "activation_lock": _HANDHELD | MACS,
    "application_firewall": MACS,
    "desktop_and_screensaver": MACS,
    "device_information": APPLE,
    "filevault": MACS,
    "gatekeeper_and_xprotect": MACS,
    "startup_settings": MACS,
}
"""Categories in which every device of these platforms has one row, if it reports at all."""

MANY_ROWS: Mapping[str, frozenset[str]] = {
    "apps": _HANDHELD | MACS,
    "cellular": _HANDHELD,
    "certificates": _HANDHELD | MACS,
    "installed_profiles": _HANDHELD | MACS,
    "kernel_extensions": MACS,
    "launch_agents_and_daemons": MACS,
    "local_users": MACS,
    "system_extensions": MACS,
    "transparency_database": MACS,
}
"""The other categories: of which platforms; a device may rightly have no row of some of them."""


@dataclass(slots=True)
class Removed:
    """Tells rows of devices that are not in the device list, and counts those that were left out."""

    enrolled: Enrolled
    rows_left_out: int = 0
    devices_left_out: set[str] = field(default_factory=set)

    def mark(self, row: PrismRow) -> dict[str, Any]:
        """What is added to a row whose device is not in the device list."""
        if row.device_id in self.enrolled.devices:
            return self._doubt(row)
        return {} if self.enrolled.missing else {"enrolled": False}

    def _doubt(self, row: PrismRow) -> dict[str, Any]:
        """A word about a row that its device cannot have reported when it says."""
        device = Device.read(self.enrolled.devices[row.device_id])
        collected = moment_in(row.values.get("last_collected_at"))
        if collected is None or device is None or "last_check_in_as_sent" in (device.model_extra or {}):
            return {}
        if device.last_check_in is None:
            return {"doubt": "the device never checked in"}
        if collected - device.last_check_in <= _SAME_TIME:
            return {}
        seen, at = write_moment(device.last_check_in), write_moment(collected)
        return {"doubt": f"collected {at}, after the last check-in {seen}"}

    def check(self, others: Sequence[Check[PrismRow]], *, wanted: bool) -> Check[PrismRow]:
        """Keeps rows of enrolled devices, or only the others; counts what is left out and passes the `others`."""

        def test(row: PrismRow) -> bool:
            if (row.device_id in self.enrolled.devices) == wanted:
                return True
            if all(check.test(row) for check in others):
                self.rows_left_out += 1
                self.devices_left_out.add(row.device_id)
            return False

        return Check("enrolled", test)

    def say(self, page: Page[Any], *, counted: bool) -> None:
        """Says on the page how many of its rows are of devices that are not enrolled, or that it was not checked."""
        marked = sum(row.get("enrolled") is False for row in page.items)
        if self.enrolled.missing:
            page.notes.append(f"whether rows are of enrolled devices was not checked: {self.enrolled.missing}")
        elif counted and self.rows_left_out:
            gone = f"{self.rows_left_out} rows of {len(self.devices_left_out)} devices that are not enrolled"
            page.notes.append(f"{gone} are left out; enrolled=false has them")
        elif marked:
            page.notes.append(f"{marked} of these rows are of devices that are not enrolled: they say enrolled false")


def silent_devices(
    enrolled: Enrolled, category: str, platforms: Sequence[str], reported: Collection[str], blueprint: str = ""
) -> list[Mapping[str, Any]]:
    """The rows, in the device list, of devices that should report to a category and have no row there; of a blueprint
    (its id or a part of its name) where one is given."""
    asked = frozenset("AppleTV" if one == "tvOS" else one for one in platforms)
    reporting = REPORTED_BY.get(category) or MANY_ROWS[category]
    wanted = reporting & asked if asked else reporting
    rows = [row for row in enrolled.devices.values() if row.get("platform") in wanted and _is_in(row, blueprint)]
    return [row for row in rows if row["device_id"] not in reported]


def _is_in(row: Mapping[str, Any], blueprint: str) -> bool:
    has_id = row.get("blueprint_id") == blueprint.lower()
    return not blueprint or has_id or contains(blueprint)(row.get("blueprint_name"))


async def reporters(call: Call, endpoint: Endpoint[PrismRow]) -> set[str] | None:
    """The devices that have a row in a category; None when not all of it could be read."""
    found: set[str] = set()
    try:
        async for batch in call.walk(endpoint, whole=True):
            found |= {row["device_id"] for row in batch.rows if isinstance(row, dict) and "device_id" in row}
    except (Interrupted, IruError):
        return None
    return found


async def say_silent(
    call: Call,
    page: Page[Any],
    endpoint: Endpoint[PrismRow],
    enrolled: Enrolled,
    families: Sequence[str],
    blueprint: str,
    *,
    is_list: bool,
) -> None:
    """Says how many devices have no report in a category, or none in Prism where a device may rightly have no row.

    A list with rows from a category of many rows a device needs it least and pays most for it, so there it is only
    said where the fleet is small.
    """
    category = endpoint.path.rpartition("/")[2]
    has_one = category in REPORTED_BY
    if is_list and not has_one and len(enrolled.devices) > _SMALL_FLEET:
        page.notes.append("devices without any report were not counted here; limit=0 counts them")
        return
    reported = None if enrolled.missing else await reporters(call, endpoint if has_one else PRISM_DEVICE_INFORMATION)
    if reported is None:
        page.notes.append(f"how many devices have no report in {category if has_one else 'Prism'} was not checked")
        return
    everyone = silent_devices(enrolled, category, families, set(), blueprint)
    silent = silent_devices(enrolled, category, families, reported, blueprint)
    page.summary["without_report"] = len(silent)
    if silent:
        where, asked = (category, category) if has_one else ("Prism at all", "device_information")
        page.notes.append(
            f"{len(silent)} of {len(everyone)} devices have no report in {where}; "
            f"prism_query category={asked} no_report=true names them"
        )
