"""A sync is whole or not at all: killed, interrupted, refused, denied, run twice at once, within its quota."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from iru_mcp.api.call import Interrupted
from iru_mcp.api.transport.rate_limit import RateLimiter
from iru_mcp.errors import IruError, RateLimited, UsageError
from iru_mcp.inventory.store import Locked, writer
from iru_mcp.inventory.sync import pages
from iru_mcp.inventory.sync.quota import Quota, pause, read_share
from iru_mcp.inventory.sync.run import Plan, sync
from iru_mcp.inventory.tables import KINDS
from tests.conftest import KILLED, is_private

from .conftest import LATER, Copy, Row, is_later_page

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parent.parent.parent


def contents(path: Path) -> dict[str, list[Any]]:
    """Every row of every table that people read, without numbers that only the file knows."""
    with closing(sqlite3.connect(path)) as db:
        return {kind.name: sorted(db.execute(f"SELECT * FROM {kind.name}").fetchall(), key=repr) for kind in KINDS}


def start(path: Path, last: int) -> subprocess.CompletedProcess[str]:
    script = Path(__file__).with_name("killed.py")
    words = [sys.executable, str(script), str(path), str(last)]
    return subprocess.run(
        words,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def statements(tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many statements a first sync is made of."""
    return int(start(tmp_path_factory.mktemp("whole") / "copy.sqlite3", -1).stdout.split()[0])


