"""One device in one answer: whose it is, how it stands, and what is wrong with it.

MDM, agent, Prism and the status of library items each tell a time of their own. Where these cannot all be right, or one
of them fell silent, the answer says so in words: a "PASS" of a device that never checked in is no pass, and an agent
that is silent while MDM answers may have been stopped.
"""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal, TypedDict, cast

from ...api.call import Call
from ...api.endpoints.devices import (
    GET_DEVICE,
    GET_DEVICE_DETAILS,
    GET_DEVICE_STATUS,
    LIST_DEVICE_ACTIVITY,
    LIST_DEVICES,
    Device,
    DeviceDetails,
    DeviceStatus,
)
from ...api.endpoints.vulnerabilities import LIST_VULNERABILITIES
from ...api.record import as_object, moment_in, write_moment
from ..audit.actors import Actors
from ..devices.details import standing
from ..kit import Context, tool
from ..kit.coverage import APPLE, MACS
from ..kit.params import DeviceRef, Since, read_time
from ..kit.reader import gather, read
from ..kit.size import fit_sections, size
from .appearances import APPEARANCES, CHANGE_ENDPOINTS, CHANGES, read_protections
from .dossier_view import SECTIONS, Findings, identity, security
from .sources import (
    HISTORY_ENDPOINTS,
    read_audit,
    read_detections,
    read_device,
    read_known_exploited,
    read_prism_rows,
    read_sightings,
)

_REQUESTS = 90
"""18 for a Mac with short lists, 1 more by device_id, up to 3 more for each list of more than one page, more for a long
audit log."""
_BUDGETS = {
    "brief": (10_400, 15, "ask with detail=full"),
    "full": (31_000, 60, "ask the tool for that part alone"),
}
"""Bytes of the whole answer, about 4,000 and 12,000 tokens where text is ASCII; the most rows of one part; and what to
do for more of them."""
_OF_MACS = ("threats", "behaviors", "vulnerabilities", "known_exploited")
"""Parts that Iru has of Macs alone."""
_REPORTED = {
    "launch_items": ("launch_items", False),
    "admins": ("local_users", False),
    "new_apps": ("apps", True),
    "new_profiles": ("profiles", True),
}
"""Parts that Prism tells: from which of its categories, and whether only what is new."""
_SAME_TIME = timedelta(minutes=10)
"""Times this close are one check-in."""
_SILENT = timedelta(days=3)


class Dossier(TypedDict, total=False):
    """What get_device_dossier returns; each part has counts, rows and rows_left_out."""

    as_of: str
    since: str
    complete: bool
    states: dict[str, str]
    notes: list[str]
    device: dict[str, Any]
    security: dict[str, Any]
    protections: dict[str, Any]
    threats: dict[str, Any]
    behaviors: dict[str, Any]
    failed: dict[str, Any]
    audit: dict[str, Any]
    launch_items: dict[str, Any]
    admins: dict[str, Any]
    vulnerabilities: dict[str, Any]
    new_apps: dict[str, Any]
    new_profiles: dict[str, Any]
    activity: dict[str, Any]


