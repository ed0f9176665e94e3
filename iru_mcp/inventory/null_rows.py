"""Rows of which a column says nothing: those that a comparison leaves out, and those that could not be read.

In SQL `last_check_in < '2026-11-01'` is neither true nor false of a device that never checked in, and so are `<>` and
`NOT IN`: the row is missing from the answer, and from the answer to the opposite question. So each column that a
statement compares by order or by a negative is looked at in the same state of the copy, and the rows where it is NULL
are counted in a note. Comparisons by `=`, IN and LIKE ask for what a column holds, and nothing is said of them; nor of
a column that the statement asks for NULL or gives a value instead.

A value that does not fit its column is NULL too, and stands in `more` as it was sent: `last_check_in IS NULL` then
counts a device that did check in. So of each column that a statement names, such rows are counted in another note.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from .schema import kinds_read, view_columns

_MOST = 6
"""How many columns of a statement are looked at."""
_LOOKED_AT = 50_000
"""Rows of a table that are looked at for NULL: that many cost a few milliseconds."""
_AS_SENT = "_as_sent"
_FROM = {"last_check_in": {"last_check_in", "days_silent", "never_checked_in"}}
"""The columns that are made from a column, beside those of its own name."""
_TEXT = re.compile(r"'(?:[^']|'')*'")
_ORDER = r"(?:(?<![-<>])(?:<>|[<>]=?)(?![<>])|!=|\bNOT\s+(?:IN|LIKE|BETWEEN)\b|\bBETWEEN\b)"
_BEFORE = re.compile(rf"\b(\w+)[\"\]]?\s*\)?\s*{_ORDER}", re.IGNORECASE)
_BEHIND = re.compile(rf"{_ORDER}\s*(?:\w+\s*\(\s*)?(?:\w+\.)?[\"\[]?(\w+)", re.IGNORECASE)
_MEANT = (
    re.compile(r"\b(\w+)[\"\]]?\s+(?:IS|ISNULL|NOTNULL|NOT\s+NULL)\b", re.IGNORECASE),
    re.compile(r"\b(?:coalesce|ifnull)\s*\(\s*(?:\w+\.)?[\"\[]?(\w+)", re.IGNORECASE),
)


def lookups(sql: str, views: Collection[str]) -> dict[str, str]:
    """Statements to run beside `sql`, by what they look at: how many rows of the tables it reads are NULL there, and of
    how many a column that it names could not be read."""
    empty = {
        f"null {view}.{column}": f'SELECT count(*), sum("{column}" IS NULL) FROM '
        f'(SELECT "{column}" FROM "{view}" LIMIT {_LOOKED_AT})'
        for column in _compared(sql)
        for view in sorted(views)
        if column in view_columns()[view]
    }
    unread = {
        f"unread {kind}": f"SELECT substr(cell.key, 1, length(cell.key) - {len(_AS_SENT)}), count(*) FROM "
        f"(SELECT _id, more FROM _{kind}_value WHERE more LIKE '%{_AS_SENT}\"%') content CROSS JOIN _{kind}_open span "
        f"ON span.value = content._id, json_each(content.more) cell WHERE cell.key LIKE '%{_AS_SENT}' GROUP BY 1"
        for kind in sorted({kind for view in views for kind in kinds_read()[view]})
    }
    return empty | unread


def notes(sql: str, found: Mapping[str, Sequence[Sequence[Any]]]) -> list[str]:
    """What is to be said of `sql`, from the rows of its lookups."""
    named = {word.casefold() for word in re.findall(r"\w+", _TEXT.sub("''", sql))}
    told = [
        f"{name[7:]}.{column} could not be read in {count} rows, and is NULL there; more has it as it was sent"
        for name, rows in found.items()
        if name.startswith("unread ")
        for column, count in rows
        if _FROM.get(column, {column}) & named
    ]
    for name, rows in found.items():
        if name.startswith("null ") and rows[0][1]:
            looked_at, empty = rows[0]
            least = "at least " if looked_at == _LOOKED_AT else ""
            told.append(f"{name[5:]} is NULL in {least}{empty} of {looked_at} rows: a comparison leaves them out")
    return told


def _compared(sql: str) -> list[str]:
    """The columns that a statement compares by order or by a negative, each once; other words may be among them."""
    plain = _TEXT.sub("''", sql)
    meant = {word.casefold() for pattern in _MEANT for word in pattern.findall(plain)}
    words = [word.casefold() for pattern in (_BEFORE, _BEHIND) for word in pattern.findall(plain)]
    return [word for word in dict.fromkeys(words) if word not in meant][:_MOST]
