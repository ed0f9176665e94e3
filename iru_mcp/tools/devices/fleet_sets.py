"""Filters of the device list that its rows do not tell: which devices have an app, a known-exploited CVE, FileVault on.

Each is a set of device_ids read from another list. A set is used to leave devices out, so one that could not be read
whole is not used: the tool raises an error with the reason instead of answering from a part.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Any

from ...api.call import Call, Interrupted
from ...api.endpoint import Endpoint
from ...api.endpoints.devices import LIST_DEVICES, Device
from ...api.endpoints.prism import PRISM_APPS, PRISM_DEVICE_INFORMATION
from ...api.endpoints.vulnerabilities import LIST_AFFECTED_DEVICES
from ...errors import Refused, TookTooLong
from ..investigate.sources import read_known_exploited
from ..kit import Check
from ..kit.coverage import APPLE
from ..prism.filter import asked, matcher

_APPS_OF = APPLE - {"AppleTV"}
"""Platforms whose apps Prism has."""


async def _rows(
    call: Call, endpoint: Endpoint[Any], query: Mapping[str, str | int], **ids: str
) -> list[dict[str, Any]]:
    """All rows as sent. Raises TookTooLong when some were not reached."""
    found: list[dict[str, Any]] = []
    try:
        async with aclosing(call.walk(endpoint, query=query, whole=True, **ids)) as walk:
            async for batch in walk:
                found += [row for row in batch.rows if isinstance(row, dict)]
    except Interrupted as end:
        raise TookTooLong(f"{endpoint.path} could not be read whole: {end.why}.", "Narrow the question.") from None
    return found


async def app_check(call: Call, name: str, text: str, *, wanted: bool) -> tuple[Check[Device], str]:
    """Keeps devices that have an app with `text` in its name or bundle id, or that surely lack it; and a sentence that
    says how its matches are called, most devices first."""
    names: dict[str, set[str]] = {}
    for column in ("name", "bundle_id"):
        matching = {column: {"like": [text]}}
        matches, sent = matcher(matching), asked(matching)
        for row in await _rows(call, PRISM_APPS, {"filter": json.dumps(sent)} if sent else {}):
            if matches(row) and row.get("device_id"):
                names.setdefault(f"{row.get('name')} ({row.get('bundle_id')})", set()).add(row["device_id"])
    holders = {device_id for devices in names.values() for device_id in devices}
    reporting = {row.get("device_id", "") for row in await _rows(call, PRISM_DEVICE_INFORMATION, {})}

    def test(device: Device) -> bool | None:
        if device.platform not in _APPS_OF:
            return False
        if device.device_id in holders:
            return wanted
        return not wanted if device.device_id in reporting else None

    most = Counter({app: len(devices) for app, devices in names.items()}).most_common(5)
    matched = ", ".join(f"{app} on {count}" for app, count in most)
    matched = matched or "nothing (prism_applications name= tells what is spelled like it)"
    note = f"{name} matched {matched}, devices no longer enrolled included; of Macs, iPhones and iPads alone"
    return Check(f"{name} (no report of their apps)", test), note


async def known_exploited_check(call: Call, *, wanted: bool) -> Check[Device]:
    """Keeps devices on which a CVE is present that is known to be exploited, or the others. Published detections are of
    Macs: other devices do not tell. Raises TookTooLong."""
    cves = await read_known_exploited(call)
    if cves.missing:
        raise TookTooLong(f"The known-exploited CVEs could not be read whole: {cves.missing}.", "Ask again later.")
    found: set[str] = set()
    for cve in cves.records:
        found |= {row.get("device_id", "") for row in await _rows(call, LIST_AFFECTED_DEVICES, {}, cve_id=cve.cve_id)}

    def test(device: Device) -> bool | None:
        if device.platform == "Mac":
            return (device.device_id in found) is wanted
        return False if wanted else None

    return Check("has_kev (detections are of Macs)", test)


def filevault_ignored(remedy: str) -> Refused:
    """The error where Iru ignored its filter for FileVault."""
    return Refused("Iru ignored the filevault_enabled filter, and its device list does not carry FileVault.", remedy)


async def filevault_states(call: Call) -> Callable[[Device], bool | None]:
    """FileVault by device: of both answers of Iru's filter, as rows do not carry it; None where neither has the device.

    Raises Refused when Iru ignored the filter.
    """
    on, off = [
        {row.get("device_id") for row in await _rows(call, LIST_DEVICES, {"filevault_enabled": word})}
        for word in ("true", "false")
    ]
    if on & off:
        raise filevault_ignored("Leave it out and ask prism_query category=filevault.")
    return lambda device: True if device.device_id in on else False if device.device_id in off else None
