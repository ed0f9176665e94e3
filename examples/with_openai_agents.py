"""The tools in an OpenAI Agents SDK agent (pip install openai-agents); lists them without calling a model."""

import asyncio
import sys

from agents import Agent
from agents.mcp import MCPServerStdio

COMMAND, *ARGS = sys.argv[1:] or [sys.executable, "-m", "iru_mcp", "--demo"]


async def main() -> None:
    async with MCPServerStdio(name="iru", params={"command": COMMAND, "args": ARGS}, cache_tools_list=True) as iru:
        agent = Agent(name="Investigator", instructions="Answer from the iru tools alone.", mcp_servers=[iru])
        for tool in await agent.mcp_servers[0].list_tools():
            print(tool.name)
        # With OPENAI_API_KEY: print((await Runner.run(agent, "Which devices does ... hold?")).final_output)


asyncio.run(main())
