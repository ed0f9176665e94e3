"""Answers for /prism: sixteen categories, paged by cursor or offset, made device by device."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import islice
from operator import itemgetter
from typing import Any

from ..world import DemoDevice, DemoTenant, Row
from .categories import CATEGORIES, Category, common
from .query import Fault, Query, Test, comma_list, cursor, cursor_numbers, json_filter, number, passes, rank

_LIMIT = 300
_LOOK = 400
"""Devices that one page of a filtered walk looks at before it gives what it has, if anything, and a cursor."""
_SHORT_EVERY = 7
"""Every so many pages of a walk is a short one, as in Iru."""
_DEVICE_COLUMNS = frozenset(
    "device_id device__name device__user_id device__user_name device__user_email blueprint_name asset_tag "
    "serial_number model_id tags count updated_at last_collected_at".split()
)
_NAMES: Mapping[str, Callable[[DemoDevice], str]] = {
    "device_id": lambda device: device.device_id,
    "serial_number": lambda device: device.serial,
}
"""Columns that name a device: most filters ask for one, and making the other columns of all devices takes long."""
_MOST_ROWS = 4096
"""More than any device has in one category."""
Devices = list[DemoDevice]
Tests = Mapping[str, Sequence[Test]]


def _reporting(tenant: DemoTenant, category: Category, query: Query, tests: Tests) -> Devices:
    """The devices that can have matching rows; what is asked of columns that a device's rows share is decided here."""
    families = category.families & (comma_list(query.get("device_families", "")) or category.families)
    blueprints = comma_list(query.get("blueprint_ids", ""))
    shared = {key: held for key, held in tests.items() if key in _DEVICE_COLUMNS}
    devices = [tenant.removed, *tenant.devices]
    for key in _NAMES.keys() & shared.keys():
        for test in shared.pop(key):
            devices = [device for device in devices if test(_NAMES[key](device))]
    return [
        device
        for device in devices
        if device.family in families
        and (not blueprints or device.blueprint.id in blueprints)
        and (not shared or passes(common(tenant, device), shared))
    ]


def _answer(name: str, tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    category, tests = CATEGORIES[name], json_filter(query)
    for refused in ("blueprint__id", "device__family"):
        if refused in tests:
            raise Fault(400, {"detail": f"Invalid filter key: {refused}"})
    devices = _reporting(tenant, category, query, tests)
    own = {key: held for key, held in tests.items() if key not in _DEVICE_COLUMNS}
    limit = number(query, "limit", _LIMIT, least=1, most=_LIMIT)
    plain = not (own or query.get("filter") or query.get("blueprint_ids") or query.get("device_families"))
    if query.get("sort_by") or ("offset" in query and not plain):
        return _sorted(tenant, category, devices, own, query, limit)
    if "offset" in query:
        return _by_offset(tenant, name, devices, query, limit)
    return _by_cursor(tenant, category, devices, own, query.get("cursor", ""), limit)


def _by_cursor(tenant: DemoTenant, category: Category, devices: Devices, own: Tests, text: str, limit: int) -> Row:
    page, index, skip = cursor_numbers(text, "", (0, -1, 0))
    start = bisect_left(devices, index, key=lambda device: device.index)
    wanted = max(1, limit - 13) if page % _SHORT_EVERY == _SHORT_EVERY - 1 else limit
    found: list[Row] = []
    for looked, device in enumerate(devices[start:]):
        if len(found) >= wanted or (found and looked >= _LOOK):
            return _page(found, None, cursor(f"{page + 1}:{device.index}:0"), limit=limit)
        first = skip if device.index == index else 0
        shared, rows = common(tenant, device), category.rows(tenant, device)
        for place in range(first, len(rows)):
            if len(found) >= wanted:
                return _page(found, None, cursor(f"{page + 1}:{device.index}:{place}"), limit=limit)
            if passes(rows[place], own, shared):
                found.append(shared | rows[place])
    return _page(found, None, None, limit=limit)


def _page(rows: list[Row], offset: int | None, after: str | None, limit: int, total: int | None = None) -> Row:
    return {"offset": offset, "limit": limit, "total": total, "data": rows, "cursor": after}


@lru_cache(maxsize=32)
def _prefix(tenant: DemoTenant, name: str) -> array[int]:
    """Rows before each reporting device, and the number of all, when nothing is filtered."""
    category, found = CATEGORIES[name], array("L", [0])
    for device in _reporting(tenant, category, {}, {}):
        count = category.count(tenant, device) if category.count else len(category.rows(tenant, device))
        found.append(found[-1] + count)
    return found


def _by_offset(tenant: DemoTenant, name: str, devices: Devices, query: Query, limit: int) -> Row:
    category, offset = CATEGORIES[name], number(query, "offset", 0)
    before = _prefix(tenant, name)
    first = min(bisect_right(before, offset) - 1, len(devices))
    found = _matching(tenant, category, devices[first:] if offset < before[-1] else [], {})
    rows = [shared | row for _, shared, row in islice(found, offset - before[first], offset - before[first] + limit)]
    return _page(rows, offset, None, limit=limit, total=before[-1])


def _matching(tenant: DemoTenant, category: Category, devices: Devices, own: Tests) -> Iterator[tuple[int, Row, Row]]:
    """Where each matching row is, as one number; what all rows of its device share; and the row itself."""
    for device in devices:
        shared = common(tenant, device)
        for place, row in enumerate(category.rows(tenant, device)):
            if passes(row, own, shared):
                yield (device.index + 1) * _MOST_ROWS + place, shared, row


def _sorted(tenant: DemoTenant, category: Category, devices: Devices, own: Tests, query: Query, limit: int) -> Row:
    asked = tuple(sorted((name, value) for name, value in query.items() if name not in ("offset", "limit")))
    order = _order(tenant, category, asked)
    offset = number(query, "offset", 0)
    by_index = {device.index + 1: device for device in devices}
    found = (divmod(code, _MOST_ROWS) for code in order[offset : offset + limit])
    rows = [common(tenant, by_index[index]) | category.rows(tenant, by_index[index])[place] for index, place in found]
    return _page(rows, offset, None, limit=limit, total=len(order))


@lru_cache(maxsize=4)
def _order(tenant: DemoTenant, category: Category, asked: tuple[tuple[str, str], ...]) -> array[int]:
    """Where each matching row is, in the order asked for: one number a row, so that later pages cost nothing."""
    query = dict(asked)
    tests = json_filter(query)
    own = {name: held for name, held in tests.items() if name not in _DEVICE_COLUMNS}
    sort_by = query.get("sort_by", "")
    key = sort_by.lstrip("-")
    matching = _matching(tenant, category, _reporting(tenant, category, query, tests), own)
    found = [(rank(row.get(key, shared.get(key))), code) for code, shared, row in matching]
    if sort_by:
        found.sort(key=itemgetter(0), reverse=sort_by.startswith("-"))
    return array("Q", (code for _, code in found))


def _count(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    if (name := query.get("category", "")) not in CATEGORIES:
        raise Fault(400, {"detail": f"Invalid category: {name}"})
    count = _prefix(tenant, name)[-1]
    return {"count": count, "approximate": count > 100_000}


ROUTES: dict[str, Any] = {"PRISM_COUNT": _count}
ROUTES |= {f"PRISM_{name.upper()}": partial(_answer, name) for name in CATEGORIES}
