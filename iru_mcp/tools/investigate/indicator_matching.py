"""How an indicator is looked for in each list of Iru's, and what counts as a hit.

Iru is asked for at least what matches, and every row is compared here again. Where Iru does not publish how it matches
(names of devices and their holders, addresses of users), or its own filter finds nothing, all rows are read, so that
"no hit" never rests on a rule of Iru's that nobody knows.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from ...api.call import Call
from ...api.endpoint import Endpoint
from ...api.endpoints.devices import LIST_DEVICES, Device
from ...api.endpoints.prism import PrismRow
from ...api.endpoints.users import User
from ...api.endpoints.vulnerabilities import LIST_AFFECTED_DEVICES, LIST_DETECTIONS, LIST_VULNERABILITIES
from ...api.record import Record
from ...errors import NotFound
from ..kit import Check
from ..kit.reader import SourceRows, gather, read
from ..prism.filter import asked
from ..threats.reading import Sighting
from .indicator_text import Indicator
from .sources import read_sightings, read_users

R = TypeVar("R", bound=Record)
Search = Callable[[Call, Indicator, Sequence[str]], Awaitable[SourceRows[Any]]]
"""Looks for an indicator in these columns of one list. Raises an IruError."""

_WHOLE = frozenset(
    {"team_id", "serial_number", "device_id", "email", "user_email", "cve_id", "file_hash", "device_serial_number"}
)
"""Columns that are compared whole; all others may contain the value."""
_UNPUBLISHED = frozenset({"device_name", "user_name"})
"""Columns of the device list whose matching Iru does not publish."""
_FLEET_PAGES = 60
"""18,000 devices."""


async def search_prism(
    endpoint: Endpoint[PrismRow], call: Call, indicator: Indicator, columns: Sequence[str]
) -> SourceRows[PrismRow]:
    """Rows of one of Prism's categories."""
    return await _each(columns, lambda column: _filtered(call, endpoint, indicator, column))


async def _filtered(call: Call, endpoint: Endpoint[R], indicator: Indicator, column: str) -> SourceRows[R]:
    """The rows that have the indicator in one column, asked for by a JSON filter."""
    wanted = asked({column: {"in" if column in _WHOLE else "like": [indicator.value]}})
    check = Check("filter", _has(indicator, (column,)), sent=not indicator.below_home)
    return await read(call, endpoint, {"filter": json.dumps(wanted)} if wanted else {}, [check])


async def _each(columns: Sequence[str], one: Callable[[str], Awaitable[SourceRows[R]]]) -> SourceRows[R]:
    """The rows of one request a column, since several columns in one filter would all have to match."""
    parts = await gather({column: partial(one, column) for column in columns})
    rows = {row.key(): row for part in parts.values() for row in part.records}
    missing = [f"{name}: {part.state.removeprefix('partial: ')}" for name, part in parts.items() if not part.complete]
    return SourceRows(list(rows.values()), "; ".join(missing))


async def search_alerts(kind: str, call: Call, indicator: Indicator, columns: Sequence[str]) -> SourceRows[Sighting]:
    """Files (`threat`) or processes (`behavioral`) that endpoint detection noticed."""
    found = await read_sightings(kind, call)
    return SourceRows([one for one in found.records if matched(one.flat(), indicator, columns)], found.missing)


async def search_detections(call: Call, indicator: Indicator, columns: Sequence[str]) -> SourceRows[Any]:
    """By CVE its devices, by software the detections in it."""
    if "cve" not in indicator.kinds:
        return await _each(columns, lambda column: _filtered(call, LIST_DETECTIONS, indicator, column))
    try:
        return await read(call, LIST_AFFECTED_DEVICES, cve_id=indicator.value.upper())
    except NotFound:
        await call.page(LIST_VULNERABILITIES)  # raises where the product is missing, not the CVE
        return SourceRows([])


async def search_devices(call: Call, indicator: Indicator, columns: Sequence[str]) -> SourceRows[Device]:
    """Devices that Iru lists: by its own filter where its matching is published and finds any, else among all."""

    async def one(column: str) -> SourceRows[Device]:
        check = Check(column, _has(indicator, (column,)), sent=True)
        return await read(call, LIST_DEVICES, {column: indicator.value, "ordering": "device_id"}, [check])

    if not _UNPUBLISHED.intersection(columns):
        found = await _each(columns, one)
        if found.records or found.missing:
            return found
    check = Check("device", _has(indicator, columns))
    return await read(call, LIST_DEVICES, {"ordering": "device_id"}, [check], pages=_FLEET_PAGES)


async def search_users(call: Call, indicator: Indicator, columns: Sequence[str]) -> SourceRows[User]:
    """People by address."""
    return await read_users(call, indicator.value, _has(indicator, columns))


async def count_outside_prism(call: Call) -> str:
    """How many devices there are whose apps Prism does not have, in words; empty when there are none."""
    counts = {}
    for platform in ("Windows", "Android"):
        page = await call.page(LIST_DEVICES, query={"platform": platform})
        held = sum(1 for device in page.records if device and device.platform == platform)
        if held:
            counts[platform] = f"{held}{' or more' if page.next is not None else ''} {platform}"
    return " and ".join(counts.values())


def _has(indicator: Indicator, columns: Sequence[str]) -> Callable[[Any], bool]:
    return lambda record: bool(matched(record.flat(), indicator, columns))


def matched(row: Mapping[str, Any], indicator: Indicator, columns: Sequence[str]) -> list[str]:
    """The columns of `row` that have the value."""
    return [name for name in columns if indicator.fits(value_of(row, name), whole=name in _WHOLE)]


def value_of(row: Mapping[str, Any], name: str) -> Any:
    """A field, also within an object as `object.key`."""
    outer, _, inner = name.partition(".")
    value = row.get(outer)
    return value.get(inner) if inner and isinstance(value, Mapping) else None if inner else value
