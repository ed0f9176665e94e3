"""The figures of the report: what each shows, as rows for its table and as a drawing."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ...output.clean import clean
from ..store import utc
from . import charts

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing with its title, what it says in a sentence, and its numbers."""

    title: str
    says: str
    svg: str
    rows: list[Row]


def rows_of(db: sqlite3.Connection, sql: str, **values: Any) -> list[Row]:
    """The rows of a statement, cleaned for people."""
    cursor = db.execute(sql, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, [clean(cell) for cell in row], strict=True)) for row in cursor]


def figures(db: sqlite3.Connection, synced: datetime) -> list[Figure]:
    """Every figure that the copy has data for."""
    drawn = [make(db, synced) for make in (_fleet, _check_in, _encryption, _vulnerabilities, _changes, _graph)]
    return [figure for figure in drawn if figure is not None]


def _fleet(db: sqlite3.Connection, _: datetime) -> Figure | None:
    found = rows_of(
        db,
        "SELECT d.platform, coalesce(w.os_name, d.platform || ' ' || coalesce(CAST(CAST(d.os_version AS INTEGER) AS "
        "TEXT), '?')) AS version, count(*) AS devices FROM devices d LEFT JOIN windows_android_details w "
        "USING (device_id) GROUP BY 1, 2 ORDER BY 1, 3 DESC",
    )
    if not found:
        return None
    total = sum(row["devices"] for row in found)
    most = max(found, key=lambda row: int(row["devices"]))
    svg = charts.bars(found, "version", "devices", by="platform")
    return Figure(
        "Fleet by platform and OS", f"{total:,} devices; most are {most['version']} ({most['devices']:,}).", svg, found
    )


_AGES = ("today", "1 to 7 days", "8 to 14 days", "15 to 30 days", "31 to 90 days", "over 90 days", "never")


def _check_in(db: sqlite3.Connection, synced: datetime) -> Figure | None:
    found = rows_of(
        db,
        "SELECT CASE WHEN last_check_in IS NULL THEN 'never' WHEN days < 1 THEN 'today' WHEN days <= 7 THEN "
        "'1 to 7 days' WHEN days <= 14 THEN '8 to 14 days' WHEN days <= 30 THEN '15 to 30 days' WHEN days <= 90 THEN "
        "'31 to 90 days' ELSE 'over 90 days' END AS age, count(*) AS devices FROM (SELECT last_check_in, "
        "julianday(:now) - julianday(last_check_in) AS days FROM devices) GROUP BY 1",
        now=utc(synced),
    )
    if not found:
        return None
    found.sort(key=lambda row: _AGES.index(row["age"]))
    silent = sum(row["devices"] for row in found if row["age"] not in _AGES[:3])
    svg = charts.bars(found, "age", "devices", order=_AGES)
    return Figure("Last check-in", f"{silent:,} devices have been silent for over 14 days.", svg, found)


def _encryption(db: sqlite3.Connection, _: datetime) -> Figure | None:
    found = rows_of(
        db,
        "SELECT CASE f.status WHEN 1 THEN 'FileVault on' WHEN 0 THEN 'FileVault off' ELSE 'not reported' END AS state, "
        "count(*) AS Macs FROM devices d LEFT JOIN filevault f USING (device_id) WHERE d.platform = 'Mac' GROUP BY 1",
    )
    if not found:
        return None
    order = ("FileVault on", "FileVault off", "not reported")
    off = sum(row["Macs"] for row in found if row["state"] == "FileVault off")
    return Figure(
        "Encryption", f"FileVault is off on {off:,} Macs.", charts.bars(found, "state", "Macs", order=order), found
    )


_WORST_FIRST = ("Critical", "High", "Medium", "Low")


