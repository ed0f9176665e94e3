"""The copy filled on demand: a question names its tables, and they are read from Iru before it is answered.

The problem: a question comes with nothing prepared and may need more pages than its time allows; others come meanwhile,
in this process and in other processes on the same file. One fill at a time is at work in a process. It belongs to no
call, so it goes on when a call ends, and every call that needs its tables waits for it. Between processes the lock of
the file decides who fills; the others look at the file until the tables are there. What must stay true: a table is used
only if it was read to its end, within `max_age` or after the question was first asked; one fill makes at most
`costs.MOST` requests, and all fills of an hour together at most the share of it that the user allows.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import anyio
from anyio import to_thread

from ...api.client import IruClient
from ...errors import IruError, UsageError
from ..sandbox.processes import Processes
from ..store import Locked, reader, writer
from ..sync.quota import OutOfBudget
from ..sync.run import Plan, stale_tables, sync
from ..tables import BY_NAME
from .costs import Costs, known, pages
from .temporary import TemporaryFolder

_LOOK = 0.5
"""Seconds between two looks at what other processes fill, and between two reports of progress."""
_NEWS = 120.0
"""Seconds for which a failure is told; after that the tables are read again."""
Told = Callable[[int, int | None], Awaitable[None]]
"""Is told how many rows are read, and about how many there will be."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A table that is still being read: pages so far, and about how many in all, None where that is not known."""

    table: str
    pages: int
    about: int | None


@dataclass(eq=False, slots=True)
class _Fill:
    """Tables that are being read into the copy; `began` by the event loop's clock."""

    tables: frozenset[str]
    began: float
    rows: dict[str, tuple[int, int | None]] = field(default_factory=dict)
    """By reading: rows so far, and the total where Iru said it."""
    task: asyncio.Task[None] = field(init=False)
    error: IruError | None = None

    def note(self, reading: str, rows: int, total: int | None) -> None:
        """Told by the sync how far a reading is."""
        self.rows[reading] = (rows, total)


