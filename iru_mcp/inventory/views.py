"""What is queried: the views over the tables of the file, made from the declarations in tables.py.

A span says by whole numbers which device has which content from which sync on; a view gives it the shape that people
query. What is looked up for each row (a sync's time, a report's) is a subquery in its column: SQLite evaluates it only
in a statement that uses the column, and one that groups all apps touches nothing but indexes. Devices are joined, for a
statement about one device must begin with the device; by LEFT JOIN, for one that groups all rows must not.
"""

import tomllib
from importlib import resources

from .tables import BY_NAME, KINDS, Kind

_TIME = "strftime('%Y-%m-%dT%H:%M:%SZ', {}, 'unixepoch')"
_CHANGED = "iif(span.changed = 0, span.since, span.changed)"
"""0 means the same time as `since`: most apps never change, and a 0 takes no room in the file."""
_REPORTED = (
    f"(SELECT {_TIME.format('coalesce(collected_at, updated_at)')} FROM _report WHERE category = "
    "(SELECT id FROM _category WHERE name = '{}') AND device = span.device) AS last_collected_at"
)
"""When the device of a span last reported a category."""
BEGAN = "(SELECT finished_at FROM _sync WHERE id = span.seen_from)"
"""When a span began."""


def columns_of(kind: Kind) -> str:
    """The columns that the views of a table show of its spans."""
    made = _MADE.get(kind.name, {})
    columns = [
        *(_OF_DEVICE[: 1 if kind.name == "devices" else None] if kind.device else ()),
        *(f'content."{name}"' for name in kind.columns if name not in made),
        *(f'{sql} AS "{name}"' for name, sql in made.items()),
        "content.more",
        *(f"json_extract(span.latest, '$.{name}') AS \"{name}\"" for name in kind.latest),
        *((f"{_TIME.format('span.since')} AS since",) if kind.since else ()),
        *((f"{_TIME.format(_CHANGED)} AS {kind.changed}",) if kind.changed else ()),
        *((_REPORTED.format(kind.name),) if kind.prism else ()),
        "NOT (span.flags & 1) AS baseline",
        f"{BEGAN} AS valid_from",
    ]
    return ", ".join(columns)


def _item_name(kind: str, id_: str) -> str:
    """A subquery: the name of a library item in the table `kind` of the copy, whose column `id_` has its id."""
    held = f"EXISTS (SELECT 1 FROM _{kind}_open WHERE device = 0 AND value = v._id)"
    name = f"{id_.removesuffix('id')}name"
    return f"(SELECT max(v.{name}) FROM _{kind}_value v WHERE v.{id_} = content.library_item_id AND {held})"


_OF_DEVICE = (
    "device.device_id",
    "device.device_name",
    "device.serial_number",
    "(device.listed_sync IS NOT NULL AND device.gone_sync IS NULL) AS enrolled",
)
_ITEM_NAMES = ", ".join(_item_name(kind, id_) for kind, id_ in BY_NAME["library_item_status"].parents)
_MADE: dict[str, dict[str, str]] = {
    "vulnerabilities": {
        "description": "coalesce(content.description, cve.description)",
        "fixed_version": "cve.fixed_version",
    },
    "blueprints": {"blueprint_id": "content.id"},
    "library_item_status": {
        "library_item_name": f"coalesce({_ITEM_NAMES})",
        "status": "CASE lower(content.status) WHEN 'success' THEN 'pass' WHEN 'error' THEN 'failed' "
        "ELSE lower(content.status) END",
    },
}
"""Columns that are not read off a table's own content. Iru writes the status of profiles in other words and letters
than that of other items; here one state has one word."""


def rows_from(kind: Kind, spans: str) -> str:
    """Where the rows of a table come from; `spans` is a table of spans. Their aliases are span, content and device."""
    device = "LEFT JOIN _device device ON device.id = span.device " if kind.device else ""
    cve = "LEFT JOIN _cve cve ON cve.cve_id = content.cve_id " if kind.name == "vulnerabilities" else ""
    return f"FROM {spans} span JOIN _{kind.name}_value content ON content._id = span.value {device}{cve}"


