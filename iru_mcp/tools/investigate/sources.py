"""What Iru holds on one device, source by source, as a dossier and a timeline both read it."""

import json
import posixpath
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ...api.call import Call
from ...api.endpoint import Endpoint
from ...api.endpoints.audit import LIST_AUDIT_EVENTS, AuditEvent
from ...api.endpoints.devices import GET_DEVICE, Device
from ...api.endpoints.library import LIST_LIBRARY_ITEM_ACTIVITY
from ...api.endpoints.prism import PrismRow
from ...api.endpoints.users import LIST_USERS, User
from ...api.endpoints.vulnerabilities import LIST_DETECTIONS, LIST_VULNERABILITIES, Detection, Vulnerability
from ...api.record import as_object, write_moment
from ...errors import NotFound
from ..audit.actors import Actors
from ..audit.window import audit_window, log_beginning
from ..kit import Check
from ..kit.reader import OK, Attempt, SourceRows, attempt, read
from ..kit.resolve import ResolvedDevice, resolve
from ..prism.filter import matcher
from ..threats.reading import THREAT_ENDPOINTS, Sighting, read_threats

_DIRECTORY_PAGES = 120
_AUDIT_PAGES = 40
"""20,000 events: Iru cannot search them by device."""
_QUIET = timedelta(days=2)
"""Where the first event in a window is this long after its beginning, the log may begin later than the window."""
_APPLE = ("/System/Library/", "/Library/Apple/", "/System/Cryptexes/")
"""Folders that only Apple can write; a label can be anybody's."""


_AUDIT: tuple[Endpoint[Any], ...] = (LIST_AUDIT_EVENTS, LIST_LIBRARY_ITEM_ACTIVITY)
HISTORY_ENDPOINTS = (*_AUDIT, *THREAT_ENDPOINTS, LIST_DETECTIONS)
"""What a tool names that calls `read_audit`, `read_sightings` and `read_detections`."""


async def read_device(call: Call, device: str) -> tuple[ResolvedDevice, Attempt[Device]]:
    """The device that is meant and its record. Raises NotFound or UsageError when it cannot be told which."""
    target = await resolve(call, device)
    if target.record is not None:
        return target, Attempt(OK, target.record)
    part = await attempt(lambda: call.fetch(GET_DEVICE, device_id=target.device_id))
    if isinstance(part.error, NotFound):
        raise part.error
    return target, part


async def read_users(call: Call, email: str, is_meant: Callable[[User], bool]) -> SourceRows[User]:
    """The people with an address: by Iru's filter, whose matching is unpublished, or, where that finds none, among
    all."""
    found = await read(call, LIST_USERS, {"email": email}, [Check("email", is_meant)])
    if found.records or found.missing:
        return found
    return await read(call, LIST_USERS, {}, [Check("email", is_meant)], pages=_DIRECTORY_PAGES)


async def read_detections(call: Call, device_id: str) -> SourceRows[Detection]:
    """CVEs on a device, one row for each piece of software."""
    check: Check[Detection] = Check("device", lambda row: row.device_id == device_id, sent=True)
    return await read(call, LIST_DETECTIONS, {"filter": json.dumps({"device_id": {"in": [device_id]}})}, [check])


async def read_audit(
    call: Call,
    actors: Actors,
    early: datetime | None,
    late: datetime | None,
    is_about: Callable[[AuditEvent], bool],
) -> SourceRows[AuditEvent]:
    """Audit events between two moments for which `is_about` holds, newest first, with the events about every library
    item that one of them added to a blueprint; admins who acted are named as far as `actors` tells."""
    query, checks = audit_window(early, late)
    rows = await read(call, LIST_AUDIT_EVENTS, query, checks, pages=_AUDIT_PAGES)
    matching = [event for event in rows.records if is_about(event)]
    added = {item for event in matching for item in _added_items(event)}
    ids = {event.id for event in matching}
    about = [event for event in rows.records if event.id in ids or event.target_id in added]
    told = await actors.named(call, rows.records, about)
    times = sorted(event.occurred_at for event in rows.records if event.occurred_at)
    reach = f", of {write_moment(times[0])} to {write_moment(times[-1])}; go on with until or since" if times else ""
    if rows.missing or early is None or (times and times[0] - early < _QUIET):
        return SourceRows(told, f"{rows.missing}{reach}" if rows.missing else "")
    begins = await log_beginning(call)
    return SourceRows(told, f"the log begins at {write_moment(begins)}" if begins and begins > early else "")


