"""Pagination cursors: where a list goes on, as text that fits only the question it came from.

A page of an answer is cut at a row, not at a page of Iru's, and rows may be inserted or removed between two calls. So
a cursor holds Iru's position of the page, how many of its rows are done, and the identity of the last row given, by
which the place is found again when it moved. What must stay true: a cursor is read only with the tool and arguments it
was written for; `limit` and `fields` may differ.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ...api.paging import Position
from ...errors import UsageError

_MAY_DIFFER = frozenset({"cursor", "limit", "fields"})


class ResumePoint(NamedTuple):
    """Just after one row: Iru's page, how many of its rows are done, the row's identity, rows given so far."""

    position: Position
    done: int
    last: str
    given: int
    widened: bool = False
    """Whether Iru's own filters were left out, since they found nothing."""


def fingerprint(tool: str, arguments: Mapping[str, Any]) -> str:
    """A short hash of a question, so that a cursor is only taken with the question it belongs to."""
    asked = {name: value for name, value in arguments.items() if name not in _MAY_DIFFER}
    text = json.dumps([tool, asked], sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Cursors:
    """Writes and reads the cursors of one question, which is known by its fingerprint."""

    question: str

    def write(self, point: ResumePoint) -> str:
        """`point` as opaque text."""
        text = json.dumps([self.question, *point], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def read(self, cursor: str) -> ResumePoint | None:
        """The point in a cursor, None for an empty one. Raises UsageError for one of another question or no cursor
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
            point = ResumePoint(position, int(done), str(last), int(given), bool(widened))
        except (ValueError, TypeError, RecursionError):
            raise wrong from None
        if asked != self.question or not isinstance(position, (int, str)) or point.done < 0 or point.given < 0:
            raise wrong
        return point
