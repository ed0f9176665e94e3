"""One pass over an endpoint, with every filter checked here and every row accounted for.

Iru ignores a parameter it does not know and matches loosely where it does, without a word; a row may be unreadable,
repeated by paging, or missing from a walk that broke off. So a `Source` says what is asked of Iru and which `Check`s
each row must pass, and a `Scan` reads it: rows that pass are hits, and all others are counted by why they are not.
What must stay true: `stopped`, `unreadable`, `untold` and `ignored` tell everything that keeps the hits from being all
there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import chain, pairwise
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

from ...api.call import Batch, Call, Interrupted
from ...api.endpoint import Endpoint
from ...api.paging import Position
from ...api.record import Record
from ...folding import nearest
from .cursor import ResumePoint
from .params import contains

R = TypeVar("R", bound=Record)
_VALUES_SHOWN = 12
_NEAREST, _LIKENESS, _COMPARED = 4, 0.5, 2_000
"""Values told of many, how alike to what was asked for, and among how many of the most frequent."""


class Check(NamedTuple, Generic[R]):
    """A filter as it is applied here. `sent` when Iru was asked to apply it too, so that a row failing it shows that
    Iru did not. The test gives None for a row that does not tell: it does not pass, and is counted."""

    name: str
    test: Callable[[R], bool | None]
    sent: bool = False
    value: Callable[[R], Any] | None = None
    """What the test looks at, where Iru publishes no list of its values: an answer without rows then names the values
    that rows have."""
    wanted: str = ""
    """The text that is asked for: of many values met, those most like it are told."""


def flag_checks(name: str, wanted: bool | None, value: Callable[[Any], bool | None] | None = None) -> list[Check[Any]]:
    """Rows whose flag, by default the column `name`, is as wanted; a null one does not tell. None where nothing is
    asked."""
    read = value or attrgetter(name)

    def test(row: Any) -> bool | None:
        told: bool | None = read(row)
        return None if told is None else told is wanted

    return [] if wanted is None else [Check(name, test)]


def text_checks(
    name: str,
    wanted: str,
    value: Callable[[Any], Any] | None = None,
    *,
    sent: bool = False,
    tells: bool | Callable[[Any], Any] = False,
) -> list[Check[Any]]:
    """Rows with `wanted` in a text, or in one of several, by default in the column `name`.

    None where nothing is asked. With `tells`, an answer without rows tells the texts that rows have, or what `tells`
    gives of a row.
    """
    has, read = contains(wanted.strip()), value or attrgetter(name)

    def test(row: Any) -> bool:
        texts = read(row)
        return has(texts) if texts is None or isinstance(texts, str) else any(map(has, texts))

    tell = read if tells is True else tells or None
    return [Check(name, test, sent, tell, wanted)] if wanted.strip() else []


def _told(met: Counter[str], wanted: str) -> str:
    """Values in words."""
    if wanted and len(met) > _VALUES_SHOWN:
        alike = nearest(wanted, [value for value, _ in met.most_common(_COMPARED)], _NEAREST, _LIKENESS)
        near = ", ".join(value[:40] for value in alike)
        return f"{len(met):,} different values, {f'nearest: {near}' if near else 'none like it'}"
    more = f" and {len(met) - _VALUES_SHOWN} more" if len(met) > _VALUES_SHOWN else ""
    return (", ".join(f"{value[:40]} {count:,}" for value, count in met.most_common(_VALUES_SHOWN)) or "none") + more


class Source(NamedTuple, Generic[R]):
    """What is read: an endpoint, what Iru is asked, and what each row must pass.

    `query` always goes to Iru; `narrow` too, unless it finds nothing, since its matching is unpublished.
    """

    endpoint: Endpoint[R]
    query: Mapping[str, str | int] = MappingProxyType({})
    narrow: Mapping[str, str | int] = MappingProxyType({})
    checks: Sequence[Check[R]] = ()
    ids: Mapping[str, str] = MappingProxyType({})
    order: Callable[[R], Any] | None = None
    """Sort by this here, over all rows, where Iru cannot."""
    start: Position | None = None
    """Where to begin, where it is not the endpoint's usual place."""
    promised: Sequence[Callable[[R], Any]] = ()
    """The order in which Iru was asked for the rows, as sort keys: by one of them the rows must ascend, those left out
    whose key is None. Where they ascend by none, all rows are read and sorted here by the first."""

    def sorted_here(self) -> Source[R]:
        """The same rows in the promised order without Iru's part in it; those whose key is None come last."""
        key = self.promised[0]

        def order(row: R) -> tuple[bool, Any]:
            found = key(row)
            return (found is None, 0 if found is None else found)

        return self._replace(order=order, promised=())


class Hit(NamedTuple, Generic[R]):
    """A row that passed every check, and the place just after it."""

    record: R
    position: Position
    done: int


