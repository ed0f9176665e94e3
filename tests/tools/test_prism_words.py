"""A Prism filter that no row passes is answered with the words that rows have; what cannot be compared is counted."""

from __future__ import annotations

import json
from collections import Counter
from itertools import count
from typing import Any

import httpx
import pytest

from iru_mcp.output.privacy import Privacy
from tests.conftest import agent_over

from .asking import Between, ask, ask_all, refused, tenant, told

MAC = "NW7QK2M4XH"


def note(page: dict[str, Any], column: str) -> str:
    """The note that tells the values of a column."""
    return next(str(one) for one in page["notes"] if one.startswith(f"{column} in "))


@pytest.mark.parametrize("operator", ["eq", "in", "like"])
async def test_a_word_that_no_row_has_is_answered_with_the_few_that_there_are(operator: str) -> None:
    page = await ask("prism_local_users", filter={"type": {operator: "Superuser"}})
    assert page["total"] == 0
    groups = (await ask("prism_local_users", group_by=["type"]))["items"]
    assert all(f"{one['type']} " in note(page, "type") for one in groups)


@pytest.mark.parametrize("asked", [{"limit": 0}, {"group_by": ["username"]}, {"limit": 5}])
async def test_of_many_words_the_nearest_are_told_in_counts_too(asked: dict[str, Any]) -> None:
    page = await ask("prism_local_users", filter={"username": {"eq": "svcmdmd"}}, **asked)
    assert "different values, nearest: svc_mdmd" in note(page, "username")


async def test_the_nearest_is_found_though_it_is_in_none_of_the_pages_looked_at() -> None:
    assert "nearest: Lumen PDF Pro" in note(await ask("prism_applications", name="lumem"), "name")


async def test_where_every_device_has_one_row_all_rows_tell_the_words() -> None:
    page = await ask("prism_query", category="filevault", filter={"key_type": {"eq": "Institutional"}})
    whole = await ask("prism_query", category="filevault", limit=0, enrolled=True)
    gone = await ask("prism_query", category="filevault", limit=0, enrolled=False)
    assert f"in all {whole['total'] + gone['total']} rows: Personal " in note(page, "key_type")
    assert "no value " in note(page, "key_type")


async def test_a_column_without_a_value_says_so() -> None:
    def emptied(path: str, body: Any) -> Any:
        if path.endswith("/prism/filevault"):
            body["data"] = [row | {"key_type": None} for row in body["data"]]
        return body

    page = await ask("prism_query", Between(after=emptied), category="filevault", filter={"key_type": {"eq": "x"}})
    told = note(page, "key_type").partition(": ")[2]
    assert told.startswith("no value ")


async def test_words_are_those_of_the_device_asked_for() -> None:
    page = await ask("prism_local_users", device=MAC, username="rooot")
    names = [one["username"] for one in (await ask("prism_local_users", device=MAC, fields=["username"]))["items"]]
    assert note(page, "username").startswith(f"username in all {len(names)} rows: ")
    assert all(f"{name} 1" in note(page, "username") for name in names)


async def test_words_that_occur_but_not_together_are_told_apart_from_those_that_do_not() -> None:
    page = await ask("prism_local_users", filter={"type": {"eq": "Admin"}, "username": {"eq": "_lp"}}, device=MAC)
    assert any(one.startswith("type, username alone: some of these rows fit") for one in page["notes"])
    page = await ask("prism_local_users", filter={"type": {"eq": "Admin"}, "username": {"eq": "zzz"}}, device=MAC)
    assert any(one.startswith("type alone: some of these rows fit") for one in page["notes"])


async def test_a_device_without_any_row_is_not_taken_for_one_that_reported() -> None:
    page = await ask("prism_query", category="kernel_extensions", device=MAC)
    assert "no row of this device: it did not report, or has nothing to report" in page["notes"]


async def test_no_more_than_four_pages_are_read_for_the_words_of_a_large_category() -> None:
    counted = Between()
    await ask("prism_applications", counted, name="lumem")
    asked = [url.params for url in counted.asked if url.path.endswith("/prism/apps")]
    assert len(asked) == 1 + 3 + 1  # the question, rows without the filter, rows with a part of the word


async def test_words_that_may_not_be_read_are_told_as_such() -> None:
    def busy(request: httpx.Request) -> httpx.Response | None:
        is_whole = request.url.path.endswith("/prism/apps") and "filter" not in request.url.params
        return told(503, {"detail": "busy"}, request) if is_whole else None

    page = await ask("prism_applications", Between(busy), name="lumem")
    assert any(one.startswith("which values occur in name was not read: ") for one in page["notes"])


@pytest.mark.parametrize("asked", [{"limit": 0}, {"limit": 500}, {"group_by": ["type"]}])
async def test_rows_that_do_not_compare_are_counted(asked: dict[str, Any]) -> None:
    def odd(path: str, body: Any) -> Any:
        if path.endswith("/prism/local_users"):
            for row in body["data"]:
                if row["username"] == "root":
                    row["uid"] = "none"
        return body

    roots = (await ask("prism_local_users", filter={"username": {"eq": "root"}}, limit=0, enrolled=True))["total"]
    page = await ask("prism_local_users", Between(after=odd), filter={"uid": {"lt": 2}}, enrolled=True, **asked)
    assert f"{roots} rows do not tell any uid that compares with this and are left out" in page["notes"]
    usual = await ask("prism_local_users", filter={"uid": {"lt": 2}}, enrolled=True, **asked)
    assert not any("compares" in one for one in usual.get("notes", []))


