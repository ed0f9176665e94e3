"""The tenant's data files: names and numbers that no code decides, and the records that Iru sends.

`records.json` has each record with all its fields in Iru's order: the value where it is the same for every device, null
where the code that answers fills it in. The tables are CSV, a column a field.
"""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

Row = dict[str, Any]
"""A record as JSON."""
_FOLDER = Path(__file__).parent.parent / "data"


@cache
def _records() -> dict[str, Row]:
    found: dict[str, Row] = json.loads((_FOLDER / "records.json").read_text("utf-8"))
    return found


def filled(record: str, /, **values: Any) -> Row:
    """A record with `values` in their places. Raises KeyError for a name or field that `records.json` lacks."""
    known = _records()[record]
    found = known | values
    if len(found) > len(known):
        raise KeyError(*(values.keys() - known.keys()))
    return found


def table(name: str) -> list[dict[str, str]]:
    """The rows of a CSV file, by column."""
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def names() -> tuple[list[str], list[str]]:
    """First and last names of people."""
    found: dict[str, list[str]] = json.loads((_FOLDER / "names.json").read_text("utf-8"))
    return found["first"], found["last"]
