"""The part of the audit log that is asked for, and where the log begins: it reaches back a bounded time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ...api.call import Call
from ...api.endpoints.audit import LIST_AUDIT_EVENTS, AuditEvent
from ...api.record import write_moment
from ..kit.answers import Page
from ..kit.params import within
from ..kit.scan import Check


def audit_window(early: datetime | None, late: datetime | None) -> tuple[dict[str, str | int], list[Check[AuditEvent]]]:
    """What asks Iru for the events between two moments, newest first, and the checks that prove them.

    Iru is asked for a second more, as it may take the end for the beginning of its second.
    """
    asked = late + timedelta(seconds=1) if late else None
    query: dict[str, str | int] = {"sort_by": "-occurred_at"}
    query |= {"start_date": write_moment(early)} if early else {}
    query |= {"end_date": write_moment(asked)} if asked else {}
    if not query.keys() & {"start_date", "end_date"}:
        return query, []
    return query, [
        Check("since/until", lambda event: within(event.occurred_at, early, asked), sent=True),
        Check("until", lambda event: within(event.occurred_at, early, late)),
    ]


async def say_beginning(call: Call, page: Page[Any], early: datetime) -> None:
    """Says where the log begins, when that is after the beginning of what is asked: before it, none means nothing."""
    begins = await log_beginning(call)
    if begins is None or begins <= early:
        return
    page.summary["log_starts_at"] = write_moment(begins)
    page.lacks("the log begins after since: what was done before log_starts_at is in no answer")


async def log_beginning(call: Call) -> datetime | None:
    """When the oldest event in the log was; None where Iru does not tell."""
    first = await call.page(LIST_AUDIT_EVENTS, query={"sort_by": "occurred_at"})
    times = [event.occurred_at for event in first.records if event and event.occurred_at]
    ascends = times == sorted(times) or first.next is None
    return min(times, default=None) if ascends else None
