"""SQL functions beside SQLite's own: versions that compare, and times written as the copy writes them."""

import re
import sqlite3
from typing import Any

from ...versions import Release, read_version

_WIDTHS = "abcdefghijkl"
"""A number is written after a letter for its count of digits, so that the order of text is that of the numbers."""


def version_key(text: Any) -> str | None:
    """Text that sorts as the version does: below, equal and above compare right. None for what is no version, and for
    a release of Windows like 24H2: it is not above 10.0 or 15, and compares with other releases as the text it is."""
    version = read_version(str(text) if isinstance(text, (int, float)) else text)
    if version is None or isinstance(version, Release):
        return None
    return ".".join(_WIDTHS[len(str(part)) - 1] + str(part) for part in version)


def register(db: sqlite3.Connection) -> None:
    """Give `db` these functions.

    SQLite's datetime() and CURRENT_TIMESTAMP write `2026-11-22 09:30:00`; the copy's times are `2026-11-22T09:30:00Z`,
    and a blank sorts before a T, so comparing the two as text is silently wrong within a day. Here both write the
    copy's form. They are called deterministic, as SQLite calls its own: one statement has one present moment.
    """
    own = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)

    def datetime(*arguments: Any) -> Any:
        if not arguments:
            arguments = ("now",)
        marks = ", ".join("?" * len(arguments))
        return own.execute(f"SELECT strftime('%Y-%m-%dT%H:%M:%SZ', {marks})", arguments).fetchone()[0]

    db.create_function("version_key", 1, version_key, deterministic=True)
    db.create_function("datetime", -1, datetime, deterministic=True)
    db.create_function("current_timestamp", 0, datetime, deterministic=True)


_TIME = re.compile(r"'(\d{4}-\d\d-\d\d) (\d\d:\d\d)(:\d\d)?'")
_FORMAT = re.compile(r"'(?:%Y-%m-%d|%F) (?:%H:%M:%S|%T)'")


def canonical_times(sql: str) -> str:
    """`sql` with literals like '2026-11-22 09:30', and that format for strftime(), in the form of the copy's times."""
    sql = _TIME.sub(lambda found: f"'{found[1]}T{found[2]}{found[3] or ':00'}Z'", sql)
    return _FORMAT.sub("'%Y-%m-%dT%H:%M:%SZ'", sql)
