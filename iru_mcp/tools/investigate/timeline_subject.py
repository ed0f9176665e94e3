"""Whom or what a timeline is about: one device, or a person with the devices they hold."""

from dataclasses import dataclass
from typing import Any

from ...api.endpoints.devices import Device
from ...errors import NotFound, UsageError
from ..devices.assigned import held_by
from ..kit import Context
from ..kit.params import equals, newest_first
from ..kit.reader import OK, Attempt, attempt
from ..kit.resolve import ResolvedDevice
from .sources import read_device, read_users

_MOST_DEVICES = 6
_DEVICE_FIELDS = tuple(
    "device_id device_name serial_number platform blueprint_id first_enrollment last_enrollment last_check_in".split()
)


@dataclass(slots=True)
class Subject:
    """Whom or what a timeline is about: devices, and the ids by which the audit log may name it."""

    devices: list[Device]
    names: set[str]
    shown: dict[str, Any]
    parts: dict[str, Attempt[Any]]


async def read_subject(ctx: Context, device: str, user: str) -> Subject:
    """The device or person that a timeline is about. Raises UsageError where neither or both are given, NotFound."""
    if bool(device) == bool(user):
        raise UsageError("Give either device or user.", "device: serial number, name or device_id; user: an e-mail.")
    if user:
        return await _person(ctx, user)
    target, part = await read_device(ctx.call, device)
    record = part.value or Device(device_id=target.device_id)
    shown = ResolvedDevice(target.device_id, part.value).shown()
    return Subject([record], _ids(record), {"device": shown}, {"device": part})


async def _person(ctx: Context, email: str) -> Subject:
    page = await held_by(ctx, email, limit=500, fields=_DEVICE_FIELDS)
    held = [record for record in map(Device.read, page.items) if record]
    held.sort(key=lambda record: newest_first(record.last_check_in))
    is_address = equals(email)
    known = await attempt(lambda: read_users(ctx.call, email, lambda user: is_address(user.email)))
    people = known.records
    if not held and not people:
        raise NotFound(f"{'. '.join(page.notes)}.", "Find the person with list_users.")
    names = {email, *(user.id for user in people)}.union(*map(_ids, held))
    looked_at = held[:_MOST_DEVICES]
    shown = {"email": email} | ({"name": people[0].name, "archived": bool(people[0].archived)} if people else {})
    devices = [ResolvedDevice(record.device_id, record).shown() for record in looked_at]
    parts = {"user": known, "devices": Attempt(_looked_at(held, complete=page.complete))}
    return Subject(looked_at, names, {"user": shown, "devices": devices}, parts)


def _looked_at(held: list[Device], *, complete: bool) -> str:
    """The state of a person's devices: those seen last are looked at, some of the others named."""
    left = [serial_of(record) for record in held[_MOST_DEVICES:]]
    if left:
        return f"partial: {len(left)} devices not looked at, e.g. {', '.join(left[:_MOST_DEVICES])}"
    return OK if complete else "partial: the device list was not read to its end"


def _ids(record: Device) -> set[str]:
    return {record.device_id, record.serial_number or record.device_id}


def serial_of(record: Device) -> str:
    """A device as another tool takes it."""
    return record.serial_number or record.device_name or record.device_id
