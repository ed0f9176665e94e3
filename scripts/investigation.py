"""An investigation on the demo tenant: a real MCP client asks a real server over stdio, as an assistant would.

Without arguments it asks the questions of README's picture. With `--ask TOOL key=value ...` it asks one of yours and
prints the whole answer. Exit code 1: a call failed; 2: the arguments are wrong.
"""

from __future__ import annotations

import json
import sys
import textwrap
from typing import Any

import anyio
from documents.answers import ALERT, SESSION, Question
from mcp import Client, StdioServerParameters, types

SERVER = ["-m", "iru_mcp", "--demo"]
USAGE = "scripts/demo --ask TOOL key=value ..."
NEXT = f"""
Ask it yourself, of any tool that `.venv/bin/iru-mcp tools` lists ({USAGE}):
  scripts/demo --ask get_timeline device=NWP8D6R1VY since=14d limit=10
Connect it to the assistants on this machine, on the demo tenant first:
  .venv/bin/iru-mcp setup --demo"""


def text_of(result: types.CallToolResult) -> str:
    """What an assistant reads."""
    return "".join(block.text for block in result.content if isinstance(block, types.TextContent))


async def investigate() -> int:
    """Ask the questions of the session, and print each with its call, its answer in lines and its size."""
    async with Client(StdioServerParameters(command=sys.executable, args=SERVER)) as client:
        offered = (await client.list_tools()).tools
        print(f"A client is connected to iru-mcp over stdio: {len(offered)} read-only tools on the demo tenant,")
        print(f"a made-up company with 400 devices.\n\n{ALERT}")
        for number, question in enumerate(SESSION, 1):
            print(f"\n{number}. {question.asked}\n   {question.call}")
            result = await client.call_tool(question.tool, dict(question.arguments))
            if result.is_error:
                print(text_of(result), file=sys.stderr)
                return 1
            report(question, dict(result.structured_content or {}), len(text_of(result)))
    print(NEXT)
    return 0


def report(question: Question, found: dict[str, Any], size: int) -> None:
    """The answer in lines, and whether these are all."""
    for line in question.lines(found):
        print(textwrap.fill(line, 118, initial_indent="   -> ", subsequent_indent="      ", break_on_hyphens=False))
    extent = "complete" if found["complete"] else "not complete"
    print(f"   ({extent}; the answer has {size:,} characters)")


async def ask(tool: str, arguments: dict[str, Any]) -> int:
    """Ask one question as it was typed, and print the whole answer."""
    async with Client(StdioServerParameters(command=sys.executable, args=[*SERVER, "--toolsets", "all"])) as client:
        result = await client.call_tool(tool, arguments)
    if result.is_error:
        print(text_of(result), file=sys.stderr)
        return 1
    print(json.dumps(result.structured_content, indent=2, ensure_ascii=False))
    return 0


def main(words: list[str]) -> int:
    """Ask; the exit code."""
    pairs = [word.partition("=") for word in words[2:]]
    if words and (words[0] != "--ask" or len(words) == 1 or not all(equals for _, equals, _ in pairs)):
        print(f"usage: scripts/demo, or {USAGE}", file=sys.stderr)
        return 2
    if words:
        return anyio.run(ask, words[1], {name: value for name, _, value in pairs})
    return anyio.run(investigate)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
