"""One way to list: scan an endpoint, cut at an item, and say how far it reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ...api.client import Call
from ...api.endpoint import Endpoint
from ...api.paging import Position
from ...api.record import Record
from ...output.clean import MAX_FIELD
from .answers import MAX_ANSWER, Page, View, size
from .cursor import Mark, read_cursor, write_cursor
from .params import ALL, known_fields
from .scan import Check, Hit, Scan

R = TypeVar("R", bound=Record)

_ROOM = MAX_ANSWER - 4_000
"""Characters for rows; the rest is for what stands around them."""


@dataclass(frozen=True, slots=True)
class Ask(Generic[R]):
    """What to list. `query` always goes to Iru; `narrow` too, unless it finds nothing, since its matching is
    unpublished."""

    endpoint: Endpoint[R]
    query: Mapping[str, str | int] = field(default_factory=dict)
    narrow: Mapping[str, str | int] = field(default_factory=dict)
    checks: Sequence[Check[R]] = ()
    ids: Mapping[str, str] = field(default_factory=dict)
    order: Callable[[R], Any] | None = None
    """Sort by this here, over all rows, where Iru cannot."""
    flat: Callable[[R], dict[str, Any]] | None = None
    """How a record becomes a row, where `Record.flat` does not say it."""
    lean: Callable[[dict[str, Any]], dict[str, Any]] = dict
    """What to leave out of a row unless `fields` asks for it."""
    kind: str = ""
    """The column by which a count also tells kinds of devices apart."""
    columns: Sequence[str] = ()
    """Names that `fields` may have beside those of the record."""
    start: Position | None = None
    """Where to begin, where it is not the endpoint's usual place."""

    def row(self, record: R) -> dict[str, Any]:
        """All columns of a record."""
        return self.flat(record) if self.flat else record.flat()

    def pick(self, record: R, names: Sequence[str]) -> dict[str, Any]:
        """A few columns of a record, cheaply, for counting many."""
        if self.flat is None:
            return record.pick(names)
        found = self.flat(record)
        return {name: found[name] for name in names if name in found}


async def listing(
    iru: Call, ask: Ask[R], view: type[View], *, limit: int, cursor: str, fields: Sequence[str]
) -> Page[Any]:
    """One page of `ask`, as rows of `view` or of `fields`."""
    mark = read_cursor(cursor, iru.question)
    widened = mark.widened if mark else False
    page, scan = await _page(iru, ask, view, mark, limit, fields, widened=widened)
    if not page.items and mark is None and ask.narrow and not scan.stopped:
        page, scan = await _page(iru, ask, view, None, limit, fields, widened=True)
        if not page.items and scan.looked_at and page.complete:
            page.notes.append(f"none of all {scan.looked_at} matches")
        if page.items:
            page.notes.append(f"Iru's own {', '.join(ask.narrow)} filter found none; matched here over all rows")
    return page


async def _page(
    iru: Call, ask: Ask[R], view: type[View], mark: Mark | None, limit: int, fields: Sequence[str], *, widened: bool
) -> tuple[Page[Any], Scan[R]]:
    query = dict(ask.query) | ({} if widened else dict(ask.narrow))
    checks = [Check(c.name, c.test, sent=c.sent and not widened) for c in ask.checks]
    after = None if ask.order else mark
    scan = Scan(iru, ask.endpoint, query, checks, ask.ids, after, ask.start, whole=bool(ask.order))
    if ask.order:
        page = await _sorted_page(iru, scan, ask, view, mark, limit, fields)
    else:
        page = await _streamed_page(iru, scan, ask, view, mark, limit, fields, widened=widened)
    page.notes[:0] = scan.notes()
    return page, scan


async def _streamed_page(
    iru: Call,
    scan: Scan[R],
    ask: Ask[R],
    view: type[View],
    mark: Mark | None,
    limit: int,
    fields: Sequence[str],
    *,
    widened: bool,
) -> Page[Any]:
    rows = Rows(ask, view, fields, limit, iru.shown)
    last: Hit[R] | None = None
    more = False
    async for hits, end in scan.pages():
        for hit in hits:
            if not rows.add(hit.record):
                more = True
                break
            last = hit
        if more or (rows.full and not end):
            more = True
            break
    given = (mark.given if mark else 0) + len(rows.items)
    page: Page[Any] = Page(rows.checked(), complete=not more and not scan.stopped)
    if page.complete:
        page.total = given
    elif (
        scan.total is not None and not any(not c.sent for c in ask.checks) and not scan.ignored and not scan.unreadable
    ):
        page.total = scan.total
    if not page.complete:
        after = _after(last, scan, mark, more=more, given=given, widened=widened)
        page.next_cursor = write_cursor(after, iru.question) if after else ""
    return page


