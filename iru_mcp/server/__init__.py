"""The catalogue as an MCP server, on stdio, SSE and streamable HTTP; the only package that knows the SDK."""

from .audit import open_audit
from .binder import Binder
from .stdio import run_stdio
from .watch import Watch

__all__ = ["Binder", "Watch", "open_audit", "run_stdio"]
