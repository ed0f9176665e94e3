"""What is installed on one device and what happened to it."""

import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypedDict, TypeVar, Unpack

from pydantic import Field

from ...api.endpoint import Endpoint
from ...api.endpoints.device_apps import APP_SHAPE, LIST_DEVICE_APPS, App
from ...api.endpoints.devices import LIST_DEVICE_ACTIVITY, LIST_DEVICES, Activity
from ...api.record import Record, tidy
from ..kit import COUNT_REQUESTS, Check, Context, GroupBy, Page, RowShape, Source, counting_or_listing, tool
from ..kit.coverage import Oldest
from ..kit.params import DeviceRef, Paging, Since, Str, Until, newest_first, read_window, within
from ..kit.resolve import IS_UUID, resolve
from ..kit.scan import text_checks
from ..kit.versions import VersionAtLeast, VersionBelow, version_checks

R = TypeVar("R", bound=Record)
T = TypeVar("T")


class AppLine(TypedDict, total=False):
    """An installed app, in one shape for all platforms."""

    name: str
    version: str
    bundle_id: str
    source: str
    publisher: str
    path: str


class ActivityLine(TypedDict, total=False):
    """One event in a device's history."""

    created_at: str
    action_type: str
    details: Any


_DETAIL_CHARACTERS = 160
_DETAIL_KEYS = 8
_DETAILS_LEFT_OUT = frozenset(
    "uuid id metadata priority is_silent last_pushed date_requested profile_uuid library_item_id policy_fragment_json "
    "attempts date_completed request_requires_network_tether external_token".split()
)
COMMAND_STATUS = {1: "pending", 2: "running", 3: "completed", 4: "failed", 5: "not now"}


def _signer(row: dict[str, Any]) -> dict[str, Any]:
    """The row with the signer alone instead of the whole chain of certificates; `signature` has it."""
    if row.get("source") == "Apple":
        return {name: value for name, value in row.items() if name != "publisher"}
    name = str(row.get("publisher", "")).partition(", Developer ID")[0].partition(", Apple")[0]
    return row | ({"publisher": name.removeprefix("Developer ID Application: ")} if name else {})


@tool(LIST_DEVICE_APPS, optional=(LIST_DEVICES,), count_requests=COUNT_REQUESTS)
async def list_device_apps(
    ctx: Context,
    device: DeviceRef,
    name: Str = "",
    bundle_id: Annotated[Str, Field(description="or package name")] = "",
    version_below: VersionBelow = "",
    version_at_least: VersionAtLeast = "",
    group_by: GroupBy = (),
    **paging: Unpack[Paging],
) -> Page[AppLine]:
    """Apps installed on one device, by name. For an app across the fleet use prism_applications. Iru leaves out the
    apps that come with an iPhone or iPad."""
    checks = [
        *text_checks("name", name, lambda app: (app.app_name, app.display_name, app.name), tells=True),
        *text_checks("bundle_id", bundle_id, lambda app: (app.shaped().get("bundle_id"), app.product_code), tells=True),
        *version_checks(version_below, version_at_least, _version),
    ]
    shape = RowShape(AppLine, flat=App.shaped, lean=_signer, more_columns=tuple(APP_SHAPE))
    return await list_of_device(ctx, device, LIST_DEVICE_APPS, shape, checks, _by_name, group_by, **paging)


def _version(app: App) -> str | None:
    return app.version or app.version_name


def _by_name(app: App) -> tuple[str, str]:
    return (str(app.shaped().get("name", "")).casefold(), app.version or "")


async def list_of_device(
    ctx: Context,
    device: str,
    endpoint: Endpoint[R],
    shape: RowShape[T],
    checks: Sequence[Check[R]] = (),
    order: Callable[[R], Any] | None = None,
    group_by: Sequence[str] = (),
    **paging: Unpack[Paging],
) -> Page[T]:
    """One page of a list that Iru has for each device."""
    target = await resolve(ctx.call, device)
    source = Source(endpoint, checks=checks, ids={"device_id": target.device_id}, order=order)
    page = await counting_or_listing(ctx, source, shape, group_by, **paging)
    page.device = target.shown()
    return page


@tool(LIST_DEVICE_ACTIVITY, optional=(LIST_DEVICES,))
async def get_device_activity(
    ctx: Context,
    device: DeviceRef,
    since: Since = "",
    until: Until = "",
    action_type: Annotated[Str, Field(description="part of it, e.g. enrollment, mdm_command_failed")] = "",
    **paging: Unpack[Paging],
) -> Page[ActivityLine]:
    """What happened to one device, newest first: enrollments, MDM commands, renames, blueprint changes. Changes that
    admins made in Iru itself are in list_audit_events."""
    early, late = read_window(since, until, ctx.now())
    oldest = Oldest()
    checks: list[Check[Activity]] = [
        Check("since/until", lambda event: oldest.seen(event.created_at) and within(event.created_at, early, late))
    ]
    checks += text_checks("action_type", action_type, tells=True)
    shape = RowShape(ActivityLine, lean=_with_condensed_details)
    page = await list_of_device(ctx, device, LIST_DEVICE_ACTIVITY, shape, checks, _newest, **paging)
    oldest.say(page, early)
    return page


def _newest(event: Activity) -> tuple[float, str | int]:
    return (newest_first(event.created_at), event.id or "")


def _with_condensed_details(flat: dict[str, Any]) -> dict[str, Any]:
    details = condensed(flat.pop("details", None))
    return flat | ({"details": details} if details else {})


def condensed(details: Any) -> Any:
    """The parts of an event's details that say something, short; `fields` gives them whole."""
    if not isinstance(details, dict):
        return _short(tidy(details))
    told = {
        name: value
        for name, value in tidy(details).items()
        if name not in _DETAILS_LEFT_OUT and not (isinstance(value, str) and IS_UUID.fullmatch(value))
    }
    if told.get("request_type") == told.get("command_type"):
        told.pop("request_type", None)
    if told.get("status") in COMMAND_STATUS:
        told["status"] = COMMAND_STATUS[told["status"]]
    if "error_chain" in told:
        told["error_chain"] = _why(told["error_chain"])
    shown = {name: _short(value) for name, value in list(told.items())[:_DETAIL_KEYS]}
    return shown | ({"more": list(told)[_DETAIL_KEYS:]} if len(told) > _DETAIL_KEYS else {})


def _why(chain: Any) -> str:
    """An MDM error chain as its descriptions and codes, each once."""
    links = [link for link in chain if isinstance(link, dict)] if isinstance(chain, list) else []
    return "; ".join(dict.fromkeys(filter(None, map(_link, links)))) or _short(chain)


def _link(link: dict[str, Any]) -> str:
    found = {name.replace("_", "").casefold(): value for name, value in link.items()}
    text = found.get("usenglishdescription") or found.get("localizeddescription") or found.get("errordomain") or ""
    code = found.get("errorcode") or found.get("code")
    return f"{text} ({code})" if text and code else str(text or code or "")


def _short(value: Any) -> Any:
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value
    return f"{text[:_DETAIL_CHARACTERS]}..." if isinstance(text, str) and len(text) > _DETAIL_CHARACTERS else value