def _after(
    last: Hit[R] | None, scan: Scan[R], mark: Mark | None, *, more: bool, given: int, widened: bool
) -> Mark | None:
    """Where the next page goes on: after the last row given, or where an interrupted walk stopped."""
    if not more and scan.stopped:
        return None if scan.resume is None else Mark(scan.resume, 0, "", given, widened)
    if last is None:
        return mark
    return Mark(last.position, last.done, last.record.key(), given, widened)


async def _sorted_page(
    iru: Call, scan: Scan[R], ask: Ask[R], view: type[View], mark: Mark | None, limit: int, fields: Sequence[str]
) -> Page[Any]:
    records = [hit.record async for hits, _ in scan.pages() for hit in hits]
    assert ask.order is not None  # noqa: S101 - the caller chose this path by it
    records.sort(key=ask.order)
    page = cut(records, ask, view, mark, iru.question, limit=limit, fields=fields, shown=iru.shown)
    if scan.stopped:
        page.complete, page.total = False, None
        if records:
            page.notes.append(f"sorted among the {len(records)} that match in what was looked at")
    return page


def cut(
    records: Sequence[R],
    ask: Ask[R],
    view: type[View],
    mark: Mark | None,
    question: str,
    *,
    limit: int,
    fields: Sequence[str],
    shown: Callable[[Any], Any] = dict,
) -> Page[Any]:
    """The page of `records`, all at hand and in order, that begins after `mark`."""
    begin = just_after(records, mark)
    rows = Rows(ask, view, fields, limit, shown)
    for record in records[begin:]:
        if not rows.add(record):
            break
    end = begin + len(rows.items)
    page: Page[Any] = Page(rows.checked(), complete=end >= len(records), total=len(records))
    if end < len(records):
        page.next_cursor = write_cursor(Mark(end, end, records[end - 1].key(), end), question)
    return page


def just_after(records: Sequence[Record], mark: Mark | None) -> int:
    """The place in sorted `records` just behind `mark`: by the last row's identity if it moved, else by number."""
    if mark is None:
        return 0
    if 0 < mark.done <= len(records) and records[mark.done - 1].key() == mark.last:
        return mark.done
    moved = (index + 1 for index, record in enumerate(records) if record.key() == mark.last)
    return next(moved, min(mark.done, len(records)))


class Rows:
    """Rows of an answer, up to `limit` and to the size that one answer may have."""

    def __init__(
        self, ask: Ask[Any], view: type[View], fields: Sequence[str], limit: int, shown: Callable[[Any], Any]
    ) -> None:
        self.items: list[dict[str, Any]] = []
        self._shown = shown
        self._ask, self._view, self._fields, self._limit = ask, view, fields, limit
        self._size = 0
        self._known: set[str] = set()

    @property
    def full(self) -> bool:
        return len(self.items) >= self._limit or self._size >= _ROOM

    def add(self, record: Record) -> bool:
        """Take the record as a row; False when there is no room for it."""
        if self.full:
            return False
        row = self._row(record)
        cut = {name: value[:MAX_FIELD] if isinstance(value, str) else value for name, value in row.items()}
        weight = size(self._shown(cut))
        if self.items and self._size + weight > _ROOM:
            self._size = _ROOM
            return False
        self._size += weight
        self.items.append(row)
        return True

    def _row(self, record: Record) -> dict[str, Any]:
        if not self._fields:
            usual = self._ask.lean(self._ask.pick(record, self._view.columns))
            return {name: usual[name] for name in self._view.columns if name in usual}
        flat = self._ask.row(record)
        self._known |= flat.keys()
        return {name: flat[name] for name in (flat if ALL in self._fields else self._fields) if name in flat}

    def checked(self) -> list[dict[str, Any]]:
        """The rows. Raises UsageError when `fields` has a name that no row has or could have."""
        if self._fields:
            declared = self._ask.endpoint.record.field_names()
            known_fields(self._fields, {*self._known, *declared, *self._view.columns, *self._ask.columns})
        return self.items
