"""How many devices have each protection, now and a week ago.

Both moments are read from the history by one statement. A device that has not reported a state is counted, as unknown,
and never as protected. Where a table has no report of a platform at that moment, there is no percentage.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..store import utc
from .read import Row, rows_of

EDR = "identifier = 'io.kandji.KandjiAgent.ESF'"
"""The system extension through which Iru's endpoint protection reports."""
_PROTECTIONS = (
    ("FileVault", "Mac", "filevault", "status", ""),
    ("System Integrity Protection", "Mac", "startup_settings", "sip", ""),
    ("Gatekeeper", "Mac", "gatekeeper", "gatekeeper_status", ""),
    ("Application firewall", "Mac", "application_firewall", "status", ""),
    ("Endpoint protection runs", "Mac", "system_extensions", "state = 'activated_enabled'", EDR),
    ("Storage encrypted", "Windows", "windows_android_details", "is_encrypted", ""),
    ("Storage encrypted", "Android", "windows_android_details", "is_encrypted", ""),
)
"""What it is called, of which platform, its table, whether a row says that it is on, and which rows are of it."""
TABLES = tuple(dict.fromkeys(table for _, _, table, _, _ in _PROTECTIONS))
_IN_FORCE = "valid_from <= :at AND (valid_to IS NULL OR valid_to > :at)"


@dataclass(frozen=True, slots=True)
class Count:
    """Devices of a platform with a protection on, off and not reported."""

    on: int
    off: int
    unknown: int

    @property
    def percent(self) -> float | None:
        """The share of all devices that have it; None where none has reported."""
        return 100 * self.on / (self.on + self.off + self.unknown) if self.on + self.off else None


@dataclass(frozen=True, slots=True)
class Protection:
    """One protection on one platform, now and at the earlier moment."""

    name: str
    platform: str
    now: Count
    before: Count


def protections(db: sqlite3.Connection, synced: datetime, before: str) -> list[Protection]:
    """Each protection of the platforms that have devices."""
    found = []
    for name, platform, table, on, of_it in _PROTECTIONS:
        now, then = (_count(db, at, platform, table, on, of_it) for at in (utc(synced), before))
        if now.on + now.off + now.unknown:
            found.append(Protection(name, platform, now, then))
    return found


def _count(db: sqlite3.Connection, at: str, platform: str, table: str, on: str, of_it: str) -> Count:  # noqa: PLR0913, PLR0917 - a line of _PROTECTIONS at a moment
    total, yes, no = db.execute(
        f"SELECT count(*), sum(held = 1), sum(held = 0) FROM devices_history d LEFT JOIN (SELECT device_id, max({on}) "
        f"AS held FROM {table}_history WHERE {_IN_FORCE} AND {of_it or 'TRUE'} GROUP BY 1) USING (device_id) "
        f"WHERE {_IN_FORCE.replace('valid', 'd.valid')} AND d.platform = :platform",
        {"at": at, "platform": platform},
    ).fetchone()
    return Count(yes or 0, no or 0, total - (yes or 0) - (no or 0))


def earlier(db: sqlite3.Connection, synced: datetime) -> str:
    """When the sync was that the report compares with: the newest that is a week old, or else the first one."""
    week = utc(synced - timedelta(days=7))
    found = db.execute(
        "SELECT coalesce(max(iif(finished_at <= ?, finished_at, NULL)), min(finished_at)) FROM syncs", (week,)
    )
    return str(found.fetchone()[0])


_ENCRYPTION = """SELECT platform, count(*) AS devices, total(held = 1) AS encrypted, total(held = 0) AS "not encrypted",
    total(held IS NULL) AS "not reported"
    FROM (SELECT d.platform, iif(d.platform = 'Mac', f.status, w.is_encrypted) AS held FROM devices d
        LEFT JOIN filevault f USING (device_id) LEFT JOIN windows_android_details w USING (device_id))
    GROUP BY 1 ORDER BY 2 DESC"""


def encryption(db: sqlite3.Connection) -> list[Row]:
    """Devices a platform by whether their storage is encrypted, as Iru says it: never of iPhones and iPads."""
    return [
        {name: int(cell) if isinstance(cell, float) else cell for name, cell in row.items()}
        for row in rows_of(db, _ENCRYPTION)
    ]
