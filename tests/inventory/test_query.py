"""One read-only statement over the copy: what is answered, what is refused, what is stopped in time."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import closing
from functools import partial
from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iru_mcp.errors import IruError, RateLimited, TookTooLong, UsageError
from iru_mcp.inventory.query import ask
from iru_mcp.inventory.sandbox.functions import version_key
from iru_mcp.inventory.sandbox.processes import Processes
from iru_mcp.inventory.schema import view_columns
from iru_mcp.inventory.store import writer
from iru_mcp.inventory.views import VIEWS
from iru_mcp.versions import read_version

from .conftest import LATER, Copy, select

pytestmark = pytest.mark.anyio

COUNTING = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) "
DOUBLED = "WITH RECURSIVE d(s) AS (SELECT 'a' UNION ALL SELECT s || s FROM d WHERE length(s) < 65536) "
TRIM = f"{DOUBLED} SELECT length(trim(s, replace(s, 'a', 'b') || 'a')) FROM d ORDER BY length(s) DESC"
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
    "SELECT count(*) FROM _sync",
    "SELECT count(*) FROM sqlite_schema",
    "SELECT 1 FROM main._meta",
    "WITH devices AS (SELECT * FROM _meta) SELECT * FROM devices",
    "WITH apps AS (SELECT 1 FROM _sync) SELECT count(*) FROM apps",
    "WITH RECURSIVE users(a) AS (SELECT value FROM _meta UNION SELECT a FROM users) SELECT * FROM users",
    "WITH v AS (SELECT * FROM sqlite_schema) SELECT * FROM v",
    "SELECT * FROM (SELECT * FROM _device) AS devices",
    "SELECT (SELECT value FROM _meta LIMIT 1) FROM devices",
    "SELECT * FROM devices WHERE device_id IN _device",
    "SELECT * FROM devices ORDER BY (SELECT max(id) FROM _sync)",
    "SELECT count(*) FROM apps JOIN sqlite_schema USING (name)",
    "SELECT count(*) FROM apps NATURAL JOIN sqlite_temp_schema",
    "SELECT count(*) FROM apps JOIN pragma_table_list USING (name)",
    "SELECT count(*) FROM apps NATURAL JOIN 'sqlite_schema'",
    "SELECT count(*) FROM apps NATURAL JOIN [_device]",
    "EXPLAIN SELECT * FROM devices",
    "EXPLAIN QUERY PLAN SELECT * FROM devices",
    " /* a */ -- b\n EXPLAIN SELECT 1",
    "\ufeffEXPLAIN SELECT 1",
    "SELECT rowid FROM devices",
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
REFUSAL = re.compile(
    r"That statement is not allowed\.|That is more than one statement\.|Wrong arguments: sql must have at least 1 |"
    r"SQLite says: (no such (table|function): |vtable constructor failed: dbstat)"
)
BOMBS = [
    f"{COUNTING} SELECT count(*) FROM t",
    f"{COUNTING} SELECT n FROM t ORDER BY -n",
    f"{COUNTING} SELECT group_concat(n) FROM t",
    "SELECT count(*) FROM apps a, apps b, apps c WHERE a.name || b.name || c.name LIKE '%x%y%z%'",
    "SELECT a.name, b.name, c.name FROM apps a, apps b, apps c ORDER BY 1, 2, 3",
    TRIM,
    (
        f"{COUNTING} SELECT sum(instr(s, s || 'b')) FROM (SELECT replace(substr(hex(n) || '00000000', 1, 8), '0', "
        "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa') s FROM t)"
    ),
]


@pytest.mark.parametrize("sql", REFUSED)
async def test_a_statement_that_is_not_a_plain_select_is_refused(copy: Copy, tmp_path: Path, sql: str) -> None:
    before = copy.path.read_bytes()
    assert REFUSAL.match(await copy.refused("inventory_query", sql=sql.format(folder=tmp_path) or " "))
    assert copy.path.read_bytes() == before
    assert not (tmp_path / "other.sqlite3").exists()


@pytest.fixture
async def processes() -> AsyncIterator[Processes]:
    held = Processes()
    yield held
    await held.aclose()


@pytest.mark.parametrize("sql", BOMBS)
async def test_a_statement_without_end_is_stopped_in_time(copy: Copy, processes: Processes, sql: str) -> None:
    began = time.monotonic()
    with pytest.raises((TookTooLong, UsageError), match=r"took too long|too much memory"):
        await ask(processes, copy.path, sql, rows=10, cell=513, seconds=0.5)
    assert time.monotonic() - began < 5
    assert (await ask(processes, copy.path, "SELECT 1", rows=10, cell=513, seconds=5)).rows == [[1]]


async def test_whoever_gives_up_ends_the_statement_and_leaves_its_place_to_others(
    copy: Copy, processes: Processes
) -> None:
    async def ask_in_vain() -> None:
        await ask(processes, copy.path, TRIM, rows=10, cell=513, seconds=60)

    began = time.monotonic()
    with anyio.move_on_after(1):
        async with anyio.create_task_group() as group:
            for _ in range(6):
                group.start_soon(ask_in_vain)
    assert (await ask(processes, copy.path, "SELECT 1", rows=10, cell=513, seconds=5)).rows == [[1]]
    assert time.monotonic() - began < 20


async def test_one_callers_statements_leave_a_place_for_the_others(copy: Copy, processes: Processes) -> None:
    async def ask_in_vain() -> None:
        await ask(processes, copy.path, TRIM, rows=10, cell=513, seconds=60, caller="one")

    async with anyio.create_task_group() as group:
        for _ in range(6):
            group.start_soon(ask_in_vain)
        await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(30):
            found = await ask(processes, copy.path, "SELECT 1", rows=10, cell=513, seconds=5, caller="two")
        group.cancel_scope.cancel()
    assert found.rows == [[1]]


async def test_a_statement_that_got_no_place_is_told_so_and_not_that_it_took_too_long(
    copy: Copy, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iru_mcp.call_limit.LONGEST_WAIT", 0.2)
    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(partial(ask, processes, copy.path, TRIM, rows=10, seconds=60))
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(RateLimited, match="did not begin: others were at work"):
            await ask(processes, copy.path, "SELECT 1", rows=10, seconds=5)
        group.cancel_scope.cancel()


async def test_a_statement_whose_process_gets_no_time_is_told_that_the_machine_is_busy(
    copy: Copy, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iru_mcp.inventory.sandbox.processes._MAIN", "import sys; sys.stdin.read()")
    with pytest.raises(TookTooLong, match="this machine is busy"):
        await ask(processes, copy.path, "SELECT 1", rows=10, seconds=0.1)


COLUMNS = ", ".join(f"a.s || {n} AS c{n}" for n in range(20))
WIDE = f"{DOUBLED} SELECT {COLUMNS} FROM d a, d b, d c ORDER BY length(a.s) DESC"
PEAK = """
import anyio, resource, sys
from pathlib import Path
from iru_mcp.errors import IruError
from iru_mcp.inventory.query import ask
from iru_mcp.inventory.sandbox.processes import Processes

