"""Rows as JSON lines, and as CSV a file a table."""

import csv
import json
import sqlite3
from pathlib import Path
from typing import Any, TextIO

from ..store import meta
from .files import MANIFEST, json_line, whole_file, whole_folder
from .rows import Row, Shown, Wanted, begin, entry, manifest, rows, tables

_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""With what a formula begins in a spreadsheet; also the full-width forms."""


def write_lines(db: sqlite3.Connection, out: TextIO, wanted: Wanted, shown: Shown, file: str = "") -> dict[str, Row]:
    """One JSON object a line: its table, the tenant, the sync, the key, then the row. Returns what the manifest says of
    each table in a file of that name."""
    sync, tenant = begin(db, wanted), meta(db, "account")
    found = {}
    for table in tables(wanted):
        count = 0
        for count, row in enumerate(rows(db, table, wanted, shown, sync), 1):  # noqa: B007 - the last is the number
            out.write(json_line({"table": table.name, "tenant": tenant} | row))
        found[table.name] = entry(table, file, count)
    return found


def write_lines_file(db: sqlite3.Connection, path: Path, wanted: Wanted, shown: Shown) -> None:
    """The lines as a file, with its manifest beside it: the name of the file and `.manifest.json`."""
    with whole_file(path) as out:
        text = manifest(db, "jsonl", wanted, write_lines(db, out, wanted, shown, path.name))
    if path.is_file():
        with whole_file(path.with_name(f"{path.name}.manifest.json")) as beside:
            beside.write(text)


def write_csv(db: sqlite3.Connection, folder: Path, wanted: Wanted, shown: Shown) -> None:
    """One file a table in `folder`. A cell that a spreadsheet would take for a formula begins with a quote."""
    sync, tenant = begin(db, wanted), meta(db, "account")
    found = {}
    with whole_folder(folder) as new:
        for table in tables(wanted):
            names = list(dict.fromkeys(["tenant", "sync", "row_key", *table.columns]))
            count = 0
            with (new / f"{table.name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(names)
                for count, row in enumerate(rows(db, table, wanted, shown, sync), 1):  # noqa: B007
                    writer.writerow([_cell((row | {"tenant": tenant}).get(name)) for name in names])
            found[table.name] = entry(table, f"{table.name}.csv", count)
        (new / MANIFEST).write_text(manifest(db, "csv", wanted, found), "utf-8")


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, dict)):
        value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return f"'{value}" if isinstance(value, str) and value.lstrip().startswith(_FORMULA) else value
