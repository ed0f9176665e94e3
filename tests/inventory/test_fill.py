"""A statement's tables are read when it needs them, whole or not at all, within the hour's share, and told honestly."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from iru_mcp.api.client import Filling, IruClient
from iru_mcp.errors import ConfigError
from iru_mcp.inventory.fill import costs
from iru_mcp.inventory.fill.on_demand import OnDemand
from iru_mcp.inventory.fill.provenance import facts
from iru_mcp.inventory.fill.temporary import TemporaryFolder
from iru_mcp.inventory.query import ask
from iru_mcp.inventory.sync import pages
from iru_mcp.inventory.sync.run import Plan, sync
from iru_mcp.output.privacy import Privacy
from iru_mcp.tools.inventory import query
from tests.conftest import Agent, agent_of, is_private

from .conftest import LATER, Copy

pytestmark = pytest.mark.anyio
COUNT = "SELECT count(*) FROM devices"


class Server:
    """One server on a tenant: its client lives from call to call."""

    def __init__(self, copy: Copy, client: IruClient, agent: Agent) -> None:
        self.copy, self.client, self.agent = copy, client, agent

    async def ask(self, sql: str, **more: Any) -> dict[str, Any]:
        return await self.agent.ask("inventory_query", sql=sql, **more)

    async def refused(self, sql: str, **more: Any) -> str:
        return await self.agent.refused("inventory_query", sql=sql, **more)

    async def schema(self, **given: Any) -> dict[str, Any]:
        return await self.agent.ask("inventory_schema", **given)

    def asked(self) -> list[str]:
        """What was asked of Iru since the last time."""
        paths = [url.path.removeprefix("/api/v1/") for url in self.copy.tenant.asked]
        self.copy.tenant.asked.clear()
        return paths


@asynccontextmanager
async def serving(copy: Copy) -> AsyncIterator[Server]:
    """A server whose user keeps no copy, unless there is one."""
    client = copy.client()
    client.filling = Filling("demo")
    async with agent_of(lambda: client) as agent:
        yield Server(copy, client, agent)


@pytest.fixture
async def server(empty: Copy) -> AsyncIterator[Server]:
    async with serving(empty) as started:
        yield started


def refuse(copy: Copy, part: str, status: int = 403) -> None:
    copy.tenant.refuse = lambda request: (
        httpx.Response(status, request=request, stream=httpx.ByteStream(b"{}")) if part in request.url.path else None
    )


async def test_a_statement_reads_the_tables_that_it_names_and_no_other(server: Server) -> None:
    answer = await server.ask("SELECT count(*) FROM local_users WHERE username = 'root'")
    assert answer["rows"][0][0] > 0
    assert set(server.asked()) == {"devices", "prism/local_users", "prism/count"}
    assert [line["table"] for line in answer["tables"]] == ["local_users"]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM devices LEFT JOIN local_users USING (device_id)",
        "SELECT count(*) FROM devices NATURAL JOIN local_users",
        "SELECT count(*) FROM devices JOIN local_users USING (device_id, device_name)",
        "SELECT 1 FROM devices WHERE device_id IN (SELECT device_id FROM local_users)",
        "SELECT (SELECT count(*) FROM local_users) FROM devices",
        "WITH d AS (SELECT 1 FROM devices), users AS (SELECT count(*) FROM local_users) SELECT * FROM d, users",
        "SELECT count(*) FROM devices UNION ALL SELECT count(*) FROM local_users",
    ],
)
async def test_a_table_is_read_whichever_way_a_statement_names_it(server: Server, sql: str) -> None:
    answer = await server.ask(sql)
    assert [line["table"] for line in answer["tables"]] == ["devices", "local_users"]
    assert answer["rows"]


async def test_a_second_question_within_max_age_costs_no_request(server: Server) -> None:
    first = await server.ask(COUNT)
    server.asked()
    server.copy.now += timedelta(minutes=59)
    assert await server.ask(COUNT) == first
    assert server.asked() == []
    server.copy.now += timedelta(minutes=2)
    assert (await server.ask(COUNT))["tables"][0]["as_of"] == "2026-11-23T13:01:00Z"
    assert set(server.asked()) == {"devices"}


async def test_what_a_cve_is_described_by_is_said_to_be_missing_until_detections_are_read(server: Server) -> None:
    count = "SELECT count(fixed_version) FROM vulnerabilities"
    answer = await server.ask(count)
    assert answer["rows"] == [[0]]
    assert "fixed_version: of detections, not read yet" in str(answer["tables"][0]["missing"])
    answer = await server.ask(f"{count} JOIN detections USING (cve_id)")
    assert answer["rows"][0][0] > 0
    assert "not read yet" not in str(answer["tables"])


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        (
            "SELECT count(*) FROM local_users WHERE type = 'administrator'",
            "no row has type 'administrator': local_users.type",
        ),
        (
            "SELECT * FROM local_users u WHERE u.type IN ('Admins', 'Standard')",
            "no row has type 'Admins': local_users.type",
        ),
        ("SELECT sum(platform <> 'mac') FROM devices", "no row has platform 'mac': devices.platform has Mac"),
        ("SELECT count(*) FROM filevault WHERE status IS 'off'", "no row has status 'off': filevault.status has "),
    ],
)
async def test_a_word_that_no_row_has_is_told_with_those_there_are(server: Server, sql: str, told: str) -> None:
    answer = await server.ask(sql)
    assert told in " ".join(answer["notes"])
    assert "Standard" in str(answer) or "local_users" not in sql


@pytest.mark.parametrize(
    ("sql", "column"),
    [
        ("SELECT count(*) FROM devices WHERE last_check_in < '2026-11-01'", "devices.last_check_in"),
        ("SELECT count(*) FROM device_overview WHERE days_silent > 7", "device_overview.days_silent"),
        ("SELECT count(*) FROM devices d WHERE d.user_email <> 'a@b.example'", "devices.user_email"),
        ("SELECT count(*) FROM devices WHERE user_email NOT LIKE '%@b.example'", "devices.user_email"),
        ("SELECT count(*) FROM devices WHERE '2026-11-01' >= last_check_in", "devices.last_check_in"),
        ("SELECT count(*) FROM devices WHERE datetime(last_check_in) < datetime('now')", "devices.last_check_in"),
        (
            "SELECT count(*) FROM library_item_status s, devices d WHERE d.last_check_in > s.reported_at",
            "library_item_status.reported_at",
        ),
    ],
)
async def test_rows_that_a_comparison_leaves_out_for_null_are_counted_in_a_note(
    server: Server, sql: str, column: str
) -> None:
    table, _, name = column.partition(".")
    empty = (await server.ask(f"SELECT count(*) FROM {table} WHERE {name} IS NULL"))["rows"][0][0]
    rows = (await server.ask(f"SELECT count(*) FROM {table}"))["rows"][0][0]
    assert 0 < empty < rows
    assert (
        f"{column} is NULL in {empty} of {rows} rows: a comparison leaves them out" in (await server.ask(sql))["notes"]
    )


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM devices WHERE last_check_in < '2026-11-01' OR last_check_in IS NULL",
        "SELECT count(*) FROM devices WHERE coalesce(last_check_in, '') < '2026-11-01'",
        "SELECT count(*) FROM devices WHERE user_email = 'a@b.example'",
        "SELECT count(*) FROM devices WHERE device_name <> 'user_email < 3'",
        "SELECT more ->> '$.x' FROM devices WHERE device_id > '9'",
        "SELECT platform, count(*) AS n FROM devices GROUP BY 1 HAVING n > 3",
    ],
)
async def test_of_a_comparison_that_leaves_out_no_row_for_null_nothing_is_told(server: Server, sql: str) -> None:
    assert "is NULL in" not in str((await server.ask(sql)).get("notes", []))


async def test_a_column_that_no_device_of_a_platform_has_is_said_not_to_have_been_sent(server: Server) -> None:
    sql = "SELECT count(*) FROM windows_android_details WHERE is_encrypted = 0 OR is_encrypted IS NULL"
    answer = await server.ask(sql)
    windows = (await server.ask("SELECT count(*) FROM devices WHERE platform = 'Windows'"))["rows"][0][0]
    note = f"windows_android_details.is_encrypted is NULL on all {windows} Windows devices: Iru did not send it"
    assert note in answer["notes"]
    assert "notes" not in await server.ask("SELECT count(manufacturer) FROM windows_android_details")


async def test_the_audit_log_is_said_to_start_when_its_first_event_was(server: Server) -> None:
    answer = await server.ask("SELECT min(occurred_at), count(*) FROM audit_events")
    assert answer["tables"][0]["log_starts_at"] == answer["rows"][0][0]


async def test_of_a_table_without_any_row_it_is_said_that_none_may_have_reported(server: Server) -> None:
    answer = await server.ask("SELECT count(*) FROM kernel_extensions")
    assert answer["rows"] == [[0]]
    assert answer["tables"][0]["missing"] == [
        "no device has a row: whether none has any or none reported, Iru does not tell"
    ]


async def test_a_device_whose_check_in_is_unreadable_is_not_said_to_have_never_checked_in(server: Server) -> None:
    sql = "SELECT device_name, never_checked_in FROM device_overview WHERE last_check_in IS NULL ORDER BY 1"
    about = (
        "SELECT serial_number, more ->> '$.last_check_in_as_sent' FROM devices WHERE device_name = 'NW-MAC-MISTYPED'"
    )
    serial, sent = (await server.ask(about))["rows"][0]
    told = f"devices.last_check_in could not be read in 1 rows and is NULL there; sent was: {serial}: {sent}"
    answer = await server.ask(sql)
    assert answer["rows"] == [["NW-MAC-MISTYPED", None], ["NW-MAC-NEW", 1]]
    assert answer["notes"] == [told]
    assert (await server.ask("SELECT count(*) FROM devices WHERE last_check_in IS NULL"))["notes"] == [told]
    assert "notes" not in await server.ask("SELECT count(*) FROM devices WHERE platform = 'Mac'")


async def test_of_a_device_that_is_not_known_to_be_assessed_no_number_of_cves_is_told(server: Server) -> None:
    sql = "SELECT platform, count(*), count(critical_cves), sum(critical_cves) FROM device_overview GROUP BY 1"
    counted = {platform: numbers for platform, *numbers in (await server.ask(sql))["rows"]}
    devices, known, critical = counted.pop("Mac")
    assert devices == known
    assert critical > 0
    assert all(numbers[1:] == [0, None] for numbers in counted.values())


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM local_users WHERE type = 'Standard'",
        "SELECT count(*) FROM devices WHERE device_name = 'it''s nobody''s'",
        "SELECT 'platform = ' || platform FROM devices WHERE platform <> 'Mac' LIMIT 1",
        "SELECT count(*) FROM devices WHERE platform LIKE 'linux%'",
        "SELECT count(*) FROM devices JOIN local_users USING (device_id) WHERE type = 'Standard' AND platform = 'Mac'",
    ],
)
async def test_of_a_word_that_rows_have_or_a_column_of_many_nothing_is_told(server: Server, sql: str) -> None:
    assert "notes" not in await server.ask(sql)


async def test_a_limit_that_ended_a_statement_is_told(server: Server) -> None:
    assert "LIMIT 30 was reached" in str((await server.ask("SELECT device_id FROM devices LIMIT 30"))["notes"])
    assert "notes" not in await server.ask("SELECT device_id FROM devices LIMIT 450")


async def test_max_age_says_how_old_a_table_may_be(server: Server) -> None:
    await server.ask(COUNT)
    server.asked()
    server.copy.now = LATER
    assert (await server.ask(COUNT, max_age="7h"))["tables"][0]["as_of"] == "2026-11-23T12:00:00Z"
    assert server.asked() == []
    assert (await server.ask(COUNT, max_age="0"))["tables"][0]["as_of"] == "2026-11-23T18:00:00Z"
    server.copy.now += timedelta(seconds=1)
    assert (await server.ask(COUNT, max_age="0"))["rows"] == [[40]]
    assert server.asked() == ["devices", "devices"]
    assert "max_age" in await server.refused(COUNT, max_age="soon")


async def test_what_does_not_fit_in_a_call_goes_on_behind_it(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, gate = anyio.Event(), anyio.Event()
    demo = server.copy.tenant.demo

    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("/prism/apps") and "cursor" in request.url.params:
                begun.set()
                await gate.wait()
            return await demo.handle_async_request(request)

    server.copy.tenant.demo = Slow()
    monkeypatch.setattr(query, "_FILL_SECONDS", 0.2)
    with anyio.fail_after(60):
        while not begun.is_set():
            assert "rows" not in await server.ask("SELECT count(*) FROM apps", max_age="0")
    for _ in range(2):
        waiting = await server.ask("SELECT count(*) FROM apps", max_age="0")
        assert not waiting["complete"]
        assert "rows" not in waiting
        assert 2 <= waiting["ask_again_seconds"] <= 60
        (line,) = waiting["reading"]
        assert (line["table"], line["pages"] < line["about"]) == ("apps", True)
    server.asked()
    gate.set()
    monkeypatch.setattr(query, "_FILL_SECONDS", 20.0)
    answer = await server.ask("SELECT count(*) FROM apps", max_age="0")
    assert answer["rows"][0][0] == answer["tables"][0]["rows"] > 1_000
    assert server.asked().count("devices") == 0, "the fill that was begun is the one that is used"


async def test_two_who_ask_at_once_share_one_fill(server: Server) -> None:
    answers = []

    async def ask() -> None:
        answers.append(await server.ask("SELECT count(*) FROM filevault"))

    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(ask)
    assert all(answer == answers[0] for answer in answers)
    assert server.asked().count("prism/filevault") == 1


async def test_a_table_that_may_not_be_read_is_an_error_that_names_the_permission(server: Server) -> None:
    refuse(server.copy, "/prism/filevault")
    assert re.search(r"filevault could not be read.*Prism", await server.refused("SELECT count(*) FROM filevault"))
    said = await server.refused("SELECT count(*) FROM devices LEFT JOIN filevault USING (device_id)")
    assert re.search(r"filevault could not be read.*Prism", said)
    assert (await server.ask(COUNT))["rows"] == [[40]]
    refuse(server.copy, "nothing")
    assert (await server.ask("SELECT count(*) FROM filevault"))["rows"][0][0] > 0


async def test_a_permission_that_was_lost_makes_an_answer_incomplete_and_old(server: Server) -> None:
    before = await server.ask("SELECT count(*) FROM filevault")
    refuse(server.copy, "/prism/filevault")
    server.copy.now = LATER
    answer = await server.ask("SELECT count(*) FROM filevault")
    assert (answer["rows"], answer["complete"]) == (before["rows"], False)
    assert answer["tables"][0]["as_of"] == "2026-11-23T12:00:00Z"
    assert [said for said in answer["tables"][0]["missing"] if "not readable at 2026-11-23T18:00:00Z" in said]


async def test_an_outage_is_an_error_and_what_is_fresh_is_still_answered(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.ask(COUNT)
    refuse(server.copy, "/prism/", 500)
    monkeypatch.setattr(pages, "TRIES", 1)
    assert "installed_profiles" in await server.refused("SELECT count(*) FROM profiles")
    monkeypatch.setattr(query, "_FILL_SECONDS", 0.0)
    assert "rows" not in await server.ask("SELECT count(*) FROM profiles")
    monkeypatch.setattr(query, "_FILL_SECONDS", 10.0)
    assert "installed_profiles" in await server.refused("SELECT count(*) FROM profiles")
    assert (await server.ask(COUNT))["rows"] == [[40]]


async def test_what_takes_too_many_requests_is_refused_before_any_is_made(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.ask(COUNT)
    server.asked()
    server.copy.tenant.counts["apps"] = 1_200_000
    said = await server.refused("SELECT count(*) FROM apps")
    assert re.search(r"apps: about 4,0\d\d requests, 40% of the hour.*prism_applications.*sync", said)
    assert set(server.asked()) == {"prism/count"}
    server.client.rate_limiter.hour_limit = 20_000  # as an answer of Iru may state it
    said = await server.refused("SELECT count(*) FROM apps")
    assert re.search(r"apps: about 4,0\d\d requests, 20% of the hour", said)
    server.copy.tenant.counts.clear()
    refuse(server.copy, "/prism/count")  # nothing tells how many there are
    monkeypatch.setattr(costs, "MOST", 3)
    assert "launch_items: more than 3 requests" in await server.refused("SELECT count(*) FROM launch_items")
    assert server.asked().count("prism/launch_agents_and_daemons") <= 3


async def test_all_fills_of_an_hour_take_at_most_the_share_that_the_user_allows(server: Server) -> None:
    server.client.filling = Filling("demo", share=0.0008)  # eight requests
    await server.ask("SELECT count(*) FROM users")
    assert "IRU_INVENTORY_QUOTA" in await server.refused("SELECT count(*) FROM blueprints, vulnerabilities, threats")
    assert len(server.asked()) <= 8


async def test_a_copy_that_nobody_asked_to_keep_ends_with_the_server(empty: Copy) -> None:
    async with serving(empty) as server:
        await server.ask(COUNT)
        path = await server.client.companion(OnDemand).path()
        assert path.exists()
        assert is_private(path.parent)
        assert not empty.path.exists()
    assert not path.parent.exists()


KILLED = """
import os, sys
from tests.conftest import KILL
from pathlib import Path
from iru_mcp.inventory.fill.temporary import TemporaryFolder
folder = TemporaryFolder(Path(sys.argv[1]))
(folder.path / "copy.sqlite3").write_text("names")
print(folder.path, flush=True)
if sys.argv[2] == "both":
    os.kill(folder._deleting.pid, KILL)