async def main():
    held = Processes()
    try:
        await ask(held, Path(sys.argv[1]), sys.argv[2], rows=500, cell=513, seconds=2)
    except IruError:
        pass
    await held.aclose()

anyio.run(main)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


if sys.platform != "win32":  # nothing tells there what a process that has ended took

    @pytest.mark.parametrize("sql", [WIDE, BOMBS[1], BOMBS[2], TRIM])
    def test_a_statement_takes_at_most_128_mb(copy: Copy, sql: str) -> None:
        words = [sys.executable, "-c", PEAK, str(copy.path), sql]
        found = subprocess.run(words, check=True, capture_output=True, encoding="utf-8")
        assert 5 < int(found.stdout) < 128 + 16, "MB; the process itself takes 12"


def test_a_huge_result_is_cut_and_says_so(copy: Copy) -> None:
    result = select(copy.path, f"{COUNTING} SELECT n FROM t", 500)
    assert (len(result.rows), result.more) == (500, True)


async def test_an_answer_stays_within_its_size_and_says_that_there_is_more(copy: Copy) -> None:
    answer = await copy.call("inventory_query", sql="SELECT * FROM apps")
    assert not answer["complete"]
    assert 1 <= answer["returned"] < 500
    assert "more rows" in answer["notes"][-1]


