"""Counting instead of listing: all matching rows, by one or two columns, in one table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field

from ...api.client import Call
from ...api.record import Record, is_blank
from ...errors import UsageError
from .answers import Page
from .cursor import Mark, read_cursor, write_cursor
from .listing import Ask
from .params import listed
from .scan import Check, Scan

R = TypeVar("R", bound=Record)

GroupBy = Annotated[
    tuple[str, ...],
    BeforeValidator(listed),
    Field(description="1 or 2 columns: count all matching rows by them instead of listing", max_length=2),
]

COUNT_REQUESTS = 600
"""180,000 rows at 300 a page: what one count may cost."""

_MOST_GROUPS = 20_000


class _Groups:
    """Rows and distinct devices per group."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.rows: Counter[tuple[Any, ...]] = Counter()
        self.dropped = 0
        self._columns = columns
        self.kinds: dict[str, set[int]] = {}
        self._devices: dict[tuple[Any, ...], set[int]] = {}
        self._numbers: dict[str, int] = {}

    def add(self, values: dict[str, Any], device: str, kind: str) -> None:
        number = self._numbers.setdefault(device, len(self._numbers)) if device else -1
        if kind:
            self.kinds.setdefault(kind, set()).add(number)
        for group in product(*(_each(values.get(column)) for column in self._columns)):
            if group not in self.rows and len(self.rows) >= _MOST_GROUPS:
                self.dropped += 1
                continue
            self.rows[group] += 1
            if device:
                self._devices.setdefault(group, set()).add(number)

    @property
    def devices(self) -> int:
        return len(self._numbers)

    def table(self, limit: int) -> list[dict[str, Any]]:
        """The largest groups; `devices` beside `count` only where a device counts more than once."""
        ranked = sorted(self.rows.items(), key=lambda item: (-item[1], str(item[0])))[:limit]
        return [self._line(group, count) for group, count in ranked]

    def _line(self, group: tuple[Any, ...], count: int) -> dict[str, Any]:
        line = {column: value for column, value in zip(self._columns, group, strict=True) if value is not None}
        devices = len(self._devices.get(group, ()))
        return line | {"count": count} | ({"devices": devices} if devices not in (0, count) else {})


def _each(value: Any) -> Iterable[Any]:
    """A list, such as tags, counts once for each of its values."""
    if isinstance(value, list):
        return [_hashable(item) for item in value] or [None]
    return [None if is_blank(value) else _hashable(value)]


def _hashable(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool)) else str(value)


async def counting(iru: Call, ask: Ask[R], group_by: Sequence[str], *, limit: int, cursor: str) -> Page[Any]:
    """Counts over all rows that `ask` matches; a cut walk says how far it got, its cursor counts the rest."""
    _refuse_unknown(ask, group_by)
    mark = read_cursor(cursor, iru.question)
    page = await _count(iru, ask, group_by, mark, limit, widened=bool(mark and mark.widened))
    if not page.items and mark is None and ask.narrow and page.complete:
        page = await _count(iru, ask, group_by, None, limit, widened=True)
    return page


def _refuse_unknown(ask: Ask[Any], group_by: Sequence[str]) -> None:
    valid = set(ask.endpoint.record.field_names()) | set(ask.columns)
    for column in group_by:
        if column not in valid:
            raise UsageError(f"No column '{column[:40]}' to group by.", f"Valid: {', '.join(sorted(valid))}.")


async def _count(
    iru: Call, ask: Ask[R], group_by: Sequence[str], mark: Mark | None, limit: int, *, widened: bool
) -> Page[Any]:
    iru.requests_left = max(iru.requests_left, COUNT_REQUESTS)
    checks = [Check(c.name, c.test, sent=c.sent and not widened) for c in ask.checks]
    query = dict(ask.query) | ({} if widened else dict(ask.narrow))
    unique = ask.endpoint.record.unique
    scan = Scan(iru, ask.endpoint, query, checks, ask.ids, mark, ask.start, unique=unique, whole=True)
    groups = _Groups(group_by)
    matched = 0
    columns = (*group_by, ask.kind) if ask.kind else tuple(group_by)
    async for hits, _ in scan.pages():
        for hit in hits:
            matched += 1
            values = ask.pick(hit.record, columns)
            groups.add(values, str(getattr(hit.record, "device_id", "")), str(values.get(ask.kind, "")))
    cut = max(0, len(groups.rows) - limit)
    page: Page[Any] = Page(groups.table(limit), complete=not scan.stopped and not cut and not groups.dropped)
    page.total = len(groups.rows)
    page.summary = {"group_by": list(group_by), "rows": matched}
    page.summary |= {"devices": groups.devices} if groups.devices else {}
    if len(groups.kinds) > 1 and ask.kind not in group_by:
        page.summary[f"devices_by_{ask.kind}"] = {kind: len(devices) for kind, devices in sorted(groups.kinds.items())}
    page.notes = scan.notes() + _notes(groups, group_by, limit)
    if scan.resume is not None:
        page.next_cursor = write_cursor(Mark(scan.resume, 0, "", 0, widened), iru.question)
        page.notes.append("these counts are of the part looked at; next_cursor counts the rest, add the two")
    return page


def _notes(groups: _Groups, group_by: Sequence[str], limit: int) -> list[str]:
    said = []
    ranked = sorted(groups.rows.values(), reverse=True)
    if len(ranked) > limit:
        left_out = f"{len(ranked) - limit} smaller groups with {sum(ranked[limit:])} rows are left out"
        said.append(f"{left_out}; raise limit or narrow")
    if groups.dropped:
        said.append(f"more than {_MOST_GROUPS} groups; {groups.dropped} rows were not grouped")
    if any(None in group for group in groups.rows):
        said.append(f"a line without {' or '.join(group_by)} counts rows that have none")
    return said
