"""What type each column of an export has, and how a cell of the copy is read as that type.

SQLite keeps 0 and 1 for a flag, text for a time and JSON for a list. An exported cell has the type that Iru's records
declare, or for columns that no record declares, such as Prism's, that of column_types.toml. The types follow from
declarations and never from rows, so that two exports of one version have the same columns. A cell that is not of its
column's type is kept as it is: a format with strict columns (Parquet) moves it to `more`.
"""

import json
import tomllib
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any, Literal, cast, get_args

from ...api.record import read_moment

Type = Literal["text", "boolean", "integer", "number", "time", "texts", "json"]
"""`texts` is a list of text; `json` any JSON value."""

_DECLARED = tomllib.loads(resources.files(__package__).joinpath("column_types.toml").read_text("utf-8"))
_TYPES = {name: cast("Type", type_) for type_, names in _DECLARED.items() for name in names.split()}


@cache
def type_of(table: str, name: str, record: type[Any] | None = None) -> Type:
    """The type of a column, by the table it is in and the record that declares it, if one does."""
    if name == "status" and table in {"filevault", "application_firewall"}:  # in other tables it is a word
        return "integer"
    if name in _TYPES:
        return _TYPES[name]
    field = record.model_fields.get(name) if record else None
    return _declared(field.annotation) if field else "text"


def _declared(annotation: Any) -> Type:
    parts = set(get_args(annotation) or (annotation,)) - {type(None)}
    known: dict[Any, Type] = {str: "text", bool: "boolean", datetime: "time", list[str]: "texts"}
    if len(parts) == 1 and (part := next(iter(parts))) in known:
        return known[part]
    return "number" if parts <= {int, float} else "json"


def typed(cell: Any, type_: Type) -> Any:
    """A cell as JSON has it: flags as true and false, lists and objects as such, a time as text in UTC."""
    if type_ == "boolean" and cell in (0, 1) and not isinstance(cell, float):
        return bool(cell)
    if type_ in ("texts", "json") and isinstance(cell, str):
        with suppress(ValueError):
            return json.loads(cell)
    return cell


def strict(value: Any, type_: Type) -> Any:
    """A `typed` value as a strictly typed column holds it; times as datetime, JSON as text. Raises ValueError."""
    if type_ == "json":
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if type_ == "time":
        return read_moment(value)
    held, make = _STRICT[type_]
    if not isinstance(value, held) or isinstance(value, bool) != (type_ == "boolean"):
        raise ValueError(f"not {type_}")
    if type_ == "texts" and not all(isinstance(one, str) for one in value):
        raise ValueError("not a list of text")
    return make(value)


_STRICT: dict[Type, tuple[Any, Callable[[Any], Any]]] = {
    "text": (str | int | float, str),
    "boolean": (bool, bool),
    "integer": (int, int),
    "number": (int | float, float),
    "texts": (list, list),
}
"""By type: of which Python type a value must be, and what converts it."""
