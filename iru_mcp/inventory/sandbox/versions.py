"""Versions read as numbers: 9.2 is below 15.1, and 15.1 is 15.1.0."""

from __future__ import annotations

import re

_LEADING = re.compile(r"\D{0,3}?(\d{1,12}(?:\.\d{1,12}){0,7})")


def read_version(text: object) -> tuple[int, ...] | None:
    """The leading numbers of a version, without trailing zeros; None where there are none."""
    match = _LEADING.match(text.strip()) if isinstance(text, str) else None
    if match is None:
        return None
    parts = [int(part) for part in match[1].split(".")]
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return tuple(parts)
