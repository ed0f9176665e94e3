"""Pagination cursors: where a list goes on, sealed, and valid only with the question it came from.

A page of an answer is cut at a row, not at a page of Iru's, and rows may be inserted or removed between two calls. So
a cursor holds Iru's position of the page, how many of its rows are done, and the identity of the last row given, by
which the place is found again when it moved. A cursor that somebody altered would skip rows or read another list and
still look complete, so each carries an HMAC over its content and the question. The key is derived from the API token:
every replica of a server accepts the others' cursors, and no setting is needed. What must stay true: a cursor is read
only with the tool and arguments it was written for (`limit` and `fields` may differ), and holds nothing of them.
"""

import base64
import hmac
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from ...api.paging import Position
from ...errors import UsageError

_MAY_DIFFER = frozenset({"cursor", "limit", "fields"})
_SEAL_BYTES = 16


class ResumePoint(NamedTuple):
    """Just after one row: Iru's page, how many of its rows are done, the row's identity, rows given so far."""

    position: Position
    done: int
    last: str
    given: int
    widened: bool = False
    """Whether Iru's own filters were left out, since they found nothing."""
    sorted_here: bool = False
    """Whether the place is one among rows that are all read and sorted for each page."""
    unreadable: int = 0
    """Rows of the pages before that could not be read: the last page must not say that it completes the list."""
    place_lost: bool = False
    """Whether the row that some page ended with was gone when the next was asked for: rows may have been left out."""


def question(tool: str, arguments: Mapping[str, Any]) -> bytes:
    """What a cursor belongs to: the tool and its arguments, in one form."""
    asked = {name: value for name, value in arguments.items() if name not in _MAY_DIFFER}
    return json.dumps([tool, asked], sort_keys=True, default=str).encode("utf-8", "replace")


class Cursors(NamedTuple):
    """Writes and reads the cursors of one question under a secret key."""

    question: bytes
    key: bytes

    def write(self, point: ResumePoint) -> str:
        """`point` as opaque text."""
        content = json.dumps(point, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._seal(content) + content).decode().rstrip("=")

    def read(self, cursor: str) -> ResumePoint | None:
        """The point in a cursor, None for an empty one. Raises UsageError unless it was written for this question,
        under this key."""
        if not cursor:
            return None
        try:
            sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        except ValueError:
            sealed = b""
        seal, content = sealed[:_SEAL_BYTES], sealed[_SEAL_BYTES:]
        if not hmac.compare_digest(seal, self._seal(content)):
            raise UsageError(
                "This cursor does not belong to this question, or it was altered.",
                "Repeat the call as it was, only limit and fields may differ, with its next_cursor; or start without "
                "one.",
            )
        return ResumePoint(*json.loads(content))

    def _seal(self, content: bytes) -> bytes:
        return hmac.digest(self.key, self.question + b"\0" + content, "sha256")[:_SEAL_BYTES]
