"""Prism's filter grammar: checked before it is sent, and applied again to what comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...api.record import read_moment
from ...errors import UsageError

Filter = Mapping[str, Mapping[str, Any]]

GRAMMAR = (
    '{"column": {"like": ["part"]}}; operators: like, not_like, in, not_in (lists of text), eq (true or false), '
    "gt, gte, lt, lte (times), or (of those four); several columns are ANDed"
)


def letter_cases(text: str) -> list[str]:
    """`text` as written and in the usual letter cases, since whether Iru's `like` minds them is unpublished."""
    return list(dict.fromkeys((text, text.lower(), text.upper(), text.capitalize(), text.title())))


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
            raise UsageError("Prism does not filter by device__family.", "Use device_families.")
        if column not in known:
            raise UsageError(
                f"No column '{column[:60]}' in this category.",
                f"Columns: {', '.join(sorted(known))}. A filter here: {example}.",
            )
        if not isinstance(condition, Mapping) or not condition:
            raise UsageError(f"The filter on {column} is not an object with an operator.", f"Write {GRAMMAR}.")
        for operator, operand in condition.items():
            _validate_operand(column, operator, operand)


def _validate_operand(column: str, operator: str, operand: Any) -> None:
    if operator not in _OPERATORS:
        raise UsageError(f"No operator '{str(operator)[:20]}' ({column}).", f"Write {GRAMMAR}.")
    if operator in ("in", "not_in", "like", "not_like") and not (isinstance(operand, list) and operand):
        raise UsageError(f"{operator} on {column} takes a list.", f"Write {GRAMMAR}.")
    if operator == "eq" and not isinstance(operand, bool):
        raise UsageError(f"eq on {column} takes true or false; for text use in.", f"Write {GRAMMAR}.")
    if operator == "or":
        if not isinstance(operand, Mapping) or not operand or set(operand) - {"gt", "gte", "lt", "lte"}:
            raise UsageError(f"or on {column} takes times under gt, gte, lt or lte.", f"Write {GRAMMAR}.")
        for inner, value in operand.items():
            _validate_operand(column, inner, value)
    if operator in ("gt", "gte", "lt", "lte"):
        try:
            read_moment(operand)
        except ValueError:
            raise UsageError(f"{operator} on {column} takes an ISO time.", f"Write {GRAMMAR}.") from None


def matches(row: Mapping[str, Any], wanted: Filter) -> bool:
    """Whether `row` passes every condition; letter case never matters."""
    return all(
        _OPERATORS[operator](row.get(column), operand)
        for column, condition in wanted.items()
        for operator, operand in condition.items()
    )


def _words(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(item).casefold() for item in values if item is not None]


def _in(value: Any, operand: Any) -> bool:
    wanted = {str(item).casefold() for item in operand}
    return any(word in wanted for word in _words(value))


def _like(value: Any, operand: Any) -> bool:
    return any(str(part).casefold() in word for part in operand for word in _words(value))


def _compare(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compared(value: Any, operand: Any) -> bool:
        try:
            return value is not None and test(read_moment(value), read_moment(operand))
        except ValueError:
            return False

    return compared


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, operand: value is operand,
    "in": _in,
    "not_in": lambda value, operand: not _in(value, operand),
    "like": _like,
    "not_like": lambda value, operand: not _like(value, operand),
    "gt": _compare(lambda a, b: a > b),
    "gte": _compare(lambda a, b: a >= b),
    "lt": _compare(lambda a, b: a < b),
    "lte": _compare(lambda a, b: a <= b),
    "or": lambda value, operand: any(_OPERATORS[name](value, inner) for name, inner in operand.items()),
}
