"""Answers about blueprints and the library, secrets and all, so that their removal can be tested."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ..world import STORY, DemoTenant, Row, dates, filled, hashed, hex_digits, uuid
from ..world.blueprints import BLUEPRINTS, BODIES, ITEMS, Item, items_of
from .audit import ADMINS, events
from .query import NO_PAGE, Query, comma_list, contains, counted, numbered, one_of


def _blueprints(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    wanted = comma_list(query.get("id__in", query.get("id", "")))
    test = contains(query.get("name", ""))
    found = [
        one.record(tenant.in_blueprint[one.name])
        for one in BLUEPRINTS
        if test(one.name) and (not wanted or one.id in wanted)
    ]
    return counted(found, query, 300, "/api/v1/blueprints")


def _blueprint_items(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    found = one_of(BLUEPRINTS, lambda blueprint: blueprint.id == ids["blueprint_id"])
    rows = [{"id": item.id, "name": item.name} for item in items_of(found)]
    return counted(rows, query, 300, f"/api/v1/blueprints/{found.id}/list-library-items")


def _routing(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    routed = [device for device in tenant.devices if device.index % 7 == 0]
    rows = [
        {
            "id": 45_000 + device.index,
            "activity_time": dates.zulu(device.enrolled + timedelta(seconds=4)),
            "activity_type": "routing_arrival",
            "user": {"id": device.person.id, "email": device.person.email} if device.person else None,
            "device_id": device.device_id,
            "details": {
                "is_fallback": False,
                "matched_route": {"id": uuid("route", device.blueprint.name)},
                "blueprint": device.blueprint.named(),
            },
        }
        for device in sorted(routed, key=lambda device: device.enrolled, reverse=True)
    ]
    rows[1:1] = [_settings_changed(tenant, 1, {"code": {"new": "374732", "old": "314402"}})]
    rows[3:3] = [_settings_changed(tenant, 2, {"is_active": {"new": True, "old": False}})]
    return counted(rows, query, 300, "/api/v1/blueprint-routing/activity")


def _settings_changed(tenant: DemoTenant, number: int, details: Row) -> Row:
    return {
        "id": 44_000 + number,
        "activity_time": dates.zulu(tenant.now - timedelta(days=20 + number, microseconds=number)),
        "activity_type": "enrollment_settings_changed",
        "user": {"id": uuid("admin", 1), "email": "it@northwind.example"},
        "device_id": None,
        "details": details,
    }


def _created(tenant: DemoTenant, item: Item) -> datetime:
    if item.name == STORY.script_name:
        return tenant.times.script_created
    return tenant.now - timedelta(days=200 + hashed("created", item.name) % 400, microseconds=612_150)


def _shared(tenant: DemoTenant, item: Item) -> Row:
    created = _created(tenant, item)
    updated = created if item.name == STORY.script_name else created + timedelta(days=hashed("updated", item.name) % 90)
    return {
        "id": item.id,
        "name": item.name,
        "active": True,
        "created_at": dates.zulu(created),
        "updated_at": dates.zulu(updated),
    }


def _signed(item: Item, kind: str) -> str:
    key = hex_digits(40, "signature", item.name)
    return f"https://northwind-library.s3.example/{kind}/{item.id}?X-Amz-Expires=3600&X-Amz-Signature={key}"


def _custom_app(tenant: DemoTenant, item: Item) -> Row:
    return filled(
        "custom app",
        file_key=f"companies/northwind/library/custom_apps/{item.id}.pkg",
        file_url=_signed(item, "custom_apps"),
        file_updated=dates.whole_zulu(_created(tenant, item)),
        show_in_self_service=item.name == "Developer Tools",
    )


def _in_house_app(tenant: DemoTenant, item: Item) -> Row:
    return filled(
        "in-house app",
        item,
        file_key=f"tenants/northwind/library/ipa_apps/{item.id}.ipa",
        file_url=_signed(item, "ipa_apps"),
        sha256=hex_digits(64, "ipa", item.name),
        file_updated=dates.whole_zulu(_created(tenant, item)),
    )


def _custom_profile(tenant: DemoTenant, item: Item) -> Row:
    secret = f"<key>Password</key><string>SECRET-IN-PROFILE-{item.id[:8]}</string>"
    platforms = {"mac": "Mac", "iphone": "iPhone", "ipad": "iPad", "tv": "AppleTV", "vision": "Vision"}
    return {
        "profile": f"<?xml version='1.0'?><plist><dict>{secret}</dict></plist>",
        "mdm_identifier": f"com.kandji.profile.custom.{item.id}",
        **{f"runs_on_{name}": platform in item.platforms for name, platform in platforms.items()},
    }


def _custom_script(tenant: DemoTenant, item: Item) -> Row:
    frequency = "once" if item.name == STORY.script_name else "every_day"
    return filled("custom script", execution_frequency=frequency, script=BODIES[item.name])


def _of_kind(kind: str, path: str, make: Callable[[DemoTenant, Item], Row]) -> Any:
    """The answer about all items of a kind."""

    def listed(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
        rows = [_shared(tenant, item) | make(tenant, item) for item in ITEMS if item.type == kind]
        return numbered(rows, query, 300, f"/api/v1/library/{path}")

    return listed


def item_at(ids: Mapping[str, str]) -> Item:
    """The library item of a path. Raises Fault 404."""
    return one_of(ITEMS, lambda item: item.id == ids["library_item_id"], NO_PAGE)


def _activity(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    item = item_at(ids)
    rows = [row for row in _happened(tenant, item) if query.get("activity_type", "") in ("", row["activity_type"])]
    return counted(rows, query, 300, f"/api/v1/library/library-items/{item.id}/activity")


def _happened(tenant: DemoTenant, item: Item) -> list[Row]:
    """What was done to an item, newest first: it was made, assigned, and updated as the audit log has it."""
    created = _created(tenant, item)
    if item.name == STORY.script_name:
        assigned, blueprint, admin = tenant.times.script_assigned, STORY.blueprint_name, None
    else:
        assigned, blueprint, admin = created + timedelta(days=1), "Standard Mac", uuid("admin", 0)
    number, added = 1800 + ITEMS.index(item) * 2, [f"Added to {blueprint}"]
    found = [
        _change(number, dates.zulu(assigned), "assignment_changed", admin, added),
        _change(number - 1, dates.zulu(created), "created", admin),
    ]
    for place, event in enumerate(events(tenant)):
        if event["target_id"] == item.id and event["action"] == "update" and event["actor_id"] in ADMINS:
            found.append(_change(9000 + place, event["occurred_at"], "edited", event["actor_id"]))
    return sorted(found, key=lambda row: str(row["activity_time"]), reverse=True)


def _change(number: int, at: str, what: str, admin: str | None, details: list[str] | None = None) -> Row:
    return {
        "id": number,
        "activity_time": at,
        "activity_type": f"library_item_{what}",
        "details": details,
        "user_id": admin,
        "user_email": admin and ADMINS[admin],
    }


_SELF_SERVICE = [
    {"id": uuid("category", name), "name": name} for name in "Apps Productivity Utilities Security".split()
]
ROUTES: dict[str, Any] = {
    "LIST_BLUEPRINTS": _blueprints,
    "LIST_BLUEPRINT_LIBRARY_ITEMS": _blueprint_items,
    "LIST_BLUEPRINT_ROUTING_ACTIVITY": _routing,
    "LIST_LIBRARY_ITEM_ACTIVITY": _activity,
    "LIST_SELF_SERVICE_CATEGORIES": lambda tenant, ids, query: _SELF_SERVICE,
    "LIST_CUSTOM_APPS": _of_kind("custom-app", "custom-apps", _custom_app),
    "LIST_IN_HOUSE_APPS": _of_kind("ipa-app", "ipa-apps", _in_house_app),
    "LIST_CUSTOM_PROFILES": _of_kind("profile", "custom-profiles", _custom_profile),
    "LIST_CUSTOM_SCRIPTS": _of_kind("custom-script", "custom-scripts", _custom_script),
}
