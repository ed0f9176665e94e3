"""One table's pages on their way into the stage.

The problem: a table is read again every few hours, and most of it did not change. Prism can be asked for the rows
that changed since a moment (`updated_at`), so a later reading asks only for those; but it never says what is no longer
there, and a filter it does not know it ignores without a word. So: rows that the filter forbids turn the reading into a
full one. Of a device that reported anew, and of which the copy has a row that did not come, all rows are read, and what
is not among them has ended. Iru's own count tells of rows that went without any report; when it does not fit, all is
read. `ReadState.removals` says whether removals are known on every device: after a full reading; when the exact count
fits; or when the devices that were read whole had no row that the filter had kept back, for then a report renews all
rows of its device. What must stay true: a row is ended only by a reading that would have shown it.

Every page is staged in a thread, so that a server goes on answering meanwhile. The lock keeps the one connection to one
thread at a time.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

from ...api.call import Batch, Call, Interrupted
from ...api.client import IruClient
from ...api.endpoint import Endpoint
from ...api.endpoints.prism import PRISM_COUNT
from ...api.paging import Position
from ...api.record import read_moment
from ...errors import IruError, NotFound, NotLicensed, NotPermitted, Unauthorized, Unreachable
from ..store import utc
from ..tables import Kind
from .canonical import seconds
from .quota import Quota
from .staging import Place, ReadState, Stage

T = TypeVar("T")
Progress = Callable[[str, int, int | None], None]
"""Told a table, its rows so far and the total if Iru said it."""

MARGIN = timedelta(minutes=30)
"""How much earlier than the newest change seen an incremental reading begins: reports may become visible late."""
TRIES = 4
"""Failures in a row before a sync gives up."""
A_DAY = 86_400.0
_DENIED = (NotPermitted, NotLicensed, NotFound, Unauthorized)
_DEVICES_AT_ONCE = 40
"""Devices whose rows are asked for by one filter: about 1,600 characters of the URL."""


class Work(Protocol):
    """Runs work on the connection, in a thread, one at a time."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]: ...


