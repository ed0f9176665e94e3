"""The tenant's data files: names and numbers that no code decides, and the records that Iru sends.

`records.json` has each record with all its fields in Iru's order: the value where it is the same for all, `$a.b` where
it is an attribute of what the record is about, `$a.b or null` where an empty one is null, `$a.b zulu` where it is a
moment in a form of dates.py ("" for none), and null where the code that answers gives it. Tables are CSV, a column a
field.
"""

import csv
import json
from collections.abc import Callable
from datetime import datetime
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any

from . import dates

Row = dict[str, Any]
"""A record as JSON."""
_FOLDER = Path(__file__).parent.parent / "data"


@cache
def _records() -> dict[str, tuple[Row, dict[str, Callable[[Any], Any]]]]:
    """Each record, and how to get the fields that are attributes."""
    return {
        name: (record, {field: _getter(value) for field, value in record.items() if "$" in json.dumps(value)})
        for name, record in json.loads((_FOLDER / "records.json").read_text("utf-8")).items()
    }


def _getter(value: Any) -> Callable[[Any], Any]:
    if isinstance(value, dict):
        inner = {name: _getter(part) for name, part in value.items()}
        return lambda about: {name: get(about) for name, get in inner.items()}
    if not isinstance(value, str) or not value.startswith("$"):
        return lambda _: value
    path, _, form = value[1:].partition(" ")
    attribute = attrgetter(path)
    if not form:
        return attribute
    if form == "or null":
        return lambda about: attribute(about) or None
    printed = getattr(dates, form)
    return lambda about: printed(moment) if (moment := attribute(about)) else ""


def filled(record: str, about: object = None, /, **values: Any) -> Row:
    """A record about something, with `values` in their places. Raises KeyError for a field that the record lacks."""
    known, getters = _records()[record]
    found = known | {field: get(about) for field, get in getters.items()} | values
    if len(found) > len(known):
        raise KeyError(*(values.keys() - known.keys()))
    return found


def created(at: datetime) -> Row:
    """The columns of Prism that say when a row came."""
    return {"created_at": dates.offset(at), "last_changed_at": dates.offset(at)}


def table(name: str) -> list[dict[str, str]]:
    """The rows of a CSV file, by column."""
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def names() -> tuple[list[str], list[str]]:
    """First and last names of people."""
    found: dict[str, list[str]] = json.loads((_FOLDER / "names.json").read_text("utf-8"))
    return found["first"], found["last"]
