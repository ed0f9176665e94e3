"""The verb inventory (status: whether Iru answers, how old the copy is, what it holds, what went wrong), and what the
verbs about the copy share."""

import argparse
import hashlib
import json
import re
import secrets
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio

from ..api.endpoints.devices import LIST_DEVICES
from ..config.account import account, default_file, open_client, pseudonyms
from ..config.settings import Settings
from ..errors import IruError, UsageError
from ..inventory.describe import status
from ..inventory.export.rows import names
from ..inventory.store import last_whole_sync, reader

_EVERY = re.compile(r"(\d{1,4})(m|h|d)")
_UNIT = {"m": "minutes", "h": "hours", "d": "days"}
TOO_OLD = 4
"""Exit code when the last sync of all tables is older than --max-age."""
_PATIENCE = 10.0
"""Seconds to wait for Iru."""


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Print the state of the copy. The exit code: TOO_OLD, else 1 when Iru does not answer, when the last sync failed
    or when none has finished.

    Raises an IruError when there is no copy.
    """
    most = read_interval(options.max_age, "--max-age") if options.max_age else None
    path, now = copy_file(settings), datetime.now(UTC)
    with reader(path) as db:
        found = status(db, now) | {"file": str(path), "bytes": path.stat().st_size}
        last = last_whole_sync(db)
    found = {"connected": anyio.run(_reachable, settings)} | found
    if most is not None:
        found["older_than_max_age"] = last is None or now - last > most
    if options.json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        _print(found)
    if found.get("older_than_max_age"):
        return TOO_OLD
    return int(found["connected"] != "yes" or "failed_rounds" in found or not found["last_sync"])


def _print(found: dict[str, Any]) -> None:
    for name, value in found.items():
        if name != "kinds":
            shown = "none" if value is None else "yes" if value is True else "no" if value is False else value
            print(f"{name.replace('_', ' '):<18} {shown}")
    wide = max(len(line["kind"]) for line in found["kinds"])
    for line in found["kinds"]:
        rows = f"{line['rows']:,}" if "rows" in line else "-"
        state = f"{line['state']} {line.get('grant', '')}".rstrip()
        late = f"; removals known as of {line['removals_known_until']}" if "removals_known_until" in line else ""
        print(f"{line['kind']:<{wide}} {rows:>10}  {line.get('age', '-'):<10} {state}{late}")


async def _reachable(settings: Settings) -> str:
    """Whether Iru answers this account now, by one request: yes, or no and why."""
    try:
        async with aclosing(open_client(settings)) as client:
            await client.call(LIST_DEVICES, seconds=_PATIENCE, requests=1).page(LIST_DEVICES)
    except IruError as error:
        return f"no: {error.fact}"
    return "yes"


def copy_file(settings: Settings) -> Path:
    """The file of the copy. Raises ConfigError when neither a file nor a tenant is set."""
    return Path(settings.inventory) if settings.inventory else default_file(account(settings))


def as_shown(settings: Settings) -> Callable[[Any], Any]:
    """What makes of rows and text what may be shown: nothing, or in privacy mode pseudonyms for the copy's devices and
    people."""
    if (privacy := pseudonyms(settings)) is None:
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
