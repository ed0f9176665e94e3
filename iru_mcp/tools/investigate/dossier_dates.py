"""Dates of one device that do not go together, in words.

MDM, agent, Prism and the status of library items each tell a time of their own. Where they cannot all be right, or one
of them fell silent, a row that only shows them leaves it to the reader to notice: a "PASS" of a device that never
checked in is no pass, and an agent that is silent while MDM answers may have been stopped.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from ...api.endpoints.devices import Device, DeviceDetails, DeviceStatus
from ...api.record import write_moment
from ..devices.details import standing
from .sources import moment_of

_SAME_TIME = timedelta(minutes=10)
"""Times this close are one check-in."""
_SILENT = timedelta(days=3)


def contradictions(
    record: Device | None, details: DeviceDetails | None, status: DeviceStatus | None, collected: Iterable[datetime]
) -> list[str]:
    """A sentence for each pair of dates that do not go together; `collected` says when Prism's rows were."""
    return [*_of_check_in(record, status, max(collected, default=None)), *_of_agent(details)] if record else []


def _of_check_in(record: Device, status: DeviceStatus | None, collected: datetime | None) -> Iterable[str]:
    seen = record.last_check_in
    if seen is None:
        if status and any(row.get("status") for row in standing(status, everything=True).rows):
            yield "the device never checked in: no status of its items comes from it, a PASS neither"
        return
    if collected and collected - seen > _SAME_TIME:
        yield (
            f"Prism collected at {write_moment(collected)}, after the last check-in {write_moment(seen)}: one is wrong"
        )
    if record.last_enrollment and record.last_enrollment - seen > _SAME_TIME:
        at = write_moment(record.last_enrollment)
        yield f"enrolled again at {at} and not checked in since: older parts are stale"


def _of_agent(details: DeviceDetails | None) -> Iterable[str]:
    held = details.model_dump() if details else {}
    agent, mdm = _time(held, "kandji_agent"), _time(held, "mdm")
    if agent and mdm and mdm - agent > _SILENT:
        yield (
            f"the agent is silent since {write_moment(agent)} while MDM checked in at {write_moment(mdm)}: "
            "what the agent reports is as old, and it may have been stopped"
        )


def _time(held: dict[str, Any], section: str) -> datetime | None:
    inner = held.get(section)
    values = inner if isinstance(inner, dict) else {}
    return moment_of(values.get("last_check_in") or values.get("last_check_in_datetime"))


def collected_at(rows: Iterable[Any]) -> list[datetime]:
    """When Prism collected these rows."""
    return [moment for row in rows if (moment := moment_of(row.values.get("last_collected_at")))]
