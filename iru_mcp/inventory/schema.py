"""How the file gets its tables, and how a file of an older version becomes one of this version.

Files outlive releases, so what a release made must never be computed from what a later one declares. Step n is literal
SQL in steps/, written once and never edited after a release; it takes a file from version n - 1 to n. The views hold
nothing: they are made from today's declarations whenever their text differs from what the file has. What must stay
true: an empty file and a file of any released version end with the same tables, and every column that tables.py
declares is made by some step (tests/inventory/test_schema.py says which is not).
"""

import hashlib
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from functools import cache
from importlib import resources

from ..errors import ConfigError
from .digest import row_digest
from .tables import KINDS
from .transaction import transaction
from .views import VIEWS

OF_SYNCS = frozenset({"changes", "syncs", "coverage", "alerts"})
"""Views that tell of syncs: reading Iru for them would add nothing."""


@cache
def steps() -> tuple[str, ...]:
    """The SQL of each step, in their order."""
    found = {file.name: file for file in resources.files(__package__).joinpath("steps").iterdir()}
    return tuple(found[name].read_text("utf-8") for name in sorted(found) if name.endswith(".sql"))


def version(db: sqlite3.Connection) -> int:
    """The version of the file behind `db`; 0 for an empty one."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def is_current(db: sqlite3.Connection) -> bool:
    """Whether the file has this version's tables and views."""
    views = "SELECT value FROM _meta WHERE name = 'views'"
    return version(db) == len(steps()) and bool(db.execute(views).fetchone() == (_views_now(),))


def migrate(db: sqlite3.Connection) -> None:
    """Bring the file to this version, in one transaction. Raises ConfigError for a newer file."""
    if (found := version(db)) > len(steps()):
        raise ConfigError(
            f"The inventory file is of version {found}, newer than this iru-mcp knows.",
            "Update iru-mcp, or name another file in IRU_INVENTORY.",
        )
    if is_current(db):
        return
    db.create_function("row_digest", 1, row_digest, deterministic=True)
    with transaction(db, "EXCLUSIVE"):
        for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'view'").fetchall():
            db.execute(f'DROP VIEW "{name}"')
        for step in steps()[found:]:
            run_script(db, step)
        for name, (_, select) in VIEWS.items():
            db.execute(f'CREATE VIEW "{name}" AS {select}')
        db.execute("INSERT OR REPLACE INTO _meta(name, value) VALUES ('views', ?)", (_views_now(),))
        db.execute(f"PRAGMA user_version = {len(steps())}")


def run_script(db: sqlite3.Connection, script: str) -> None:
    """Run the statements of a step; `executescript` would commit the transaction first."""
    for statement in filter(str.strip, script.split(";\n")):
        db.execute(statement)


@cache
def _views_now() -> str:
    return hashlib.sha256(repr(VIEWS).encode()).hexdigest()[:16]


@cache
def view_columns() -> dict[str, list[str]]:
    """The views, each with its columns."""
    return {name: columns for name, (columns, _) in _views_read().items()}


@cache
def kinds_read() -> dict[str, frozenset[str]]:
    """The kinds that each view reads. SQLite is asked for them, so that there is no list to keep right."""
    longest_first = sorted((kind.name for kind in KINDS), key=len, reverse=True)

    def kind_of(table: str) -> str:
        return next((kind for kind in longest_first if f"{table}_".startswith(f"_{kind}_")), "")

    return {name: frozenset(filter(None, map(kind_of, tables))) for name, (_, tables) in _views_read().items()}


def kinds_of(views: Iterable[str]) -> frozenset[str]:
    """The kinds that any of `views` reads and a fill brings up to date."""
    return frozenset().union(*(kinds_read()[view] for view in views if view not in OF_SYNCS))


@cache
def _views_read() -> dict[str, tuple[list[str], set[str]]]:
    """The views, each with its columns and the tables that it reads."""
    read: set[str] = set()

    def seen(_: int, table: str | None, *__: object) -> int:
        read.add(table or "")
        return sqlite3.SQLITE_OK

    found = {}
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        migrate(db)
        db.set_authorizer(seen)
        for name in VIEWS:
            read.clear()
            columns = [row[0] for row in db.execute(f'SELECT * FROM "{name}" LIMIT 0').description]
            found[name] = columns, set(read)
    return found
