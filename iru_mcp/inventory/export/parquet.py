"""Rows as Parquet: strictly typed, a Hive-partitioned folder a tenant, written in batches of bounded memory.

`OUT/tenant=ACCOUNT/table=NAME/rows.parquet`. The folder of a tenant is replaced as a whole. A cell that is not of its
column's type is null in the column and kept, under the column's name, in `more`: nothing is lost for being odd.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from ...errors import ConfigError
from ...installation import installation
from ..store import meta
from .columns import Type, strict
from .files import MANIFEST, tenant_folder, whole_folder
from .manifest import entry, manifest
from .rows import Row, Shown, Table, Wanted, check, rows, tables

_BATCH = 20_000
"""Rows that are held at once, and of one row group."""


def write_parquet(db: sqlite3.Connection, out: Path, wanted: Wanted, shown: Shown) -> Path:
    """Write the tenant's folder within `out` and return it. Raises ConfigError without the extra `parquet`."""
    _library()
    db.execute("BEGIN")
    sync, tenant = check(db, wanted), meta(db, "account") or ""
    folder = tenant_folder(out, tenant)
    found = {}
    with whole_folder(folder, beside=out) as new:
        for table in tables(wanted):
            file = f"table={table.name}/rows.parquet"
            (new / file).parent.mkdir(mode=0o700)
            count = _write(new / file, table, rows(db, table, wanted, shown, sync))
            found[table.name] = entry(table, file, count)
        (new / MANIFEST).write_text(manifest(db, "parquet", wanted, found), "utf-8")
    return folder


def _library() -> Any:
    try:
        import pyarrow as pa  # noqa: PLC0415 - of an extra, and slow to load
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError:
        raise ConfigError(
            "Parquet needs its library.", f"Install it with: {installation().adding('parquet')}"
        ) from None
    return pa


def _write(file: Path, table: Table, found: Iterator[Row]) -> int:
    pa, count = _library(), 0
    columns: dict[str, Type] = {"sync": "integer", "row_key": "text", **table.columns, "more": "json"}
    made = {"text": pa.string(), "json": pa.string(), "boolean": pa.bool_(), "integer": pa.int64()}
    made |= {"number": pa.float64(), "time": pa.timestamp("us", tz="UTC"), "texts": pa.list_(pa.string())}
    schema = pa.schema([(name, made[type_]) for name, type_ in columns.items()])
    with pa.parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while batch := [_strict(row, columns) for row in islice(found, _BATCH)]:
            count += len(batch)
            writer.write_table(pa.Table.from_pylist(batch, schema=schema))
    return count


def _strict(row: Row, columns: dict[str, Type]) -> Row:
    held, odd = Row(), Row()
    for name, value in row.items():
        try:
            held[name] = strict(value, columns[name])
        except ValueError:
            odd[name] = value
    if odd:
        more = row.get("more")
        held["more"] = strict((more if isinstance(more, dict) else {}) | odd, "json")
    return held
