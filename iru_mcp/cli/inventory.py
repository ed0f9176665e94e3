"""The verbs about the inventory copy: sync, inventory, alerts, report, export."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import re
import secrets
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from ..config.account import account, open_client, pseudonyms
from ..config.settings import Settings
from ..errors import IruError, UsageError
from .progress import Bar
from .summary import open_alerts

if TYPE_CHECKING:
    from ..api.client import IruClient

VERBS = {
    "sync": "copy the tenant's inventory into a local file",
    "inventory": "say how old the inventory copy is and what it holds: inventory status",
    "alerts": "list what the inventory's rules found; exit 3 when something is open",
    "report": "draw the inventory copy as one HTML page",
    "export": "write the inventory copy out for another system",
}
"""Each verb with what it does."""

_STATUS_SECONDS = 10.0
"""Seconds that `inventory status` waits for Iru."""
_EVERY = re.compile(r"(\d{1,4})(m|h|d)")
_UNIT = {"m": 60, "h": 3600, "d": 86_400}


def add_flags(parser: argparse.ArgumentParser, verb: str) -> None:
    """The flags of `verb` beside the settings."""
    if verb == "sync":
        parser.add_argument("--quota", default="50%", help="share of Iru's 10,000 requests an hour it may take")
        parser.add_argument("--every", default="", help="go on for ever, this often: 30m, 6h, 1d")
        parser.add_argument("--full", action="store_true", help="read everything, also what seems unchanged")
        parser.add_argument("--full-every", default="1d", help="how old a full reading may be before the next: 12h, 7d")
    elif verb == "inventory":
        parser.add_argument("what", nargs="?", default="status", choices=["status"])
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


def _add_export_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", required=True, choices=["jsonl", "csv", "parquet", "jupiterone", "ocsf"])
    parser.add_argument("--out", default="", help="file, for csv and parquet a folder; stdout unless given")
    parser.add_argument("--history", action="store_true", help="also every row that was, with valid_from and valid_to")
    parser.add_argument("--changes", action="store_true", help="also what appeared, went, changed or moved")
    parser.add_argument("--gone", action="store_true", help="also the devices that Iru no longer lists")
    parser.add_argument("--alerts", action="store_true", help="also the alerts, open and resolved")
    parser.add_argument("--since", type=int, metavar="SYNC", help="only what began or ended after that sync")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Run the verb. Raises an IruError, and KeyboardInterrupt when a signal ended it."""
    if options.verb == "sync":
        code = anyio.run(_sync, options, settings)
        if code is None:
            raise KeyboardInterrupt
        return code
    if options.verb == "inventory":
        return _status(options, settings)
    from . import alerts, export, report

    path = _file(settings)
    verbs: dict[str, Callable[[argparse.Namespace, Path, Callable[[Any], Any]], int]] = {
        "alerts": partial(alerts.run, seconds=read_interval),
        "report": report.run,
        "export": partial(export.run, key=_row_key(settings)),
    }
    return verbs[options.verb](options, path, _shown(settings, path))


def _row_key(settings: Settings) -> bytes:
    """What is mixed into the keys of exported rows: nothing, or in privacy mode its key."""
    if settings.privacy == "off":
        return b""
    return hashlib.sha256(settings.privacy_key.get_secret_value().encode() or secrets.token_bytes()).digest()


def _shown(settings: Settings, path: Path) -> Callable[[Any], Any]:
    """How rows and text leave: as they are, or in privacy mode without the names of the copy's devices and people."""
    from ..inventory.export.rows import names
    from ..inventory.store import reader

    privacy = pseudonyms(settings)
    if privacy is None:
        return lambda value: value
    with reader(path) as db:
        privacy.learn(list(names(db)))
    return privacy.answer


def _file(settings: Settings) -> Path:
    from ..inventory.location import default_file

    return Path(settings.inventory) if settings.inventory else default_file(account(settings))


def read_interval(text: str, flag: str) -> int:
    """A length of time like 30m, 6h or 1d in seconds. Raises UsageError."""
    found = _EVERY.fullmatch(text.strip())
    if not found or not int(found[1]):
        raise UsageError(f"{flag} is not a length of time.", "Give a number and m, h or d, like 30m, 6h, 1d.")
    return int(found[1]) * _UNIT[found[2]]


async def _sync(options: argparse.Namespace, settings: Settings) -> int | None:
    """The exit code; None when SIGTERM ended it, which the first process of a container must see to itself."""
    with anyio.CancelScope() as scope:
        with suppress(NotImplementedError):  # Windows has none; Ctrl-C works everywhere without
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, scope.cancel)
        return await _rounds(options, settings)
    return None


async def _rounds(options: argparse.Namespace, settings: Settings) -> int:
    from ..inventory.alerts.rules import load
    from ..inventory.alerts.webhook import check
    from ..inventory.sync.quota import read_share
    from ..inventory.sync.run import Plan

    every = read_interval(options.every, "--every") if options.every else 0
    plan = Plan(
        account(settings),
        read_share(options.quota),
        options.full,
        timedelta(seconds=read_interval(options.full_every, "--full-every")),
    )
    if settings.demo:  # its devices do not report anew, so what is new has no newer date
        plan = replace(plan, full=True)
    rules = load(settings.alert_rules)
    if settings.alert_webhook.get_secret_value():
        check(settings.alert_webhook.get_secret_value())
    while True:
        began = anyio.current_time()
        code = await _round(settings, plan, rules, patient=bool(every), as_json=options.json or not sys.stdout.isatty())
        if not every:
            return code
        await anyio.sleep(max(0.0, began + every - anyio.current_time()))


