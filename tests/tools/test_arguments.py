"""Arguments as clients and models write them, and what is said of those that cannot be right."""

from __future__ import annotations

from typing import Any

import pytest

from iru_mcp.errors import UsageError
from iru_mcp.tools.kit.catalogue import catalogue

TOOLS = catalogue()
GIVEN: dict[str, Any] = {"category": "filevault", "kind": "custom_apps", "hops": 1}
"""Values of required parameters that are not free text."""
ADDED = ("toolCallId", "tool_call_id", "_sessionID", "sessionId", "action", "chatInput", "_meta", "random_string")
INJECTED = (
    "dummy no_args noParams placeholder security_risk explanation reason requestId task_progress toolSummary "
    "toolAction waitForPreviousTools"
).split()
"""Further names: a word for a tool that needs none, and what some clients have a model say of each call."""


def needed(name: str) -> dict[str, Any]:
    return {parameter: GIVEN.get(parameter, "something") for parameter in TOOLS[name].input_schema.get("required", [])}


@pytest.mark.parametrize("nothing", [None, "", "  "], ids=["null", "empty", "blank"])
@pytest.mark.parametrize("name", TOOLS)
def test_an_optional_parameter_that_holds_nothing_is_absent(name: str, nothing: str | None) -> None:
    tool, given = TOOLS[name], needed(name)
    empty = dict.fromkeys(tool.input_schema["properties"], nothing)
    assert tool.read(empty | given) == tool.read(given)


@pytest.mark.parametrize("name", TOOLS)
def test_names_that_clients_add_are_ignored_and_typos_refused(name: str) -> None:
    tool, given = TOOLS[name], needed(name)
    added = {one: "x" for one in ADDED if one not in tool.input_schema["properties"]}
    assert tool.read(given | added) == tool.read(given)
    with pytest.raises(UsageError, match="is not a parameter"):
        tool.read(given | {"limti": 3})


@pytest.mark.parametrize("name", [*ADDED, *INJECTED])
async def test_what_a_client_injects_changes_no_answer(agent: Any, name: str) -> None:
    assert TOOLS["get_licensing"].input_schema["properties"] == {}
    assert await agent.ask("get_licensing", **{name: "x"}) == await agent.ask("get_licensing")
    asked = {"platform": "windows", "limit": 2}
    assert await agent.ask("list_devices", **asked, **{name: "x"}) == await agent.ask("list_devices", **asked)


@pytest.mark.parametrize(
    ("tool", "typo", "meant"),
    [
        ("list_devices", "platfrom", "platform"),
        ("list_devices", "_limit", "limit"),
        ("list_audit_events", "actions", "action"),
        ("list_audit_events", "Action", "action"),
        ("list_audit_events", "_action", "action"),
    ],
)
async def test_a_typo_of_a_parameter_is_refused_beside_what_a_client_injects(
    agent: Any, tool: str, typo: str, meant: str
) -> None:
    injected = dict.fromkeys(INJECTED, "x")
    said = await agent.refused(tool, **injected, **{typo: "mac"})
    assert f"'{typo}' is not a parameter, did you mean {meant}?" in said
    assert not [name for name in INJECTED if f"'{name}'" in said]


async def test_a_name_that_no_client_injects_is_refused_by_a_tool_without_parameters(agent: Any) -> None:
    assert "'placeholders' is not a parameter" in await agent.refused("get_licensing", placeholders="x")


@pytest.mark.parametrize("name", TOOLS)
def test_an_enum_is_read_in_any_letter_case_and_a_list_as_text(name: str) -> None:
    tool, given = TOOLS[name], needed(name)
    for parameter, schema in tool.input_schema["properties"].items():
        for choice in schema.get("enum", ()):
            assert tool.read(given | {parameter: f" {choice.upper()}"})[parameter] == choice
        for choice in schema.get("items", {}).get("enum", ()):
            assert tool.read(given | {parameter: f'["{choice.lower()}"]'})[parameter] == (choice,)
            assert tool.read(given | {parameter: f"{choice.lower()}, {choice}"})[parameter] == (choice, choice)


async def test_since_null_is_the_usual_week(agent: Any) -> None:
    device = "NW7QK2M4XH"
    assert await agent.ask("get_timeline", device=device, since=None) == await agent.ask("get_timeline", device=device)


async def test_a_version_given_as_a_number_is_read(agent: Any) -> None:
    number = await agent.ask("list_devices", version_below=15.1)
    assert number["returned"] > 0
    assert number["items"] == (await agent.ask("list_devices", version_below="15.1"))["items"]


async def test_a_filter_is_read_as_an_object_and_as_its_text(agent: Any) -> None:
    wanted = {"name": {"like": ["zoom"]}}
    as_object = await agent.ask("prism_applications", filter=wanted)
    as_text = await agent.ask("prism_applications", filter='{"name": {"like": ["zoom"]}}')
    assert as_object["returned"] > 0
    assert as_text["items"] == as_object["items"]


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("list_devices", {"limit": 501}, "limit must be at most 500"),
        ("list_devices", {"limit": "many"}, "limit must be a whole number"),
        ("list_devices", {"device_name": "x" * 301}, "device_name must have at most 300 characters"),
        ("list_devices", {"device_name": ["x"]}, "device_name must be text"),
        ("list_devices", {"fields": {"a": 1}}, "fields must be a list"),
        ("list_devices", {"fields": [["a"]]}, "fields[0] must be text"),
        ("list_devices", {"group_by": ["a", "b", "c"]}, "group_by must have at most 2 items"),
        ("list_devices", {"platform": "beos"}, "platform must be one of mac, iphone"),
        ("list_devices", {"is_missing": "perhaps"}, "is_missing must be true or false"),
        ("list_devices", {"Device_Nam": "x"}, "'Device_Nam' is not a parameter, did you mean device_name?"),
        ("prism_applications", {"filter": "name=zoom"}, "filter must be a JSON object"),
        ("get_device_details", {}, "device is required"),
        ("get_device_details", {"device": ""}, "device must have at least 1 characters"),
    ],
)
async def test_a_wrong_argument_is_told_in_the_words_of_json(
    agent: Any, tool: str, arguments: dict[str, Any], words: str
) -> None:
    said = await agent.refused(tool, **arguments)
    assert words in said
    assert not {"tuple", "dict", "NoneType", "instance"} & set(said.split())


async def test_a_name_in_other_letter_case_is_the_nearest_one(agent: Any) -> None:
    assert "Perhaps: list_devices." in await agent.refused("List-Devices")


async def test_what_is_named_like_a_column_is_taken_by_the_parameter_that_takes_its_values(agent: Any) -> None:
    (row,) = (await agent.ask("list_devices", serial_number="NW7QK2M4XH", fields=["*"]))["items"]
    asked = await agent.ask("get_device_status", device="NW7QK2M4XH")
    for column in ("serial_number", "device_name", "device_id"):
        found = await agent.ask("get_device_status", **{column: row[column]})
        assert found["device"]["device_id"] == asked["device"]["device_id"]
    assert "serial_number" in await agent.refused("get_device_status", device="NW7QK2M4XH", serial_number="NW7QK2M4XH")
