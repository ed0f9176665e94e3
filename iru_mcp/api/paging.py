"""Iru's page shapes, as pure functions from an answer to rows and the next position.

Iru pages its lists in six ways: offset, page number, a cursor in a URL or bare, Prism's mix, and none. Each is a value
with the same two functions: `query` says what asks for a position, `read` what a decoded answer holds. What must stay
true: a list never seems to end before Iru says so, since totals and page sizes in its answers may be wrong, and an
answer that has no list where its shape has the rows is Unreadable, never an empty page.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qs, urlsplit

from ..errors import Unreadable

Position = int | str
"""Where a page begins: an offset, a page number or Iru's own cursor."""
QueryParams = dict[str, str | int]


class RawPage(NamedTuple):
    """One page as Iru sent it: its raw rows, where the next begins (None at the end), and the total if Iru said."""

    rows: Sequence[Any]
    next: Position | None
    total: int | None = None
    end: int | None = None
    """A number that the positions of all pages are below; None where this page does not tell."""


class Paging(Protocol):
    """How an endpoint splits its rows."""

    @property
    def size(self) -> int:
        """The most rows Iru gives at once; 0 where it gives all."""

    @property
    def start(self) -> Position:
        """Where the first page begins."""

    def query(self, position: Position) -> QueryParams:
        """The parameters that ask for the page at `position`."""

    def read(self, body: Any, position: Position) -> RawPage:
        """The page in `body`. Raises Unreadable when the rows are not where this shape has them."""


def _dig(body: Any, keys: str) -> Any:
    for key in keys.split(".") if keys else ():
        if not isinstance(body, dict) or key not in body:
            raise Unreadable(f"Iru's answer has no '{keys}'.", "Tell the user; the answer cannot be trusted.")
        body = body[key]
    return body


def _rows(body: Any, keys: str) -> list[Any]:
    if not isinstance(found := _dig(body, keys), list):
        where = f"'{keys}' of Iru's answer" if keys else "Iru's answer"
        raise Unreadable(f"{where} is not a list.", "Tell the user; the answer cannot be trusted.")
    return found


def _goes_on(rows: list[Any], after: int, total: int | None, size: int) -> bool:
    """Whether more rows follow. A total below the rows already read is wrong; then only a short page is the end."""
    if total is not None and after <= total:
        return bool(rows) and after < total
    return bool(rows) and len(rows) >= size


def _count(body: Any, *keys: str) -> int | None:
    for key in keys:
        value = body.get(key) if isinstance(body, dict) else None
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
    return None


class Single(NamedTuple):
    """One object, no pages."""

    size: int = 0
    start: Position = 0

    def query(self, position: Position) -> QueryParams:
        return {}

    def read(self, body: Any, position: Position) -> RawPage:
        if not isinstance(body, dict):
            raise Unreadable("Iru's answer is not an object.", "Tell the user; the answer cannot be trusted.")
        return RawPage([body], None, 1)


class Whole(NamedTuple):
    """All rows in one answer, at `at` (a dotted path; empty for a bare list)."""

    at: str = ""
    size: int = 0
    start: Position = 0

    def query(self, position: Position) -> QueryParams:
        return {}

    def read(self, body: Any, position: Position) -> RawPage:
        rows = _rows(body, self.at)
        return RawPage(rows, None, len(rows))


class Offset(NamedTuple):
    """`limit` and `offset`; a count beside the rows where there is an envelope, else a short page is the end."""

    size: int
    at: str = ""
    start: Position = 0

    def query(self, position: Position) -> QueryParams:
        return {"limit": self.size, "offset": int(position)}

    def read(self, body: Any, position: Position) -> RawPage:
        rows = _rows(body, self.at)
        envelope = _dig(body, self.at.rpartition(".")[0]) if self.at else None
        total = _count(envelope, "count", "total_count", "total")
        after = int(position) + len(rows)
        # A total that is too low must not end the list.
        says_more = isinstance(envelope, dict) and bool(rows and envelope.get("next"))
        more = says_more or _goes_on(rows, after, total, self.size)
        return RawPage(rows, after if more else None, total, total)


class PageNumber(NamedTuple):
    """`page` counted from 1, and optionally the parameter that sets its size; the size in the answer is used."""

    size: int
    at: str = "results"
    size_name: str = ""
    start: Position = 1

    def query(self, position: Position) -> QueryParams:
        size: QueryParams = {self.size_name: self.size} if self.size_name else {}
        return size | {"page": int(position)}

    def read(self, body: Any, position: Position) -> RawPage:
        rows = _rows(body, self.at)
        total = _count(body, "total", "count")
        size = _count(body, "size")
        if total is None:
            short = len(rows) < (size or self.size)
        elif size is None and int(position) > 1 and "next" in body:
            short = True  # the rows before are not counted; `next` says whether more follow
        else:
            short = (int(position) - 1) * (size or len(rows)) + len(rows) >= total
        more = bool(rows) and (not short or bool(body.get("next")))
        pages = -(-total // (size or len(rows))) if total is not None and rows else None
        return RawPage(rows, int(position) + 1 if more else None, total, None if pages is None else pages + 1)


class NextCursor(NamedTuple):
    """A cursor in the answer's `next`, sent back as `name`.

    `next` is a URL for users and audit events, often on another host, and a bare cursor for detections:
    only the cursor is taken, never the address.
    """

    size: int
    name: str = "cursor"
    size_name: str = "limit"
    at: str = "results"
    start: Position = ""

    def query(self, position: Position) -> QueryParams:
        size: QueryParams = {self.size_name: self.size} if self.size_name else {}
        return size | ({self.name: position} if position else {})

    def read(self, body: Any, position: Position) -> RawPage:
        return RawPage(_rows(body, self.at), self._cursor(body.get("next")), _count(body, "count", "total"))

    def _cursor(self, following: Any) -> str | None:
        if following in (None, ""):
            return None
        if not isinstance(following, str):
            raise Unreadable("Iru's 'next' is not text.", "Tell the user; the answer cannot be trusted.")
        if "?" not in following and "://" not in following:
            return following
        try:
            return parse_qs(urlsplit(following).query)[self.name][0]
        except (ValueError, KeyError):
            raise Unreadable("Iru's 'next' holds no cursor.", "Tell the user; the answer cannot be trusted.") from None


class PrismPages(NamedTuple):
    """Prism: `limit` with `cursor`, or with `offset` where a sort is asked for or the tenant sends no cursor.

    A short page is not the end while a cursor comes, and `total` may be null; a walk by offset that gets no total
    goes on by cursor where one comes.
    """

    size: int = 300
    at: str = "data"
    start: Position = ""
    overlap: int = 0
    """How many rows a page by offset shares with the one before: where it shares none, the list has shifted."""

    def query(self, position: Position) -> QueryParams:
        if isinstance(position, int):
            return {"limit": self.size, "offset": position}
        return {"limit": self.size} | ({"cursor": position} if position else {})

    def read(self, body: Any, position: Position) -> RawPage:
        rows = _rows(body, self.at)
        total = _count(body, "total")
        cursor = body.get("cursor")
        if isinstance(position, str) or (position == 0 and total is None):
            if isinstance(cursor, str) and cursor and rows:
                return RawPage(rows, cursor, total)
            if position:
                return RawPage(rows, None, total)
        after = (position if isinstance(position, int) else 0) + len(rows)
        more = _goes_on(rows, after, total, self.size)
        end = None if total is None else total - self.overlap
        return RawPage(rows, after - self.overlap if more else None, total, end)
