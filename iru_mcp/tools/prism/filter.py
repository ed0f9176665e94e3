"""Prism's filter: checked before anything is sent, asked of Iru as far as Iru documents it, applied again here.

Iru documents eq for booleans, in and like for text, and comparisons for times, and does not say whether letter case
matters to it. Here eq takes text too, comparisons take numbers and versions, and text is folded. So `asked` makes of a
filter what Iru is sent: the documented operators only, wide enough that no row that passes `matcher` is left out.
"""

import operator
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ...api.record import read_moment, write_moment
from ...errors import UsageError
from ...folding import fold, plain_part, spellings
from ...output.privacy import comparable
from ...versions import read_version
from ..kit.params import did_you_mean
from .categories import in_our_words

Filter = Mapping[str, Mapping[str, Any]]
Test = Callable[[Mapping[str, Any]], bool]

_LISTS = ("in", "not_in", "like", "not_like")
_NOT_TEXT = frozenset(
    "battery_health bundle_size count device_capacity dynamic_size failed_logins pid start_interval uid".split()
)
"""Columns that hold numbers, to which Iru documents no operator."""
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def joined(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Both filters as one. Raises UsageError where both put the same operator on a column."""
    both = dict(one)
    for column, condition in other.items():
        held = both.get(column, {}) if isinstance(condition, Mapping) else {}
        if held and held.keys() & condition.keys():
            raise UsageError(
                f"{column[:60]} is asked for twice.", "Use either its own parameter or filter for it, not both."
            )
        both[column] = {**held, **condition} if held else condition
    return both


def validate(wanted: Mapping[str, Any], columns: Iterable[str], example: str) -> None:
    """Raises UsageError for a column outside `columns`, an unknown operator or an operand that does not fit it.

    `example` is a filter that fits, to show with the columns.
    """
    known = set(columns)
    for column, condition in wanted.items():
        if column == "device__family":
            raise UsageError("Prism does not filter by device_family.", "Use device_families.")
        if column not in known:
            raise UsageError(
                f"No column '{column[:60]}' in this category.",
                # The example first: an error is cut at its end, and a category may have 50 columns.
                f"{did_you_mean(column, in_our_words(known))}A filter here: {example}. "
                f"Columns: {', '.join(sorted(in_our_words(known)))}.",
            )
        if not isinstance(condition, Mapping) or not condition:
            raise UsageError(f"The filter on {column} is no object with an operator.", _right_one(column))
        for name, operand in condition.items():
            _validate_operand(column, name, operand)


def _right_one(column: str) -> str:
    """Filters that this column takes."""
    return (
        f'Write {{"{column}":{{"like":["part"]}}}}. Operators: like, not_like, in, not_in (lists of text), eq (text, '
        "true or false), gt, gte, lt, lte (a time, number or version), or (an object of those four). Several are ANDed."
    )


def _validate_operand(column: str, name: str, operand: Any) -> None:
    if name in _LISTS:
        texts = operand if isinstance(operand, list) else [operand]
        fits = bool(texts) and all(isinstance(one, (str, int, float)) and str(one).strip() for one in texts)
        takes = "a list of text"
    elif name == "eq":
        fits, takes = isinstance(operand, (str, bool, int, float)), "text, a number, true or false"
    elif name in _ORDER:
        fits, takes = _comparable(operand) is not None, "a time, a number or a version"
    elif name == "or":
        fits = isinstance(operand, Mapping) and bool(operand) and operand.keys() <= _ORDER.keys()
        takes = "an object with gt, gte, lt or lte"
    else:
        raise UsageError(f"No operator '{str(name)[:20]}' ({column}).", _right_one(column))
    if not fits:
        raise UsageError(f"{name} on {column} takes {takes}.", _right_one(column))
    for inner, bound in operand.items() if name == "or" else ():
        _validate_operand(column, inner, bound)


def matcher(wanted: Filter, *, as_sent: bool = False) -> Test:
    """Whether a row passes every condition, its text folded. What it does not tell passes only not_in and not_like.

    `as_sent` compares the text that Iru sent also in privacy mode, as Iru does: only to tell whether Iru applied a
    filter. Were that told from pseudonyms, a part of a hidden name would be answered by what is said of Iru's filter.
    """
    tests = [
        (column, _test(name, operand, as_sent=as_sent))
        for column, condition in wanted.items()
        for name, operand in condition.items()
    ]
    return lambda row: all(test(row.get(column)) for column, test in tests)


def comparisons(wanted: Filter) -> tuple[dict[str, dict[str, Any]], dict[str, Callable[[Any], bool | None]]]:
    """The filter without its comparisons, and these by column: each a test of the column's value that gives None for
    one that compares with no bound, such as a word beside a number, or none at all."""
    compared, others = parted(wanted, {*_ORDER, "or"})
    return others, {column: _comparison(condition) for column, condition in compared.items()}


def parted(wanted: Filter, operators: Collection[str]) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """The conditions of a filter with these operators, and the others."""
    found: dict[str, dict[str, Any]] = {}
    others: dict[str, dict[str, Any]] = {}
    for column, condition in wanted.items():
        for name, operand in condition.items():
            (found if name in operators else others).setdefault(column, {})[name] = operand
    return found, others


def _comparison(condition: Mapping[str, Any]) -> Callable[[Any], bool | None]:
    tests = [_test(name, operand) for name, operand in condition.items()]
    values = [list(one.values()) if name == "or" else [one] for name, one in condition.items()]
    bounds = [_comparable(bound) for held in values for bound in held]

    def passes(value: Any) -> bool | None:
        if not any(type(_as_compared(value, bound)) is type(bound) for bound in bounds):
            return None
        return all(test(value) for test in tests)

    return passes


def _test(name: str, operand: Any, *, as_sent: bool = False) -> Callable[[Any], bool]:
    """One condition as a test of a column's value."""
    if name.startswith("not_"):
        opposite = _test(name.removeprefix("not_"), operand, as_sent=as_sent)
        return lambda value: not opposite(value)
    if name == "or":
        sides = [_test(inner, bound) for inner, bound in operand.items()]
        return lambda value: any(side(value) for side in sides)
    if name in _ORDER:
        return _in_order(_ORDER[name], _comparable(operand))
    if name == "like":
        form: Callable[[str], str] = str if as_sent else comparable
        return lambda value: any(
            part in word for word in _folded(value, form) for part in filter(None, _folded(operand, form))
        )
    parts = set(filter(None, _folded(operand)))
    return lambda value: not parts.isdisjoint(_folded(value))


def _folded(value: Any, form: Callable[[str], str] = str) -> list[str]:
    """The texts of a value or of a list of values, as they are compared; true and false are texts too."""
    items = value if isinstance(value, list) else [value]
    return [fold(form(str(item))) for item in items if item is not None]


def _in_order(test: Callable[[Any, Any], bool], bound: Any) -> Callable[[Any], bool]:
    def passes(value: Any) -> bool:
        found = _as_compared(value, bound)
        return type(found) is type(bound) and bool(test(found, bound))

    return passes


def _as_compared(value: Any, bound: Any) -> Any:
    """A value as it is compared with a bound: of the bound's type where it can be read as that."""
    if isinstance(bound, tuple):
        return read_version(str(value))
    if isinstance(bound, float) and isinstance(value, str):
        return _number(value)
    found = _comparable(value)
    return found.replace(microsecond=0) if isinstance(found, datetime) else found  # as answers show it


def _comparable(value: Any) -> datetime | float | tuple[int, ...] | None:
    """A time, a number, or the numbers of a version; None for what is none of them."""
    if isinstance(value, (int, float)):
        return None if isinstance(value, bool) else float(value)
    try:
        return read_moment(value)
    except ValueError:
        return read_version(value)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def asked(wanted: Filter) -> dict[str, dict[str, Any]]:
    """What Iru is sent of a filter: at least the rows that match, in the operators that it documents."""
    found: dict[str, dict[str, Any]] = {}
    for column, condition in wanted.items():
        for name, operand in condition.items():
            for sent, value in _documented(column, name, operand).items():
                # Of two conditions that become the same operator, one is enough here: both are applied to what comes.
                found.setdefault(column, {}).setdefault(sent, value)
    return found


def _documented(column: str, name: str, operand: Any) -> dict[str, Any]:
    """One condition as Iru documents it; empty where only this side can apply it."""
    if name == "eq" and isinstance(operand, bool):
        return {"eq": operand}
    if name == "or":
        sides = [_documented(column, *side) for side in operand.items()]
        return {"or": {key: bound for side in sides for key, bound in side.items()}} if all(sides) else {}
    if name in _ORDER:
        bound = _comparable(operand)
        if not isinstance(bound, datetime):
            return {}
        return {name: write_moment(bound + timedelta(seconds=1)) if name == "lte" else operand}
    texts = [str(item) for item in operand] if isinstance(operand, list) else [str(operand)]
    return {name: texts} if name.startswith("not_") else _documented_text(column, name, texts)


def _documented_text(column: str, name: str, texts: list[str]) -> dict[str, Any]:
    if name == "like":
        parts = [plain_part(text) for text in texts]
        return {"like": [case for part in parts for case in letter_cases(part)]} if all(parts) else {}
    if column in _NOT_TEXT or any(fold(text) in ("true", "false") for text in texts):
        return {}
    forms = [case for text in texts for form in spellings(text) for case in letter_cases(form)]
    return {"in": list(dict.fromkeys(forms))}


def letter_cases(text: str) -> list[str]:
    """`text` as written and in the usual letter cases, since whether Iru minds them is unpublished."""
    return list(dict.fromkeys((text, text.lower(), text.upper(), text.capitalize(), text.title())))
