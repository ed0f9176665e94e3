"""One sync, of the whole tenant or of some tables.

The problem: a copy takes minutes and may fail, be killed or run out of quota at any page, and must never be half new
and half old. Each table is read page by page into a staging area of the file (staging.py). Whatever has been read to
its end is then merged into the copy in one transaction (commit.py). What must stay true: a table that was not read to
its end is as it was before; what was staged of it stays staged, and the next sync goes on from there within six hours.
"""

import sqlite3
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import anyio

from ...api.client import IruClient
from ...api.record import read_moment
from ...errors import IruError, UsageError
from ..store import last_sync, meta, set_meta, utc, writer
from ..tables import BY_NAME, KINDS, Kind
from .commit import Sync, commit
from .pages import Progress, TableReader
from .per_device import DeviceReader
from .quota import Quota, QuotaReader
from .staging import Stage

Tell = Callable[[str], None]
"""Told in words what the sync waits for, and until when."""

_AT_ONCE = 3
"""Tables read at the same time."""
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
    tables: frozenset[str] = frozenset()
    """Only these; all when empty."""
    max_age: timedelta | None = None
    """Leave tables alone that were read within this time; None: read all."""
    most_requests: int | None = None
    """How many requests it may make before it stops; what is staged by then stays."""
    pseudonyms: bool = False
    """Write pseudonyms for names where the client has them; a file holds the one or the other."""
    account_name: str = ""
    """What people call the account; kept in the file, shown in what is made from it. Empty: as it was."""


@dataclass(slots=True)
class Outcome:
    """What a sync did. `sync` is the number of the newest committed sync; `rows`, `modes` and `denied` are by table."""

    sync: int
    requests: int
    seconds: float
    resumed: bool
    denied: dict[str, str] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)


async def sync(
    client: IruClient, path: Path, plan: Plan, progress: Progress = lambda *_: None, tell: Tell = lambda _: None
) -> Outcome:
    """Copy the tenant, or the tables of `plan`, into the file at `path`, which is made if it is not there.

    All that was read becomes visible in one transaction: a query meanwhile sees the copy as it was. With `tables`, the
    device list comes along, at the same `max_age`, for every table that is about devices; when no table is due, no
    request is made and nothing is written. A table the token may not read is named in `Outcome.denied` with the reason,
    and keeps what it held. `progress` is told a table, its rows so far, and the total if Iru said it. It has no time
    limit. When it is cancelled or killed, and after `most_requests` (which raises OutOfBudget), what was read stays
    staged, and the next call goes on from there.

    Raises an IruError when the device list cannot be read, a table breaks off for good or the file cannot be written:
    the last good copy stays, and of a sync of all tables the file remembers the failure until one succeeds. Raises
    Locked when another sync is at work on the file, UsageError for an unknown table or a file of another account.
    """
    if unknown := sorted(plan.tables - set(BY_NAME)):
        raise UsageError(f"The inventory has no table {unknown[0]}.", f"Valid: {', '.join(BY_NAME)}.")
    with writer(path) as db:
        if (held := meta(db, "account")) not in (None, plan.account):
            raise UsageError(f"The file holds the inventory of {held}.", "Name another file in IRU_INVENTORY.")
        try:
            return await _SyncRun(client, db, plan, progress, tell).run()
        except IruError as error:
            if not plan.tables:
                with suppress(sqlite3.Error):  # the disk may be full
                    db.execute("INSERT INTO _failed_sync(at, why) VALUES (?, ?)", (utc(client.now()), error.fact))
            raise


def stale_tables(db: sqlite3.Connection, tables: Collection[str], now: datetime, max_age: timedelta) -> list[str]:
    """Those of `tables` that a sync would read: never read, not permitted last time, or older than `max_age`."""
    read = dict(db.execute("SELECT kind, since FROM _coverage WHERE state = 'copied'").fetchall())

    def fresh(reading: str) -> bool:
        return read.get(reading) is not None and now - read_moment(read[reading]) <= max_age

    return [kind.name for kind in KINDS if kind.name in tables and not all(map(fresh, kind.readings))]