def _vulnerabilities(db: sqlite3.Connection, synced: datetime) -> Figure | None:
    found = rows_of(
        db,
        "SELECT CASE WHEN days <= 7 THEN 'week' WHEN days <= 30 THEN 'month' WHEN days <= 90 THEN 'quarter' ELSE "
        "'longer' END AS age, coalesce(cvss_severity, 'unrated') AS severity, count(*) AS detections FROM (SELECT "
        "cvss_severity, julianday(:now) - julianday(since) AS days FROM detections) GROUP BY 1, 2",
        now=utc(synced),
    )
    if not found:
        return None
    names = {"week": "up to a week", "month": "up to a month", "quarter": "up to 90 days", "longer": "longer"}
    found.sort(key=lambda row: (list(names).index(row["age"]), str(row["severity"])))
    for row in found:
        row["age"] = names[row["age"]]
    exploited = rows_of(db, "SELECT count(*) AS n FROM vulnerabilities WHERE kev_score > 0")[0]["n"]
    svg = charts.bars(found, "age", "detections", by="severity", order=list(names.values()), parts=_WORST_FIRST)
    total = sum(row["detections"] for row in found)
    return Figure(
        "Vulnerabilities by severity and age",
        f"{total:,} detections; CVEs known to be exploited: {exploited:,}.",
        svg,
        found,
    )


def _changes(db: sqlite3.Connection, synced: datetime) -> Figure | None:
    found = rows_of(
        db,
        "SELECT substr(at, 1, 10) AS day, what, count(DISTINCT kind || coalesce(device_id, '') || thing) AS changes "
        "FROM changes WHERE at >= :since GROUP BY 1, 2 ORDER BY 1, 2",
        since=utc(synced - timedelta(days=30)),
    )
    if not found:
        return None
    total = sum(row["changes"] for row in found)
    svg = charts.columns(found, "day", "changes", by="what")
    return Figure("Changes per day", f"{total:,} changes in 30 days.", svg, found)


_COLUMNS = (("CVE", "cve_id"), ("app", "software"), ("device", "device"), ("user", "user"), ("blueprint", "blueprint"))
_WORST = 14


def _graph(db: sqlite3.Connection, _: datetime) -> Figure | None:
    """The worst detections: from the CVE through the app and the device to the person and the blueprint."""
    found = rows_of(
        db,
        "SELECT x.cve_id, x.name AS software, d.device_name AS device, d.user_email AS user, d.blueprint_name AS "
        "blueprint, v.kev_score > 0 AS known_exploited FROM detections x JOIN vulnerabilities v USING (cve_id) "
        "JOIN devices d USING (device_id) ORDER BY v.kev_score > 0 DESC, v.cvss_score DESC, d.device_name LIMIT :most",
        most=_WORST,
    )
    if not found:
        return None
    nodes: dict[tuple[str, str], Row] = {}
    deepest = 0
    for place, (type_, column) in enumerate(_COLUMNS):
        names = list(dict.fromkeys(row[column] for row in found if row[column]))
        deepest = max(deepest, len(names))
        for turn, name in enumerate(names):
            at = {"x": place / (len(_COLUMNS) - 1), "y": (turn + 0.5) / len(names)}
            nodes[type_, name] = {"name": name, "type": type_} | at
    edges = _edges(found, nodes)
    return Figure(
        "What hangs together around the worst detections",
        "From the CVE through the app and the device to the person and the blueprint.",
        charts.network(list(nodes.values()), edges, deepest),
        found,
    )


def _edges(found: Sequence[Row], nodes: dict[tuple[str, str], Row]) -> list[Row]:
    joined = [("CVE", "app"), ("app", "device"), ("device", "user"), ("device", "blueprint")]
    column = dict(_COLUMNS)
    edges: dict[tuple[str, str, str, str], Row] = {}
    for row in found:
        for left, right in joined:
            begin, end = nodes.get((left, row[column[left]])), nodes.get((right, row[column[right]]))
            if begin and end:
                line = {"x": begin["x"], "y": begin["y"], "x2": end["x"], "y2": end["y"]}
                edges[left, begin["name"], right, end["name"]] = line
    return list(edges.values())
