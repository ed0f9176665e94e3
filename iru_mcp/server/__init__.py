"""The catalogue as an MCP server, on stdio, SSE and streamable HTTP; the only package that knows the SDK."""

from .binder import Binder
from .stdio import run_stdio

__all__ = ["Binder", "run_stdio"]
