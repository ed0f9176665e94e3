"""The copy as entities and relationships of the graph product, with stable keys and types."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any, TextIO

from ...output.clean import clean
from ..graph import RELATIONS, Relation
from ..store import meta
from .rows import Shown

_ENTITIES: dict[str, tuple[str, str, str]] = {
    "device": ("kandji_device", "Device", "SELECT *, device_id AS id, device_name AS name FROM devices"),
    "user": ("kandji_user", "User", "SELECT * FROM users"),
    "blueprint": ("kandji_blueprint", "Configuration", "SELECT * FROM blueprints"),
    "profile": (
        "kandji_profile",
        "Configuration",
        """SELECT payload_identifier AS id, min(profile_display_name) AS name, min(organization) AS organization,
        count(*) AS device_count FROM profiles WHERE payload_identifier IS NOT NULL GROUP BY 1""",
    ),
    "app": (
        "kandji_app",
        "Application",
        """SELECT coalesce(bundle_id, name) AS id, min(name) AS name, bundle_id, min(developer_name) AS developer_name,
        min(team_id) AS team_id, count(DISTINCT device_id) AS device_count FROM apps GROUP BY 1""",
    ),
    "vulnerability": (
        "kandji_vulnerability",
        "Vulnerability",
        "SELECT *, cve_id AS id, cve_id AS name FROM vulnerabilities",
    ),
}
"""Graph type, class and the SELECT of each node; every one has id and name."""


def write_graph(db: sqlite3.Connection, out: TextIO, shown: Shown) -> None:
    """One JSON object a line: entities, then relationships."""
    db.execute("BEGIN")
    out.writelines(json.dumps(shown(line), ensure_ascii=False, separators=(",", ":")) + "\n" for line in _graph(db))


def _filled(db: sqlite3.Connection, select: str) -> Iterator[dict[str, Any]]:
    cursor = db.execute(select)
    names = [column[0] for column in cursor.description]
    for row in cursor:
        yield {name: clean(cell, name) for name, cell in zip(names, row, strict=True) if cell is not None}


def _graph(db: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    account = meta(db, "account") or ""
    yield _entity("kandji_account", "Account", {"id": account, "name": account})
    for type_, class_, select in _ENTITIES.values():
        yield from (_entity(type_, class_, row) for row in _filled(db, select))
    for relation in RELATIONS:
        yield from _relationships(db, relation)


def _entity(type_: str, class_: str, row: dict[str, Any]) -> dict[str, Any]:
    """An entity as the graph service names things: properties in camelCase, `_key` from type and id."""
    name = str(row.get("name") or row["id"])
    properties = {_camel(key): value for key, value in row.items() if key not in ("baseline", "valid_from")}
    return properties | {
        "_key": f"{type_}:{row['id']}",
        "_type": type_,
        "_class": [class_],
        "name": name,
        "displayName": name,
    }


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _relationships(db: sqlite3.Connection, relation: Relation) -> Iterator[dict[str, Any]]:
    source, target = _type(relation.source), _type(relation.target)
    type_ = f"{source}_{relation.verb.lower()}_{target.removeprefix('kandji_')}"
    for left, right in db.execute(f"SELECT DISTINCT a, b FROM ({relation.select})"):
        begin, end = f"{source}:{left}", f"{target}:{right}"
        yield {
            "_key": f"{begin}|{relation.verb.lower()}|{end}",
            "_type": type_,
            "_class": relation.verb,
            "_fromEntityKey": begin,
            "_toEntityKey": end,
            "displayName": relation.verb,
        }


def _type(node: str) -> str:
    return "kandji_account" if node == "account" else _ENTITIES[node][0]
