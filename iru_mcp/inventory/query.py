"""One read-only statement against the copy, run in a process of its own."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import IruError, UsageError
from ..folding import nearest
from .sandbox.guard import SIGNS
from .sandbox.processes import Processes, too_long
from .schema import view_columns
from .tables import LIVE_ONLY
from .views import VIEWS

MAX_SQL = 8_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement gave: `facts` are the rows of the caller's own statements, of the same state of the copy."""

    tables: list[str]
    columns: list[str]
    rows: list[list[Any]]
    more: bool
    facts: dict[str, list[list[Any]]]


async def ask(  # noqa: PLR0913 - the parts of a question
    processes: Processes,
    path: Path,
    sql: str,
    values: Mapping[str, Any] | None = None,
    *,
    facts: Mapping[str, str] | None = None,
    rows: int,
    cell: int = 0,
    seconds: float,
    caller: str | None = None,
) -> Answer:
    """The first `rows` rows of a statement of `caller` with its `values`, text cut at `cell` characters (0: not cut).

    Raises UsageError, TookTooLong or RateLimited saying what to change.
    """
    bounds = {"rows": rows, "cell": cell, "seconds": seconds}
    question = {"sql": sql, "values": dict(values or {}), "facts": dict(facts or {}), "only_reads": False} | bounds
    return Answer(**await _asked(processes, path, question, caller))


async def tables_read(processes: Processes, path: Path, sql: str, caller: str | None = None) -> list[str]:
    """The tables that a statement reads, without running it. Raises UsageError for one that cannot be run."""
    question = {"sql": sql, "values": {}, "only_reads": True, "seconds": _COMPILING}
    return list((await _asked(processes, path, question, caller))["tables"])


_COMPILING = 5.0
"""Seconds that compiling a statement may take."""


async def _asked(processes: Processes, path: Path, question: dict[str, Any], caller: str | None) -> dict[str, Any]:
    if len(question["sql"]) > MAX_SQL:
        raise UsageError("The statement is too long.", f"At most {MAX_SQL} characters.")
    found = await processes.ask(question | {"path": str(path)}, caller)
    if "error" in found:
        raise _explained(found["error"], question["sql"], late=found["late"])
    return found


def _explained(text: str, sql: str, *, late: bool) -> IruError:
    if late or "interrupted" in text:
        return too_long()
    if "out of memory" in text or "MemoryError" in text or SIGNS["much"] in text:
        return UsageError("The statement needs too much memory.", "Narrow it with WHERE, or count instead of listing.")
    if any(word in text for word in ("not authorized", "prohibited", "authorization denied", SIGNS["refused"])):
        return UsageError("That statement is not allowed.", "Only one SELECT over the tables of inventory_schema is.")
    if "misuse of aggregate" in text:
        return UsageError(
            f"SQLite says: {text[:200]}.",
            "A name given to count() or max() is used where rows are not counted yet (WHERE, ON, GROUP BY, or within "
            "another count), or a text stands in double quotes, which make it a name: put texts in single quotes, give "
            "the count another name, or put the counting in a subquery.",
        )
    if "one statement" in text:
        return UsageError("That is more than one statement.", "Send one SELECT at a time.")
    return UsageError(f"SQLite says: {text[:200]}.", _hint(text, sql))


def _hint(text: str, sql: str) -> str:
    """What to write instead of an unknown name: the nearest tables; for a column the nearest columns, and those of the
    statement's tables."""
    if table := re.search(r"no such table: (?:main\.)?(\S+)", text):
        if live := LIVE_ONLY.get(table[1].casefold()):
            return f"It is not copied: ask {live}, device by device."
        near = nearest(table[1], VIEWS, 3, 0.4)
        return f"Did you mean {', '.join(near)}?" if near else f"Tables: {', '.join(VIEWS)}."
    used = [word for word in dict.fromkeys(re.findall(r"\w+", sql.casefold())) if word in VIEWS][:3]
    said = [_columns_of(table) for table in used]
    if column := re.search(r"no such column: (\S+)", text):
        near = _alike(column[1].rpartition(".")[2], used)
        said = [f"Did you mean {', '.join(near)}?"] * bool(near) + said
    return " ".join(said) or _SCHEMA


def _alike(wanted: str, used: Collection[str]) -> list[str]:
    """Columns that have `wanted` as one of their words or are spelled alike, with the views that have them: those of
    the views `used` first."""
    views = sorted((view for view in VIEWS if not view.endswith("_history")), key=lambda view: view not in used)
    names = list(dict.fromkeys(name for view in views for name in view_columns()[view]))
    worded = [name for name in names if wanted.casefold() in name.split("_")]
    near = list(dict.fromkeys([*worded[:3], *nearest(wanted, names, 3, 0.7)]))[:3]
    return [f"{name} (in {', '.join([view for view in views if name in view_columns()[view]][:4])})" for name in near]


_SCHEMA = "See inventory_schema for the tables and their columns."
_MOST_COLUMNS = 24


def _columns_of(table: str) -> str:
    """The columns of a table as a sentence."""
    names = view_columns()[table]
    return f"{table} has {', '.join(names[:_MOST_COLUMNS])}{' and more' if len(names) > _MOST_COLUMNS else ''}."