@tool(
    LIST_DEVICES,
    optional=(
        GET_DEVICE,
        GET_DEVICE_DETAILS,
        GET_DEVICE_STATUS,
        LIST_DEVICE_ACTIVITY,
        *HISTORY_ENDPOINTS,
        LIST_VULNERABILITIES,
        *CHANGE_ENDPOINTS,
    ),
    requests=_REQUESTS,
)
async def get_device_dossier(
    ctx: Context, device: DeviceRef, since: Since = "7d", detail: Literal["brief", "full"] = "brief"
) -> Dossier:
    """Start here when an incident names a device. In one answer: owner, OS, encryption, agent and MDM, threats, what
    failed, what admins and tokens did to it, launch items that are not Apple's, admins, worst CVEs, and apps, profiles
    and activity since then. `states` says of each part whether it could be read. In which order: get_timeline."""
    early = read_time(since, "since", ctx.now()) or ctx.now() - timedelta(days=7)
    target, known = await read_device(ctx.call, device)
    record = known.value or Device(device_id=target.device_id)
    work = _work(ctx.call, ctx.companion(Actors), record, early)
    uncovered = [name for name in (*_OF_MACS, *_REPORTED, "protections") if name not in work]
    parts = await gather(work)
    found = Findings(parts, early)
    details = parts["security"].value
    times = (moment_in(row.values.get("last_collected_at")) for name in _REPORTED for row in found.rows(name))
    collected = max(filter(None, times), default=None)
    doubts = [*_of_check_in(known.value, parts["failed"].value, collected), *_of_agent(details)] if known.value else []
    # Apple's other devices have nothing of what is not covered; of Windows and Android devices Iru does not tell.
    has_all = not uncovered or record.platform in APPLE
    head: dict[str, Any] = {
        "as_of": write_moment(ctx.now()),
        "since": write_moment(early),
        "complete": all(part.complete for part in (known, *parts.values())) and has_all,
        "states": {name: part.state for name, part in ({"device": known} | parts).items()}
        | dict.fromkeys(uncovered, f"not covered: {record.platform}"),
        "notes": doubts,
        "device": identity(known.value, details) or {"device_id": target.device_id},
        "security": security(details),
        "protections": next(iter(found.rows("protections")), {}),
    }
    room, most, more = _BUDGETS[detail]
    sections = {name: make(found) for name, make in SECTIONS.items() if name in parts and parts[name].value}
    fitted = fit_sections(sections, room - size(head), most)
    if any("rows_left_out" in section for section in fitted.values()):
        head["complete"] = False
        head["notes"].append(f"rows_left_out: {more}")
    if any("why" in row for section in fitted.values() for row in section.get("rows", ())):
        head["notes"].append("rows with why stand out: find_indicator with their label, name or path shows where else")
    if fitted.get("audit", {}).get("rows"):
        head["notes"].append("who did what is audited: list_audit_events actor= what else, target= a token's making")
    return cast("Dossier", {name: value for name, value in (head | fitted).items() if value not in ([], {})})


def _work(call: Call, actors: Actors, record: Device, since: datetime) -> dict[str, Callable[[], Awaitable[Any]]]:
    """What to read of a device of its platform."""
    device_id, targets = record.device_id, {record.device_id, record.blueprint_id}
    work: dict[str, Callable[[], Awaitable[Any]]] = {
        "security": partial(call.fetch, GET_DEVICE_DETAILS, device_id=device_id),
        "threats": partial(read_sightings, "threat", call, device_id),
        "behaviors": partial(read_sightings, "behavioral", call, device_id),
        "failed": partial(call.fetch, GET_DEVICE_STATUS, device_id=device_id),
        "vulnerabilities": partial(read_detections, call, device_id),
        "known_exploited": partial(read_known_exploited, call),
        "activity": partial(read, call, LIST_DEVICE_ACTIVITY, device_id=device_id),
        "audit": partial(read_audit, call, actors, since, None, lambda event: event.target_id in targets),
    }
    if CHANGES["privacy_permissions"].reported_by(record.platform):
        work["protections"] = partial(read_protections, call, device_id)
    if record.platform not in (None, *MACS):
        work = {name: job for name, job in work.items() if name not in _OF_MACS}
    for name, (source, early) in _REPORTED.items():
        one = APPEARANCES[source]
        if one.reported_by(record.platform):
            work[name] = partial(read_prism_rows, call, one.category, device_id, since if early else None)
    return work


def _of_check_in(record: Device, status: DeviceStatus | None, collected: datetime | None) -> Iterable[str]:
    """What does not go together with the last check-in; `collected` says when Prism's newest row was."""
    seen = record.last_check_in
    if seen is None:
        if status and any(row.get("status") for row in standing(status, everything=True).rows):
            yield "the device never checked in: no status of its items comes from it, a PASS neither"
        return
    if collected and collected - seen > _SAME_TIME:
        yield (
            f"Prism collected at {write_moment(collected)}, after the last check-in {write_moment(seen)}: one is wrong"
        )
    if record.last_enrollment and record.last_enrollment - seen > _SAME_TIME:
        at = write_moment(record.last_enrollment)
        yield f"enrolled again at {at} and not checked in since: older parts are stale"


def _of_agent(details: DeviceDetails | None) -> Iterable[str]:
    held = details.model_dump() if details else {}
    agent, mdm = _time(held, "kandji_agent"), _time(held, "mdm")
    if agent and mdm and mdm - agent > _SILENT:
        yield (
            f"the agent is silent since {write_moment(agent)} while MDM checked in at {write_moment(mdm)}: "
            "what the agent reports is as old, and it may have been stopped"
        )


def _time(held: dict[str, Any], section: str) -> datetime | None:
    values = as_object(held.get(section))
    return moment_in(values.get("last_check_in") or values.get("last_check_in_datetime"))
