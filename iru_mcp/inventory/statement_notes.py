"""What the answer of a statement does not show: texts that no row has, and rows of which a column says nothing.

`type = 'administrator'` answers none where the column says Administrator, and nothing in the answer tells that from a
fleet without administrators. So each text that a statement compares with a column by =, <>, IS or IN is looked for in
that column. A text that no row has is told with the values that there are, when these are few: a column of many, like a
name, may well lack one. Nothing is said of a text that another table of the statement has in a column of that name.

`last_check_in < '2026-11-01'` is neither true nor false of a device that never checked in, and so are `<>` and
`NOT IN`: the row is missing from the answer, and from the answer to the opposite question. So each column that a
statement compares by order or by a negative is looked at, and the rows where it is NULL are counted in a note.
Comparisons by `=`, IN and LIKE ask for what a column holds, and nothing is said of them; nor of a column that the
statement asks for NULL or gives a value instead.

A value that does not fit its column is NULL too, and stands in `more` as it was sent: `last_check_in IS NULL` then
counts a device that did check in. So of each column that a statement names, such rows are counted in another note. And
where a table is of devices of several platforms, each asked for by itself, a column that no device of one of them has
says nothing of any: Windows devices without `is_encrypted` are not devices that are not encrypted.

All of this is looked up in the state of the copy that the statement itself reads.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from .kind import Kind
from .schema import kinds_read, view_columns
from .tables import BY_NAME

_COMPARISONS = 8
"""How many comparisons of a statement with a text are looked at."""
_FEW = 12
"""A column with more values than this is one of many."""
_COLUMNS = 6
"""How many columns of a statement are looked at."""
_LOOKED_AT = 50_000
"""Rows of a table that are looked at for NULL: that many cost a few milliseconds."""
_NAMED = 5
"""Devices that a note names."""
_CELLS = 1_000
"""Unreadable cells of a table that are looked at: where Iru changes a field, all rows have one."""
_SHOWN = 40
"""Characters of a value in a note."""
_AS_SENT = "_as_sent"
_MADE_FROM = {"last_check_in": {"last_check_in", "days_silent", "never_checked_in"}}
"""The columns that are made from a column, beside those of its own name."""
_TEXT = re.compile(r"'((?:[^']|'')*)'")
_WITH_TEXT = re.compile(
    r"""\b(\w+)["\]]?\s*(?:=|<>|!=|\bIS(?:\s+NOT)?\b|\b(?:NOT\s+)?IN\s*\()\s*((?:'\d+'(?:\s*,\s*)?)+)""", re.IGNORECASE
)
_ORDER = r"(?:(?<![-<>])(?:<>|[<>]=?)(?![<>])|!=|\bNOT\s+(?:IN|LIKE|BETWEEN)\b|\bBETWEEN\b)"
_BEFORE_ORDER = re.compile(rf"\b(\w+)[\"\]]?\s*\)?\s*{_ORDER}", re.IGNORECASE)
_BEHIND_ORDER = re.compile(rf"{_ORDER}\s*(?:\w+\s*\(\s*)?(?:\w+\.)?[\"\[]?(\w+)", re.IGNORECASE)
_NULL_IS_MEANT = (
    re.compile(r"\b(\w+)[\"\]]?\s+(?:IS|ISNULL|NOTNULL|NOT\s+NULL)\b", re.IGNORECASE),
    re.compile(r"\b(?:coalesce|ifnull)\s*\(\s*(?:\w+\.)?[\"\[]?(\w+)", re.IGNORECASE),
)


def lookups(sql: str, views: Collection[str]) -> dict[str, str]:
    """Statements to run beside `sql`, by what they look at in the views that it reads.

    `values`: those of a column that it compares with a text, to the end only where they are few. `null`: how many rows
    are NULL in a column. `unread`: which columns could not be read. `platforms`: how many devices have a column.
    """
    columns = view_columns()
    found = {
        f"values {view}.{column}": f'SELECT DISTINCT "{column}" FROM "{view}" WHERE "{column}" IS NOT NULL '
        f"LIMIT {_FEW + 1}"
        for column, _ in _with_texts(sql)
        for view in views
        if column in columns[view]
    }
    found |= {
        f"null {view}.{column}": f'SELECT count(*), sum("{column}" IS NULL) FROM '
        f'(SELECT "{column}" FROM "{view}" LIMIT {_LOOKED_AT})'
        for column in _by_order(sql)
        for view in sorted(views)
        if column in columns[view]
    }
    read = [BY_NAME[kind] for kind in sorted({kind for view in views for kind in kinds_read()[view]})]
    found |= {f"unread {kind.name}": _unread(kind) for kind in read}
    named = _words(sql)
    for kind in read:
        if not kind.listed and kind.name in views:
            found |= {
                f"platforms {kind.name}.{column}": f'SELECT platform, count(*), count({kind.name}."{column}") '
                f"FROM {kind.name} JOIN devices USING (device_id) GROUP BY 1"
                for column in [column for column in kind.columns if column in named][:_COLUMNS]
            }
    return found


