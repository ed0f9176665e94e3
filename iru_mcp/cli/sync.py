"""The verb sync: one tenant or several, once or for ever.

A round copies a tenant into its file, asks the rules of the copy, and sends what fired or was resolved to the webhook,
if there is one. What fired or was resolved goes to stdout as JSON lines; on a terminal what is open, in words. A round
that fails is written down with its time: with --every the next round tries again, with --tenants the others go on.
"""

import argparse
import asyncio
import json
import signal
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio

from ..api.client import IruClient
from ..config.account import account, open_client
from ..config.settings import Settings
from ..config.tenants import OneTenant, read_tenants
from ..errors import ConfigError, IruError, UsageError
from ..inventory.alerts.evaluate import judge, listed
from ..inventory.alerts.rules import Rule, load
from ..inventory.alerts.webhook import Webhook, check, deliver
from ..inventory.store import first_sync, last_whole_sync, reader
from ..inventory.sync.quota import read_share
from ..inventory.sync.run import Outcome, Plan, sync
from .inventory import as_shown, copy_file, read_interval
from .progress import Log

SHOWN = 5
"""Open alerts that are shown one by one."""


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all rounds of this run share."""

    plan: Plan
    """Without an account."""
    rules: list[Rule]
    as_json: bool


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Run the verb. Raises an IruError where nothing can be begun, and KeyboardInterrupt when a signal ended it."""
    if (options.dry_run or options.side_by_side != 1) and not options.tenants:
        raise UsageError("--dry-run and --side-by-side are for several tenants.", "Name them with --tenants FILE.")
    if options.side_by_side < 1:
        raise UsageError("--side-by-side is the number of tenants at a time.", "Give 1 or more.")
    tenants = read_tenants(options.tenants, settings) if options.tenants else [OneTenant("", settings)]
    if options.dry_run:
        return _listed(tenants, read_share(options.quota))
    plan = Plan("", read_share(options.quota), options.full, read_interval(options.full_every, "--full-every"))
    if webhook := settings.alert_webhook.get_secret_value():
        check(webhook)
    every = read_interval(options.every, "--every").total_seconds() if options.every else 0.0
    shared = _Shared(plan, load(settings.alert_rules), as_json=options.json or not sys.stdout.isatty())
    if (code := anyio.run(_until_stopped, tenants, shared, every, options.side_by_side)) is None:
        raise KeyboardInterrupt
    return code


async def _until_stopped(tenants: list[OneTenant], shared: _Shared, every: float, side_by_side: int) -> int | None:
    """The exit code; None when SIGTERM ended it, which the first process of a container must see to itself."""
    with anyio.CancelScope() as scope:
        with suppress(NotImplementedError):  # Windows has none; Ctrl-C works everywhere without
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, scope.cancel)
        while True:
            began = anyio.current_time()
            code = await _all_tenants(tenants, shared, side_by_side)
            if not every:
                return code
            await anyio.sleep(max(0.0, began + every - anyio.current_time()))
    return None


async def _all_tenants(tenants: list[OneTenant], shared: _Shared, side_by_side: int) -> int:
    """The exit code of a round of all tenants: of several 1 if one failed, whatever the reason."""
    slots = anyio.CapacityLimiter(side_by_side)
    codes: list[int] = []
    broken_pipes: list[OSError] = []

    async def one(tenant: OneTenant) -> None:
        async with slots:
            log = Log(sys.stderr, tenant.name, moving=not tenant.name)
            try:
                await _one_tenant(tenant, shared, log)
            except IruError as error:
                log.write(f"iru-mcp: {error}")
                codes.append(2 if isinstance(error, (UsageError, ConfigError)) else 1)
            except OSError as error:  # who read stdout has left; the other tenants are copied all the same
                broken_pipes.append(error)

    async with anyio.create_task_group() as group:
        for tenant in tenants:
            group.start_soon(one, tenant)
    if broken_pipes:
        raise broken_pipes[0]
    return codes[0] if codes and len(tenants) == 1 else int(bool(codes))


