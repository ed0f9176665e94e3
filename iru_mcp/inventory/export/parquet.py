"""Rows as Parquet: strictly typed, a Hive-partitioned folder a tenant, written in batches of bounded memory.

`OUT/tenant=ACCOUNT/table=NAME/rows.parquet`. A cell that is not of its column's type is null in the column and kept,
under the column's name, in `more`: nothing is lost for being odd.

OUT may be a path, whose tenant folder is replaced as a whole, or the address of an object store as pyarrow's
filesystems know it (`s3://`, `gs://`), which has no such exchange. What goes there is written to a temporary folder
first and sent when it is complete, so an object is never half; the manifest is sent last, and tables that it no longer
has are deleted after it. A reader that wants all tables of one sync takes the rows whose `sync` is the manifest's.
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from ...errors import ConfigError, UsageError
from ...installation import installation
from ...output.clean import clean
from ..store import meta
from .columns import Type, strict
from .files import MANIFEST, tenant_partition, whole_folder
from .rows import Row, Shown, Table, Wanted, begin, entry, manifest, rows, tables

_BATCH = 20_000
"""How many rows are in memory at once, and in one row group."""
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


def write_parquet(db: sqlite3.Connection, out: str, wanted: Wanted, shown: Shown) -> str:
    """Write the tenant's folder within `out`, a path or an address, and return where it is.

    Raises ConfigError without the extra `parquet`, UsageError where it cannot be written.
    """
    fs, base = _library().fs.LocalFileSystem(), out
    if _ADDRESS.match(out):
        try:
            fs, base = _library().fs.FileSystem.from_uri(out)
        except (OSError, ValueError) as error:
            raise _refused(out, error) from None
    sync = begin(db, wanted)
    folder = f"{base.rstrip('/')}/{tenant_partition(meta(db, 'account') or '')}"
    if fs.type_name == "local":
        with whole_folder(Path(folder), beside=Path(base)) as new:
            _write_all(db, new, wanted, shown, sync)
        return folder
    with TemporaryDirectory() as work:
        files = _write_all(db, Path(work), wanted, shown, sync)
        try:
            _send(fs, Path(work), folder, files)
        except (OSError, ValueError) as error:
            raise _refused(out, error) from None
    return f"{fs.type_name}: {folder}"


def _library() -> Any:
    try:
        import pyarrow as pa  # noqa: PLC0415 - of an extra, and slow to load
        import pyarrow.fs  # noqa: PLC0415
        import pyarrow.parquet  # noqa: PLC0415
    except ImportError:
        raise ConfigError(
            "Parquet needs its library.", f"Install it with: {installation().adding('parquet')}"
        ) from None
    return pa


def _refused(address: str, error: Exception) -> UsageError:
    """The error, without the secrets that an address may have: it names scheme and host alone."""
    parts = urlsplit(address)
    why = str(clean(str(error).partition("\n")[0]))[:300].rstrip(".")
    return UsageError(
        f"{parts.scheme}://{parts.hostname or ''} cannot be written ({why}).",
        "Check the address, and that this environment has the store's usual credentials (AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY, or GOOGLE_APPLICATION_CREDENTIALS).",
    )


def _send(fs: Any, work: Path, folder: str, files: list[str]) -> None:
    """Send the tables, then the manifest, then delete what only an earlier export had."""
    before = set[str]()
    with (
        suppress(FileNotFoundError, ValueError, KeyError, TypeError),
        fs.open_input_stream(f"{folder}/{MANIFEST}") as file,  # of an earlier export
    ):
        before = {str(table["file"]) for table in json.loads(file.read())["tables"].values()}
    for file in (*files, MANIFEST):
        if fs.type_name not in ("s3", "gcs"):  # an object's name needs no folders
            fs.create_dir(f"{folder}/{file}".rpartition("/")[0])
        _library().fs.copy_files(str(work / file), f"{folder}/{file}", _library().fs.LocalFileSystem(), fs)
    for file in before - set(files):
        fs.delete_file(f"{folder}/{file}")


def _write_all(db: sqlite3.Connection, folder: Path, wanted: Wanted, shown: Shown, sync: int) -> list[str]:
    """Write every table, then the manifest; returns the tables' files."""
    found: dict[str, Row] = {}
    for table in tables(wanted):
        file = f"table={table.name}/rows.parquet"
        (folder / file).parent.mkdir(mode=0o700)
        count = _write(folder / file, table, rows(db, table, wanted, shown, sync))
        found[table.name] = entry(table, file, count)
    (folder / MANIFEST).write_text(manifest(db, "parquet", wanted, found), "utf-8")
    return [str(one["file"]) for one in found.values()]


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
