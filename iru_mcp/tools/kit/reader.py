"""Several reads for one answer, side by side, each of which may fail alone.

A dossier, a timeline and an indicator search read about a dozen lists. One that is denied, broken or slow must cost the
answer only itself, and the answer must say so. `attempt` turns a read into an `Attempt`: its value, or its error, and
its state in words; `gather` makes several attempts at the same time. `read` walks one list over a few pages and says
what it did not reach. What must stay true: an attempt is `complete` only when nothing of it is missing, and when every
read failed the first error is raised, so that nothing is answered where nothing was read.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Generic, NamedTuple, TypeVar

import anyio

from ...api.call import Call
from ...api.endpoint import Endpoint
from ...api.record import Record
from ...errors import Denied, IruError, NotLicensed
from .scan import Check, Scan, Source

T = TypeVar("T")
R = TypeVar("R", bound=Record)

OK = "ok"
NOT_LICENSED = "not licensed"
_PAGES = 4
"""Pages of one list that one part may cost."""


class SourceRows(NamedTuple, Generic[T]):
    """The records of one list, and in words what of it was not read; empty when all was."""

    records: list[T]
    missing: str = ""


class Attempt(NamedTuple, Generic[T]):
    """What one read came to: its value, or the error in its place, and its state in words."""

    state: str
    value: T | None = None
    error: IruError | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing is missing; a product that the tenant has not bought has nothing to miss."""
        return self.state in (OK, NOT_LICENSED)

    @property
    def records(self) -> list[Any]:
        """The records of a list; none where it could not be read."""
        return self.value.records if isinstance(self.value, SourceRows) else []


Parts = Mapping[str, Attempt[SourceRows[Any]]]
"""Lists that were read for one answer, by the name of the list."""


async def attempt(work: Callable[[], Awaitable[T]]) -> Attempt[T]:
    """What `work` returns, or its IruError: the one place where an error costs a part instead of the whole answer."""
    try:
        value = await work()
    except IruError as error:
        return Attempt(_state(error), None, error)
    missing = value.missing if isinstance(value, SourceRows) else ""
    return Attempt(f"partial: {missing}" if missing else OK, value)


def _state(error: IruError) -> str:
    if not isinstance(error, Denied):
        return f"failed: {error.fact.rstrip('.')}"
    if not isinstance(error, NotLicensed):
        return f'not permitted: "{error.grant}"'
    return f'{NOT_LICENSED}, or not permitted: "{error.grant}"' if error.grant else NOT_LICENSED


async def gather(
    work: Mapping[str, Callable[[], Awaitable[Any]]], *, keep_denied: bool = False
) -> dict[str, Attempt[Any]]:
    """All parts at once, in the order given.

    Raises the first one's error when every part failed; with `keep_denied` not where all were denied, which their
    states tell.
    """
    found: dict[str, Attempt[Any]] = {}

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


async def first_pages(
    scan: Scan[R], most: int, enough: Callable[[list[R]], bool] = lambda _: False
) -> tuple[list[R], bool]:
    """The rows of so many pages at most, and whether more pages were left; `enough` may end it sooner."""
    records: list[R] = []
    pages = 0
    async with aclosing(scan.pages()) as walk:
        async for hits, end in walk:
            records += [hit.record for hit in hits]
            pages += 1
            if end or enough(records):
                break
            if pages == most:
                return records, True
    return records, False


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
    records, is_cut = await first_pages(scan, pages, enough)
    if is_cut:
        return SourceRows(records, f"only the first {scan.looked_at} rows were looked at")
    missing = [f"{scan.unreadable} rows could not be read"] if scan.unreadable else []
    missing += [f"stopped after {scan.looked_at} rows: {scan.stopped}"] if scan.stopped else []
    return SourceRows(records, "; ".join(missing))
