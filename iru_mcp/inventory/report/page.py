"""The copy as one HTML page that needs nothing else: no script, no font, no request."""

import sqlite3
from datetime import datetime
from html import escape
from importlib import resources
from typing import Any

from ...api.record import read_moment
from ...output.clean import clean
from ...output.palette import palette
from ..describe import status
from ..store import account_name, age, utc
from .alerts import Alert, Group, groups, open_alerts
from .figures import figures, worst_detections
from .first_screen import first_screen
from .html import Row, section, table, when

_ALERTS = 8
"""Open alerts of one group that the page lists."""


def page(db: sqlite3.Connection, now: datetime) -> str:
    """The report as HTML. Raises UsageError when nothing was copied yet."""
    copy = age(db, now)
    db.execute("BEGIN")  # one state for every figure
    facts = status(db, now)
    synced = read_moment(copy["synced_at"])
    alerts = open_alerts(db, utc(now))
    title = f"Inventory of {clean(account_name(db))}"
    parts = [
        _head(title, copy, facts),
        first_screen(db, synced, alerts),
        f'<div class="charts">\n{"".join(figures(db, synced))}\n</div>',
        _alerts(alerts),
        worst_detections(db),
        section("What was copied", _copied(facts["kinds"])),
    ]
    return _document(title, "\n".join(parts))


def _document(title: str, body: str) -> str:
    style = palette() + resources.files(__package__).joinpath("report.css").read_text("utf-8")
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n"
        "</body>\n</html>\n"
    )


def _head(title: str, copy: dict[str, str], facts: dict[str, Any]) -> str:
    rows = {line["kind"]: line.get("rows") for line in facts["kinds"]}
    named = {"devices": "devices", "users": "users", "apps": "installed apps", "vulnerabilities": "CVEs"}
    held = ", ".join(f"{format(rows[kind], ',') if rows.get(kind) else 'no'} {name}" for kind, name in named.items())
    gone = f" {facts['devices_gone']:,} devices that it had are gone." if facts["devices_gone"] else ""
    return (
        f"<header>\n<h1>{escape(title)}</h1>\n<p>Copied {when(copy['synced_at'])}, {escape(copy['age'])} before this "
        f"page was made: {held}.{gone} All times are UTC.</p>\n</header>"
    )


def _alerts(alerts: list[Alert]) -> str:
    """The open alerts, a row a rule; where a rule has many, the row says how many are left out."""
    rows = [_group(group) for group in groups(alerts)]
    inside = table("Worst first", rows, name="rows wide") if rows else "<p>None is open.</p>"
    return section("Open alerts by rule", inside)


def _group(group: Group) -> Row:
    says = [f"{alert.say} (open since {alert.opened_at[:10]})" for alert in group.alerts[:_ALERTS]]
    left = len(group.alerts) - len(says)
    says += [f"and {left:,} more: executives' come first here, then the oldest"] if left else []
    rule = f"{group.rule} (acknowledged or muted)" if group.quiet else group.rule
    return {"severity": group.severity, "rule": rule, "devices": group.devices, "what": says}


def _copied(lines: list[Row]) -> str:
    """Each kind with its rows, its age, and why it is missing or old where it is."""
    items = []
    for line in lines:
        why = "" if line["state"] == "copied" else f": {line['state']}. {line.get('why', '')} {line.get('grant', '')}"
        rows = f"{line['rows']:,}" if "rows" in line else "none"
        age_ = f"({line['age']} old)" if "age" in line else ""
        items.append(f"<li>{escape(line['kind'])} <strong>{rows}</strong> {escape(age_ + why)}</li>")
    return f'<ul class="kinds">{"".join(items)}</ul>'
