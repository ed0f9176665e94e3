"""What a rule finds in the copy: the rows of its SELECT, those of one cause together.

A rule that names `cause` columns makes one finding of all rows that agree in them, with the devices they are on: a CVE
on 37 Macs is one thing to do. A rule without makes one finding of each row. What must stay true: a finding keeps its
fingerprint from round to round, whatever else of its rows changes.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...output.clean import clean
from .. import query
from ..sandbox.processes import Processes
from ..store import known
from .rules import SEVERITIES, Rule

MOST_ROWS = 5_000
"""Rows of one rule that are kept."""
_MOST_DEVICES = 200
"""Devices of one finding that are kept by name; all are counted."""
_NAMED = 3
_SECONDS = 60.0
_EXECUTIVE = re.compile(r"\b(chief|c[efti]o|ciso|president|vice president|vp|founder)\b", re.IGNORECASE)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule found: `row` as its alert keeps it, and the ids of all `devices` that have it."""

    fingerprint: str
    severity: str
    sentence: str
    row: Row
    devices: frozenset[str]


@dataclass(frozen=True, slots=True)
class Found:
    """All findings of a rule, or why it could not be asked; `problem` may also say that there are more."""

    findings: dict[str, Finding] | None
    problem: str = ""


async def ask(processes: Processes, path: Path, rule: Rule) -> Found:
    """Ask one rule of the copy. Raises an IruError when its statement cannot be run."""
    facts = {"copied": "SELECT kind FROM coverage WHERE state = 'copied'"}
    result = await query.ask(processes, path, rule.sql, rule.params, facts=facts, rows=MOST_ROWS, seconds=_SECONDS)
    copied = {row[0] for row in result.facts["copied"]}
    if missing := [kind for kind in rule.needs if kind not in copied]:
        return Found(None, f"not asked: {', '.join(missing)} could not be copied")
    problem = f"finds more than {MOST_ROWS} rows; the rest is left out" if result.more else ""
    together: dict[str, list[Row]] = {}
    for row in (dict(zip(result.columns, cells, strict=True)) for cells in result.rows):
        named = {name: row.get(name) for name in rule.cause or rule.key or tuple(row)}
        fingerprint = hashlib.sha256(json.dumps(named, sort_keys=True, default=str).encode()).hexdigest()[:32]
        together.setdefault(fingerprint, []).append(row)
    return Found({name: _finding(rule, name, group) for name, group in together.items()}, problem)


def _finding(rule: Rule, fingerprint: str, group: list[Row]) -> Finding:
    own = [str(row.get("severity", "")).casefold() for row in group]  # a statement may give each row one of its own
    severity = min((one if one in SEVERITIES else rule.severity for one in own), key=SEVERITIES.index)
    devices = frozenset(str(row["device_id"]) for row in group if row.get("device_id"))
    row = _together(rule, group) if rule.cause else known(group[0])
    slots = group[0] | {"devices": _in_words(group), "count": len(devices) or len(group)}
    return Finding(fingerprint, severity, str(clean(rule.sentence(slots))), clean(row), devices)


def _together(rule: Rule, group: list[Row]) -> Row:
    """The columns of the cause, and the other columns of each device."""
    cause = {name: group[0][name] for name in rule.cause if group[0].get(name) is not None}
    others = [{name: cell for name, cell in known(row).items() if name not in cause} for row in group]
    more = {"devices_left_out": len(others) - _MOST_DEVICES} if len(others) > _MOST_DEVICES else {}
    return cause | {"count": len(group), "devices": others[:_MOST_DEVICES]} | more


def _in_words(group: list[Row]) -> str:
    """The devices of a finding in words, executives' first and named as such."""
    ranked = sorted(group, key=lambda row: not is_executive(row.get("job_title")))
    names = list(dict.fromkeys(str(row.get("device_name") or row.get("serial_number") or "?") for row in ranked))
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    count = f"{len(names)} devices: " if len(names) > 1 else ""
    among = ", an executive's among them" if any(is_executive(row.get("job_title")) for row in group) else ""
    return f"{count}{', '.join(names[:_NAMED])}{more}{among}"


def is_executive(job_title: object) -> bool:
    """Whether a job title is an executive's."""
    return bool(_EXECUTIVE.search(str(job_title or "")))
