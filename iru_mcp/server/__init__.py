"""The catalogue as an MCP server, on stdio, SSE and streamable HTTP; the only package that knows the SDK."""

from .binder import Binder
from .call_log import open_audit
from .stdio import run_stdio
from .telemetry import Watch

__all__ = ["Binder", "Watch", "open_audit", "run_stdio"]
