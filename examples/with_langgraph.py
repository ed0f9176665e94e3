"""The tools in a LangGraph agent (pip install langgraph langchain-mcp-adapters); lists them without calling a model."""

import asyncio
import sys

from langchain_mcp_adapters.client import MultiServerMCPClient
from langgraph.prebuilt import ToolNode

COMMAND, *ARGS = sys.argv[1:] or [sys.executable, "-m", "iru_mcp", "--demo"]


async def main() -> None:
    client = MultiServerMCPClient({"iru": {"transport": "stdio", "command": COMMAND, "args": ARGS}})
    node = ToolNode(await client.get_tools())  # a node of your graph, beside the one that calls a model
    for name in node.tools_by_name:
        print(name)


asyncio.run(main())
