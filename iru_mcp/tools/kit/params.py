"""Parameters that many tools share: what they accept, and how they are read."""

import re
from calendar import monthrange
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, TypedDict

from pydantic import Field

from ...api.record import read_moment
from ...errors import UsageError
from ...folding import fold, nearest, plain_part
from ...output.privacy import comparable

Str = Annotated[str, Field(max_length=300)]
"""Free text, empty for not asked."""
MATCHES_PARTS_OF_NAMES = "matches parts of names"
NamePart = Annotated[Str, MATCHES_PARTS_OF_NAMES]
"""As `Str`, for a filter that matches parts of what privacy mode hides: there it takes whole pseudonyms only."""
KEEPS_PSEUDONYMS = "keeps pseudonyms"
"""In a parameter's annotation: it is compared with pseudonyms, so privacy mode does not turn them into names."""

Limit = Annotated[int, Field(ge=0, le=500, description="0: counts only")]
Cursor = Annotated[str, Field(description="next_cursor of the last page", max_length=2000)]
Fields = Annotated[tuple[str, ...], Field(description="columns to show, * for all", max_length=60)]
DeviceRef = Annotated[str, Field(description="serial number, device name or device_id", min_length=1, max_length=300)]
Since = Annotated[str, Field(description="ISO time, date, or age: 24h, 7d, 3mo", max_length=40)]
Until = Annotated[str, Field(description="like since; a date to its end", max_length=40)]
Platform = Literal["mac", "iphone", "ipad", "appletv", "android", "windows"] | None
Family = Literal["Mac", "iPhone", "iPad", "tvOS"]


class Paging(TypedDict):
    """The last parameters of most lists, which `listing` takes as they are."""

    fields: Annotated[Fields, Field(default=())]
    limit: Annotated[Limit, Field(default=25)]
    cursor: Annotated[Cursor, Field(default="")]


ALL = "*"
"""In `fields`: every column a row has."""

_ROOM_FOR_NAMES = 720
"""Characters: with the rest of an error text they stay within 200 tokens."""


def valid_names(names: Collection[str]) -> str:
    """`Valid: a, b.`, without Prism's own words (`device__name`) for what has ours; of very many the first, and how
    many more there are."""
    ours = [name for name in sorted(names) if "__" not in name]
    shown: list[str] = []
    for name in ours:
        if len(", ".join(shown)) + len(name) > _ROOM_FOR_NAMES:
            return f"Valid: {', '.join(shown)} and {len(ours) - len(shown)} more."
        shown.append(name)
    return f"Valid: {', '.join(shown)}."


def known_fields(fields: Sequence[str], valid: Collection[str]) -> None:
    """Raises UsageError for the first of `fields` that no row has or could have."""
    wrong = [name for name in fields if name != ALL and name not in valid]
    if wrong:
        raise UsageError(f"No field '{wrong[0][:40]}'.", f"{did_you_mean(wrong[0], valid)}{valid_names(valid)}")


def did_you_mean(wrong: str, valid: Collection[str]) -> str:
    """A sentence with the name that is most like a wrong one; empty where none is."""
    near = nearest(wrong, valid)
    return f"Did you mean {near[0]}? " if near else ""


_UNITS = {
    word: unit
    for unit, words in {
        "minutes": "m min mins minute minutes",
        "hours": "h hr hrs hour hours",
        "days": "d day days",
        "weeks": "w wk wks week weeks",
        "months": "M mo mon month months",
        "years": "y yr yrs year years",
    }.items()
    for word in words.split()
}
"""The unit words of an age. Letter case matters to one: m is minutes and M is months, as in ISO 8601."""

_AGE = re.compile(r"(?:(?:last|past) )?(\d{1,5}) ?([a-z]+)(?: ago)?", re.IGNORECASE)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MONTH = re.compile(r"\d{4}-\d{2}")


def read_time(text: str, name: str, now: datetime, *, end: bool = False) -> datetime | None:
    """The moment that `text` means, None for none.

    A date or a month is its first moment, or its last with `end`. Raises UsageError naming the parameter and the
    forms it takes.
    """
    wanted = " ".join(text.split())
    if not wanted:
        return None
    try:
        return _age(wanted, now) or _span(wanted, now, end=end)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{name} is not a time.",
            "Use an ISO time (2026-11-20T09:00:00Z), a date (2026-11-20) or an age: 30m, 24h, 7d, 2w, 3mo, 1y.",
        ) from None


def _age(wanted: str, now: datetime) -> datetime | None:
    """`now` minus an age such as `7d`; None for what is no age."""
    match = _AGE.fullmatch(wanted)
    if match is None:
        return None
    count, word = int(match[1]), match[2]
    unit = _UNITS.get(word) or _UNITS.get(word.lower())
    if unit is None:
        raise ValueError("an unknown unit of time")
    if unit in ("months", "years"):
        return _months_before(now, count * (12 if unit == "years" else 1))
    return now - timedelta(**{unit: count})


def _months_before(now: datetime, count: int) -> datetime:
    """The same day and time `count` calendar months ago, or that month's last day where it has no such day."""
    year, month = divmod(now.year * 12 + now.month - 1 - count, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))


def _span(wanted: str, now: datetime, *, end: bool) -> datetime:
    """A written time; the first moment of a date or a month, or its last with `end`."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    word = wanted.casefold()
    if word == "now":
        return now
    if word in ("today", "yesterday"):
        first, length = midnight - timedelta(days=word == "yesterday"), timedelta(days=1)
    elif _MONTH.fullmatch(wanted):
        first = datetime(int(wanted[:4]), int(wanted[5:]), 1, tzinfo=UTC)
        length = timedelta(days=monthrange(first.year, first.month)[1])
    else:
        first = read_moment(wanted).astimezone(UTC)
        if not _DAY.fullmatch(wanted):
            return first
        length = timedelta(days=1)
    return first + length - timedelta(microseconds=1) if end else first


def read_window(since: str, until: str, now: datetime) -> tuple[datetime | None, datetime | None]:
    """The first and the last moment asked for. Raises UsageError, also when the last lies before the first."""
    early, late = read_time(since, "since", now), read_time(until, "until", now, end=True)
    if early and late and early > late:
        raise UsageError("until lies before since.", "Swap the two, or leave one out.")
    return early, late


def within(moment: datetime | None, since: datetime | None, until: datetime | None) -> bool:
    """Whether `moment` lies between the two; an unknown moment only when neither is asked.

    Answers show whole seconds, so that is what `until` is compared with: a time that was shown, given back, includes
    its event.
    """
    if moment is None:
        return since is None and until is None
    return (since is None or moment >= since) and (until is None or moment.replace(microsecond=0) <= until)


def contains(wanted: str) -> Callable[[Any], bool]:
    """A test for text that has `wanted` in it, both folded."""
    is_asked = bool(fold(wanted))
    return lambda value: isinstance(value, str) and is_asked and fold(comparable(wanted)) in fold(comparable(value))


def equals(wanted: str) -> Callable[[Any], bool]:
    """A test for text that is `wanted`, both folded."""
    whole = fold(wanted)
    return lambda value: isinstance(value, str) and fold(value) == whole


def part_query(parameter: str, wanted: str) -> dict[str, str | int]:
    """What asks Iru for rows that have `wanted` in them, where its matching of parts knows nothing of folding."""
    part = plain_part(wanted)
    return {parameter: part} if part else {}


def newest_first(moment: datetime | None) -> float:
    """A sort key; what has no time comes last."""
    return -moment.timestamp() if moment else float("inf")
