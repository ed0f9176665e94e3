"""One pass over an endpoint: every filter proven, every row accounted for."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ...api.client import Batch, Call, Interrupted
from ...api.endpoint import Endpoint
from ...api.paging import Position
from ...api.record import Record
from .cursor import Mark

R = TypeVar("R", bound=Record)


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
