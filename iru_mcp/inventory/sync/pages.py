"""One table's pages on their way into the stage.

The problem: a table may have thousands of pages, and asked for one after the other they take the better part of an
hour. Where the position of a page is known before its turn it is requested before (api/transport/prefetch.py). Prism's
cursors are not known before; its offsets are, but a list that changes meanwhile moves rows over the edge of a page, and
a row that no page showed would be taken for one that is gone. So a page by offset begins with the last row of the page
before. Where it does not, the list has shifted, and all of the table is read again by cursor. Prism can also be asked
for the rows that changed since a moment; a filter that it does not know it ignores without a word, so rows that the
filter forbids turn the reading into a full one. What is no longer there is found afterwards (removals.py). What must
stay true: a row is ended only by a reading that would have shown it.

Every page is staged in a thread, so that a server goes on answering meanwhile. The lock keeps the one connection to one
thread at a time.
"""

import json
from bisect import bisect_right
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ...api.call import Batch, Call, Interrupted
from ...api.endpoint import Endpoint
from ...api.paging import Position, PrismPages
from ...api.record import read_moment
from ...api.transport.prefetch import in_order
from ...errors import IruError, NotFound, NotLicensed, NotPermitted, Unauthorized, Unreachable
from ..store import utc
from ..tables import Kind
from .canonical import seconds
from .quota import QuotaReader
from .removals import check_removals
from .staging import Place, ReadState, Stage

Progress = Callable[[str, int, int | None], None]
"""Is told a table, how many rows are read, and the total if Iru said it."""

MARGIN = timedelta(minutes=30)
"""How much before the newest known change an incremental reading begins: reports may become visible late."""
TRIES = 4
"""Failures in a row before a sync gives up."""
_DENIED = (NotPermitted, NotLicensed, NotFound, Unauthorized)