def test_killed_at_ten_random_moments_nothing_is_lost_or_doubled(first: Path, tmp_path: Path, statements: int) -> None:
    chance, killed = random.Random(20261123), tmp_path / "killed.sqlite3"
    for _ in range(10):
        assert start(killed, chance.randint(2, statements // 12)).returncode == KILLED
        with closing(sqlite3.connect(killed)) as db:
            made = db.execute("SELECT count(*) FROM sqlite_schema WHERE name = '_sync'").fetchone()[0]
            assert not made or db.execute("SELECT count(*) FROM _sync").fetchone() == (0,)
    last = start(killed, -1)
    assert last.stdout.split()[1] == "1", "it goes on where the last one ended"
    assert contents(killed) == contents(first)


@pytest.mark.parametrize("from_the_end", [2, 60, 200])
def test_killed_while_it_commits_the_copy_is_the_old_or_the_new(
    first: Path, tmp_path: Path, statements: int, from_the_end: int
) -> None:
    killed = tmp_path / "killed.sqlite3"
    start(killed, statements - from_the_end)
    with closing(sqlite3.connect(killed)) as db:
        syncs = db.execute("SELECT count(*) FROM _sync").fetchone()[0]
        apps = db.execute("SELECT count(*) FROM apps").fetchone()[0]
    assert (syncs, apps) == (0, 0) or contents(killed) == contents(first)
    start(killed, -1)
    assert contents(killed) == contents(first)


async def test_a_sync_that_fails_half_way_leaves_the_last_good_copy_and_is_taken_up(
    copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "TRIES", 1)
    before = contents(copy.path)
    failing = {"on": True}

    def refuse(request: httpx.Request) -> httpx.Response | None:
        broken = failing["on"] and "launch_agents" in request.url.path and is_later_page(request.url)
        stream = httpx.ByteStream(b"{}")
        return httpx.Response(500, request=request, stream=stream) if broken else None

    copy.tenant.refuse = refuse
    copy.now = LATER
    with pytest.raises(IruError):
        await copy.sync(full=True)
    assert contents(copy.path) == before
    failing["on"] = False
    asked = len(copy.tenant.asked)
    outcome = await copy.sync()
    assert outcome.resumed
    assert not [url for url in copy.tenant.asked[asked:] if url.path.endswith("/devices")], "what is staged stays"
    assert {name: len(rows) for name, rows in contents(copy.path).items()} == {
        name: len(rows) for name, rows in before.items()
    }


async def test_a_list_that_shifts_while_its_pages_are_read_side_by_side_loses_no_row(empty: Copy, first: Path) -> None:
    read = [0]

    def shifting(table: str, rows: list[Row]) -> list[Row]:
        if table != "apps":
            return rows
        read[0] += 1
        return rows if read[0] == 1 else rows[5:]

    empty.tenant.edits.append(shifting)
    await empty.sync(tables=frozenset({"apps"}))
    held, whole = (set(one.rows("SELECT device_id, bundle_id, name, path FROM apps")) for one in (empty, Copy(first)))
    assert held < whole
    assert len(whole - held) <= 5, "no more than what went"
    by_cursor = [url for url in empty.tenant.asked if url.path.endswith("/prism/apps") and "cursor" in url.params]
    assert by_cursor, "all is read again in the way that a change of the list does not disturb"


async def test_a_tenant_that_counts_no_rows_is_read_by_its_cursors(empty: Copy, first: Path) -> None:
    empty.tenant.counts_rows = False
    await empty.sync()
    assert contents(empty.path) == contents(first)


async def test_each_row_that_prism_dates_is_dated_in_the_copy(copy: Copy) -> None:
    for table in ("local_users", "launch_items", "profiles", "apps"):
        found = copy.rows(
            f"SELECT count(*), count(since) FROM {table} JOIN devices USING (device_id) WHERE platform = 'Mac'"
        )
        assert found[0][0] == found[0][1] > 0, table


async def test_what_is_not_permitted_is_said_and_the_rest_is_copied(empty: Copy) -> None:
    empty.tenant.refuse = lambda request: (
        httpx.Response(403, request=request, stream=httpx.ByteStream(b'{"detail":"no"}'))
        if "local_users" in request.url.path or "vulnerab" in request.url.path
        else None
    )
    outcome = await empty.sync()
    assert set(outcome.denied) == {"local_users", "vulnerabilities", "detections"}
    found = dict(empty.rows("SELECT kind, permission FROM coverage WHERE state = 'not permitted'"))
    assert "/api/v1/prism/local_users" in found["local_users"]
    assert "prism/local_users" in await empty.refused("inventory_query", sql="SELECT count(*) FROM local_users")


async def test_what_is_no_longer_permitted_stays_as_it_was(copy: Copy) -> None:
    copy.tenant.refuse = lambda request: (
        httpx.Response(403, request=request, stream=httpx.ByteStream(b"{}")) if "/users" in request.url.path else None
    )
    copy.now = LATER
    await copy.sync()
    assert copy.rows("SELECT count(*) > 0 FROM users") == [(1,)]
    assert copy.changes() == set()


async def test_without_the_device_list_nothing_is_copied(empty: Copy) -> None:
    empty.tenant.refuse = lambda request: (
        httpx.Response(403, request=request, stream=httpx.ByteStream(b"{}"))
        if request.url.path.endswith("/devices")
        else None
    )
    with pytest.raises(IruError, match="Device list"):
        await empty.sync()
    assert "No sync has finished" in await empty.refused("inventory_changes")


async def test_two_syncs_cannot_meet(copy: Copy) -> None:
    with writer(copy.path), pytest.raises(Locked, match="Another sync"):
        await copy.sync()


async def test_a_file_holds_one_tenant(copy: Copy) -> None:
    copy_of_another = copy.client()
    with pytest.raises(UsageError, match="holds the inventory of demo"):
        await sync(copy_of_another, copy.path, Plan("acme.api.kandji.io"))
    await copy_of_another.aclose()


def test_the_file_is_its_users_alone(tmp_path: Path) -> None:
    fresh = Copy(tmp_path / "deep" / "new.sqlite3")
    with writer(fresh.path):
        assert all(map(is_private, fresh.path.parent.iterdir()))


async def test_no_secret_is_written_to_the_file(copy: Copy) -> None:
    codes = [b"736807", b"enrollment_code", b"removal_passcode"]
    written = copy.path.read_bytes()
    assert not [code for code in codes if code in written]


class Hours:
    """A quota at 13:20 UTC by Iru's clock, on a machine whose clock is `fast`; what it tells, and how long it waits."""

    def __init__(self, share: float, *, floor: int = 0, fast: timedelta = timedelta()) -> None:
        self.seconds, self.told = 0.0, list[str]()
        start = datetime(2026, 11, 23, 13, 20, tzinfo=UTC)
        self.limiter = RateLimiter(40, now=lambda: start + fast + timedelta(seconds=self.seconds))
        self.learn({"date": format_datetime(start, usegmt=True)})
        self.quota = Quota(share, self.limiter, floor=floor, tell=self.told.append)

    def learn(self, headers: dict[str, str]) -> None:
        self.limiter.learn({"date": format_datetime(self.limiter.iru_now, usegmt=True)} | headers)

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    async def take(self, requests: int) -> float:
        """Seconds that so many requests waited in all."""
        before = self.seconds
        for _ in range(requests):
            await self.quota.take()
        return self.seconds - before


MakeHours = Callable[..., Hours]


@pytest.fixture
def make_hours(monkeypatch: pytest.MonkeyPatch) -> MakeHours:
    """Makes the Hours of a test, whose waits take no time."""

    def make(share: float, **more: Any) -> Hours:
        hours = Hours(share, **more)
        monkeypatch.setattr(anyio, "sleep", hours.sleep)
        return hours

    return make


FORTY_MINUTES = 2_400


async def test_a_sync_makes_its_share_of_the_documented_hour_and_says_until_when_it_waits(
    make_hours: MakeHours,
) -> None:
    hours = make_hours(0.01)
    assert await hours.take(100) == 0
    assert not hours.told
    assert await hours.take(100) == pytest.approx(FORTY_MINUTES, abs=1)
    assert hours.told == [
        "waiting until 14:00 UTC: the sync made the 100 of 10,000 requests that it may make in an hour"
    ]
    assert await hours.take(1) == pytest.approx(3600, abs=1)
    assert hours.told[1].startswith("waiting until 15:00 UTC: ")


async def test_the_share_is_of_the_limit_that_iru_states(make_hours: MakeHours) -> None:
    hours = make_hours(0.5)
    hours.learn({"x-ratelimit-limit-hour": "500", "x-ratelimit-remaining-hour": "464"})
    assert await hours.take(250) == 0, "464 of 500 left is no reason to wait"
    assert await hours.take(1) == pytest.approx(FORTY_MINUTES, abs=1)


async def test_what_others_need_of_the_hour_is_left_to_them(make_hours: MakeHours) -> None:
    hours = make_hours(0.5)
    hours.learn({"x-ratelimit-limit-hour": "500", "x-ratelimit-remaining-hour": "250"})
    assert await hours.take(1) == pytest.approx(FORTY_MINUTES, abs=1)
    said = "waiting until 14:00 UTC: 250 of 500 requests left this hour, of which the sync leaves 250 to others"
    assert hours.told == [said]


async def test_a_clock_that_is_fast_neither_shortens_nor_lengthens_a_wait_for_quota(make_hours: MakeHours) -> None:
    hours = make_hours(0.01, fast=timedelta(minutes=45))
    await hours.take(100)
    assert await hours.take(1) == pytest.approx(FORTY_MINUTES, abs=1)
    assert hours.told[0].startswith("waiting until 14:00 UTC")


async def test_of_quota_and_floor_the_stricter_one_holds_and_that_is_said(make_hours: MakeHours) -> None:
    hours = make_hours(1.0, floor=500)
    assert hours.quota.contradiction() == (
        "IRU_QUOTA_FLOOR=500 is stricter than a quota of 100% and holds: 500 of 10,000 requests an hour are left"
    )
    hours.learn({"x-ratelimit-remaining-hour": "501"})
    assert await hours.take(1) == 0
    hours.learn({"x-ratelimit-remaining-hour": "500"})
    assert await hours.take(1) == pytest.approx(FORTY_MINUTES, abs=1)
    assert not make_hours(0.95, floor=500).quota.contradiction()


async def test_a_floor_above_the_limit_that_iru_states_stops_no_sync_for_good(make_hours: MakeHours) -> None:
    hours = make_hours(0.5, floor=500)
    hours.learn({"x-ratelimit-limit-hour": "400", "x-ratelimit-remaining-hour": "390"})
    assert await hours.take(100) == 0


async def test_a_wait_that_iru_asks_for_is_told(make_hours: MakeHours) -> None:
    hours = make_hours(0.5)
    await hours.quota.rest(RateLimited("Iru's rate limit is reached (429).", "", 1_200.0), 1)
    await hours.quota.rest(Interrupted("it broke", 1), 1)
    assert hours.told == ["waiting until 13:40 UTC: Iru's rate limit is reached (429)."]
    assert hours.seconds == 1_202


def test_a_sync_waits_as_long_as_iru_asks_but_no_longer_than_an_hour() -> None:
    assert pause(RateLimited("", "", 1_200.0), 1) == 1_200.0
    assert pause(RateLimited("", "", 90_000.0), 1) == 3_600.0
    assert [pause(Interrupted("it broke", 1), failures) for failures in (1, 2, 3)] == [2.0, 4.0, 8.0]


@pytest.mark.parametrize("text", ["0", "0%", "101%", "half", "", "-5%", "50.5%"])
def test_a_quota_that_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--quota 50%"):
        read_share(text)
    assert read_share("50%") == 0.5


async def test_a_cancelled_sync_leaves_no_lock(copy: Copy) -> None:
    with anyio.move_on_after(0.05):
        await copy.sync(full=True)
    copy.now = LATER
    assert (await copy.sync()).sync >= 2
