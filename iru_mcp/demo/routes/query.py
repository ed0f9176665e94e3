"""What a client asked for, read as Iru reads it: unknown parameters are ignored without a word."""

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import ge, gt, le, lt
from typing import Any, TypeVar

from ..world import Row, dates

T = TypeVar("T")
Query = Mapping[str, str]
Test = Callable[[Any], bool]
_NUMBER = re.compile(r"-?[0-9]{1,18}")
WEB_HOST = "https://northwind.kandji.io"


@dataclass(frozen=True)
class Fault(Exception):
    """An answer that is not a success: its status, body and content type."""

    status: int
    body: Any
    media: str = "application/json"


NOT_FOUND = Fault(404, {"detail": "Not found."})
INVALID_CURSOR = Fault(400, {"detail": "Invalid cursor"})
NO_PAGE = Fault(
    404, "<!doctype html>\n<html><head><title>Not Found</title></head><body>Not Found</body></html>", "text/html"
)
"""What Iru's web server answers about a library item that is not there."""


def one_of(things: Iterable[T], is_it: Callable[[T], bool], missing: Fault = NOT_FOUND) -> T:
    """The first of `things` that `is_it`. Raises `missing` when there is none."""
    for thing in things:
        if is_it(thing):
            return thing
    raise missing


def number(query: Query, name: str, default: int, *, least: int = 0, most: int = 1_000_000_000) -> int:
    """An integer parameter, clamped; what is not one counts as absent."""
    text = query.get(name, "")
    is_number = text.isascii() and text.isdigit() and len(text) < 16
    return min(max(int(text), least), most) if is_number else min(default, most)


def window(query: Query, most: int) -> slice:
    """`limit` and `offset` as a slice; a limit over `most` is clamped."""
    offset = number(query, "offset", 0)
    return slice(offset, offset + number(query, "limit", most, least=1, most=most))


def counted(rows: Sequence[Any], query: Query, most: int, path: str, *, count: str = "count") -> Row:
    """The envelope with a count and `next` on the web host."""
    part = window(query, most)
    size = part.stop - part.start
    link = f"{WEB_HOST}{path}?limit={size}&offset="
    return {
        count: len(rows),
        "next": f"{link}{part.stop}" if part.stop < len(rows) else None,
        "previous": f"{link}{max(0, part.start - size)}" if part.start else None,
        "results": list(rows[part]),
    }


def numbered(rows: Sequence[Any], query: Query, size: int, path: str) -> Row:
    """The envelope of the library: pages counted from 1."""
    page = number(query, "page", 1, least=1)
    part = rows[(page - 1) * size : page * size]
    if page > 1 and not part:
        raise Fault(404, {"detail": "Invalid page."})
    return {
        "count": len(rows),
        "next": f"{WEB_HOST}{path}?page={page + 1}" if page * size < len(rows) else None,
        "previous": f"{WEB_HOST}{path}?page={page - 1}" if page > 1 else None,
        "results": list(part),
    }


def sized(rows: Sequence[Any], query: Query) -> Row:
    """The envelope of vulnerabilities: page and size, 50 at most."""
    page, size = number(query, "page", 1, least=1), number(query, "size", 50, least=1, most=50)
    return {"total": len(rows), "page": page, "size": size, "results": list(rows[(page - 1) * size : page * size])}


def cursor(text: str) -> str:
    """A cursor as Iru prints it: base64."""
    return base64.b64encode(text.encode()).decode()


def uncursor(text: str) -> str:
    """What is in a cursor. Raises Fault 400 for one that is not ours."""
    try:
        return base64.b64decode(text.encode("ascii"), validate=True).decode()
    except (ValueError, UnicodeError):
        raise INVALID_CURSOR from None


def cursor_numbers(text: str, prefix: str, first: tuple[int, ...]) -> tuple[int, ...]:
    """The numbers of a cursor that holds `prefix` and numbers with colons between; `first` without one.

    Raises Fault 400 for another cursor.
    """
    inside = uncursor(text) if text else prefix + ":".join(map(str, first))
    parts = inside.removeprefix(prefix).split(":")
    if not inside.startswith(prefix) or len(parts) != len(first) or not all(map(_NUMBER.fullmatch, parts)):
        raise INVALID_CURSOR
    return tuple(map(int, parts))


