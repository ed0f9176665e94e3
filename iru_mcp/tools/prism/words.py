"""What rows have in the columns of a filter that no row passed.

A filter finds nothing also where its word is not the one that devices report: "Superuser" for "Admin". So an answer
without rows tells, for each column that was compared with a word, the values that rows have there: all of them where
they are few, else how many there are and which are most like the word. To know them, a few pages of rows are read that
pass the rest of the filter, and where these are not all, a page of rows that share a part of the word. What must stay
true: a value that is told is in a row, the note says in how many rows was looked, and whether these are all, and in
privacy mode nothing depends on how like a value is to the word, or a name could be guessed by trying.
"""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from ...api.call import Call, Interrupted
from ...api.endpoint import Endpoint
from ...api.endpoints.prism import PrismRow
from ...api.record import is_blank
from ...errors import IruError
from ...folding import nearest, plain_part
from ..kit import Context, Page
from .categories import in_our_words
from .filter import Filter, asked, letter_cases, matcher

WORDS = frozenset({"eq", "in", "like"})
"""Operators that compare a column with words."""
_PAGES = 3
_FEW = 12
_NEAREST = 4
_LIKENESS = 0.5
_ROOM = 40
"""Characters of one value."""
_LEAST_PART = 3

Query = dict[str, str | int]


async def say_values(
    ctx: Context,
    page: Page[Any],
    endpoint: Endpoint[PrismRow],
    scope: Query,
    words: Filter,
    rest: Filter,
    *,
    at_hand: bool,
) -> None:
    """Tells on an empty page what rows have in the columns of `words`, of rows that pass `rest`.

    `scope` is what else Iru is asked. A few pages are read, or all where they are `at_hand`; and one more for each
    column where they are not all.
    """
    found, missing, is_all = await _rows(ctx.call, endpoint, scope, rest, 0 if at_hand else _PAGES)
    if missing:
        page.notes.append(f"which values occur in {_names(words)} was not read: {missing}")
        return
    if not found:
        page.notes.append(f"rows with any other {_names(words)} were not found either: nothing is reported here")
        return
    where = f"all {len(found):,} rows" if is_all else f"the {len(found):,} rows looked at"
    for column, condition in words.items():
        met = _values(found, column)
        if len(met) > _FEW and not is_all and not ctx.privacy:
            met |= await _alike(ctx.call, endpoint, scope, rest, column, condition)
        blank = sum(is_blank(row.values.get(column)) for row in found)
        page.notes.append(f"{_names([column])} in {where}: {_told(met, blank, {} if ctx.privacy else condition)}")
    rows = [row.values for row in found]
    alone = [column for column, condition in words.items() if any(map(matcher({column: condition}), rows))]
    if len(words) > 1 and alone:
        page.notes.append(f"{_names(alone)} alone: some of these rows fit; not together with the rest")


def _names(columns: Mapping[str, Any] | list[str]) -> str:
    return ", ".join(in_our_words(columns))


async def _rows(
    call: Call, endpoint: Endpoint[PrismRow], scope: Query, rest: Filter, pages: int
) -> tuple[list[PrismRow], str, bool]:
    """Rows of the first pages (0: of all) that pass `rest`, why there are none, and whether they are all."""
    query, fits = _query(scope, asked(rest)), matcher(rest)
    found: list[PrismRow] = []
    read = 0
    try:
        async for batch in call.walk(endpoint, query=query, whole=not pages):
            found += [row for row in filter(None, batch.records) if fits(row.values)]
            read += 1
            if read == pages and batch.next is not None:
                return found, "", False
    except Interrupted as end:
        return found, "" if found else end.why, False
    except IruError as error:
        return [], error.fact.rstrip("."), False
    return found, "", True


def _query(scope: Query, sent: Mapping[str, Any]) -> Query:
    return scope | ({"filter": json.dumps(sent)} if sent else {})


def _values(rows: list[PrismRow], column: str) -> Counter[str]:
    met: Counter[str] = Counter()
    for row in rows:
        value = row.values.get(column)
        met.update(_shown(one) for one in (value if isinstance(value, list) else [value]) if not is_blank(one))
    return met


def _shown(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"{text[:_ROOM]}..." if len(text) > _ROOM else text


async def _alike(
    call: Call, endpoint: Endpoint[PrismRow], scope: Query, rest: Filter, column: str, condition: Mapping[str, Any]
) -> Counter[str]:
    """Values of rows that have a part of what was asked for; none where Iru does not answer."""
    sent = asked(rest)
    sent[column] = sent.get(column, {}) | {"like": _parts(condition)}
    try:
        batch = await call.page(endpoint, query=_query(scope, sent)) if sent[column]["like"] else None
    except IruError:
        return Counter()
    return _values(list(filter(None, batch.records)), column) if batch else Counter()


def _parts(condition: Mapping[str, Any]) -> list[str]:
    """The words in what was asked for, and of one word its halves."""
    parts: list[str] = []
    for text in _texts(condition):
        words = [plain_part(word) for word in text.replace(".", " ").replace("_", " ").replace("-", " ").split()]
        half = len(words[0]) // 2 if len(words) == 1 else 0
        parts += [words[0][: max(half, _LEAST_PART)], words[0][half:]] if half else words
    long_enough = [part for part in parts if len(part) >= _LEAST_PART]
    return list(dict.fromkeys(case for part in long_enough for case in letter_cases(part)))


def _texts(condition: Mapping[str, Any]) -> list[str]:
    return [str(one) for operand in condition.values() for one in (operand if isinstance(operand, list) else [operand])]


def _told(met: Counter[str], blank: int, condition: Mapping[str, Any]) -> str:
    """The values in words: all with their numbers, or how many and the nearest."""
    if len(met) > _FEW:
        near = _nearest(met, condition)
        told = f", nearest: {', '.join(near)}" if near else ", none like it" if condition else ""
        return f"{len(met):,} different values{told}"
    values = [f"{value} {count:,}" for value, count in met.most_common()]
    return ", ".join(values + ([f"no value {blank:,}"] if blank else []))


def _nearest(met: Counter[str], condition: Mapping[str, Any]) -> list[str]:
    """The values that are most like what was asked for."""
    near = [one for text in _texts(condition)[:_NEAREST] for one in nearest(text, met, _NEAREST, _LIKENESS)]
    return list(dict.fromkeys(near))[:_NEAREST]
