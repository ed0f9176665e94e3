"""The first screen of the report, for someone with a minute: what is open, what to do first, what is protected."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from html import escape

from ...api.record import read_moment
from ..store import utc
from .alerts import Alert, Group, by_severity, groups
from .html import UNKNOWN, badge, css, section, table
from .protection import TABLES, Count, Protection, earlier, protections
from .read import PRESENT, Row, missing, rows_of

_FIRST = 5
"""Things to do that are listed, and blueprints."""


def first_screen(db: sqlite3.Connection, synced: datetime, alerts: list[Alert]) -> str:
    """Severities, what to do first, protection and the worst blueprints."""
    before = earlier(db, synced)
    found = protections(db, synced, before)
    parts = (
        _severities(alerts),
        _first(groups(alerts), found),
        _protection(db, found, before, synced),
        _blueprints(db),
    )
    return f'<div class="first">\n{"".join(parts)}\n</div>'


def _severities(alerts: list[Alert]) -> str:
    tiles = "".join(
        f'<div class="tile {css(name)}"><dt>{escape(name)}</dt><dd>{count:,}</dd></div>'
        for name, count in by_severity(alerts).items()
    )
    quiet = sum(alert.quiet for alert in alerts)
    told = f"open alerts{f', {quiet:,} of them acknowledged or muted' if quiet else ''}."
    return section("Open alerts", f'<dl class="tiles">{tiles}</dl>', number=f"{len(alerts):,}", says=told, name="broad")


def _first(found: list[Group], held: list[Protection]) -> str:
    items = [_item(one.severity, one.says, one.advice, executive=one.executive) for one in found if not one.quiet]
    items = items[: _FIRST - 1]
    worst = max(held, key=lambda one: one.now.off, default=None)
    if worst and worst.now.off:
        said = f"{worst.name} is off on {worst.now.off:,} {worst.platform} devices"
        items.append(_item("", said, "Enforce it by blueprint; the table below has the share."))
    inside = (
        f"<ol>{''.join(items)}</ol>"
        if items
        else "<p>Nothing: no alert is open and every reported protection is on.</p>"
    )
    return section("What to do first", inside, name="todo")


def _item(severity: str, says: str, advice: str, *, executive: bool = False) -> str:
    mark = " <strong>An executive's device is among them.</strong>" if executive else ""
    head = f"{badge(severity)} " if severity else ""
    stop = "" if says.endswith(".") else "."
    return f"<li>{head}{escape(says)}{stop}{mark} <em>{escape(advice)}</em></li>"


def _protection(db: sqlite3.Connection, found: list[Protection], before: str, synced: datetime) -> str:
    moment = read_moment(before)
    then = f"{moment.day} {moment:%b}" if before != utc(synced) else ""
    rows: list[Row] = []
    for one in found:
        row: Row = {"protection": f"{one.name}, {one.platform}", "now": _percent(one.now)}
        rows.append(
            row | ({then: _percent(one.before)} if then else {}) | {"off": one.now.off, "unknown": one.now.unknown}
        )
    note = "" if then else '<p class="lacking">There is no earlier copy to compare with: this is the first.</p>'
    lacking = missing(db, *TABLES)
    note += f'<p class="lacking">{escape(lacking)}</p>' if lacking else ""
    return section(
        "Protection",
        table("Share of devices that have it; unknown is not reported and counts as not protected", rows) + note,
    )


def _percent(count: Count) -> str:
    """Rounded down, so that 100 % is said of all only."""
    return UNKNOWN if count.percent is None else f"{int(count.percent * 10) / 10:.1f} %"


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
