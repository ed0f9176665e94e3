"""What devices reported to Prism: software, persistence, local accounts, the machine itself."""

from functools import partial
from typing import Annotated, Any, Literal, Unpack

from pydantic import BeforeValidator, Field

from ...api.endpoints.devices import LIST_DEVICES
from ...api.endpoints.prism import (
    PRISM_APPS,
    PRISM_DEVICE_INFORMATION,
    PRISM_LAUNCH_AGENTS_AND_DAEMONS,
    PRISM_LOCAL_USERS,
)
from ..kit import COUNT_REQUESTS, Context, Page, tool
from ..kit.enrolled import OnDeviceLine
from ..kit.params import NamePart, Str
from ..kit.versions import VersionAtLeast, VersionBelow
from .filter import joined
from .page import OnDevice, Scope, prism_page

_tool = partial(tool, optional=(LIST_DEVICES, PRISM_DEVICE_INFORMATION), requests=120, count_requests=COUNT_REQUESTS)
"""A tool over one category; the other lists tell which devices are enrolled and which do not report."""


def _account_type(value: object) -> object:
    """What people call the two kinds of account."""
    word = value.strip().casefold() if isinstance(value, str) else value
    kinds = {"administrator": "Admin", "admin": "Admin", "standard": "Standard", "user": "Standard", "": None}
    return kinds.get(str(word), value)


AccountType = Annotated[Literal["Admin", "Standard"] | None, BeforeValidator(_account_type)]


class DeviceInformationLine(OnDeviceLine, total=False):
    """One device as Prism knows it."""

    device_family: str
    model_name: Any
    os_version: Any
    agent_version: Any
    mdm_enabled: Any
    last_checkin: Any
    blueprint_name: str


class LaunchLine(OnDeviceLine, total=False):
    """A launch agent or daemon on one device."""

    label: Any
    path: Any
    program: Any
    program_arguments: Any
    service_domain: Any
    run_at_load: bool
    is_loaded: bool
    created_at: str


class LocalUserLine(OnDeviceLine, total=False):
    """A local account on one device."""

    username: Any
    full_name: Any
    uid: Any
    type: Any
    hidden_user: Any
    secure_token: Any
    home_directory: Any
    user_created_at: Any


class ApplicationLine(OnDeviceLine, total=False):
    """An app on one device."""

    name: Any
    version: Any
    bundle_id: Any
    team_id: Any
    path: Any
    obtained_from: Any
    ad_hoc_code_signed: Any
    created_at: str


@_tool(PRISM_DEVICE_INFORMATION, optional=(LIST_DEVICES,))
async def prism_device_information(
    ctx: Context,
    device: OnDevice = "",
    model_name: Str = "",
    os_version: Str = "",
    version_below: VersionBelow = "",
    version_at_least: VersionAtLeast = "",
    apple_silicon: bool | None = None,
    mdm_enabled: bool | None = None,
    agent_installed: bool | None = None,
    **scope: Unpack[Scope],
) -> Page[DeviceInformationLine]:
    """Hardware and OS of devices from Prism, fleet-wide: model, capacity, OS build, agent, check-in, battery. Unlike
    list_devices it covers Apple devices only and also shows removed ones."""
    typed = {
        "model_name": model_name,
        "os_version": os_version,
        "apple_silicon": apple_silicon,
        "mdm_enabled": mdm_enabled,
        "agent_installed": agent_installed,
    }
    versions = ("os_version", version_below, version_at_least)
    return await prism_page(ctx, PRISM_DEVICE_INFORMATION, DeviceInformationLine, device, typed, versions, **scope)


@_tool(PRISM_LAUNCH_AGENTS_AND_DAEMONS)
async def prism_launch_agents_and_daemons(
    ctx: Context,
    device: OnDevice = "",
    label: Str = "",
    path: Str = "",
    program: Annotated[Str, Field(description="often empty; program_arguments holds the command line")] = "",
    program_arguments: Str = "",
    is_loaded: bool | None = None,
    run_at_load: bool | None = None,
    **scope: Unpack[Scope],
) -> Page[LaunchLine]:
    """What starts by itself on Macs (persistence), fleet-wide or on one device. Apple's own labels begin with
    com.apple., but malware imitates them: check path and program_arguments."""
    typed = {
        "label": label,
        "path": path,
        "program": program,
        "program_arguments": program_arguments,
        "is_loaded": is_loaded,
        "run_at_load": run_at_load,
    }
    page = await prism_page(ctx, PRISM_LAUNCH_AGENTS_AND_DAEMONS, LaunchLine, device, typed, **scope)
    if program and not page.items:
        page.notes.append("program is often empty in Prism; try program_arguments")
    return page


@_tool(PRISM_LOCAL_USERS)
async def prism_local_users(
    ctx: Context,
    device: OnDevice = "",
    username: NamePart = "",
    type: AccountType = None,
    hidden_user: bool | None = None,
    secure_token: bool | None = None,
    logged_in: bool | None = None,
    **scope: Unpack[Scope],
) -> Page[LocalUserLine]:
    """Local accounts on Macs, fleet-wide or on one device: admins, hidden accounts, secure tokens."""
    typed = {
        "username": username,
        "type": type,
        "hidden_user": hidden_user,
        "secure_token": secure_token,
        "logged_in": logged_in,
    }
    return await prism_page(ctx, PRISM_LOCAL_USERS, LocalUserLine, device, typed, **scope)


@_tool(PRISM_APPS)
async def prism_applications(
    ctx: Context,
    device: OnDevice = "",
    name: Str = "",
    bundle_id: Str = "",
    version: Annotated[Str, Field(description="whole version")] = "",
    version_below: VersionBelow = "",
    version_at_least: VersionAtLeast = "",
    team_id: Str = "",
    path: Str = "",
    ad_hoc_code_signed: bool | None = None,
    **scope: Unpack[Scope],
) -> Page[ApplicationLine]:
    """Which devices have an app: one row per app and device, over Macs, iPhones and iPads, removed ones too. Text
    matches any part in any letter case. For all apps of one device, or Windows and Android, use list_device_apps."""
    typed = {
        "name": name,
        "bundle_id": bundle_id,
        "team_id": team_id,
        "path": path,
        "ad_hoc_code_signed": ad_hoc_code_signed,
    }
    exact = {"version": {"in": [version.strip()]}} if version.strip() else {}
    versions = ("version", version_below, version_at_least)
    scope["filter"] = joined(exact, scope["filter"] or {})
    page = await prism_page(ctx, PRISM_APPS, ApplicationLine, device, typed, versions, **scope)
    if not device and not scope["device_families"]:
        page.notes.append("Prism has no Windows or Android devices: list_device_apps, one at a time")
    return page
