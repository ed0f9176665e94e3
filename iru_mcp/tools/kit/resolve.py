"""From what a person calls a device to the one device that is meant."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from ...api.call import Call, Interrupted
from ...api.endpoints.devices import LIST_DEVICES, Device
from ...errors import NotFound, UsageError
from ...folding import fold, spellings
from ...output.clean import clean_text

IS_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_MOST_CANDIDATES = 3
_EVERYTHING: list[dict[str, str]] = [{}]


class ResolvedDevice(NamedTuple):
    """A device that was named: its id, and the rest of it when Iru had to be asked."""

    device_id: str
    record: Device | None = None

    def shown(self) -> dict[str, Any]:
        """The device as an answer names it."""
        if self.record is None:
            return {"device_id": self.device_id}
        flat = self.record.flat()
        return {name: flat[name] for name in ("device_id", "device_name", "serial_number", "platform") if name in flat}


async def resolve(call: Call, device: str) -> ResolvedDevice:
    """The device with this device_id, serial number or name, compared whole and folded.

    Iru's own filters match parts, so every row is checked here. Raises NotFound when there is none,
    UsageError with up to three candidates when there are several.
    """
    wanted = device.strip()
    if IS_UUID.fullmatch(wanted):
        return ResolvedDevice(str(UUID(wanted)))
    near: dict[str, Device] = {}
    may_be_serial = wanted.isascii() and not set(wanted) & set(" '")
    by_serial = [{"serial_number": wanted.upper()}] if may_be_serial else []
    for queries in (by_serial, [{"device_name": form} for form in spellings(wanted)], _EVERYTHING):
        found, complete = await _matches(call, wanted, queries, near)
        if len(found) == 1:
            return ResolvedDevice(found[0].device_id, found[0])
        if found:
            called = f"{len(found)} devices are called '{wanted[:60]}': {_candidates(found)}"
            more = f" and {len(found) - _MOST_CANDIDATES} more" if len(found) > _MOST_CANDIDATES else ""
            raise UsageError(f"{called}{more}.", "Repeat with the device_id meant.")
    looked = "Every device was looked at" if complete else "Not every device could be looked at"
    other = "Search with list_devices. Prism may still have rows of a removed one: filter by serial_number."
    remedy = f"Similar: {_candidates(list(near.values()))}." if near else other
    raise NotFound(f"No device has the serial number or name '{wanted[:60]}'. {looked}.", remedy)


async def find(call: Call, device: str) -> ResolvedDevice | None:
    """The device for an optional filter: None when none is asked for."""
    return await resolve(call, device) if device.strip() else None


async def _matches(
    call: Call, wanted: str, queries: Sequence[Mapping[str, str]], near: dict[str, Device]
) -> tuple[list[Device], bool]:
    """Devices whose serial number or name is `wanted`; those that only contain it are gathered in `near`."""
    whole = fold(wanted)
    found: dict[str, Device] = {}
    try:
        for query in queries:
            async for batch in call.walk(LIST_DEVICES, query={"ordering": "device_id"} | dict(query), whole=True):
                for record in filter(None, batch.records):
                    # Answers show a name cleaned, and it must be found as it is shown.
                    names = [fold(record.serial_number or ""), fold(clean_text(record.device_name or ""))]
                    if whole in names:
                        found[record.device_id] = record
                    elif any(whole in name or (name and name in whole) for name in names):
                        near[record.device_id] = record
    except Interrupted:
        return list(found.values()), False
    return list(found.values()), True


def _candidates(found: list[Device]) -> str:
    """The first devices, each with what tells it from others."""
    shown = []
    for record in found[:_MOST_CANDIDATES]:
        user = f", {record.user.email}" if record.user and record.user.email else ""
        about = f"{record.serial_number}, {record.platform}{user}, device_id {record.device_id}"
        shown.append(f"{record.device_name} ({about})")
    return "; ".join(shown)