@dataclass(slots=True, eq=False, repr=False)
class Scan(Generic[R]):
    """One pass over a source, from its start or after a point, and the account of it."""

    call: Call
    source: Source[R]
    after: ResumePoint | None = None
    widened: bool = False
    """Whether `narrow` is left out of what Iru is asked."""
    unique: bool = True
    """Whether to leave out a row that came before. A count does not for records without an id of their own: two equal
    rows may be two things, and a page that comes again ends the walk anyway."""
    whole: bool = False
    """Whether all pages will be wanted; they are then prefetched."""
    looked_at: int = 0
    unreadable: int = 0
    ignored: set[str] = field(default_factory=set)
    """Names of checks that Iru was asked to apply and did not."""
    untold: Counter[str] = field(default_factory=Counter)
    """By the name of a check: how many rows do not tell whether they pass it, and fail no other."""
    met: dict[str, Counter[str]] = field(default_factory=dict)
    """By the name of each check with a `value`: how often rows have which value there, of the rows that pass all
    checks that have none."""
    place_lost: bool = False
    """Whether the row after which this pass begins is gone, so that it began by number and may have left rows out."""
    disordered: bool = False
    """Whether rows came in another order than was promised; the walk ends there."""
    stopped: str = ""
    """Why the walk ended before the last row; empty when it did not."""
    resume: Position | None = None
    total: int | None = None
    """How many rows Iru says there are."""
    _seen: set[str] = field(default_factory=set)
    _last: list[R] = field(default_factory=list)
    """The last row of the page before, where an order was promised."""
    _orders: Sequence[Callable[[R], Any]] | None = None
    """The promised orders that have held so far."""

    async def pages(self) -> AsyncGenerator[tuple[Iterator[Hit[R]], bool], None]:
        """The hits of each of Iru's pages, and whether it was the last one."""
        source = self.source
        start = self.after.position if self.after else source.start
        query = dict(source.query) | ({} if self.widened else dict(source.narrow))
        walk = self.call.walk(source.endpoint, start, query, whole=self.whole, **source.ids)
        try:
            async with aclosing(walk):
                async for batch in walk:
                    self.total = batch.total if batch.total is not None else self.total
                    if self._is_disordered(batch):
                        self.disordered = True
                        return
                    yield self._hits(batch), batch.next is None
        except Interrupted as end:
            self.stopped, self.resume = end.why, end.position

    def _is_disordered(self, batch: Batch[R]) -> bool:
        """Whether the rows of this page, behind the last of the page before, hold none of the promised orders."""
        if not self.source.promised:
            return False
        rows = [*self._last, *filter(None, batch.records)]
        self._last = rows[-1:]
        held = self.source.promised if self._orders is None else self._orders
        self._orders = [key for key in held if _ascends([found for row in rows if (found := key(row)) is not None])]
        return not self._orders

    def _hits(self, batch: Batch[R]) -> Iterator[Hit[R]]:
        """The rows that pass, each read when it is asked for: most answers need few rows of a page."""
        for index in range(self._skip(batch), len(batch.rows)):
            record = batch.record(index)
            self.looked_at += 1
            if record is None:
                self.unreadable += 1
            elif self._passes(record) and self._is_new(record):
                yield Hit(record, batch.position, index + 1)

    def _skip(self, batch: Batch[R]) -> int:
        """How many rows of the first page are done: by the last row's identity if it moved, else by number."""
        after = self.after
        if after is None or after.done == 0 or batch.position != after.position:
            return 0
        place = place_after(after, len(batch.rows), batch.record)
        self.place_lost = place is None
        return after.done if place is None else place

    def _passes(self, record: R) -> bool:
        if not self.source.checks:
            return True
        outcomes = [(check, check.test(record)) for check in self.source.checks]
        failed = [check for check, passes in outcomes if passes is False]
        self.ignored |= {check.name for check in failed if check.sent and not self.widened}
        if all(passes for check, passes in outcomes if check.value is None):
            self._note_values(record)
        untold = [check.name for check, passes in outcomes if passes is None]
        if not failed:
            self.untold.update(untold)
        return not failed and not untold

    def _note_values(self, record: R) -> None:
        for check in self.source.checks:
            if check.value is not None:
                value = check.value(record)
                values = [value] if value is None or isinstance(value, (bool, str)) else value
                self.met.setdefault(check.name, Counter()).update(str(one) for one in values if one is not None)

    def values_met(self, *, near: bool) -> list[str]:
        """What rows have in the columns whose checks none passed: of many values the most frequent or, with `near`,
        those that are most like what was asked for."""
        wanted = {check.name: check.wanted for check in self.source.checks}
        return [f"{name} here: {_told(met, wanted[name] if near else '')}" for name, met in sorted(self.met.items())]

    def _is_new(self, record: R) -> bool:
        if not self.unique:
            return True
        key = record.key()
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    @property
    def counted_by_iru(self) -> int | None:
        """How many rows match by Iru's own count; None where it may count others too."""
        only_sent = all(check.sent and not self.widened for check in self.source.checks)
        return self.total if only_sent and not (self.ignored or self.unreadable or self.untold) else None

    def notes(self) -> list[str]:
        """What keeps the hits from being all there are, in words."""
        notes = []
        if self.ignored:
            notes.append(f"Iru ignored or loosely applied {', '.join(sorted(self.ignored))}; filtered here instead")
        if self.unreadable:
            notes.append(f"{self.unreadable} rows could not be read and are left out")
        notes += [f"{count} rows do not tell {name} and are left out" for name, count in sorted(self.untold.items())]
        if self.stopped:
            of_all = f" of {self.total}" if self.total and self.after is None else ""
            notes.append(f"stopped after {self.looked_at}{of_all} rows: {self.stopped}")
        return notes


def place_after(after: ResumePoint, rows: int, record: Callable[[int], Record | None]) -> int | None:
    """The index behind the last row given, which is mostly where it was; None when that row is gone."""
    indexes = chain([after.done - 1] if 0 < after.done <= rows else [], range(rows))
    return next((index + 1 for index in indexes if (row := record(index)) and row.key() == after.last), None)


def _ascends(keys: Sequence[Any]) -> bool:
    return not any(later < earlier for earlier, later in pairwise(keys))
