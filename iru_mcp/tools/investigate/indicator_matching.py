"""How an indicator is looked for in each list of Iru's, and what counts as a hit."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from ...api.call import Call
from ...api.endpoint import Endpoint
from ...api.endpoints.devices import LIST_DEVICES, Device
from ...api.endpoints.prism import PrismRow
from ...api.endpoints.users import LIST_USERS
from ...api.endpoints.vulnerabilities import LIST_AFFECTED_DEVICES, LIST_DETECTIONS, LIST_VULNERABILITIES
from ...api.record import Record
from ...errors import NotFound
from ..kit.scan import Check
from ..prism.filter import letter_cases, matches
from ..threats import Sighting, read_threats
from .indicator_text import Indicator
from .reader import SourceRows, gather, read

R = TypeVar("R", bound=Record)

_WHOLE = frozenset({"team_id", "serial_number", "device_id", "email"})
"""Kinds and columns that are compared whole; all others may contain the value."""


def search_prism(endpoint: Endpoint[PrismRow]) -> Callable[[Call, Indicator, Sequence[str]], Any]:
    """Rows of one of Prism's categories."""

    async def search(call: Call, indicator: Indicator, columns: Sequence[str]) -> SourceRows[PrismRow]:
        async def one(column: str) -> SourceRows[PrismRow]:
            words = letter_cases(indicator.value)
            query, checks = _filtered({column: {"in" if column in _WHOLE else "like": words}})
            below_home = [Check("home folder", _has(indicator, (column,)))] if indicator.below_home else []
            return await read(call, endpoint, query, checks + below_home)

        return await _each(columns, one)

    return search


async def _each(columns: Sequence[str], one: Callable[[str], Awaitable[SourceRows[R]]]) -> SourceRows[R]:
    """The rows of one request a column, since several columns in one filter would all have to match."""
    parts = await gather({column: partial(one, column) for column in columns})
    rows = {row.key(): row for part in parts.values() if part.value for row in part.value.records}
    missing = [
        f"{column}: {part.state.removeprefix('partial: ')}" for column, part in parts.items() if not part.complete
    ]
    return SourceRows(list(rows.values()), "; ".join(missing))


def _filtered(wanted: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, str | int], list[Check[Any]]]:
    """The JSON filter for Iru, and its proof."""
    return {"filter": json.dumps(wanted)}, [Check("filter", lambda row: matches(row.flat(), wanted), sent=True)]


def search_alerts(kind: str) -> Callable[[Call, Indicator, Sequence[str]], Any]:
    """Files, or processes, that endpoint detection noticed."""

    async def search(call: Call, indicator: Indicator, columns: Sequence[str]) -> SourceRows[Sighting]:
        found = await read_threats(call, kinds=(kind,))
        hits = [one for one in found.records if matched(one.flat(), indicator, columns)]
        return SourceRows(hits, "" if found.complete else "; ".join(found.notes) or "not all could be read")

    return search


async def search_detections(call: Call, indicator: Indicator, columns: Sequence[str]) -> SourceRows[Any]:
    """By CVE its devices, by software the detections in it."""
    if "cve" in indicator.kinds:
        return await _affected(call, indicator.value.upper())

    async def one(column: str) -> SourceRows[Any]:
        return await read(call, LIST_DETECTIONS, *_filtered({column: {"like": letter_cases(indicator.value)}}))

    return await _each(columns, one)


async def _affected(call: Call, cve: str) -> SourceRows[Any]:
    try:
        return await read(call, LIST_AFFECTED_DEVICES, cve_id=cve)
    except NotFound:
        await call.page(LIST_VULNERABILITIES)  # raises where the product is missing, not the CVE
        return SourceRows([])


async def search_devices(call: Call, indicator: Indicator, columns: Sequence[str]) -> SourceRows[Device]:
    """Devices that Iru lists."""

    async def one(column: str) -> SourceRows[Device]:
        check = Check(column, _has(indicator, (column,)), sent=True)
        return await read(call, LIST_DEVICES, {column: indicator.value, "ordering": "device_id"}, [check])

    return await _each(columns, one)


async def count_outside_prism(call: Call) -> str:
    """How many devices there are whose apps Prism does not have, in words; empty when there are none."""
    counts = {}
    for platform in ("Windows", "Android"):
        page = await call.page(LIST_DEVICES, query={"platform": platform})
        held = sum(1 for device in page.records if device and device.platform == platform)
        if held:
            counts[platform] = f"{held}{' or more' if page.next is not None else ''} {platform}"
    return " and ".join(counts.values())


async def search_users(call: Call, indicator: Indicator, columns: Sequence[str]) -> SourceRows[Any]:
    """People by address."""
    return await read(
        call, LIST_USERS, {"email": indicator.value}, [Check("email", _has(indicator, columns), sent=True)]
    )


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
