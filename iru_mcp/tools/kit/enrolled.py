"""Which devices are enrolled now: the device list, for answers whose rows tell of devices that may have gone.

Prism keeps rows of devices that were removed, and the audit log names devices by id alone. One walk of the device list
answers both, and the client's cache keeps its pages, so that questions asked within the cache's time share one walk. A
walk that may not be made, by permission or because the hour's requests run low, costs an answer only this knowledge,
and the answer says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypedDict, TypeVar, Unpack

from ...api.call import Call, Interrupted
from ...api.endpoints.devices import LIST_DEVICES, Device
from ...errors import Denied, IruError, RateLimited, TookTooLong
from .answers import Page, columns_of
from .context import Context
from .listing import page_of
from .params import Paging
from .rows import RowShape

T = TypeVar("T")


class OnDeviceLine(TypedDict, total=False):
    """What a row says of the device that it is about."""

    device_name: str
    serial_number: str
    user_email: str


IDENTITY = columns_of(OnDeviceLine)
"""What a device is called in every list, whatever Iru calls it there."""
LIST_REQUESTS = 120
"""What a tool declares that may read the device list beside its own: 18,000 devices are 60 pages."""
_FEW = 6
_ORDERED: Mapping[str, str | int] = {"ordering": "device_id"}


class Enrolled(NamedTuple):
    """The rows of the device list by device_id, and why they are not all; empty when they are."""

    devices: Mapping[str, Mapping[str, Any]]
    missing: str = ""

    def facts(self, device_id: str, names: Sequence[str] = IDENTITY) -> dict[str, Any]:
        """Columns of the device with this id, those that hold something; empty for one that is not enrolled."""
        device = Device.read(self.devices.get(device_id))
        return device.pick(names) if device else {}

    def not_read(self, what: str) -> list[str]:
        """A note that `what` may lack, where these are not all devices."""
        return [f"{what} was not read: {self.missing}"] if self.missing else []


async def named_devices(call: Call, device_ids: Iterable[str]) -> Enrolled:
    """The devices of these ids, for rows that name them. Few are asked for one by one where the list has a second page,
    and the list is read whole when there are many, or when one is not found so. The tool names LIST_DEVICES."""
    wanted = set(device_ids)
    if not wanted or len(wanted) > _FEW:
        return await enrolled_devices(call) if wanted else Enrolled({})
    found: dict[str, Mapping[str, Any]] = {}
    try:
        first = await call.page(LIST_DEVICES, query=_ORDERED)
        _add(found, first.rows)
        missing = sorted(wanted - found.keys()) if first.next is not None else []
        for device_id in missing:
            _add(found, (await call.page(LIST_DEVICES, query={**_ORDERED, "device_id": device_id})).rows)
    except IruError:
        return await enrolled_devices(call)
    return Enrolled(found) if found.keys() >= wanted or first.next is None else await enrolled_devices(call)


def _add(devices: dict[str, Mapping[str, Any]], rows: Sequence[Any]) -> None:
    devices |= {row["device_id"]: row for row in rows if isinstance(row, dict) and row.get("device_id")}


async def enrolled_devices(call: Call) -> Enrolled:
    """The device list. The tool names LIST_DEVICES."""
    devices: dict[str, Mapping[str, Any]] = {}
    try:
        async for batch in call.walk(LIST_DEVICES, query=_ORDERED, whole=True):
            _add(devices, batch.rows)
    except Denied as error:
        return Enrolled(devices, f"not permitted: {error.grant}")
    except (RateLimited, TookTooLong) as error:
        return Enrolled(devices, error.fact.rstrip("."))
    except Interrupted as end:
        return Enrolled(devices, end.why)
    return Enrolled(devices)


def page_of_devices(
    ctx: Context, rows: Iterable[Mapping[str, Any]], missing: str, shape: RowShape[T], **paging: Unpack[Paging]
) -> Page[T]:
    """The page of rows of the device list, in the order of their names. Raises TookTooLong where they may not be all,
    as `missing` says."""
    if missing:
        raise TookTooLong(
            f"Not every device could be compared: {missing}.", "Ask again later, or grant what is lacking."
        )
    devices = sorted(filter(None, map(Device.read, rows)), key=lambda one: (one.device_name or "", one.device_id))
    after, limit, fields = ctx.cursors.read(paging["cursor"]), paging["limit"], paging["fields"]
    return page_of(ctx, devices, shape, after, limit=limit, fields=fields, declared=Device.field_names())


def without_device_id(row: dict[str, Any]) -> dict[str, Any]:
    """The row with its device_id only where no serial number names the device to the next tool."""
    return {name: value for name, value in row.items() if name != "device_id"} if "serial_number" in row else row
