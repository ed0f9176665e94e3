"""The verb call: one tool, called without a server."""

import argparse
import json
from contextlib import aclosing

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
    name, tools = options.tool, offered(settings)
    if name not in tools and name in catalogue():
        raise UsageError(f"{name} is not among the usual tools.", f"Switch it on with --tools {name}.")
    if name not in tools:
        raise UsageError(f"There is no tool '{name[:40]}'.", f"Valid: {', '.join(tools)}.")
    arguments = dict(map(_pair, options.arguments))
    return tools[name], arguments, anyio.run(_call, settings, tools[name], arguments)


def _pair(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark:
        raise UsageError(f"'{text[:40]}' is not key=value.", "Write arguments as key=value.")
    return name, value


async def _call(settings: Settings, tool: Tool, arguments: dict[str, str]) -> Answer:
    async with aclosing(open_client(settings)) as client:
        return await tool.run(client, arguments)
