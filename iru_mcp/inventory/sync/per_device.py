"""Devices asked one by one for what no list has: a few at a time, and only those that checked in since."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ...api.call import Call
from ...api.transport.prefetch import in_order
from ...errors import IruError, NotLicensed, NotPermitted, Unauthorized
from ..tables import Kind
from .pages import TRIES, Progress
from .quota import OutOfBudget, QuotaReader
from .row_shapes import PerDevice
from .staging import DueDevice, ReadState, Stage

_IN_A_ROW = 3
"""This many failures in a row are an outage, not devices that Iru cannot answer for."""
_DENIED = (NotPermitted, NotLicensed, Unauthorized)


@dataclass(frozen=True, slots=True)
class DeviceReader:
    """Reads devices one by one for one sync."""

    quota: QuotaReader
    stage: Stage
    progress: Progress
    every: bool
    """Whether to read also those that have not checked in since they were last read."""

    async def read(self, kind: Kind, per_device: PerDevice) -> None:
        """Stage what the devices have that are due, or write down that it may not be read. Raises an IruError."""
        state = (await self.stage.work(self.stage.states)).get(kind.per_device_reading)
        if state and state.state != "reading":
            return
        found = await self.stage.work(lambda: self.stage.due(kind))
        due = [device for device in found if self.every or not device.unchanged]
        if state is None:
            state = ReadState(mode="full" if len(due) == len(found) else "incremental")
        try:
            state = await self._all(kind, per_device, due, state)
        except _DENIED as error:
            read = (await self.stage.state(kind.per_device_reading)).rows
            await self.stage.work(lambda: self.stage.clear_devices(kind))
            if read:
                raise  # the next sync begins anew, and writes down what it then finds
            state = replace(state, state="denied", why=error.fact, permission=per_device.endpoint.grant)
        else:
            state = replace(state, state="done", removals=not state.odd)
        await self.stage.work(lambda: self.stage.note(kind.per_device_reading, state))

    async def _all(self, kind: Kind, per_device: PerDevice, due: Sequence[DueDevice], state: ReadState) -> ReadState:
        """Stage each device that answers; one that does not counts as odd, and is due again at the next sync."""
        call = self.quota.call(per_device.endpoint)
        done = failed = 0
        asked = in_order(due, lambda device: _ask(self.quota, call, per_device, device), self.quota.at_once)
        async with aclosing(asked) as answers:
            async for device, found in answers:
                if isinstance(found, IruError):
                    state = replace(state, odd=state.odd + 1)
                    await self.stage.work(partial(self.stage.note, kind.per_device_reading, state))
                    failed = failed + 1 if found.retryable else 0
                    if failed == _IN_A_ROW or isinstance(found, _DENIED):
                        raise found
                else:
                    read = [per_device.row(row) for row in found]
                    rows = [None if row is None else row | {"device_id": device.device_id} for row in read]
                    state = await self.stage.work(partial(self.stage.add, kind, rows, state, device))
                    failed = 0
                done += 1
                self.progress(kind.per_device_reading, done, len(due))
        return state


async def _ask(reader: QuotaReader, call: Call, per_device: PerDevice, device: DueDevice) -> Sequence[Any] | IruError:
    """What one device has, or why it cannot be read. Raises OutOfBudget."""
    failures = 0
    while True:
        try:
            return (await call.page(per_device.endpoint, device_id=device.device_id)).rows
        except OutOfBudget:
            raise
        except IruError as error:
            failures += 1
            if not error.retryable or failures == TRIES:
                return error
            await reader.rest(error, failures)