os.kill(os.getpid(), KILL)
"""


def gone(path: Path) -> bool:
    """Whether another process deletes it within some seconds."""
    until = time.monotonic() + 15
    while path.exists() and time.monotonic() < until:
        time.sleep(0.02)
    return not path.exists()


def killed(folder: Path, which: str) -> Path:
    """The copy of a server that was killed, alone or with what deletes it."""
    run = subprocess.run(
        [sys.executable, "-c", KILLED, folder, which], capture_output=True, encoding="utf-8", check=False
    )
    return Path(run.stdout.split()[0])


def test_a_killed_server_leaves_no_copy_behind(tmp_path: Path) -> None:
    assert gone(killed(tmp_path, "one"))
    left = killed(tmp_path, "both")
    assert left.exists()
    alive = TemporaryFolder(tmp_path)
    assert gone(left)
    other = TemporaryFolder(tmp_path)
    assert alive.path.exists(), "whoever is alive keeps what is his"
    alive.close()
    other.close()
    assert list(tmp_path.iterdir()) == []


async def test_whoever_ran_sync_has_the_copy_used_and_refreshed(copy: Copy) -> None:
    async with serving(copy) as server:
        assert (await server.ask(COUNT))["rows"] == [[40]]
        assert server.asked() == []
        copy.now = LATER
        await server.ask(COUNT)
    assert copy.rows("SELECT finished_at FROM syncs ORDER BY 1") == [
        ("2026-11-23T12:00:00Z",),
        ("2026-11-23T18:00:00Z",),
    ]


async def test_two_servers_on_one_file_fill_it_once_and_lose_nothing(empty: Copy) -> None:
    answers: list[dict[str, Any]] = []

    async def ask(agent: Agent, table: str) -> None:
        answers.append(await agent.ask("inventory_query", sql=f"SELECT count(*) FROM {table}"))

    async with empty.agent() as one, empty.agent() as other, anyio.create_task_group() as group:
        for agent in (one, other):
            for table in ("filevault", "local_users"):
                group.start_soon(ask, agent, table)
    assert all(answer["rows"][0][0] == answer["tables"][0]["rows"] > 0 for answer in answers)
    paths = [url.path.rpartition("/")[2] for url in empty.tenant.asked]
    assert (paths.count("filevault"), paths.count("devices")) == (1, 1)


async def test_the_schema_says_rows_age_and_cost_in_few_tokens(server: Server) -> None:
    before = {line[0]: line[1:] for line in (await server.schema())["tables"]}
    assert before["apps"][1:3] == ["?", "?"]
    assert before["apps"][3] > before["filevault"][3] >= 1
    await server.ask("SELECT count(*) FROM filevault")
    after = await server.schema()
    assert {line[0]: line[1:] for line in after["tables"]}["filevault"][1:3] == [
        (await server.ask("SELECT count(*) FROM filevault"))["rows"][0][0],
        "0 s",
    ]


async def test_a_table_in_depth_has_the_values_that_there_are_and_statements_that_were_run(server: Server) -> None:
    found = await server.schema(table="local_users")
    said = await server.ask("SELECT DISTINCT type FROM local_users ORDER BY 1")
    assert sorted(found["values"]["type"]) == [row[0] for row in said["rows"]]
    assert len(found["statements"]) == 3
    for one in found["statements"]:
        assert (await server.ask(one["sql"]))["rows"][0] == one["first_row"]
    assert (await server.schema(table="users"))["values"]["archived"]
    both = (await server.schema(table="users, local_users"))["described"]
    assert [one["table"] for one in both] == ["users", "local_users"]
    assert both[1]["columns"] == found["columns"]
    assert "statements" not in both[1]
    extensions = (await server.schema(table="system_extensions"))["values"]
    assert "terminated_waiting_to_uninstall_on_reboot" in extensions["state"]
    assert all(len(team) == 10 for team in extensions["team_id"])
    assert "launch_items" in await server.agent.refused("inventory_schema", table="launch_item")
    assert "at most 8" in await server.agent.refused("inventory_schema", table="users " * 9)


def words_of(copy: Copy) -> set[str]:
    """Names, addresses and serial numbers that only one person or device has."""
    found = copy.rows("SELECT serial_number FROM devices UNION SELECT email FROM users UNION SELECT name FROM users")
    found += copy.rows("SELECT full_name FROM local_users WHERE full_name LIKE '% %' AND uid > 500")
    return {word for (word,) in found if word and word.strip()}


async def test_in_privacy_mode_the_copy_that_is_queried_holds_no_name(server: Server, copy: Copy) -> None:
    names = words_of(copy)
    server.client.privacy = Privacy("a key of sixteen letters")
    server.client.inventory = str(copy.path)  # that one holds names, and is left alone
    columns = "device_name, serial_number, user_email, substr(hex(user_email), 1, 40)"
    answer = await server.ask(f"SELECT {columns} FROM devices WHERE user_email <> '' ORDER BY device_id LIMIT 40")
    device, serial, email, taken = answer["rows"][0]
    assert email.endswith("@pseudonym")
    assert bytes.fromhex(taken).decode() in email
    same = await server.ask(f"SELECT device_name, user_email FROM devices WHERE serial_number = '{serial}'")
    assert same["rows"] == [[device, email]]
    assert (await server.ask(f"SELECT count(*) FROM users WHERE email = '{email}'"))["rows"] == [[1]]
    for table in ("local_users", "launch_items", "apps", "detections", "threats", "audit_events"):
        await server.ask(f"SELECT count(*) FROM {table}")
    await server.client.companion(OnDemand).processes.aclose()
    path = await server.client.companion(OnDemand).path()
    with closing(sqlite3.connect(path)) as db:
        held = "\n".join(db.iterdump())
    assert len(names) > 60
    assert not [name for name in names if name in held and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", held)]


async def test_progress_is_told_while_a_table_is_read(server: Server) -> None:
    told: list[tuple[float, float | None]] = []

    async def progress(progress: float, total: float | None, message: str | None) -> None:  # noqa: ARG001 - the SDK names it
        told.append((progress, total))

    asked = {"sql": "SELECT count(*) FROM apps"}
    await server.agent.client.call_tool("inventory_query", asked, progress_callback=progress)
    assert told
    assert told[-1][0] > 0


KILLED_FILL = """
import anyio, os, sys
from pathlib import Path
from iru_mcp.tools.inventory import query
from tests.conftest import KILL
from tests.inventory.conftest import Copy

