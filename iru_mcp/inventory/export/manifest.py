"""What an export is of: the account, its syncs, how far each table reaches, and the tables with their columns."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from ... import __version__
from ..schema import version
from ..store import account_name, meta
from .rows import Table, Wanted

Entry = dict[str, Any]


def entry(table: Table, file: str, count: int) -> Entry:
    """What the manifest says of one table."""
    return {"file": file, "rows": count, "key": ["tenant", "row_key"], "columns": table.columns}


def manifest(db: sqlite3.Connection, form: str, wanted: Wanted, found: dict[str, Entry]) -> str:
    """The manifest as JSON. The same copy gives the same text: no time of the export is in it."""
    sync = _one(db, "SELECT * FROM syncs ORDER BY sync DESC LIMIT 1")
    first = _one(db, "SELECT * FROM syncs ORDER BY sync LIMIT 1")
    whole = {
        "format": form,
        "written_by": f"iru-mcp {__version__}",
        "schema_version": version(db),
        "tenant": meta(db, "account"),
        "account_name": account_name(db),
        "pseudonyms": bool(wanted.key),
        "sync": sync,
        "first_sync": {name: first[name] for name in ("sync", "started_at", "finished_at")},
        "since_sync": wanted.since,
        "coverage": _all(db, "SELECT * FROM coverage ORDER BY kind"),
        "tables": found,
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _all(db: sqlite3.Connection, select: str) -> list[dict[str, Any]]:
    cursor = db.execute(select)
    names = [column[0] for column in cursor.description]
    return [{n: cell for n, cell in zip(names, row, strict=True) if cell is not None} for row in cursor]


def _one(db: sqlite3.Connection, select: str) -> dict[str, Any]:
    return _all(db, select)[0]
