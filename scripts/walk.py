"""A short investigation on the demo tenant, as an agent would make it: a real client asks a real server over stdio."""

from __future__ import annotations

import json
import sys
import textwrap
from typing import Any

import anyio
from mcp import Client, StdioServerParameters

SERVER = StdioServerParameters(command=sys.executable, args=["-m", "iru_mcp", "--demo"])
PERSON = "mira.castellane@northwind.example"
SHOWN = 1_400


class Walk:
    """Asks the server and prints each call, its answer as the agent reads it, and its size."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.characters = 0
        self.calls = 0

    async def ask(self, why: str, tool: str, **arguments: Any) -> dict[str, Any]:
        result = await self.client.call_tool(tool, arguments)
        text = "".join(getattr(block, "text", "") for block in result.content)
        self.calls += 1
        self.characters += len(text)
        print(f"\n{self.calls}. {why}\n   {tool} {json.dumps(arguments)}")
        print(textwrap.indent(text[:SHOWN] + (" ..." if len(text) > SHOWN else ""), "   < "))
        print(f"   {len(text)} characters")
        if result.is_error:
            sys.exit(f"{tool} failed")
        return dict(result.structured_content or {})


async def main() -> None:
    """Walk from a name in an alert to what happened and where else."""
    async with Client(SERVER) as client:
        tools = (await client.list_tools()).tools
        print(f"Connected to {len(tools)} read-only tools on the demo tenant, a made-up company.")
        print("An alert names a person. What happened?")
        walk = Walk(client)
        held = await walk.ask("Which devices does this person hold?", "find_devices_for_user", email=PERSON)
        mac = next(item for item in held["items"] if item["platform"] == "Mac")["serial_number"]
        await walk.ask("What machine is it?", "get_device_details", device=mac, sections=["general", "filevault"])
        apps = await walk.ask(
            "What on it is not signed by a developer Apple knows?",
            "prism_applications",
            device=mac,
            ad_hoc_code_signed=True,
        )
        await walk.ask("What is vulnerable on it?", "list_vulnerabilities", device=mac, limit=5)
        started = await walk.ask(
            "What is launched at login from a person's folder?",
            "prism_launch_agents_and_daemons",
            device=mac,
            program_arguments="/Users/",
        )
        label = started["items"][0]["label"]
        await walk.ask("Who else has that login item?", "prism_launch_agents_and_daemons", label=label)
        await walk.ask("Is its protection working?", "get_device_status", device=mac)
        await walk.ask(
            "Whose apps are these, fleet-wide?", "prism_applications", bundle_id=apps["items"][0]["bundle_id"]
        )
        await walk.ask("What changed in Iru in the last week?", "list_audit_events", since="7d", limit=12)
        print(f"\n{walk.calls} calls, {walk.characters} characters in all.")


anyio.run(main)
