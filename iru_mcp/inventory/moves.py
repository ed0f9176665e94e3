"""Which changes are moves: a device to another blueprint or person, an app or login item to another path."""

from __future__ import annotations

import sqlite3

from .tables import Kind


def find_moves(db: sqlite3.Connection, kind: Kind, number: int) -> None:
    """Turn a sync's changes of `kind` into moves where they are."""
    if kind.family:
        _join_families(db, kind, number)
    if kind.moves:
        table = f"_{kind.name}_value"
        differs = " OR ".join(f'a."{name}" IS NOT b."{name}"' for name in kind.moves)
        db.execute(
            "UPDATE _change SET what = 'moved' WHERE sync = ? AND kind = ? AND what = 'changed' AND EXISTS "
            f"(SELECT 1 FROM {table} a, {table} b WHERE a._id = _change.old AND b._id = _change.new AND ({differs}))",
            (number, kind.name),
        )


def _join_families(db: sqlite3.Connection, kind: Kind, number: int) -> None:
    """Of one device and family, one that is gone and one that appeared are one that changed."""
    table = f"_{kind.name}_value"
    ranked = (
        f'SELECT c.id, c.device, v."{kind.family}" AS family, c.old, row_number() OVER '
        f'(PARTITION BY c.device, v."{kind.family}" ORDER BY c.key, c.id) AS n FROM _change c '
        f"JOIN {table} v ON v._id = c.{{column}} WHERE c.sync = :sync AND c.kind = :kind AND c.what = '{{what}}' "
        f'AND v."{kind.family}" IS NOT NULL'
    )
    gone, came = ranked.format(column="old", what="gone"), ranked.format(column="new", what="appeared")
    pairs = db.execute(
        f"SELECT g.id, g.old, c.id FROM ({gone}) g JOIN ({came}) c USING (device, family, n)",
        {"sync": number, "kind": kind.name},
    ).fetchall()
    db.executemany("UPDATE _change SET what = 'changed', old = ? WHERE id = ?", [(old, came) for _, old, came in pairs])
    db.executemany("DELETE FROM _change WHERE id = ?", [(gone,) for gone, _, _ in pairs])
