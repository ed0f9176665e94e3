"""Which devices are enrolled now: the device list, for answers whose rows tell of devices that may have gone.

Prism keeps rows of devices that were removed, and the audit log names devices by id alone. One walk of the device list
answers both, and the client's cache keeps its pages, so that questions asked within the cache's time share one walk. A
walk that may not be made, by permission or because the hour's requests run low, costs an answer only this knowledge,
and the answer says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...api.call import Call, Interrupted
from ...api.endpoints.devices import LIST_DEVICES, Device
from ...errors import Denied, RateLimited, TookTooLong

IDENTITY = ("device_name", "serial_number", "user_email")
"""What a device is called in every list, whatever Iru calls it there."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The rows of the device list by device_id, and why they are not all; empty when they are."""

    devices: Mapping[str, Mapping[str, Any]]
    missing: str = ""

    def facts(self, device_id: str, names: Sequence[str] = IDENTITY) -> dict[str, Any]:
        """Columns of the device with this id, those that hold something; empty for one that is not enrolled."""
        device = Device.read(self.devices.get(device_id))
        return device.pick(names) if device else {}


async def enrolled_devices(call: Call) -> Enrolled:
    """The device list. The tool names LIST_DEVICES."""
    devices: dict[str, Mapping[str, Any]] = {}
    try:
        async for batch in call.walk(LIST_DEVICES, query={"ordering": "device_id"}, whole=True):
            devices |= {row["device_id"]: row for row in batch.rows if isinstance(row, dict) and row.get("device_id")}
    except Denied as error:
        return Enrolled(devices, f"not permitted: {error.grant}")
    except (RateLimited, TookTooLong) as error:
        return Enrolled(devices, error.fact.rstrip("."))
    except Interrupted as end:
        return Enrolled(devices, end.why)
    return Enrolled(devices)
