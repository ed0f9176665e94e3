"""The charts of the report: each with the number it is about, its bars, and what could not be copied."""

import sqlite3
from datetime import datetime, timedelta
from html import escape
from typing import Any

from ...output.clean import clean
from ..alerts.findings import is_executive
from ..store import records, utc
from .html import Row, bars, section, table

PRESENT = "coalesce(lower(v.status), '') <> 'remediated'"
"""SQL for whether the detections of a vulnerability v count: Iru keeps remediated CVEs in its list."""
_MOST = 20
"""Rows of a table that may be long."""


def rows_of(db: sqlite3.Connection, sql: str, **values: Any) -> list[Row]:
    """The rows of a statement, cleaned for people."""
    return [{name: clean(cell) for name, cell in row.items()} for row in records(db, sql, values)]


def missing(db: sqlite3.Connection, *kinds: str) -> str:
    """Why the numbers of `kinds` may be too small, as a paragraph; empty when every kind was copied."""
    held = {row[0]: row[1:] for row in db.execute("SELECT kind, state, good_at FROM coverage")}
    states = [(kind, *held.get(kind, ("not copied yet", None))) for kind in kinds]
    said = [f"{kind}: {state}" + (f", as of {at}" if at else "") for kind, state, at in states if state != "copied"]
    return f'<p class="lacking">Not complete. {escape("; ".join(said))}.</p>' if said else ""


def figures(db: sqlite3.Connection, synced: datetime) -> list[str]:
    """Every chart as a section; one that has no data says why."""
    return [make(db, synced) for make in (_fleet, _check_in, _encryption, _vulnerabilities, _changes)]


def _chart(db: sqlite3.Connection, title: str, kinds: tuple[str, ...], about: tuple[str, str], drawn: str) -> str:
    """A chart, with a warning where one of `kinds` was not copied."""
    return section(title, missing(db, *kinds) + drawn, number=about[0], says=about[1])


def _fleet(db: sqlite3.Connection, _: datetime) -> str:
    found = rows_of(
        db,
        "SELECT coalesce(w.os_name, d.platform || ' ' || coalesce(CAST(CAST(d.os_version AS INTEGER) AS TEXT), '?')) "
        "AS version, count(*) AS devices FROM devices d LEFT JOIN windows_android_details w USING (device_id) "
        "GROUP BY 1 ORDER BY 2 DESC, 1",
    )
    total = sum(row["devices"] for row in found)
    drawn = bars("Devices by platform and version of the system", found[:_MOST], "version", "devices")
    cut = f", the {_MOST} most frequent of {len(found)} versions below" if len(found) > _MOST else ""
    return _chart(db, "Fleet", ("devices",), (f"{total:,}", f"devices are enrolled{cut}."), drawn)


_AGES = ("today", "1 to 7 days", "8 to 14 days", "15 to 30 days", "31 to 90 days", "over 90 days", "never")


def _check_in(db: sqlite3.Connection, synced: datetime) -> str:
    found = rows_of(
        db,
        "SELECT CASE WHEN last_check_in IS NULL THEN 'never' WHEN days < 1 THEN 'today' WHEN days <= 7 THEN "
        "'1 to 7 days' WHEN days <= 14 THEN '8 to 14 days' WHEN days <= 30 THEN '15 to 30 days' WHEN days <= 90 THEN "
        "'31 to 90 days' ELSE 'over 90 days' END AS \"last check-in\", count(*) AS devices FROM (SELECT last_check_in, "
        "julianday(:now) - julianday(last_check_in) AS days FROM devices) GROUP BY 1",
        now=utc(synced),
    )
    found.sort(key=lambda row: _AGES.index(row["last check-in"]))
    silent = sum(row["devices"] for row in found if row["last check-in"] not in _AGES[:3])
    total = sum(row["devices"] for row in found)
    drawn = bars("Devices by the time since they checked in", found, "last check-in", "devices")
    about = (f"{silent:,}", f"of {total:,} devices have been silent for over 14 days, or always.")
    return _chart(db, "Last check-in", ("devices",), about, drawn)


_ENCRYPTION = """SELECT platform, count(*) AS devices, count(*) FILTER (WHERE held = 1) AS encrypted,
    count(*) FILTER (WHERE held = 0) AS "not encrypted", count(*) FILTER (WHERE held IS NULL) AS "not reported"
    FROM (SELECT d.platform, iif(d.platform = 'Mac', f.status, w.is_encrypted) AS held FROM devices d
        LEFT JOIN filevault f USING (device_id) LEFT JOIN windows_android_details w USING (device_id))
    GROUP BY 1 ORDER BY 2 DESC"""


