"""One way to list: scan a source, end the page at a row, and say how far it reached.

A list may have thousands of rows, and an answer has room for some. A source that Iru can order is streamed: reading
stops when the page is full, and the cursor resumes there. One that must be sorted here is read whole for each page.
What must stay true: `complete` only when every row that matches is in this or an earlier page; `total` only when it is
known; and a page that is not complete has a cursor, unless no later page could add to it.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

from ...api.record import Record
from .answers import Page
from .context import Context
from .cursor import ResumePoint
from .rows import FieldCheck, RowCollector, RowShape
from .scan import Hit, Scan, Source, place_after

R = TypeVar("R", bound=Record)
_PLACE_LOST = "the row that a page ended with is gone: rows may have been left out, start again without cursor for all"
T = TypeVar("T")


async def listing(
    ctx: Context, source: Source[R], shape: RowShape[T], *, limit: int, cursor: str = "", fields: Sequence[str] = ()
) -> Page[T]:
    """One page of `source`, as rows of `shape` or of `fields`."""
    after = ctx.cursors.read(cursor)
    if limit == 0:
        return await _only_counted(ctx, source, FieldCheck(shape, fields, source.endpoint.record.field_names()))
    if after and after.sorted_here and source.promised:
        source = source.sorted_here()
    scan = Scan(ctx.call, source, after, widened=bool(after and after.widened))
    page = await _page(ctx, scan, shape, limit, fields)
    if scan.disordered:
        source = source.sorted_here()
        scan = Scan(ctx.call, source, widened=scan.widened)
        page = await _page(ctx, scan, shape, limit, fields)
        page.notes.append("Iru gave another order than it was asked for; all rows were read and sorted here")
    if page.items or after or not source.narrow or scan.stopped:
        return page
    scan = Scan(ctx.call, source, widened=True)
    page = await _page(ctx, scan, shape, limit, fields)
    if not page.items and scan.looked_at and page.complete and not scan.untold:
        page.notes.append(f"none of all {scan.looked_at} matches")
    if page.items:
        page.notes.append(f"Iru's own {', '.join(source.narrow)} filter found none; matched here over all rows")
    return page


async def _page(ctx: Context, scan: Scan[R], shape: RowShape[T], limit: int, fields: Sequence[str]) -> Page[T]:
    if scan.source.order:
        page = await _sorted_page(ctx, scan, scan.source.order, shape, limit, fields)
    else:
        page = await _streamed_page(ctx, scan, shape, limit, fields)
    page.notes[:0] = scan.notes()
    if not page.items:
        page.notes += scan.values_met(near=not ctx.privacy)
    lost = scan.after.unreadable if scan.after else 0
    if lost:
        page.notes.append(f"{lost} rows of earlier pages could not be read")
    if scan.unreadable or lost:
        page.lacks()
    if _is_place_lost(scan):
        page.lacks(_PLACE_LOST)
    return page


def _is_place_lost(scan: Scan[Any]) -> bool:
    return scan.place_lost or bool(scan.after and scan.after.place_lost)


async def _only_counted(ctx: Context, source: Source[R], fields: FieldCheck) -> Page[Any]:
    """The number of rows that match, without one: what `limit` 0 asks for."""
    scan = Scan(ctx.call, source, whole=True)
    count = await _count(scan, fields)
    if not count and source.narrow and not scan.stopped:
        scan = Scan(ctx.call, source, whole=True, widened=True)
        count = await _count(scan, fields)
    fields.done()
    complete = not (scan.stopped or scan.unreadable)
    notes = scan.notes() + ([f"{count} in what was looked at"] if not complete else [])
    notes += [] if count else scan.values_met(near=not ctx.privacy)
    return Page([], complete, total=count if complete else None, notes=notes)


async def _count(scan: Scan[R], fields: FieldCheck) -> int:
    count = 0
    async for hits, _ in scan.pages():
        for hit in hits:
            fields.see(hit.record)
            count += 1
    return count


async def _streamed_page(ctx: Context, scan: Scan[R], shape: RowShape[T], limit: int, fields: Sequence[str]) -> Page[T]:
    collector = RowCollector(shape, fields, limit, ctx.privacy)
    last: Hit[R] | None = None
    more, remaining = False, ""
    async for hits, is_last_page in scan.pages():
        for hit in hits:
            if not collector.add(hit.record):
                more = True
                if collector.too_large:
                    remaining = f"{'' if is_last_page else 'at least '}{1 + sum(1 for _ in hits)}"
                break
            last = hit
        if more or (collector.full and not is_last_page):
            more = True
            break
    given = (scan.after.given if scan.after else 0) + collector.count
    complete = not more and not scan.stopped
    page = collector.page(scan.source.endpoint.record.field_names(), complete=complete)
    page.total = given if complete else scan.counted_by_iru
    page.notes = collector.notes(remaining if page.total is None else str(page.total - given))
    resume = None if complete else _resume_point(scan, last, given, more=more)
    page.next_cursor = ctx.cursors.write(resume) if resume else ""
    return page


def _resume_point(scan: Scan[R], last: Hit[R] | None, given: int, *, more: bool) -> ResumePoint | None:
    """Where the next page begins: after the last row given, or where an interrupted walk stopped."""
    if not more and scan.stopped:
        point = None if scan.resume is None else ResumePoint(scan.resume, 0, "", given, scan.widened)
    elif last is None:
        point = scan.after
    else:
        point = ResumePoint(last.position, last.done, last.record.key(), given, scan.widened)
    lost = scan.unreadable + (scan.after.unreadable if scan.after else 0)
    return point._replace(unreadable=lost, place_lost=_is_place_lost(scan)) if point else None


async def _sorted_page(
    ctx: Context, scan: Scan[R], order: Callable[[R], Any], shape: RowShape[T], limit: int, fields: Sequence[str]
) -> Page[T]:
    after, scan.after, scan.whole = scan.after, None, True
    records = [hit.record async for hits, _ in scan.pages() for hit in hits]
    records.sort(key=order)
    declared = scan.source.endpoint.record.field_names()
    page = page_of(ctx, records, shape, after, limit=limit, fields=fields, declared=declared)
    if scan.stopped:
        page.lacks(*[f"sorted among the {len(records)} that match in what was looked at"] if records else [])
    return page


def page_of(
    ctx: Context,
    records: Sequence[Record],
    shape: RowShape[T],
    after: ResumePoint | None,
    *,
    limit: int,
    fields: Sequence[str] = (),
    declared: Collection[str] = (),
) -> Page[T]:
    """The page of `records`, all at hand and in order, that begins after a point; `declared` are their columns."""
    if limit == 0:
        check = FieldCheck(shape, fields, declared)
        for record in records:
            check.see(record)
        check.done()
        return Page([], complete=True, total=len(records))
    begin = index_after(records, after)
    place_lost = after is not None and (
        after.place_lost or place_after(after, len(records), records.__getitem__) is None
    )
    collector = RowCollector(shape, fields, limit, ctx.privacy)
    for record in records[begin:]:
        if not collector.add(record):
            break
    end = begin + collector.count
    page = collector.page(declared, complete=end >= len(records))
    page.total, page.notes = len(records), collector.notes(str(len(records) - end))
    if not page.complete:
        point = ResumePoint(end, end, records[end - 1].key(), end, sorted_here=True, place_lost=place_lost)
        page.next_cursor = ctx.cursors.write(point)
    if place_lost:
        page.lacks(_PLACE_LOST)
    return page


def index_after(records: Sequence[Record], after: ResumePoint | None) -> int:
    """The index behind the last row given: by its identity, or by number where that row is gone."""
    if after is None:
        return 0
    place = place_after(after, len(records), records.__getitem__)
    return min(after.done, len(records)) if place is None else place