async def test_an_answer_says_of_when_each_of_its_tables_is_and_what_it_lacks(copy: Copy) -> None:
    copy.now = LATER
    sql = "SELECT count(*) FROM devices JOIN filevault USING (device_id)"
    answer = await copy.call("inventory_query", sql=sql, max_age="1d")
    filevault, devices = answer["tables"][1], answer["tables"][0]
    assert devices == {"table": "devices", "as_of": "2026-11-23T12:00:00Z", "rows": 40}
    assert filevault["as_of"] == "2026-11-23T12:00:00Z"
    assert filevault["rows"] == copy.rows("SELECT count(*) FROM filevault")[0][0]
    assert answer["rows"] == [list(copy.rows("SELECT count(*) FROM filevault WHERE enrolled")[0])]
    phones = copy.rows("SELECT count(*) FROM devices WHERE platform = 'iPhone'")[0][0]
    assert [said for said in filevault["missing"] if f"iPhone ({phones})" in said]


async def test_the_tables_of_a_view_are_told_once_where_the_same_is_to_be_said_of_them(copy: Copy) -> None:
    answer = await copy.call("inventory_query", sql="SELECT count(*) FROM mac_security", max_age="1d")
    rows = {table: count for line in answer["tables"] for table, count in line["rows"].items()}
    counted = {table: copy.rows(f"SELECT count(*) FROM {table}")[0][0] for table in rows}
    assert rows == counted
    assert len(rows) == 7
    assert len(answer["tables"]) <= 3
    assert {line["as_of"] for line in answer["tables"]} == {"2026-11-23T12:00:00Z"}
    (filevault,) = [line for line in answer["tables"] if "filevault" in line["rows"]]
    assert "gatekeeper" in filevault["rows"]
    assert filevault["missing"]


@pytest.mark.parametrize(
    ("sql", "truth"),
    [
        ("SELECT datetime('2026-11-22 09:30:00', '+1 minute') > '2026-11-22T09:30:00Z'", 1),
        ("SELECT datetime('2026-11-22T09:30:00Z')", "2026-11-22T09:30:00Z"),
        ("SELECT '2026-11-22 09:30' = '2026-11-22T09:30:00Z'", 1),
        ("SELECT strftime('%Y-%m-%d %H:%M:%S', '2026-11-22T09:30:00Z')", "2026-11-22T09:30:00Z"),
        ("SELECT CURRENT_TIMESTAMP = datetime('now') AND datetime('now', '-1 day') > date('now', '-2 days')", 1),
        ("SELECT datetime('now') = datetime() AND datetime(NULL) IS NULL AND datetime('no time') IS NULL", 1),
        ("SELECT version_key('9.2') < version_key('15.1')", 1),
        ("SELECT version_key('15.1') = version_key('15.1.0') AND version_key(15.1) = version_key('15.1')", 1),
        ("SELECT version_key('26.1.10') > version_key('26.1.9')", 1),
        ("SELECT version_key('latest') IS NULL AND version_key(NULL) IS NULL", 1),
        ("SELECT version_key('24H2') IS NULL AND version_key('24h2') IS NULL AND version_key('24.2') IS NOT NULL", 1),
        ("SELECT count(*) FROM (SELECT '24H2' v) WHERE version_key(v) >= version_key('10.0')", 0),
        ("SELECT 9e999", "inf"),
    ],
)
async def test_times_and_versions_compare_as_such(copy: Copy, sql: str, truth: object) -> None:
    assert (await copy.call("inventory_query", sql=sql))["rows"] == [[truth]]


