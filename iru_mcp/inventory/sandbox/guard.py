"""What one statement may do to the copy: read its views, call harmless functions, and stay within bounds.

SQLite's authorizer cannot tell a view from a common table expression of the same name: of `WITH devices AS (SELECT *
FROM _meta)` it says that `devices` reads `_meta`, as it would for the view. So a statement is first compiled, never
run, in an empty database that has each view as a plain table and nothing else. There a hidden table does not exist, and
each read that the authorizer sees is one of a table with a name of its own. The authorizer is not told of tables that
only USING or NATURAL JOIN touch, so the compiled program is looked at too: it names every table that it opens. Both
together tell which tables the statement reads. Only what compiles there is run on the copy.
"""

import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from .functions import canonical_times, register

FUNCTIONS = frozenset(
    "abs avg ceil ceiling char coalesce concat concat_ws count cume_dist current_date current_time current_timestamp "
    "date datetime dense_rank exp first_value floor glob group_concat hex ifnull iif if instr json json_array "
    "json_array_length json_each json_extract json_group_array json_group_object json_object json_patch json_quote "
    "json_remove json_tree json_type json_valid julianday lag last_value lead length like likelihood likely ln log "
    "lower ltrim max median min mod nth_value ntile nullif octet_length percent_rank power quote rank replace round "
    "row_number rtrim sign sqrt strftime string_agg substr substring sum time timediff total trim trunc typeof unicode "
    "unixepoch unlikely upper version_key -> ->>".split()
)
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 200_000,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 200,  # with LENGTH: no row is larger than 40 MB
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 100,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 100,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 100,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 200,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 20,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
HEAP = 80 * 1024 * 1024
"""Bytes that SQLite may hold in a process of its own; with the row that is fetched a statement stays below 128 MB."""
_ROWS = 8 * 1024 * 1024
"""Bytes of all cells that are fetched, as Python holds them, and not counting the row that is being fetched."""
_CACHE = 16_000
"""KiB of the file's pages that a statement keeps in memory, within HEAP."""
_STEPS = 20_000
"""How many steps of SQLite's virtual machine are between two looks at the clock."""
_BEGINS = re.compile(r"(?:\s|;|--[^\n]*(?:\n|$)|/\*.*?\*/)*(select|with|values)\b", re.IGNORECASE | re.DOTALL)
"""How a statement that only reads begins: EXPLAIN would tell of the tables behind the views."""
_MODULES = ("json_each", "json_tree")
_HIDDEN = ("sqlite_", "pragma_", "dbstat", "bytecode", "tables_used", "fts")
_VIRTUAL = re.compile("|".join(_HIDDEN), re.IGNORECASE)
"""Names of SQLite's virtual tables: a program that opens one does not say which."""

SIGNS = {"refused": "statement is refused", "much": "result is too large"}
"""Texts by which an error of this module is known."""


class Selected(NamedTuple):
    """The views that a statement read, its rows, and whether there were more than were wanted."""

    tables: set[str]
    columns: list[str]
    rows: list[list[Any]]
    more: bool