def _unread(kind: Kind) -> str:
    """The columns of a table that could not be read in some rows: in how many, and where they are few, on which devices
    and what was sent."""
    device = f"(SELECT substr(serial_number, 1, {_SHOWN}) || ': ' FROM _device WHERE id = span.device)"
    whose = f"{device} || " if kind.device else ""
    cells = (
        f"SELECT substr(cell.key, 1, length(cell.key) - {len(_AS_SENT)}) AS name, "
        f"{whose}substr(cell.value, 1, {_SHOWN}) AS sent FROM "
        f"(SELECT _id, more FROM _{kind.name}_value WHERE more LIKE '%{_AS_SENT}\"%') content "
        f"CROSS JOIN _{kind.name}_open span ON span.value = content._id, json_each(content.more) cell "
        f"WHERE cell.key LIKE '%{_AS_SENT}' LIMIT {_CELLS}"
    )
    return f"SELECT name, count(*), iif(count(*) <= {_NAMED}, group_concat(sent, ', '), NULL) FROM ({cells}) GROUP BY 1"


def notes(sql: str, views: Collection[str], found: Mapping[str, Sequence[Sequence[Any]]]) -> list[str]:
    """The notes on `sql`, from the rows of its lookups."""
    told = []
    for column, text in _with_texts(sql):
        values = {
            f"{view}.{column}": [row[0] for row in found[f"values {view}.{column}"]]
            for view in sorted(views)
            if f"values {view}.{column}" in found
        }
        if values and all(0 < len(held) <= _FEW and text not in held for held in values.values()):
            has = "; ".join(f"{key} has {', '.join(str(one)[:_SHOWN] for one in held)}" for key, held in values.items())
            told.append(f"no row has {column} '{text[:_SHOWN]}': {has}")
    named = _words(sql)
    for name, rows in found.items():
        what, _, about = name.partition(" ")
        if what == "unread":
            least = "at least " * (sum(count for _, count, _ in rows) == _CELLS)
            told += [
                f"{about}.{column} could not be read in {least}{count} rows and is NULL there; "
                + (f"sent was: {sent}" if sent else "more has it as it was sent")
                for column, count, sent in rows
                if _MADE_FROM.get(column, {column}) & named
            ]
        elif what == "null" and rows[0][1]:
            looked_at, empty = rows[0]
            of = "at least " * (looked_at == _LOOKED_AT) + f"{empty} of {looked_at}"
            told.append(f"{about} is NULL in {of} rows: a comparison leaves them out")
        elif what == "platforms":
            told += [
                f"{about} is NULL on all {devices} {platform} devices: Iru did not send it"
                for platform, devices, held in rows
                if not held and any(other for *_, other in rows)
            ]
    return told


def _without_texts(sql: str) -> tuple[str, list[str]]:
    """The statement with its texts numbered, `'0'` for the first, and the texts: a word within a text is no column."""
    texts = [text.replace("''", "'") for text in _TEXT.findall(sql)]
    numbers = iter(range(len(texts)))
    return _TEXT.sub(lambda _: f"'{next(numbers)}'", sql), texts


def _words(sql: str) -> frozenset[str]:
    """The words of a statement beside its texts, in lower case."""
    return frozenset(re.findall(r"\w+", _without_texts(sql)[0].casefold()))


def _with_texts(sql: str) -> list[tuple[str, str]]:
    """Columns and the texts that they are compared with, each pair once."""
    plain, texts = _without_texts(sql)
    pairs = (
        (match[1].casefold(), texts[int(index)])
        for match in _WITH_TEXT.finditer(plain)
        for index in re.findall(r"\d+", match[2])
    )
    return list(dict.fromkeys(pairs))[:_COMPARISONS]


def _by_order(sql: str) -> list[str]:
    """The columns that a statement compares by order or by a negative, each once; other words may be among them."""
    plain, _ = _without_texts(sql)
    meant = {word.casefold() for pattern in _NULL_IS_MEANT for word in pattern.findall(plain)}
    compared = [word.casefold() for pattern in (_BEFORE_ORDER, _BEHIND_ORDER) for word in pattern.findall(plain)]
    return [word for word in dict.fromkeys(compared) if word not in meant][:_COLUMNS]
