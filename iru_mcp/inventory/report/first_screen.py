"""The first screen of the report: what is open, what to do first, what is protected, which blueprints are worst.

How many devices have a protection is said of two moments, now and a week ago, which one statement reads from the
history. A device that has not reported a state is counted as unknown, and never as protected. Where no device of a
platform has reported it at that moment, there is no percentage.
"""

import sqlite3
from collections import Counter
from datetime import datetime, timedelta
from html import escape
from typing import NamedTuple

from ...api.record import read_moment
from ..alerts.rules import SEVERITIES
from ..store import utc
from .alerts import Alert, Group, groups
from .figures import PRESENT, missing, rows_of
from .html import UNKNOWN, Row, badge, css, section, table

_FIRST = 5
"""Things to do that are listed, and blueprints."""


_EDR = "identifier = 'io.kandji.KandjiAgent.ESF'"
"""The system extension through which Iru's endpoint protection reports."""
_PROTECTIONS = (
    ("FileVault", "Mac", "filevault", "status", ""),
    ("System Integrity Protection", "Mac", "startup_settings", "sip", ""),
    ("Gatekeeper", "Mac", "gatekeeper", "gatekeeper_status", ""),
    ("Application firewall", "Mac", "application_firewall", "status", ""),
    ("Endpoint protection runs", "Mac", "system_extensions", "state = 'activated_enabled'", _EDR),
    ("Storage encrypted", "Windows", "windows_android_details", "is_encrypted", ""),
    ("Storage encrypted", "Android", "windows_android_details", "is_encrypted", ""),
)
"""For each protection: its name, platform and table, the SQL of whether a row says that it is on, and that of which
rows count."""
_TABLES = tuple(dict.fromkeys(kind for _, _, kind, _, _ in _PROTECTIONS))
_IN_FORCE = "valid_from <= :at AND (valid_to IS NULL OR valid_to > :at)"


class _Count(NamedTuple):
    """Devices of a platform with a protection on, off and not reported."""

    on: int
    off: int
    unknown: int


class _Protection(NamedTuple):
    """One protection on one platform, now and at the earlier moment."""

    name: str
    platform: str
    now: _Count
    before: _Count


def _protections(db: sqlite3.Connection, synced: datetime, before: str) -> list[_Protection]:
    """Each protection of the platforms that have devices."""
    found = []
    for name, platform, kind, on, of_it in _PROTECTIONS:
        now, then = (_count(db, at, platform, kind, on, of_it) for at in (utc(synced), before))
        if any(now):
            found.append(_Protection(name, platform, now, then))
    return found


def _count(db: sqlite3.Connection, at: str, platform: str, kind: str, on: str, of_it: str) -> _Count:  # noqa: PLR0913, PLR0917 - a line of _PROTECTIONS at a moment
    total, yes, no = db.execute(
        f"SELECT count(*), sum(held = 1), sum(held = 0) FROM devices_history d LEFT JOIN (SELECT device_id, max({on}) "
        f"AS held FROM {kind}_history WHERE {_IN_FORCE} AND {of_it or 'TRUE'} GROUP BY 1) USING (device_id) "
        f"WHERE {_IN_FORCE.replace('valid', 'd.valid')} AND d.platform = :platform",
        {"at": at, "platform": platform},
    ).fetchone()
    return _Count(yes or 0, no or 0, total - (yes or 0) - (no or 0))


def _earlier(db: sqlite3.Connection, synced: datetime) -> str:
    """The time of the sync that the report compares with: the newest that is at least a week old, else the first."""
    week = utc(synced - timedelta(days=7))
    found = db.execute(
        "SELECT coalesce(max(iif(finished_at <= ?, finished_at, NULL)), min(finished_at)) FROM syncs", (week,)
    )
    return str(found.fetchone()[0])


def first_screen(db: sqlite3.Connection, synced: datetime, alerts: list[Alert]) -> str:
    """Severities, what to do first, protection and the worst blueprints."""
    before = _earlier(db, synced)
    found = _protections(db, synced, before)
    parts = _severities(alerts), _first(groups(alerts), found), _protection(db, found, before, synced), _blueprints(db)
    return f'<div class="first">\n{"".join(parts)}\n</div>'


