"""A file of any released version becomes one of this version, and no file but an inventory is touched."""

from __future__ import annotations

import gzip
import sqlite3
import stat
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from iru_mcp.errors import ConfigError, UsageError
from iru_mcp.inventory import schema
from iru_mcp.inventory.kind import Kind
from iru_mcp.inventory.store import reader, writer
from iru_mcp.inventory.tables import BY_NAME, KINDS
from tests.conftest import unlimited

from .conftest import LATER, Copy, Edited

FILES = Path(__file__).with_name("files")
RELEASED = sorted(int(path.name.removeprefix("version").split(".")[0]) for path in FILES.glob("version*.sqlite3.gz"))
"""Each a real file that a release made: six devices of the demo tenant, synced twice, with a few changes between."""


LAUNCH = "SELECT device_id, label, path, since, valid_from FROM launch_items ORDER BY 1, 2, 3"
MADE = datetime(2026, 11, 20, 12, tzinfo=UTC)


def released(version: int, folder: Path) -> Path:
    path = folder / f"version{version}.sqlite3"
    path.write_bytes(gzip.decompress((FILES / f"version{version}.sqlite3.gz").read_bytes()))
    return path


def made(db: sqlite3.Connection) -> dict[str, object]:
    """Every table with its columns and key, every index with its columns."""
    found: dict[str, object] = {}
    for name, kind in db.execute("SELECT name, type FROM sqlite_schema WHERE name NOT LIKE 'sqlite%'").fetchall():
        if kind == "table":
            found[name] = [row[1:3] + row[5:] for row in db.execute(f'PRAGMA table_info("{name}")')]
        elif kind == "index":
            found[name] = [row[2] for row in db.execute(f'PRAGMA index_info("{name}")')]
    return found


def test_there_is_a_real_file_of_every_released_version() -> None:
    """A release that adds steps adds the file of its own version."""
    assert [*range(1, 4)] == RELEASED[:3]
    assert [*range(1, RELEASED[-1] + 1)] == RELEASED


@pytest.mark.parametrize("version", RELEASED)
def test_a_step_still_makes_what_its_release_made(version: int, tmp_path: Path) -> None:
    with (
        closing(sqlite3.connect(released(version, tmp_path))) as real,
        closing(sqlite3.connect(":memory:", isolation_level=None)) as stepped,
    ):
        for step in schema.steps()[:version]:
            schema.run_script(stepped, step)
        assert made(stepped) == made(real)


@pytest.mark.anyio
@pytest.mark.parametrize("version", RELEASED)
async def test_a_released_file_keeps_its_rows_and_is_synced(version: int, tmp_path: Path) -> None:
    copy = Copy(released(version, tmp_path), Edited(unlimited(devices=40, now=MADE)))
    with closing(sqlite3.connect(copy.path)) as db:
        before = {name: db.execute(f"SELECT count(*) FROM {name}").fetchone() for name in ("apps", "local_users")}
        history = db.execute("SELECT what, count(*) FROM changes WHERE kind = 'apps' GROUP BY 1").fetchall()
        launch = db.execute(
            "SELECT device_id, label, path, since, valid_from FROM launch_items ORDER BY 1, 2, 3"
        ).fetchall()
    if version < len(schema.steps()):
        with pytest.raises(UsageError, match="another version"), reader(copy.path):
            pass
    with writer(copy.path) as db, closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        schema.migrate(fresh)
        assert made(db) == made(fresh)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    for name, count in before.items():
        assert copy.rows(f"SELECT count(*) FROM {name}") == [count]
    assert copy.rows("SELECT what, count(*) FROM changes WHERE kind = 'apps' GROUP BY 1") == history
    assert copy.rows(LAUNCH) == launch
    copy.now = MADE + timedelta(days=2)
    await copy.sync(full=True)
    accounts = copy.rows("SELECT count(*) FROM changes WHERE kind = 'local_users' AND what <> 'appeared'")
    assert accounts == [(0,)], "the tenant did not change, so nothing did"
    assert copy.rows("SELECT count(*) FROM devices") == [(40,)]


