"""Whether an empty answer about one device says anything: some lists have no rows of some platforms.

A Windows device has no row in Prism whatever is on it, and an id that belongs to no device has no row anywhere. Neither
must be taken for a device without findings. So an answer about one device that has no rows is checked against the
platform of the device, which is read from the device list where the device was named by its id.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...api.call import Call, Interrupted
from ...api.endpoints.devices import LIST_DEVICES, Device
from ...api.record import write_moment
from ...errors import Denied, NotFound
from .answers import Page
from .resolve import ResolvedDevice

MACS = frozenset({"Mac"})
APPLE = frozenset({"Mac", "iPhone", "iPad", "AppleTV"})


async def say_coverage(
    call: Call, page: Page[Any], target: ResolvedDevice | None, rows: str, platforms: Collection[str]
) -> None:
    """Makes an empty `page` about one device say that it is not covered, where `rows` are of `platforms` alone.

    The tool names LIST_DEVICES. Raises NotFound for an id that no device has.
    """
    if target is None or page.items or not page.complete:
        return
    try:
        record = target.record or await _listed(call, target.device_id)
    except Denied as error:
        page.lacks(f"whether {rows} cover this device was not checked: not permitted: {error.grant}")
        return
    page.device = ResolvedDevice(target.device_id, record).shown()
    if record.platform not in platforms:
        covered = ", ".join(sorted(platforms))
        page.lacks(f"not covered: {rows} are of {covered} only, and this is a device of {record.platform}")


async def _listed(call: Call, device_id: str) -> Device:
    """The device with this id in the device list, asked with Iru's filter first, whose matching is unpublished."""
    complete = True
    for query in ({"device_id": device_id}, {}):
        try:
            async for batch in call.walk(LIST_DEVICES, query={"ordering": "device_id"} | query, whole=not query):
                for record in filter(None, batch.records):
                    if record.device_id == device_id:
                        return record
        except Interrupted:
            complete = False
    looked = "Every device was looked at" if complete else "Not every device could be looked at"
    raise NotFound(f"No device has the device_id {device_id}. {looked}.", "Take the id from list_devices.")


@dataclass(slots=True)
class Oldest:
    """The oldest moment among the rows that were read. Iru keeps a history for a time that it does not publish, so this
    is where the history begins."""

    at: datetime | None = None

    def seen(self, moment: datetime | None) -> bool:
        """Note the moment of a row; always True, so that a check can note what it looks at."""
        self.at = min(filter(None, (self.at, moment)), default=None)
        return True

    def say(self, page: Page[Any], early: datetime | None) -> None:
        """Makes a page that ends the history say where it begins, when that is after what is asked for."""
        if early and self.at and not page.next_cursor and self.at > early:
            page.summary["log_starts_at"] = write_moment(self.at)
            page.notes.append("nothing older than log_starts_at is recorded here, whether or not anything happened")
