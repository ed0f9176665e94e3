"""Events and the lines of a timeline.

Each source's records become `Event`s: a time, a sentence, and what sets the event apart. Most events of a device are
routine, and in a plain list the few that matter are hard to find. Two sources often report the same thing (a command
and the activity entry about it): of events with equal `dedupe_key` within five minutes of each other one is kept, the
one that stands out more, or else that of the earlier source. Routine events of a kind are one line, whatever stands
between them; other events of a kind are one line where they follow each other. A line of several has a count, the first
time, and the details of some. What must stay true: every event is in exactly one line, and one that stands out is never
in the same line as one that does not.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import groupby
from typing import Any, NamedTuple

from ...api.record import Record, write_moment
from ..kit.params import newest_first

_NAMED = 5
_NEAR = timedelta(minutes=5)


class Level(IntEnum):
    """How much an event tells."""

    ROUTINE = 0
    NORMAL = 1
    NOTABLE = 2


class Event(NamedTuple):
    """Something that happened: `what` in our words, `item` what sets it apart from others of its kind.

    `look` is the tool call that shows more. `dedupe_key` is equal for reports of one thing by two sources. `weight`
    orders the items of a line, the greatest first.
    """

    at: datetime
    source: str
    what: str
    item: str = ""
    look: str = ""
    dedupe_key: str = ""
    device: str = ""
    level: Level = Level.NORMAL
    weight: float = 0


def event_at(
    at: datetime | None,
    source: str,
    what: str,
    item: str = "",
    look: str = "",
    dedupe_key: str = "",
    *,
    level: Level = Level.NORMAL,
    weight: float = 0,
) -> list[Event]:
    """The event alone in a list; none where it is not known when it was."""
    return [Event(at, source, what, item, look, dedupe_key, level=level, weight=weight)] if at else []


class Line(Record):
    """One line of a timeline: an event, or several of a kind, `first` being the oldest."""

    time: str
    source: str
    device: str = ""
    text: str
    notable: bool = False
    count: int = 1
    first: str = ""
    look: str = ""


def to_lines(events: Iterable[Event], *, by_kind: bool = False) -> list[Line]:
    """The events as lines, newest first, without duplicates; `by_kind` makes one line of all events of a kind."""
    ordered = sorted(_deduplicated(events), key=lambda one: (newest_first(one.at), one.source, one.what, one.item))
    groups: dict[tuple[Any, ...], list[Event]] = {}
    for event in ordered:
        if by_kind or event.level is Level.ROUTINE:
            groups.setdefault(_kind(event), []).append(event)
    rest = [event for event in ordered if not by_kind and event.level is not Level.ROUTINE]
    rest.sort(key=lambda event: event.device)  # stable: newest first within each device
    runs = [*groups.values(), *(list(run) for _, run in groupby(rest, _kind))]
    return sorted(map(_line, runs), key=lambda line: line.time, reverse=True)


def _kind(event: Event) -> tuple[Any, ...]:
    return (event.device, event.source, event.what, event.level)


def _deduplicated(events: Iterable[Event]) -> list[Event]:
    kept: list[Event] = []
    times: dict[tuple[str, str], list[datetime]] = {}
    for event in sorted(events, key=lambda event: -event.level):
        known = times.setdefault((event.device, event.dedupe_key), [])
        if not event.dedupe_key or not any(abs(at - event.at) <= _NEAR for at in known):
            kept.append(event)
        known.append(event.at)
    return kept


def _line(run: Sequence[Event]) -> Line:
    newest, oldest = run[0], run[-1]
    items = list(dict.fromkeys(event.item for event in sorted(run, key=lambda event: -event.weight) if event.item))
    more = f" and {len(items) - _NAMED} more" if len(items) > _NAMED else ""
    return Line(
        time=write_moment(newest.at),
        source=newest.source,
        device=newest.device,
        text=newest.what + (f": {', '.join(items[:_NAMED])}{more}" if items else ""),
        notable=newest.level is Level.NOTABLE,
        count=len(run),
        first=write_moment(oldest.at) if len(run) > 1 else "",
        look=newest.look,
    )


def row_of(line: Line) -> dict[str, Any]:
    """The line as an answer shows it."""
    usual = {"count": 1, "notable": False}
    return {name: value for name, value in line.flat().items() if value != usual.get(name)}
