"""What every tool must declare, whoever wrote it."""

from __future__ import annotations

import inspect
import json
import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpe_openai
import pytest
from mcp import types

from iru_mcp import api
from iru_mcp.tools.kit.catalogue import Tool, catalogue

from .cases import CASES, ELSEWHERE, GENERIC

TOOLS = catalogue()
BASE = (
    "find_devices_for_user get_device_activity get_device_details get_device_status get_user get_user_by_id "
    "list_audit_events list_device_apps list_devices list_users list_vulnerabilities prism_applications "
    "prism_device_information prism_launch_agents_and_daemons prism_local_users"
).split()
tokens = bpe_openai.get_encoding("o200k_base").encode


@pytest.fixture
async def listed(agent: Any) -> dict[str, types.Tool]:
    return {tool.name: tool for tool in (await agent.client.list_tools()).tools}


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for inner in schema.values():
            yield from nodes(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from nodes(inner)


def cost(tool: Tool) -> int:
    shown = {"name": tool.name, "description": tool.description, "inputSchema": tool.input_schema}
    return len(tokens(json.dumps(shown, separators=(",", ":"))))


def test_the_fifteen_tools_are_there() -> None:
    assert set(BASE) <= set(TOOLS)


async def test_every_tool_says_that_it_only_reads(listed: dict[str, types.Tool]) -> None:
    assert list(listed) == list(TOOLS)
    for tool in listed.values():
        hints = tool.annotations
        assert hints is not None
        assert (hints.read_only_hint, hints.destructive_hint) == (True, False), tool.name
        assert (hints.idempotent_hint, hints.open_world_hint) == (True, True), tool.name
        assert all((tool.title, tool.description, tool.output_schema)), tool.name


@pytest.mark.parametrize("name", TOOLS)
def test_a_name_is_a_short_verb_phrase(name: str) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]{2,39}", name)


@pytest.mark.parametrize("name", TOOLS)
def test_a_description_is_a_few_plain_sentences(name: str) -> None:
    said = TOOLS[name].description
    assert 20 <= len(said) <= (800 if name == "inventory_query" else 600)  # that one names tables
    assert said[0].isupper()
    assert said.endswith(".")


@pytest.mark.parametrize("name", TOOLS)
def test_a_description_names_only_tools_and_parameters_that_exist(name: str) -> None:
    tool = TOOLS[name]
    columns = {inner for node in nodes(tool.output_schema) for inner in node.get("properties", {})}
    fields = {inner for endpoint in tool.endpoints for inner in endpoint.record.field_names()}
    named = set(re.findall(r"\b(?:list|get|find|prism|search|count)_[a-z_]+\b", tool.description))
    assert named <= set(TOOLS) | columns | fields | set(tool.arguments.model_fields)


@pytest.mark.parametrize("name", TOOLS)
def test_an_input_schema_is_closed_and_simple(name: str) -> None:
    schema = TOOLS[name].input_schema
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    for node in nodes(schema):
        assert not {"anyOf", "oneOf", "allOf", "$ref", "$defs", "title"} & {k for k in node if k != "properties"}
        assert node.get("type") != "null"
        assert node.get("default", "") is not None


@pytest.mark.parametrize("name", TOOLS)
def test_every_parameter_says_its_type(name: str) -> None:
    for parameter, schema in TOOLS[name].input_schema["properties"].items():
        assert schema.get("type") in {"string", "integer", "boolean", "array", "object"}, parameter
        if schema["type"] == "array":
            assert schema["items"], parameter


def lean(schema: dict[str, Any]) -> dict[str, Any]:
    """What pydantic says of one parameter, without what a model has no use for."""
    kinds = [kind for kind in schema.pop("anyOf", []) if kind != {"type": "null"}]
    whole = {key: value for key, value in schema.items() if key not in {"title", "maxLength", "maxItems"}}
    if whole.get("default", "") in (None, "", []):
        whole.pop("default", None)
    if "type" in whole:  # declared beside the annotation
        return whole
    return whole | (kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {})


