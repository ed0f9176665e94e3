"""The forms in which Iru prints a moment; each endpoint has its own."""

from datetime import UTC, datetime, timedelta


def zulu(moment: datetime) -> str:
    """`2026-07-23T14:11:37.150080Z`: devices, activity, audit, users."""
    return moment.isoformat(timespec="microseconds")[:-6] + "Z"


def whole_zulu(moment: datetime) -> str:
    """`2026-07-23T14:11:37Z`: status of library items."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def spaced(moment: datetime) -> str:
    """`2026-01-26 16:15:36.087016+00:00`: enrollments, MDM."""
    return moment.isoformat(" ", "microseconds")


def whole_spaced(moment: datetime) -> str:
    """`2026-06-17 11:32:35+00:00`: installation of the agent, Apple Business Manager."""
    return moment.strftime("%Y-%m-%d %H:%M:%S+00:00")


def apple(moment: datetime) -> str:
    """`2026-05-13 20:09:23 +0000`: installed profiles."""
    return moment.strftime("%Y-%m-%d %H:%M:%S +0000")


def bare(moment: datetime) -> str:
    """`2025-10-13 16:15:00.000000`, without a zone: detections."""
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def bare_t(moment: datetime) -> str:
    """`2025-04-21T17:23:13.883134`, without a zone: threats."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")


def offset(moment: datetime) -> str:
    """`2026-03-08T17:35:30.462076+00:00`: Prism, behavioral detections."""
    return moment.isoformat(timespec="microseconds")


def worded(moment: datetime) -> str:
    """`Feb 27, 2026 at 7:34:21 AM`: baseline scans."""
    return f"{moment:%b} {moment.day}, {moment.year} at {moment.hour % 12 or 12}:{moment:%M:%S %p}"


def ago(span: timedelta) -> str:
    """`1 month ago`, `3 days ago`: time since boot."""
    for days, unit in ((30, "month"), (7, "week"), (1, "day")):
        if span.days >= days:
            count = span.days // days
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return f"{max(1, span.seconds // 3600)} hours ago"


def parse(text: str) -> datetime | None:
    """The moment in what a client sent, in UTC; None when it is not one."""
    try:
        moment = datetime.fromisoformat(text.strip().removesuffix("Z"))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
