"""What every answer must keep, whatever was asked: the contract between the tools and a model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import bpe_openai
import pytest
from jsonschema import Draft202012Validator
from mcp import types

from iru_mcp.tools.kit.catalogue import catalogue
from iru_mcp.tools.kit.size import MAX_ANSWER

from .cases import CASES, MAC

TOOLS = catalogue()
VARIANTS: dict[str, list[dict[str, Any]]] = {
    "list_devices": [{"platform": "windows", "fields": ["*"]}, {"checked_in_before": "30d"}, {"limit": 500}],
    "get_device_details": [{"sections": ["users", "installed_profiles"]}],
    "get_device_status": [{"show": "all"}, {"fields": ["*"], "show": "all"}],
    "get_device_activity": [{"fields": ["*"], "limit": 500}, {"since": "7d"}],
    "list_device_apps": [{"fields": ["*"], "limit": 500}, {"name": "zoom"}],
    "list_audit_events": [{"fields": ["*"], "limit": 500}, {"since": "2d", "action": "create"}],
    "list_users": [{"archived": True}, {"fields": ["*"], "limit": 500}],
    "list_vulnerabilities": [{"sort": "newest", "limit": 500, "fields": ["*"]}],
    "prism_device_information": [{"fields": ["*"], "limit": 500}, {"device": MAC}],
    "prism_launch_agents_and_daemons": [{"fields": ["*"], "limit": 500}, {"device": MAC, "run_at_load": True}],
    "prism_local_users": [{"fields": ["*"], "limit": 500}, {"type": "admin", "device_families": ["Mac"]}],
    "prism_applications": [{"fields": ["*"], "limit": 500}, {"name": "Lumen", "sort_by": "-created_at"}],
}
LONG = 3_000
"""Tokens that an answer may cost where the tool's own window of time and its usual columns are asked for."""
tokens = bpe_openai.get_encoding("o200k_base").encode
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")
ISO = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?Z)?")


_asked: dict[str, list[types.CallToolResult]] = {}


async def answers(agent: Any, name: str) -> list[types.CallToolResult]:
    """The tool's answers to what it is usually asked, the plainest question first; each is asked once."""
    if name not in _asked:
        _asked[name] = await ask_all(agent, name)
    return _asked[name]


async def ask_all(agent: Any, name: str) -> list[types.CallToolResult]:
    given = CASES[name].given
    return [await agent.call(name, **given | more) for more in [{}, *VARIANTS.get(name, [])]]


def values(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        for inner in node.values():
            yield from values(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from values(inner)
    else:
        yield node


def proven(name: str, result: types.CallToolResult) -> None:
    """Every clause of the contract that one answer can show."""
    text = "".join(block.text for block in result.content if isinstance(block, types.TextContent))
    assert not result.is_error, text
    answer = result.structured_content
    assert text == json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    assert len(text.encode()) <= MAX_ANSWER
    Draft202012Validator(TOOLS[name].output_schema).validate(answer)
    for value in values(answer):
        assert value is not None
        assert value not in ("True", "False")
        assert not isinstance(value, str) or value.strip()
        assert not isinstance(value, str) or not MOMENT.fullmatch(value) or ISO.fullmatch(value), value


@pytest.mark.parametrize("name", TOOLS)
async def test_an_answer_keeps_the_contract(large: Any, name: str) -> None:
    asked = await answers(large, name)
    assert len(asked) == 1 + len(VARIANTS.get(name, []))
    for result in asked:
        proven(name, result)


@pytest.mark.parametrize("name", TOOLS)
async def test_what_a_tool_is_asked_here_finds_something(large: Any, name: str) -> None:
    for result in await answers(large, name):
        answer = result.structured_content
        assert answer is not None
        held = [value for key, value in answer.items() if key not in {"copy", "device", "notes", "summary"}]
        assert any(isinstance(value, list | dict) and value for value in held)


@pytest.mark.parametrize("platform", ["mac", "iphone", "ipad", "appletv", "android", "windows"])
@pytest.mark.parametrize("name", ["get_device_details", "get_device_status", "get_device_activity", "list_device_apps"])
async def test_an_answer_about_a_device_of_any_platform_keeps_the_contract(
    agent: Any, name: str, platform: str
) -> None:
    devices = await agent.ask("list_devices", platform=platform, limit=2, fields=["device_id"])
    for device in devices["items"]:
        proven(name, await agent.call(name, device=device["device_id"]))


@pytest.mark.parametrize("name", [name for name in TOOLS if "limit" in TOOLS[name].input_schema["properties"]])
async def test_a_list_says_how_far_it_reached(large: Any, name: str) -> None:
    for result in await answers(large, name):
        page = result.structured_content
        assert page["returned"] == len(page["items"])
        assert page["complete"] is not ("next_cursor" in page) or page.get("notes")
        assert page.get("total", page["returned"]) >= page["returned"]


@pytest.mark.parametrize("name", [name for name in TOOLS if TOOLS[name].default])
async def test_a_usual_answer_is_short(large: Any, name: str) -> None:
    given = {key: value for key, value in CASES[name].given.items() if key != "since"}
    first = await large.call(name, **given)
    assert len(tokens(json.dumps(first.structured_content, ensure_ascii=False, separators=(",", ":")))) <= LONG


@pytest.mark.parametrize("name", TOOLS)
async def test_an_unknown_argument_is_answered_with_the_valid_ones(agent: Any, name: str) -> None:
    said = await agent.refused(name, colour="sk-4f9c2d7e")
    assert "'colour' is not a parameter" in said
    assert all(parameter in said for parameter in TOOLS[name].arguments.model_fields)
    assert "sk-4f9c2d7e" not in said
    assert len(tokens(said)) < 200
