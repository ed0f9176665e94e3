"""The part of the audit log that is asked for, by date and by time of day, and where the log begins: it reaches back a
bounded time."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from ...api.call import Call
from ...api.endpoints.audit import LIST_AUDIT_EVENTS, AuditEvent
from ...api.record import write_moment
from ...errors import ConfigError, UsageError
from ..kit import Check, Page
from ..kit.params import within


def audit_window(early: datetime | None, late: datetime | None) -> tuple[dict[str, str | int], list[Check[AuditEvent]]]:
    """What asks Iru for the events between two moments, newest first, and the checks that prove them.

    Iru is asked for a second more, as it may take the end for the beginning of its second.
    """
    asked = late + timedelta(seconds=1) if late else None
    query: dict[str, str | int] = {"sort_by": "-occurred_at"}
    if not (early or asked):
        return query, []
    query |= {"start_date": write_moment(early)} if early else {}
    query |= {"end_date": write_moment(asked)} if asked else {}
    return query, [
        Check("since/until", lambda event: within(event.occurred_at, early, asked), sent=True),
        Check("until", lambda event: within(event.occurred_at, early, late)),
    ]


async def say_beginning(call: Call, page: Page[Any], early: datetime) -> None:
    """Says where the log begins, when that is after the beginning of what is asked: of the time before, it tells
    nothing."""
    begins = await log_beginning(call)
    if begins is None or begins <= early:
        return
    page.summary["log_starts_at"] = write_moment(begins)
    page.lacks("the log begins after since: what was done before log_starts_at is in no answer")


async def log_beginning(call: Call) -> datetime | None:
    """When the oldest event in the log was; None where Iru does not tell."""
    first = await call.page(LIST_AUDIT_EVENTS, query={"sort_by": "occurred_at"})
    times = [event.occurred_at for event in first.records if event and event.occurred_at]
    return min(times, default=None) if times == sorted(times) or first.next is None else None


_HOURS = re.compile(r"(\d{1,2})(?::(\d\d))?\s*-\s*(\d{1,2})(?::(\d\d))?\s*(\S+)?")


def between_hours(text: str) -> Check[AuditEvent]:
    """Events at a time of day, which may reach over midnight. Raises UsageError."""
    wrong = UsageError("hours is no time of day.", "Write it like 22-05, 08:30-17 or 22-05 Europe/Berlin.")
    match = _HOURS.fullmatch(text)
    if match is None:
        raise wrong
    begin, end = (int(match[at]) * 60 + int(match[at + 1] or 0) for at in (1, 3))
    zone = _zone(match[5] or "UTC")
    if max(begin, end) > 24 * 60 or zone is None:
        raise wrong

    def test(event: AuditEvent) -> bool | None:
        if event.occurred_at is None:
            return None
        local = event.occurred_at.astimezone(zone)
        minute = local.hour * 60 + local.minute
        return begin <= minute < end if begin < end else minute >= begin or minute < end

    return Check("hours", test)


def _zone(name: str) -> Any:
    """The time zone with this name or offset such as +02:00; None where there is none.

    Raises ConfigError where this machine has no time zones: Windows has none of its own.
    """
    if name.upper() in ("UTC", "Z"):
        return UTC
    try:
        return ZoneInfo(name) if "/" in name else datetime.strptime(name, "%z").tzinfo
    except (ValueError, OSError, ZoneInfoNotFoundError):  # OSError: a name that is no file name on this system
        if "/" in name and not available_timezones():
            raise ConfigError(
                "The server's machine has no time zone database.",
                "Give hours in UTC or with an offset like +02:00. Its admin installs the Python package tzdata.",
            ) from None
        return None