async def _round(settings: Settings, plan: Any, rules: Any, *, patient: bool, as_json: bool) -> int:
    """One sync, its rules and its webhook. With `patient` a failure is said and the next round tries again.

    What fired or resolved goes to stdout as JSON lines; without `as_json` what is open, in words.
    """
    from ..inventory.sync.run import sync

    client = _demo_client(settings) if settings.demo else open_client(settings)
    bar = Bar(sys.stderr)
    path = Path(client.inventory)
    try:
        outcome = await sync(client, path, plan, bar.show)
        bar.close(_said(outcome, path))
        if settings.demo and outcome.sync == 1:
            print("  the demo tenant as it was a week ago; sync again to see what happened since", file=sys.stderr)
        events = await _judge(settings, path, rules, client.now())
        for event in events if as_json else ():
            print(json.dumps(event, ensure_ascii=False), flush=True)
        if not as_json:
            print(open_alerts(path, _shown(settings, path)), flush=True)
    except IruError as error:
        bar.close("")
        if not patient:
            raise
        print(f"iru-mcp: {error}", file=sys.stderr, flush=True)
        return 1
    finally:
        await client.aclose()
    return 0


def _demo_client(settings: Settings) -> IruClient:
    """The demo tenant: for the first copy as it was a week ago, before its story; for every later one after it, always
    on the same day. So there is something to find, and nothing else."""
    from ..inventory.store import first_sync

    week, first = timedelta(days=7), first_sync(_file(settings))
    if first:
        return open_client(settings, demo_since=first + week)
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    client = open_client(settings, demo_since=hour, demo_begun=False)
    client.now = lambda: hour - week
    return client


def _said(outcome: Any, path: Path) -> str:
    mode = ", ".join(f"{count} {mode}" for mode, count in _counted(outcome.modes.values()).items())
    resumed = "; taken up where the last one ended" if outcome.resumed else ""
    read = f"{sum(outcome.rows.values()):,} rows read in {outcome.requests:,} requests"
    lines = [
        f"sync {outcome.sync}: {read} and {outcome.seconds:.0f} s ({mode}{resumed})",
        *(f"  {kind}: not permitted. {why}" for kind, why in outcome.denied.items()),
        f"  {path}",
    ]
    return "\n".join(lines)


def _counted(values: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for value in values:
        found[value] = found.get(value, 0) + 1
    return found


async def _judge(settings: Settings, path: Path, rules: Any, now: datetime) -> list[dict[str, Any]]:
    """Ask the rules: what fired or resolved, which goes to the webhook too if there is one."""
    from ..inventory.alerts.evaluate import judge
    from ..inventory.alerts.webhook import deliver

    url = settings.alert_webhook.get_secret_value()
    verdict = await anyio.to_thread.run_sync(lambda: judge(path, rules, now, keep=bool(url)))
    for name, why in verdict.problems.items():
        print(f"iru-mcp: rule {name}: {why}", file=sys.stderr)
    if url:
        done = await deliver(path, url, settings.alert_secret.get_secret_value(), digest=settings.alert_digest)
        if done.waiting or done.set_aside:
            told = f"{done.sent} sent, {done.waiting} wait for the next round, {done.set_aside} set aside as refused"
            print(f"iru-mcp: webhook: {told}", file=sys.stderr)
    shown = _shown(settings, path)
    return [shown(event) for event in verdict.events]


async def _connected(settings: Settings) -> str:
    """Whether Iru answers this account now, by one request: yes, or no and why."""
    from ..api.endpoints.devices import LIST_DEVICES

    try:
        client = open_client(settings)
        try:
            await client.call(LIST_DEVICES, seconds=_STATUS_SECONDS, requests=1).page(LIST_DEVICES)
        finally:
            await client.aclose()
    except IruError as error:
        return f"no: {error.fact}"
    return "yes"


def _status(options: argparse.Namespace, settings: Settings) -> int:
    from ..inventory.describe import status
    from ..inventory.store import reader

    path = _file(settings)
    with reader(path) as db:
        found = status(db, datetime.now(UTC)) | {"file": str(path), "bytes": path.stat().st_size}
    found = {"connected": anyio.run(_connected, settings)} | found
    if options.json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return 0
    for name, value in found.items():
        if name != "kinds":
            print(f"{name.replace('_', ' '):<14} {value if value is not None else 'none'}")
    wide = max(len(line["kind"]) for line in found["kinds"])
    for line in found["kinds"]:
        rows = f"{line['rows']:,}" if "rows" in line else "-"
        state = f"{line['state']} {line.get('grant', '')}".rstrip()
        print(f"{line['kind']:<{wide}} {rows:>10}  {line.get('age', '-'):<10} {state}")
    return 0
