"""One kind's pages on their way into the stage: incremental where Iru allows it, taken up where they broke off."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol, TypeVar

import anyio

from ...api.call import Batch, Call, Interrupted
from ...api.client import IruClient
from ...api.endpoint import Endpoint
from ...api.endpoints.prism import PRISM_COUNT
from ...api.paging import Position
from ...api.record import read_moment
from ...errors import IruError, NotFound, NotLicensed, NotPermitted, RateLimited, ServerFault, Unauthorized, Unreachable
from ..store import utc
from ..tables import Kind
from .quota import Quota
from .staging import Place, Stage, Walk

T = TypeVar("T")
Progress = Callable[[str, int, int | None], None]
"""Told a kind, its rows so far and the total if Iru said it."""

MARGIN = timedelta(minutes=30)
"""How much earlier than the last sync an incremental one begins: clocks differ, and reports arrive late."""
TRIES = 4
"""Failures in a row before a sync gives up."""
A_DAY = 86_400.0
_DENIED = (NotPermitted, NotLicensed, NotFound, Unauthorized)


class Work(Protocol):
    """Runs work on the connection, in a thread, one at a time."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]: ...


class Walker:
    """Walks kinds for one sync."""

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

    async def walk(self, kind: Kind) -> None:
        """Stage all of `kind` that is not staged yet, or write down that it may not be read. Raises an IruError."""
        walks = await self._work(self._stage.walks)
        walk = walks.get(kind.name) or await self._first(kind)
        if walk.state != "walking":
            return
        unread = await self._work(lambda: self._stage.unread_parents(kind))
        if unread:
            await self._work(lambda: self._stage.note(kind.name, replace(unread, rows=0, odd=0)))
            return
        try:
            await self._pages(kind, kind.endpoint, walk)
        except _DENIED as error:
            if kind.name == "devices":
                raise
            if (await self._work(self._stage.walks))[kind.name].rows:
                await self._work(lambda: self._stage.clear(kind))  # half a list would go on top of what is there
                raise  # the next sync begins it anew, and writes down what it then finds
            await self._instead(kind, walk, error)

    async def again(self, kind: Kind) -> None:
        """Walk `kind` once more on top: what offset pages skip while the list changes is in one of two walks."""
        walk = (await self._work(self._stage.walks))[kind.name]
        await self._pages(kind, kind.endpoint, replace(walk, state="walking", position=None, rows=0, odd=0))

    async def _first(self, kind: Kind) -> Walk:
        since = await self._work(lambda: self._since(kind)) if kind.incremental else None
        walk = Walk("walking", None, "incremental" if since else "full", since)
        await self._work(lambda: self._stage.note(kind.name, walk))
        return walk

    def _since(self, kind: Kind) -> str | None:
        """From when an incremental walk must read; None when only a full one will do."""
        row = self._db.execute(
            "SELECT full_at, since FROM _coverage WHERE kind = ? AND state = 'copied'", (kind.name,)
        ).fetchone()
        if row is None:
            return None
        if kind.starts:  # what happened stays as it is: there is nothing to read again
            return utc(read_moment(row[1]) - MARGIN)
        if self._full_every is None or self._client.now() - read_moment(row[0]) >= self._full_every:
            return None
        return utc(read_moment(row[1]) - MARGIN)

    async def _instead(self, kind: Kind, walk: Walk, error: IruError) -> None:
        """Try where older tenants have it; else write down that it may not be read."""
        if kind.instead is not None and not isinstance(error, NotPermitted):
            try:
                await self._pages(kind, kind.instead, replace(walk, position=None))
            except _DENIED as second:
                error = second
            else:
                return
        await self._work(lambda: self._stage.clear(kind))
        denied = replace(walk, state="denied", why=error.fact, permission=kind.endpoint.grant)
        await self._work(lambda: self._stage.note(kind.name, denied))

    async def _pages(self, kind: Kind, endpoint: Endpoint[Any], walk: Walk) -> None:
        """Walk to the end, going on a few times where it breaks. Raises an IruError when it will not hold."""
        call = self._client.call(endpoint, seconds=A_DAY, requests=1_000_000)
        left = TRIES
        while walk.state == "walking":
            rows = walk.rows
            try:
                walk = await self._some_pages(kind, endpoint, call, walk)
            except (Interrupted, IruError) as error:
                walk = (await self._work(self._stage.walks))[kind.name]
                left = TRIES if walk.rows > rows else left - 1
                if not left or not _may_heal(error):
                    raise _broken(endpoint, error) from None
                await anyio.sleep(pause(error, TRIES - left))
        await self._count(kind, endpoint, walk)

    async def _some_pages(self, kind: Kind, endpoint: Endpoint[Any], call: Call, walk: Walk) -> Walk:
        """Walk on from where `walk` is; ends with a walk that is done, or begun anew in full."""
        if kind.parents:
            return await self._of_parents(kind, endpoint, call, walk)
        query: dict[str, str | int] = dict(kind.query) if endpoint is kind.endpoint else {}
        if walk.since:
            bound: dict[str, str | int] = {kind.starts: walk.since}
            query |= bound if kind.starts else {"filter": json.dumps({kind.dated: {"gte": walk.since}})}
        await self._quota.take()
        position = None if isinstance(walk.position, list) else walk.position
        async for batch in call.walk(endpoint, position, query):
            if walk.since and _ignored(kind, batch, walk.since):
                await self._work(lambda: self._stage.clear(kind))
                return Walk("walking", None, "full", None)
            walk = await self._keep(kind, endpoint, batch, walk)
            self._progress(kind.name, walk.rows, batch.total)
            if batch.next is not None:
                await self._quota.take()
        return walk

    async def _of_parents(self, kind: Kind, endpoint: Endpoint[Any], call: Call, walk: Walk) -> Walk:
        """The same where each parent has a list of its own: one after the other, in the order of their ids."""
        slot = endpoint.slots[0]
        parents = await self._work(lambda: self._stage.parents(kind))
        at, position = walk.position if isinstance(walk.position, list) else ("", None)
        for number, parent in enumerate(parents):
            if parent < at:
                continue
            following = parents[number + 1] if number + 1 < len(parents) else None
            start = position if parent == at else None
            await self._quota.take()
            try:
                async for batch in call.walk(endpoint, start, None, whole=False, **{slot: parent}):
                    rows = [row | {slot: parent} if isinstance(row, dict) else row for row in batch.rows]
                    walk = await self._stage_rows(kind, endpoint, rows, walk, _after(parent, following, batch.next))
                    self._progress(kind.name, walk.rows, None)
                    if batch.next is not None:
                        await self._quota.take()
            except NotFound:  # it was deleted since its own list was read
                walk = await self._stage_rows(kind, endpoint, [], walk, _after(parent, following, None))
        if not parents:
            walk = await self._stage_rows(kind, endpoint, [], walk, None)
        return walk

    async def _keep(self, kind: Kind, endpoint: Endpoint[Any], batch: Batch[Any], walk: Walk) -> Walk:
        return await self._stage_rows(kind, endpoint, batch.rows, walk, batch.next)

    async def _stage_rows(
        self, kind: Kind, endpoint: Endpoint[Any], rows: Sequence[Any], walk: Walk, position: Place | None
    ) -> Walk:
        """Stage rows, and that reading goes on at `position`; None: it is done."""

        def after(good: int, odd: int) -> Walk:
            return replace(
                walk,
                state="done" if position is None else "walking",
                position=position,
                endpoint=endpoint.name,
                rows=walk.rows + good,
                odd=walk.odd + odd,
            )

        return after(*await self._work(lambda: self._stage.add(kind, rows, after)))

    async def _count(self, kind: Kind, endpoint: Endpoint[Any], walk: Walk) -> None:
        """Ask Iru how many rows there are; when an incremental walk does not explain the number, walk again in full."""
        if not kind.prism:
            return
        counted = await self._beyond(kind, endpoint.path.rpartition("/")[2])
        before = await self._work(lambda: _column(self._db, "counted", kind))
        if walk.mode == "incremental" and counted is not None and before is not None and counted != before:
            await self._work(lambda: self._stage.clear(kind))
            await self._pages(kind, endpoint, Walk("walking", None, "full", None))
            return
        if counted is not None:
            done = replace((await self._work(self._stage.walks))[kind.name], counted=counted)
            await self._work(lambda: self._stage.note(kind.name, done))

    async def _beyond(self, kind: Kind, category: str) -> int | None:
        """Iru's number of rows less those that the copy would hold; None when Iru does not say it exactly."""
        call = self._client.call(PRISM_COUNT, seconds=60, requests=1)
        await self._quota.take()
        try:
            found = await call.page(PRISM_COUNT, query={"category": category})
        except IruError:
            return None  # a permission of its own, and only a safeguard: without it a full walk comes once a day
        record = found.records[0] if found.records else None
        if record is None or record.approximate:
            return None
        return record.count - await self._work(lambda: self._stage.held(kind))