def undeclared(kinds: Sequence[Kind] = KINDS) -> list[str]:
    """What `kinds` declare and no step makes, each as a sentence that says what to add."""
    step = f"inventory/steps/{len(schema.steps()) + 1:04}.sql"
    found = []
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        schema.migrate(db)
        for kind in kinds:
            table = f"_{kind.name}_value"
            columns = {row[1] for row in db.execute(f'PRAGMA table_info("{table}")')}
            if not columns:
                found.append(f"{kind.name} has no tables: add {step} with its CREATE TABLE statements, as 0001.sql has")
                continue
            lacking = [name for name in kind.columns if name not in columns]
            added = f"ALTER TABLE {table} ADD COLUMN {{0}}; INSERT INTO _added_column VALUES ('{kind.name}', '{{0}}');"
            found += [f"{kind.name}.{name}: add {step} with {added.format(name)}" for name in lacking]
            dropped = sorted(columns - set(kind.columns) - {"_id", "digest", "key", "more"})
            found += [
                f'{kind.name} no longer declares {name}: add {step} with ALTER TABLE {table} DROP COLUMN "{name}";'
                for name in dropped
            ]
    return found


def test_every_declared_table_and_column_is_made_by_a_step() -> None:
    assert undeclared() == []


def test_a_declared_column_without_a_step_is_told_with_what_to_add() -> None:
    apps = BY_NAME["apps"]
    kinds = [replace(apps, columns=(*apps.columns, "color")) if kind is apps else kind for kind in KINDS]
    said = undeclared(kinds)
    assert len(said) == 1
    assert f"apps.color: add inventory/steps/{len(schema.steps()) + 1:04}.sql" in said[0]
    assert "ALTER TABLE _apps_value ADD COLUMN color; INSERT INTO _added_column" in said[0]


def test_a_declared_table_without_a_step_is_told_with_what_to_add() -> None:
    said = undeclared([*KINDS, replace(BY_NAME["users"], name="pets")])
    assert len(said) == 1
    assert said[0].startswith("pets has no tables: add inventory/steps/")


def test_a_column_that_is_no_longer_declared_is_told() -> None:
    apps = BY_NAME["apps"]
    said = undeclared([replace(apps, columns=apps.columns[1:]) if kind is apps else kind for kind in KINDS])
    assert len(said) == 1
    assert "DROP COLUMN" in said[0]


@pytest.mark.anyio
async def test_a_column_that_a_step_adds_breaks_no_file_and_is_no_change(
    copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the next release might: apps gain a column, of which Iru sent a value all along."""
    before = copy.rows("SELECT count(*) FROM apps")
    step = (
        "ALTER TABLE _apps_value ADD COLUMN color;\nINSERT INTO _added_column(kind, name) VALUES ('apps', 'color');\n"
    )
    apps = BY_NAME["apps"]
    monkeypatch.setitem(BY_NAME, "apps", apps)
    released_steps = schema.steps()
    monkeypatch.setattr(schema, "steps", lambda: (*released_steps, step))
    with writer(copy.path) as db:
        assert schema.version(db) == len(schema.steps())
    copy.now = LATER
    await copy.sync(full=True)
    assert copy.rows("SELECT count(*) FROM apps") == before
    assert copy.changes() == set()


def test_views_follow_what_is_declared_now(copy: Copy) -> None:
    with closing(sqlite3.connect(copy.path, isolation_level=None)) as db:
        db.execute("UPDATE _meta SET value = 'of another release' WHERE name = 'views'")
        db.execute("DROP VIEW devices")
    with pytest.raises(UsageError, match="another version"), reader(copy.path):
        pass
    with writer(copy.path):
        assert copy.rows("SELECT count(*) FROM devices") == [(40,)]


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite3"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(ConfigError, match="newer"), writer(path):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="no such modes")
@pytest.mark.parametrize("content", ["text", "database"])
def test_a_foreign_file_is_refused_before_anything_of_it_changes(tmp_path: Path, content: str) -> None:
    path = tmp_path / "mine"
    if content == "text":
        path.write_text("not yours\n" * 100)
    else:
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("CREATE TABLE bookmarks(url)")
    path.chmod(0o644)
    before = path.read_bytes(), stat.S_IMODE(path.stat().st_mode)
    with pytest.raises(ConfigError, match="not an inventory file"), writer(path):
        pass
    with pytest.raises((ConfigError, UsageError)), reader(path):
        pass
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == before
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not an inventory file"), writer(tmp_path):
        pass
