"""Versions read as numbers: 9.2 is below 15.1, and 15.1 is 15.1.0."""

from __future__ import annotations

import re

_LEADING = re.compile(r"\D{0,3}?(\d{1,12}(?:\.\d{1,12}){0,7})")

_RELEASE = re.compile(r"(\d\d)H(\d)", re.IGNORECASE)
"""How Windows calls a release by its half-year: 24H2. It compares with other releases only."""


def is_release(text: str) -> bool:
    """Whether `text` is a release of Windows."""
    return _RELEASE.fullmatch(text.strip()) is not None


def read_version(text: object) -> tuple[int, ...] | None:
    """The leading numbers of a version, without trailing zeros, or those of a release of Windows; None where there
    are none."""
    if not isinstance(text, str):
        return None
    release = _RELEASE.fullmatch(text.strip())
    if release:
        return (int(release[1]), int(release[2]))
    match = _LEADING.match(text.strip())
    if match is None:
        return None
    parts = [int(part) for part in match[1].split(".")]
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return tuple(parts)
