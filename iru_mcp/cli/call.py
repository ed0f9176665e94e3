"""The verb call: one tool, called without a server."""

from __future__ import annotations

import argparse
import json

import anyio

from ..config.account import open_client
from ..config.settings import Settings
from ..errors import UsageError
from ..tools.kit.catalogue import Answer, Tool, catalogue, to_json
from .tools import offered


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Print the answer that a client would get. Raises an IruError."""
    _, _, answer = asked(options, settings)
    print(to_json(answer) if options.json else json.dumps(answer, indent=2, ensure_ascii=False))
    return 0


def asked(options: argparse.Namespace, settings: Settings) -> tuple[Tool, dict[str, str], Answer]:
    """The tool that `options` names, the arguments it was given, and its answer. Raises an IruError."""
    tool = _tool(settings, options.tool)
    arguments = dict(map(_pair, options.arguments))
    return tool, arguments, anyio.run(_call, settings, tool, arguments)


def _tool(settings: Settings, name: str) -> Tool:
    tools = offered(settings)
    if name in tools:
        return tools[name]
    if name in catalogue():
        raise UsageError(f"{name} is not among the usual tools.", f"Switch it on with --tools {name}.")
    raise UsageError(f"There is no tool '{name[:40]}'.", f"Valid: {', '.join(tools)}.")


def _pair(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark:
        raise UsageError(f"'{text[:40]}' is not key=value.", "Write arguments as key=value.")
    return name, value


async def _call(settings: Settings, tool: Tool, arguments: dict[str, str]) -> Answer:
    client = open_client(settings)
    try:
        return await tool.run(client, arguments)
    finally:
        await client.aclose()
