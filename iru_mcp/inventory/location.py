"""Where the copy of a tenant lies unless told otherwise: in the user's own data folder."""

from __future__ import annotations

import sys
from pathlib import Path


def default_file(account: str) -> Path:
    """The file for the tenant behind `account`, a host with or without a port."""
    return _data_folder() / "iru-mcp" / f"{account.replace(':', '-')}.sqlite3"


def _data_folder() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    if sys.platform == "win32":
        return Path.home() / "AppData" / "Local"
    return Path.home() / ".local" / "share"
