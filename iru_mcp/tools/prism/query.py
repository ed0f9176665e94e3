"""Any Prism category, asked like those that have a tool of their own."""

from typing import Annotated, Any, Literal, TypedDict, Unpack

from pydantic import BeforeValidator, Field

from ...api.endpoints.devices import LIST_DEVICES
from ...api.endpoints.prism import CATEGORIES
from ...errors import UsageError
from ..kit import COUNT_REQUESTS, Context, Page, RowShape, columns_of, tool
from ..kit.enrolled import enrolled_devices, page_of_devices
from .categories import USEFUL
from .page import Blueprint, EnrolledOnly, Families, OnDevice, PrismFilter, Rows, Scope, Shown, paging_of, prism_page
from .reporting import MANY_ROWS, reporters, silent_devices

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

    device_name: str
    serial_number: str


class SilentLine(PrismLine, total=False):
    """A device that should report to a category and does not."""

    platform: str
    user_email: str
    last_check_in: str


async def _silent_page(ctx: Context, category: str, device: str, scope: Scope) -> Page[SilentLine]:
    """The devices without a row. Raises UsageError for what does not go with it, TookTooLong."""
    given: dict[str, Any] = {"device": device, "filter": scope["filter"]}
    given |= {"sort_by": scope["sort_by"], "group_by": scope["group_by"], "enrolled": scope["enrolled"] is False}
    wrong = [name for name, value in given.items() if value]
    if wrong:
        raise UsageError(
            f"{wrong[0]} does not go with no_report.", "Only blueprint and device_families do: leave the others out."
        )
    enrolled = await enrolled_devices(ctx.call)
    reported = await reporters(ctx.call, CATEGORIES[category])
    missing = enrolled.missing or ("the category could not be read whole" if reported is None else "")
    silent = silent_devices(enrolled, category, scope["device_families"], reported or (), scope["blueprint"].strip())
    page = page_of_devices(ctx, silent, missing, RowShape(SilentLine), **paging_of(scope))
    if category in MANY_ROWS:
        page.notes.append(f"without a row in {category} a device did not report, or had nothing to report")
    return page


@tool(optional=(LIST_DEVICES, *CATEGORIES.values()), requests=120, count_requests=COUNT_REQUESTS)
async def prism_query(
    ctx: Context,
    category: Category,
    device: OnDevice = "",
    filter: PrismFilter = None,
    enrolled: EnrolledOnly = None,
    no_report: Annotated[bool | None, Field(description="instead, the devices without a row")] = None,
    blueprint: Blueprint = "",
    device_families: Families = (),
    **shown: Unpack[Shown],
) -> Page[Any]:
    """Any Prism category, fleet-wide or on one device. SIP is in startup_settings, privacy (TCC) permissions in
    transparency_database. A wrong column is answered with the valid ones."""
    rows: Rows = {"blueprint": blueprint, "device_families": device_families, "filter": filter, "enrolled": enrolled}
    if no_report:
        return await _silent_page(ctx, category, device, {**rows, **shown})
    if not (shown["fields"] or shown["group_by"]) and USEFUL[category]:
        shown["fields"] = columns_of(PrismLine) + USEFUL[category]
    page = await prism_page(ctx, CATEGORIES[category], PrismLine, device, {}, **rows, **shown)
    if page.items and not (shown["fields"] or shown["group_by"]):
        page.notes.append(f"the columns of {category} are not published; ask for some with fields to learn their names")
    return page
