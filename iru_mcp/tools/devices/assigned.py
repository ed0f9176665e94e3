"""Who holds which devices: those of an address, or of the people of a name."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

from pydantic import Field

from ...api.endpoints.devices import LIST_DEVICES, Device
from ...errors import UsageError
from ...folding import fold
from ..kit import Check, Context, Page, RowShape, Source, listing, tool
from ..kit.params import MATCHES_PARTS_OF_NAMES, Cursor, Limit, part_query
from .fleet import FLEET_REQUESTS, AnyDeviceLine, lean_device


class UserDeviceLine(AnyDeviceLine, total=False):
    """A device that a person holds."""

    user_is_archived: bool
    last_check_in: str
    mdm_enabled: bool
    agent_installed: bool
    is_missing: bool
    lost_mode_status: str


_SHAPE = RowShape(UserDeviceLine, lean=lean_device)


@tool(LIST_DEVICES, requests=FLEET_REQUESTS)
async def find_devices_for_user(
    ctx: Context,
    email: Annotated[
        str,
        Field(description="whole address, or a person's name", min_length=3, max_length=300),
        MATCHES_PARTS_OF_NAMES,
    ],
    limit: Limit = 25,
    cursor: Cursor = "",
) -> Page[UserDeviceLine]:
    """Devices assigned to one e-mail address, compared whole, or to the people of a name. Start here when an incident
    names a person. When there are none, similar addresses that do hold devices are named."""
    if "@" in email:
        return await held_by(ctx, email, limit=limit, cursor=cursor)
    words = fold(email).split()
    source = _devices(part_query("user_name", email), lambda device: _is_named(device, words))
    page = await listing(ctx, source, _SHAPE, limit=limit, cursor=cursor)
    if not page.items and not cursor:
        nobody = f"nobody called {email.strip()} holds a device"
        page.notes.insert(0, f"{nobody}; list_users tells whether Iru knows the person")
    elif len(people := {row.get("user_email") for row in page.items}) > 1:
        page.notes.append(f"{len(people)} people have this name; give the address of the one who is meant")
    return page


def _is_named(device: Device, words: Sequence[str]) -> bool:
    name = (device.user and device.user.name) or ""
    return bool(words) and set(words) <= set(fold(name).split())


async def held_by(
    ctx: Context, email: str, *, limit: int, cursor: str = "", fields: tuple[str, ...] = ()
) -> Page[UserDeviceLine]:
    """Devices assigned to `email`, compared whole; when there are none, a note names similar addresses."""
    wanted = email.strip()
    if "@" not in wanted:
        raise UsageError("email is not an address.", "Give the whole address, or use list_users to find it by name.")
    near: set[str] = set()
    source = _devices(part_query("user_email", wanted), lambda device: _is_held_by(device, wanted, near))
    page = await listing(ctx, source, _SHAPE, limit=limit, cursor=cursor, fields=fields)
    if not page.items and not cursor:
        similar = f"; similar addresses with devices: {', '.join(sorted(near)[:5])}"
        unknown = ", nor to a similar address; get_user tells whether Iru knows the person"
        page.notes.insert(0, f"no device is assigned to {wanted}{similar if near else unknown}")
    return page


def _devices(narrow: Mapping[str, str | int], is_meant: Callable[[Device], bool]) -> Source[Device]:
    return Source(LIST_DEVICES, {"ordering": "device_id"}, narrow, [Check("email", is_meant)])


def _is_held_by(device: Device, wanted: str, near: set[str]) -> bool:
    email = (device.user and device.user.email) or ""
    if fold(email) == fold(wanted):
        return True
    if email and _alike(fold(email), fold(wanted)):
        near.add(email)
    return False


def _alike(one: str, other: str) -> bool:
    """Whether two addresses share the part before the @, or a word of it."""
    left, right = (set(re.split(r"[._-]", address.partition("@")[0])) for address in (one, other))
    return left == right or any(len(word) > 2 for word in left & right)
