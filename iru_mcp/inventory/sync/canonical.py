"""Rows in a normal form: two rows that say the same, in another order or with dates written otherwise, are equal."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from ...api.record import is_blank, read_moment, tidy, write_moment
from ...output.clean import clean
from ..tables import Kind

Cell = str | int | float | None
_LOOKS_LIKE_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")


@dataclass(frozen=True, slots=True)
class Thing:
    """One row as the copy keeps it."""

    device: str
    key: str
    cells: tuple[Cell, ...]
    """The kind's columns in their order, then `more`: a JSON object of what has no column, or None."""
    since: str | None
    latest: str | None
    """A JSON object of the columns of which only the newest value is kept."""

    @property
    def digest(self) -> bytes:
        """The same for equal cells."""
        return hashlib.blake2b(json.dumps(self.cells).encode(), digest_size=12).digest()


def read(kind: Kind, row: object) -> Thing | None:
    """The thing in a raw row, or None when it is not one: not an object, without identity or without its device."""
    record = kind.record.read(row)
    if record is None:
        return None
    flat = record.flat()
    if kind.shape:
        flat = kind.shape(flat)
    device = str(flat.pop(kind.device, "")) if kind.device else ""
    if kind.device and not device:
        return None
    since = plain(flat.pop(kind.since, None), kind.since)
    cleaned = clean({name: value for name, value in flat.items() if name not in kind.skipped})
    normal = {name: plain(value, name) for name, value in cleaned.items()}
    latest = {name: normal.pop(name) for name in kind.latest if name in normal}
    key = " ".join(str(normal[name]) for name in kind.key if not is_blank(normal.get(name)))
    return Thing(
        device, key, _cells(kind, normal), None if since is None else str(since), _json(latest) if latest else None
    )


def _cells(kind: Kind, normal: dict[str, Any]) -> tuple[Cell, ...]:
    cells = tuple(_cell(normal.pop(name, None)) for name in kind.columns)
    return (*cells, _json(normal) if normal else None)


def plain(value: Any, key: str = "") -> Any:
    """`value` tidied further: any time in one form, whole numbers without a point, lists in one order."""
    value = tidy(value, key)
    if isinstance(value, dict):
        return {name: plain(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return sorted((plain(inner, key) for inner in value), key=_json)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value[4:5] == "-" and value[19:] != "Z" and _LOOKS_LIKE_TIME.fullmatch(value):
        try:
            return write_moment(read_moment(value))
        except ValueError:
            return value
    return value


def _cell(value: Any) -> Cell:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (list, dict)):
        return _json(value)
    return value if isinstance(value, (str, int, float)) else None


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
