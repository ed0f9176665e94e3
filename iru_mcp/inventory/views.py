"""What is queried: the views over the tables of the file, made from the declarations in tables.py."""

from __future__ import annotations

from .tables import KINDS, Kind


def _own(kind: Kind) -> str:
    """What a kind's views show of a span `o` and its content `v`."""
    whose = "d.device_id, d.device_name, d.serial_number, " if kind.device and kind.name != "devices" else ""
    whose = "d.device_id, " if kind.name == "devices" else whose
    columns = "".join(f'v."{name}", ' for name in kind.columns)
    latest = "".join(f", json_extract(o.latest, '$.{name}') AS \"{name}\"" for name in kind.latest)
    since = ", o.since" if kind.since else ""
    return f"{whose}{columns}v.more{latest}{since}, NOT o.fresh AS baseline, s.finished_at AS valid_from"


def _joined(kind: Kind, spans: str) -> str:
    device = "JOIN _device d ON d.id = o.device " if kind.device else ""
    return f"FROM {spans} o JOIN _{kind.name}_value v ON v._id = o.value {device}JOIN _sync s ON s.id = o.seen_from"


def _current(kind: Kind) -> str:
    return f"SELECT {_own(kind)} {_joined(kind, f'_{kind.name}_open')}"


def _history(kind: Kind) -> str:
    now = f"SELECT {_own(kind)}, NULL AS valid_to {_joined(kind, f'_{kind.name}_open')}"
    before = f"SELECT {_own(kind)}, t.finished_at AS valid_to {_joined(kind, f'_{kind.name}_closed')}"
    return f"{now} UNION ALL {before} JOIN _sync t ON t.id = o.seen_to"


def _gone() -> str:
    kind = KINDS[0]
    last = f"SELECT {_own(kind)}, t.finished_at AS gone_at {_joined(kind, '_devices_closed')}"
    return f"{last} JOIN _sync t ON t.id = o.seen_to WHERE o.seen_to = d.gone_sync"


def _cells(kind: Kind, table: str) -> str:
    pairs = "".join(f"'{name}', {table}.\"{name}\", " for name in kind.columns)
    return f"json_object({pairs}'more', {table}.more)"


def _changes(kind: Kind) -> str:
    """One row for each thing that came or went, and for each column that changed."""
    head = (
        "SELECT s.finished_at AS at, c.kind, c.what, d.device_id, d.device_name, d.serial_number, k.text AS thing, "
        "{field} AS field, {old} AS old, {new} AS new, c.sync FROM _change c JOIN _sync s ON s.id = c.sync "
        "JOIN _key k ON k.id = c.key LEFT JOIN _device d ON d.id = c.device "
    )
    whole = head.format(field="NULL", old="NULL", new="NULL")
    parts = head.format(field="f.key", old=f"json_extract({_cells(kind, 'o')}, f.fullkey)", new="f.atom")
    value = f"_{kind.name}_value"
    return (
        f"{whole} WHERE c.kind = '{kind.name}' AND c.what IN ('appeared', 'gone') UNION ALL "
        f"{parts} JOIN {value} o ON o._id = c.old JOIN {value} n ON n._id = c.new "
        f"JOIN json_each({_cells(kind, 'n')}) f WHERE c.kind = '{kind.name}' AND c.what IN ('changed', 'moved') "
        f"AND f.key <> 'more' AND f.atom IS NOT json_extract({_cells(kind, 'o')}, f.fullkey)"
    )


_SYNCS = "SELECT id AS sync, started_at, finished_at, mode, requests, seconds FROM _sync"
_COVERAGE = (
    "SELECT c.kind, c.state, c.why, c.permission, c.rows, c.odd, c.left_out, c.mode, s.finished_at AS good_at, "
    "c.full_at, c.checked_at FROM _coverage c LEFT JOIN _sync s ON s.id = c.good_sync"
)
_OPEN_ALERTS = "SELECT id AS alert, rule, severity, say, row, opened_at, resolved_at FROM _alert"

VIEWS: dict[str, tuple[str, str]] = {
    **{kind.name: (f"{kind.holds}; now", _current(kind)) for kind in KINDS},
    **{
        f"{kind.name}_history": (f"{kind.holds}; now and before, valid_to null where it still is", _history(kind))
        for kind in KINDS
    },
    "devices_gone": ("a device that Iru no longer lists, as it last was", _gone()),
    "changes": (
        "what appeared, gone, changed, moved: one row a thing, or a column that changed",
        " UNION ALL ".join(_changes(kind) for kind in KINDS),
    ),
    "syncs": ("a sync that was committed", _SYNCS),
    "coverage": (
        "how far each kind reaches; odd: rows that could not be read, left_out: rows of devices no longer listed",
        _COVERAGE,
    ),
    "alerts": ("an alert; resolved_at null while open", _OPEN_ALERTS),
}
"""What people and models read: name -> what a row is, and the SELECT behind it."""
