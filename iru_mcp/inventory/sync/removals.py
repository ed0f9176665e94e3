"""What is no longer there, found after a table was read.

The problem: Prism tells the rows that changed since a moment, but never what went. So of a device that reported anew,
and of which the copy has a row that did not come, all rows are read, and what is not among them has ended. Iru's own
count tells of rows that went without any report; when it does not fit, all is read. `ReadState.removals` says whether
removals are known on every device: after a full reading; when the exact count fits; or when the devices that were read
whole had no row that the filter had kept back, for then a report renews all rows of its device.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, TypeVar

from ...api.call import Call, Interrupted
from ...api.endpoint import Endpoint
from ...api.endpoints.prism import PRISM_COUNT
from ...errors import IruError
from ..tables import Kind
from .quota import OutOfBudget, QuotaReader
from .staging import Stage

T = TypeVar("T")
_DEVICES_AT_ONCE = 40
"""Devices whose rows are asked for by one filter: about 1,600 characters of the URL."""


class Work(Protocol):
    """Runs work on the connection, in a thread, one at a time."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]: ...


class Removals:
    """Finds removals for one sync."""

    def __init__(self, reader: QuotaReader, stage: Stage, work: Work) -> None:
        self._reader, self._stage, self._work = reader, stage, work

    async def check(self, kind: Kind, endpoint: Endpoint[Any], call: Call) -> bool:
        """Write down whether removals are known of the Prism category that was read; False when all must be read."""
        state = (await self._work(self._stage.states))[kind.name]
        renewed = state.mode == "full" or await self._read_suspects(kind, endpoint, call)
        if renewed is None:
            return False
        counted = await self._beyond(kind, endpoint.path.rpartition("/")[2])
        before = await self._work(lambda: self._stage.counted(kind))
        if state.mode == "incremental" and counted is not None and before is not None and counted != before:
            return False
        fits = counted is not None and counted == before
        done = replace(state, counted=counted, removals=renewed or fits)
        await self._work(lambda: self._stage.note(kind.name, done))
        return True

    async def _read_suspects(self, kind: Kind, endpoint: Endpoint[Any], call: Call) -> bool | None:
        """Read whole the devices that reported anew and lack something that the copy has. Whether a report renews all
        rows of its device, as far as these devices show; None when reading all of the table costs no more."""
        suspects = await self._work(lambda: self._stage.suspects(kind))
        if suspects and 2 * len(suspects) > await self._work(lambda: self._stage.devices_of(kind)):
            return None
        more = 0
        for start in range(0, len(suspects), _DEVICES_AT_ONCE):
            some = suspects[start : start + _DEVICES_AT_ONCE]
            rows = await _rows_of(endpoint, call, some)
            if rows is None:
                return False
            more += await self._work(partial(self._stage.replace_whole, kind, some, rows))
        reported = (await self._work(self._stage.states))[kind.name].rows
        return more == 0 and reported > 0

    async def _beyond(self, kind: Kind, category: str) -> int | None:
        """Iru's number of rows less those that the copy would hold; None when Iru does not say it exactly."""
        try:
            found = await self._reader.call(PRISM_COUNT).page(PRISM_COUNT, query={"category": category})
        except OutOfBudget:
            raise
        except IruError:
            return None  # a permission of its own, and only a safeguard: without it a full reading comes once a day
        record = found.records[0] if found.records else None
        if record is None or record.approximate:
            return None
        return record.count - await self._work(lambda: self._stage.held(kind))


async def _rows_of(endpoint: Endpoint[Any], call: Call, device_ids: Sequence[str]) -> list[Any] | None:
    """All rows of some devices; None when Iru does not filter by device."""
    query: dict[str, str | int] = {"filter": json.dumps({"device_id": {"in": list(device_ids)}})}
    wanted, found = set(device_ids), list[Any]()
    try:
        async for batch in call.walk(endpoint, None, query):
            if any(not isinstance(row, dict) or row.get("device_id") not in wanted for row in batch.rows):
                return None
            found += batch.rows
    except (Interrupted, IruError) as error:
        cause = error.cause if isinstance(error, Interrupted) else error
        if cause and (cause.retryable or isinstance(cause, OutOfBudget)):
            raise cause from None
        return None
    return found
