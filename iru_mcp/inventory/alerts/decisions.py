"""What people decided about alerts: one is acknowledged, or a rule is muted, with a reason and an end.

An acknowledged alert stays in the list, with its reason, and neither fires again nor makes `iru-mcp alerts` exit 3
until the end. A muted rule is asked as ever, and what it finds is listed; it is told when the mute ends, if it is still
there.
"""

import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

from ...errors import UsageError
from ..store import records, utc, writer
from ..transaction import transaction


def acknowledge(path: Path, alert: int, why: str, until: datetime) -> None:
    """Acknowledge an open alert. Raises UsageError where there is none of that number."""
    with writer(path) as db, transaction(db):
        changed = db.execute(
            "UPDATE _alert SET acknowledged_why = ?, acknowledged_until = ? WHERE id = ? AND resolved_at IS NULL",
            (why, utc(until), alert),
        ).rowcount
    if not changed:
        raise UsageError(f"There is no open alert {alert}.", "iru-mcp alerts lists them with their numbers.")


def mute(path: Path, rule: str, why: str, until: datetime, now: datetime) -> None:
    """Send no events of a rule until then."""
    with writer(path) as db, transaction(db):
        facts = (rule, why, utc(until), utc(now))
        db.execute("INSERT OR REPLACE INTO _mute(rule, why, until, made_at) VALUES (?, ?, ?, ?)", facts)


def unmute(path: Path, rule: str) -> None:
    """End a mute now. Raises UsageError where the rule is not muted."""
    with writer(path) as db, transaction(db):
        if not db.execute("DELETE FROM _mute WHERE rule = ?", (rule,)).rowcount:
            raise UsageError(f"The rule {rule} is not muted.", "iru-mcp alerts lists the mutes.")


def mutes(db: sqlite3.Connection, now: datetime) -> list[dict[str, Any]]:
    """The mutes in force, the first to end first."""
    return list(records(db, "SELECT rule, why, until FROM _mute WHERE until > ? ORDER BY until", (utc(now),)))