async def test_a_version_beside_a_release_of_windows_is_no_silent_zero() -> None:
    page = await ask("prism_device_information", filter={"os_version": {"lt": "24H2"}}, limit=0)
    assert page["total"] == 0
    assert any("do not tell any os_version that compares with this" in one for one in page["notes"])


async def test_what_iru_compares_itself_says_that_what_it_left_out_is_not_known() -> None:
    page = await ask("prism_local_users", filter={"password_last_set": {"gt": "2026-11-18"}})
    assert any(one.startswith("rows without a time in password_last_set are left out by Iru") for one in page["notes"])
    every = await ask("prism_local_users", filter={"last_collected_at": {"gt": "2026-11-18"}})
    assert not any("left out by Iru" in one for one in every.get("notes", []))


async def test_a_filter_that_matches_says_nothing_of_other_words() -> None:
    page = await ask("prism_local_users", username="svc_")
    assert not any(one.startswith("username in ") for one in page.get("notes", []))
    assert "No column" in await refused("prism_local_users", tenant(), filter={"usrname": {"eq": "x"}})


ZEROS: dict[str, tuple[dict[str, Any], str, str]] = {
    "list_fleet_vulnerabilities": ({"software": "chrme"}, "software here: ", "Google Chrome"),
    "list_vulnerabilities": ({"device": MAC, "software": "chrme"}, "software here: ", "Google Chrome 3"),
    "list_device_apps": ({"device": MAC, "name": "lumem"}, "name here: ", "nearest: Lumen PDF Pro"),
    "list_audit_events": ({"since": "30d", "actor": "nobody"}, "actor here: ", "api_token "),
    "list_users": ({"department": "Enginering"}, "department here: ", "Engineering "),
}


@pytest.mark.parametrize("tool", ZEROS)
@pytest.mark.parametrize("mode", [{}, {"limit": 0}])
async def test_a_zero_of_any_list_tells_the_words_that_occur_in_counts_too(tool: str, mode: dict[str, Any]) -> None:
    asked, begins, has = ZEROS[tool]
    page = await ask(tool, **asked, **mode)
    assert (page["total"], page["items"]) == (0, [])
    assert any(one.startswith(begins) and has in one for one in page["notes"])


async def test_groups_of_nothing_tell_the_words_that_occur() -> None:
    page = await ask("list_device_apps", device=MAC, bundle_id="com.lumen.pdfpro", group_by=["version"])
    assert any("different values, nearest: com.lumenpdf.pro" in one for one in page["notes"])
    found = await ask("list_device_apps", device=MAC, bundle_id="com.lumenpdf.pro", group_by=["version"])
    assert not any(" here: " in one for one in found.get("notes", []))


@pytest.mark.parametrize(
    ("tool", "asked"),
    [
        ("prism_local_users", {"filter": {"home_directory": {"eq": "/Users/mirra"}}}),
        ("list_audit_events", {"since": "30d", "target": "Anton Kovak"}),
    ],
)
async def test_in_privacy_mode_no_name_can_be_guessed_by_how_near_a_word_is(tool: str, asked: dict[str, Any]) -> None:
    found = []
    for wrong in ("", "zzzzzzzz"):
        text = json.dumps(asked)
        for name in ("/Users/mirra", "Anton Kovak") if wrong else ():
            text = text.replace(name, wrong)
        async with agent_over(tenant(), privacy=Privacy("a key")) as agent:
            found.append(await agent.ask(tool, **json.loads(text)))
    assert found[0]["total"] == found[1]["total"] == 0
    assert found[0].get("notes") == found[1].get("notes")


def of_departments(number: int, name: str) -> Between:
    """The tenant, with users of so many departments."""
    place = count()

    def changed(path: str, body: Any) -> Any:
        if path.endswith("/users"):
            for user in body["results"]:
                user["department"] = f"{name} {next(place) % number}"
        return body

    return Between(after=changed)


async def departments_told(
    iru: Between, privacy: Privacy | None = None, asked: str = "Floor 78", limit: int = 25
) -> str:
    """What a list of users says of their departments where there is none of those asked for."""
    async with agent_over(iru, privacy=privacy) as agent:
        page = await agent.ask("list_users", department=asked, limit=limit)
    (found,) = [str(note) for note in page["notes"] if note.startswith("department here: ")]
    return found.partition(": ")[2]


async def test_a_dozen_words_are_told_with_their_counts_and_of_more_the_nearest() -> None:
    counts = Counter(f"Floor {place % 12}" for place in range(len(await ask_all("list_users", limit=500))))
    dozen = ", ".join(f"{word} {count}" for word, count in counts.most_common())
    assert await departments_told(of_departments(12, "Floor")) == dozen
    for limit in (25, 0):
        told = await departments_told(of_departments(13, "Floor"), limit=limit)
        assert told.startswith("13 different values, nearest: Floor ")


@pytest.mark.parametrize("limit", [25, 0])
async def test_in_privacy_mode_the_most_frequent_words_are_told_and_how_many_more_there_are(limit: int) -> None:
    told = await departments_told(of_departments(15, "Floor"), Privacy("a key for the tests"), limit=limit)
    assert told.endswith(" and 3 more")
    assert told.count("Floor ") == 12


@pytest.mark.parametrize("number", [1, 13])
async def test_of_a_long_word_the_beginning_is_told(number: int) -> None:
    name = "Floor " + "7" * 60
    told = await departments_told(of_departments(number, name), asked=f"{name} x")
    assert name[:40] in told
    assert name[:41] not in told
