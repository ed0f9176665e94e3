"""Parquet exports, read back: typed, partitioned, nothing lost for being odd, never half."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from iru_mcp.inventory.export.parquet import write_parquet
from iru_mcp.inventory.export.rows import Wanted
from iru_mcp.inventory.store import reader

from .conftest import Copy
from .test_verbs import ROOT, environment


def export(copy: Copy, out: Path, wanted: Wanted | None = None) -> Path:
    with reader(copy.path) as db:
        return write_parquet(db, out, wanted or Wanted(), lambda row: row)


def table(folder: Path, name: str) -> Any:
    return pq.ParquetFile(folder / f"table={name}" / "rows.parquet").read()


def test_columns_have_types_and_hold_every_row(copy: Copy, tmp_path: Path) -> None:
    folder = export(copy, tmp_path / "out", Wanted(history=True, changes=True, gone=True, alerts=True))
    assert folder == tmp_path / "out" / "tenant=demo"
    devices = table(folder, "devices")
    made = {name: devices.schema.field(name).type for name in ("device_name", "mdm_enabled", "last_check_in", "tags")}
    assert made == {
        "device_name": pa.string(),
        "mdm_enabled": pa.bool_(),
        "last_check_in": pa.timestamp("us", tz="UTC"),
        "tags": pa.list_(pa.string()),
    }
    said = json.loads((folder / "_manifest.json").read_text("utf-8"))
    for name, entry in said["tables"].items():
        read = table(folder, name)
        assert read.num_rows == entry["rows"], name
        assert len(set(read.column("row_key").to_pylist())) == entry["rows"], name
    assert {name: said["tables"][name]["rows"] for name in ("devices", "apps")} == {
        name: copy.rows(f"SELECT count(*) FROM {name}")[0][0] for name in ("devices", "apps")
    }
    (finished,) = copy.rows("SELECT max(valid_from) FROM devices")[0]
    assert max(devices.column("valid_from").to_pylist()) == datetime.fromisoformat(finished).astimezone(UTC)


def test_a_cell_of_another_type_is_kept_in_more(copy: Copy, tmp_path: Path) -> None:
    with closing(sqlite3.connect(copy.path)) as db, db:
        db.execute("UPDATE _filevault_value SET status = 'perhaps', more = '{\"new\":1}'")
    read = table(export(copy, tmp_path / "out"), "filevault").to_pylist()
    assert read
    assert {row["status"] for row in read} == {None}
    assert {row["more"] for row in read} == {'{"new":1,"status":"perhaps"}'}


KILLED = """
import os, signal, sys
from pathlib import Path
from iru_mcp.inventory.export.parquet import write_parquet
from iru_mcp.inventory.export.rows import Wanted
from iru_mcp.inventory.store import reader
left = int(sys.argv[3])
def shown(row):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return row
with reader(Path(sys.argv[1])) as db:
    write_parquet(db, Path(sys.argv[2]), Wanted(), shown)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killed_half_way_no_reader_takes_a_half_file(copy: Copy, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for rows in (1, 3000):
        words = [sys.executable, "-c", KILLED, str(copy.path), str(out), str(rows)]
        done = subprocess.run(words, env=environment() | {"PYTHONPATH": str(ROOT)}, check=False, timeout=120)
        assert done.returncode == -signal.SIGKILL
        assert not list(out.rglob("*.parquet"))
    folder = export(copy, out)
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    subprocess.run(words, env=environment() | {"PYTHONPATH": str(ROOT)}, check=False, timeout=120)
    assert {file: file.read_bytes() for file in out.rglob("*") if file.is_file()} == before
    export(copy, out)
    assert {file: file.read_bytes() for file in out.rglob("*") if file.is_file()} == before, "twice is the same"
