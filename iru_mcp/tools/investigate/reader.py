"""Several reads for one answer, side by side, each with its own outcome.

A dossier, a timeline and an indicator search read about a dozen lists. One that is denied, broken or slow must cost the
answer only itself, and the answer must say so. `gather` runs the reads at the same time and turns each into an
`Outcome`: its value, or the error and its state in words. `read` walks one list over a few pages and says what it did
not reach. What must stay true: an outcome is `complete` only when nothing of it is missing, and when every read failed
the first error is raised, so that a caller never answers out of nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import anyio

from ...api.call import Call
from ...api.endpoint import Endpoint
from ...api.record import Record
from ...errors import Denied, IruError, NotLicensed
from ..kit.scan import Check, Scan, Source
from ..kit.size import SizeBudget, size

T = TypeVar("T")
R = TypeVar("R", bound=Record)

OK = "ok"
NOT_LICENSED = "not licensed"
_PAGES = 4
"""Pages of one list that one part may cost."""
_FLOOR = 3
"""Rows that every part may show before one shows more."""
_AROUND = len('"rows":[],"rows_left_out":1000,')


@dataclass(frozen=True, slots=True)
class SourceRows(Generic[T]):
    """The records of one list, and in words what of it was not read; empty when all was."""

    records: list[T]
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What one read came to: its value, or the error in its place, and its state in words."""

    state: str
    value: T | None = None
    error: IruError | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing is missing; a product that the tenant has not bought has nothing to miss."""
        return self.state in (OK, NOT_LICENSED)


async def attempt(work: Callable[[], Awaitable[T]]) -> Outcome[T]:
    """The one place where an error becomes an outcome instead of the whole answer's."""
    try:
        value = await work()
    except IruError as error:
        return Outcome(_state(error), None, error)
    missing = value.missing if isinstance(value, SourceRows) else ""
    return Outcome(f"partial: {missing}" if missing else OK, value)


def _state(error: IruError) -> str:
    if not isinstance(error, Denied):
        return f"failed: {error.fact.rstrip('.')}"
    if not isinstance(error, NotLicensed):
        return f'not permitted: "{error.grant}"'
    return f'{NOT_LICENSED}, or not permitted: "{error.grant}"' if error.grant else NOT_LICENSED


async def gather(
    work: Mapping[str, Callable[[], Awaitable[Any]]], *, keep_denied: bool = False
) -> dict[str, Outcome[Any]]:
    """All parts at once, in the order given. Raises the first one's error when every part failed; with
    `keep_denied` not where all were denied, which their states tell."""
    found: dict[str, Outcome[Any]] = {}

    async def one(name: str, job: Callable[[], Awaitable[Any]]) -> None:
        found[name] = await attempt(job)

    async with anyio.create_task_group() as group:
        for name, job in work.items():
            group.start_soon(one, name, job)
    ordered = {name: found[name] for name in work}
    errors = [part.error for part in ordered.values() if part.error]
    is_denied = keep_denied and all(isinstance(error, Denied) for error in errors)
    if errors and len(errors) == len(ordered) and not is_denied:
        raise errors[0]
    return ordered


async def read(
    call: Call,
    endpoint: Endpoint[R],
    query: Mapping[str, str | int] | None = None,
    checks: Sequence[Check[R]] = (),
    *,
    enough: Callable[[list[R]], bool] = lambda _: False,
    pages: int = _PAGES,
    **ids: str,
) -> SourceRows[R]:
    """The rows that pass every check, of so many pages at most; `enough` may end it sooner. Raises an IruError."""
    scan = Scan(call, Source(endpoint, query or {}, checks=checks, ids=ids), whole=pages > _PAGES)
    records: list[R] = []
    read_pages = 0
    async with aclosing(scan.pages()) as walk:
        async for hits, end in walk:
            records += [hit.record for hit in hits]
            read_pages += 1
            if end or enough(records):
                break
            if read_pages == pages:
                return SourceRows(records, f"only the first {scan.looked_at} rows were looked at")
    missing = [f"{scan.unreadable} rows could not be read"] if scan.unreadable else []
    missing += [f"stopped after {scan.looked_at} rows: {scan.stopped}"] if scan.stopped else []
    return SourceRows(records, "; ".join(missing))


@dataclass(frozen=True, slots=True)
class Section:
    """A part as it is shown: counts over all of it, then its rows, the most telling first."""

    counts: dict[str, Any] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)


def fit_sections(sections: Mapping[str, Section], room: int, most: int) -> dict[str, dict[str, Any]]:
    """The sections within `room` bytes: a few rows of each first, then up to `most` in the order given.

    What is left out of a section is counted in it.
    """
    taken = dict.fromkeys(sections, 0)
    budget = SizeBudget(room - sum(size({name: section.counts}) + _AROUND for name, section in sections.items()))
    for goal in (min(_FLOOR, most), most):
        for name, section in sections.items():
            for row in section.rows[taken[name] : goal]:
                if not budget.take(row):
                    break
                taken[name] += 1
    return {name: _shown(section, taken[name]) for name, section in sections.items()}


def _shown(section: Section, count: int) -> dict[str, Any]:
    left = len(section.rows) - count
    return (
        section.counts | ({"rows": section.rows[:count]} if count else {}) | ({"rows_left_out": left} if left else {})
    )
