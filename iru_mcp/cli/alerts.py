"""The verb alerts: what the inventory's rules found, what people decided about it, and a trial of a file of rules."""

import argparse
import json
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio

from ..config.settings import Settings
from ..errors import IruError, UsageError
from ..inventory.alerts.decisions import acknowledge, mute, mutes, unmute
from ..inventory.alerts.evaluate import listed
from ..inventory.alerts.findings import ask
from ..inventory.alerts.rules import load
from ..inventory.alerts.webhook import set_aside
from ..inventory.sandbox.processes import Processes
from ..inventory.store import reader, utc
from .inventory import as_shown, copy_file, read_interval

FIRED = 3
"""Exit code when an alert is open that is neither acknowledged nor of a muted rule."""
_FORM = "alerts | alerts ack NUMBER --reason TEXT | alerts mute RULE --reason TEXT | alerts unmute RULE"


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Run the verb. The exit code is FIRED, or 0. Raises an IruError."""
    path, now = copy_file(settings), datetime.now(UTC)
    if options.check:
        with reader(path):  # says what is wrong with the file
            return anyio.run(_try, options.check, path, as_shown(settings))
    end = now + read_interval(options.until, "--until")
    match options.what:
        case []:
            return _list(path, now, as_shown(settings), as_json=options.json)
        case ["unmute", rule]:
            unmute(path, rule)
        case ["ack" | "mute", _] if not options.reason:
            raise UsageError("An alert is not set aside without a reason.", "Give one with --reason.")
        case ["ack", number] if number.isdecimal():
            acknowledge(path, int(number), options.reason, end)
        case ["mute", rule]:
            with reader(path) as db:
                known = db.execute("SELECT 1 FROM _alert WHERE rule = ?", (rule,)).fetchone()
            if not known and rule not in {one.name for one in load()}:
                raise UsageError(f"There is no rule '{rule[:60]}'.", "iru-mcp alerts shows the rule of each alert.")
            mute(path, rule, options.reason, end, now)
        case _:
            raise UsageError("alerts cannot do that.", f"Valid: {_FORM}.")
    return 0


def _list(path: Path, now: datetime, shown: Callable[[Any], Any], *, as_json: bool) -> int:
    with reader(path) as db:
        found, muted, refused = [shown(one) for one in listed(db)], mutes(db, now), set_aside(db)
    muted_rules = {one["rule"] for one in muted}
    at = utc(now)
    unhandled = [one for one in found if one["rule"] not in muted_rules and one.get("acknowledged_until", "") <= at]
    for alert in found:
        print(json.dumps(alert, ensure_ascii=False) if as_json else _line(alert, at, muted_rules))
    if not as_json:
        for one in muted:
            print(f"muted until {one['until']}: {one['rule']} ({one['why']})")
        if refused:
            print(f"{len(refused)} events were set aside: the webhook kept refusing them ({refused[0]['refused']})")
    return FIRED if unhandled else 0


def _line(alert: dict[str, Any], at: str, muted: set[str]) -> str:
    acknowledged = alert.get("acknowledged_until", "") > at
    state = f"  [acknowledged until {alert['acknowledged_until']}: {alert['acknowledged_why']}]" if acknowledged else ""
    state += "  [muted]" if alert["rule"] in muted else ""
    return f"{alert['alert']:>5} {alert['severity']:<9} {alert['rule']:<28} {alert['opened_at']}  {alert['say']}{state}"


async def _try(file: str, path: Path, shown: Callable[[Any], Any]) -> int:
    """What each rule of the file, and each built-in one, finds now. 1 when one cannot be asked."""
    failed = False
    async with aclosing(Processes()) as processes:
        for rule in load(file):
            try:
                found = await ask(processes, path, rule)
            except IruError as error:
                print(f"{rule.name}: {error}")
                failed = True
                continue
            findings = list((found.findings or {}).values())
            print(f"{rule.name}: {found.problem or f'{len(findings)} findings'}")
            for finding in findings[:3]:
                print(f"  {finding.severity}: {shown(finding.sentence)}")
    return 1 if failed else 0
