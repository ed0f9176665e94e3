"""The shapes of answers: a small closed view per row, one page shape for every list, one cap for everything."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar, get_args, get_origin, get_type_hints

from .schema import typed

MAX_ANSWER = 48_000
"""Characters of one answer as compact JSON; some clients refuse or store away what is larger."""


class View:
    """Names and types of the columns a list shows unless asked for others. Iru's own names where it has one."""

    columns: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        cls.columns = tuple(name for name in cls.__annotations__ if name != "columns")


V = TypeVar("V", bound=View)


@dataclass(slots=True)
class Page(Generic[V]):
    """A list answer. `complete` is true only when everything that matches was looked at and is in this or an
    earlier page."""

    items: list[dict[str, Any]]
    complete: bool
    total: int | None = None
    next_cursor: str = ""
    notes: list[str] = field(default_factory=list)
    device: dict[str, Any] | None = None
    """The device that the list is about, when it is about one."""
    summary: dict[str, Any] | None = None
    """Counts over all matching rows, where a tool gives them."""

    def answer(self) -> dict[str, Any]:
        """The page as it goes out: what says how far it reaches first, then the rows."""
        found: dict[str, Any] = {"device": self.device} if self.device else {}
        found |= {"returned": len(self.items)} | ({"total": self.total} if self.total is not None else {})
        found |= {"complete": self.complete}
        found |= {"next_cursor": self.next_cursor} if self.next_cursor else {}
        found |= {"notes": self.notes} if self.notes else {}
        found |= {"summary": self.summary} if self.summary else {}
        return found | {"items": self.items}


def output_schema(annotation: Any) -> dict[str, Any]:
    """The lean schema of what a tool returns: a Page of some view, or an object with a view's keys."""
    if get_origin(annotation) is Page:
        return _page_schema(get_args(annotation)[0])
    if isinstance(annotation, type) and issubclass(annotation, View):
        return _object(annotation)
    return {"type": "object"}


def _page_schema(view: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "device": {"type": "object"},
            "returned": {"type": "integer"},
            "total": {"type": "integer"},
            "complete": {"type": "boolean"},
            "next_cursor": {"type": "string"},
            "notes": {"type": "array", "items": {"type": "string"}},
            "summary": {"type": "object"},
            "items": {"type": "array", "items": {"type": "object"} if view is Any else _object(view)},
        },
        "required": ["returned", "complete", "items"],
    }


def _object(view: type[View]) -> dict[str, Any]:
    hints = get_type_hints(view)
    return {"type": "object", "properties": {name: typed(hints[name]) for name in view.columns}}


_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def size(value: Any) -> int:
    """Characters of `value` as it goes out."""
    return len(_compact(value))


def fit(answer: dict[str, Any]) -> dict[str, Any]:
    """`answer` within MAX_ANSWER: its longest inner lists are cut, and a note says which.

    Pages are already cut at an item with a cursor; this bounds the answers about one thing.
    """
    cut: dict[str, int] = {}
    while size(answer) > MAX_ANSWER:
        place, longest = max(_lists(answer), key=lambda found: size(found[1]), default=("", []))
        if len(longest) < 2:
            break
        gone = len(longest) - len(longest) // 2
        del longest[len(longest) // 2 :]
        cut[place] = cut.get(place, 0) + gone
    if cut:
        answer["complete"] = False
        answer.setdefault("notes", []).extend(
            f"{place}: the last {count} left out, the answer would be too large; ask for this part alone"
            for place, count in cut.items()
        )
    return answer


def _lists(value: Any, place: str = "") -> list[tuple[str, list[Any]]]:
    found: list[tuple[str, list[Any]]] = []
    if isinstance(value, dict):
        for key, inner in value.items():
            if key != "notes":
                found += _lists(inner, f"{place}.{key}".lstrip("."))
    elif isinstance(value, list):
        found.append((place, value))
        for inner in value[:50]:
            found += _lists(inner, place)
    return found
