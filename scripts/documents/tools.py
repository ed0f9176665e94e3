"""The tools as tables for README and as a reference, and the investigations that are offered as prompts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from iru_mcp.cli.permissions import table
from iru_mcp.content.prompts import prompts
from iru_mcp.tools.kit.catalogue import Tool, catalogue, select, toolsets

from .tables import code


def usual() -> str:
    """The tools that are offered unasked, and what each answers."""
    return table(("tool", "answers"), ((code(tool.name), _first(tool)) for tool in select(catalogue()).values()))


def more() -> str:
    """The toolsets that are offered when asked for."""
    offered = select(catalogue())
    rows = []
    for name, members in toolsets(catalogue()).items():
        off = [tool.name for tool in members if tool.name not in offered]
        if off:
            rows.append((code(name), ", ".join(map(code, off))))
    return table(("toolset", "tools"), rows)


def reference() -> str:
    """Every tool with its parameters and permissions, by toolset."""
    offered = select(catalogue())
    parts = []
    for name, members in toolsets(catalogue()).items():
        parts.append(f"## {name}")
        parts += [_one(tool, on=tool.name in offered) for tool in members]
    return "\n\n".join(parts)


def _one(tool: Tool, *, on: bool) -> str:
    state = "" if on else f"\n\nOff unless asked for: {code(f'IRU_TOOLS={tool.name}')}."
    granted = [f"- {endpoint.grant}" for endpoint in tool.endpoints]
    granted += [f"- {endpoint.grant}; it can answer without" for endpoint in tool.optional]
    rows = table(("parameter", "type", "default", "meaning"), _parameters(tool))
    return f"### {tool.name}\n\n{tool.description}{state}\n\n{rows}\n\nPermissions:\n\n" + "\n".join(granted)


def _parameters(tool: Tool) -> Iterator[tuple[str, ...]]:
    needed = tool.input_schema.get("required", [])
    for name, schema in tool.input_schema.get("properties", {}).items():
        default = schema.get("default")
        shown = "required" if name in needed else "" if default in (None, "", []) else code(json.dumps(default))
        yield code(name), _type(schema), shown, schema.get("description", "")


def _type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(code(choice) for choice in schema["enum"])
    kind = schema.get("type", "")
    if kind == "array":
        return f"list of {schema.get('items', {}).get('type', 'string')}"
    if "minimum" in schema or "maximum" in schema:
        return f"{kind}, {schema.get('minimum', '')} to {schema.get('maximum', '')}"
    return str(kind)


def investigations() -> str:
    """The prompts: what each asks for and which calls it leads through."""
    parts = []
    for prompt in prompts().values():
        needs = ", ".join(code(one.name) + ("" if one.required else " (optional)") for one in prompt.arguments)
        steps = "\n".join(f"{number}. `{step.tool}`: {step.why}" for number, step in enumerate(prompt.steps, 1))
        parts.append(
            f"### {prompt.title}\n\nPrompt {code(prompt.name)}, given {needs}. {prompt.description}\n\n{steps}"
        )
    return "\n\n".join(parts)


def _first(tool: Tool) -> str:
    return tool.description.partition(". ")[0].rstrip(".") + "."
