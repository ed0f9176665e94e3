"""The verb inventory, and what the verbs about the copy (sync, alerts, report, export) share: their flags too."""

from __future__ import annotations

import argparse
import hashlib
import re
import secrets
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from ..config.settings import Settings
from ..errors import UsageError

VERBS = {
    "sync": "copy the tenant's inventory into a local file",
    "inventory": "say how old the inventory copy is and what it holds: inventory status",
    "alerts": "list what the inventory's rules found; exit 3 when something is open",
    "report": "draw the inventory copy as one HTML page",
    "export": "write the inventory copy out for another system",
}
"""Each verb with what it does."""

_EVERY = re.compile(r"(\d{1,4})(m|h|d)")
_UNIT = {"m": "minutes", "h": "hours", "d": "days"}
_TENANTS = "TOML file of several tenants, each with its own copy"


def add_flags(parser: argparse.ArgumentParser, verb: str) -> None:
    """The flags of `verb` beside the settings."""
    if verb == "sync":
        _add_sync_flags(parser)
    elif verb == "inventory":
        parser.add_argument("what", nargs="?", default="status", choices=["status"])
        parser.add_argument("--max-age", default="", metavar="2h", help="exit 4 when the last whole sync is older")
    elif verb == "report":
        parser.add_argument("--out", default="report.html", help="the file to write")
    elif verb == "export":
        _add_export_flags(parser)
    elif verb == "alerts":
        parser.add_argument("what", nargs="*", metavar="ack NUMBER | mute RULE | unmute RULE")
        parser.add_argument("--reason", default="", help="why it is acknowledged or muted")
        parser.add_argument("--until", default="30d", help="for how long: 12h, 30d")
        parser.add_argument("--check", default="", metavar="RULES.TOML", help="try a file of rules; keep nothing")
    if verb in ("sync", "inventory", "alerts"):
        parser.add_argument("--json", action="store_true", help="machine-readable; alerts as JSON lines")


def _add_sync_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quota", default="50%", help="share of the requests an hour that Iru allows it may take")
    parser.add_argument("--every", default="", help="go on for ever, this often: 30m, 6h, 1d")
    parser.add_argument("--full", action="store_true", help="read everything, also what seems unchanged")
    parser.add_argument("--full-every", default="1d", help="how old a full reading may be before the next: 12h, 7d")
    parser.add_argument("--tenants", default="", metavar="FILE", help=_TENANTS)
    parser.add_argument("--side-by-side", type=int, default=1, metavar="N", help="tenants to sync at a time")
    parser.add_argument("--dry-run", action="store_true", help="say what --tenants would sync; ask and write nothing")


def _add_export_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", required=True, choices=["jsonl", "csv", "parquet", "jupiterone", "ocsf"])
    parser.add_argument("--out", default="", help="file, for csv and parquet a folder; stdout unless given")
    parser.add_argument("--tenants", default="", metavar="FILE", help=f"{_TENANTS}; --out is then a folder")
    parser.add_argument("--history", action="store_true", help="also every row that was, with valid_from and valid_to")
    parser.add_argument("--changes", action="store_true", help="also what appeared, went, changed or moved")
    parser.add_argument("--gone", action="store_true", help="also the devices that Iru no longer lists")
    parser.add_argument("--alerts", action="store_true", help="also the alerts, open and resolved")
    parser.add_argument("--since", type=int, metavar="SYNC", help="only what began or ended after that sync")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """The verb inventory, of which there is only `status`. Raises an IruError."""
    from . import status

    return status.run(options, settings)


def copy_file(settings: Settings) -> Path:
    """The file of the copy. Raises ConfigError when neither a file nor a tenant is set."""
    from ..config.account import account, default_file

    return Path(settings.inventory) if settings.inventory else default_file(account(settings))


def as_shown(settings: Settings) -> Callable[[Any], Any]:
    """What makes of rows and text what may be shown: nothing, or in privacy mode pseudonyms for the copy's devices and
    people."""
    from ..config.account import pseudonyms
    from ..inventory.export.rows import names
    from ..inventory.store import reader

    privacy = pseudonyms(settings)
    if privacy is None:
        return lambda value: value
    with reader(copy_file(settings)) as db:
        privacy.learn(list(names(db)))
    return privacy.answer


def row_key(settings: Settings) -> bytes:
    """The key of the hashes row_key of an export: none, or in privacy mode its key."""
    if settings.privacy == "off":
        return b""
    return hashlib.sha256(settings.privacy_key.get_secret_value().encode() or secrets.token_bytes()).digest()


def read_interval(text: str, flag: str) -> timedelta:
    """A length of time like 30m, 6h or 1d. Raises UsageError."""
    found = _EVERY.fullmatch(text.strip())
    if not found or not int(found[1]):
        raise UsageError(f"{flag} is not a length of time.", "Give a number and m, h or d, like 30m, 6h, 1d.")
    return timedelta(**{_UNIT[found[2]]: int(found[1])})