class OnDemand:
    """The copy of one client's tenant, and the processes in which statements run over it. One for each client."""

    def __init__(self, client: IruClient) -> None:
        self._client = client
        self.processes = Processes()
        self.costs = Costs(client)
        self._temporary: TemporaryFolder | None = None
        self._found: tuple[int, int] | None = None
        """The file that was found to be of this version."""
        self._fill: _Fill | None = None
        self._beginning = anyio.Lock()
        self._filled: dict[str, float] = {}
        """When the last fill that read a table to its end began."""
        self._promised: dict[str, float] = {}
        """Since when somebody has been told to ask again for a table."""
        self._failed: dict[str, tuple[float, IruError]] = {}
        """What went wrong with a table, and when, until it was told."""

    async def aclose(self) -> None:
        """End the fill that is at work, the processes, and a copy that nobody asked to keep."""
        if self._fill:
            self._fill.task.cancel()
            await asyncio.wait({self._fill.task})
        await self.processes.aclose()
        if self._temporary:
            await to_thread.run_sync(self._temporary.close)

    async def path(self) -> Path:
        """The file, made or brought to this version where it has to be. Raises an IruError."""
        path = self.place()
        if self._found is None or self._found != await to_thread.run_sync(_inode, path):
            await to_thread.run_sync(_prepare, path)
            self._found = await to_thread.run_sync(_inode, path)
        return path

    def place(self) -> Path:
        """Where the user keeps a copy, if anywhere; else a folder that ends with this process.

        In privacy mode always that folder: what is queried holds pseudonyms, and a copy that is kept holds names.
        """
        kept = self._client.inventory if self._client.privacy is None else ""
        if kept and (self._client.filling.keep or Path(kept).exists()):
            return Path(kept)
        self._temporary = self._temporary or TemporaryFolder()
        return self._temporary.path / "copy.sqlite3"

    async def fill(
        self, tables: Collection[str], max_age: timedelta, seconds: float, told: Told | None = None
    ) -> list[Unfinished]:
        """Have `tables` (names of tables.KINDS) read within `max_age`, taking `seconds` at most.

        Returns those that are not there yet: their fill goes on, and `ask_again` says when to come back. Raises
        UsageError for more than one question may cause, RateLimited when the share of the hour is used, and what else
        keeps a table from being read; a table that the token may not read is no error here.
        """
        path = await self.path()
        began = anyio.current_time()
        while True:
            if not (missing := await self._missing(path, tables, max_age, began)):
                for table in tables:
                    self._promised.pop(table, None)
                return []
            self._raise_failed(missing)
            if anyio.current_time() - began >= seconds:
                for table in missing:
                    self._promised.setdefault(table, began)
                return [self._how_far(table) for table in missing]
            await self._some_more(path, missing, max_age, began + seconds, told)

    async def _missing(self, path: Path, tables: Collection[str], max_age: timedelta, began: float) -> list[str]:
        """Those of `tables` that must be read: too old by the file, and not filled since they were asked for."""

        def look() -> list[str]:
            with reader(path) as db:
                return stale_tables(db, tables, self._client.now(), max_age)

        asked = {table: min(began, self._promised.get(table, began)) for table in tables}
        stale = await to_thread.run_sync(look)
        return [table for table in stale if self._filled.get(table, -math.inf) < asked[table]]

    async def _some_more(
        self, path: Path, missing: list[str], max_age: timedelta, until: float, told: Told | None
    ) -> None:
        """Begin a fill of what is missing unless one is at work, and wait a while for it."""
        async with self._beginning:
            fill = self._fill or await self._begin(path, missing, max_age)
        await asyncio.wait({fill.task}, timeout=max(0.0, min(_LOOK, until - anyio.current_time())))
        if told and fill.rows:
            rows, totals = zip(*fill.rows.values(), strict=True)
            await told(sum(rows), None if None in totals else sum(filter(None, totals)))
        if isinstance(fill.error, Locked):
            await anyio.sleep(max(0.0, min(_LOOK, until - anyio.current_time())))

    def _raise_failed(self, missing: Collection[str]) -> None:
        """Tell once what went wrong; who asks again after that has it tried again."""
        told = [self._failed.pop(table) for table in missing if table in self._failed]
        if errors := [error for when, error in told if when > anyio.current_time() - _NEWS]:
            for table in missing:
                self._promised.pop(table, None)
            raise errors[0]

    async def _begin(self, path: Path, missing: list[str], max_age: timedelta) -> _Fill:
        """Begin a fill of what is missing, the device list first: without it nothing can be estimated."""
        held = await to_thread.run_sync(known, path)
        before = {"devices"} if any(BY_NAME[table].device for table in missing) else set()
        if self._client.privacy is not None:  # also who there is: other tables name people in text
            before = {"devices", "users"}
        unread = {table for table in before if table not in held.rows and table not in self._filled}
        missing = sorted(unread) or missing
        allowed = self.costs.allowed()
        costs = await self.costs.of([table for table in missing if table not in held.rows], held)
        if sum(cost or 0 for cost in costs.values()) > allowed:
            raise self.costs.too_much(costs)
        self._fill = fill = _Fill(frozenset(missing), anyio.current_time())
        fill.task = asyncio.create_task(self._run(path, fill, max_age, allowed))
        return fill

    async def _run(self, path: Path, fill: _Fill, max_age: timedelta, allowed: int) -> None:
        """One fill to its end. What went wrong is kept for those who wait for it."""
        before, filling = self._client.requests, self._client.filling
        plan = Plan(filling.account, filling.share, tables=fill.tables, max_age=max_age, most_requests=allowed)
        try:
            await sync(self._client, path, replace(plan, pseudonyms=True), fill.note)
        except OutOfBudget:
            fill.error = self.costs.out_of(allowed, fill.tables)
        except IruError as error:
            fill.error = error
        else:
            self._filled |= dict.fromkeys(fill.tables, fill.began)
        finally:
            if fill.error and not isinstance(fill.error, Locked):
                self._failed |= dict.fromkeys(fill.tables, (anyio.current_time(), fill.error))
            self.costs.spend(self._client.requests - before)
            self._fill = None

    def _how_far(self, table: str) -> Unfinished:
        rows = self._fill.rows if self._fill and table in self._fill.tables else {}
        kind = BY_NAME[table]
        read, total = rows.get(table, (0, None)) if kind.listed else (0, 0)
        total = self.costs.rows(table) if total is None else total
        asked, devices = rows.get(kind.per_device_reading, (0, None)) if kind.per_device else (0, 0)
        about = None if total is None else pages(table, total) + (devices or 0)
        return Unfinished(table, (pages(table, read) if read else 0) + asked, about)

    def ask_again(self, unfinished: Collection[Unfinished]) -> int:
        """In about how many seconds they will be there, by how fast the fill is; between 2 and 60."""
        fill = self._fill
        done = sum(one.pages for one in unfinished)
        if fill is None or not done or any(one.about is None for one in unfinished):
            return 10
        left = sum(max(0, (one.about or 0) - one.pages) for one in unfinished)
        return min(60, max(2, math.ceil(left * (anyio.current_time() - fill.began) / done)))


def _inode(path: Path) -> tuple[int, int] | None:
    """What tells the file at `path` from another that may take its place; None where there is none."""
    with suppress(FileNotFoundError):
        found = path.stat()
        return found.st_dev, found.st_ino
    return None


def _current(path: Path) -> bool:
    """Whether the file can be read as it is. Raises ConfigError when it is no inventory."""
    with suppress(UsageError), reader(path):
        return True
    return False


def _prepare(path: Path) -> None:
    """Make the file, or bring it to this version, where it has to be; one that another process has open is being made
    there."""
    until = time.monotonic() + 5
    while not _current(path) and time.monotonic() < until:
        with suppress(Locked), writer(path):
            return
        time.sleep(0.1)
