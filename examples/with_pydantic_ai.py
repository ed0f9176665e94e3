"""The tools in a Pydantic AI agent (pip install "pydantic-ai-slim[mcp]"); lists them without calling a model."""

import asyncio
import sys

from fastmcp.client.transports import StdioTransport
from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset

COMMAND, *ARGS = sys.argv[1:] or [sys.executable, "-m", "iru_mcp", "--demo"]


async def main() -> None:
    iru = MCPToolset(StdioTransport(COMMAND, ARGS), include_instructions=True)
    agent = Agent(instructions="Answer from the iru tools alone.", toolsets=[iru])
    async with agent:
        for tool in await iru.list_tools():
            print(tool.name)
        # With a model: print((await agent.run("Which devices does ... hold?", model="...")).output)


asyncio.run(main())
