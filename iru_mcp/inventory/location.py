"""Where the copy of a tenant lies unless told otherwise: in the user's own data folder."""

from __future__ import annotations

import sys
from pathlib import Path

_FOLDERS = {"darwin": "Library/Application Support", "win32": "AppData/Local"}
"""In the user's home, by platform; elsewhere .local/share."""


def default_file(account: str) -> Path:
    """The file for the tenant behind `account`, a host with or without a port."""
    folder = Path.home() / _FOLDERS.get(sys.platform, ".local/share")
    return folder / "iru-mcp" / f"{account.replace(':', '-')}.sqlite3"
