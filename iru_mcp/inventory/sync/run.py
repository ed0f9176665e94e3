"""One sync: every kind walked page by page into the stage, then committed; what may not be read is left as it was."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import anyio
from anyio import to_thread

from ...api.client import IruClient
from ...api.record import read_moment
from ...errors import IruError, UsageError
from ..store import meta, set_meta, utc, writer
from ..tables import KINDS, Kind
from .commit import Sync, commit
from .pages import Progress, Walker
from .per_device import Visitor
from .quota import Quota
from .staging import Stage

T = TypeVar("T")

_STALE = timedelta(hours=6)
"""A half-done sync older than this is begun anew: its first rows would be too old to go with its last."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sync was asked to do."""

    account: str
    share: float = 0.5
    full: bool = False
    full_every: timedelta = timedelta(days=1)
    """How old a kind's last full walk may be before an incremental one no longer does: only a full one sees what
    silently went away."""
    at_once: int = 3
    """Kinds walked at the same time."""


@dataclass(slots=True)
class Outcome:
    """What a sync did."""

    sync: int
    requests: int
    seconds: float
    waited: float
    resumed: bool
    denied: dict[str, str] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)


async def sync(client: IruClient, path: Path, plan: Plan, progress: Progress = lambda *_: None) -> Outcome:
    """Copy the tenant into the file at `path`.

    Raises an IruError when the device list cannot be read or a walk breaks off for good: the last good copy stays,
    and the next sync goes on where this one ended.
    """
    with writer(path) as db:
        return await _Sync(client, db, plan, progress).run()


class _Sync:
    def __init__(self, client: IruClient, db: sqlite3.Connection, plan: Plan, progress: Progress) -> None:
        self._client, self._db, self._plan = client, db, plan
        self._stage = Stage(db)
        self._one = anyio.Lock()
        self._quota = Quota(plan.share, lambda: client.rate_limiter.hour_left)
        full_every = None if plan.full else plan.full_every
        self._walker = Walker(client, db, self._work, self._quota, full_every, progress)
        self._visitor = Visitor(client, self._stage, self._work, self._quota, progress, every=plan.full)

    async def run(self) -> Outcome:
        began, before = self._client.now(), self._client.requests
        clock = anyio.current_time()
        started, resumed = await self._work(lambda: self._begin(began))
        await self._walk_all()
        walks = await self._work(self._stage.walks)
        seconds = round(anyio.current_time() - clock, 3)
        facts = Sync(utc(started), utc(self._client.now()), self._client.requests - before, seconds)
        number = await self._work(lambda: commit(self._db, walks, facts))
        outcome = Outcome(number, facts.requests, seconds, self._quota.waited, resumed)
        outcome.denied = {name: walk.why or "" for name, walk in walks.items() if walk.state == "denied"}
        outcome.rows = {name: walk.rows for name, walk in walks.items() if walk.state == "done"}
        outcome.modes = {name: walk.mode for name, walk in walks.items() if walk.state == "done"}
        return outcome

    async def _work(self, work: Callable[[], T]) -> T:
        """Use the connection, in a thread, one at a time."""
        async with self._one:
            return await to_thread.run_sync(work)

    def _begin(self, now: datetime) -> tuple[datetime, bool]:
        """Since when the staged rows are, and whether they are another sync's that this one goes on with."""
        account = meta(self._db, "account")
        if account not in (None, self._plan.account):
            raise UsageError(f"The file holds the inventory of {account}.", "Name another file in IRU_INVENTORY.")
        set_meta(self._db, "account", self._plan.account)
        text = meta(self._db, "stage")
        if text and not self._plan.full and now - read_moment(text) < _STALE:
            return read_moment(text), True
        self._stage.clear()
        set_meta(self._db, "stage", utc(now))
        return now, False

    async def _walk_all(self) -> None:
        devices, *others = KINDS
        await self._walker.walk(devices)
        if await self._work(lambda: self._stage.missing(devices)):
            await self._walker.again(devices)
        slots = anyio.CapacityLimiter(self._plan.at_once)
        failed: list[IruError] = []

        async def one(kind: Kind) -> None:
            async with slots:
                try:
                    if kind.listed:
                        await self._walker.walk(kind)
                    if kind.visit:
                        await self._visitor.visit(kind, kind.visit)
                except IruError as error:  # the others go on as far as they get: the next sync need not ask again
                    failed.append(error)

        async with anyio.create_task_group() as group:
            for kind in others:
                group.start_soon(one, kind)
        if failed:
            raise failed[0]
