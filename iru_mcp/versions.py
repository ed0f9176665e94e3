"""Versions read as numbers: 9.2 is below 15.1, and 15.1 is 15.1.0."""

import re

_LEADING = re.compile(r"\D{0,3}?(\d{1,12}(?:\.\d{1,12}){0,7})")

_RELEASE = re.compile(r"(\d\d)H(\d)", re.IGNORECASE)
"""How Windows calls a release by its half-year: 24H2."""


class Release(tuple[int, ...]):
    """The year and half of a release of Windows. It compares with other releases only: 24H2 is not below 26.1."""

    __slots__ = ()


def is_release(text: str) -> bool:
    """Whether `text` is a release of Windows."""
    return _RELEASE.fullmatch(text.strip()) is not None


def read_version(text: object) -> tuple[int, ...] | None:
    """The leading numbers of a version, without trailing zeros, or a Release; None where there are none. Two of them
    compare when they are of one type."""
    if not isinstance(text, str):
        return None
    if release := _RELEASE.fullmatch(text.strip()):
        return Release((int(release[1]), int(release[2])))
    if (match := _LEADING.match(text.strip())) is None:
        return None
    parts = [int(part) for part in match[1].split(".")]
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return tuple(parts)
