"""What an export is of: the account, its syncs, how far each table reaches, and the tables with their columns."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from ... import __version__
from ..schema import version
from ..store import account_name, meta, records
from .rows import Table, Wanted

Entry = dict[str, Any]


def entry(table: Table, file: str, count: int) -> Entry:
    """What the manifest says of one table."""
    return {"file": file, "rows": count, "key": ["tenant", "row_key"], "columns": table.columns}


def manifest(db: sqlite3.Connection, form: str, wanted: Wanted, found: dict[str, Entry]) -> str:
    """The manifest as JSON. The same copy gives the same text: no time of the export is in it."""
    syncs = list(records(db, "SELECT * FROM syncs ORDER BY sync"))
    coverage = records(db, "SELECT * FROM coverage ORDER BY kind")
    whole = {
        "format": form,
        "written_by": f"iru-mcp {__version__}",
        "schema_version": version(db),
        "tenant": meta(db, "account"),
        "account_name": account_name(db),
        "pseudonyms": bool(wanted.key),
        "sync": _known(syncs[-1]),
        "first_sync": {name: syncs[0][name] for name in ("sync", "started_at", "finished_at")},
        "since_sync": wanted.since,
        "coverage": [_known(row) for row in coverage],
        "tables": found,
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _known(row: dict[str, Any]) -> dict[str, Any]:
    return {name: cell for name, cell in row.items() if cell is not None}
