"""One sync, of the whole tenant or of some tables.

The problem: a copy takes minutes and may fail, be killed or run out of quota at any page, and must never be half new
and half old. Each table is read page by page into a staging area of the file (staging.py). Whatever has been read to
its end is then merged into the copy in one transaction (commit.py). What must stay true: a table that was not read to
its end is as it was before; what was staged of it stays staged, and the next sync goes on from there within six hours.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import anyio
from anyio import to_thread

from ...api.client import IruClient
from ...api.record import read_moment
from ...errors import IruError, UsageError
from ..store import meta, set_meta, utc, writer
from ..tables import BY_NAME, KINDS, Kind
from .commit import Sync, commit
from .pages import Progress, TableReader
from .per_device import DeviceReader
from .quota import Quota, QuotaReader
from .staging import Stage

T = TypeVar("T")

_STALE = timedelta(hours=6)
"""Staged rows older than this are read anew: the first of them would be too old to go with the last."""
_LEAST = timedelta(minutes=15)
"""Staged rows of a refresh that are younger than this are used, however fresh the tables shall be."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sync was asked to do."""

    account: str
    share: float = 0.5
    """Of the hour's requests, how much it may take; 0 to 1."""
    full: bool = False
    full_every: timedelta = timedelta(days=1)
    """How old a table's last full reading may be before an incremental one no longer does."""
    at_once: int = 3
    """Tables read at the same time."""
    tables: frozenset[str] = frozenset()
    """Only these; all when empty."""
    max_age: timedelta | None = None
    """Leave tables alone that were read within this time; None: read all."""
    most_requests: int | None = None
    """How many requests it may make before it stops; what is staged by then stays."""
    pseudonyms: bool = False
    """Write pseudonyms for names where the client has them; a file holds the one or the other."""


@dataclass(slots=True)
class Outcome:
    """What a sync did. `sync` is the number of the newest committed sync; `rows`, `modes` and `denied` are by table."""

    sync: int
    requests: int
    seconds: float
    waited: float
    resumed: bool
    denied: dict[str, str] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)


def _silent(_name: str, _rows: int, _total: int | None) -> None:
    """The progress of who does not want to know."""


async def sync(client: IruClient, path: Path, plan: Plan, progress: Progress = _silent) -> Outcome:
    """Copy the tenant into the file at `path`, which is made if it is not there.

    Raises an IruError when the device list cannot be read or a table breaks off for good: the last good copy stays,
    and the next sync goes on where this one ended. Raises Locked when another sync is at work on the file.
    """
    with writer(path) as db:
        return await _SyncRun(client, db, plan, progress).run()


async def refresh(  # noqa: PLR0913 - the bounds of a fill
    client: IruClient,
    path: Path,
    tables: Collection[str],
    *,
    account: str,
    max_age: timedelta = timedelta(hours=1),
    share: float = 0.5,
    most_requests: int | None = 1_500,
    pseudonyms: bool = False,
    progress: Progress = _silent,
) -> Outcome:
    """Bring `tables` (names of tables.KINDS) of the copy at `path` up to date, and nothing else.

    A table that was read within `max_age` is left alone; when all were, no request is made and nothing is written.
    Others are read incrementally where Iru can tell what changed, else whole. The device list comes along, at the same
    `max_age`, for every table that is about devices. All that was read becomes visible in one transaction: a query
    meanwhile sees the copy as it was. `progress` is told a table, its rows so far, and the total if Iru said it.

    Bounds: `share` of the hour's requests is never passed (it waits), and after `most_requests` it stops with
    OutOfBudget. It has no time limit of its own: cancel it. In both cases, and when the process is killed, what was
    read stays staged, and the next call with the same tables goes on from there. With `pseudonyms` no name is written
    where the client is in privacy mode: for a file of which every fill says so.

    A table the token may not read is named in `Outcome.denied` with the reason, and keeps what it held. Raises Locked
    when another sync is at work on the file, UsageError for an unknown table or a file of another account, and any
    other IruError when reading broke off.
    """
    unknown = sorted(set(tables) - set(BY_NAME))
    if unknown:
        raise UsageError(f"The inventory has no table {unknown[0]}.", f"Valid: {', '.join(BY_NAME)}.")
    plan = Plan(account, share, tables=frozenset(tables), max_age=max_age, most_requests=most_requests)
    plan = replace(plan, pseudonyms=pseudonyms)
    with writer(path) as db:
        return await _SyncRun(client, db, plan, progress).run()


def stale_tables(db: sqlite3.Connection, tables: Collection[str], now: datetime, max_age: timedelta) -> list[str]:
    """Those of `tables` that `refresh` would read: never read, not permitted last time, or older than `max_age`."""
    read = dict(db.execute("SELECT kind, since FROM _coverage WHERE state = 'copied'").fetchall())

    def fresh(reading: str) -> bool:
        return read.get(reading) is not None and now - read_moment(read[reading]) <= max_age

    return [kind.name for kind in KINDS if kind.name in tables and not all(map(fresh, kind.readings))]


