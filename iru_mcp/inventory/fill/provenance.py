"""What an answer says of its tables: as of when each is, how many rows it has, and what is missing from it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...errors import Denied, NotLicensed, NotPermitted
from ..describe import FAILED, failed_rounds
from ..schema import OF_SYNCS, kinds_of
from ..tables import BY_NAME, Kind

Rows = Sequence[Sequence[Any]]
_COVERAGE = (
    "SELECT kind, state, why, permission, rows, odd, left_out, since, checked_at, "
    "iif(removals_at < since, removals_at, NULL) FROM _coverage"
)
_REPORTED = (
    "SELECT d.platform, count(*), sum(EXISTS (SELECT 1 FROM _{}_open o JOIN _device i ON i.id = o.device "
    "WHERE i.device_id = d.device_id)) FROM devices d GROUP BY 1 ORDER BY 2 DESC"
)
"""By platform: how many devices are listed, and how many of them have a row."""
_LAST = "SELECT finished_at, (SELECT min(started_at) FROM _sync) FROM _sync ORDER BY id DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class _Reading:
    """One row of _coverage: how far a reading reached."""

    name: str
    state: str
    why: str | None
    permission: str | None
    rows: int | None
    odd: int | None
    left_out: int | None
    since: str | None
    checked_at: str | None
    removals_until: str | None
    """Where a row that went since may still be counted: until when removals are known."""


@dataclass(slots=True)
class Provenance:
    """The tables of an answer as it shows them; `complete` unless rows that there are could not be read."""

    tables: list[dict[str, Any]] = field(default_factory=list)
    complete: bool = True
    notes: list[str] = field(default_factory=list)
    """That a sync failed after a table was read."""


def facts(views: Collection[str]) -> dict[str, str]:
    """The statements to run beside one over `views`, in the same state of the copy."""
    kinds = [BY_NAME[name] for name in sorted(kinds_of(views))]
    # Where a device without a row is one that did not report, rather than one that has nothing of it.
    reported = {
        kind.name: _REPORTED.format(kind.name) for kind in kinds if kind.device and (kind.prism or kind.per_device)
    }
    begins = {kind.name: f"SELECT min({kind.dated}) FROM _{kind.name}_value" for kind in kinds if kind.starts}
    return {"coverage": _COVERAGE, "last": _LAST, "failed": FAILED} | reported | begins


def provenance(views: Collection[str], found: Mapping[str, Rows]) -> Provenance:
    """What is to be said of `views`, from the rows of `facts`: a line for each that is one table; for one of several
    tables, a line for those of them of which the same is to be said, with the rows of each.

    Raises NotPermitted or NotLicensed for a view none of whose sources could ever be read.
    """
    held = {row[0]: _Reading(*row) for row in found["coverage"]}
    answer = Provenance()
    for view in sorted(views):
        if view in OF_SYNCS:
            last, first = found["last"][0] if found["last"] else (None, None)
            answer.tables.append({"table": view, "as_of": last, "missing": [f"what was before {first}"]})
            continue
        lines, complete = _lines(view, [BY_NAME[name] for name in sorted(kinds_of([view]))], held, found)
        answer.tables += lines
        answer.complete = answer.complete and complete
    failed = found["failed"][0]
    if any((line["as_of"] or "") < (failed[1] or "") for line in answer.tables):
        answer.notes.append(f"syncs that failed since: {failed_rounds(*failed)}")
    return answer


def _lines(
    view: str, kinds: Sequence[Kind], held: Mapping[str, _Reading], found: Mapping[str, Rows]
) -> tuple[list[dict[str, Any]], bool]:
    """The lines of a view over `kinds`, and whether all rows that there are could be read."""
    readings = [held[name] for kind in kinds for name in kind.readings if name in held]
    if not any(reading.since for reading in readings):
        raise _denied(view, readings)
    alike: dict[str, tuple[dict[str, Any], dict[str, int]]] = {}
    for kind in kinds:
        line = _line(kind, held, found)
        _, rows = alike.setdefault(repr(line), (line, {}))
        rows[kind.name] = sum(held[name].rows or 0 for name in kind.readings if name in held)
    lines: list[dict[str, Any]] = [
        {"table": view, "as_of": None, "rows": rows if len(kinds) > 1 else rows[kinds[0].name]} | line
        for line, rows in alike.values()
    ]
    return lines, all(name in held and not _unread(held[name]) for kind in kinds for name in kind.readings)


def _denied(view: str, readings: Collection[_Reading]) -> Denied:
    """The error for a view of which nothing was ever read, by the first of its readings that was tried."""
    reading = next(iter(readings), None)
    why = reading.why or "" if reading else "it was not read yet."
    grant = reading.permission or "" if reading else ""
    error = NotPermitted if grant else NotLicensed
    remedy = f"Tell the user: grant the API token {grant} in Iru under Access > API tokens." if grant else ""
    return error(f"{view} could not be read from Iru: {why}", remedy or "Nothing can be said of it.", grant)


def _line(kind: Kind, held: Mapping[str, _Reading], found: Mapping[str, Rows]) -> dict[str, Any]:
    """What is to be said of a table, beside its rows."""
    readings = [held[name] for name in kind.readings if name in held]
    missing = [said for one in readings for said in _unread(one)]
    missing += _silent(() if kind.starts else found.get(kind.name, ()))
    if kind.name == "vulnerabilities" and not (held.get("detections") and held["detections"].since):
        missing.append("description and fixed_version: of detections, not read yet; name that table in a statement too")
    line: dict[str, Any] = {"as_of": min((one.since for one in readings if one.since), default=None)}
    more = {
        "removals_known_until": min((one.removals_until for one in readings if one.removals_until), default=None),
        "log_starts_at": found[kind.name][0][0] if kind.starts else None,
        "rows_not_enrolled": sum(one.left_out or 0 for one in readings),
        "missing": missing,
    }
    return line | {name: value for name, value in more.items() if value}


def _unread(one: _Reading) -> list[str]:
    if one.state != "copied":
        old = f"; what there is, is of {one.since}" if one.since else ""
        return [f"{one.name}: not readable at {one.checked_at} ({one.permission or one.why}){old}"]
    return [f"{one.odd} rows that could not be read"] if one.odd else []


def _silent(reported: Rows) -> list[str]:
    """Devices of which there is no row: those of platforms without any, and those that did not report."""
    if reported and not any(has for _, _, has in reported):
        return ["no device has a row: whether none has any or none reported, Iru does not tell"]
    none = [f"{platform} ({count})" for platform, count, has in reported if not has]
    some = [f"{count - has} of {count} {platform}" for platform, count, has in reported if 0 < has < count]
    said = [f"not of {', '.join(none)}: no device of these has a row"] if none else []
    return said + ([f"no row of {', '.join(some)}: no report"] if some else [])
