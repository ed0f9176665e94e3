"""Exports as whoever loads them elsewhere meets them: whole, private, typed, and mergeable."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from iru_mcp.errors import UsageError
from iru_mcp.inventory.export.files import whole_file, whole_folder

from .test_verbs import Shell

Row = dict[str, Any]
NOT_KEPT_IN_STEP = ("op", "sync", "last_collected_at", "last_changed_at")
MORE = ("--history", "--changes", "--gone", "--alerts")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exports")


@pytest.fixture(scope="module")
def before(folder: Path) -> Shell:
    """After a first sync: the demo tenant a week ago."""
    shell = Shell(folder / "before.sqlite3")
    shell("sync", "--quota", "100%")
    return shell


@pytest.fixture(scope="module")
def after(folder: Path, before: Shell) -> Shell:
    """After the tenant's story, in a file of its own."""
    shutil.copy(before.file, folder / "after.sqlite3")
    shell = Shell(folder / "after.sqlite3")
    shell("sync", "--quota", "100%")
    with closing(sqlite3.connect(shell.file)) as db:
        assert db.execute("SELECT count(*) FROM changes").fetchone()[0] > 10
    return shell


def lines(shell: Shell, *flags: str) -> list[Row]:
    return [json.loads(line) for line in shell("export", "--format", "jsonl", *flags).stdout.splitlines()]


def merged(rows: list[Row], delta: list[Row]) -> dict[tuple[str, str], Row]:
    """What a MERGE by table and row_key makes of them, without the number of the sync and the times of reports."""
    held = {(row["table"], row["row_key"]): row for row in rows}
    assert len(held) == len(rows), "a key is one row"
    for row in delta:
        if row["op"] == "delete":
            held.pop((row["table"], row["row_key"]), None)
        else:
            held[row["table"], row["row_key"]] = row
    return {key: {n: v for n, v in row.items() if n not in NOT_KEPT_IN_STEP} for key, row in held.items()}


@pytest.mark.parametrize("flags", [(), MORE], ids=["now", "everything"])
def test_what_began_or_ended_since_a_sync_keeps_a_warehouse_in_step(
    before: Shell, after: Shell, flags: tuple[str, ...]
) -> None:
    old, delta, now = lines(before, *flags), lines(after, *flags, "--since", "1"), lines(after, *flags)
    assert {row["op"] for row in delta} == {"upsert", "delete"}
    assert not [row for row in delta if row["table"] == "apps" and row["op"] == "upsert" and row["baseline"]]
    once = merged(old, delta)
    assert once == merged(now, [])
    twice = merged(old, delta + delta)
    assert twice == once


def renamed(db: sqlite3.Connection, device: int, name: str) -> int:
    """What a sync writes that finds a device under another name. Returns the sync's number."""
    sync = db.execute(
        "INSERT INTO _sync(started_at, finished_at, mode, requests, seconds) "
        "VALUES ('2030-01-01T00:00:00Z', '2030-01-01T00:00:00Z', 'full', 0, 0)"
    ).lastrowid
    assert sync
    span = ", ".join(row[1] for row in db.execute("PRAGMA table_info(_devices_open)"))
    of_device = "FROM _devices_open WHERE device = ?"
    db.execute(f"INSERT INTO _devices_closed({span}, seen_to) SELECT {span}, {sync} {of_device}", (device,))
    columns = [
        f'"{row[1]}"' for row in db.execute("PRAGMA table_info(_devices_value)") if row[1] not in ("_id", "digest")
    ]
    cells = [":name" if column == '"device_name"' else column for column in columns]
    value = db.execute(
        f"INSERT INTO _devices_value(digest, {', '.join(columns)}) "
        f"SELECT x'00', {', '.join(cells)} FROM _devices_value "
        "WHERE _id = (SELECT value FROM _devices_open WHERE device = :device)",
        {"name": name, "device": device},
    ).lastrowid
    db.execute("UPDATE _devices_open SET seen_from = ?, value = ? WHERE device = ?", (sync, value, device))
    db.execute("UPDATE _device SET device_name = ? WHERE id = ?", (name, device))
    return sync


def test_a_renamed_device_is_renamed_in_every_row_of_the_warehouse(after: Shell, folder: Path) -> None:
    shutil.copy(after.file, folder / "renamed.sqlite3")
    shell = Shell(folder / "renamed.sqlite3")
    old = lines(shell)
    with closing(sqlite3.connect(shell.file)) as db, db:
        (device,) = db.execute("SELECT device FROM _apps_open LIMIT 1").fetchone()
        sync = renamed(db, device, "Another name")
    delta, now = lines(shell, "--since", str(sync - 1)), lines(shell)
    assert [row for row in now if row["table"] == "apps" and row["device_name"] == "Another name"]
    assert merged(old, delta) == merged(now, [])


