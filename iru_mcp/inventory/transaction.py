"""A transaction of the inventory file: all of its statements, or none."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def transaction(db: sqlite3.Connection, lock: str = "IMMEDIATE") -> Iterator[None]:
    """BEGIN to COMMIT, or ROLLBACK when anything is raised, a cancellation too.

    `lock`: IMMEDIATE lets others read meanwhile, EXCLUSIVE does not.
    """
    db.execute(f"BEGIN {lock}")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # where the disk is full, SQLite has rolled back itself
            db.execute("ROLLBACK")
        raise