async def _one_tenant(tenant: OneTenant, shared: _Shared, log: Log) -> None:
    """One sync, its rules and its webhook. Raises an IruError."""
    settings = tenant.checked()
    share = shared.plan.share if tenant.share is None else tenant.share
    full = shared.plan.full or settings.demo  # the demo's devices do not report anew, so what is new has no newer date
    plan = replace(shared.plan, account=account(settings), account_name=settings.account_name, share=share, full=full)
    client = _demo_client(settings) if settings.demo else open_client(settings)
    path = copy_file(settings)
    try:
        outcome = await sync(client, path, plan, log.progress, log.write)
        log.write(_outcome_lines(outcome, path))
        if settings.demo and outcome.sync == 1:
            log.write("  the demo tenant as it was a week ago; sync again to see what happened since")
        events = await _judged(settings, path, shared.rules, client.now(), log)
    finally:
        await client.aclose()
    for event in events if shared.as_json else ():
        named = {"tenant": tenant.name} if tenant.name else {}
        print(json.dumps(named | event, ensure_ascii=False), flush=True)
    if not shared.as_json:
        shown = as_shown(settings)
        with reader(path) as db:
            print(describe([shown(alert) for alert in listed(db)]), flush=True)


def describe(alerts: Sequence[Mapping[str, Any]]) -> str:
    """Open `alerts`, worst first, in lines for a person at a terminal: counts by severity, and the first few."""
    if not alerts:
        return "no alert is open"
    counts = Counter(str(alert["severity"]) for alert in alerts)
    head = f"{len(alerts):,} open: {', '.join(f'{count:,} {severity}' for severity, count in counts.items())}"
    lines = [f"  {alert['severity']:<9} {alert['say']}" for alert in alerts[:SHOWN]]
    rest = len(alerts) - len(lines)
    return "\n".join([head, *lines, *([f"  and {rest:,} more: iru-mcp alerts"] if rest else [])])


def _demo_client(settings: Settings) -> IruClient:
    """The demo tenant. The first copy has it as it was a week ago, before its story begins; every later one has it
    after the story, always on the same day. So the second sync finds changes, and later ones none."""
    week, first = timedelta(days=7), first_sync(copy_file(settings))
    if first:
        return open_client(settings, demo_since=first + week)
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    client = open_client(settings, demo_since=hour, demo_begun=False)
    client.now = lambda: hour - week
    return client


def _outcome_lines(outcome: Outcome, path: Path) -> str:
    mode = ", ".join(f"{count} {mode}" for mode, count in Counter(outcome.modes.values()).items())
    resumed = "; taken up where the last one ended" if outcome.resumed else ""
    read = f"{sum(outcome.rows.values()):,} rows read in {outcome.requests:,} requests"
    lines = [
        f"sync {outcome.sync}: {read} and {outcome.seconds:.0f} s ({mode}{resumed})",
        *(f"  {kind}: not permitted. {why}" for kind, why in outcome.denied.items()),
        f"  {path}",
    ]
    return "\n".join(lines)


async def _judged(settings: Settings, path: Path, rules: list[Rule], now: datetime, log: Log) -> list[dict[str, Any]]:
    """Ask the rules. Returns the events, which are also sent to the webhook if there is one."""
    url = settings.alert_webhook.get_secret_value()
    verdict = await judge(path, rules, now, keep=bool(url))
    for name, why in verdict.problems.items():
        log.write(f"iru-mcp: rule {name}: {why}")
    shown = as_shown(settings)
    if url:
        done = await deliver(path, Webhook(url, settings.alert_secret.get_secret_value(), settings.alert_digest), shown)
        if done.waiting or done.set_aside:
            told = f"{done.sent} sent, {done.waiting} wait for the next round, {done.set_aside} set aside as refused"
            log.write(f"iru-mcp: webhook: {told}")
    return [shown(event) for event in verdict.events]


def _listed(tenants: list[OneTenant], share: float) -> int:
    """Print what would be synced; 2 when a tenant cannot be."""
    for tenant in tenants:
        quota = f"{share if tenant.share is None else tenant.share:.0%}"
        path = copy_file(tenant.settings)
        print(f"{tenant.name}: {account(tenant.settings)}, token of {tenant.token_from}, quota {quota}, {path}")
        print(f"  {tenant.problem or _last(path)}")
    return 2 if any(tenant.problem for tenant in tenants) else 0


def _last(path: Path) -> str:
    if not path.exists():
        return "never synced"
    try:
        with reader(path) as db:
            last = last_whole_sync(db)
    except IruError as error:
        return str(error)
    return f"last synced {last:%Y-%m-%dT%H:%M:%SZ}" if last else "never synced whole"