class TableReader:
    """Reads tables for one sync."""

    def __init__(  # noqa: PLR0913, PLR0917 - the parts of a sync
        self,
        client: IruClient,
        stage: Stage,
        work: Work,
        quota: Quota,
        full_every: timedelta | None,
        progress: Progress,
    ) -> None:
        self._client, self._db, self._work, self._quota = client, stage.db, work, quota
        self._full_every, self._progress = full_every, progress
        self._stage = stage

    async def read(self, kind: Kind) -> None:
        """Stage all of `kind` that is not staged yet, or write down that it may not be read. Raises an IruError."""
        state = await self._work(lambda: self._begin(kind))
        if state.state != "reading":
            return
        try:
            await self._pages(kind, kind.endpoint, state)
        except _DENIED as error:
            if kind.name == "devices":
                raise
            if (await self._work(self._stage.states))[kind.name].rows:
                await self._work(lambda: self._stage.clear(kind))  # half a list would go on top of what is there
                raise  # the next sync begins it anew, and writes down what it then finds
            await self._elsewhere(kind, state, error)

    async def read_again(self, kind: Kind) -> None:
        """Read `kind` once more on top: what offset pages skip while the list changes is in one of two readings."""
        state = (await self._work(self._stage.states))[kind.name]
        await self._pages(kind, kind.endpoint, replace(state, state="reading", position=None, rows=0, odd=0))

    def _begin(self, kind: Kind) -> ReadState:
        """How far the table is staged, from the start where it is not."""
        known = self._stage.states().get(kind.name)
        if known:
            return known
        unread = self._stage.unread_parents(kind)
        since = self._since(kind) if kind.incremental else None
        state = ReadState("reading", None, "incremental" if since else "full", since)
        if unread:
            state = replace(unread, rows=0, odd=0)
        self._stage.note(kind.name, state)
        return state

    def _since(self, kind: Kind) -> str | None:
        """From when an incremental reading must read, by Iru's clock; None when only a full one will do."""
        row = self._db.execute(
            "SELECT full_at, bound FROM _coverage WHERE kind = ? AND state = 'copied'", (kind.name,)
        ).fetchone()
        if row is None or row[1] is None:
            return None
        since = utc(datetime.fromtimestamp(row[1], UTC) - MARGIN)
        if kind.starts:  # what happened stays as it is: there is nothing to read again
            return since
        if self._full_every is None or self._client.now() - read_moment(row[0]) >= self._full_every:
            return None
        return since

    async def _elsewhere(self, kind: Kind, state: ReadState, error: IruError) -> None:
        """Try where older tenants have it; else write down that it may not be read."""
        if kind.instead is not None and not isinstance(error, NotPermitted):
            try:
                await self._pages(kind, kind.instead, replace(state, position=None))
            except _DENIED as second:
                error = second
            else:
                return
        denied = replace(state, state="denied", why=error.fact, permission=kind.endpoint.grant)
        await self._work(lambda: self._deny(kind, denied))

    def _deny(self, kind: Kind, denied: ReadState) -> None:
        self._stage.clear(kind)
        self._stage.note(kind.name, denied)

    async def _pages(self, kind: Kind, endpoint: Endpoint[Any], state: ReadState) -> None:
        """Read to the end, going on a few times where it breaks. Raises an IruError when it will not hold."""
        call = self._client.call(endpoint, seconds=A_DAY, requests=1_000_000)
        left = TRIES
        while state.state == "reading":
            rows = state.rows
            try:
                state = await self._some_pages(kind, endpoint, call, state)
            except (Interrupted, IruError) as error:
                state = (await self._work(self._stage.states))[kind.name]
                left = TRIES if state.rows > rows else left - 1
                if not left or not _may_heal(error):
                    raise _broken(endpoint, error) from None
                await self._quota.rest(error, TRIES - left)
        if kind.prism:
            await self._check_removals(kind, endpoint, call)

    async def _some_pages(self, kind: Kind, endpoint: Endpoint[Any], call: Call, state: ReadState) -> ReadState:
        """Read on from where `state` is; ends with a state that is done, or begun anew in full."""
        if kind.parents:
            return await self._of_parents(kind, endpoint, call, state)
        query: dict[str, str | int] = dict(kind.query) if endpoint is kind.endpoint else {}
        if state.since:
            bound: dict[str, str | int] = {kind.starts: state.since}
            query |= bound if kind.starts else {"filter": json.dumps({kind.dated: {"gte": state.since}})}
        await self._quota.take()
        position = None if isinstance(state.position, list) else state.position
        async for batch in call.walk(endpoint, position, query):
            if state.since and _ignored(kind, batch, state.since):
                await self._work(lambda: self._stage.clear(kind))
                return ReadState("reading", None, "full", None)
            state = await self._stage_rows(kind, endpoint, batch.rows, state, batch.next)
            self._progress(kind.name, state.rows, batch.total)
            if batch.next is not None:
                await self._quota.take()
        return state

    async def _of_parents(self, kind: Kind, endpoint: Endpoint[Any], call: Call, state: ReadState) -> ReadState:
        """The same where each parent has a list of its own: one after the other, in the order of their ids."""
        slot = endpoint.slots[0]
        parents = await self._work(lambda: self._stage.parents(kind))
        at, position = state.position if isinstance(state.position, list) else ("", None)
        for number, parent in enumerate(parents):
            if parent < at:
                continue
            following = parents[number + 1] if number + 1 < len(parents) else None
            start = position if parent == at else None
            await self._quota.take()
            try:
                async for batch in call.walk(endpoint, start, None, whole=False, **{slot: parent}):
                    rows = [row | {slot: parent} if isinstance(row, dict) else row for row in batch.rows]
                    state = await self._stage_rows(kind, endpoint, rows, state, _after(parent, following, batch.next))
                    self._progress(kind.name, state.rows, None)
                    if batch.next is not None:
                        await self._quota.take()
            except NotFound:  # it was deleted since its own list was read
                state = await self._stage_rows(kind, endpoint, [], state, _after(parent, following, None))
        if not parents:
            state = await self._stage_rows(kind, endpoint, [], state, None)
        return state

    async def _stage_rows(
        self, kind: Kind, endpoint: Endpoint[Any], rows: Sequence[Any], state: ReadState, position: Place | None
    ) -> ReadState:
        """Stage rows, and that reading goes on at `position`; None: it is done."""
        newest = _newest(kind, rows, state.newest) if kind.incremental else None

        def after(good: int, odd: int) -> ReadState:
            return replace(
                state,
                state="done" if position is None else "reading",
                position=position,
                endpoint=endpoint.name,
                rows=state.rows + good,
                odd=state.odd + odd,
                newest=newest,
            )

        return after(*await self._work(lambda: self._stage.add(kind, rows, after)))

    async def _check_removals(self, kind: Kind, endpoint: Endpoint[Any], call: Call) -> None:
        """Find what went away since the last reading; read all when Iru's count shows that something is missed."""
        state = (await self._work(self._stage.states))[kind.name]
        renewed = state.mode == "full" or await self._read_suspects(kind, endpoint, call)
        if renewed is None:
            await self._read_all(kind, endpoint)
            return
        counted = await self._beyond(kind, endpoint.path.rpartition("/")[2])
        before = await self._work(lambda: self._counted(kind))
        if state.mode == "incremental" and counted is not None and before is not None and counted != before:
            await self._read_all(kind, endpoint)
            return
        fits = counted is not None and counted == before
        done = replace(state, counted=counted, removals=renewed or fits)
        await self._work(lambda: self._stage.note(kind.name, done))

    async def _read_all(self, kind: Kind, endpoint: Endpoint[Any]) -> None:
        await self._work(lambda: self._stage.clear(kind))
        await self._pages(kind, endpoint, ReadState("reading", None, "full", None))

    async def _read_suspects(self, kind: Kind, endpoint: Endpoint[Any], call: Call) -> bool | None:
        """Read whole the devices that reported anew and lack something that the copy has. Whether a report renews all
        rows of its device, as far as these devices show; None when reading all of the table costs no more."""
        suspects = await self._work(lambda: self._stage.suspects(kind))
        if suspects and 2 * len(suspects) > await self._work(lambda: self._stage.devices_of(kind)):
            return None
        more = 0
        for start in range(0, len(suspects), _DEVICES_AT_ONCE):
            some = suspects[start : start + _DEVICES_AT_ONCE]
            rows = await self._rows_of(endpoint, call, some)
            if rows is None:
                return False
            more += await self._work(lambda rows=rows, some=some: self._stage.replace_whole(kind, some, rows))  # type: ignore[misc]
        reported = (await self._work(self._stage.states))[kind.name].rows
        return more == 0 and reported > 0

    async def _rows_of(self, endpoint: Endpoint[Any], call: Call, device_ids: Sequence[str]) -> list[Any] | None:
        """All rows of some devices; None when Iru does not filter by device."""
        query: dict[str, str | int] = {"filter": json.dumps({"device_id": {"in": list(device_ids)}})}
        wanted, found = set(device_ids), list[Any]()
        await self._quota.take()
        try:
            async for batch in call.walk(endpoint, None, query):
                if any(not isinstance(row, dict) or row.get("device_id") not in wanted for row in batch.rows):
                    return None
                found += batch.rows
                if batch.next is not None:
                    await self._quota.take()
        except (Interrupted, IruError) as error:
            if isinstance(error, IruError) and error.retryable:
                raise
            return None
        return found

    def _counted(self, kind: Kind) -> int | None:
        row = self._db.execute("SELECT counted FROM _coverage WHERE kind = ?", (kind.name,)).fetchone()
        return row[0] if row else None

    async def _beyond(self, kind: Kind, category: str) -> int | None:
        """Iru's number of rows less those that the copy would hold; None when Iru does not say it exactly."""
        call = self._client.call(PRISM_COUNT, seconds=60, requests=1)
        await self._quota.take()
        try:
            found = await call.page(PRISM_COUNT, query={"category": category})
        except IruError:
            return None  # a permission of its own, and only a safeguard: without it a full reading comes once a day
        record = found.records[0] if found.records else None
        if record is None or record.approximate:
            return None
        return record.count - await self._work(lambda: self._stage.held(kind))


