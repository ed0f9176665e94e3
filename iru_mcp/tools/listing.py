"""One way to list: walk an endpoint, prove every filter, cut at an item, and say how far it reached."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ..api.client import Batch, Call, Interrupted
from ..api.endpoint import Endpoint
from ..api.paging import Position
from ..api.record import Record
from ..clean import MAX_FIELD
from .answers import MAX_ANSWER, Page, View, size
from .cursor import Mark, read_cursor, write_cursor
from .params import ALL, known_fields

R = TypeVar("R", bound=Record)

_ROOM = MAX_ANSWER - 4_000
"""Characters for rows; the rest is for what stands around them."""


@dataclass(frozen=True, slots=True)
class Check(Generic[R]):
    """A filter as this side applies it. `sent` when Iru was asked to apply it too, so that a row failing it
    shows Iru did not."""

    name: str
    test: Callable[[R], bool]
    sent: bool = False


@dataclass(frozen=True, slots=True)
class Hit(Generic[R]):
    """A row that passed every check, and the mark just after it."""

    record: R
    position: Position
    done: int


@dataclass(slots=True)
class Scan(Generic[R]):
    """One pass over an endpoint: keeps the rows that pass every check and accounts for all others."""

    iru: Call
    endpoint: Endpoint[R]
    query: Mapping[str, str | int]
    checks: Sequence[Check[R]]
    ids: Mapping[str, str]
    after: Mark | None = None
    start: Position | None = None
    unique: bool = True
    """Whether to drop rows met before. A count over rows that no id names goes without: a page met twice ends it."""
    whole: bool = False
    """Whether all pages will be wanted; they are then fetched side by side."""
    looked_at: int = 0
    unreadable: int = 0
    ignored: set[str] = field(default_factory=set)
    stopped: str = ""
    resume: Position | None = None
    total: int | None = None
    _seen: set[str] = field(default_factory=set)

    async def pages(self) -> AsyncGenerator[tuple[Iterator[Hit[R]], bool], None]:
        """The hits of each upstream page, and whether it was the last one."""
        start = self.after.position if self.after else self.start
        try:
            async with aclosing(self.iru.walk(self.endpoint, start, self.query, whole=self.whole, **self.ids)) as walk:
                async for batch in walk:
                    self.total = batch.total if batch.total is not None else self.total
                    yield self._hits(batch), batch.next is None
        except Interrupted as end:
            self.stopped, self.resume = end.why, end.position

    def _hits(self, batch: Batch[R]) -> Iterator[Hit[R]]:
        """The rows that pass, each read when it is asked for: most answers need few rows of a page."""
        for index in range(self._skip(batch), len(batch.rows)):
            record = batch.record(index)
            self.looked_at += 1
            if record is None:
                self.unreadable += 1
            elif self._passes(record) and self._first_time(record):
                yield Hit(record, batch.position, index + 1)

    def _skip(self, batch: Batch[R]) -> int:
        """How many rows of the first page are done: by the last row's identity if it moved, else by number."""
        mark = self.after
        if mark is None or mark.done == 0 or batch.position != mark.position:
            return 0
        here = batch.record(mark.done - 1) if mark.done <= len(batch.rows) else None
        if here is not None and here.key() == mark.last:
            return mark.done
        for index, record in enumerate(batch.records):
            if record is not None and record.key() == mark.last:
                return index + 1
        return mark.done

    def _passes(self, record: R) -> bool:
        failed = [check for check in self.checks if not check.test(record)]
        self.ignored |= {check.name for check in failed if check.sent}
        return not failed

    def _first_time(self, record: R) -> bool:
        if not self.unique:
            return True
        key = record.key()
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    def notes(self) -> list[str]:
        """What an honest answer says about this pass."""
        said = []
        if self.ignored:
            said.append(f"Iru ignored or loosely applied {', '.join(sorted(self.ignored))}; filtered here instead")
        if self.unreadable:
            said.append(f"{self.unreadable} rows could not be read and are left out")
        if self.stopped:
            said.append(f"stopped after {self.looked_at} rows: {self.stopped}")
        return said


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
        declared = self._ask.endpoint.record.field_names()
        known_fields(self._fields, {*self._known, *declared, *self._view.columns, *self._ask.columns})
        return self.items
