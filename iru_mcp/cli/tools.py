"""The verb tools: the tools by toolset, which of them the settings offer, and what their descriptions cost."""

import argparse
import json
from typing import Any

from ..config.settings import Settings, names
from ..tools.kit.catalogue import Tool, catalogue, select, toolsets

CHARACTERS_A_TOKEN = 4.1
"""Characters of a tool's description and schema to one o200k token, as measured over all tools."""


def offered(settings: Settings) -> dict[str, Tool]:
    """The tools that the settings select. Raises ConfigError for a name that is none."""
    return select(
        catalogue(),
        toolsets_named=names(settings.toolsets),
        named=names(settings.tools),
        excluded=names(settings.exclude_tools),
    )


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Print the list."""
    on = offered(settings)
    if options.json:
        print(json.dumps([_listed(t) | {"permissions": [e.grant for e in t.endpoints]} for t in on.values()], indent=2))
        return 0
    for name, members in toolsets(catalogue()).items():
        count = sum(tool.name in on for tool in members)
        state = "on" if count == len(members) else "partly on" if count else "off"
        cost = sum(len(json.dumps(_listed(tool), separators=(",", ":"))) for tool in members)
        print(f"\n{name}  ({state}; about {cost / CHARACTERS_A_TOKEN:.0f} tokens)")
        for tool in members:
            print(f" {' ' if tool.name in on else '-'} {tool.name:<34} {tool.description.split('. ')[0].rstrip('.')}.")
    return 0


def _listed(tool: Tool) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description, "inputSchema": tool.input_schema}