def _encryption(db: sqlite3.Connection, _: datetime) -> str:
    """Devices of each platform by whether their storage is encrypted; Iru does not say it of iPhones and iPads."""
    found = rows_of(db, _ENCRYPTION)
    off, unknown = (sum(row[name] for row in found) for name in ("not encrypted", "not reported"))
    drawn = bars("Devices by whether their storage is encrypted", found, "platform", "devices",
                 ("encrypted", "not encrypted", "not reported"))  # fmt: skip
    says = (
        f"devices are not encrypted; Iru does not say it of {unknown:,}. Of iPhones, iPads and Apple TVs it never does."
    )
    return _chart(db, "Encryption", ("filevault", "windows_android_details"), (f"{off:,}", says), drawn)


_SEVERITY = "iif(lower(x.cvss_severity) IN ('critical', 'high', 'medium', 'low'), lower(x.cvss_severity), 'unrated')"
_SEVERITIES = ("critical", "high", "medium", "low", "unrated")


def _vulnerabilities(db: sqlite3.Connection, synced: datetime) -> str:
    """CVEs that are present, without those that Iru calls remediated."""
    columns = ", ".join(f"sum(severity = '{one}') AS \"{one}\"" for one in _SEVERITIES)
    found = rows_of(
        db,
        f"SELECT CASE WHEN days <= 7 THEN 'up to a week' WHEN days <= 30 THEN 'up to a month' WHEN days <= 90 THEN "
        f"'up to 90 days' ELSE 'longer' END AS \"present for\", {columns}, count(*) AS \"all\" FROM (SELECT "
        f"{_SEVERITY} AS severity, julianday(:now) - julianday(x.since) AS days "
        f"FROM detections x LEFT JOIN vulnerabilities v USING (cve_id) WHERE x.enrolled AND {PRESENT}) "
        f"GROUP BY 1 ORDER BY min(days)",
        now=utc(synced),
    )
    exploited = db.execute(
        f"SELECT count(DISTINCT x.device_id) FROM detections x JOIN vulnerabilities v USING (cve_id) "
        f"WHERE x.enrolled AND v.kev_score > 0 AND {PRESENT}"
    ).fetchone()[0]
    total = sum(row["all"] for row in found)
    drawn = bars("Detections by severity and age", found, "present for", "all", _SEVERITIES)
    says = (
        "detections of CVEs that are present; remediated ones are not counted. "
        f"{exploited:,} devices have one that is known to be exploited."
    )
    return _chart(db, "Vulnerabilities", ("detections", "vulnerabilities"), (f"{total:,}", says), drawn)


_WHAT = ("appeared", "gone", "changed", "moved")


def _changes(db: sqlite3.Connection, synced: datetime) -> str:
    since = utc(synced - timedelta(days=30))
    columns = ", ".join(f"count(DISTINCT iif(what = '{one}', thing_, NULL)) AS \"{one}\"" for one in _WHAT)
    rows = rows_of(
        db,
        f"SELECT replace(kind, '_', ' ') AS kind, {columns}, count(DISTINCT what || thing_) AS \"all\" FROM (SELECT "
        "kind, what, at || coalesce(device_id, '') || thing AS thing_ FROM changes WHERE at >= :since) GROUP BY 1 "
        'ORDER BY "all" DESC, 1',
        since=since,
    )
    total = sum(row["all"] for row in rows)
    (begun,) = db.execute("SELECT max(min(finished_at), ?) FROM syncs", (since,)).fetchone()
    drawn = bars("Changes by kind", rows, "kind", "all", _WHAT)
    return _chart(db, "Changes", (), (f"{total:,}", f"things changed since {begun[:10]}."), drawn)


_WORST = f"""SELECT {_SEVERITY} AS severity, iif(v.kev_score > 0, 'yes', 'no') AS exploited, x.cve_id AS CVE,
    x.name || ' ' || coalesce(x.version, '') AS software, d.device_name AS device, d.user_email AS user,
    x.since AS "present since", u.job_title
    FROM detections x JOIN vulnerabilities v USING (cve_id) JOIN devices d USING (device_id)
    LEFT JOIN users u ON u.id = d.user_id
    WHERE {PRESENT} AND (v.kev_score > 0 OR lower(x.cvss_severity) = 'critical')"""


def worst_detections(db: sqlite3.Connection) -> str:
    """The CVEs that are present on named devices: known to be exploited first, then executives', then the oldest."""
    if not (found := rows_of(db, _WORST)):
        return ""
    found.sort(
        key=lambda row: (row["exploited"] == "no", not is_executive(row["job_title"]), row["present since"] or "")
    )
    for row in found:
        if is_executive(title := row.pop("job_title")):
            row["user"] = f"{row['user']} ({title})"
    drawn = table("Critical or exploited CVEs by device", found[:_MOST], of=len(found), name="rows wide",
                  order="known to be exploited first, then executives', then the oldest")  # fmt: skip
    devices = len({row["device"] for row in found})
    return section(
        "Where the worst CVEs are", drawn, number=f"{devices:,}", says="devices have a critical or exploited CVE."
    )
