"""The tool find_indicator: an indicator is read, looked for in every list that may have it, and followed."""

import json
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any, TypedDict, cast

from pydantic import BeforeValidator, Field

from ...api.call import Call
from ...api.endpoints.prism import PRISM_SYSTEM_EXTENSIONS
from ...errors import UsageError
from ..kit import Context, tool
from ..kit.reader import Parts, attempt, gather, read
from .indicator_answer import answer_of, device_of, devices_of
from .indicator_links import Followed, follow
from .indicator_lists import LIST_ENDPOINTS, LISTS
from .indicator_matching import count_outside_prism
from .indicator_several import ROOM, ROWS, ROWS_TO_POOL, several
from .indicator_text import Indicator, read_indicators

_REQUESTS = 300
"""About 15 an indicator; up to 60 and 120 for all devices and users where Iru's own filter finds none."""
_MOST_INDICATORS = 10
_ROOM_TO_POOL = 200_000
"""Bytes for the rows of each of several indicators, of which those that they share are told once."""
_LEAST = 3
_MOST_ASKED_FOR_EDR = 10
_IN_APPS = "applications"
_ON_ALL_PLATFORMS = frozenset({"app_name", "bundle_id", "path", "process_name"})
_OUTSIDE = "devices that Prism does not have"


class FoundIndicator(TypedDict, total=False):
    """What find_indicator returns; of several, `indicators` has for each what is true of it alone."""

    indicator: str
    looks_like: list[str]
    complete: bool
    devices: dict[str, Any]
    found: dict[str, Any]
    followed: dict[str, Any]
    no_hits_in: list[str]
    not_looked_at: dict[str, str]
    notes: list[str]
    indicators: list[Any]


@tool(optional=LIST_ENDPOINTS, requests=_REQUESTS)
async def find_indicator(
    ctx: Context,
    value: Annotated[
        str,
        BeforeValidator(lambda value: "\n".join(map(str, value)) if isinstance(value, (list, tuple)) else value),
        Field(
            description="hash, process, path, URL, domain, bundle id, team id, launch label, app or account name, IP, "
            "serial, e-mail, person or CVE, as pasted; several: one a line",
            min_length=1,
            max_length=3000,
        ),
    ],
) -> FoundIndicator:
    """Where an indicator occurs in the fleet: apps, launch agents, EDR threats and behavior, local accounts,
    vulnerable software, devices, users; then what belongs to the hits (`followed`). What each device has, counts and
    first rows per place; what could not be searched is in not_looked_at. Start here with an unknown name, hash or
    path."""
    indicators = read_indicators(value)
    if not indicators or any(len(indicator.value) < _LEAST for indicator in indicators):
        raise UsageError("value is too short to look for.", f"Give at least {_LEAST} characters of each.")
    if len(indicators) > _MOST_INDICATORS:
        raise UsageError(f"{len(indicators)} indicators at once.", f"Give at most {_MOST_INDICATORS}, one a line.")
    if len(indicators) == 1:
        return cast("FoundIndicator", await _find(ctx.call, indicators[0], ROOM, ROWS))
    jobs = {one.shown: partial(_find, ctx.call, one, _ROOM_TO_POOL, ROWS_TO_POOL) for one in indicators}
    return cast("FoundIndicator", several(await gather(jobs)))


async def _find(call: Call, indicator: Indicator, room: int, most: int) -> dict[str, Any]:
    """The answer for one indicator, its rows within `room` bytes and `most` of each list. Raises an IruError when
    nothing could be searched."""
    columns = {name: found for name, one in LISTS.items() if (found := indicator.columns(one.columns_by_kind))}
    jobs: dict[str, Callable[[], Awaitable[Any]]] = {
        name: partial(LISTS[name].search, call, indicator, names) for name, names in columns.items()
    }
    if _IN_APPS in columns and _ON_ALL_PLATFORMS & set(indicator.kinds):
        jobs[_OUTSIDE] = lambda: count_outside_prism(call)
    parts = await gather(jobs)
    outside = parts.pop(_OUTSIDE, None)
    followed = Followed() if _names_a_device(indicator, parts) else await follow(call, parts)
    devices = await _devices(call, parts, followed)
    answer = answer_of(indicator, columns, parts, followed, devices, room, most)
    if outside and outside.value != "":
        which = f"apps of {outside.value or 'Windows and Android'} devices"
        answer["complete"] = answer["complete"] and _is_apples(indicator, parts)
        answer.setdefault("not_looked_at", {})[which] = "Iru has them device by device: list_device_apps"
    return answer


def _is_apples(indicator: Indicator, parts: Parts) -> bool:
    """Whether the indicator is of a program for Apple's systems: by its path, or since Prism has an app of that bundle
    id; the apps of other devices are then another question, and are only told as not looked at."""
    if "path" in indicator.kinds:
        return indicator.value.startswith("/")
    apps = parts.get(_IN_APPS)
    return "bundle_id" in indicator.kinds and bool(apps and apps.records)


def _names_a_device(indicator: Indicator, parts: Parts) -> bool:
    """Whether the indicator is a device or its holder, whose threats and apps are not what was asked for."""
    lists = (parts.get(name) for name in ("devices", "device_information"))
    is_known = any(part and part.records for part in lists)
    return is_known and not {"serial_number", "device_id", "email"}.isdisjoint(indicator.kinds)


async def _devices(call: Call, parts: Parts, followed: Followed) -> dict[str, Any]:
    """The union of the devices of all hits, and whether endpoint detection works on each of a few."""
    hits = {
        name: [record.flat() for record in part.records]
        for name, part in parts.items()
        if part.value and name != "users"  # a person is no device
    }
    direct = {device_of(row) for rows in hits.values() for row in rows}
    for name, records in followed.rows.items():
        hits.setdefault(name, []).extend(record.flat() for record in records.values())
    unknown = {name: part.state for name, part in parts.items() if not part.complete} | followed.missing
    ids = {device_of(row) for rows in hits.values() for row in rows}
    has_alerts = bool(hits.get("threats") or hits.get("behavioral_detections"))
    is_asked = has_alerts and len(ids) <= _MOST_ASKED_FOR_EDR
    return devices_of(hits, direct, unknown, await _read_edr(call, sorted(ids)) if is_asked else {})


_RUNS = "activated_enabled"
"""How macOS calls a system extension that runs."""


async def _read_edr(call: Call, device_ids: list[str]) -> dict[str, str]:
    """Whether EDR runs on each device: the state of Iru's endpoint security extension, in words."""
    wanted = {"device_id": {"in": device_ids}, "categories": {"like": ["endpoint_security"]}}
    part = await attempt(lambda: read(call, PRISM_SYSTEM_EXTENSIONS, {"filter": json.dumps(wanted)}))
    if part.value is None or not part.complete:
        return dict.fromkeys(device_ids, f"unknown, {part.state}")
    told = dict.fromkeys(device_ids, "does not run: no extension reported")
    for row in part.records:
        if any(name in str(row.values.get("identifier")).casefold() for name in ("kandji", "iru")):
            state = str(row.values.get("state") or "state unknown")
            told[row.device_id] = "runs" if state == _RUNS else f"does not run: {state}"
    return told
