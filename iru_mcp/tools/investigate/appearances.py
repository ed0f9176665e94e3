"""What Prism's categories say happened on a device, as dated events.

Prism has what a device reported last, and when each row first appeared or last changed, but no history. So a row is an
event at that time: an app, launch item, account, profile or privacy permission that came, a protection that is off
since its record last changed. Where Iru gives no such time for a protection that is off, the event is at the time of
the report, and says so.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from ...api.call import Call
from ...api.endpoint import Endpoint
from ...api.endpoints.prism import CATEGORIES, PRISM_APPS, PRISM_LAUNCH_AGENTS_AND_DAEMONS, PRISM_LOCAL_USERS, PrismRow
from ...api.record import moment_in, write_moment
from ..kit.coverage import APPLE, MACS
from ..kit.reader import SourceRows, gather
from .event_texts import quoted
from .events import Event, Level, event_at
from .sources import is_admin, is_from_apple, is_hidden, program_of, read_prism_rows, suspicious_traits


class Appearance(NamedTuple):
    """A Prism category whose rows are events: the platforms that report it, and what makes events of a row."""

    category: Endpoint[PrismRow]
    platforms: frozenset[str]
    to_events: Callable[[PrismRow], list[Event]]
    only_new: bool = True
    """Whether only rows that first appeared in the time asked for tell anything; others tell when they changed."""

    def reported_by(self, platform: str | None) -> bool:
        """Whether a device of this platform reports it; one of unknown platform is asked."""
        return platform is None or platform in self.platforms


def _app(record: PrismRow) -> list[Event]:
    row, at = record.values, moment_in(record.values.get("created_at"))
    name = quoted(row.get("name") or row.get("bundle_id") or row.get("path") or "?")
    version = f" {row['version']}" if row.get("version") else ""
    look, key = "prism_applications", f"bundle_id {row.get('bundle_id')}"
    if row.get("ad_hoc_code_signed") is not True:
        return event_at(at, "apps", "Apps first seen", f"{name}{version}", look, key, level=Level.ROUTINE)
    what = f"App without a developer's signature first seen: {name}{version}"
    return event_at(at, "apps", what, quoted(row.get("path")), f"{look} name={name}", key, level=Level.NOTABLE)


def _launch_item(record: PrismRow) -> list[Event]:
    row, at = record.values, moment_in(record.values.get("created_at"))
    if is_from_apple(row):
        return []
    why, label = suspicious_traits(row), quoted(row.get("label") or row.get("path") or "?")
    look, key = "prism_launch_agents_and_daemons", f"label {row.get('label')}"
    if not why:
        return event_at(at, "launch_items", "Launch agents and daemons first seen", label, look, key)
    what = f"Launch item {label} first seen ({', '.join(why)})"
    runs = f"runs {quoted(program_of(row), 300)} from {quoted(row.get('path') or '?')}"
    return event_at(at, "launch_items", what, runs, f"{look} label={label}", key, level=Level.NOTABLE)


def _account(record: PrismRow) -> list[Event]:
    row = record.values
    at = moment_in(row.get("user_created_at")) or moment_in(row.get("created_at"))
    kind = " ".join(filter(None, ("hidden" if is_hidden(row) else "", "admin" if is_admin(row) else "standard")))
    level = Level.NOTABLE if is_admin(row) or is_hidden(row) else Level.NORMAL
    what = f"Local account created ({kind})"
    return event_at(at, "local_users", what, quoted(row.get("username")), "prism_local_users", level=level)


def _profile(record: PrismRow) -> list[Event]:
    row, at = record.values, moment_in(record.values.get("created_at"))
    name = quoted(row.get("profile_display_name") or row.get("payload_identifier") or "?")
    look = "get_device_details sections=installed_profiles"
    if row.get("managed") is not False:
        return event_at(at, "profiles", "Profiles first seen", name, look, level=Level.ROUTINE)
    what = "Profile that Iru does not manage first seen"
    return event_at(at, "profiles", what, name, look, level=Level.NOTABLE)


POWERFUL_PERMISSIONS = {
    "SystemPolicyAllFiles": "Full Disk Access",
    "SystemPolicySysAdminFiles": "Administer files",
    "EndpointSecurityClient": "Endpoint security",
    "Accessibility": "Accessibility",
    "ListenEvent": "Input Monitoring",
    "PostEvent": "Sending of input",
    "ScreenCapture": "Screen Recording",
}
"""Privacy permissions (TCC services) with which a program reads or controls everything, as macOS calls them."""


def _consent(record: PrismRow) -> list[Event]:
    row = record.values
    at = moment_in(row.get("last_modified")) or moment_in(row.get("created_at"))
    service = _service(row)
    status, look = str(row.get("status") or "set").lower(), "prism_query category=transparency_database"
    application = quoted(row.get("application") or "?")
    if service in POWERFUL_PERMISSIONS and status == "allowed":
        what = f"{POWERFUL_PERMISSIONS[service]} allowed to {application}"
        return event_at(at, "privacy_permissions", what, "", look, level=Level.NOTABLE)
    item = f"{quoted(service)} {status} to {application}"
    return event_at(at, "privacy_permissions", "Privacy permissions set", item, look, level=Level.ROUTINE)


def _state(source: str, name: str, column: str) -> Appearance:
    """A protection, by the column that says whether it is on."""

    def to_events(record: PrismRow) -> list[Event]:
        row = record.values
        changed, is_on = moment_in(row.get("last_changed_at")), row.get(column)
        look = f"prism_query category={source}"
        if not isinstance(is_on, bool):
            return []
        if changed is not None:
            what = f"{name} {'on' if is_on else 'off'}: its record last changed"
            return event_at(changed, source, what, "", look, level=Level.NORMAL if is_on else Level.NOTABLE)
        reported = moment_in(row.get("last_collected_at")) or moment_in(row.get("updated_at"))
        what = f"{name} is off as last reported; Iru does not say since when"
        return [] if is_on else event_at(reported, source, what, "", look)

    return Appearance(CATEGORIES[source], MACS, to_events, only_new=False)


_PROTECTIONS: dict[str, tuple[str, str, str]] = {
    "filevault": ("FileVault", "status", ""),
    "gatekeeper_and_xprotect": ("Gatekeeper", "gatekeeper_status", "gatekeeper"),
    "application_firewall": ("Firewall", "status", "firewall"),
    "startup_settings": ("System Integrity Protection", "sip", "sip"),
}
"""Protections of a Mac by their category of Prism: the name in a sentence, the column that says whether it is on, and
the key under which a dossier has it; none where it has it from elsewhere."""

APPEARANCES: dict[str, Appearance] = {
    "apps": Appearance(PRISM_APPS, APPLE, _app),
    "launch_items": Appearance(PRISM_LAUNCH_AGENTS_AND_DAEMONS, MACS, _launch_item),
    "local_users": Appearance(PRISM_LOCAL_USERS, MACS, _account),
    "profiles": Appearance(CATEGORIES["installed_profiles"], APPLE, _profile),
}
"""What came to a device, by the name of the source."""

CHANGES: dict[str, Appearance] = APPEARANCES | {
    "privacy_permissions": Appearance(CATEGORIES["transparency_database"], MACS, _consent, only_new=False),
    **{source: _state(source, name, column) for source, (name, column, _) in _PROTECTIONS.items()},
}
"""What came to a device and what changed on it, by the name of the source."""

_MOST_PERMISSIONS = 10


async def read_protections(call: Call, device_id: str) -> SourceRows[dict[str, Any]]:
    """Which protections of a Mac are on, and which programs may read or control everything: one row of both."""
    shown = {source: (column, key) for source, (_, column, key) in _PROTECTIONS.items() if key}
    names = sorted((*shown, "privacy_permissions"))
    attempts = await gather({name: partial(read_prism_rows, call, CHANGES[name].category, device_id) for name in names})
    found: dict[str, Any] = {
        key: row.values[column]
        for source, (column, key) in shown.items()
        for row in attempts[source].records
        if column in row.values
    }
    permissions = [
        f"{POWERFUL_PERMISSIONS[_service(row)]}: {row.get('application')}{_since(row.get('last_modified'))}"
        for row in (record.values for record in attempts["privacy_permissions"].records)
        if str(row.get("status")).lower() == "allowed" and _service(row) in POWERFUL_PERMISSIONS
    ]
    found |= {"powerful_permissions": permissions[:_MOST_PERMISSIONS]} if permissions else {}
    missing = [f"{name}: {part.state}" for name, part in attempts.items() if not part.complete]
    return SourceRows([found], "; ".join(missing))


def _since(value: Any) -> str:
    moment = moment_in(value)
    return f" since {write_moment(moment)}" if moment else ""


def _service(row: Mapping[str, Any]) -> str:
    return str(row.get("service") or "?").removeprefix("kTCCService")


CHANGE_ENDPOINTS: tuple[Endpoint[Any], ...] = tuple(one.category for one in CHANGES.values())
"""What a tool names that reads CHANGES."""
