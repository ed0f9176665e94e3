"""When software, persistence, accounts and profiles first appeared on a device, as dated events."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ...api.endpoint import Endpoint
from ...api.endpoints.prism import CATEGORIES, PRISM_APPS, PRISM_LAUNCH_AGENTS_AND_DAEMONS, PRISM_LOCAL_USERS, PrismRow
from .events import Event, quoted
from .sources import is_admin, is_from_apple, is_hidden, moment_of, program_of, suspicious_traits

PRISM_PROFILES = CATEGORIES["installed_profiles"]
APPLE_PLATFORMS = frozenset({"Mac", "iPhone", "iPad", "AppleTV"})


class Appearance(NamedTuple):
    """A Prism category whose new rows are events: the platforms that report it, and what makes events of a row."""

    category: Endpoint[PrismRow]
    platforms: frozenset[str]
    to_events: Callable[[PrismRow], list[Event]]

    def reported_by(self, platform: str | None) -> bool:
        """Whether a device of this platform reports it; one of unknown platform is asked."""
        return platform is None or platform in self.platforms


def _app(record: PrismRow) -> list[Event]:
    row = record.values
    at = moment_of(row.get("created_at"))
    if at is None:
        return []
    name = quoted(row.get("name") or row.get("bundle_id") or row.get("path") or "?")
    version = f" {row['version']}" if row.get("version") else ""
    look = "prism_applications"
    if row.get("ad_hoc_code_signed") is True:
        return [
            Event(
                at,
                "apps",
                f"App without a developer's signature first seen: {name}{version}",
                quoted(row.get("path")),
                f"{look} name={name}",
            )
        ]
    return [Event(at, "apps", "Apps first seen", f"{name}{version}", look)]


def _launch_item(record: PrismRow) -> list[Event]:
    row = record.values
    at = moment_of(row.get("created_at"))
    if at is None or is_from_apple(row):
        return []
    why, label = suspicious_traits(row), quoted(row.get("label") or row.get("path") or "?")
    look = "prism_launch_agents_and_daemons"
    if not why:
        return [Event(at, "launch_items", "Launch agents and daemons first seen", label, look)]
    what = f"Launch item {label} first seen ({', '.join(why)})"
    return [Event(at, "launch_items", what, f"runs {quoted(program_of(row))}", f"{look} label={label}")]


def _account(record: PrismRow) -> list[Event]:
    row = record.values
    at = moment_of(row.get("user_created_at")) or moment_of(row.get("created_at"))
    if at is None:
        return []
    kind = " ".join(filter(None, ("hidden" if is_hidden(row) else "", "admin" if is_admin(row) else "standard")))
    return [
        Event(at, "local_users", f"Local account created ({kind})", quoted(row.get("username")), "prism_local_users")
    ]


def _profile(record: PrismRow) -> list[Event]:
    row = record.values
    at = moment_of(row.get("created_at"))
    name = quoted(row.get("profile_display_name") or row.get("payload_identifier") or "?")
    return (
        [Event(at, "profiles", "Profiles first seen", name, "get_device_details sections=installed_profiles")]
        if at
        else []
    )


_MAC = frozenset({"Mac"})

APPEARANCES: dict[str, Appearance] = {
    "apps": Appearance(PRISM_APPS, APPLE_PLATFORMS, _app),
    "launch_items": Appearance(PRISM_LAUNCH_AGENTS_AND_DAEMONS, _MAC, _launch_item),
    "local_users": Appearance(PRISM_LOCAL_USERS, _MAC, _account),
    "profiles": Appearance(PRISM_PROFILES, APPLE_PLATFORMS, _profile),
}
"""By the name of the source."""
