"""One read-only statement against the copy, within bounds on time, memory and size that SQLite itself enforces."""

from __future__ import annotations

import difflib
import re
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import TookTooLong, UsageError
from .schema import VIEWS, view_columns
from .store import reader

_FUNCTIONS = frozenset(
    "abs avg ceil ceiling char coalesce concat concat_ws count cume_dist date datetime dense_rank exp first_value "
    "floor glob group_concat hex ifnull iif instr json json_array json_array_length json_each json_extract "
    "json_group_array json_group_object json_object json_patch json_quote json_remove json_tree json_type json_valid "
    "julianday lag last_value lead length like ln log lower ltrim max min mod nth_value ntile nullif octet_length "
    "percent_rank power quote rank replace round row_number rtrim sign sqrt strftime string_agg substr substring "
    "sum time timediff total trim trunc typeof unicode unixepoch upper likelihood likely unlikely -> ->>".split()
)
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 200_000,  # instr and replace look at the clock only when they are done
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 300,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 100,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 100,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 200,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 20,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_MEMORY = 128 * 1024 * 1024
"""Bytes that SQLite may hold in this process; a statement that wants more ends with an error."""
MAX_SQL = 8_000
_STEPS = 2_000
"""Of SQLite's own steps, how many between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class Result:
    """The rows of a statement, and whether there were more than it was allowed to give."""

    columns: list[str]
    rows: list[list[Any]]
    more: bool


@contextmanager
def guarded(path: Path, seconds: float) -> Iterator[sqlite3.Connection]:
    """A connection on which only reading the copy's views is possible, for `seconds` from now.

    What SQLite refuses or stops in the block is raised as UsageError or TookTooLong.
    """
    with reader(path) as db:
        db.execute("PRAGMA temp_store = MEMORY")  # a statement that sorts much runs into _MEMORY, not over the disk
        db.execute(f"PRAGMA hard_heap_limit = {_MEMORY}")
        for table in ("json_each", "json_tree"):  # made when first asked for, which the guard would forbid
            db.execute(f"SELECT 1 FROM {table}('[]')")
        for limit, most in _LIMITS.items():
            db.setlimit(limit, most)
        deadline = time.monotonic() + seconds
        db.set_authorizer(_allowed)
        db.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
        try:
            yield db
        except (sqlite3.Error, sqlite3.Warning, MemoryError) as error:
            raise _explained(error, deadline) from None


def select(path: Path, sql: str, values: Mapping[str, Any] | None = None, *, most: int, seconds: float) -> Result:
    """The first `most` rows of one statement. Raises UsageError or TookTooLong saying what to change."""
    if len(sql) > MAX_SQL:
        raise UsageError("The statement is too long.", f"At most {MAX_SQL} characters.")
    with guarded(path, seconds) as db:
        return run(db, sql, values, most=most)


def run(db: sqlite3.Connection, sql: str, values: Mapping[str, Any] | None = None, *, most: int) -> Result:
    """`select` on a connection that is guarded already."""
    cursor = db.execute(sql, dict(values or {}))
    if cursor.description is None:
        raise UsageError("That is not a SELECT.", "Write one SELECT over the tables of inventory_schema.")
    rows = [[_shown(cell) for cell in row] for row in cursor.fetchmany(most + 1)]
    return Result([column[0] for column in cursor.description], rows[:most], len(rows) > most)


def _shown(cell: Any) -> Any:
    """Bytes as their length; the rest as it is."""
    return f"[{len(cell)} bytes]" if isinstance(cell, bytes) else cell


def _allowed(action: int, first: str | None, second: str | None, _base: str | None, within: str | None) -> int:
    """Whether SQLite may do that: read views, call harmless functions, recurse; nothing else."""
    if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE):
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION:
        return sqlite3.SQLITE_OK if (second or "").casefold() in _FUNCTIONS else sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_READ:
        return sqlite3.SQLITE_OK if _readable(first or "", second or "", within) else sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_DENY


def _readable(table: str, column: str, within: str | None) -> bool:
    """Views and json_each; a table behind a view through that view only, or where no column of it is read at all."""
    if table.startswith("_"):
        return within in VIEWS or not column
    return not table.startswith(("sqlite_", "pragma_", "dbstat"))


def _explained(error: Exception, deadline: float) -> UsageError | TookTooLong:
    text = str(error)
    if isinstance(error, MemoryError) or "out of memory" in text:
        return UsageError("The statement needs too much memory.", "Narrow it with WHERE, or count instead of listing.")
    if "interrupted" in text or time.monotonic() > deadline:
        return TookTooLong("The statement took too long.", "Narrow it with WHERE, or aggregate fewer rows.")
    if any(word in text for word in ("not authorized", "prohibited", "authorization denied", "cannot modify")):
        return UsageError("That statement is not allowed.", "Only one SELECT over the tables of inventory_schema is.")
    if "one statement" in text:
        return UsageError("That is more than one statement.", "Send one SELECT at a time.")
    return UsageError(f"SQLite says: {text[:200]}.", _hint(text))


def _hint(text: str) -> str:
    """The nearest name there is to one that there is not."""
    table = re.search(r"no such table: (?:main\.)?(\S+)", text)
    if table:
        near = difflib.get_close_matches(table[1].casefold(), VIEWS, 3, 0.4)
        return f"Did you mean {', '.join(near)}?" if near else f"Tables: {', '.join(VIEWS)}."
    column = re.search(r"no such column: (\S+)", text)
    if column:
        wanted = column[1].rpartition(".")[2].casefold()
        names = sorted({name for held in view_columns().values() for name in held})
        near = difflib.get_close_matches(wanted, names, 3, 0.5)
        held = [f"{name} (in {', '.join(_holders(name)[:4])})" for name in near]
        return f"Did you mean {', '.join(held)}?" if near else "See inventory_schema for the columns of each table."
    return "See inventory_schema for the tables and their columns."


def _holders(column: str) -> list[str]:
    return [table for table, held in view_columns().items() if column in held and not table.endswith("_history")]