class _SyncRun:
    """One sync on an open file."""

    def __init__(self, client: IruClient, db: sqlite3.Connection, plan: Plan, progress: Progress) -> None:
        self._client, self._db, self._plan = client, db, plan
        self._stage = Stage(db, client.privacy.answer if client.privacy and plan.pseudonyms else None)
        self._one = anyio.Lock()
        self._quota = Quota(plan.share, lambda: client.rate_limiter.hour_left, most=plan.most_requests)
        reader = QuotaReader(client, self._quota)
        full_every = None if plan.full else plan.full_every
        self._tables = TableReader(reader, client.now, self._stage, self._work, full_every, progress)
        self._devices = DeviceReader(reader, self._stage, self._work, progress, every=plan.full)

    async def run(self) -> Outcome:
        began, before = self._client.now(), self._client.requests
        clock = anyio.current_time()
        kinds = await self._work(lambda: self._wanted(began))
        if not kinds:
            return Outcome(await self._work(self._last), 0, 0.0, 0.0, resumed=False)
        started, resumed = await self._work(lambda: self._begin(began))
        await self._read(kinds)
        readings = {reading for kind in kinds for reading in kind.readings}
        states = {name: state for name, state in (await self._work(self._stage.states)).items() if name in readings}
        seconds = round(anyio.current_time() - clock, 3)
        facts = Sync(utc(started), utc(self._client.now()), self._client.requests - before, seconds)
        ahead = self._client.rate_limiter.clock_ahead
        iru_time = int((started - ahead).timestamp()) if ahead is not None else None
        facts = replace(facts, partial=bool(self._plan.tables), iru_time=iru_time)
        number = await self._work(lambda: commit(self._db, states, facts))
        outcome = Outcome(number, facts.requests, seconds, self._quota.waited, resumed)
        outcome.denied = {name: state.why or "" for name, state in states.items() if state.state == "denied"}
        outcome.rows = {name: state.rows for name, state in states.items() if state.state == "done"}
        outcome.modes = {name: state.mode for name, state in states.items() if state.state == "done"}
        return outcome

    def _wanted(self, now: datetime) -> Sequence[Kind]:
        """The tables to read, the device list first."""
        plan = self._plan
        names = set(plan.tables or BY_NAME)
        if plan.max_age is not None:
            names = set(stale_tables(self._db, names, now, plan.max_age))
        else:
            names -= self._still_good(names, now)
        for name in ("library_item_status", "blueprint_library_items"):  # in turn, for a parent may have parents
            if name in names and plan.max_age is not None:
                parents = [parent for parent, _ in BY_NAME[name].parents]
                names |= set(stale_tables(self._db, parents, now, plan.max_age))
        if any(BY_NAME[name].device for name in names):
            names |= set(stale_tables(self._db, ["devices"], now, plan.max_age or timedelta()))
        return [kind for kind in KINDS if kind.name in names]

    def _still_good(self, names: set[str], now: datetime) -> set[str]:
        """Tables of which Iru cannot say what changed, and that cost many requests: once a day will do."""
        parted = {name for name in names if BY_NAME[name].parents or BY_NAME[name].daily}
        if self._plan.full:
            return set()
        return parted - set(stale_tables(self._db, parted, now, self._plan.full_every))

    def _last(self) -> int:
        return int(self._db.execute("SELECT coalesce(max(id), 0) FROM _sync").fetchone()[0])

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
        keep = _STALE if self._plan.max_age is None else max(self._plan.max_age, _LEAST)
        if text and not self._plan.full and now - read_moment(text) < keep:
            return read_moment(text), True
        self._stage.clear()
        set_meta(self._db, "stage", utc(now))
        return now, False

    async def _read(self, kinds: Sequence[Kind]) -> None:
        """Stage the tables, the device list before the others: they need to know which devices there are."""
        if kinds[0].name == "devices":
            await self._read_devices(kinds[0])
            kinds = kinds[1:]
        failed: list[IruError] = []
        for some in _in_turn(kinds):
            await self._read_side_by_side(some, failed)
        if failed:
            raise failed[0]

    async def _read_side_by_side(self, kinds: Sequence[Kind], failed: list[IruError]) -> None:
        slots = anyio.CapacityLimiter(self._plan.at_once)

        async def one(kind: Kind) -> None:
            async with slots:
                try:
                    if kind.listed:
                        await self._tables.read(kind)
                    if kind.per_device:
                        await self._devices.read(kind, kind.per_device)
                except IruError as error:  # the others go on as far as they get: the next sync need not ask again
                    failed.append(error)

        async with anyio.create_task_group() as group:
            for kind in kinds:
                group.start_soon(one, kind)

    async def _read_devices(self, kind: Kind) -> None:
        await self._tables.read(kind)
        if await self._work(lambda: self._stage.missing(kind)):
            await self._tables.read_again(kind)


def _in_turn(kinds: Sequence[Kind]) -> list[list[Kind]]:
    """Tables in the order in which they can be read: parents before what is listed by parent."""
    rounds: dict[int, list[Kind]] = {}
    for kind in kinds:
        rounds.setdefault(_depth(kind), []).append(kind)
    return [rounds[depth] for depth in sorted(rounds)]


def _depth(kind: Kind) -> int:
    return 1 + max(_depth(BY_NAME[name]) for name, _ in kind.parents) if kind.parents else 0
