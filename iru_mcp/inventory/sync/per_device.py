"""Devices asked one by one for what no list has: a few at a time, and only those that checked in since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import anyio

from ...api.call import Call
from ...api.client import IruClient
from ...errors import IruError, NotLicensed, NotPermitted, Unauthorized
from ..tables import Kind
from .device_rows import Row, Visit
from .pages import A_DAY, TRIES, Progress, Work, pause
from .quota import OutOfBudget, Quota
from .staging import Stage, Visited, Walk

_AT_ONCE = 4
_IN_A_ROW = 3
"""So many devices that fail one after the other are an outage, not devices that Iru cannot answer for."""
_DENIED = (NotPermitted, NotLicensed, Unauthorized)
Found = dict[Visited, Sequence[Any] | IruError]


class Visitor:
    """Visits devices for one sync; with `every` also those that have not checked in since they were last read."""

    def __init__(  # noqa: PLR0913 - the parts of a sync
        self, client: IruClient, stage: Stage, work: Work, quota: Quota, progress: Progress, *, every: bool
    ) -> None:
        self._client, self._stage, self._work, self._quota = client, stage, work, quota
        self._progress, self._every = progress, every

    async def visit(self, kind: Kind, visit: Visit) -> None:
        """Stage what the devices have that are due, or write down that it may not be read. Raises an IruError."""
        walk = (await self._work(self._stage.walks)).get(kind.visited)
        if walk and walk.state != "walking":
            return
        found = await self._work(lambda: self._stage.visits(kind))
        due = [device for device in found if self._every or not device.unchanged]
        if walk is None:
            mode = "full" if len(due) == len(found) else "incremental"
            walk = Walk("walking", None, mode, None, endpoint=visit.endpoint.name)
        try:
            walk = await self._all(kind, visit, due, walk)
        except _DENIED as error:
            read = (await self._work(self._stage.walks))[kind.visited].rows
            await self._work(lambda: self._stage.clear_visits(kind))
            if read:
                raise  # the next sync begins anew, and writes down what it then finds
            walk = replace(walk, state="denied", why=error.fact, permission=visit.endpoint.grant)
        else:
            walk = replace(walk, state="done")
        await self._work(lambda: self._stage.note(kind.visited, walk))

    async def _all(self, kind: Kind, visit: Visit, due: Sequence[Visited], walk: Walk) -> Walk:
        call = self._client.call(visit.endpoint, seconds=A_DAY, requests=1_000_000)
        done = failed = 0
        for start in range(0, len(due), _AT_ONCE):
            some = due[start : start + _AT_ONCE]
            found: Found = {}
            async with anyio.create_task_group() as group:
                for device in some:
                    group.start_soon(self._ask, call, visit, device, found)
            spent = next((error for error in found.values() if isinstance(error, OutOfBudget)), None)
            if spent:
                found = {device: rows for device, rows in found.items() if not isinstance(rows, OutOfBudget)}
            walk = await self._keep(kind, visit, found, walk)
            if spent:
                raise spent
            for device in some:
                error = found[device]
                failed = failed + 1 if isinstance(error, IruError) and error.retryable else 0
                if isinstance(error, IruError) and (failed == _IN_A_ROW or isinstance(error, _DENIED)):
                    raise error
            done += len(some)
            self._progress(kind.visited, done, len(due))
        return walk

    async def _ask(self, call: Call, visit: Visit, device: Visited, found: Found) -> None:
        """What one device has, or why it cannot be read."""
        for failures in range(1, TRIES + 1):
            try:
                await self._quota.take()
                page = await call.page(visit.endpoint, device_id=device.device_id)
            except IruError as error:
                found[device] = error
                if not error.retryable or failures == TRIES:
                    return
                await anyio.sleep(pause(error, failures))
            else:
                found[device] = page.rows
                return

    async def _keep(self, kind: Kind, visit: Visit, found: Found, walk: Walk) -> Walk:
        """Stage the devices that answered; those that did not count as odd, and are due again at the next sync."""
        answered: dict[Visited, list[object]] = {}
        unread = 0
        for device, rows in found.items():
            if isinstance(rows, IruError):
                unread += 1
            else:
                answered[device] = [_with_device(visit.row(row), device) for row in rows]

        def after(rows: int, odd: int) -> Walk:
            return replace(walk, rows=walk.rows + rows, odd=walk.odd + odd + unread)

        return after(*await self._work(lambda: self._stage.add_visits(kind, answered, after)))


def _with_device(row: Row | None, device: Visited) -> Row | None:
    return None if row is None else row | {"device_id": device.device_id}
