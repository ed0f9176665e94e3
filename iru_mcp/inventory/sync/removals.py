"""What is no longer there, found after a table was read.

The problem: Prism tells the rows that changed since a moment, but never what went. So of a device that reported anew,
and of which the copy has a row that did not come, all rows are read, and what is not among them has ended. Iru's own
count tells of rows that went without any report; when it does not fit, all is read. `ReadState.removals` says whether
removals are known on every device: after a full reading; when the exact count fits; or when the devices that were read
whole had no row that the filter had kept back, for then a report renews all rows of its device.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ...api.call import Call, Interrupted
from ...api.endpoint import Endpoint
from ...api.endpoints.prism import PRISM_COUNT
from ...errors import IruError
from ..tables import Kind
from .quota import OutOfBudget, QuotaReader
from .staging import Stage

_DEVICES_AT_ONCE = 40
"""Devices whose rows are asked for by one filter: about 1,600 characters of the URL."""


async def check_removals(reader: QuotaReader, stage: Stage, kind: Kind, endpoint: Endpoint[Any], call: Call) -> bool:
    """Write down whether removals are known of the Prism category that was read; False when all must be read."""
    state = await stage.state(kind.name)
    renewed = state.mode == "full" or await _read_suspects(stage, kind, endpoint, call)
    if renewed is None:
        return False
    counted = await _beyond(reader, stage, kind)
    before = await stage.work(lambda: stage.counted(kind))
    if state.mode == "incremental" and counted is not None and before is not None and counted != before:
        return False
    done = replace(state, counted=counted, removals=renewed or (counted is not None and counted == before))
    await stage.work(lambda: stage.note(kind.name, done))
    return True


async def _read_suspects(stage: Stage, kind: Kind, endpoint: Endpoint[Any], call: Call) -> bool | None:
    """Read whole the devices that reported anew and lack something that the copy has. Whether a report renews all
    rows of its device, as far as these devices show; None when reading all of the table costs no more."""
    suspects = await stage.work(lambda: stage.suspects(kind))
    if suspects and 2 * len(suspects) > await stage.work(lambda: stage.devices_of(kind)):
        return None
    more = 0
    for start in range(0, len(suspects), _DEVICES_AT_ONCE):
        some = suspects[start : start + _DEVICES_AT_ONCE]
        if (rows := await _rows_of(endpoint, call, some)) is None:
            return False
        more += await stage.work(partial(stage.replace_whole, kind, some, rows))
    return more == 0 and (await stage.state(kind.name)).rows > 0


async def _beyond(reader: QuotaReader, stage: Stage, kind: Kind) -> int | None:
    """Iru's number of rows less those that the copy would hold; None when Iru does not say it exactly."""
    category = kind.endpoint.path.rpartition("/")[2]
    try:
        found = await reader.call(PRISM_COUNT).page(PRISM_COUNT, query={"category": category})
    except OutOfBudget:
        raise
    except IruError:
        return None  # a permission of its own, and only a safeguard: without it a full reading comes once a day
    record = found.records[0] if found.records else None
    if record is None or record.approximate:
        return None
    return record.count - await stage.work(lambda: stage.held(kind))


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
