"""How one library item stands on the devices that should have it.

Iru gives a row for each device that reported on the item. A device that never did has none, and must not read as fine:
so the blueprints that have the item say which enrolled devices are in its scope, and those without a row are counted
as `no_report`. What must stay true: counts are of enrolled devices, and where the scope or the device list could not be
read, the answer says so instead of counting.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, NamedTuple, Unpack

from pydantic import Field

from ...api.endpoints.devices import LIST_DEVICES
from ...api.endpoints.library import LIST_LIBRARY_ITEM_STATUSES, LibraryItemStatus
from ...api.record import as_object
from ...errors import UsageError
from ..devices.details import is_fine, last_logs
from ..kit import COUNT_REQUESTS, Check, Context, GroupBy, Page, RowShape, Source, counting_or_listing, tool
from ..kit.enrolled import Enrolled, OnDeviceLine, enrolled_devices, page_of_devices
from ..kit.params import Paging, Str
from ..kit.reader import SourceRows, read
from .scope import SCOPE_ENDPOINTS, ItemRef, ItemScope, find_item

_REQUESTS = 150
"""One for each 300 devices, twice, and one for each blueprint."""
_PAGES = 100
_BLUEPRINTS_SHOWN = 12


class ItemStatusLine(OnDeviceLine, total=False):
    """How an item stands on one device."""

    blueprint_name: str
    status: str
    reported_at: str
    log: str


_JOINED = ("serial_number", "user_email", "platform", "last_check_in")
"""Columns of the device list that are added to a row."""


@tool(
    LIST_LIBRARY_ITEM_STATUSES,
    optional=(LIST_DEVICES, *SCOPE_ENDPOINTS),
    requests=_REQUESTS,
    count_requests=COUNT_REQUESTS,
)
async def list_library_item_status(
    ctx: Context,
    library_item: ItemRef,
    status: Annotated[Str, Field(description="failed, pending...; not_fine: all that is not done; no_report")] = "",
    group_by: GroupBy = (),
    **paging: Unpack[Paging],
) -> Page[ItemStatusLine]:
    """On which devices one library item failed, waits or passed, failed first; `summary`: its blueprints, devices in
    scope, by status, without a report."""
    item = await find_item(ctx.call, library_item)
    enrolled = await enrolled_devices(ctx.call)
    wanted = status.strip().casefold()
    source: Source[LibraryItemStatus] = Source(
        LIST_LIBRARY_ITEM_STATUSES, checks=_checks(wanted), ids={"library_item_id": item.item_id}, order=_failed_first
    )
    shape = RowShape(
        ItemStatusLine,
        flat=partial(_row, enrolled),
        lean=_lean,
        marks=partial(_marks, enrolled),
        more_columns=("device_id", "device_name", "blueprint_name", *_JOINED),
    )
    if wanted == "no_report":
        page = await _silent_page(ctx, item, enrolled, group_by, paging)
    else:
        page = await counting_or_listing(ctx, source, shape, group_by, **paging)
    if not paging["cursor"]:
        await _say_scope(ctx, page, item, enrolled)
    return page


_WORDS = {"success": "pass", "error": "failed"}
"""Iru has other words for the status of profiles; one state has one word, as in the copy."""


def _word(row: LibraryItemStatus) -> str:
    """The status of an item on a device, in small letters."""
    word = (row.status or "unknown").casefold()
    return _WORDS.get(word, word)


def _failed_first(row: LibraryItemStatus) -> tuple[bool, bool, str, int]:
    return (_word(row) != "failed", is_fine(row.status), _device(row, "name").casefold(), row.id)


def _checks(wanted: str) -> list[Check[LibraryItemStatus]]:
    if wanted == "not_fine":
        return [Check("status", lambda row: not is_fine(row.status))]
    word = _WORDS.get(wanted, wanted)
    return [Check("status", lambda row: _word(row) == word, value=_word)] if wanted else []


def _device(row: LibraryItemStatus, name: str) -> str:
    return str(as_object(row.computer).get(name) or "")


def _row(enrolled: Enrolled, record: LibraryItemStatus) -> dict[str, Any]:
    flat = record.flat()
    blueprint = as_object(record.blueprint)
    flat |= {"device_id": _device(record, "id"), "device_name": _device(record, "name"), "status": _word(record)}
    flat |= {"blueprint_name": blueprint["name"]} if blueprint.get("name") else {}
    return flat | enrolled.facts(_device(record, "id"), _JOINED)


def _lean(flat: dict[str, Any]) -> dict[str, Any]:
    """The row with the end of its logs, where it is not fine."""
    logs = "" if is_fine(flat.get("status")) else last_logs(flat)
    return {name: value for name, value in flat.items() if name != "log"} | ({"log": logs} if logs else {})


def _marks(enrolled: Enrolled, record: LibraryItemStatus) -> dict[str, Any]:
    """What is added to the row of a device that is gone, or that cannot have reported."""
    device = enrolled.devices.get(_device(record, "id"))
    if device is None:
        return {} if enrolled.missing else {"enrolled": False}
    if not _has_reported(record):
        return {"reported": "not yet"}
    return {} if device.get("last_check_in") else {"doubt": "the device never checked in"}


def _has_reported(record: LibraryItemStatus) -> bool:
    """Whether the row has a time of a report, be it unreadable: without one Iru only knows that it told the device."""
    return record.reported_at is not None or "reported_at_as_sent" in (record.model_extra or {})


class _Standing(NamedTuple):
    """The rows of an item beside the enrolled devices that should have one."""

    rows: SourceRows[LibraryItemStatus]
    in_scope: Sequence[Mapping[str, Any]]
    silent: Sequence[Mapping[str, Any]]
    outside: int
    """Devices of the same platforms whose blueprint lacks the item."""


async def _standing(ctx: Context, item: ItemScope, enrolled: Enrolled) -> _Standing:
    rows = await read(ctx.call, LIST_LIBRARY_ITEM_STATUSES, pages=_PAGES, library_item_id=item.item_id)
    reported = {_device(row, "id") for row in rows.records}
    devices = enrolled.devices
    platforms = {devices[one].get("platform") for one in reported if one in devices}
    alike = [row for row in devices.values() if not platforms or row.get("platform") in platforms]
    in_scope = [row for row in alike if row.get("blueprint_id") in (item.blueprints or {})]
    silent = [row for row in in_scope if row["device_id"] not in reported]
    return _Standing(rows, in_scope, silent, len(alike) - len(in_scope))


async def _silent_page(
    ctx: Context, item: ItemScope, enrolled: Enrolled, group_by: Sequence[str], paging: Paging
) -> Page[Any]:
    """The devices in scope that have no row. Raises UsageError, TookTooLong where they cannot be told."""
    if group_by:
        raise UsageError("Devices without a report have no columns to count by.", "Leave group_by out.")
    found = await _standing(ctx, item, enrolled)
    missing = enrolled.missing or item.missing or found.rows.missing
    return page_of_devices(ctx, found.silent, missing, RowShape(ItemStatusLine), **paging)


async def _say_scope(ctx: Context, page: Page[Any], item: ItemScope, enrolled: Enrolled) -> None:
    """Adds to the summary which item this is, which devices should have it, and how it stands on them."""
    summary: dict[str, Any] = {"library_item": {"id": item.item_id} | ({"name": item.name} if item.name else {})}
    if item.missing or enrolled.missing:
        page.notes.append(f"which devices are in scope was not checked: {item.missing or enrolled.missing}")
    else:
        found = await _standing(ctx, item, enrolled)
        kept = [row for row in found.rows.records if _device(row, "id") in enrolled.devices]
        summary |= {"blueprints": _blueprints(item, found.in_scope), "in_scope": len(found.in_scope)}
        summary |= {"by_status": dict(Counter(_word(row) for row in kept).most_common())}
        waiting = sum(not _has_reported(row) for row in kept)
        summary |= {"not_reported_yet": waiting, "no_report": len(found.silent), "outside_scope": found.outside}
        if waiting:
            page.notes.append("not_reported_yet: in by_status, but the device sent no report; no_report: no row at all")
        page.notes += _scope_notes(item, found, len(kept))
    page.summary = summary | page.summary


def _blueprints(item: ItemScope, in_scope: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The blueprints that have the item, with how many devices of its platforms each has."""
    held = Counter(row.get("blueprint_id") for row in in_scope)
    counts = sorted(((held[key], one.name or key) for key, one in (item.blueprints or {}).items()), reverse=True)
    more = counts[_BLUEPRINTS_SHOWN:]
    shown = {name: count for count, name in counts[:_BLUEPRINTS_SHOWN]}
    return shown | ({f"{len(more)} more": sum(count for count, _ in more)} if more else {})


def _scope_notes(item: ItemScope, found: _Standing, kept: int) -> list[str]:
    notes = []
    gone = len(found.rows.records) - kept
    maps = [key for key, one in (item.blueprints or {}).items() if (one.type or "").casefold() == "map"]
    in_maps = sum(row.get("blueprint_id") in maps for row in found.silent)
    if found.rows.missing:
        notes.append(f"the summary counts a part: {found.rows.missing}")
    if gone:
        notes.append(f"{gone} rows are of devices that are not enrolled: the summary leaves them out")
    if in_maps:
        notes.append(f"{in_maps} of no_report are in blueprints of type map, whose rules may leave them out")
    if not item.blueprints:
        notes.append("no blueprint has this item now")
    return notes
