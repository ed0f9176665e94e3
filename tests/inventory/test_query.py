"""One read-only statement over the copy: what is answered, what is refused, what is stopped in time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from iru_mcp.errors import IruError, TookTooLong, UsageError
from iru_mcp.inventory.query import select
from iru_mcp.inventory.schema import VIEWS
from iru_mcp.inventory.store import writer

from .conftest import LATER, Copy

pytestmark = pytest.mark.anyio

COUNTING = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) "
REFUSED = [
    "DELETE FROM devices",
    "DELETE FROM _sync",
    "INSERT INTO syncs VALUES (1, 2, 3, 4, 5, 6)",
    "UPDATE _device SET device_name = 'x'",
    "DROP VIEW apps",
    "CREATE TEMP TABLE t(a)",
    "CREATE TRIGGER t AFTER INSERT ON _sync BEGIN SELECT 1; END",
    "ATTACH '{folder}/other.sqlite3' AS other",
    "DETACH main",
    "PRAGMA writable_schema = 1",
    "PRAGMA table_info(apps)",
    "SELECT * FROM pragma_database_list",
    "SELECT * FROM sqlite_schema",
    "SELECT * FROM _sync",
    "SELECT * FROM dbstat",
    "VACUUM",
    "VACUUM INTO '{folder}/other.sqlite3'",
    "BEGIN",
    "COMMIT",
    "REINDEX",
    "ANALYZE",
    "SELECT load_extension('{folder}/evil.so')",
    "SELECT writefile('{folder}/other.sqlite3', 'x')",
    "SELECT readfile('/etc/passwd')",
    "SELECT randomblob(1000000000)",
    "SELECT zeroblob(1000000000)",
    "SELECT printf('%.*c', 1000000000, 'x')",
    "SELECT 1; DELETE FROM _sync",
    "SELECT * FROM devices; SELECT 1",
    "",
    "-- nothing",
    "not sql at all",
]
BOMBS = [
    f"{COUNTING} SELECT count(*) FROM t",
    f"{COUNTING} SELECT n FROM t ORDER BY -n",
    f"{COUNTING} SELECT group_concat(n) FROM t",
    "SELECT count(*) FROM apps a, apps b, apps c WHERE a.name || b.name || c.name LIKE '%x%y%z%'",
    "SELECT a.name, b.name, c.name FROM apps a, apps b, apps c ORDER BY 1, 2, 3",
    (
        f"{COUNTING} SELECT sum(instr(s, s || 'b')) FROM (SELECT replace(substr(hex(n) || '00000000', 1, 8), '0', "
        "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa') s FROM t)"
    ),
]


@pytest.mark.parametrize("sql", REFUSED)
async def test_a_statement_that_is_not_a_plain_select_is_refused(copy: Copy, tmp_path: Path, sql: str) -> None:
    before = copy.path.read_bytes()
    with pytest.raises(UsageError):
        await copy.call("inventory_query", sql=sql.format(folder=tmp_path) or " ")
    assert copy.path.read_bytes() == before
    assert not (tmp_path / "other.sqlite3").exists()


@pytest.mark.parametrize("sql", BOMBS)
def test_a_statement_without_end_is_stopped_in_time(copy: Copy, sql: str) -> None:
    began = time.monotonic()
    with pytest.raises((TookTooLong, UsageError), match=r"took too long|too much memory"):
        select(copy.path, sql, most=10, seconds=0.5)
    assert time.monotonic() - began < 5


def test_a_huge_result_is_cut_and_says_so(copy: Copy) -> None:
    result = select(copy.path, f"{COUNTING} SELECT n FROM t", most=500, seconds=5)
    assert (len(result.rows), result.more) == (500, True)


async def test_an_answer_stays_within_its_size_and_says_that_there_is_more(copy: Copy) -> None:
    answer = await copy.call("inventory_query", sql="SELECT * FROM apps")
    assert not answer["complete"]
    assert 1 <= answer["returned"] < 500
    assert "more rows" in answer["notes"][-1]


async def test_an_answer_says_how_old_the_copy_is(copy: Copy) -> None:
    copy.now = LATER
    answer = await copy.call("inventory_query", sql="SELECT count(*) FROM devices")
    assert answer["copy"] == {"synced_at": "2026-11-23T12:00:00Z", "age": "6 h"}
    assert answer["rows"] == [[40]]


@pytest.mark.parametrize(
    ("sql", "hint"),
    [
        ("SELECT * FROM app", "apps"),
        ("SELECT * FROM login_items", "launch_items"),
        ("SELECT serial FROM devices", "serial_number"),
        ("SELECT d.last_checkin FROM devices d", "last_check_in"),
    ],
)
async def test_an_error_names_the_nearest_table_or_column(copy: Copy, sql: str, hint: str) -> None:
    with pytest.raises(UsageError, match=f"Did you mean.*{hint}"):
        await copy.call("inventory_query", sql=sql)


async def test_every_table_of_the_schema_can_be_read(copy: Copy) -> None:
    schema = await copy.call("inventory_schema")
    for table in schema["tables"]:
        for name in {table["table"], f"{table['table']}_history"} & set(VIEWS):
            columns = ", ".join(f'"{column}"' for column in table["columns"])
            answer = await copy.call("inventory_query", sql=f"SELECT {columns} FROM {name} LIMIT 1")
            assert answer["columns"] == table["columns"]


async def test_json_in_a_column_can_be_taken_apart(copy: Copy) -> None:
    sql = "SELECT count(*) FROM devices d, json_each(d.tags) t WHERE t.value IS NOT NULL"
    assert (await copy.call("inventory_query", sql=sql))["returned"] == 1


def test_a_query_during_a_sync_sees_one_state(copy: Copy) -> None:
    before = select(copy.path, "SELECT count(*) FROM apps", most=1, seconds=5)
    with writer(copy.path) as db:
        db.execute("BEGIN IMMEDIATE")
        db.execute("DELETE FROM _apps_open")
        assert select(copy.path, "SELECT count(*) FROM apps", most=1, seconds=5) == before
        db.execute("COMMIT")
    assert select(copy.path, "SELECT count(*) FROM apps", most=1, seconds=5).rows == [[0]]


async def test_without_a_copy_the_answer_says_how_to_make_one(empty: Copy) -> None:
    for tool in ("inventory_schema", "inventory_changes", "inventory_alerts"):
        with pytest.raises(IruError, match="iru-mcp sync"):
            await empty.call(tool)


async def test_a_file_that_is_no_inventory_is_not_touched(empty: Copy) -> None:
    empty.path.write_text("somebody's letters, more than enough to be no database at all " * 20)
    with pytest.raises(IruError, match="not an inventory"):
        await empty.call("inventory_query", sql="SELECT 1")
    with pytest.raises(IruError, match="not an inventory"):
        await empty.sync()
    assert empty.path.read_text().startswith("somebody's letters")
