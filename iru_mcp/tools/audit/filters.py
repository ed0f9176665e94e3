"""A filter of the audit log on the time of day."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from ...api.endpoints.audit import AuditEvent
from ...errors import ConfigError, UsageError
from ..kit.scan import Check

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
