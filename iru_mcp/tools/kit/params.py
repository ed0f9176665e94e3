"""Parameters that many tools share: what they accept, and how they are read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from ...api.record import read_moment
from ...errors import UsageError


def listed(value: object) -> object:
    """A list given as JSON text or with commas, as some models write it."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return [part.strip() for part in value.split(",") if part.strip()]


def folded(value: object) -> object:
    """Text without letter case and spaces, for choices that people spell freely."""
    return value.strip().casefold().replace(" ", "") if isinstance(value, str) else value


def _no_null(value: object) -> object:
    return "" if value is None else value


Str = Annotated[str, BeforeValidator(_no_null), Field(max_length=300)]
"""Free text, empty for not asked."""

Limit = Annotated[int, Field(ge=1, le=500)]
Cursor = Annotated[
    str, BeforeValidator(_no_null), Field(description="next_cursor of the previous page", max_length=2000)
]
Fields = Annotated[
    tuple[str, ...],
    BeforeValidator(listed),
    Field(description="columns instead of the usual ones, * for all", max_length=60),
]
DeviceRef = Annotated[str, Field(description="serial number, device name or device_id", min_length=1, max_length=300)]
Since = Annotated[
    str, BeforeValidator(_no_null), Field(description="ISO time, date, or age like 24h, 7d", max_length=40)
]
Until = Annotated[str, BeforeValidator(_no_null), Field(description="like since; a date to its end", max_length=40)]
Platform = Annotated[Literal["mac", "iphone", "ipad", "appletv", "android", "windows"] | None, BeforeValidator(folded)]
Family = Annotated[Literal["Mac", "iPhone", "iPad", "tvOS"], Field()]

ALL = "*"
"""In `fields`: every column a row has."""


def known_fields(fields: Sequence[str], valid: Collection[str]) -> None:
    """Raises UsageError for the first of `fields` that no row has or could have."""
    wrong = [name for name in fields if name != ALL and name not in valid]
    if wrong:
        raise UsageError(f"No field '{wrong[0][:40]}'.", f"Valid: {', '.join(sorted(valid))}.")


_AGE = re.compile(r"(\d{1,5})\s*(m|h|d|w)[a-z]*( ago)?", re.IGNORECASE)
_UNIT = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def read_time(text: str, name: str, now: datetime, *, end_of_day: bool = False) -> datetime | None:
    """The moment that `text` means, None for none. A bare date is its first second, or its last with `end_of_day`.

    Raises UsageError naming the parameter and the forms it takes.
    """
    wanted = text.strip()
    if not wanted:
        return None
    age = _AGE.fullmatch(wanted)
    if age:
        return now - int(age[1]) * _UNIT[age[2].lower()]
    if wanted.casefold() in ("now", "today"):
        return now if wanted.casefold() == "now" else now.replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        moment = read_moment(wanted).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{name} is not a time.",
            "Use an ISO time (2026-11-20T09:00:00Z), a date (2026-11-20) or an age (24h, 7d, 2w).",
        ) from None
    return moment + timedelta(days=1, seconds=-1) if end_of_day and _DAY.fullmatch(wanted) else moment


def within(moment: datetime | None, since: datetime | None, until: datetime | None) -> bool:
    """Whether `moment` lies between the two; an unknown moment only when neither is asked."""
    if moment is None:
        return since is None and until is None
    return (since is None or moment >= since) and (until is None or moment <= until)


def contains(wanted: str) -> Callable[[Any], bool]:
    """A test for text that has `wanted` in it, in any letter case."""
    folded = wanted.casefold()
    return lambda value: isinstance(value, str) and folded in value.casefold()


def newest_first(moment: datetime | None) -> float:
    """A sort key; what has no time comes last."""
    return -moment.timestamp() if moment else float("inf")
