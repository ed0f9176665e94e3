"""Any Prism category, asked like those that have a tool of their own."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict

from pydantic import BeforeValidator

from ...api.endpoints.devices import LIST_DEVICES
from ...api.endpoints.prism import CATEGORIES
from ..kit.answers import Page
from ..kit.catalogue import tool
from ..kit.context import Context
from ..kit.counting import COUNT_REQUESTS, GroupBy
from ..kit.params import Cursor, Fields, Limit
from .categories import USEFUL
from .page import Blueprint, Families, OnDevice, PrismFilter, Scope, SortBy, prism_page

_DEVICE = ("device__name", "serial_number")
_ALSO = {
    "applications": "apps",
    "firewall": "application_firewall",
    "gatekeeper": "gatekeeper_and_xprotect",
    "launch_agents": "launch_agents_and_daemons",
    "profiles": "installed_profiles",
    "tcc": "transparency_database",
}


def _category(value: object) -> object:
    """The category as its path has it, from how people write it."""
    if not isinstance(value, str):
        return value
    word = value.strip().casefold().replace("&", "and").replace("-", " ").replace(" ", "_")
    return _ALSO.get(word, word)


Category = Annotated[
    Literal[
        "activation_lock",
        "application_firewall",
        "apps",
        "cellular",
        "certificates",
        "desktop_and_screensaver",
        "device_information",
        "filevault",
        "gatekeeper_and_xprotect",
        "installed_profiles",
        "kernel_extensions",
        "launch_agents_and_daemons",
        "local_users",
        "startup_settings",
        "system_extensions",
        "transparency_database",
    ],
    BeforeValidator(_category),
]


class PrismLine(TypedDict, total=False):
    """A device; the category's own columns follow."""

    device__name: str
    serial_number: str


@tool(optional=(LIST_DEVICES, *CATEGORIES.values()), toolset="prism", requests=60, count_requests=COUNT_REQUESTS)
async def prism_query(
    ctx: Context,
    category: Category,
    device: OnDevice = "",
    filter: PrismFilter = None,
    blueprint: Blueprint = "",
    device_families: Families = (),
    sort_by: SortBy = "",
    group_by: GroupBy = (),
    fields: Fields = (),
    limit: Limit = 25,
    cursor: Cursor = "",
) -> Page[Any]:
    """Any Prism category, fleet-wide or on one device. SIP is in startup_settings, privacy (TCC) permissions in
    transparency_database. A wrong column is answered with the valid ones."""
    scope = Scope(device, blueprint, device_families, filter, sort_by, group_by)
    shown = fields or (_DEVICE + USEFUL[category] if USEFUL[category] else ())
    page = await prism_page(ctx, CATEGORIES[category], PrismLine, {}, scope, shown, limit, cursor)
    if page.items and not shown and not group_by:
        page.notes.append(f"the columns of {category} are not published; ask for some with fields to learn their names")
    return page