def _severities(alerts: list[Alert]) -> str:
    counts = Counter(alert.severity for alert in alerts)
    tiles = "".join(
        f'<div class="tile {css(name)}"><dt>{escape(name)}</dt><dd>{counts[name]:,}</dd></div>' for name in SEVERITIES
    )
    quiet = sum(alert.quiet for alert in alerts)
    told = f"open alerts{f', {quiet:,} of them acknowledged or muted' if quiet else ''}."
    return section("Open alerts", f'<dl class="tiles">{tiles}</dl>', number=f"{len(alerts):,}", says=told, name="broad")


def _first(found: list[Group], held: list[_Protection]) -> str:
    items = [_item(one.severity, one.says, one.advice, executive=one.executive) for one in found if not one.quiet]
    items = items[: _FIRST - 1]
    if (worst := max(held, key=lambda one: one.now.off, default=None)) and worst.now.off:
        said = f"{worst.name} is off on {worst.now.off:,} {worst.platform} devices"
        items.append(_item("", said, "Enforce it by blueprint; the table below has the share."))
    nothing = "<p>Nothing: no alert is open and every reported protection is on.</p>"
    return section("What to do first", f"<ol>{''.join(items)}</ol>" if items else nothing, name="todo")


def _item(severity: str, says: str, advice: str, *, executive: bool = False) -> str:
    mark = " <strong>An executive's device is among them.</strong>" if executive else ""
    head = f"{badge(severity)} " if severity else ""
    stop = "" if says.endswith(".") else "."
    return f"<li>{head}{escape(says)}{stop}{mark} <em>{escape(advice)}</em></li>"


def _protection(db: sqlite3.Connection, found: list[_Protection], before: str, synced: datetime) -> str:
    moment = read_moment(before)
    then = f"{moment.day} {moment:%b}" if before != utc(synced) else ""
    rows: list[Row] = [
        {"protection": f"{one.name}, {one.platform}", "now": _percent(one.now)}
        | ({then: _percent(one.before)} if then else {})
        | {"off": one.now.off, "unknown": one.now.unknown}
        for one in found
    ]
    note = "" if then else '<p class="lacking">There is no earlier copy to compare with: this is the first.</p>'
    drawn = table("Share of devices that have it; unknown is not reported and counts as not protected", rows)
    return section("Protection", drawn + note + missing(db, *_TABLES))


def _percent(count: _Count) -> str:
    """The share of all devices that have it, unknown where none has reported; rounded down, so that only all are 100
    %."""
    known = count.on + count.off
    return f"{1000 * count.on // (known + count.unknown) / 10:.1f} %" if known else UNKNOWN


def _blueprints(db: sqlite3.Connection) -> str:
    """Blueprints by devices with a critical or high alert, then with an exploited CVE, then without a protection."""
    found = rows_of(
        db,
        f"""WITH alerted AS (SELECT DISTINCT j.value AS id FROM _alert a, json_each(a.devices) j
                WHERE a.resolved_at IS NULL AND a.severity IN ('critical', 'high')),
            exploited AS (SELECT DISTINCT x.device_id AS id FROM detections x JOIN vulnerabilities v USING (cve_id)
                WHERE v.kev_score > 0 AND {PRESENT}),
            unprotected AS (SELECT device_id AS id FROM mac_security
                WHERE filevault = 0 OR firewall = 0 OR gatekeeper = 0 OR sip = 0)
        SELECT coalesce(blueprint_name, 'none') AS blueprint, count(*) AS devices,
            sum(device_id IN (SELECT id FROM alerted)) AS alerted,
            sum(device_id IN (SELECT id FROM exploited)) AS "exploited CVE",
            sum(device_id IN (SELECT id FROM unprotected)) AS unprotected
        FROM devices GROUP BY 1 ORDER BY 3 DESC, 4 DESC, 5 DESC, 2 DESC, 1""",
    )
    rows = [row for row in found[:_FIRST] if row["alerted"] or row["exploited CVE"] or row["unprotected"]]
    order = "by devices with a critical or high alert, then with an exploited CVE, then Macs with a protection off"
    inside = table("Blueprints", rows, of=len(found), order=order) if rows else "<p>Nothing stands out in any.</p>"
    return section("Worst blueprints", inside)
