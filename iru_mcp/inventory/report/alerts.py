"""The open alerts as the report groups them: a line a rule, an executive's devices first, then the oldest."""

import json
import sqlite3
import tomllib
from dataclasses import dataclass
from importlib import resources

from ...output.clean import clean
from ..alerts.findings import is_executive
from ..alerts.rules import SEVERITIES

_ADVICE: dict[str, str] = tomllib.loads(resources.files(__package__).joinpath("advice.toml").read_text("utf-8"))
"""By rule: what to do about its findings."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One open alert."""

    severity: str
    rule: str
    say: str
    opened_at: str
    devices: frozenset[str]
    executive: bool
    quiet: bool
    """Acknowledged, or of a muted rule, at the time of the report."""


@dataclass(frozen=True, slots=True)
class Group:
    """The open alerts of one rule and severity."""

    severity: str
    rule: str
    alerts: list[Alert]

    @property
    def devices(self) -> int:
        """How many devices they name."""
        return len(frozenset().union(*(alert.devices for alert in self.alerts)))

    @property
    def executive(self) -> bool:
        """Whether one is about an executive's device."""
        return any(alert.executive for alert in self.alerts)

    @property
    def quiet(self) -> bool:
        """Whether all were acknowledged or muted."""
        return all(alert.quiet for alert in self.alerts)

    @property
    def says(self) -> str:
        """The first alert's sentence, and how many more there are."""
        more = f" (and {len(self.alerts) - 1} more)" if len(self.alerts) > 1 else ""
        return f"{self.alerts[0].say}{more}"

    @property
    def advice(self) -> str:
        """What to do about it; empty for a rule of one's own."""
        return _ADVICE.get(self.rule, "")


def open_alerts(db: sqlite3.Connection, now: str) -> list[Alert]:
    """All open alerts: worst first, then an executive's, then the oldest."""
    executives = {
        row[0]
        for row in db.execute("SELECT d.device_id, u.job_title FROM devices d JOIN users u ON u.id = d.user_id")
        if is_executive(row[1])
    }
    rows = db.execute(
        "SELECT severity, rule, say, opened_at, devices, coalesce(acknowledged_until, '') > :now OR EXISTS "
        "(SELECT 1 FROM _mute m WHERE m.rule = a.rule AND m.until > :now) FROM _alert a WHERE resolved_at IS NULL",
        {"now": now},
    )
    found = []
    for *texts, named, quiet in rows:
        severity, rule, say, opened = (str(clean(text)) for text in texts)
        devices = frozenset(json.loads(named))
        found.append(Alert(severity, rule, say, opened, devices, bool(devices & executives), bool(quiet)))
    return sorted(found, key=lambda one: (SEVERITIES.index(one.severity), not one.executive, one.opened_at, one.say))


def groups(alerts: list[Alert]) -> list[Group]:
    """Alerts by severity and rule: worst first, then with an executive's device, then with the most devices."""
    found: dict[tuple[str, str], Group] = {}
    for alert in alerts:
        key = (alert.severity, alert.rule)
        found.setdefault(key, Group(*key, [])).alerts.append(alert)
    return sorted(found.values(), key=lambda one: (SEVERITIES.index(one.severity), not one.executive, -one.devices))
