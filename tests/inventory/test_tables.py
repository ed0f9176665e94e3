"""Every table is filled from the tenant, with the values that the live tools show."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import anyio
import httpx
import pytest

from iru_mcp.inventory.kind import Kind
from iru_mcp.inventory.store import writer
from iru_mcp.inventory.sync.cve_texts import fixed_version
from iru_mcp.inventory.tables import KINDS
from iru_mcp.inventory.views import VIEWS
from tests.conftest import unlimited

from .conftest import LATER, NOW, Copy, Edited

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of a tenant in which all that the demo has occurs."""
    copy = Copy(tmp_path_factory.mktemp("whole") / "copy.sqlite3", Edited(unlimited(devices=600, now=NOW)))
    wanted = [kind for kind in KINDS if kind.words or kind.name in dict(on_and_off())]
    tables = {kind.name for kind in wanted} | {name for kind in KINDS for name, _ in kind.parents}
    anyio.run(lambda: copy.sync(tables=frozenset(tables)))
    return copy.path


async def test_every_table_has_rows_or_the_tenant_has_none(copy: Copy) -> None:
    empty = {kind.name for kind in KINDS if copy.rows(f"SELECT count(*) FROM {kind.name}") == [(0,)]}
    assert empty == {"kernel_extensions"}
    assert set(copy.rows("SELECT state FROM coverage")) == {("copied",)}


async def test_a_library_item_is_known_by_blueprint_and_by_device(copy: Copy) -> None:
    item, blueprint = copy.rows(
        "SELECT library_item_id, blueprint_id FROM blueprint_library_items WHERE library_item_name = 'Play Store Apps'"
    )[0]
    assert copy.rows("SELECT count(*) FROM blueprints WHERE id = :id", id=blueprint) == [(1,)]
    (script,) = copy.rows("SELECT id FROM custom_scripts WHERE name = 'Rotate Recovery Key'")[0]
    answer = await copy.call("list_library_item_status", library_item=script, limit=300, fields=["device_id", "status"])
    found = copy.rows("SELECT device_id, status FROM library_item_status WHERE library_item_id = :id", id=script)
    assert sorted(found) == sorted((row["device_id"], one_word(row["status"])) for row in answer["items"])
    assert found
    assert item


def one_word(status: str) -> str:
    """What the copy calls a status: profiles have other words and letters than other items."""
    return {"success": "pass", "error": "failed"}.get(status.lower(), status.lower())


async def test_every_status_has_the_name_of_its_item_and_one_word_for_a_state(copy: Copy) -> None:
    names = dict(copy.rows("SELECT id, name FROM library_items"))
    found = copy.rows("SELECT DISTINCT library_item_id, library_item_name FROM library_item_status")
    assert {item: names[item] for item, _ in found} == dict(found)
    with closing(sqlite3.connect(copy.path)) as db:
        sent = {row[0] for row in db.execute("SELECT DISTINCT status FROM _library_item_status_value")}
    assert {"PASS", "success", "ERROR"} < sent
    said = {row[0] for row in copy.rows("SELECT DISTINCT status FROM library_item_status")}
    assert said == {one_word(status) for status in sent}


async def test_a_blueprint_is_joined_by_the_name_that_its_id_has_elsewhere(copy: Copy) -> None:
    named = copy.rows(
        "SELECT count(*) FROM devices d JOIN blueprints b USING (blueprint_id) WHERE b.name = blueprint_name"
    )
    assert named == copy.rows("SELECT count(*) FROM devices WHERE blueprint_id IS NOT NULL")
    assert copy.rows("SELECT count(*) FROM blueprints WHERE id IS NOT blueprint_id") == [(0,)]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.words], ids=lambda kind: kind.name)
def test_the_words_that_the_schema_has_for_a_column_are_those_that_occur(whole: Path, kind: Kind) -> None:
    for column, words in kind.words.items():
        with closing(sqlite3.connect(whole)) as db:
            query = f"SELECT DISTINCT {column} FROM {kind.name} WHERE {column} IS NOT NULL"
            said, met = set(words), {row[0] for row in db.execute(query)}
        assert met == said, (kind.name, column)
        assert all(word in VIEWS[kind.name][0] for word in words)


