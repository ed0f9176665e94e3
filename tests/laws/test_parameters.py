"""Every parameter of every tool changes what is answered, also where Iru ignores it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from iru_mcp.api.endpoints.prism import COLUMNS
from iru_mcp.tools.kit.catalogue import catalogue
from tests.conftest import text_of

from .cases import CASES, MAC

TOOLS = catalogue()
Row = dict[str, Any]


def listed(values: Any) -> list[Any]:
    """One value or several: a list of lists, of flags or of words stands for several."""
    return values if isinstance(values, list) else [values]


NARROWING = [
    pytest.param(name, parameter, value, id=f"{name}-{parameter}-{value}")
    for name, case in CASES.items()
    for parameter, values in case.narrows.items()
    for value in listed(values)
]
CHANGING = [
    pytest.param(name, parameter, value, id=f"{name}-{parameter}-{value}")
    for name, case in CASES.items()
    for parameter, values in case.changes.items()
    for value in listed(values)
]
NAMES = {"device_name", "serial_number", "user_email"}


def columns(tool: Any) -> set[str]:
    """The usual columns of a list."""
    return set(tool.output_schema.get("properties", {}).get("items", {}).get("items", {}).get("properties", {}))


def declared(tool: Any) -> set[str]:
    """The columns that Iru documents for what a tool lists."""
    endpoints = tool.endpoints or tool.optional
    prism = {name for one in endpoints for name in COLUMNS.get(one.path.rpartition("/")[2], ())}
    return prism | {name for one in endpoints for name in one.record.field_names()}


LISTS = [name for name, tool in TOOLS.items() if "cursor" in tool.input_schema["properties"]]
CHOOSING = [name for name, tool in TOOLS.items() if "fields" in tool.input_schema["properties"]]


async def rows(agent: Any, name: str, asked: dict[str, Any]) -> list[str]:
    """Every row of a list with all its columns, each as text."""
    columns = {"fields": ["*"]} if name in CHOOSING else {}
    if name in LISTS:
        found = await agent.every(name, **asked, **columns)
    else:
        answer = await agent.ask(name, **asked, **columns)
        assert answer["complete"], answer.get("notes")
        found = answer["items"]
    key = CASES[name].key
    shown = [{column: row.get(column) for column in key} if key else row for row in found]
    return [json.dumps(row, sort_keys=True) for row in shown]


UNANSWERABLE = {("list_devices", "filevault_enabled")}
"""Filters that only Iru can apply: its rows do not carry the value. They are refused where Iru ignores them."""
_without: dict[str, list[str]] = {}


async def without(agent: Any, name: str) -> list[str]:
    """The rows of `given` alone, read once."""
    if name not in _without:
        _without[name] = await rows(agent, name, CASES[name].given)
    return _without[name]


@pytest.mark.parametrize(("name", "parameter", "value"), NARROWING)
async def test_a_filter_leaves_some_of_the_rows_and_adds_none(
    everything: Any, unheeded: Any, name: str, parameter: str, value: Any
) -> None:
    asked = CASES[name].given | {parameter: value}
    found = await rows(everything, name, asked)
    whole = await without(everything, name)
    assert found, "the tenant has no such row: the case proves nothing"
    assert set(found) < set(whole)
    assert len(found) < len(whole)
    if name in LISTS:
        first = await everything.ask(name, **asked, limit=1)
        assert first.get("total", len(found)) == len(found)
    if (name, parameter) in UNANSWERABLE:
        assert "Iru ignored" in await unheeded.refused(name, **asked)
    else:
        assert sorted(await rows(unheeded, name, asked)) == sorted(found), "where Iru ignores the filter"


FLAGS = [
    (name, parameter)
    for name, case in CASES.items()
    for parameter, values in case.narrows.items()
    if values == [True, False]
]


@pytest.mark.parametrize(("name", "parameter"), FLAGS)
async def test_no_row_is_both_what_a_flag_asks_for_and_not(everything: Any, name: str, parameter: str) -> None:
    yes, no = [set(await rows(everything, name, CASES[name].given | {parameter: value})) for value in (True, False)]
    assert not yes & no


@pytest.mark.parametrize(("name", "parameter", "value"), CHANGING)
async def test_a_parameter_changes_the_answer(everything: Any, name: str, parameter: str, value: Any) -> None:
    case = CASES[name]
    asked = case.given | {parameter: value}
    if name == "get_timeline" and parameter == "user":
        asked.pop("device")  # one of the two is required
    result = await everything.call(name, **asked)
    if result.is_error:  # only what names a thing may be answered by saying that there is none
        assert parameter in TOOLS[name].input_schema.get("required", [])
        assert "Wrong arguments" not in text_of(result)
    else:
        assert result.structured_content != await everything.ask(name, **case.given)


@pytest.mark.parametrize("name", [name for name in TOOLS if "limit" in TOOLS[name].input_schema["properties"]])
async def test_a_limit_bounds_the_rows_and_says_that_there_are_more(everything: Any, name: str) -> None:
    given = CASES[name].given
    whole = await everything.ask(name, **given)
    one = await everything.ask(name, **given | {"limit": 1})
    assert one["items"] == whole["items"][:1] != []
    assert one["complete"] is (len(whole["items"]) == 1)


@pytest.mark.parametrize("name", LISTS)
async def test_a_cursor_goes_on_where_the_page_before_ended(everything: Any, name: str) -> None:
    given = CASES[name].given
    whole = (await everything.ask(name, **given))["items"]
    first = await everything.ask(name, **given | {"limit": 1})
    if len(whole) > 1:
        second = await everything.ask(name, **given | {"limit": 1, "cursor": first["next_cursor"]})
        assert second["items"] == whole[1:2]
    else:
        assert "next_cursor" not in first
        assert name in {"list_device_notes", "find_devices_for_user", "list_enrollment_integrations"}


@pytest.mark.parametrize("name", CHOOSING)
async def test_fields_are_the_columns_of_the_rows(everything: Any, name: str) -> None:
    given = CASES[name].given
    whole = (await everything.ask(name, **given, fields=["*"]))["items"]
    usual = (await everything.ask(name, **given))["items"]
    assert set().union(*usual) < set().union(*whole)
    column = min(whole[0])
    only = (await everything.ask(name, **given, fields=[column]))["items"]
    assert set().union(*only) - {"enrolled", "doubt"} == {column}  # what marks a row is shown whatever is asked
    assert only[0][column] == whole[0][column]


LIMITED = [name for name, tool in TOOLS.items() if "limit" in tool.input_schema["properties"]]
OF_DEVICES = [name for name, tool in TOOLS.items() if {"serial_number", "device_id"} & columns(tool)]
NAMED_DEVICE = [name for name, tool in TOOLS.items() if "device" in tool.input_schema["properties"]]


@pytest.mark.parametrize("name", LIMITED)
async def test_a_limit_of_nothing_only_counts(everything: Any, name: str) -> None:
    given = CASES[name].given | ({"enrolled": True} if "enrolled" in TOOLS[name].input_schema["properties"] else {})
    counted = await everything.ask(name, **given, limit=0)
    assert counted["items"] == []
    assert "next_cursor" not in counted
    page = await everything.ask(name, **given, limit=500)
    count = page["returned"]
    while "next_cursor" in page:
        page = await everything.ask(name, **given, limit=500, cursor=page["next_cursor"])
        count += page["returned"]
    assert (counted["complete"], counted.get("total", count)) == (page["complete"], count)


MODES = [
    pytest.param(name, mode, id=f"{name}-{next(iter(mode))}")
    for name in LIMITED
    for mode in ({"limit": 0}, {"group_by": next(iter(CASES[name].changes.get("group_by", [])), None)})
    if next(iter(mode)) in TOOLS[name].input_schema["properties"]
]
"""Ways to ask a list for counts instead of rows."""


def given_for_counts(name: str, parameter: str = "") -> dict[str, Any]:
    """What a list is asked so that its rows are those it counts: of Prism those of enrolled devices."""
    has_both = "enrolled" in TOOLS[name].input_schema["properties"] and name.startswith("prism_")
    return CASES[name].given | ({"enrolled": True} if has_both and parameter != "enrolled" else {})


def counted_rows(answer: dict[str, Any]) -> Any:
    return answer.get("summary", {}).get("rows", answer.get("total"))


@pytest.mark.parametrize(
    ("name", "parameter", "value"), [one for one in NARROWING if one.values[0] in LIMITED and one.values[0] in LISTS]
)
async def test_a_filter_counts_in_a_count_too(everything: Any, name: str, parameter: str, value: Any) -> None:
    asked = given_for_counts(name, parameter) | {parameter: value}
    found = await everything.every(name, **asked)
    answer = await everything.ask(name, **asked, limit=0)
    if answer["complete"]:
        assert counted_rows(answer) == len(found)
    if "group_by" in TOOLS[name].input_schema["properties"]:
        column = CASES[name].changes["group_by"][0]
        answer = await everything.ask(name, **asked, group_by=column, limit=500)
        assert answer["summary"]["rows"] == len(found)


@pytest.mark.parametrize(("name", "mode"), [one for one in MODES if one.values[0] in CHOOSING])
async def test_a_mistyped_field_is_refused_where_no_rows_are_shown_too(everything: Any, name: str, mode: Row) -> None:
    given = CASES[name].given
    column = max(set().union(*(await everything.ask(name, **given, fields=["*"]))["items"]), key=len)
    assert f"Did you mean {column}?" in await everything.refused(name, **given, **mode, fields=[f"{column}x"])
    await everything.ask(name, **given, **mode, fields=[column])


@pytest.mark.parametrize("name", [name for name in CHOOSING if "group_by" in CASES[name].changes])
async def test_what_a_count_does_not_use_is_said(everything: Any, name: str) -> None:
    case = CASES[name]
    column = case.changes["group_by"][0]
    unused: Row = {"fields": column}
    if "sort_by" in case.changes:
        unused["sort_by"] = listed(case.changes["sort_by"])[0]
    answer = await everything.ask(name, **case.given, group_by=column, **unused)
    assert any(note.startswith(f"{' and '.join(unused)} not used") for note in answer["notes"])
    plain = await everything.ask(name, **case.given, group_by=column)
    assert not any("not used" in note for note in plain.get("notes", []))


@pytest.mark.parametrize(("name", "mode"), MODES)
async def test_a_cursor_of_something_else_is_refused_in_every_mode(everything: Any, name: str, mode: Row) -> None:
    assert "cursor" in await everything.refused(name, **CASES[name].given, **mode, cursor="bm90IG9uZQ")


@pytest.mark.parametrize("name", OF_DEVICES)
async def test_a_device_is_called_the_same_in_every_list(everything: Any, name: str) -> None:
    asked = CASES[name].given | ({"fields": list(NAMES)} if name in CHOOSING else {})
    rows = (await everything.ask(name, **asked, limit=500))["items"]
    assert set().union(*rows) >= NAMES


@pytest.mark.parametrize("name", NAMED_DEVICE)
async def test_a_device_may_be_given_under_the_name_of_a_column(everything: Any, name: str) -> None:
    given = {key: value for key, value in CASES[name].given.items() if key != "device"}
    serial = CASES[name].given.get("device", MAC)
    assert await everything.ask(name, **given, serial_number=serial) == await everything.ask(
        name, **given, device=serial
    )


@pytest.mark.parametrize("name", CHOOSING)
async def test_a_mistyped_field_is_answered_with_the_one_that_was_meant(everything: Any, name: str) -> None:
    given = CASES[name].given
    column = max(set().union(*(await everything.ask(name, **given, fields=["*"]))["items"]), key=len)
    said = await everything.refused(name, **given, fields=[f"{column}x"])
    assert f"Did you mean {column}?" in said


@pytest.mark.parametrize("name", CHOOSING)
async def test_the_name_of_a_filter_is_no_field_unless_it_is_a_column(everything: Any, name: str) -> None:
    given, tool = CASES[name].given, TOOLS[name]
    held = set().union(*(await everything.ask(name, **given, fields=["*"]))["items"])
    for parameter in tool.input_schema["properties"]:
        asked = await everything.call(name, **given, fields=[parameter])
        if not asked.is_error:
            held |= set().union(*(asked.structured_content or {})["items"])
            assert parameter in held | declared(tool)