async def main():
    query._FILL_SECONDS = float(sys.argv[2])
    async with Copy(Path(sys.argv[1])).agent() as agent:
        answer = await agent.ask("inventory_query", sql="SELECT count(*) FROM apps")
        print("rows" in answer, flush=True)
        os.kill(os.getpid(), KILL)

anyio.run(main)
"""


@pytest.mark.parametrize("seconds", ["0.2", "0.6", "1.2"])
async def test_killed_during_a_fill_the_next_start_has_a_whole_table_or_none(
    empty: Copy, first: Path, seconds: str
) -> None:
    whole = Copy(first).rows("SELECT count(*) FROM apps")
    run = await anyio.run_process([sys.executable, "-c", KILLED_FILL, str(empty.path), seconds], check=False)
    answered = run.stdout.decode().strip() == "True"
    held = empty.rows("SELECT count(*) FROM apps")
    assert held == whole or (held == [(0,)] and not answered)  # what a question did not wait for goes on behind it
    answer = await empty.call("inventory_query", sql="SELECT count(*) FROM apps")
    assert (answer["rows"], answer["complete"]) == ([list(whole[0])], True)


async def test_a_fill_during_a_question_changes_no_answer_half_way(copy: Copy) -> None:
    gone = [0]
    copy.tenant.edits.append(lambda name, rows: rows[gone[0] :] if name == "filevault" else rows)
    client = copy.client()
    held = client.companion(OnDemand).processes
    sql = "SELECT count(*), (SELECT count(*) FROM filevault) FROM filevault"
    seen: set[int] = set()

    async def fill() -> None:
        while len(seen) < 3:
            gone[0] = (gone[0] + 1) % 8
            await sync(client, copy.path, Plan("demo", full=True, tables=frozenset({"filevault"})))
        group.cancel_scope.cancel()

    with anyio.fail_after(120):
        async with anyio.create_task_group() as group:
            group.start_soon(fill)
            while True:
                found = await ask(held, copy.path, sql, facts=facts(["filevault"]), rows=1, cell=9, seconds=9)
                (told,) = [row[4] for row in found.facts["coverage"] if row[0] == "filevault"]
                assert found.rows == [[told, told]]
                seen.add(told)
    await client.aclose()


def test_where_nothing_can_be_written_the_error_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="IRU_INVENTORY"):
        TemporaryFolder(tmp_path / "not there")
