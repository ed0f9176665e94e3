"""The shapes of answers: one page shape for every list, and the schema that is published of it.

The usual columns of a list, or the keys of an answer about one thing, are declared as a `TypedDict` with
`total=False`: a row has those of them that hold something, under Iru's own names where it has one.
"""

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints, is_typeddict

from ...api.record import is_blank
from .schema import typed

T = TypeVar("T")


def columns_of(row: type[Any]) -> tuple[str, ...]:
    """The names a TypedDict declares, in order; none of `Any`."""
    return tuple(row.__annotations__) if is_typeddict(row) else ()


@dataclass(slots=True)
class Page(Generic[T]):
    """A list answer. `complete` is true only when everything that matches was looked at and is in this or an
    earlier page."""

    items: list[T]
    complete: bool
    total: int | None = None
    next_cursor: str = ""
    notes: list[str] = field(default_factory=list)
    device: dict[str, Any] | None = None
    """The device that the list is about, when it is about one."""
    in_every_row: dict[str, Any] | None = None
    """Columns left out of the rows since all hold the same, where the rows would not fit otherwise."""
    summary: dict[str, Any] = field(default_factory=dict)
    """Counts over all matching rows, where a tool gives them."""

    def answer(self) -> dict[str, Any]:
        """The page as it goes out: what says how far it reaches first, then the rows."""
        head = {
            "device": self.device,
            "returned": len(self.items),
            "total": self.total,
            "complete": self.complete,
            "next_cursor": self.next_cursor,
            "notes": self.notes,
            "summary": self.summary,
            "in_every_row": self.in_every_row,
        }
        return {name: value for name, value in head.items() if not is_blank(value)} | {"items": self.items}

    def lacks(self, *notes: str) -> None:
        """Mark the page as incomplete and its total as unknown; `notes` say why."""
        self.complete, self.total = False, None
        self.notes += notes


def output_schema(annotation: Any) -> dict[str, Any]:
    """The lean schema of what a tool returns: a page of rows, or an object with the keys of a TypedDict."""
    if get_origin(annotation) is not Page:
        return _object(annotation)
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
            "in_every_row": {"type": "object"},
            "items": {"type": "array", "items": _object(get_args(annotation)[0])},
        },
        "required": ["returned", "complete", "items"],
    }


def _object(row: Any) -> dict[str, Any]:
    if not is_typeddict(row):
        return {"type": "object"}
    return {"type": "object", "properties": {name: typed(hint) for name, hint in get_type_hints(row).items()}}
