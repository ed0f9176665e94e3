"""What each client's configuration file holds once this server is connected, as setup would write it."""

from __future__ import annotations

from pathlib import Path

from iru_mcp.mcp_clients.file import ConfigFile
from iru_mcp.mcp_clients.known import CLIENTS, Client, Machine

COMMAND = ["/path/to/iru-mcp/.venv/bin/python", "-P", "-m", "iru_mcp"]
"""What setup writes that was started from a clone in /path/to/iru-mcp."""
_SHOWN = {"IRU_API_URL": "https://subdomain.api.kandji.io", "IRU_API_TOKEN": "YOUR-TOKEN"}


def blocks() -> str:
    """One fold-out a client: where its file is, and the whole of it."""
    return "\n".join(_block(client) for client in CLIENTS.values())


def _block(client: Client) -> str:
    text = ConfigFile(client, Path(client.file)).shown(client.entry(COMMAND, _SHOWN)).rstrip()
    head = f"<summary>{client.title}: <code>iru-mcp setup {client.name}</code></summary>"
    return f"<details>\n{head}\n\n{_places(client)}\n\n```{client.form}\n{text}\n```\n\n{client.then}\n</details>"


def _places(client: Client) -> str:
    mac = str(client.path(Machine("darwin", "~", {})))
    linux = str(client.path(Machine("linux", "~", {})))
    windows = str(client.path(Machine("win32", "%USERPROFILE%", {"APPDATA": "%APPDATA%"})))
    unix = f"`{mac}`" if mac == linux else f"`{mac}` on macOS, `{linux}` on Linux"
    return f"{unix}, `{windows}` on Windows:"
