"""Read-only tools over Iru's Endpoint Management API for AI agents."""

__version__ = "0.1.0"