async def test_the_last_day_is_the_last_day_whichever_way_it_is_written(copy: Copy) -> None:
    moment = copy.rows("SELECT last_check_in FROM devices WHERE last_check_in IS NOT NULL ORDER BY 1 DESC LIMIT 1")[0][
        0
    ]
    right = len([1 for (seen,) in copy.rows("SELECT last_check_in FROM devices") if seen and moment[:10] <= seen])
    for since in (f"'{moment[:10]} 00:00:00'", f"datetime('{moment}', 'start of day')", f"date('{moment}')"):
        sql = f"SELECT count(*) FROM devices WHERE last_check_in >= {since}"
        assert (await copy.call("inventory_query", sql=sql))["rows"] == [[right]]
    assert 0 < right < 40


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=5), st.lists(st.integers(0, 10**9), min_size=1, max_size=5))
def test_a_version_key_sorts_as_the_version_does(first: list[int], second: list[int]) -> None:
    one, other = ".".join(map(str, first)), ".".join(map(str, second))
    keys = version_key(one) or "", version_key(other) or ""
    versions = read_version(one) or (), read_version(other) or ()
    assert (keys[0] < keys[1], keys[0] == keys[1]) == (versions[0] < versions[1], versions[0] == versions[1])


async def test_a_file_that_took_the_place_of_another_is_the_one_that_is_asked(
    copy: Copy, processes: Processes, first: Path
) -> None:
    sql = "SELECT count(*) FROM apps"
    before = await ask(processes, copy.path, sql, rows=1, cell=9, seconds=5)
    with writer(copy.path) as db:
        db.execute("DELETE FROM _apps_open")
    assert (await ask(processes, copy.path, sql, rows=1, cell=9, seconds=5)).rows == [[0]]
    other = copy.path.with_name("other.sqlite3")
    shutil.copy(first, other)
    for suffix in ("-wal", "-shm"):
        copy.path.with_name(copy.path.name + suffix).unlink(missing_ok=True)
    other.replace(copy.path)
    assert await ask(processes, copy.path, sql, rows=1, cell=9, seconds=5) == before


def test_a_statement_over_all_apps_touches_indexes_and_devices_alone(copy: Copy) -> None:
    with closing(sqlite3.connect(copy.path)) as db:
        for sql in (
            "SELECT name, version, count(*) FROM apps GROUP BY 1, 2",
            "SELECT bundle_id, count(DISTINCT device_id) FROM apps GROUP BY 1",
        ):
            plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}")]
            assert plan[0].startswith("SCAN content USING COVERING INDEX"), plan
            assert plan[1].startswith("SEARCH span USING COVERING INDEX"), plan
            assert not [step for step in plan if "_sync" in step or "_report" in step or "GROUP BY" in step], plan


@pytest.mark.parametrize(
    ("sql", "hint"),
    [
        ("SELECT * FROM app", "apps"),
        ("SELECT * FROM login_items", "launch_items"),
        ("SELECT serial FROM devices", "serial_number"),
        ("SELECT d.last_checkin FROM devices d", "last_check_in"),
        ("SELECT serial FROM local_users", r"serial_number \(in local_users, "),
        ("SELECT owner FROM local_users", r"volume_owner \(in local_users"),
    ],
)
async def test_an_error_names_the_nearest_table_or_column(copy: Copy, sql: str, hint: str) -> None:
    assert re.search(f"Did you mean [^?]*{hint}", await copy.refused("inventory_query", sql=sql))


async def test_an_error_names_no_column_that_is_unlike_the_one_that_was_asked(copy: Copy) -> None:
    said = await copy.refused("inventory_query", sql="SELECT admin FROM local_users")
    assert "Did you mean" not in said
    assert "local_users has device_id, device_name" in said