def _added_items(event: AuditEvent) -> list[str]:
    """The ids of library items that were added to a blueprint."""
    added = as_object(event.new_state).get("library_items_added")
    items = map(as_object, added if isinstance(added, list) else [])
    return [str(item["id"]) for item in items if item.get("id")]


async def read_known_exploited(call: Call) -> SourceRows[Vulnerability]:
    """The fleet's CVEs that are known to be exploited, which detections do not say. Iru sorts by it, so the first page
    has them all, as a rule."""

    def past_them(rows: list[Vulnerability]) -> bool:
        scores = [row.kev_score or 0 for row in rows]
        return bool(scores) and not scores[-1] and scores == sorted(scores, reverse=True)

    found = await read(call, LIST_VULNERABILITIES, {"sort_by": "-known_exploit"}, enough=past_them)
    return SourceRows([row for row in found.records if row.kev_score], found.missing)


async def read_sightings(kind: str, call: Call, device_id: str = "") -> SourceRows[Sighting]:
    """What endpoint detection found on a device or in the fleet: files (`threat`) or processes (`behavioral`)."""
    found = await read_threats(call, device_id=device_id, kinds=(kind,))
    return SourceRows(found.records, "" if found.complete else "; ".join(found.notes))


async def read_prism_rows(
    call: Call, category: Endpoint[PrismRow], device_id: str, since: datetime | None = None
) -> SourceRows[PrismRow]:
    """A device's rows of a category, or those that first appeared at `since` or later."""
    wanted: dict[str, Any] = {"device_id": {"in": [device_id]}}
    wanted |= {"created_at": {"gte": write_moment(since)}} if since else {}
    fits = matcher(wanted)
    check: Check[PrismRow] = Check("filter", lambda row: fits(row.values), sent=True)
    return await read(call, category, {"filter": json.dumps(wanted)}, [check])


def is_from_apple(item: Mapping[str, Any]) -> bool:
    """Whether a launch agent or daemon is part of the system: by its folder, since labels are free."""
    path = item.get("path")
    return isinstance(path, str) and posixpath.normpath(path).startswith(_APPLE)


def suspicious_traits(item: Mapping[str, Any]) -> list[str]:
    """What speaks against a launch agent or daemon that is not Apple's."""
    label, program = str(item.get("label") or "").casefold(), program_of(item)
    found = ["label imitates Apple"] if "apple" in label.split(".") or label.startswith("com.apple") else []
    found += ["program in a hidden folder"] if "/." in program else []
    found += ["program in a temporary folder"] if program.startswith(_TEMPORARY) else []
    found += ["program in a user's folder"] if program.startswith("/Users/") and "/." not in program else []
    return found


_TEMPORARY = ("/tmp/", "/private/tmp/", "/var/tmp/", "/private/var/tmp/", "/Users/Shared/", "/var/folders/")  # noqa: S108 - looked for, not used


def program_of(item: Mapping[str, Any]) -> str:
    """The command line that a launch agent or daemon runs; `program` is often empty."""
    run = item.get("program_arguments") or item.get("program") or ""
    return " ".join(map(str, run)) if isinstance(run, (list, tuple)) else str(run)


def is_admin(account: Mapping[str, Any]) -> bool:
    """Whether a local account may administer the Mac."""
    return "admin" in str(account.get("type") or "").casefold()


def is_hidden(account: Mapping[str, Any]) -> bool:
    """Whether an account does not show at login, as those below 500 do not."""
    uid = account.get("uid")
    return account.get("hidden_user") is True or (isinstance(uid, int) and 0 < uid < 500)
