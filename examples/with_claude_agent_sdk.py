"""The tools in a Claude Agent SDK session (pip install claude-agent-sdk); lists them without calling a model."""

import asyncio
import sys

from claude_agent_sdk import ClaudeAgentOptions, ClaudeSDKClient

COMMAND, *ARGS = sys.argv[1:] or [sys.executable, "-m", "iru_mcp", "--demo"]
OPTIONS = ClaudeAgentOptions(
    mcp_servers={"iru": {"type": "stdio", "command": COMMAND, "args": ARGS}},
    allowed_tools=["mcp__iru"],  # every tool of this server: it only reads
    tools=[],
    setting_sources=[],
)


async def main() -> None:
    async with ClaudeSDKClient(OPTIONS) as client:
        while (server := (await client.get_mcp_status())["mcpServers"][0])["status"] == "pending":
            await asyncio.sleep(0.1)
        for tool in server.get("tools", []):
            print(tool["name"])
        # With an account: await client.query("Which devices does ... hold?")


asyncio.run(main())