async def test_a_name_of_the_statements_own_may_be_read_whatever_it_is_joined_with(copy: Copy) -> None:
    own = "WITH t AS (SELECT t.*, d.user_email, d.user_id, d.platform FROM threats t JOIN devices d USING(device_id)) "
    found = await copy.call(
        "inventory_query",
        sql=f"{own}SELECT t.serial_number FROM t LEFT JOIN devices e ON lower(e.user_email) = lower(t.user_email) "
        'AND e.device_id <> t.device_id WHERE t.platform = "Mac" AND t.status = "not_quarantined" ORDER BY t.id',
    )
    assert found["returned"] == 1


async def test_a_column_that_is_unreadable_in_very_many_rows_costs_no_answer(copy: Copy) -> None:
    with writer(copy.path) as db:
        db.execute("UPDATE _apps_value SET more = json_object('version_as_sent', ?)", ("x" * 500,))
        assert db.execute("SELECT count(*) FROM _apps_open").fetchone()[0] > 3000
    answer = await copy.call("inventory_query", sql="SELECT count(version) FROM apps")
    note = "apps.version could not be read in at least 1000 rows and is NULL there; more has it as it was sent"
    assert answer["notes"] == [note]


async def test_a_count_used_where_rows_are_not_counted_yet_is_told_where_it_can_stand(copy: Copy) -> None:
    sql = "SELECT platform, count(*) AS n FROM devices WHERE n > 1 GROUP BY 1"
    assert "put the counting in a subquery" in await copy.refused("inventory_query", sql=sql)


async def test_of_what_is_not_copied_an_error_names_the_tool_that_asks_iru(copy: Copy) -> None:
    said = await copy.refused("inventory_query", sql="SELECT * FROM devices JOIN commands USING (device_id)")
    assert "not copied: ask list_device_commands" in said


async def test_every_table_can_be_read_in_the_columns_that_the_schema_says(copy: Copy) -> None:
    schema = await copy.call("inventory_schema")
    listed = {line[0] for line in schema["tables"]}
    assert listed | {f"{name}_history" for name in listed} >= set(VIEWS)
    async with copy.agent() as agent:
        for name in VIEWS:
            columns = ", ".join(f'"{column}"' for column in view_columns()[name])
            sql = f"SELECT {columns} FROM {name} LIMIT 1"
            answer = await agent.ask("inventory_query", sql=sql, max_age="1d")
            assert answer["columns"] == view_columns()[name]


async def test_json_in_a_column_can_be_taken_apart(copy: Copy) -> None:
    sql = "SELECT count(*) FROM devices d, json_each(d.tags) t WHERE t.value IS NOT NULL"
    assert (await copy.call("inventory_query", sql=sql))["returned"] == 1


def test_a_query_during_a_sync_sees_one_state(copy: Copy) -> None:
    before = select(copy.path, "SELECT count(*) FROM apps")
    with writer(copy.path) as db:
        db.execute("BEGIN IMMEDIATE")
        db.execute("DELETE FROM _apps_open")
        assert select(copy.path, "SELECT count(*) FROM apps") == before
        db.execute("COMMIT")
    assert select(copy.path, "SELECT count(*) FROM apps").rows == [[0]]


async def test_without_a_copy_the_tools_of_history_say_how_to_make_one(empty: Copy) -> None:
    for tool in ("inventory_changes", "inventory_alerts"):
        assert "iru-mcp sync" in await empty.refused(tool)


async def test_a_file_that_is_no_inventory_is_not_touched(empty: Copy) -> None:
    empty.path.write_text("somebody's letters, more than enough to be no database at all " * 20)
    assert "not an inventory" in await empty.refused("inventory_query", sql="SELECT 1")
    with pytest.raises(IruError, match="not an inventory"):
        await empty.sync()
    assert empty.path.read_text().startswith("somebody's letters")