def _column(db: sqlite3.Connection, name: str, kind: Kind) -> Any:
    row = db.execute(f"SELECT {name} FROM _coverage WHERE kind = ?", (kind.name,)).fetchone()
    return row[0] if row else None


def _after(parent: str, following: str | None, position: Position | None) -> Place | None:
    """Where reading goes on after a page of `parent`: in its next page, else with the `following` parent."""
    if position is not None:
        return [parent, position]
    return None if following is None else [following, None]


def _ignored(kind: Kind, batch: Batch[Any], since: str) -> bool:
    """Whether Iru answered with rows that the filter forbids: what it does not know, it ignores without a word."""
    bound = read_moment(since)
    times = [getattr(record, kind.dated, None) for record in batch.records if record is not None]
    return any(time is None or read_moment(time) < bound for time in times)


def _may_heal(error: Exception) -> bool:
    if isinstance(error, Interrupted):
        return "page twice" not in error.why and "repeats itself" not in error.why
    return isinstance(error, IruError) and error.retryable


def pause(error: Exception, failures: int) -> float:
    """Seconds until the next try: as long as Iru asks, for a sync can wait for the next hour; else 2, 4, 8."""
    asked = error.wait if isinstance(error, (RateLimited, ServerFault)) else None
    return min(asked, 3600.0) if asked else 2.0**failures


def _broken(endpoint: Endpoint[Any], error: Exception) -> IruError:
    if isinstance(error, IruError):
        return error
    return Unreachable(
        f"The walk of {endpoint.path} broke off: {error}.", "Run the same sync again; it goes on where this one ended."
    )