def _after(parent: str, following: str | None, position: Position | None) -> Place | None:
    """Where reading goes on after a page of `parent`: in its next page, else with the `following` parent."""
    if position is not None:
        return [parent, position]
    return None if following is None else [following, None]


def _newest(kind: Kind, rows: Sequence[Any], before: int | None) -> int | None:
    """The newest time of change in the rows, or what it was before."""
    times = [seconds(row.get(kind.dated)) for row in rows if isinstance(row, dict)]
    return max([time for time in (*times, before) if time is not None], default=None)


def _ignored(kind: Kind, batch: Batch[Any], since: str) -> bool:
    """Whether Iru answered with rows that the filter forbids: what it does not know, it ignores without a word."""
    bound = read_moment(since)
    times = [getattr(record, kind.dated, None) for record in batch.records if record is not None]
    return any(time is None or read_moment(time) < bound for time in times)


def _may_heal(error: Exception) -> bool:
    if isinstance(error, Interrupted):
        return "page twice" not in error.why and "repeats itself" not in error.why
    return isinstance(error, IruError) and error.retryable


def _broken(endpoint: Endpoint[Any], error: Exception) -> IruError:
    if isinstance(error, IruError):
        return error
    return Unreachable(
        f"Reading {endpoint.path} broke off: {error}.", "Run the same sync again; it goes on where this one ended."
    )