class Guard:
    """A read-only connection to the copy at `path`, for statements that models and people wrote."""

    def __init__(self, path: Path) -> None:
        self._deadline = 0.0
        self._version: list[int] = []
        self.db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=5)
        self.db.execute("PRAGMA query_only = 1")
        self.db.execute(f"PRAGMA cache_size = -{_CACHE}")
        self.db.execute("PRAGMA temp_store = MEMORY")  # what is sorted is bounded as memory, and never in a file
        _bound(self.db)

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Within the block, all reads are of one state of the copy, and stop `seconds` from now."""
        self._deadline = time.monotonic() + seconds
        self.db.execute("BEGIN")
        version = [self.db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("schema_version", "user_version")]
        if version != self._version:  # making one takes longer than most statements
            self._version, self._shadow = version, _Shadow(_views(self.db))
        self.db.set_progress_handler(lambda: self.late, _STEPS)
        try:
            yield
        finally:
            self.db.set_progress_handler(None, 0)
            self.db.set_authorizer(None)
            self.db.text_factory = str
            if self.db.in_transaction:  # SQLite has ended it itself when memory or its temporary file was full
                self.db.execute("ROLLBACK")

    def close(self) -> None:
        """Close the connection."""
        self.db.close()

    @property
    def late(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() > self._deadline

    def reads(self, sql: str, values: Mapping[str, Any]) -> set[str]:
        """The views that a statement reads; it is not run. Raises sqlite3.Error for one that may not or cannot be."""
        return self._shadow.reads(sql, values, lambda: self.late)

    def run(self, sql: str, values: Mapping[str, Any], most: int, cell: int = 0) -> Selected:
        """The first `most` rows of a statement that may be run, text cut at `cell` characters (0: not cut).

        Raises sqlite3.Error, MemoryError when they are too large.
        """
        tables = self.reads(sql, values)
        self.db.set_authorizer(_runs)
        if cell:
            self.db.text_factory = lambda raw: raw[: 4 * cell].decode("utf-8", "replace")[:cell]
        cursor = self.db.execute(canonical_times(sql), values)
        rows: list[list[Any]] = []
        room = _ROWS
        for row in islice(cursor, most):
            rows.append(list(map(_shown, row)))
            room -= sum(56 + (4 * len(cell) if isinstance(cell, str) else 0) for cell in rows[-1])  # about as in Python
            if room < 0:
                raise MemoryError(SIGNS["much"])
        return Selected(tables, _names(cursor), rows, more=cursor.fetchone() is not None)


class _Shadow:
    """An empty database with the views of a copy as plain tables, in which statements are compiled."""

    def __init__(self, views: Mapping[str, list[str]]) -> None:
        self._views = views
        self._read: set[str] = set()
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        for name, columns in views.items():
            listed = ", ".join(f'"{column}"' for column in columns)
            self._db.execute(f'CREATE TABLE "{name}"({listed})')
        self._roots = {(0, page): name for page, name in self._db.execute("SELECT rootpage, name FROM sqlite_schema")}
        _bound(self._db)
        self._db.set_authorizer(self._compiles)

    def reads(self, sql: str, values: Mapping[str, Any], late: Callable[[], bool]) -> set[str]:
        """The views that a statement reads. Raises sqlite3.Error for one that may not or cannot be run."""
        if not _BEGINS.match(sql):
            raise sqlite3.DatabaseError(SIGNS["refused"])
        self._read.clear()
        self._db.set_progress_handler(late, _STEPS)
        program = self._db.execute(f"EXPLAIN {canonical_times(sql)}", values).fetchall()
        opened = {(row[4], row[3]) for row in program if row[1] == "OpenRead"}
        virtual = any(row[1] == "VOpen" for row in program) and _VIRTUAL.search(sql)
        if virtual or not opened <= self._roots.keys():
            raise sqlite3.DatabaseError(SIGNS["refused"])
        return (self._read | {self._roots[place] for place in opened}) & self._views.keys()

    def _compiles(self, action: int, first: str | None, second: str | None, _: str | None, within: str | None) -> int:
        """The authorizer: `first` is a real table, or an expression's name if no column of it is read."""
        if action == sqlite3.SQLITE_READ:
            name = (first or "").casefold()
            self._read.add(name)
            # Another name is one of the statement's own, WITH or an alias: nothing but views can be read here.
            own = not name.startswith(("_", *_HIDDEN) if second else _HIDDEN)
            known = name in self._views or name in _MODULES or own
            return sqlite3.SQLITE_OK if known and second != "ROWID" else sqlite3.SQLITE_DENY  # a view has no ROWID
        return _harmless(action, second)


def _views(db: sqlite3.Connection) -> dict[str, list[str]]:
    names = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'view'")]
    return {name: _names(db.execute(f'SELECT * FROM "{name}" LIMIT 0')) for name in names if name[0] != "_"}


def _bound(db: sqlite3.Connection) -> None:
    register(db)
    for table in _MODULES:  # made when first asked for, which the authorizer would forbid
        db.execute(f"SELECT 1 FROM {table}('[]')")
    for limit, most in _LIMITS.items():
        db.setlimit(limit, most)


def _harmless(action: int, second: str | None) -> int:
    if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE):
        return sqlite3.SQLITE_OK
    allowed = action == sqlite3.SQLITE_FUNCTION and (second or "").casefold() in FUNCTIONS
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _runs(action: int, first: str | None, second: str | None, _: str | None, within: str | None) -> int:
    """The authorizer of a running statement, a second check: here the tables behind the views are seen too."""
    if action == sqlite3.SQLITE_READ:
        hidden = (first or "").casefold().startswith(_HIDDEN)
        behind = (first or "").startswith("_") and not within and second
        return sqlite3.SQLITE_DENY if hidden or behind else sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and within:
        return sqlite3.SQLITE_OK  # of a view; the statement's own were seen where it was compiled
    return _harmless(action, second)


def _names(cursor: sqlite3.Cursor) -> list[str]:
    return [column[0] for column in cursor.description or ()]


def _shown(cell: Any) -> Any:
    """Bytes as their length, what JSON has no number for as text; the rest as it is."""
    if isinstance(cell, bytes):
        return f"[{len(cell)} bytes]"
    return str(cell) if isinstance(cell, float) and abs(cell) == float("inf") else cell
