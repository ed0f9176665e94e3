"""Connecting MCP clients: the one entry in a client's configuration file that starts this server."""
