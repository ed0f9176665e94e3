"""Which library item is meant, and which blueprints have it.

Iru lists custom items alone, and names the others only in the blueprints that have them. So a name is looked for in
the items of every blueprint first, which also tells the scope of the item, and in the lists of custom items where no
blueprint has it. What must stay true: a name that several items share is refused with their ids, and blueprints that
could not be read are told in `missing`.
"""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from ...api.call import Call
from ...api.endpoint import Endpoint
from ...api.endpoints.blueprints import LIST_BLUEPRINT_LIBRARY_ITEMS, LIST_BLUEPRINTS, Blueprint
from ...api.endpoints.library import (
    LIST_CUSTOM_APPS,
    LIST_CUSTOM_PROFILES,
    LIST_CUSTOM_SCRIPTS,
    LIST_IN_HOUSE_APPS,
    LibraryItem,
)
from ...errors import NotFound, UsageError
from ...folding import fold, nearest
from ..kit.reader import attempt, gather, read
from ..kit.resolve import IS_UUID

KINDS: dict[str, Endpoint[LibraryItem]] = {
    "custom_apps": LIST_CUSTOM_APPS,
    "in_house_apps": LIST_IN_HOUSE_APPS,
    "custom_profiles": LIST_CUSTOM_PROFILES,
    "custom_scripts": LIST_CUSTOM_SCRIPTS,
}
SCOPE_ENDPOINTS: tuple[Endpoint[Any], ...] = (LIST_BLUEPRINTS, LIST_BLUEPRINT_LIBRARY_ITEMS, *KINDS.values())
"""What a tool names as optional that calls `find_item`."""

ItemRef = Annotated[str, Field(description="name or id of a library item", min_length=1, max_length=300)]

_PAGES = 60
_SHOWN = 8


class ItemScope(NamedTuple):
    """A library item and the blueprints that have it, by id; `missing` says why these may not be all."""

    item_id: str
    name: str = ""
    blueprints: Mapping[str, Blueprint] | None = None
    missing: str = ""


async def find_item(call: Call, wanted: str) -> ItemScope:
    """The item with this id or name, compared whole and folded, or with the only name that contains it.

    Raises NotFound, UsageError where several have the name, and why no blueprint could be read where it is a name.
    """
    asked = wanted.strip()
    is_id = IS_UUID.fullmatch(asked) is not None
    listed = await attempt(lambda: read(call, LIST_BLUEPRINTS, pages=_PAGES))
    if listed.value is None:
        if is_id or listed.error is None:
            return ItemScope(asked, missing=listed.state)
        raise listed.error
    blueprints = {one.id: one for one in listed.records}
    jobs = {key: partial(read, call, LIST_BLUEPRINT_LIBRARY_ITEMS, blueprint_id=key) for key in blueprints}
    parts = await gather(jobs, keep_denied=is_id)
    names: dict[str, str] = {}
    having: dict[str, dict[str, Blueprint]] = {}
    for key, part in parts.items():
        for item in part.records:
            names[item.id] = item.name or ""
            having.setdefault(item.id, {})[key] = blueprints[key]
    lacking = [part.state for part in parts.values() if not part.complete]
    missing = listed.value.missing or (f"{len(lacking)} blueprints: {lacking[0]}" if lacking else "")
    item_id = asked.lower() if is_id else await _id_of(call, asked, names)
    return ItemScope(item_id, names.get(item_id, "" if is_id else asked), having.get(item_id, {}), missing)


async def _id_of(call: Call, wanted: str, names: dict[str, str]) -> str:
    found = _matches(wanted, names)
    if not found:
        parts = await gather({kind: partial(read, call, one) for kind, one in KINDS.items()}, keep_denied=True)
        custom = {item.id: item.name or "" for part in parts.values() for item in part.records}
        names |= custom
        found = _matches(wanted, custom)
    if len(found) == 1:
        return found[0]
    if found:
        shown = "; ".join(f"{names[key]} ({key})" for key in found[:_SHOWN])
        raise UsageError(f"{len(found)} library items are called like '{wanted[:60]}': {shown}.", "Give the id meant.")
    near = nearest(wanted, sorted(set(names.values())), 3, 0.5)
    raise NotFound(
        f"No blueprint and no custom app, profile or script has a library item '{wanted[:60]}'.",
        f"Similar: {', '.join(near)}." if near else "Ids are in get_device_status (item_id).",
    )


def _matches(wanted: str, names: Mapping[str, str]) -> list[str]:
    """The ids of the items with this name, else of those whose name contains it."""
    whole = fold(wanted)
    exact = [key for key, name in names.items() if fold(name) == whole]
    return exact or [key for key, name in names.items() if whole in fold(name)]
