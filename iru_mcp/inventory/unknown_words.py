"""Words that a statement compares a column with and that no row has.

`type = 'administrator'` answers none where the column says Administrator, and nothing in the answer tells that from a
fleet without administrators. So each text that a statement compares with a column by =, <>, IS or IN is looked for in
that column, in the same state of the copy. A text that no row has is told with the values that there are, when these
are few: a column of many, like a name, may well lack one. Nothing is said of a text that another table read by the
statement has in a column of that name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from .schema import view_columns
from .sql_text import without_texts

_FEW = 12
"""A column with more values than this is one of many."""
_MOST = 8
"""How many comparisons of a statement are looked at."""
_COMPARED = re.compile(
    r"""\b(\w+)["\]]?\s*(?:=|<>|!=|\bIS(?:\s+NOT)?\b|\b(?:NOT\s+)?IN\s*\()\s*((?:'\d+'(?:\s*,\s*)?)+)""", re.IGNORECASE
)


def lookups(sql: str, views: Collection[str]) -> dict[str, str]:
    """Statements to run beside `sql`, by what they look at: the values of each column that it compares with a text.

    They end at the first values of a column of many; of one of few, the whole table is read.
    """
    return {
        f"{view}.{column}": f'SELECT DISTINCT "{column}" FROM "{view}" WHERE "{column}" IS NOT NULL LIMIT {_FEW + 1}'
        for column, _ in _compared(sql)
        for view in views
        if column in view_columns()[view]
    }


def notes(sql: str, views: Collection[str], found: Mapping[str, Sequence[Sequence[Any]]]) -> list[str]:
    """What is to be said of `sql`, from the rows of its lookups."""
    told = []
    for column, text in _compared(sql):
        keys = [f"{view}.{column}" for view in sorted(views) if f"{view}.{column}" in found]
        values = {key: [row[0] for row in found[key]] for key in keys}
        if values and all(0 < len(held) <= _FEW and text not in held for held in values.values()):
            has = "; ".join(f"{key} has {', '.join(str(one)[:40] for one in held)}" for key, held in values.items())
            told.append(f"no row has {column} '{text[:40]}': {has}")
    return told


def _compared(sql: str) -> list[tuple[str, str]]:
    """Columns and the texts that they are compared with, each pair once."""
    plain, texts = without_texts(sql)
    pairs = (
        (match[1].casefold(), texts[int(index)])
        for match in _COMPARED.finditer(plain)
        for index in re.findall(r"\d+", match[2])
    )
    return list(dict.fromkeys(pairs))[:_MOST]
