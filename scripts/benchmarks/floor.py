"""The floor: a server with one tool on the bare SDK, which gives back the bytes in a file."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import anyio
from mcp import types
from mcp.server import MCPServer, Server
from mcp.server.stdio import stdio_server

ANSWER = "ask"


def low_level(text: str) -> Server[Any]:
    """One tool on the SDK's low-level server; as iru-mcp, it gives the answer as text and as structured content."""
    found = json.loads(text)
    one = types.Tool(name=ANSWER, description="The answer.", input_schema={"type": "object"})

    async def list_tools(_: Any, __: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[one])

    async def call_tool(_: Any, __: Any) -> types.CallToolResult:
        return types.CallToolResult(content=[types.TextContent(text=text)], structured_content=found)

    return Server("floor", on_list_tools=list_tools, on_call_tool=call_tool)


def decorated(text: str) -> MCPServer[Any]:
    """The same tool on the SDK's decorated server."""
    found = json.loads(text)
    server: MCPServer[Any] = MCPServer("floor")

    @server.tool(structured_output=False)
    def ask() -> types.CallToolResult:
        return types.CallToolResult(content=[types.TextContent(text=text)], structured_content=found)

    return server


async def _stdio(server: Server[Any]) -> None:
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def _http(server: Server[Any], port: int) -> None:
    import uvicorn

    app = server.streamable_http_app(host="127.0.0.1")
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


def main() -> None:
    """Serve until stdin closes, or until ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["low-level", "decorated"])
    parser.add_argument("answer", type=Path)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    text = options.answer.read_text("utf-8")
    if options.port:
        _http(low_level(text), options.port)
    elif options.kind == "decorated":
        decorated(text).run("stdio")
    else:
        anyio.run(_stdio, low_level(text))


if __name__ == "__main__":
    main()