def _history(kind: Kind) -> str:
    now = f"SELECT {columns_of(kind)}, NULL AS valid_to {rows_from(kind, f'_{kind.name}_open')}"
    before = f"SELECT {columns_of(kind)}, ended.finished_at AS valid_to {rows_from(kind, f'_{kind.name}_closed')}"
    return f"{now} UNION ALL {before} JOIN _sync ended ON ended.id = span.seen_to"


def _cells(kind: Kind, table: str) -> str:
    pairs = "".join(f"'{name}', {table}.\"{name}\", " for name in kind.columns)
    return f"json_object({pairs}'more', {table}.more)"


def _changes(kind: Kind) -> str:
    """One row for each thing that came or went, and for each column that changed."""
    name = kind.name
    head = (
        f"SELECT at_sync.finished_at AS at, '{name}' AS kind, {{what}} AS what, device.device_id, device.device_name, "
        "device.serial_number, key.text AS thing, {field} AS field, {old} AS old, {new} AS new, at_sync.id AS sync "
        f"FROM _sync at_sync JOIN {{spans}} JOIN _{name}_value content ON content._id = span.value "
        "JOIN _key key ON key.id = content.key LEFT JOIN _device device ON device.id = span.device "
    )
    nothing = {"field": "NULL", "old": "NULL", "new": "NULL"}
    ended = f"_{name}_closed span ON span.seen_to = at_sync.id"
    came = head.format(what="'appeared'", spans=f"_{name}_appeared span ON span.sync = at_sync.id", **nothing)
    went = head.format(what="'gone'", spans=ended, **nothing)
    was = f"json_extract({_cells(kind, 'content')}, field.fullkey)"
    changed = head.format(
        what="iif(span.flags & 4, 'moved', 'changed')", spans=ended, field="field.key", old=was, new="field.atom"
    )
    return (
        f"{came} UNION ALL {went} WHERE span.next IS NULL AND NOT (span.flags & 2) UNION ALL "
        f"{changed} JOIN _{name}_value next ON next._id = span.next JOIN json_each({_cells(kind, 'next')}) field "
        f"WHERE NOT (span.flags & 2) AND field.key <> 'more' AND field.atom IS NOT {was}"
    )


_SYNCS = "SELECT id AS sync, started_at, finished_at, mode, requests, seconds FROM _sync"
_COVERAGE = (
    "SELECT coverage.kind, coverage.state, coverage.why, coverage.permission, coverage.rows, coverage.odd, "
    "coverage.left_out, coverage.mode, good.finished_at AS good_at, coverage.full_at, coverage.removals_at, "
    "coverage.checked_at FROM _coverage coverage LEFT JOIN _sync good ON good.id = coverage.good_sync"
)
_GONE = (
    f"SELECT {columns_of(KINDS[0])}, ended.finished_at AS gone_at {rows_from(KINDS[0], '_devices_closed')} "
    "JOIN _sync ended ON ended.id = span.seen_to WHERE span.seen_to = device.gone_sync"
)
_ALERTS = "SELECT id AS alert, rule, severity, say, row, opened_at, resolved_at FROM _alert"
_FOR_ANALYSTS = tomllib.loads(resources.files(__package__).joinpath("analyst_views.toml").read_text("utf-8"))

VIEWS: dict[str, tuple[str, str]] = {
    **{
        kind.name: (f"{kind.about}; now", f"SELECT {columns_of(kind)} {rows_from(kind, f'_{kind.name}_open')}")
        for kind in KINDS
    },
    **{name: (view["row"], view["sql"]) for name, view in _FOR_ANALYSTS.items()},
    **{
        f"{kind.name}_history": (f"{kind.holds}; now and before, valid_to null where it still is", _history(kind))
        for kind in KINDS
    },
    "devices_gone": ("a device that Iru no longer lists, as it last was", _GONE),
    "changes": (
        "what appeared, gone, changed, moved: one row a thing, or a column that changed",
        " UNION ALL ".join(_changes(kind) for kind in KINDS if not kind.starts),
    ),
    "syncs": ("a sync that was committed; partial: of some tables only", _SYNCS),
    "coverage": (
        "how far a table reaches: odd unreadable rows, left_out rows not enrolled, removals known as of removals_at",
        _COVERAGE,
    ),
    "alerts": ("an alert; resolved_at null while open", _ALERTS),
}
"""What SQL may read, by name: what a row is, and the SELECT of the view."""