def comma_list(text: str) -> set[str]:
    """The parts of a parameter that takes several, by comma."""
    return {part.strip() for part in text.split(",") if part.strip()}


def contains(wanted: str) -> Test:
    """The text contains `wanted`, in any case."""
    return lambda value: wanted.casefold() in str(value or "").casefold()


def truth(text: str) -> bool | None:
    """`true` or `false` in any case, else None."""
    return {"true": True, "false": False}.get(text.strip().casefold())


def ordered(rows: list[Any], by: str, key: Callable[[Any, str], Any], known: Sequence[str]) -> list[Any]:
    """`rows` by a comma list of names, `-` before one for descending; unknown names are ignored."""
    for sign in reversed([part.strip() for part in by.split(",") if part.strip().lstrip("-") in known]):
        keyed = [(rank(key(row, sign.lstrip("-"))), row) for row in rows]
        rows = [row for _, row in sorted(keyed, key=lambda pair: pair[0], reverse=sign.startswith("-"))]
    return rows


def rank(value: Any) -> tuple[int, Any]:
    """A place among values of any type: nothing first, then numbers, then text."""
    if value is None:
        return (0, 0)
    return (1, value) if isinstance(value, (bool, int, float)) else (2, str(value))


def json_filter(query: Query) -> dict[str, list[Test]]:
    """The tests of the JSON parameter `filter`, by key. Raises Fault 400 for what is not in the grammar."""
    if not (text := query.get("filter", "")):
        return {}
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Fault(400, {"detail": f"JSON parse error - {error}"}) from None
    if not isinstance(found, dict) or not all(isinstance(clause, dict) for clause in found.values()):
        raise Fault(400, {"detail": "Invalid filter: an object of objects is expected"})
    return {key: [_test(key, operator, value) for operator, value in clause.items()] for key, clause in found.items()}


def passes(row: Row, tests: Mapping[str, Sequence[Test]], shared: Row | None = None) -> bool:
    """Whether a row, laid over `shared`, stands every test; an absent key counts as null."""
    under = shared or {}
    return all(test(row[key] if key in row else under.get(key)) for key, held in tests.items() for test in held)


def _test(key: str, operator: str, value: Any) -> Test:
    if operator == "eq":
        return lambda found: bool(found == value and isinstance(found, bool) == isinstance(value, bool))
    if operator in ("in", "not_in", "like", "not_like") and isinstance(value, list):
        return _among(operator, value)
    if operator in _SIDES:
        return _side(key, operator, value)
    if operator == "or" and isinstance(value, dict):
        sides = [_test(key, inner, bound) for inner, bound in value.items()]
        return lambda found: any(side(found) for side in sides)
    raise Fault(400, {"detail": f"Invalid filter for {key}: {operator}"})


def _among(operator: str, values: list[Any]) -> Test:
    texts = {value for value in values if isinstance(value, str)}
    others = {json.dumps(value) for value in values if not isinstance(value, str)}
    parts = [str(value).casefold() for value in values]

    def is_listed(value: Any) -> bool:
        return value in texts if isinstance(value, str) else json.dumps(value) in others

    def inside(value: Any) -> bool:
        if operator.endswith("in"):
            return any(map(is_listed, value)) if isinstance(value, list) else is_listed(value)
        return value is not None and any(part in str(value).casefold() for part in parts)

    return lambda value: inside(value) != operator.startswith("not_")


_SIDES: dict[str, Callable[[Any, Any], bool]] = {"lt": lt, "gt": gt, "lte": le, "gte": ge}


def _side(key: str, operator: str, value: Any) -> Test:
    if (bound := _comparable(value)) is None:
        raise Fault(400, {"detail": f"Invalid filter for {key}: {value!r} is not a date"})

    def test(found: Any) -> bool:
        held = _comparable(found)
        return isinstance(held, type(bound)) and _SIDES[operator](held, bound)

    return test


def _comparable(value: Any) -> datetime | float | None:
    if isinstance(value, str):
        return dates.parse(value)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
