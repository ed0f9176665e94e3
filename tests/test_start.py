"""What a server on stdio loads before it is asked anything: loading takes most of the time of a start."""

from __future__ import annotations

import subprocess
import sys

LATER = (
    "httpx",
    "jwt",
    "sqlite3",
    "iru_mcp.demo.asgi_transport",
    "iru_mcp.server.http.app",
    "iru_mcp.server.http.oauth",
)
STARTED = """
import sys
import iru_mcp.cli, iru_mcp.cli.serve
from iru_mcp.tools.kit.catalogue import catalogue, select
described = [(tool.input_schema, tool.output_schema) for tool in select(catalogue()).values()]
print(" ".join(sys.modules))
"""


def test_http_the_demo_tenant_and_the_inventory_are_not_loaded_before_a_tool_is_called() -> None:
    printed = subprocess.run([sys.executable, "-c", STARTED], check=True, capture_output=True, encoding="utf-8").stdout
    loaded = set(printed.split())
    assert "iru_mcp.server.stdio" in loaded
    assert not loaded & set(LATER)
