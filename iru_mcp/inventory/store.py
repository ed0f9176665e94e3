"""The file of the copy: opened for one writer or many readers, readable by its user alone.

The writer holds a lock of the operating system, so that the lock of a killed sync is free.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from ..api.record import read_moment, write_moment
from ..errors import ConfigError, IruError, UsageError
from .schema import is_current, migrate, version

_INCREMENTAL = 2
"""SQLite's auto_vacuum mode in which emptied pages can be given back to the file system."""


class Locked(UsageError):
    """Another sync is at work on the same file."""


class Unwritable(IruError):
    """The file is damaged, or the disk is full or fails."""


_DISK_ERRORS = {
    sqlite3.SQLITE_CORRUPT: "it is damaged",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk reports an error",
    sqlite3.SQLITE_READONLY: "it may not be written",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
}


@contextmanager
def disk_errors() -> Iterator[None]:
    """Raises Unwritable where SQLite raises an error of the disk."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        why = _DISK_ERRORS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)  # the upper bits say which kind of it
        if not why:
            raise
        raise Unwritable(
            f"The inventory file cannot be written: {why}.",
            "Free space or mend its folder, then sync again. A damaged file must be deleted or restored first.",
        ) from None


def _make(path: Path) -> None:
    """Create the file, readable by its owner alone, if it is not there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise ConfigError(
            f"The inventory file {path} cannot be made ({error.strerror}).", "Name another in IRU_INVENTORY."
        ) from None


def _foreign(path: Path) -> ConfigError:
    return ConfigError(f"{path} is not an inventory file.", "Name another in IRU_INVENTORY.")


def _refuse_foreign(path: Path) -> None:
    """Raises ConfigError, with nothing touched, when something else than an inventory lies at `path`.

    Where our lock lies beside it, another process may be writing: who gets the lock looks then (_prepare).
    """
    if not path.exists() or (path.is_file() and not path.stat().st_size) or _lock_path(path).exists():
        return
    with suppress(sqlite3.DatabaseError):
        if path.is_file():
            with closing(_connect(path, flags="mode=ro&immutable=1")) as db:
                if _is_ours(db):
                    return
    raise _foreign(path)


def _lock_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def _is_ours(db: sqlite3.Connection) -> bool:
    """Whether the database is an inventory, or holds nothing yet."""
    names = {row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    return not names or {"_meta", "_sync", "_coverage"} <= names


def _connect(path: Path, *, flags: str = "mode=rw") -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{flags}", uri=True, timeout=30, isolation_level=None, check_same_thread=False
    )


@contextmanager
def writer(path: Path) -> Iterator[sqlite3.Connection]:
    """The only connection that may write, migrated to this version; made for use by one thread at a time.

    Raises Locked at once when another writer has the file, ConfigError when it is no inventory.
    """
    _refuse_foreign(path)
    _make(path)
    lock_path = _lock_path(path)
    _make(lock_path)
    with disk_errors(), closing(_connect(lock_path)) as lock:
        lock.execute("PRAGMA busy_timeout = 0")
        try:
            lock.execute("BEGIN EXCLUSIVE")  # a lock of the operating system's: a killed process lets go of it
        except sqlite3.OperationalError:
            raise Locked(f"Another sync is at work on {path}.", "Let it finish; then try again.") from None
        with closing(_connect(path)) as db:
            _prepare(db, path)
            with suppress(OSError):  # an older file, or one that was copied here, may be readable by others
                path.chmod(0o600)
            yield db


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    try:
        if not _is_ours(db):  # what is in a write-ahead log only shows now
            raise _foreign(path)
        shrinks = db.execute("PRAGMA auto_vacuum").fetchone()[0] == _INCREMENTAL
        if not shrinks:
            db.execute(f"PRAGMA auto_vacuum = {_INCREMENTAL}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA cache_size = -32000")
        db.execute("PRAGMA temp_store = FILE")
        before = version(db)
        migrate(db)
        if before and (not shrinks or before != version(db)):
            db.execute("VACUUM")  # only now the file can give pages back, and those that a step emptied
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        raise _foreign(path) from None


@contextmanager
def reader(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write. Raises UsageError when there is no copy yet, ConfigError when it is no copy."""
    if not path.is_file():
        raise UsageError("There is no inventory yet.", "Run: iru-mcp sync")
    with closing(_connect(path, flags="mode=ro")) as db:
        try:
            current = is_current(db)
        except sqlite3.DatabaseError:
            raise _foreign(path) from None
        if not current:
            raise UsageError("The inventory file is of another version of iru-mcp.", "Run: iru-mcp sync")
        db.execute("PRAGMA query_only = 1")
        yield db


def records(
    db: sqlite3.Connection, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()
) -> Iterator[dict[str, Any]]:
    """The rows of a statement, each by the names of its columns."""
    cursor = db.execute(sql, values)
    names = [column[0] for column in cursor.description]
    return (dict(zip(names, row, strict=True)) for row in cursor)


def known(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row without its nulls."""
    return {name: cell for name, cell in row.items() if cell is not None}


def last_sync(db: sqlite3.Connection) -> tuple[int, datetime] | None:
    """The newest committed sync and when it finished."""
    row = db.execute("SELECT id, finished_at FROM _sync ORDER BY id DESC LIMIT 1").fetchone()
    return (row[0], read_moment(row[1])) if row else None


def last_whole_sync(db: sqlite3.Connection) -> datetime | None:
    """When the newest sync of all tables began; None when there is none."""
    row = db.execute("SELECT started_at FROM _sync WHERE mode <> 'partial' ORDER BY id DESC LIMIT 1").fetchone()
    return read_moment(row[0]) if row else None


def first_sync(path: Path) -> datetime | None:
    """When the first committed sync of the file began; None when there is none. Migrates the file, as a sync would."""
    if not path.is_file():
        return None
    with writer(path) as db:
        row = db.execute("SELECT started_at FROM _sync ORDER BY id LIMIT 1").fetchone()
    return read_moment(row[0]) if row else None


def age(db: sqlite3.Connection, now: datetime) -> dict[str, str]:
    """When the copy was made, and how long ago in words. Raises UsageError when no sync ever finished."""
    if (last := last_sync(db)) is None:
        raise UsageError("No sync has finished yet.", "Run: iru-mcp sync")
    return {"synced_at": utc(last[1]), "age": words((now - last[1]).total_seconds())}


def words(seconds: float) -> str:
    """A length of time in words: 40 s, 12 min, 5 h, 3 days."""
    for size, unit in ((86_400 * 2, "days"), (3_600 * 2, "h"), (60 * 2, "min")):
        if seconds >= size:
            return f"{seconds / (size / 2):.0f} {unit}"
    return f"{max(0, seconds):.0f} s"


utc = write_moment
"""A moment as the file writes it."""


def meta(db: sqlite3.Connection, name: str) -> str | None:
    """A fact about the file, from its table _meta."""
    row = db.execute("SELECT value FROM _meta WHERE name = ?", (name,)).fetchone()
    return row[0] if row else None


def account_name(db: sqlite3.Connection) -> str:
    """What people call the account: IRU_ACCOUNT_NAME as it was at a sync, else the API's host."""
    return meta(db, "account_name") or meta(db, "account") or ""


def set_meta(db: sqlite3.Connection, name: str, value: str | None) -> None:
    """Write a fact about the file; None deletes it."""
    if value is None:
        db.execute("DELETE FROM _meta WHERE name = ?", (name,))
    else:
        db.execute("INSERT OR REPLACE INTO _meta(name, value) VALUES (?, ?)", (name, value))
