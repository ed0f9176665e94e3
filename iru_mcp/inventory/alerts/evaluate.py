"""Rules asked of the copy: what is new fires once, what is gone resolves."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ...errors import IruError
from ...output.clean import clean
from ..query import guarded
from ..sandbox.guard import Bounds
from ..store import meta, transaction, utc, writer
from .rules import SEVERITIES, Rule

_MOST = 5_000
"""Findings of one rule that are kept."""
_SECONDS = 60.0


@dataclass(slots=True)
class Verdict:
    """What a round of rules found: events as they go out, and the rules that could not be asked, with why."""

    events: list[dict[str, Any]] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)


def judge(path: Path, rules: Sequence[Rule], now: datetime, *, keep: bool = False) -> Verdict:
    """Ask every rule of the copy at `path`; with `keep` the events also wait in the file to be sent."""
    verdict = Verdict()
    found = [(rule, rows) for rule in rules if (rows := _ask(path, rule, verdict)) is not None]
    with writer(path) as db, transaction(db):
        account = meta(db, "account") or ""
        for rule, rows in found:
            verdict.events += _compare(db, rule, rows, utc(now), account)
        verdict.events += _retired(db, {rule.name for rule in rules}, utc(now), account)
        if keep:
            waiting = [(json.dumps(event, ensure_ascii=False),) for event in verdict.events]
            db.executemany("INSERT INTO _outbox(event) VALUES (?)", waiting)
    return verdict


def _ask(path: Path, rule: Rule, verdict: Verdict) -> dict[str, dict[str, Any]] | None:
    """The rule's findings by what tells them apart; None when it cannot be asked now."""
    try:
        with guarded(path, _SECONDS) as guard:
            copied = {row[0] for row in guard.db.execute("SELECT kind FROM coverage WHERE state = 'copied'")}
            missing = [kind for kind in rule.needs if kind not in copied]
            if missing:
                verdict.problems[rule.name] = f"not asked: {', '.join(missing)} could not be copied"
                return None
            result = guard.run(rule.sql, rule.params, Bounds(_MOST))
    except IruError as error:
        verdict.problems[rule.name] = str(error)
        return None
    if result.more:
        verdict.problems[rule.name] = f"finds more than {_MOST} rows; the rest is left out"
    rows = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
    return {_print(rule, row): row for row in rows}


def _print(rule: Rule, row: dict[str, Any]) -> str:
    named = {name: row.get(name) for name in rule.key or row}
    return hashlib.sha256(json.dumps(named, sort_keys=True, default=str).encode()).hexdigest()[:32]


def _compare(
    db: sqlite3.Connection, rule: Rule, rows: dict[str, dict[str, Any]], at: str, account: str
) -> list[dict[str, Any]]:
    held = dict(
        db.execute("SELECT print, id FROM _alert WHERE rule = ? AND resolved_at IS NULL", (rule.name,)).fetchall()
    )
    events = []
    for print_, row in rows.items():
        if print_ in held:
            continue
        kept = clean({name: cell for name, cell in row.items() if cell is not None})
        said = str(clean(rule.sentence(row)))
        number = db.execute(
            "INSERT INTO _alert(rule, severity, say, print, row, opened_at) VALUES (?, ?, ?, ?, ?, ?)",
            (rule.name, rule.severity, said, print_, json.dumps(kept, ensure_ascii=False), at),
        ).lastrowid
        events.append(_event("opened", number, (rule.name, rule.severity, said, kept), at, account))
    gone = [number for print_, number in held.items() if print_ not in rows]
    return events + [_resolve(db, number, at, account) for number in gone]


def _retired(db: sqlite3.Connection, rules: set[str], at: str, account: str) -> list[dict[str, Any]]:
    """What a rule found that there is no more."""
    found = db.execute("SELECT id, rule FROM _alert WHERE resolved_at IS NULL").fetchall()
    return [_resolve(db, number, at, account) for number, rule in found if rule not in rules]


def _resolve(db: sqlite3.Connection, number: int, at: str, account: str) -> dict[str, Any]:
    db.execute("UPDATE _alert SET resolved_at = ? WHERE id = ?", (at, number))
    rule, severity, say, row = db.execute(
        "SELECT rule, severity, say, row FROM _alert WHERE id = ?", (number,)
    ).fetchone()
    return _event("resolved", number, (rule, severity, say, json.loads(row)), at, account)


def _event(
    event: str, number: int | None, what: tuple[str, str, str, dict[str, Any]], at: str, account: str
) -> dict[str, Any]:
    rule, severity, say, row = what
    named = {"event": event, "alert": number, "rule": rule, "severity": severity, "say": say}
    return named | {"row": row, "at": at, "account": account}


@dataclass(frozen=True, slots=True)
class Which:
    """The alerts that are wanted: of one severity, rule or device, and with a moment also those resolved since."""

    severity: str = ""
    rule: str = ""
    device_id: str = ""
    resolved_since: datetime | None = None


def listed(db: sqlite3.Connection, which: Which | None = None) -> list[dict[str, Any]]:
    """Open alerts, and those resolved since if asked; worst first, then newest first."""
    wanted = which or Which()
    rank = " ".join(f"WHEN '{name}' THEN {place}" for place, name in enumerate(SEVERITIES))
    rows = db.execute(
        "SELECT id, rule, severity, say, row, opened_at, resolved_at FROM _alert "
        "WHERE (resolved_at IS NULL OR resolved_at >= :since) AND :severity IN ('', severity) AND :rule IN ('', rule) "
        "AND :device IN ('', json_extract(row, '$.device_id')) "
        f"ORDER BY resolved_at IS NOT NULL, CASE severity {rank} END, opened_at DESC, id",
        {
            "since": utc(wanted.resolved_since) if wanted.resolved_since else "9",
            "severity": wanted.severity,
            "rule": wanted.rule,
            "device": wanted.device_id,
        },
    )
    names = ("alert", "rule", "severity", "say", "row", "opened_at", "resolved_at")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    return [{k: v for k, v in one.items() if v is not None} | {"row": json.loads(one["row"])} for one in found]
