"""Some tables are brought up to date without reading the others."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from iru_mcp.errors import NotPermitted, UsageError
from iru_mcp.inventory.sync.quota import OutOfBudget
from iru_mcp.inventory.sync.run import Outcome, Plan, sync
from iru_mcp.inventory.tables import KINDS

from .conftest import LATER, Copy, is_later_page

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)


async def fill(copy: Copy, *tables: str, **bounds: Any) -> Outcome:
    client = copy.client()
    try:
        return await sync(client, copy.path, Plan("demo", tables=frozenset(tables), max_age=HOUR, **bounds))
    finally:
        await client.aclose()


def asked(copy: Copy, since: int = 0) -> set[str]:
    return {url.path.removeprefix("/api/v1/") for url in copy.tenant.asked[since:]}


async def test_only_the_tables_that_are_wanted_and_the_device_list_are_read(empty: Copy, first: Path) -> None:
    outcome = await fill(empty, "local_users")
    assert asked(empty) == {"devices", "prism/local_users", "prism/count"}
    assert outcome.modes == {"devices": "full", "local_users": "full"}
    columns = "device_id, username, type, generated_uid"
    assert empty.rows(f"SELECT {columns} FROM local_users ORDER BY 1, 2") == Copy(first).rows(
        f"SELECT {columns} FROM local_users ORDER BY 1, 2"
    )
    assert empty.rows("SELECT count(*) FROM apps") == [(0,)]
    assert empty.rows("SELECT mode FROM syncs") == [("partial",)]


async def test_a_table_about_no_device_needs_no_device_list(empty: Copy) -> None:
    await fill(empty, "users")
    assert asked(empty) == {"users"}


async def test_what_was_read_within_max_age_costs_no_request(empty: Copy) -> None:
    first = await fill(empty, "local_users", "apps")
    since = len(empty.tenant.asked)
    again = await fill(empty, "apps")
    assert (again.requests, again.sync) == (0, first.sync)
    empty.now += timedelta(minutes=30)
    await fill(empty, "users", "apps")
    assert asked(empty, since) == {"users"}


async def test_an_older_table_is_brought_up_to_date_incrementally(copy: Copy) -> None:
    copy.now = LATER
    outcome = await fill(copy, "local_users")
    assert outcome.modes == {"devices": "full", "local_users": "incremental"}
    assert copy.changes() == set()


async def test_after_its_budget_a_fill_stops_and_the_next_goes_on_from_there(empty: Copy, first: Path) -> None:
    rounds = 0
    while rounds < 50:
        rounds += 1
        try:
            outcome = await fill(empty, "apps", most_requests=8)
        except OutOfBudget:
            assert empty.rows("SELECT count(*) FROM apps") == [(0,)], "never a part of a table"
        else:
            break
    assert outcome.resumed
    assert rounds > 2
    assert len(empty.tenant.asked) <= 8 * rounds
    assert empty.rows("SELECT device_id, name, version FROM apps ORDER BY 1, 2, 3") == Copy(first).rows(
        "SELECT device_id, name, version FROM apps ORDER BY 1, 2, 3"
    )


async def test_a_cancelled_fill_leaves_the_copy_as_it_was(empty: Copy) -> None:
    await fill(empty, "users")
    people = empty.rows("SELECT count(*) FROM users")
    with anyio.CancelScope() as scope:

        def stop(request: httpx.Request) -> None:
            if is_later_page(request.url):
                scope.cancel()

        empty.tenant.refuse = stop
        await fill(empty, "apps", "users")
    assert scope.cancelled_caught
    assert empty.rows("SELECT count(*) FROM apps") == [(0,)]
    assert empty.rows("SELECT count(*) FROM users") == people


async def test_a_sync_goes_on_with_what_a_fill_left_half_read_and_a_fill_of_others_keeps_it(empty: Copy) -> None:
    with pytest.raises(OutOfBudget):
        await fill(empty, "apps", most_requests=8)
    await fill(empty, "users")
    assert empty.rows("SELECT count(*) > 0 FROM users") == [(1,)]
    since = len(empty.tenant.asked)
    outcome = await empty.sync()
    assert outcome.resumed
    pages = [url for url in empty.tenant.asked[since:] if url.path.endswith("/prism/apps")]
    assert is_later_page(pages[0]), "the first pages are staged already"
    assert set(empty.rows("SELECT state FROM coverage")) == {("copied",)}


async def test_a_table_that_may_not_be_read_is_named_and_asked_for_again_next_time(empty: Copy) -> None:
    empty.tenant.refuse = lambda request: (
        httpx.Response(403, request=request, stream=httpx.ByteStream(b"{}"))
        if "filevault" in request.url.path
        else None
    )
    outcome = await fill(empty, "filevault", "startup_settings")
    assert set(outcome.denied) == {"filevault"}
    assert outcome.rows["startup_settings"] > 0
    empty.tenant.refuse = lambda _: None
    since = len(empty.tenant.asked)
    assert (await fill(empty, "filevault", "startup_settings")).denied == {}
    assert "prism/startup_settings" not in asked(empty, since)


async def test_without_the_device_list_tables_about_devices_say_which_permission(empty: Copy) -> None:
    empty.tenant.refuse = lambda request: (
        httpx.Response(403, request=request, stream=httpx.ByteStream(b"{}"))
        if request.url.path.endswith("/devices")
        else None
    )
    with pytest.raises(NotPermitted, match="Device list"):
        await fill(empty, "filevault")


async def test_an_unknown_table_is_refused_with_those_there_are(empty: Copy) -> None:
    with pytest.raises(UsageError, match=KINDS[0].name):
        await fill(empty, "aps")
    assert not empty.path.exists()