def test_flags_are_flags_and_lists_are_lists_in_json_lines(after: Shell) -> None:
    rows = lines(after)
    device = next(row for row in rows if row["table"] == "devices" and row.get("tags"))
    assert device["tags"] == ["VIP"] or isinstance(device["tags"], list)
    assert isinstance(device["mdm_enabled"], bool)
    assert (device["tenant"], device["sync"]) == ("demo", 2)
    profile = next(row for row in rows if row["table"] == "profiles" and row.get("profile_data"))
    assert isinstance(profile["profile_data"][0], dict)
    assert isinstance(next(row for row in rows if row["table"] == "filevault")["status"], int)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_whatever_holds_names_is_readable_by_its_owner_alone(after: Shell, folder: Path) -> None:
    csv_folder, file, page = folder / "csv", folder / "rows.jsonl", folder / "report.html"
    page.write_text("an older one", "utf-8")
    page.chmod(0o644)
    after("export", "--format", "csv", "--out", str(csv_folder))
    after("export", "--format", "jsonl", "--out", str(file))
    after("report", "--out", str(page))
    assert mode(csv_folder) == 0o700
    files = [*csv_folder.iterdir(), file, file.with_name("rows.jsonl.manifest.json"), page]
    assert {mode(one) for one in files} == {0o600}


def test_the_manifest_says_what_the_files_hold_and_the_same_copy_gives_the_same_bytes(
    after: Shell, folder: Path
) -> None:
    out = folder / "manifest"
    after("export", "--format", "csv", "--out", str(out), *MORE)
    first = {file.name: file.read_bytes() for file in out.iterdir()}
    said = json.loads(first["_manifest.json"])
    assert (said["tenant"], said["sync"]["sync"], said["first_sync"]["sync"]) == ("demo", 2, 1)
    assert said["schema_version"] > 0
    assert {line["kind"]: line["state"] for line in said["coverage"]}["apps"] == "copied"
    assert {"devices", "apps_history", "changes", "devices_gone", "alerts"} <= set(said["tables"])
    for name, table in said["tables"].items():
        with (out / table["file"]).open(encoding="utf-8", newline="") as file:
            read = list(csv.DictReader(file))
        assert len(read) == table["rows"], name
        assert {(row["tenant"], row["sync"]) for row in read} <= {("demo", "2")}, name
    after("export", "--format", "csv", "--out", str(out), *MORE)
    assert {file.name: file.read_bytes() for file in out.iterdir()} == first


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with whole_folder(out) as new:
        (new / "a.csv").write_text("old", "utf-8")
        (new / "_manifest.json").write_text('{"tables": {"a": {"file": "a.csv"}}}', "utf-8")
    with pytest.raises(RuntimeError), whole_folder(out) as new:  # noqa: PT012 - the state at the failure is the point
        (new / "a.csv").write_text("half", "utf-8")
        assert (out / "a.csv").read_text("utf-8") == "old"
        raise RuntimeError
    assert (out / "a.csv").read_text("utf-8") == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["out"]
    with pytest.raises(RuntimeError), whole_file(tmp_path / "rows") as file:  # noqa: PT012 - as above
        file.write("half")
        raise RuntimeError
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


def test_a_folder_with_somebody_elses_files_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", "utf-8")
    with pytest.raises(UsageError, match=r"thesis\.txt"), whole_folder(tmp_path):
        pass
    assert (tmp_path / "thesis.txt").exists()


@pytest.mark.parametrize("verb", [["report"], ["export", "--format", "jsonl"], ["export", "--format", "csv"]])
def test_an_error_of_path_is_one_line(after: Shell, tmp_path: Path, verb: list[str]) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    said = after(*verb, "--out", str(tmp_path / "file" / "inside" / "out"), code=2).stderr
    assert said.count("\n") == 1
    assert "--out" in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
def test_a_full_disk_is_one_line(after: Shell) -> None:
    said = after("export", "--format", "jsonl", "--out", "/dev/full", code=2).stderr
    assert said.count("\n") == 1
    assert "No space left" in said


def test_a_sync_that_the_copy_does_not_have_is_refused(after: Shell) -> None:
    assert "its newest is 2" in after("export", "--format", "jsonl", "--since", "3", code=2).stderr
