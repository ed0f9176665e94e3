"""What tools publish, kept as files so that a change of the public API is meant; --rewrite-snapshots writes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from iru_mcp.tools.kit.catalogue import Tool, catalogue

TOOLS = catalogue()
FOLDER = Path(__file__).parents[1] / "snapshots"


def published(tool: Tool) -> str:
    """All that a client is told of a tool, in a form that reads well as a diff."""
    shown = {
        "name": tool.name,
        "title": tool.title,
        "toolset": tool.toolset,
        "default": tool.default,
        "description": tool.description,
        "input": tool.input_schema,
        "output": tool.output_schema,
    }
    return json.dumps(shown, indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("name", TOOLS)
def test_what_a_tool_publishes_changes_only_on_purpose(name: str, pytestconfig: pytest.Config) -> None:
    path = FOLDER / f"{name}.json"
    if pytestconfig.getoption("--rewrite-snapshots"):
        path.write_text(published(TOOLS[name]), "utf-8")
    assert path.read_text("utf-8") == published(TOOLS[name])


def test_no_snapshot_outlives_its_tool(pytestconfig: pytest.Config) -> None:
    gone = [path for path in FOLDER.glob("*.json") if path.stem not in TOOLS]
    if pytestconfig.getoption("--rewrite-snapshots"):
        for path in gone:
            path.unlink()
        gone = []
    assert not gone
