"""Rows in a canonical form: rows of the same content are equal, whatever the order of their lists and the form of their
dates."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from ...api.record import is_blank, moment_in, tidy, write_moment
from ...output.clean import clean
from ..digest import digest_of
from ..tables import Kind

Cell = str | int | float | None
_LOOKS_LIKE_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")


@dataclass(frozen=True, slots=True)
class Thing:
    """One row as the copy keeps it. Times are in seconds since 1970, UTC."""

    device: str
    key: str
    cells: tuple[Cell, ...]
    """The table's columns in their order, then `more`: a JSON object of what has no column, or None."""
    since: int | None
    changed: int | None
    latest: str | None
    """A JSON object of the columns of which only the newest value is kept."""

    def digest(self, kind: Kind) -> bytes:
        """The digest of the content: equal for equal content, however many empty columns the table has."""
        return digest_of(dict(zip((*kind.columns, "more"), self.cells, strict=True)))


def read(kind: Kind, row: object) -> Thing | None:
    """The thing in a raw row. None when the row is no object, or lacks its identity or its device."""
    if (record := kind.record.read(row)) is None:
        return None
    flat = kind.shape(record.flat()) if kind.shape else record.flat()
    device = str(flat.pop(kind.device, "")) if kind.device else ""
    if kind.device and not device:
        return None
    since, changed = seconds(flat.pop(kind.since, None)), seconds(flat.pop(kind.changed, None))
    cleaned = clean({name: value for name, value in flat.items() if name not in kind.skipped})
    values = {name: canonical(value, name) for name, value in cleaned.items()}
    latest = {name: values.pop(name) for name in kind.latest if name in values}
    key = " ".join(str(values[name]) for name in kind.key if not is_blank(values.get(name)))
    cells = (*(_cell(values.pop(name, None)) for name in kind.columns), _json(values) if values else None)
    return Thing(device, key, cells, since, changed, _json(latest) if latest else None)


def canonical(value: Any, key: str = "") -> Any:
    """`value` in canonical form: times in one form, whole numbers without a point, lists in one order."""
    value = tidy(value, key)
    if isinstance(value, dict):
        return {name: canonical(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return sorted((canonical(inner, key) for inner in value), key=_json)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value[4:5] == "-" and value[19:] != "Z" and _LOOKS_LIKE_TIME.fullmatch(value):
        moment = moment_in(value)
        return write_moment(moment) if moment else value
    return value


def seconds(value: object) -> int | None:
    """A time as Iru writes it, in whole seconds since 1970; None for anything else."""
    return _seconds(value) if isinstance(value, (str, datetime)) else None


@lru_cache(maxsize=4096)
def _seconds(value: str | datetime) -> int | None:
    moment = moment_in(value)
    return int(moment.timestamp()) if moment else None


def _cell(value: Any) -> Cell:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (list, dict)):
        return _json(value)
    return value if isinstance(value, (str, int, float)) else None


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
