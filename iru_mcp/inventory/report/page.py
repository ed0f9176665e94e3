"""The copy as one HTML page that needs nothing else: no script, no font, no request."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from html import escape
from importlib import resources
from typing import Any

from ...api.record import read_moment
from ...output.clean import clean
from ...output.palette import palette
from ..alerts.evaluate import listed
from ..describe import kinds, status
from ..store import account_name, age
from .figures import Figure, figures

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_ALERTS = 100
"""Open alerts that the page lists."""


def page(db: sqlite3.Connection, now: datetime) -> str:
    """The report as HTML. Raises UsageError when nothing was copied yet, ConfigError without the charting library."""
    copy = age(db, now)
    db.execute("BEGIN")  # one state for every figure
    facts = status(db, now)
    drawn = figures(db, read_moment(copy["synced_at"]))
    style = palette() + resources.files(__package__).joinpath("report.css").read_text("utf-8")
    title = f"Inventory of {clean(account_name(db))}"
    body = "\n".join(
        [
            _head(title, copy, facts),
            *(_figure(place, figure) for place, figure in enumerate(drawn, 1)),
            _alerts(db),
            _section("What was copied", _table("Kinds of the copy", kinds(db, now))),
        ]
    )
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
    tiles = [
        ("devices", rows.get("devices")),
        ("users", rows.get("users")),
        ("installed apps", rows.get("apps")),
        ("CVEs", rows.get("vulnerabilities")),
        ("open alerts", facts["open_alerts"]),
        ("devices gone", facts["devices_gone"]),
    ]
    shown = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{'not copied' if count is None else f'{count:,}'}</dd></div>"
        for name, count in tiles
    )
    when = f'<time datetime="{escape(copy["synced_at"])}">{escape(copy["synced_at"])}</time>'
    return (
        f"<header>\n<h1>{escape(title)}</h1>\n<p>Copied {when}, {escape(copy['age'])} before this page was made.</p>\n"
        f'<dl class="tiles">{shown}</dl>\n</header>'
    )


def _figure(number: int, figure: Figure) -> str:
    names = f'aria-labelledby="t{number} s{number}" '
    wide = ' class="broad"' if 'viewBox="0 0 9' in figure.svg else ""
    svg = figure.svg.replace('role="img" ', f'role="img" {names}', 1)
    return (
        f'<section>\n<h2 id="t{number}">{escape(figure.title)}</h2>\n<p id="s{number}">{escape(figure.says)}</p>\n'
        f"<figure{wide}>{svg}</figure>\n<details><summary>The numbers</summary>{_table(figure.title, figure.rows)}"
        "</details>\n</section>"
    )


def _alerts(db: sqlite3.Connection) -> str:
    found = listed(db)
    rows = [{name: alert[name] for name in ("severity", "rule", "say", "opened_at")} for alert in found[:_ALERTS]]
    more = f"<p>{len(found) - _ALERTS:,} more are open.</p>" if len(found) > _ALERTS else ""
    inside = _table("Open alerts, worst first", rows) if rows else "<p>None is open.</p>"
    return _section("Open alerts", inside + more)


def _section(title: str, inside: str) -> str:
    return f"<section>\n<h2>{escape(title)}</h2>\n{inside}\n</section>"


def _table(caption: str, rows: Sequence[dict[str, Any]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(f'<th scope="col">{escape(name.replace("_", " "))}</th>' for name in names)
    lines = "".join(
        "<tr>" + "".join(f"<td{_class(row.get(name))}>{_text(row.get(name))}</td>" for name in names) + "</tr>"
        for row in rows
    )
    return (
        f'<div class="wide" role="region" aria-label="{escape(caption)}" tabindex="0"><table><caption>{escape(caption)}'
        f"</caption><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _class(value: Any) -> str:
    if isinstance(value, str) and _TIME.fullmatch(value):
        return ' class="time"'
    return ' class="number"' if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else escape(str(value))
