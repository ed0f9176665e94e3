"""Counts cover all matching rows and agree with the lists; versions compare as versions."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iru_mcp.versions import read_version
from tests.tools.asking import Between, told

MAC = "NW7QK2M4XH"
MOMENT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def counted(rows: list[dict[str, Any]], *columns: str) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(row.get(column) for column in columns) for row in rows)


def read_counts(page: dict[str, Any], *columns: str) -> Counter[tuple[Any, ...]]:
    return Counter({tuple(item.get(column) for column in columns): item["count"] for item in page["items"]})


async def test_the_fleet_is_counted_by_two_columns_in_one_call(agent: Any) -> None:
    rows = await agent.every("list_devices", fields=["platform", "os_version"])
    page = await agent.ask("list_devices", group_by=["platform", "os_version"], limit=500)
    assert page["complete"] is True
    assert page["summary"] == {"group_by": ["platform", "os_version"], "rows": len(rows), "devices": len(rows)}
    assert read_counts(page, "platform", "os_version") == counted(rows, "platform", "os_version")


async def test_versions_of_an_app_on_how_many_macs_is_one_small_answer(agent: Any) -> None:
    rows = await agent.every("prism_applications", name="zoom", fields=["version", "serial_number"])
    page = await agent.ask("prism_applications", name="zoom", group_by=["version"])
    assert read_counts(page, "version") == counted(rows, "version")
    assert page["summary"]["devices"] == len({row["serial_number"] for row in rows})
    assert len(str(page)) < 1_000


async def test_a_device_that_counts_twice_is_told_apart_from_two_devices(agent: Any) -> None:
    rows = await agent.every("prism_local_users", fields=["type", "serial_number"], enrolled=True)
    page = await agent.ask("prism_local_users", group_by=["type"])
    line = next(item for item in page["items"] if "devices" in item)
    named = [row for row in rows if row["type"] == line["type"]]
    assert (line["count"], line["devices"]) == (len(named), len({row["serial_number"] for row in named}))
    assert line["devices"] < line["count"]


async def test_smaller_groups_that_are_left_out_are_counted_and_said(agent: Any) -> None:
    page = await agent.ask("list_devices", group_by=["model"], limit=2)
    everything = await agent.ask("list_devices", group_by=["model"], limit=500)
    assert page["complete"] is False
    left_out = everything["summary"]["rows"] - sum(item["count"] for item in page["items"])
    assert f"{everything['total'] - 2} smaller groups with {left_out} rows are left out" in page["notes"][0]


async def test_each_tag_of_a_device_counts(agent: Any) -> None:
    rows = await agent.every("list_devices", fields=["tags"])
    page = await agent.ask("list_devices", group_by=["tags"], limit=500)
    tags = Counter(tag for row in rows for tag in row.get("tags", []))
    assert {item["tags"]: item["count"] for item in page["items"] if "tags" in item} == tags
    assert any("rows that have none" in note for note in page["notes"])


async def test_apps_of_one_device_are_counted_in_one_shape(agent: Any) -> None:
    rows = await agent.every("list_device_apps", device=MAC, fields=["source"])
    page = await agent.ask("list_device_apps", device=MAC, group_by=["source"])
    assert read_counts(page, "source") == counted(rows, "source")


@pytest.mark.parametrize("tool", ["list_devices", "prism_applications", "prism_local_users"])
async def test_a_column_that_is_not_there_is_answered_with_those_that_are(agent: Any, tool: str) -> None:
    said = await agent.refused(tool, group_by=["colour"])
    assert "No column 'colour'" in said
    assert "serial_number" in said


async def test_three_columns_are_one_too_many(agent: Any) -> None:
    assert "group_by" in await agent.refused("list_devices", group_by=["model", "platform", "tags"])


class Failing(httpx.AsyncBaseTransport):
    """A tenant that answers so many requests and then fails, until it is told to go on."""

    def __init__(self, inner: httpx.AsyncBaseTransport, answers: int) -> None:
        self.inner, self.left = inner, answers

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.left -= 1
        return (
            await self.inner.handle_async_request(request)
            if self.left >= 0
            else httpx.Response(500, stream=httpx.ByteStream(b"down"))
        )


async def test_a_count_that_cannot_finish_says_how_far_it_got_and_its_cursor_counts_the_rest(
    agent: Any, over: Any, northwind: Any
) -> None:
    whole = await agent.ask("prism_local_users", group_by=["type"])
    tenant = Failing(northwind, 3)
    async with over(tenant) as unlucky:
        first = await unlucky.ask("prism_local_users", group_by=["type"])
        tenant.left = 1_000
        rest = await unlucky.ask("prism_local_users", group_by=["type"], cursor=first["next_cursor"])
    assert first["complete"] is False
    stopped = re.match(r"stopped after (\d+) of \d+ rows: Iru failed with 500", first["notes"][0])
    assert stopped
    tenant.left = 3
    async with over(tenant) as unlucky:
        again = await unlucky.ask("prism_local_users", group_by=["type"], cursor=first["next_cursor"])
    assert re.match(r"stopped after \d+ rows: Iru", again["notes"][0]), "of a part, the whole number is no measure"
    assert 0 < first["summary"]["rows"] <= int(stopped[1]), "rows of devices no longer enrolled are not counted"
    assert rest["complete"] is True
    assert read_counts(first, "type") + read_counts(rest, "type") == read_counts(whole, "type")


async def test_a_group_of_rows_that_are_of_no_device_counts_no_devices(agent: Any) -> None:
    page = await agent.ask("list_enrollment_devices", group_by=["model"])
    assert page["items"]
    assert not any("devices" in row for row in page["items"])
    assert "devices" not in page["summary"]


async def test_a_line_of_rows_without_a_value_is_explained_and_only_where_there_is_one(agent: Any) -> None:
    for column, lacking in (("user_email", True), ("platform", False)):
        page = await agent.ask("list_devices", group_by=[column], limit=500)
        assert any(column not in row for row in page["items"]) is lacking
        assert (f"a line without {column} counts rows that have none" in page.get("notes", [])) is lacking


async def test_groups_are_not_complete_where_a_row_could_not_be_read(over: Any) -> None:
    def unreadable(path: str, body: Any) -> Any:
        if path.endswith("/ade/devices"):
            body["results"][0] = {}
        return body

    async with over(Between(after=unreadable)) as agent:
        page = await agent.ask("list_enrollment_devices", group_by=["model"], limit=500)
    assert page["items"]
    assert page["complete"] is False
    assert any("could not be read" in note for note in page["notes"])


async def test_groups_are_sought_among_all_rows_where_irus_own_filter_finds_nothing(agent: Any, over: Any) -> None:
    def strict(request: httpx.Request) -> httpx.Response | None:
        return told(200, {"count": 0, "results": []}) if "device_family" in request.url.params else None

    asked = {"device_family": "iPhone", "group_by": ["model"]}
    usual = await agent.ask("list_enrollment_devices", **asked)
    async with over(Between(strict)) as unlucky:
        page = await unlucky.ask("list_enrollment_devices", **asked)
    assert usual["items"]
    assert (page["items"], page["summary"]) == (usual["items"], usual["summary"])


async def test_groups_by_the_kind_of_device_do_not_tell_it_twice(agent: Any) -> None:
    page = await agent.ask("list_devices", group_by=["platform"])
    assert len(page["items"]) > 1
    assert set(page["summary"]) == {"group_by", "rows", "devices"}
    page = await agent.ask("list_devices", group_by=["model"], platform="mac")
    assert set(page["summary"]) == {"group_by", "rows", "devices"}, (
        "where there is one kind, nothing is to be told apart"
    )


async def test_groups_that_are_counted_and_not_shown_are_complete(agent: Any) -> None:
    shown = await agent.ask("list_devices", group_by=["model"], limit=500)
    page = await agent.ask("list_devices", group_by=["model"], limit=0)
    assert (page["items"], page["complete"], page["total"]) == ([], True, len(shown["items"]))
    assert page["summary"] == shown["summary"]


async def test_rows_of_more_groups_than_are_kept_are_counted_and_told(
    agent: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = await agent.ask("list_devices", group_by=["model"], limit=500)
    number = whole["total"]
    assert whole["complete"]
    assert (await agent.ask("list_devices", group_by=["model"], limit=number))["complete"]
    assert whole["items"] == sorted(whole["items"], key=lambda row: (-row["count"], row.get("model", "")))
    monkeypatch.setattr("iru_mcp.tools.kit.counting._MOST_GROUPS", number)
    same = await agent.ask("list_devices", group_by=["model"], limit=500)
    monkeypatch.setattr("iru_mcp.tools.kit.counting._MOST_GROUPS", number - 2)
    cut = await agent.ask("list_devices", group_by=["model"], limit=500)
    assert (same["items"], same["complete"]) == (whole["items"], True)
    assert (cut["total"], cut["complete"]) == (number - 2, False)
    left_out = sum(row["count"] for row in whole["items"]) - sum(row["count"] for row in cut["items"])
    assert f"more than {number - 2} groups; {left_out} rows were not grouped" in cut["notes"]
    assert cut["summary"]["rows"] == whole["summary"]["rows"]


@pytest.mark.parametrize(("tool", "column"), [("list_devices", "platform"), ("prism_applications", "device_family")])
async def test_a_count_tells_the_devices_of_each_kind(agent: Any, tool: str, column: str) -> None:
    asked = (
        {"group_by": ["name"], "name": "zoom", "enrolled": True}
        if tool.startswith("prism")
        else {"group_by": ["model"]}
    )
    page = await agent.ask(tool, **asked)
    filters = {name: value for name, value in asked.items() if name != "group_by"}
    rows = await agent.every(tool, **filters, fields=["device_id", column])
    kinds = {(row["device_id"], row[column]) for row in rows}
    by_kind = page["summary"].get(f"devices_by_{column}")
    expected = dict(sorted(Counter(kind for _, kind in kinds).items()))
    assert by_kind == (expected if len(expected) > 1 else None)


async def test_what_was_counted_is_no_total_where_not_every_row_was_read(over: Any, northwind: Any) -> None:
    def unreadable(path: str, body: Any) -> Any:
        if path.endswith("/users"):
            body["results"][0] = {}
        return body

    async with over(northwind) as agent:
        whole = (await agent.ask("list_users", limit=0))["total"]
    async with over(Between(after=unreadable)) as agent:
        lacking = await agent.ask("list_users", limit=0)
    async with over(Failing(northwind, 1)) as agent:
        stopped = await agent.ask("list_devices", limit=0)
    for page in (lacking, stopped):
        assert (page["complete"], "total" in page) == (False, False)
        assert any(note.endswith(" in what was looked at") for note in page["notes"])
    unread, read = [int(note.split()[0]) for note in lacking["notes"]]
    assert unread
    assert unread + read == whole
    assert any(note.startswith("stopped after ") for note in stopped["notes"])


async def test_a_column_that_only_rows_tell_of_may_be_named_beside_a_number_of_rows(over: Any) -> None:
    def taller(path: str, body: Any) -> Any:
        if path.endswith("/users"):
            body["results"] = [row | {"height": 180} for row in body["results"]]
        return body

    async with over(Between(after=taller)) as agent:
        assert (await agent.ask("list_users", fields=["height"], limit=0))["total"]
        assert "No field 'colour'" in await agent.refused("list_users", fields=["colour"], limit=0)


VERSIONED = [
    ("list_devices", {"platform": "mac"}, "os_version", "15.1"),
    ("list_device_apps", {"device": MAC}, "version", "6.0"),
    ("prism_applications", {"name": "chrome"}, "version", "149.0.7812.66"),
    ("prism_device_information", {"device_families": ["Mac"]}, "os_version", "26.0.1"),
]


@pytest.mark.parametrize(("tool", "asked", "column", "edge"), VERSIONED, ids=[case[0] for case in VERSIONED])
async def test_below_and_at_least_split_what_has_a_version(
    agent: Any, tool: str, asked: dict[str, Any], column: str, edge: str
) -> None:
    rows = await agent.every(tool, fields=[column], **asked)
    known = [version for row in rows if (version := read_version(row.get(column))) is not None]
    older = await agent.every(tool, fields=[column], version_below=edge, **asked)
    newer = await agent.every(tool, fields=[column], version_at_least=edge, **asked)
    limit = read_version(edge)
    assert limit is not None
    assert len(older) == sum(version < limit for version in known) > 0
    assert len(newer) == sum(version >= limit for version in known) > 0


async def test_rows_whose_version_does_not_compare_are_left_out_and_said(agent: Any) -> None:
    rows = await agent.every("list_devices", fields=["platform"])
    windows = sum(row["platform"] == "Windows" for row in rows)
    page = await agent.ask("list_devices", version_below="99", limit=0)
    said = [note for note in page["notes"] if "do not tell a version that compares" in note]
    assert len(said) == 1
    left_out = int(said[0].split()[0])
    assert windows <= left_out
    assert page["total"] == len(rows) - left_out


async def test_a_bound_that_is_no_version_is_refused(agent: Any) -> None:
    assert "version_below is not a version" in await agent.refused("list_devices", version_below="latest")


def test_nine_is_below_fifteen_and_a_trailing_zero_is_nothing() -> None:
    assert read_version("9.2") < read_version("15.1")  # type: ignore[operator]
    assert read_version("15.1.0") == read_version("15.1")
    assert read_version("v14.4.1 (23E224)") == (14, 4, 1)
    assert read_version("10.0.26100.6584") == (10, 0, 26100, 6584)
    assert read_version("latest") is None


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=6))
def test_a_printed_version_is_read_back(parts: list[int]) -> None:
    read = read_version(".".join(map(str, parts)))
    assert read is not None
    assert [*read, *[0] * (len(parts) - len(read))] == parts


async def test_filevault_is_proven_by_asking_for_its_opposite(agent: Any, over: Any, northwind: Any) -> None:
    on = await agent.every("list_devices", filevault_enabled=True, fields=["serial_number", "platform"])
    off = await agent.every("list_devices", filevault_enabled=False, fields=["serial_number", "platform"])
    prism = await agent.every("prism_query", category="filevault", fields=["serial_number", "status"])
    encrypted = {row["serial_number"] for row in prism if row["status"] is True}
    assert {row["serial_number"] for row in on} <= encrypted
    assert not {row["serial_number"] for row in off} & encrypted
    assert {row["platform"] for row in on + off} == {"Mac"}

    class Heedless(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            url = request.url.copy_remove_param("filevault_enabled")
            answer: httpx.Response = await northwind.handle_async_request(
                httpx.Request("GET", url, headers=request.headers)
            )
            return answer

    async with over(Heedless()) as unlucky:
        said = await unlucky.refused("list_devices", filevault_enabled=True)
    assert "Iru ignored the filevault_enabled filter" in said


TYPED: list[tuple[str, dict[str, Any], Any]] = [
    ("prism_launch_agents_and_daemons", {"label": "HELPERD"}, lambda row: "helperd" in row["label"].casefold()),
    ("prism_launch_agents_and_daemons", {"path": "/users/"}, lambda row: "/users/" in row["path"].casefold()),
    ("prism_launch_agents_and_daemons", {"run_at_load": True}, lambda row: row.get("run_at_load") is True),
    ("prism_launch_agents_and_daemons", {"is_loaded": True}, lambda row: row.get("is_loaded") is True),
    ("prism_local_users", {"username": "SVC_"}, lambda row: "svc_" in row["username"]),
    ("prism_local_users", {"type": "admin"}, lambda row: "admin" in str(row.get("type")).casefold()),
    ("prism_local_users", {"hidden_user": True}, lambda row: row.get("hidden_user") is True),
    ("prism_local_users", {"secure_token": True}, lambda row: row.get("secure_token") is True),
    ("prism_applications", {"bundle_id": "COM.GOOGLE"}, lambda row: "com.google" in row["bundle_id"].casefold()),
    ("prism_applications", {"path": "/applications/"}, lambda row: "/applications/" in row["path"].casefold()),
    ("prism_applications", {"ad_hoc_code_signed": True}, lambda row: row.get("ad_hoc_code_signed") is True),
    ("list_vulnerabilities", {"severity": "High"}, lambda row: row["cvss_severity"].casefold() in ("high", "critical")),
    ("list_vulnerabilities", {"software": "CHROME"}, lambda row: "chrome" in row["name"].casefold()),
]


@pytest.mark.parametrize(("tool", "asked", "test"), TYPED, ids=[f"{case[0]}-{next(iter(case[1]))}" for case in TYPED])
async def test_a_typed_filter_on_one_device_gives_what_brute_force_gives(
    agent: Any, tool: str, asked: dict[str, Any], test: Any
) -> None:
    rows = await agent.every(tool, device=MAC, fields=["*"])
    expected = [row for row in rows if test(row)]
    assert expected
    assert await agent.every(tool, device=MAC, fields=["*"], **asked) == expected


async def test_worst_and_newest_first_are_two_orders_of_the_same_rows(agent: Any) -> None:
    worst = await agent.every("list_vulnerabilities", device=MAC)
    newest = await agent.every("list_vulnerabilities", device=MAC, sort="newest")
    assert sorted(map(str, worst)) == sorted(map(str, newest))
    assert [row["cvss_score"] for row in worst] == sorted((row["cvss_score"] for row in worst), reverse=True)
    dates = [row["first_detection_date"] for row in newest]
    assert dates == sorted(dates, reverse=True)