@dataclass(frozen=True, slots=True)
class TableReader:
    """Reads tables for one sync."""

    quota: QuotaReader
    stage: Stage
    now: Callable[[], datetime]
    full_every: timedelta | None
    """How old a full reading may be before an incremental one no longer does; None: read all."""
    progress: Progress

    async def read(self, kind: Kind) -> None:
        """Stage all of `kind` that is not staged yet, or note that it may not be read. Raises an IruError."""
        state = await self.stage.work(lambda: self._begin(kind))
        if state.state != "reading":
            return
        try:
            await self._pages(kind, kind.endpoint, state)
        except _DENIED as error:
            if kind.name == "devices":
                raise
            if (await self.stage.state(kind.name)).rows:
                await self.stage.work(lambda: self.stage.clear(kind))  # half a list would go on top of what is there
                raise  # the next sync begins it anew, and writes down what it then finds
            await self._elsewhere(kind, state, error)

    async def read_again(self, kind: Kind) -> None:
        """Read `kind` once more on top: what offset pages skip while the list changes is in one of two readings."""
        state = await self.stage.state(kind.name)
        await self._pages(kind, kind.endpoint, replace(state, state="reading", position=None, rows=0, odd=0))

    def _begin(self, kind: Kind) -> ReadState:
        """How far the table is staged, from the start where it is not."""
        if known := self.stage.states().get(kind.name):
            return known
        since = self._since(kind) if kind.incremental else None
        state = ReadState(mode="incremental" if since else "full", since=since)
        if unread := self.stage.unread_parents(kind):
            state = replace(unread, rows=0, odd=0)
        self.stage.note(kind.name, state)
        return state

    def _since(self, kind: Kind) -> str | None:
        """From when an incremental reading must read, by Iru's clock; None when only a full one will do."""
        select = "SELECT full_at, bound FROM _coverage WHERE kind = ? AND state = 'copied' AND bound IS NOT NULL"
        row = self.stage.db.execute(select, (kind.name,)).fetchone()
        if row is None:
            return None
        # Of a table that has `starts` the rows never change, so it needs no full reading again.
        recent = kind.starts or (self.full_every is not None and self.now() - read_moment(row[0]) < self.full_every)
        return utc(datetime.fromtimestamp(row[1], UTC) - MARGIN) if recent else None

    async def _elsewhere(self, kind: Kind, state: ReadState, error: IruError) -> None:
        """Try the endpoint of older tenants; else note that the table may not be read."""
        if kind.instead is not None and not isinstance(error, NotPermitted):
            try:
                await self._pages(kind, kind.instead, replace(state, position=None))
            except _DENIED as second:
                error = second
            else:
                return
        denied = replace(state, state="denied", why=error.fact, permission=kind.endpoint.grant)
        await self.stage.work(lambda: self.stage.begin_anew(kind, denied))

    async def _pages(self, kind: Kind, endpoint: Endpoint[Any], state: ReadState) -> None:
        """Read to the end, and go on a few times where it breaks off. Raises an IruError when it keeps breaking off."""
        if kind.prism:
            endpoint = replace(endpoint, paging=PrismPages(overlap=1))
        call = self.quota.call(endpoint)
        left = TRIES
        while state.state == "reading":
            rows = state.rows
            try:
                state = await self._some_pages(kind, endpoint, call, state)
            except (Interrupted, IruError) as error:
                cause = error.cause or error if isinstance(error, Interrupted) else error
                state = await self.stage.state(kind.name)
                left = TRIES if state.rows > rows else left - 1
                if not left or not _may_heal(cause):
                    if isinstance(cause, IruError):
                        raise cause from None
                    raise Unreachable(
                        f"Reading {endpoint.path} broke off: {cause}.",
                        "Run the same sync again; it goes on where this one ended.",
                    ) from None
                await self.quota.rest(cause, TRIES - left)
        if kind.prism and not await check_removals(self.quota, self.stage, kind, endpoint, call):
            await self._pages(kind, endpoint, await self._anew(kind, None))

    async def _anew(self, kind: Kind, position: Place | None) -> ReadState:
        """Forget what is staged, to read all from `position` on."""
        state = ReadState(position=position)
        await self.stage.work(lambda: self.stage.begin_anew(kind, state))
        return state

    async def _some_pages(self, kind: Kind, endpoint: Endpoint[Any], call: Call, state: ReadState) -> ReadState:
        """Read on from where `state` is; ends with a state that is done, or begun anew in full."""
        if kind.parents:
            return await self._of_parents(kind, endpoint, call, state)
        query: dict[str, str | int] = dict(kind.query) if endpoint.name == kind.endpoint.name else {}
        if state.since:
            bound: dict[str, str | int] = {kind.starts: state.since}
            query |= bound if kind.starts else {"filter": json.dumps({kind.dated: {"gte": state.since}})}
        start, shared = _start(kind, state)
        async with aclosing(call.walk(endpoint, start, query, whole=True)) as pages:
            async for batch in pages:
                if state.since and _ignored(kind, batch, state.since):
                    return await self._anew(kind, None)
                if shared and _identity(kind, batch.rows[:1]) != shared:
                    return await self._anew(kind, endpoint.paging.start)
                rows = batch.rows[1:] if shared else batch.rows
                place: Place | None = batch.next
                if kind.prism and isinstance(start, int) and isinstance(place, int):
                    shared = _identity(kind, batch.rows[-1:])
                    place = [place, shared]
                state = await self._stage_rows(kind, rows, state, place)
                self.progress(kind.name, state.rows, batch.total)
        return state

    async def _of_parents(self, kind: Kind, endpoint: Endpoint[Any], call: Call, state: ReadState) -> ReadState:
        """Read on where each parent has a list of its own: in the order of their ids, several first pages at once."""
        slot = endpoint.slots[0]
        at, position = state.position if isinstance(state.position, list) else ("", None)
        parents = [parent for parent in await self.stage.work(lambda: self.stage.parents(kind)) if parent >= at]

        async def first(parent: str) -> Batch[Any] | None:
            try:
                return await call.page(endpoint, position if parent == at else None, None, **{slot: parent})
            except NotFound:  # it was deleted since its own list was read
                return None

        async def keep(batch: Batch[Any] | None, parent: str) -> ReadState:
            rows = [row | {slot: parent} if isinstance(row, dict) else row for row in (batch.rows if batch else ())]
            place = _after(parents, parent, batch.next if batch else None)
            return await self._stage_rows(kind, rows, state, place)

        async with aclosing(in_order(parents, first, self.quota.at_once)) as begun:
            async for parent, batch in begun:
                state = await keep(batch, parent)
                if batch and batch.next is not None:
                    async with aclosing(call.walk(endpoint, batch.next, None, whole=True, **{slot: parent})) as pages:
                        async for page in pages:
                            state = await keep(page, parent)
                self.progress(kind.name, state.rows, None)
        if not parents:
            state = await self._stage_rows(kind, [], state, None)
        return state

    async def _stage_rows(self, kind: Kind, rows: Sequence[Any], state: ReadState, position: Place | None) -> ReadState:
        """Stage rows, and note that reading goes on at `position`; None: it is done."""
        times = [seconds(row.get(kind.dated)) for row in rows if isinstance(row, dict)] if kind.incremental else []
        newest = max([time for time in (*times, state.newest) if time is not None], default=None)
        reached = replace(state, state="done" if position is None else "reading", position=position, newest=newest)
        return await self.stage.work(lambda: self.stage.add(kind, rows, reached))


def _start(kind: Kind, state: ReadState) -> tuple[Position | None, list[str]]:
    """Where to read on, and what the row there must be: empty where there is no page before. All of a Prism category
    is read by offset; a tenant that counts no rows sends a cursor, and is then read by that."""
    if isinstance(state.position, list):
        return state.position[0], state.position[1]
    by_offset = kind.prism and state.mode == "full" and state.position is None
    return (0 if by_offset else state.position), []


def _identity(kind: Kind, rows: Sequence[Any]) -> list[str]:
    """What identifies the one raw row in `rows`; empty for no row."""
    return [str(row.get(name)) for row in rows if isinstance(row, dict) for name in (kind.device, *kind.key)]


def _after(parents: Sequence[str], parent: str, position: Position | None) -> Place | None:
    """Where reading goes on after a page of `parent`: in its next page, else with the parent that follows."""
    if position is not None:
        return [parent, position]
    following = bisect_right(parents, parent)
    return [parents[following], None] if following < len(parents) else None


def _ignored(kind: Kind, batch: Batch[Any], since: str) -> bool:
    """Whether rows of the answer do not match the filter: Iru ignores a filter that it does not know."""
    bound = read_moment(since)
    times = [getattr(record, kind.dated, None) for record in batch.records if record is not None]
    return any(time is None or read_moment(time) < bound for time in times)


def _may_heal(error: Exception) -> bool:
    if isinstance(error, Interrupted):
        return "page twice" not in error.why and "repeats itself" not in error.why
    return isinstance(error, IruError) and error.retryable
