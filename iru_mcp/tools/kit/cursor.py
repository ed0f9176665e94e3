"""Where a list goes on: just after one row, as text that only fits the question it came from."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from ...api.paging import Position
from ...errors import UsageError

_NOT_THE_QUESTION = frozenset({"cursor", "limit", "fields"})


class Mark(NamedTuple):
    """Just after one row: the upstream page, how many of its rows are done, the row's identity, rows given so far."""

    position: Position
    done: int
    last: str
    given: int
    widened: bool = False


def fingerprint(tool: str, arguments: Mapping[str, Any]) -> str:
    """A short name for a question, so that a cursor is only taken with the question it belongs to."""
    asked = {name: value for name, value in arguments.items() if name not in _NOT_THE_QUESTION}
    text = json.dumps([tool, asked], sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]


def write_cursor(mark: Mark, question: str) -> str:
    """`mark` as opaque text."""
    text = json.dumps([question, *mark], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str, question: str) -> Mark | None:
    """The mark in a cursor, None for an empty one. Raises UsageError for one of another question or no cursor
    at all."""
    if not cursor:
        return None
    wrong = UsageError(
        "This cursor does not belong to this question.",
        "Repeat the call as it was, only limit and fields may differ, with its next_cursor; or start without one.",
    )
    try:
        asked, position, done, last, given, widened = json.loads(
            base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        )
        mark = Mark(position, int(done), str(last), int(given), bool(widened))
    except (ValueError, TypeError, RecursionError):
        raise wrong from None
    if asked != question or not isinstance(position, (int, str)) or mark.done < 0 or mark.given < 0:
        raise wrong
    return mark