@pytest.mark.parametrize("name", TOOLS)
def test_what_is_told_of_a_parameter_is_what_its_reader_takes(name: str) -> None:
    told = TOOLS[name].input_schema
    taken = TOOLS[name].arguments.model_json_schema()
    assert told["properties"] == {parameter: lean(schema) for parameter, schema in taken["properties"].items()}
    assert set(told.get("required", [])) == set(taken.get("required", []))
    assert told["additionalProperties"] == taken["additionalProperties"]


@pytest.mark.parametrize("name", TOOLS)
def test_a_parameter_is_of_a_type_that_every_vendors_function_calling_takes(name: str) -> None:
    for parameter, schema in TOOLS[name].input_schema["properties"].items():
        assert schema["type"] in {"string", "integer", "boolean", "array"}, parameter
        assert schema["type"] != "array" or schema["items"]["type"] == "string", parameter


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_that_counts_declares_what_a_count_may_cost(name: str) -> None:
    assert (TOOLS[name].count_requests is not None) is ("group_by" in TOOLS[name].input_schema["properties"])


@pytest.mark.parametrize("name", TOOLS)
def test_lists_take_limit_and_cursor_alike(name: str) -> None:
    parameters = TOOLS[name].input_schema["properties"]
    assert "limit" in parameters or "cursor" not in parameters
    assert "cursor" in parameters or "limit" not in parameters or TOOLS[name].toolset == "inventory"
    if "limit" in parameters:
        assert parameters["limit"]["default"] <= (25 if name in BASE else 100)
        assert (parameters["limit"]["minimum"], parameters["limit"]["maximum"]) == (0, 500)


@pytest.mark.parametrize("name", TOOLS)
def test_every_parameter_has_a_case(name: str) -> None:
    assert name in CASES, f"tests/laws/cases.py needs a case for {name}"
    case = CASES[name]
    missing = set(TOOLS[name].input_schema["properties"]) - {*case.narrows, *case.changes, *GENERIC}
    missing = {parameter for parameter in missing if (name, parameter) not in ELSEWHERE}
    assert not missing, f"tests/laws/cases.py says no value of {name} for: {', '.join(sorted(missing))}"


@pytest.mark.parametrize("test", ELSEWHERE.values())
def test_the_test_of_a_parameter_without_a_case_exists(test: str) -> None:
    file, _, name = test.partition("::")
    assert f"def {name}(" in (Path(__file__).parents[2] / file).read_text("utf-8")


def test_no_case_outlives_its_tool_or_parameter() -> None:
    assert set(CASES) == set(TOOLS)
    for name, case in CASES.items():
        assert {*case.given, *case.narrows, *case.changes} <= set(TOOLS[name].input_schema["properties"]), name


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_names_the_endpoints_it_reads_and_all_are_gets(name: str) -> None:
    tool = TOOLS[name]
    assert {endpoint.method for endpoint in (*tool.endpoints, *tool.optional)} <= {"GET"}
    assert tool.endpoints or tool.optional or tool.toolset == "inventory"


def test_an_endpoint_is_called_what_its_constant_is_called() -> None:
    known = api.declared_endpoints()
    for name, endpoint in known.items():
        assert name == endpoint.name
        assert endpoint.path.startswith("/api/v")
    assert all(endpoint in known.values() for tool in TOOLS.values() for endpoint in (*tool.endpoints, *tool.optional))


@pytest.mark.parametrize("name", TOOLS)
def test_the_function_behind_a_tool_is_annotated_and_documented(name: str) -> None:
    function = TOOLS[name].function
    assert inspect.iscoroutinefunction(function)
    hints = typing.get_type_hints(function)
    assert set(hints) == set(inspect.signature(function).parameters) | {"return"}


def test_the_fifteen_tools_cost_a_model_at_most_4500_tokens() -> None:
    assert sum(cost(TOOLS[name]) for name in BASE) <= 4_500


def test_the_tools_offered_by_default_cost_a_model_at_most_6000_tokens() -> None:
    assert sum(cost(tool) for tool in TOOLS.values() if tool.default) <= 6_000


async def test_the_fifteen_tools_are_at_most_40_kilobytes_on_the_wire(listed: dict[str, types.Tool]) -> None:
    sent = [listed[name].model_dump_json(by_alias=True, exclude_none=True) for name in BASE]
    assert sum(len(text.encode()) for text in sent) <= 40_000
