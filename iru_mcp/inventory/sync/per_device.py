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
from .device_rows import PerDevice, Row
from .pages import A_DAY, TRIES, Progress, Work
from .quota import OutOfBudget, Quota
from .staging import DueDevice, ReadState, Stage

_AT_ONCE = 4
_IN_A_ROW = 3
"""So many devices that fail one after the other are an outage, not devices that Iru cannot answer for."""
_DENIED = (NotPermitted, NotLicensed, Unauthorized)
Found = dict[DueDevice, Sequence[Any] | IruError]


class DeviceReader:
    """Reads devices one by one for one sync; with `every` also those that have not checked in
    since they were last read."""

    def __init__(  # noqa: PLR0913 - the parts of a sync
        self, client: IruClient, stage: Stage, work: Work, quota: Quota, progress: Progress, *, every: bool
    ) -> None:
        self._client, self._stage, self._work, self._quota = client, stage, work, quota
        self._progress, self._every = progress, every

    async def read(self, kind: Kind, per_device: PerDevice) -> None:
        """Stage what the devices have that are due, or write down that it may not be read. Raises an IruError."""
        state = (await self._work(self._stage.states)).get(kind.per_device_reading)
        if state and state.state != "reading":
            return
        found = await self._work(lambda: self._stage.due(kind))
        due = [device for device in found if self._every or not device.unchanged]
        if state is None:
            mode = "full" if len(due) == len(found) else "incremental"
            state = ReadState("reading", None, mode, None, endpoint=per_device.endpoint.name)
        try:
            state = await self._all(kind, per_device, due, state)
        except _DENIED as error:
            read = (await self._work(self._stage.states))[kind.per_device_reading].rows
            await self._work(lambda: self._stage.clear_devices(kind))
            if read:
                raise  # the next sync begins anew, and writes down what it then finds
            state = replace(state, state="denied", why=error.fact, permission=per_device.endpoint.grant)
        else:
            state = replace(state, state="done", removals=not state.odd)
        await self._work(lambda: self._stage.note(kind.per_device_reading, state))

    async def _all(self, kind: Kind, per_device: PerDevice, due: Sequence[DueDevice], state: ReadState) -> ReadState:
        call = self._client.call(per_device.endpoint, seconds=A_DAY, requests=1_000_000)
        done = failed = 0
        for start in range(0, len(due), _AT_ONCE):
            some = due[start : start + _AT_ONCE]
            found: Found = {}
            async with anyio.create_task_group() as group:
                for device in some:
                    group.start_soon(self._ask, call, per_device, device, found)
            spent = next((error for error in found.values() if isinstance(error, OutOfBudget)), None)
            if spent:
                found = {device: rows for device, rows in found.items() if not isinstance(rows, OutOfBudget)}
            state = await self._keep(kind, per_device, found, state)
            if spent:
                raise spent
            for device in some:
                error = found[device]
                failed = failed + 1 if isinstance(error, IruError) and error.retryable else 0
                if isinstance(error, IruError) and (failed == _IN_A_ROW or isinstance(error, _DENIED)):
                    raise error
            done += len(some)
            self._progress(kind.per_device_reading, done, len(due))
        return state

    async def _ask(self, call: Call, per_device: PerDevice, device: DueDevice, found: Found) -> None:
        """What one device has, or why it cannot be read."""
        for failures in range(1, TRIES + 1):
            try:
                await self._quota.take()
                page = await call.page(per_device.endpoint, device_id=device.device_id)
            except IruError as error:
                found[device] = error
                if not error.retryable or failures == TRIES:
                    return
                await self._quota.rest(error, failures)
            else:
                found[device] = page.rows
                return

    async def _keep(self, kind: Kind, per_device: PerDevice, found: Found, state: ReadState) -> ReadState:
        """Stage the devices that answered; those that did not count as odd, and are due again at the next sync."""
        answered: dict[DueDevice, list[object]] = {}
        unread = 0
        for device, rows in found.items():
            if isinstance(rows, IruError):
                unread += 1
            else:
                answered[device] = [_with_device(per_device.row(row), device) for row in rows]

        def after(rows: int, odd: int) -> ReadState:
            return replace(state, rows=state.rows + rows, odd=state.odd + odd + unread)

        return after(*await self._work(lambda: self._stage.add_devices(kind, answered, after)))


def _with_device(row: Row | None, device: DueDevice) -> Row | None:
    return None if row is None else row | {"device_id": device.device_id}
