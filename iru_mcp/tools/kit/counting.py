"""Counting instead of listing: all matching rows, by one or two columns, in one table.

What must stay true: each row counts once for each of its values, a device once a group however many rows it has, and
a count that did not read every row says so and has a cursor that counts the rest.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Annotated, Any, TypeVar, Unpack

from pydantic import Field

from ...api.record import Record, is_blank
from ...errors import UsageError
from .answers import Page
from .context import Context
from .cursor import ResumePoint
from .listing import listing
from .params import Paging, did_you_mean, valid_names
from .rows import FieldCheck, RowShape
from .scan import Scan, Source

R = TypeVar("R", bound=Record)

GroupBy = Annotated[tuple[str, ...], Field(description="1 or 2 columns: counts of all matching rows", max_length=2)]

COUNT_REQUESTS = 600
"""What a tool declares for its counts: 180,000 rows at 300 a page."""

_MOST_GROUPS = 20_000


class _Groups:
    """Rows and distinct devices per group."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.rows: Counter[tuple[Any, ...]] = Counter()
        self.matched = 0
        self.not_grouped = 0
        self.devices_by_kind: dict[str, set[int]] = {}
        self._columns = columns
        self._devices: dict[tuple[Any, ...], set[int]] = {}
        self.numbers: dict[str, int] = {}
        """A number for each device, by device_id: sets of them are small."""

    def add(self, values: dict[str, Any], device_id: str, kind: str) -> None:
        self.matched += 1
        number = self.numbers.setdefault(device_id, len(self.numbers)) if device_id else -1
        if kind:
            self.devices_by_kind.setdefault(kind, set()).add(number)
        for group in product(*(_values(values.get(column)) for column in self._columns)):
            if group not in self.rows and len(self.rows) >= _MOST_GROUPS:
                self.not_grouped += 1
                continue
            self.rows[group] += 1
            if device_id:
                self._devices.setdefault(group, set()).add(number)

    def table(self, limit: int) -> list[dict[str, Any]]:
        """The largest groups; `devices` beside `count` only where a device counts more than once."""
        lines = []
        for group, count in sorted(self.rows.items(), key=lambda item: (-item[1], str(item[0])))[:limit]:
            line = {column: value for column, value in zip(self._columns, group, strict=True) if value is not None}
            devices = len(self._devices.get(group, ()))
            lines.append(line | {"count": count} | ({"devices": devices} if devices not in (0, count) else {}))
        return lines

    def notes(self, limit: int) -> list[str]:
        """What the table does not show."""
        notes = []
        smaller = sorted(self.rows.values(), reverse=True)[limit:] if limit else []
        if smaller:
            notes.append(f"{len(smaller)} smaller groups with {sum(smaller)} rows are left out; raise limit or narrow")
        if self.not_grouped:
            notes.append(f"more than {_MOST_GROUPS} groups; {self.not_grouped} rows were not grouped")
        if any(None in group for group in self.rows):
            notes.append(f"a line without {' or '.join(self._columns)} counts rows that have none")
        return notes


def _values(value: Any) -> Iterable[Any]:
    """A list, such as tags, counts once for each of its values."""
    values = value if isinstance(value, list) else [None if is_blank(value) else value]
    return [item if isinstance(item, (str, int, float, bool, type(None))) else str(item) for item in values] or [None]


async def counting_or_listing(
    ctx: Context,
    source: Source[R],
    shape: RowShape[Any],
    group_by: Sequence[str],
    *,
    sort_by: str | None = None,
    **paging: Unpack[Paging],
) -> Page[Any]:
    """Counts where `group_by` names columns, else rows. Raises UsageError for a column that rows do not have, in either
    parameter; a count says which of what was asked for is of rows alone."""
    if not group_by:
        return await listing(ctx, source, shape, **paging)
    page = await _counting(ctx, source, shape, group_by, paging)
    unused = [name for name, given in {"fields": paging["fields"], "sort_by": sort_by}.items() if given]
    if unused:
        page.notes.append(f"{' and '.join(unused)} not used: counts have their own columns, largest first")
    return page


async def _counting(
    ctx: Context, source: Source[R], shape: RowShape[Any], group_by: Sequence[str], paging: Paging
) -> Page[Any]:
    """Counts over all rows that `source` matches; a cut walk says how far it got, its cursor counts the rest."""
    record, limit = source.endpoint.record, paging["limit"]
    valid = {*record.field_names(), *shape.more_columns}
    for column in group_by:
        if column not in valid:
            near = did_you_mean(column, valid)
            raise UsageError(f"No column '{column[:40]}' to group by.", f"{near}{valid_names(valid)}")
    after = ctx.cursors.read(paging["cursor"])
    scan = Scan(ctx.call, source, after, widened=bool(after and after.widened), unique=record.unique, whole=True)
    check = FieldCheck(shape, paging["fields"], record.field_names())
    page = await _count(ctx, scan, shape, group_by, limit, check)
    if not page.items and after is None and source.narrow and page.complete:
        scan = Scan(ctx.call, source, widened=True, unique=record.unique, whole=True)
        page = await _count(ctx, scan, shape, group_by, limit, check)
    check.done()
    return page


async def _count(
    ctx: Context, scan: Scan[R], shape: RowShape[Any], group_by: Sequence[str], limit: int, check: FieldCheck
) -> Page[Any]:
    groups = _Groups(group_by)
    kind = shape.device_kind
    columns = (*group_by, kind) if kind else tuple(group_by)
    async for hits, _ in scan.pages():
        for hit in hits:
            check.see(hit.record)
            values = shape.pick(hit.record, columns)
            groups.add(values, str(getattr(hit.record, "device_id", "")), str(values.get(kind, "")))
    are_all_shown = limit == 0 or len(groups.rows) <= limit
    complete = are_all_shown and not (scan.stopped or scan.unreadable or groups.not_grouped)
    page: Page[Any] = Page(groups.table(limit), complete, total=len(groups.rows))
    page.summary = {"group_by": list(group_by), "rows": groups.matched}
    page.summary |= {"devices": len(groups.numbers)} if groups.numbers else {}
    if len(groups.devices_by_kind) > 1 and kind not in group_by:
        by_kind = sorted(groups.devices_by_kind.items())
        page.summary[f"devices_by_{kind}"] = {name: len(devices) for name, devices in by_kind}
    page.notes = scan.notes() + groups.notes(limit)
    page.notes += [] if groups.matched else scan.values_met(near=not ctx.privacy)
    if scan.resume is not None:
        page.next_cursor = ctx.cursors.write(ResumePoint(scan.resume, 0, "", 0, scan.widened))
        page.notes.append("these counts are of the part looked at; next_cursor counts the rest, add the two")
    return page
