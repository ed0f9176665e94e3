"""How large an answer may be, and the one measure of it: UTF-8 bytes of compact JSON.

Some clients refuse or store away a tool result beyond their limit, and every byte costs the model context. Whoever
builds a part of an answer takes room for it from a `SizeBudget` and leaves out, and counts, what no longer fits;
`fit_answer` is the last bound, for answers that are built in one piece.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from ...output.clean import MAX_FIELD

MAX_ANSWER = 48_000
"""Bytes of one answer."""

ROOM_FOR_ROWS = MAX_ANSWER - 4_000
"""Bytes for the rows of a list; the rest is for what stands around them."""

_FLOOR = 3
"""Rows that every section may show before one shows more."""
_AROUND = len('"rows":[],"rows_left_out":1000,')

_to_json = TypeAdapter(Any).serializer.to_json
"""Several times faster than the standard library's."""


def size(value: Any) -> int:
    """Bytes of `value` as it goes out: text beyond ASCII costs tokens by the byte."""
    try:
        return len(_to_json(value))
    except ValueError:  # half a character is no UTF-8; cleaning takes it out
        return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))


def size_truncated(value: Any) -> int:
    """Bytes of `value` with its texts as long as they go out."""
    whole = size(value)
    # A value that is shorter than the longest text holds none to truncate; most rows are.
    return whole if whole <= MAX_FIELD else size(truncated(value))


@dataclass(slots=True)
class SizeBudget:
    """Bytes that are left for a part of an answer."""

    left: int

    def take(self, value: Any) -> bool:
        """Take the room that `value` needs, its texts truncated as they go out; False when there is not enough."""
        needed = size_truncated(value)
        if needed > self.left:
            return False
        self.left -= needed
        return True


def truncated(value: Any) -> Any:
    """`value` with its texts as long as they go out."""
    if isinstance(value, str):
        return value[:MAX_FIELD]
    if isinstance(value, dict):
        return {name: truncated(inner) for name, inner in value.items()}
    return [truncated(inner) for inner in value] if isinstance(value, list) else value


def fit_answer(answer: dict[str, Any]) -> dict[str, Any]:
    """`answer` within MAX_ANSWER: its longest inner lists are halved until it fits, and a note says which.

    Pages are already cut at a row with a cursor; this bounds the answers about one thing.
    """
    left_out: dict[str, int] = {}
    while size(answer) > MAX_ANSWER:
        name, longest = max(_lists(answer), key=lambda found: size(found[1]), default=("", []))
        if len(longest) < 2:
            break
        kept = len(longest) // 2
        left_out[name] = left_out.get(name, 0) + len(longest) - kept
        del longest[kept:]
    if left_out:
        answer["complete"] = False
        answer.setdefault("notes", []).extend(
            f"{name}: the last {count} left out, the answer would be too large; ask for this part alone"
            for name, count in left_out.items()
        )
    return answer


def _lists(value: Any, name: str = "") -> list[tuple[str, list[Any]]]:
    """The lists within `value`, each with the dotted name it has there."""
    found: list[tuple[str, list[Any]]] = []
    if isinstance(value, dict):
        for key, inner in value.items():
            if key != "notes":
                found += _lists(inner, f"{name}.{key}".lstrip("."))
    elif isinstance(value, list):
        found.append((name, value))
        for inner in value[:50]:
            found += _lists(inner, name)
    return found


@dataclass(frozen=True, slots=True)
class Section:
    """A part of an answer: counts over all of it, then its rows, the most telling first."""

    counts: dict[str, Any] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)


def fit_sections(sections: Mapping[str, Section], room: int, most: int) -> dict[str, dict[str, Any]]:
    """The sections within `room` bytes: a few rows of each first, then up to `most` in the order given.

    What is left out of a section is counted in it.
    """
    taken = dict.fromkeys(sections, 0)
    budget = SizeBudget(room - sum(size({name: section.counts}) + _AROUND for name, section in sections.items()))
    for goal in (min(_FLOOR, most), most):
        for name, section in sections.items():
            for row in section.rows[taken[name] : goal]:
                if not budget.take(row):
                    break
                taken[name] += 1
    fitted = {}
    for name, section in sections.items():
        rows, left = section.rows[: taken[name]], len(section.rows) - taken[name]
        fitted[name] = section.counts | ({"rows": rows} if rows else {}) | ({"rows_left_out": left} if left else {})
    return fitted