def test_numbers_that_the_schema_calls_on_occur(whole: Path) -> None:
    assert len(on_and_off()) == 3
    with closing(sqlite3.connect(whole)) as db:
        for table, column in on_and_off():
            met = {row[0] for row in db.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL")}
            assert met == {0, 1}, (table, column)


def on_and_off() -> list[tuple[str, str]]:
    """Tables, each with the column of which its text says that 1 is on."""
    found = [(kind.name, re.search(r"(\w+) 1 is on", kind.holds)) for kind in KINDS]
    return [(name, match[1]) for name, match in found if match]


def test_cves_are_counted_by_severity_though_one_has_two(copy: Copy) -> None:
    with writer(copy.path) as db:
        first = "SELECT min(_id) FROM _detections_value WHERE cve_id = (SELECT min(cve_id) FROM _detections_value)"
        db.execute(f"UPDATE _detections_value SET cvss_severity = 'Low' WHERE _id = ({first})")
    counted: dict[tuple[str, str], set[str]] = {}
    for device, cve, severity in copy.rows("SELECT device_id, cve_id, cvss_severity FROM detections WHERE enrolled"):
        counted.setdefault((device, str(severity).lower()), set()).add(cve)
    severities = ("critical", "high", "medium", "low")
    columns = ", ".join(f"{severity}_cves" for severity in severities)
    for device, *numbers in copy.rows(f"SELECT device_id, {columns} FROM device_overview WHERE high_cves IS NOT NULL"):
        assert numbers == [len(counted.get((device, severity), ())) for severity in severities]


def test_a_device_silent_for_more_than_seven_days_by_an_hour_is_so_in_its_overview(copy: Copy) -> None:
    rows = copy.rows(
        "SELECT days_silent, julianday((SELECT max(finished_at) FROM syncs)) - julianday(last_check_in) "
        "FROM device_overview WHERE NOT never_checked_in"
    )
    assert any(days % 1 > 1 / 24 for days, _ in rows)
    assert all(abs(days - exact) < 0.01 for days, exact in rows)


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("Google Chrome prior to 142.0.7444.59 allowed a remote attacker", "142.0.7444.59"),
        ("This issue is fixed in macOS Tahoe 26.1.", "26.1"),
        ("Upgrade to version v3.1.4-rc2 to resolve it.", "3.1.4-rc2"),
        ("Versions before 4.46.104 are affected", "4.46.104"),
        ("fixed in iOS 18.7 and iPadOS 18.7, fixed in macOS 26.1", None),
        ("All versions are affected; 1.2.3 was tested.", None),
        ("", None),
    ],
)
def test_a_fixed_version_is_read_off_a_description_that_names_one(text: str, version: str | None) -> None:
    assert fixed_version(text) == version


async def test_the_fixed_version_of_a_cve_is_a_column(copy: Copy) -> None:
    found = copy.rows("SELECT description, fixed_version FROM vulnerabilities WHERE fixed_version IS NOT NULL")
    assert found
    assert all(version in text for text, version in found)


async def test_no_body_of_a_script_or_profile_is_copied(copy: Copy) -> None:
    written = copy.path.read_bytes()
    assert [word for word in (b"SECRET-IN-SCRIPT", b"SECRET-IN-PROFILE", b"X-Amz-Signature") if word in written] == []


async def test_audit_events_are_added_and_none_is_lost_or_read_twice(copy: Copy) -> None:
    before = copy.rows("SELECT id FROM audit_events ORDER BY 1")
    assert len(before) > 500
    since = len(copy.tenant.asked)
    copy.now = LATER
    outcome = await copy.sync()
    assert outcome.modes["audit_events"] == "incremental"
    asked = [url for url in copy.tenant.asked[since:] if url.path.endswith("/audit/events")]
    assert [url.params["start_date"] for url in asked] == ["2026-11-23T11:15:50Z"], (
        "half an hour before the newest event, by Iru's clock"
    )
    assert copy.rows("SELECT id FROM audit_events ORDER BY 1") == before
    assert copy.rows("SELECT count(*) FROM changes WHERE kind = 'audit_events'") == [(0,)]
    state = json.loads(
        copy.rows("SELECT new_state FROM audit_events WHERE action = 'create' AND target_type = 'api_token'")[0][0]
    )
    assert state["permissions"]


async def test_without_blueprints_what_is_in_them_is_called_not_permitted_and_not_empty(empty: Copy) -> None:
    empty.tenant.refuse = lambda request: (
        httpx.Response(403, request=request, stream=httpx.ByteStream(b"{}"))
        if request.url.path.endswith("/blueprints")
        else None
    )
    outcome = await empty.sync()
    assert {"blueprints", "blueprint_library_items"} <= set(outcome.denied)


async def test_an_item_that_was_deleted_meanwhile_costs_no_other_its_statuses(copy: Copy) -> None:
    (gone,) = copy.rows("SELECT min(library_item_id) FROM library_item_status")[0]
    copy.tenant.refuse = lambda request: (
        httpx.Response(404, request=request, stream=httpx.ByteStream(b'{"detail":"Not found."}'))
        if f"/library-items/{gone}/status" in request.url.path
        else None
    )
    copy.now = LATER
    await copy.sync(full=True)
    assert copy.rows("SELECT count(*) FROM library_item_status WHERE library_item_id = :id", id=gone) == [(0,)]
    assert copy.rows("SELECT count(*) > 100 FROM library_item_status") == [(1,)]
