"""The two incidents in the made-up tenant, as facts that tests and demonstrations refer to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from .chance import uuid

DOMAIN = "northwind.example"


@dataclass(frozen=True, slots=True)
class Story:
    """Names and ids of both incidents; the same for every seed and size.

    First: an IT engineer installs an ad-hoc-signed PDF viewer. A launch agent with an Apple-like label keeps it alive
    from a hidden folder, a hidden admin account appears, the endpoint protection stops working. Two nights later an API
    token is made in her name; next morning it adds a custom script to a blueprint, and two more Macs have the same app.

    Second: a browser flaw that is exploited in the wild, with stragglers on old versions; a leaver whose account is
    archived but who holds two devices; a token made at night, and the recovery key of the leaver's Mac read with it;
    and an iPhone in lost mode.
    """

    user_email: str = f"mira.castellane@{DOMAIN}"
    user_name: str = "Mira Castellane"
    local_username: str = "mira"
    patient_zero_serial: str = "NW7QK2M4XH"
    patient_zero_name: str = "Mira’s MacBook Pro"
    patient_zero_device_id: str = uuid("story", "patient zero")
    spread_serials: tuple[str, str] = ("NWF3T90LJC", "NWP8D6R1VY")
    spread_device_ids: tuple[str, str] = (uuid("story", "spread 1"), uuid("story", "spread 2"))
    spread_emails: tuple[str, str] = (f"anselm.brodie@{DOMAIN}", f"yuki.tarrant@{DOMAIN}")
    app_name: str = "Lumen PDF Pro"
    app_bundle_id: str = "com.lumenpdf.pro"
    app_version: str = "3.1.4"
    launch_label: str = "com.apple.softwareupdate.helperd"
    launch_program: str = "/Users/{user}/.local/share/.cache/softwareupdated"
    hidden_admin: str = "svc_mdmd"
    file_hash: str = "5d1f0c3b8e7a49d2f6b0a1c4e8d3975260fbe91a7c34d85e12f09b6a8c7d4e30"
    command_host: str = "203.0.113.77"
    protection_item: str = "Endpoint Protection"
    blueprint_name: str = "Engineering"
    token_label: str = "ci-sync"
    token_id: str = uuid("story", "token ci-sync")
    script_name: str = "Printer Driver Fix 2.1"
    script_item_id: str = uuid("item", "Printer Driver Fix 2.1")
    admin_id: str = uuid("story", "admin mira")
    threat_name: str = "macOS.Loader.HollowQuill"
    behavioral_rule: str = "KTI_BD_0417"

    cve_id: str = "CVE-2026-40117"
    browser_name: str = "Google Chrome"
    browser_bundle_id: str = "com.google.Chrome"
    browser_fixed_version: str = "149.0.7812.66"
    leaver_email: str = f"tobias.renn@{DOMAIN}"
    leaver_name: str = "Tobias Renn"
    leaver_serials: tuple[str, str] = ("NWL0Q5ZK7T", "NWI2V8H3MP")
    leaver_device_ids: tuple[str, str] = (uuid("story", "leaver mac"), uuid("story", "leaver iphone"))
    night_token_label: str = "report-export"
    night_token_id: str = uuid("story", "token report-export")
    night_admin_id: str = uuid("story", "admin night")
    lost_serial: str = "NWX4C9J6DF"
    lost_device_id: str = uuid("story", "lost iphone")
    lost_email: str = f"leonie.okafor@{DOMAIN}"

    @property
    def infected(self) -> tuple[str, str, str]:
        """Serial numbers of the Macs of the first incident, in order of infection."""
        return (self.patient_zero_serial, *self.spread_serials)


STORY = Story()


@dataclass(frozen=True, slots=True)
class _Moment:
    """So many days before the present day of a timeline, at an hour and minute in UTC."""

    days: int
    hour: int
    minute: int

    def __get__(self, timeline: Timeline, owner: type[Timeline]) -> datetime:
        micro = (self.days * 7919 + self.hour * 104_729 + self.minute * 1_299_709) % 1_000_000
        today = timeline.now.replace(hour=0, minute=0, second=17, microsecond=micro)
        return today + timedelta(days=-self.days, hours=self.hour, minutes=self.minute)


@dataclass(frozen=True)
class Timeline:
    """When what happened, for a tenant whose present is `now`; nights are nights in UTC."""

    now: datetime

    cve_published = _Moment(15, 14, 0)
    leaver_archived = _Moment(12, 17, 2)
    app_installed = _Moment(6, 9, 12)
    agent_planted = _Moment(6, 9, 14)
    admin_created = _Moment(6, 9, 31)
    protection_failed = _Moment(6, 9, 52)
    token_created = _Moment(4, 23, 47)
    script_created = _Moment(3, 9, 5)
    script_assigned = _Moment(3, 9, 6)
    first_spread = _Moment(3, 9, 41)
    second_spread = _Moment(2, 10, 15)
    night_token_created = _Moment(2, 2, 13)
    key_read = _Moment(2, 2, 21)
    behavior_detected = _Moment(1, 8, 20)
    threat_detected = _Moment(1, 8, 24)
    lost_mode_enabled = _Moment(1, 18, 5)

    @property
    def located(self) -> datetime:
        """When the lost iPhone last said where it is."""
        return self.lost_mode_enabled + timedelta(minutes=4)
