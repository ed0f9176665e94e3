"""A time means the same in every tool: a closed list of units, whole days and seconds, and an error for all else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iru_mcp.errors import UsageError
from iru_mcp.tools.kit.params import read_time, within

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
UNITS = {
    "m": "m min mins minute minutes Minutes",
    "h": "h H hr hrs hour hours",
    "d": "d D day days",
    "w": "w wk wks week weeks",
    "mo": "M mo mon month months MONTHS",
    "y": "y yr yrs year years",
}
MEANS = {
    "m": "2026-11-20T09:27:00Z",
    "h": "2026-11-20T06:30:00Z",
    "d": "2026-11-17T09:30:00Z",
    "w": "2026-10-30T09:30:00Z",
    "mo": "2026-08-20T09:30:00Z",
    "y": "2023-11-20T09:30:00Z",
}


def read(text: str, *, now: datetime = NOW, end: bool = False) -> str:
    found = read_time(text, "since", now, end=end)
    assert found is not None
    return found.isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(("unit", "word"), [(unit, word) for unit, words in UNITS.items() for word in words.split()])
def test_every_unit_word_means_its_unit(unit: str, word: str) -> None:
    for text in (f"3{word}", f"3 {word}", f"3  {word} ago", f"last 3 {word}", f"past 3 {word}"):
        assert read(text) == MEANS[unit]


@pytest.mark.parametrize("word", ["decade", "century", "moon", "minty", "dozen", "s", "sec", "ms", "hourz", "q", "T"])
def test_a_word_that_is_no_unit_is_refused_with_the_forms_that_are(word: str) -> None:
    with pytest.raises(UsageError, match=r"24h, 7d, 2w, 3mo, 1y"):
        read_time(f"1 {word}", "since", NOW)


@given(st.text("abcdefghijklmnopqrstuvwxyzM", min_size=1, max_size=8), st.integers(1, 99))
def test_no_other_word_is_taken_for_a_unit(word: str, count: int) -> None:
    known = {form for words in UNITS.values() for form in words.lower().split()}
    if word.lower() not in known:
        with pytest.raises(UsageError):
            read_time(f"{count}{word}", "since", NOW)


def test_a_month_is_a_month_of_the_calendar() -> None:
    end_of_march = datetime(2026, 3, 31, 12, tzinfo=UTC)
    assert read("1 month", now=end_of_march) == "2026-02-28T12:00:00Z"
    assert read("13 months", now=end_of_march) == "2025-02-28T12:00:00Z"
    assert read("2y", now=datetime(2024, 2, 29, tzinfo=UTC)) == "2022-02-28T00:00:00Z"


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-11-18", "2026-11-18T00:00:00Z", "2026-11-18T23:59:59.999999Z"),
        ("2026-02", "2026-02-01T00:00:00Z", "2026-02-28T23:59:59.999999Z"),
        ("yesterday", "2026-11-19T00:00:00Z", "2026-11-19T23:59:59.999999Z"),
        ("2026-11-18T10:00:00Z", "2026-11-18T10:00:00Z", "2026-11-18T10:00:00Z"),
        ("2026-11-18T10:00:00+02:00", "2026-11-18T08:00:00Z", "2026-11-18T08:00:00Z"),
        ("now", "2026-11-20T09:30:00Z", "2026-11-20T09:30:00Z"),
    ],
)
def test_a_date_or_month_reaches_from_its_first_moment_to_its_last(text: str, first: str, last: str) -> None:
    assert (read(text), read(text, end=True)) == (first, last)


@pytest.mark.parametrize("text", ["99999 years", "99999 months", "2026-13", "0000-01-01", "-3d", "3", "d"])
def test_what_no_calendar_holds_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="since is not a time"):
        read_time(text, "since", NOW)


@given(st.timedeltas(timedelta(days=-3000), timedelta(days=3000)))
def test_a_time_that_was_shown_includes_its_event_when_given_back(age: timedelta) -> None:
    event = NOW - age
    shown = event.strftime("%Y-%m-%dT%H:%M:%SZ")
    since, until = read_time(shown, "since", NOW), read_time(shown, "until", NOW, end=True)
    assert within(event, since, until)
    assert not within(event + timedelta(seconds=1), since, until)


async def test_an_audit_event_is_found_by_the_time_it_is_shown_with(agent: Any) -> None:
    shown = (await agent.ask("list_audit_events", limit=2))["items"][1]["occurred_at"]
    found = await agent.ask("list_audit_events", since=shown, until=shown)
    assert [row["occurred_at"] for row in found["items"]] == [shown]
    assert not any("ignored" in note for note in found.get("notes", []))


async def test_three_months_are_not_three_minutes_in_a_list_of_stale_devices(agent: Any) -> None:
    by_days = await agent.ask("list_devices", checked_in_before="92d", group_by=["platform"])
    by_months = await agent.ask("list_devices", checked_in_before="3 months", group_by=["platform"])
    assert by_months["summary"] == by_days["summary"]
    device = (await agent.ask("list_devices", sort_by="last_check_in", checked_in_after="30d", limit=1))["items"][0]
    shown = device["last_check_in"]
    found = await agent.every("list_devices", checked_in_before=shown, checked_in_after=shown)
    assert device in found


async def test_a_window_that_ends_before_it_begins_is_refused(agent: Any) -> None:
    for tool, more in (("list_audit_events", {}), ("get_device_activity", {"device": "NW7QK2M4XH"})):
        assert "until lies before since" in await agent.refused(tool, since="2d", until="2026-11-01", **more)