class _SyncRun:
    """One sync on an open file."""

    def __init__(self, client: IruClient, db: sqlite3.Connection, plan: Plan, progress: Progress, tell: Tell) -> None:
        self._client, self._db, self._plan = client, db, plan
        self._stage = Stage(db, client.privacy.answer if client.privacy and plan.pseudonyms else None)
        self._tell = tell
        self._quota = Quota(
            plan.share,
            client.rate_limiter,
            floor=client.limits.quota_floor,
            per_hour=client.limits.per_hour,
            tell=tell,
            most=plan.most_requests,
        )
        reader = QuotaReader(client, self._quota)
        full_every = None if plan.full else plan.full_every
        self._tables = TableReader(reader, self._stage, client.now, full_every, progress)
        self._devices = DeviceReader(reader, self._stage, progress, every=plan.full)

    async def run(self) -> Outcome:
        began, before = self._client.now(), self._client.requests
        clock = anyio.current_time()
        if not (kinds := await self._stage.work(lambda: self._wanted(began))):
            last = await self._stage.work(lambda: last_sync(self._db))
            return Outcome(last[0] if last else 0, 0, 0.0, resumed=False)
        started, resumed = await self._stage.work(lambda: self._begin(began))
        if contradiction := self._quota.contradiction():
            self._tell(contradiction)
        await self._read(kinds)
        readings = {reading for kind in kinds for reading in kind.readings}
        begun = await self._stage.work(self._stage.states)
        states = {name: state for name, state in begun.items() if name in readings}
        requests, seconds = self._client.requests - before, round(anyio.current_time() - clock, 3)
        by_iru = int((started - (self._client.rate_limiter.clock_ahead or timedelta())).timestamp())
        facts = Sync(utc(started), utc(self._client.now()), requests, seconds, by_iru, bool(self._plan.tables))
        number = await self._stage.work(lambda: commit(self._db, states, facts))
        done = {name: state for name, state in states.items() if state.state == "done"}
        denied = {name: state.why or "" for name, state in states.items() if state.state == "denied"}
        rows = {name: state.rows for name, state in done.items()}
        modes = {name: state.mode for name, state in done.items()}
        return Outcome(number, requests, seconds, resumed, denied, rows, modes)

    def _wanted(self, now: datetime) -> Sequence[Kind]:
        """The tables to read, the device list first."""
        plan, names = self._plan, set(self._plan.tables or BY_NAME)
        if plan.max_age is not None:
            names = set(stale_tables(self._db, names, now, plan.max_age))
        elif not plan.full:  # what costs many requests, and of which Iru cannot say what changed: once a day will do
            slow = {name for name in names if BY_NAME[name].parents or BY_NAME[name].daily}
            names -= slow - set(stale_tables(self._db, slow, now, plan.full_every))
        for name in ("library_item_status", "blueprint_library_items"):  # in turn, for a parent may have parents
            if name in names and plan.max_age is not None:
                parents = [parent for parent, _ in BY_NAME[name].parents]
                names |= set(stale_tables(self._db, parents, now, plan.max_age))
        if any(BY_NAME[name].device for name in names):
            names |= set(stale_tables(self._db, ["devices"], now, plan.max_age or timedelta()))
        return [kind for kind in KINDS if kind.name in names]

    def _begin(self, now: datetime) -> tuple[datetime, bool]:
        """Since when the staged rows are, and whether they are another sync's that this one goes on with."""
        set_meta(self._db, "account", self._plan.account)
        if self._plan.account_name:
            set_meta(self._db, "account_name", self._plan.account_name)
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
            await self._tables.read(kinds[0])
            if await self._stage.work(lambda: self._stage.missing(kinds[0])):
                await self._tables.read_again(kinds[0])
            kinds = kinds[1:]
        failed: list[IruError] = []
        for depth in sorted({_depth(kind) for kind in kinds}):  # parents before what is listed by parent
            await self._read_side_by_side([kind for kind in kinds if _depth(kind) == depth], failed)
        if failed:
            raise failed[0]

    async def _read_side_by_side(self, kinds: Sequence[Kind], failed: list[IruError]) -> None:
        slots = anyio.CapacityLimiter(_AT_ONCE)

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


def _depth(kind: Kind) -> int:
    """How many tables must be read one after the other before this one."""
    return 1 + max(_depth(BY_NAME[name]) for name, _ in kind.parents) if kind.parents else 0
