"""Parquet exports, read back: typed, partitioned, nothing lost for being odd, never half."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from statements import QUERIES, whole
from warehouse_engines import duckdb_engine, same

from iru_mcp.errors import UsageError
from iru_mcp.inventory.export.parquet import write_parquet
from iru_mcp.inventory.export.rows import Wanted
from iru_mcp.inventory.store import reader
from tests import conftest

from .conftest import Copy
from .object_store import Store, serving
from .test_verbs import ROOT, Shell, environment


def export(copy: Copy, out: Path, wanted: Wanted | None = None) -> Path:
    return Path(export_to(copy, str(out), wanted))


def export_to(copy: Copy, out: str, wanted: Wanted | None = None) -> str:
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
import os, sys
from pathlib import Path
from tests.conftest import KILL
from iru_mcp.errors import UsageError
from iru_mcp.inventory.export.parquet import write_parquet
from iru_mcp.inventory.export.rows import Wanted
from iru_mcp.inventory.store import reader
left = int(sys.argv[3])
def shown(row):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), KILL)
    return row
with reader(Path(sys.argv[1])) as db:
    write_parquet(db, sys.argv[2], Wanted(), shown)
"""


def test_killed_half_way_no_reader_takes_a_half_file(copy: Copy, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for rows in (1, 3000):
        words = [sys.executable, "-c", KILLED, str(copy.path), str(out), str(rows)]
        done = subprocess.run(words, env=environment() | {"PYTHONPATH": str(ROOT)}, check=False, timeout=120)
        assert done.returncode == conftest.KILLED
        assert not list(out.rglob("*.parquet"))
    folder = export(copy, out)
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    subprocess.run(words, env=environment() | {"PYTHONPATH": str(ROOT)}, check=False, timeout=120)
    assert {file: file.read_bytes() for file in out.rglob("*") if file.is_file()} == before
    export(copy, out)
    assert {file: file.read_bytes() for file in out.rglob("*") if file.is_file()} == before, "twice is the same"


def test_the_ten_statements_of_the_bench_have_the_same_answers_in_duckdb(copy: Copy, tmp_path: Path) -> None:
    folder = export(copy, tmp_path / "out")
    manifest = json.loads((folder / "_manifest.json").read_text("utf-8"))
    run = duckdb_engine(folder, manifest)
    assert len(QUERIES) == 10
    with reader(copy.path) as db:
        wanted = {name: db.execute(whole(sql)).fetchall() for name, sql in QUERIES.items()}
    assert sum(map(bool, wanted.values())) >= 8, "answers of nothing show nothing"
    assert {name for name, sql in QUERIES.items() if not same(run(whole(sql)), wanted[name])} == set()


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    for name, value in (("ACCESS_KEY_ID", "key"), ("SECRET_ACCESS_KEY", "s3cret"), ("EC2_METADATA_DISABLED", "true")):
        monkeypatch.setenv(f"AWS_{name}", value)
    with serving() as found:
        yield found


def test_an_object_store_gets_what_a_folder_gets_its_manifest_last(copy: Copy, tmp_path: Path, store: Store) -> None:
    folder = export(copy, tmp_path / "out")
    export_to(copy, store.address, Wanted(gone=True))
    assert store.written[-1] == "warehouse/iru/tenant=demo/_manifest.json"
    assert "warehouse/iru/tenant=demo/table=devices_gone/rows.parquet" in store.objects
    export_to(copy, store.address)
    held = {name: body for name, body in store.objects.items() if not name.endswith("/")}
    files = {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert held == {f"warehouse/iru/tenant=demo/{name}": body for name, body in files.items()}


def test_what_an_object_store_refuses_is_one_line_without_a_secret(copy: Copy, store: Store) -> None:
    store.refuses = True
    address = store.address.replace("s3://", "s3://key:s3cret@")
    with pytest.raises(UsageError) as error:
        export_to(copy, address)
    said = str(error.value)
    assert "s3://warehouse cannot be written" in said
    assert "AWS_ACCESS_KEY_ID" in said
    assert "s3cret" not in said
    assert "\n" not in said
    assert store.objects == {}


def test_an_export_that_fails_half_way_changes_nothing_in_an_object_store(copy: Copy, store: Store) -> None:
    export_to(copy, store.address)
    before, rows = dict(store.objects), iter(range(3000))

    def shown(row: Any) -> Any:
        next(rows)  # ends the export at the 3,001st row
        return row

    with reader(copy.path) as db, pytest.raises((StopIteration, RuntimeError)):
        write_parquet(db, store.address, Wanted(), shown)
    assert store.objects == before


def test_a_file_address_is_a_path_and_only_parquet_goes_to_an_address(copy: Copy, tmp_path: Path) -> None:
    folder = export_to(copy, (tmp_path / "out").as_uri())
    assert folder == str(tmp_path / "out" / "tenant=demo")
    assert table(Path(folder), "devices").num_rows == copy.rows("SELECT count(*) FROM devices")[0][0]
    said = Shell(copy.path)("export", "--format", "jsonl", "--out", "s3://bucket/rows", code=2).stderr
    assert "Only parquet is written to an address" in said
    said = Shell(copy.path)("export", "--format", "parquet", "--out", "nowhere://bucket/rows", code=2).stderr
    assert said.count("\n") == 1
    assert "nowhere://bucket cannot be written" in said


def test_in_privacy_mode_no_name_of_a_person_or_device_leaves_in_parquet(copy: Copy, tmp_path: Path) -> None:
    settings = {"IRU_PRIVACY": "pseudonyms", "IRU_PRIVACY_KEY": "a key of the tests, long enough"}
    plain = export(copy, tmp_path / "plain")
    Shell(copy.path)("export", "--format", "parquet", "--out", str(tmp_path / "hidden"), settings=settings)
    (hidden,) = (tmp_path / "hidden").iterdir()
    names = {row[0] for row in copy.rows("SELECT device_name FROM devices UNION SELECT email FROM users") if row[0]}
    for name in ("devices", "apps", "users", "detections"):
        seen, before = table(hidden, name).to_pylist(), table(plain, name).to_pylist()
        assert len(seen) == len(before)
        cells = {cell for row in seen for cell in row.values() if isinstance(cell, str)}
        assert not cells & names, name
        assert not {row["row_key"] for row in seen} & {row["row_key"] for row in before}
