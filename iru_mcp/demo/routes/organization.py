"""Answers about the tenant itself: people, tags, licensing, Automated Device Enrollment."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from ..world import DemoDevice, DemoTenant, Row, dates, filled, uuid
from ..world.blueprints import TAGS
from ..world.models import APPLE_SYSTEMS
from ..world.people import INTEGRATION, DemoPerson
from .query import WEB_HOST, Fault, Query, contains, counted, cursor, cursor_numbers, numbered, one_of, truth

_ACCOUNT = uuid("ade")
_SERVER = "northwind.kandji.io"


def _tags(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    test = contains(query.get("search", ""))
    return counted([{"id": key, "name": name} for key, name in TAGS if test(name)], query, 300, "/api/v1/tags")


def _licensing(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    held, count = Counter(device.platform for device in tenant.devices), len(tenant.devices)
    systems = {"ios": "iPhone", "ipados": "iPad", "macos": "Mac", "tvos": "AppleTV"}
    return {
        "counts": {"computers_count": count} | {f"{name}_count": held[platform] for name, platform in systems.items()},
        "limits": {
            "plan_type": "single_limit",
            "max_devices": count * 5 // 4,
            "max_devices_per_platform": {"macos": 0, "ios_ipados": 0},
        },
        "tenantOverLicenseLimit": False,
    }


def _owned(tenant: DemoTenant) -> list[DemoDevice]:
    return [device for device in tenant.devices if device.index % 5 and device.platform in APPLE_SYSTEMS]


def _integrations(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    held = Counter(device.platform for device in _owned(tenant))
    row = filled(
        "enrollment integration",
        id=_ACCOUNT,
        access_token_expiry=dates.whole_zulu(tenant.now + timedelta(days=212)),
        server_name=_SERVER,
        server_uuid=uuid("ade server"),
        last_device_sync=dates.zulu(tenant.now - timedelta(hours=2, microseconds=567_587)),
        status_received_at=dates.zulu(tenant.now - timedelta(hours=2)),
        device_counts={name: held[name] for name in APPLE_SYSTEMS} | {"total": held.total()},
    )
    return numbered([row], query, 300, "/api/v1/integrations/apple/ade")


def _enrollment(device: DemoDevice) -> Row:
    waiting, pushed = device.part == "never", device.assigned + timedelta(days=1)
    return filled(
        "enrollment device",
        device,
        blueprint_id=None if device.index % 7 == 0 else device.blueprint.id,
        mdm_device=None if waiting else filled("enrolled device", device, enrolled_at=dates.zulu(device.enrolled)),
        user_id=device.person.id if device.person else None,
        dep_account={"id": _ACCOUNT, "server_name": _SERVER},
        profile_assign_time=dates.whole_zulu(pushed),
        profile_push_time=None if waiting else dates.whole_zulu(pushed),
        profile_status="assigned" if waiting else "pushed",
        id=uuid("ade device", device.serial),
        assignment_status_received_at=dates.zulu(pushed),
        use_blueprint_routing=device.index % 7 == 0,
    )


def _enrollments(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    account = query.get("dep_account", "")
    if account and len(account) != 36:
        raise Fault(400, {"dep_account": ["Enter a valid UUID."]})
    rows = [_enrollment(device) for device in _owned(tenant) if account in ("", _ACCOUNT)]
    for name in ("serial_number", "model", "blueprint_id"):
        rows = [row for row in rows if contains(query.get(name, ""))(row[name])]
    for name in ("device_family", "os", "profile_status", "user_id"):
        rows = [row for row in rows if query.get(name, row[name]) == row[name]]
    return numbered(rows, query, 300, "/api/v1/integrations/apple/ade/devices")


_USERS_PAGE = 25


def _users(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    (start,) = cursor_numbers(query.get("cursor", ""), "p=", (0,))
    found = [person for person in tenant.people if _is_asked(person, query)]
    rows = [person for person in found if person.number >= start]
    before = [person for person in found if person.number < start][-_USERS_PAGE:]
    return {
        "next": _link(rows[_USERS_PAGE].number) if len(rows) > _USERS_PAGE else None,
        "previous": _link(before[0].number) if before else None,
        "results": [person.record(tenant.held[person.id]) for person in rows[:_USERS_PAGE]],
    }


def _link(number: int) -> str:
    return f"{WEB_HOST}/api/v1/users?cursor={quote(cursor(f'p={number}'), safe='')}"


def _is_asked(person: DemoPerson, query: Query) -> bool:
    return (
        contains(query.get("email", ""))(person.email)
        and query.get("id", person.id) == person.id
        and query.get("integration_id", INTEGRATION["uuid"]) == INTEGRATION["uuid"]
        and truth(query.get("archived", "")) in (None, person.archived)
    )


def _user(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    person = one_of(tenant.people, lambda person: person.id == ids["user_id"])
    return person.record(tenant.held[person.id])


ROUTES: dict[str, Any] = {
    "LIST_USERS": _users,
    "GET_USER": _user,
    "LIST_TAGS": _tags,
    "GET_LICENSING": _licensing,
    "LIST_ENROLLMENT_INTEGRATIONS": _integrations,
    "LIST_ENROLLMENT_DEVICES": _enrollments,
}
