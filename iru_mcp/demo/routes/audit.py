"""Answers for /audit/events: ninety days of what was done in Iru itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from ..world import STORY, DemoTenant, Row, choose, dates, digest, hashed, letters, uuid
from ..world.blueprints import BLUEPRINTS, ENGINEERING, ITEMS, DemoBlueprint
from .query import INVALID_CURSOR, WEB_HOST, Fault, Query, cursor, number, uncursor

DAYS = 90
_A_DAY = 12
ADMINS = {
    uuid("admin", number): f"{name}@northwind.example"
    for number, name in enumerate(("nell.harrow", "it", "oskar.vane", "priya.lund", "helpdesk"))
}
"""The admins' addresses by id; those of the story are named nowhere."""
_ADMINS = tuple(ADMINS)
_INTEGRATION = ("integration", uuid("integration"))
_ULID = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@lru_cache(maxsize=4)
def events(tenant: DemoTenant) -> tuple[Row, ...]:
    """All audit events, oldest first."""
    found = [_routine(tenant, number) for number in range(DAYS * _A_DAY)]
    found += _incident_one(tenant) + _incident_two(tenant)
    return tuple(sorted(found, key=lambda event: (event["occurred_at"], event["id"])))


def _event(
    at: datetime, actor: tuple[str, str], action: str, target: tuple[str, str], state: Row, component: str = ""
) -> Row:
    key = (at, actor, action, target)
    stamp, text = int(at.timestamp() * 1000), ""
    for _ in range(10):
        stamp, digit = divmod(stamp, 32)
        text = _ULID[digit] + text
    return {
        "id": text + letters(16, *key, alphabet=_ULID),
        "action": action,
        "occurred_at": dates.zulu(at),
        "actor_id": actor[1],
        "actor_type": actor[0],
        "target_id": target[1],
        "target_type": target[0],
        "target_component": component,
        "new_state": state,
        "metadata": {"source_id": None, "source": None} if hashed(*key) % 3 else {},
    }


def _routine(tenant: DemoTenant, number: int) -> Row:
    """One of an ordinary working day's events."""
    day, place = divmod(number, _A_DAY)
    chance = digest(tenant.seed, "audit", number)
    at = tenant.now - timedelta(
        days=DAYS - 1 - day, seconds=place * 2400 + chance[0] * 9 + 30, microseconds=chance[1] * 3911 + place
    )
    actor = ("user", _ADMINS[chance[2] % len(_ADMINS)])
    device = ("device", choose(tenant.devices, tenant.seed, "audited device", number).device_id)
    match chance[3] % 6:
        case 0:
            item = choose(ITEMS, tenant.seed, "audited", number)
            state = {"active": True, "label": "", "type": item.type, "name": item.name}
            return _event(at, actor, "update", ("library_item", item.id), state)
        case 1:
            blueprint = choose(BLUEPRINTS, tenant.seed, "audited blueprint", number)
            return _event(at, actor, "update", ("blueprint", blueprint.id), _changes(blueprint), "library_items")
        case 2:
            return _event(at, ("system", ""), "create", device, {"enrollment_type": "DEP"})
        case 3:
            return _event(at, actor, "update", device, {"tags": ["remote"]}, "tags")
        case 4:
            person = choose(tenant.people, tenant.seed, "audited person", number)
            return _event(at, _INTEGRATION, "update", ("user", person.id), {"name": person.name})
        case _:
            return _event(at, actor, "update", device, {"asset_tag": f"NWT-{number:05d}"}, "asset_tag")


def _changes(blueprint: DemoBlueprint, *added: Row) -> Row:
    return {
        "name": blueprint.name,
        "library_items_added": list(added),
        "library_items_removed": [],
        "library_items_scoped": [],
    }


def _token(label: str, method: str, paths: Sequence[str]) -> Row:
    return {"label": label, "description": "", "permissions": [{"path": path, "http_method": method} for path in paths]}


def _incident_one(tenant: DemoTenant) -> list[Row]:
    times, item = tenant.times, ("library_item", STORY.script_item_id)
    token, blueprint = ("api_token", STORY.token_id), ("blueprint", ENGINEERING.id)
    paths = ("/api/v1/library/custom-scripts", "/api/v1/blueprints/{id}/assign-library-item")
    rights = _token(STORY.token_label, "POST", paths)
    added = _changes(ENGINEERING, {"id": STORY.script_item_id, "name": STORY.script_name})
    script = {"active": True, "label": "", "type": "custom-script", "name": STORY.script_name}
    return [
        _event(times.token_created, ("user", STORY.admin_id), "create", token, rights),
        _event(times.script_created, token, "create", item, script),
        _event(times.script_assigned, token, "update", blueprint, added, "library_items"),
    ]


def _incident_two(tenant: DemoTenant) -> list[Row]:
    times, token = tenant.times, ("api_token", STORY.night_token_id)
    leaver = next(person for person in tenant.people if person.email == STORY.leaver_email)
    paths = ("/api/v1/devices/{device_id}/secrets/filevaultkey", "/api/v1/devices")
    rights = _token(STORY.night_token_label, "GET", paths)
    read = {"secret_type": "filevault_recovery_key", "device_serial_number": STORY.leaver_serials[0]}
    archived = {"archived": True, "name": leaver.name}
    device, mode = ("device", STORY.lost_device_id), {"lost_mode_status": "ENABLED"}
    return [
        _event(times.leaver_archived, _INTEGRATION, "update", ("user", leaver.id), archived),
        _event(times.night_token_created, ("user", STORY.night_admin_id), "create", token, rights),
        _event(times.key_read, token, "view", ("device", STORY.leaver_device_ids[0]), read, "secrets"),
        _event(times.lost_mode_enabled, ("user", _ADMINS[0]), "update", device, mode, "lost_mode"),
    ]


def _bound(query: Query, name: str, default: str) -> str:
    """A date asked for, as `occurred_at` is written; the day of an end date is included. Raises Fault 400."""
    if not (text := query.get(name, "")):
        return default
    if (moment := dates.parse(text)) is None:
        raise Fault(400, {name: ["Enter a valid date or datetime."]})
    if name == "end_date" and len(text) == 10:
        moment = moment.replace(hour=23, minute=59, second=59, microsecond=999_999)
    return dates.zulu(moment)


def _listed(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    limit = number(query, "limit", 500, least=1, most=500)
    since, until = _bound(query, "start_date", "0"), _bound(query, "end_date", "9")
    found = [event for event in events(tenant) if since <= event["occurred_at"] <= until]
    if query.get("sort_by", "").startswith("-"):
        found.reverse()
    start = 0
    if text := query.get("cursor", ""):
        mark, _, key = uncursor(text).partition(" ")
        if mark != ">id":
            raise INVALID_CURSOR
        start = next((place + 1 for place, event in enumerate(found) if event["id"] == key), len(found))
    end = start + limit
    return {
        "next": _link(found[end - 1], query) if end < len(found) else None,
        "previous": _link(found[start - 1], query) if start else None,
        "results": found[start:end],
    }


def _link(event: Row, query: Query) -> str:
    """The address of the page after an event."""
    after = quote(cursor(f">id {event['id']}"), safe="")
    return f"{WEB_HOST}/api/v1/audit/events?limit={query.get('limit', '500')}&cursor={after}"


ROUTES: dict[str, Any] = {"LIST_AUDIT_EVENTS": _listed}
