"""The end of a sync for a person at a terminal: what is open, worst first, and where to read on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

SHOWN = 5
"""Alerts that are shown one by one."""


def open_alerts(path: Path, shown: Callable[[Any], Any]) -> str:
    """What the rules have open in the copy at `path`: counts by severity, and the first few as `shown` shows them."""
    from ..inventory.alerts.evaluate import listed
    from ..inventory.store import reader

    with reader(path) as db:
        return describe([shown(alert) for alert in listed(db)])


def describe(alerts: Sequence[Mapping[str, Any]]) -> str:
    """Alerts in lines; `alerts` are open and worst first."""
    if not alerts:
        return "no alert is open"
    counts = Counter(str(alert["severity"]) for alert in alerts)
    head = f"{len(alerts):,} open: {', '.join(f'{count:,} {severity}' for severity, count in counts.items())}"
    lines = [f"  {alert['severity']:<9} {alert['say']}" for alert in alerts[:SHOWN]]
    rest = len(alerts) - len(lines)
    return "\n".join([head, *lines, *([f"  and {rest:,} more: iru-mcp alerts"] if rest else [])])
