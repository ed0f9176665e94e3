"""From what rules find to alerts: opened once, changed when more devices have it, resolved with a reason.

Each sync asks every rule and compares its findings with the alerts that are open. What comes of it are events:
`opened`, `changed`, `resolved`, and for the first sync of a file one `summary` instead of an event for all that was
there before. What must stay true: a finding opens one alert however often it is found; an alert is resolved only by a
rule that was asked and no longer finds it, so neither a missing permission nor a sync without a custom rule resolves
anything; and an event is told once, but for a muted rule not before its mute ends.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from anyio import to_thread

from ...errors import IruError
from ..sandbox.processes import Processes
from ..store import known, meta, records, set_meta, utc, writer
from ..transaction import transaction
from .findings import Finding, Found, ask
from .rules import SEVERITIES, Rule

Event = dict[str, Any]
Alert = dict[str, Any]
"""An open alert as the file has it; its devices as a set."""


@dataclass(slots=True)
class Verdict:
    """What asking all rules gave: events to send, and why rules could not be asked."""

    events: list[Event]
    problems: dict[str, str]


async def judge(path: Path, rules: Sequence[Rule], now: datetime, *, keep: bool = False) -> Verdict:
    """Ask every rule about the copy at `path`; with `keep` the events are also kept in the file, to be sent."""
    problems, asked = dict[str, str](), list[tuple[Rule, dict[str, Finding]]]()
    async with aclosing(Processes()) as processes:
        for rule in rules:
            try:
                found = await ask(processes, path, rule)
            except IruError as error:
                found = Found(None, str(error))
            if found.problem:
                problems[rule.name] = found.problem
            if found.findings is not None:
                asked.append((rule, found.findings))
    return Verdict(await to_thread.run_sync(_events, path, asked, now, keep), problems)


def _events(path: Path, asked: list[tuple[Rule, dict[str, Finding]]], now: datetime, keep: bool) -> list[Event]:  # noqa: FBT001 - called by position, in a thread
    """Compare the findings with the alerts in the file, and update these."""
    with writer(path) as db, transaction(db):
        first = meta(db, "judged_at") is None and not db.execute("SELECT count(*) FROM _alert").fetchone()[0]
        comparison = _Comparison(db, utc(now), meta(db, "account") or "")
        for rule, findings in asked:
            comparison.compare(rule, findings)
        events = comparison.summary() if first else comparison.events
        set_meta(db, "judged_at", utc(now))
        if keep:
            waiting = [(json.dumps(event, ensure_ascii=False),) for event in events]
            db.executemany("INSERT INTO _outbox(event) VALUES (?)", waiting)
    return events


class _Comparison:
    """The comparison of all findings with the alerts in the file."""

    def __init__(self, db: sqlite3.Connection, at: str, account: str) -> None:
        self._db, self._at, self._account = db, at, account
        self.events: list[Event] = []

    def compare(self, rule: Rule, findings: dict[str, Finding]) -> None:
        found = records(
            self._db,
            "SELECT print, id, told, devices, severity, say, row, coalesce(acknowledged_until, '') > ? AS acknowledged "
            "FROM _alert WHERE rule = ? AND resolved_at IS NULL",
            (self._at, rule.name),
        )
        held = {one["print"]: one | {"devices": frozenset(json.loads(one["devices"]))} for one in found}
        muted = "SELECT 1 FROM _mute WHERE rule = ? AND until > ?"
        quiet = self._db.execute(muted, (rule.name, self._at)).fetchone() is not None
        for fingerprint, finding in findings.items():
            if fingerprint not in held:
                self._open(rule, finding, told=not quiet)
            else:
                self._keep(rule, held[fingerprint], finding, quiet=quiet)
        for fingerprint, alert in held.items():
            if fingerprint not in findings:
                self._resolve(rule, alert)

    def _open(self, rule: Rule, finding: Finding, *, told: bool) -> None:
        number = self._db.execute(
            "INSERT INTO _alert(rule, severity, say, print, row, devices, opened_at, told) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (rule.name, finding.severity, finding.sentence, finding.fingerprint, *_kept(finding), self._at, told),
        ).lastrowid
        if told:
            self._tell("opened", number, rule, finding)

    def _keep(self, rule: Rule, alert: Alert, finding: Finding, *, quiet: bool) -> None:
        """Update an alert that is still found. Its event is sent when a mute has ended, or when other devices have it
        now."""
        self._db.execute(
            "UPDATE _alert SET severity = ?, say = ?, row = ?, devices = ?, told = ? WHERE id = ?",
            (finding.severity, finding.sentence, *_kept(finding), alert["told"] or not quiet, alert["id"]),
        )
        if quiet:
            return
        if not alert["told"]:
            self._tell("opened", alert["id"], rule, finding)
        elif rule.cause and finding.devices != alert["devices"] and not alert["acknowledged"]:
            added, gone = sorted(finding.devices - alert["devices"]), sorted(alert["devices"] - finding.devices)
            self._tell("changed", alert["id"], rule, finding, added=added, gone=gone)

    def _resolve(self, rule: Rule, alert: Alert) -> None:
        listed = {row[0] for row in self._db.execute("SELECT device_id FROM devices")}
        gone = bool(alert["devices"]) and not alert["devices"] & listed
        why = "Iru no longer lists the device" if gone else "the rule no longer finds it"
        self._db.execute(
            "UPDATE _alert SET resolved_at = ?, resolved_why = ? WHERE id = ?", (self._at, why, alert["id"])
        )
        if alert["told"]:
            finding = Finding("", alert["severity"], alert["say"], json.loads(alert["row"]), alert["devices"])
            self._tell("resolved", alert["id"], rule, finding, why=why)

    def _tell(self, event: str, number: int | None, rule: Rule, finding: Finding, **more: Any) -> None:
        named = {"event": event, "alert": number, "rule": rule.name, "severity": finding.severity}
        told = {"say": finding.sentence, **more, "row": finding.row, "at": self._at, "account": self._account}
        self.events.append(named | told)

    def summary(self) -> list[Event]:
        """One event for all alerts of the first sync, in place of an event each."""
        if not (counts := Counter(event["severity"] for event in self.events)):
            return []
        rules = Counter(event["rule"] for event in self.events)
        say = ", ".join(f"{counts[name]} {name}" for name in SEVERITIES if counts[name])
        head = {"event": "summary", "say": f"open at the first sync: {say}", "opened": counts, "rules": rules}
        return [head | {"at": self._at, "account": self._account}]


def _kept(finding: Finding) -> tuple[str, str]:
    """The row and the devices of a finding as the file keeps them."""
    return json.dumps(finding.row, ensure_ascii=False), json.dumps(sorted(finding.devices))


def listed(
    db: sqlite3.Connection,
    severity: str = "",
    rule: str = "",
    device_id: str = "",
    resolved_since: datetime | None = None,
) -> list[dict[str, Any]]:
    """Open alerts, of a severity, rule and device if given, and with `resolved_since` those resolved since; worst
    first, then newest first."""
    rank = " ".join(f"WHEN '{name}' THEN {place}" for place, name in enumerate(SEVERITIES))
    since = utc(resolved_since) if resolved_since else "9"  # sorts after every time
    rows = records(
        db,
        "SELECT id AS alert, rule, severity, say, row, opened_at, resolved_at, resolved_why, acknowledged_until, "
        "acknowledged_why FROM _alert "
        "WHERE (resolved_at IS NULL OR resolved_at >= :since) AND :severity IN ('', severity) AND :rule IN ('', rule) "
        "AND (:device = '' OR EXISTS (SELECT 1 FROM json_each(devices) WHERE value = :device)) "
        f"ORDER BY resolved_at IS NOT NULL, CASE severity {rank} END, opened_at DESC, id",
        {"since": since, "severity": severity, "rule": rule, "device": device_id},
    )
    return [known(one) | {"row": json.loads(one["row"])} for one in rows]
