"""The copy as nodes and edges: account, devices, users, blueprints, profiles, apps and vulnerabilities.

An app is one node whatever its versions, so a path from a device over an app to a CVE says nothing about the device:
the edges to a CVE carry the version that has it, and a device is joined to its own CVEs. An edge is there only where
both of its ends are in the copy.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..errors import NotFound
from .store import meta

Node = tuple[str, str]
"""Type and id."""


@dataclass(frozen=True, slots=True)
class Edge:
    """How one node is joined to another."""

    source: Node
    verb: str
    target: Node
    properties: tuple[tuple[str, str], ...] = ()
    """Facts of the edge itself: version, software, since."""


@dataclass(slots=True)
class Graph:
    """Nodes with their names, edges, and how many neighbours were left out at a node with too many."""

    names: dict[Node, str] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Relation:
    """A kind of edge: a SELECT of source a, its name an, target b, its name bn and the edge's properties."""

    source: str
    verb: str
    target: str
    select: str
    properties: tuple[str, ...]


def _relation(named: str, select: str, properties: str = "") -> Relation:
    """A relation, named as source, verb and target."""
    source, verb, target = named.split()
    return Relation(source, verb, target, select, tuple(properties.split()))


RELATIONS: tuple[Relation, ...] = (
    _relation(
        "account HAS device",
        "SELECT m.value AS a, m.value AS an, d.device_id AS b, d.device_name AS bn "
        "FROM _meta m, devices d WHERE m.name = 'account'",
    ),
    _relation(
        "device ASSIGNED user",
        "SELECT d.device_id AS a, d.device_name AS an, u.id AS b, coalesce(u.email, u.name) AS bn FROM devices d "
        "JOIN users u ON u.id = d.user_id",
    ),
    _relation(
        "device ASSIGNED blueprint",
        "SELECT d.device_id AS a, d.device_name AS an, b.id AS b, b.name AS bn FROM devices d "
        "JOIN blueprints b ON b.id = d.blueprint_id",
    ),
    _relation(
        "device ASSIGNED profile",
        "SELECT device_id AS a, device_name AS an, payload_identifier AS b, profile_display_name AS bn FROM profiles "
        "WHERE enrolled AND payload_identifier IS NOT NULL",
    ),
    _relation(
        "device INSTALLED app",
        "SELECT device_id AS a, device_name AS an, coalesce(bundle_id, name) AS b, name AS bn, version FROM apps "
        "WHERE enrolled",
        "version",
    ),
    _relation(
        "device HAS vulnerability",
        "SELECT x.device_id AS a, x.device_name AS an, v.cve_id AS b, v.cve_id AS bn, x.name AS software, x.version, "
        "x.since FROM detections x JOIN vulnerabilities v ON v.cve_id = x.cve_id WHERE x.enrolled",
        "software version since",
    ),
    _relation(
        "app HAS vulnerability",
        "SELECT DISTINCT coalesce(x.bundle_id, x.name) AS a, x.name AS an, v.cve_id AS b, v.cve_id AS bn, x.version "
        "FROM detections x JOIN vulnerabilities v ON v.cve_id = x.cve_id WHERE x.enrolled AND (x.bundle_id IN "
        "(SELECT bundle_id FROM apps) OR x.bundle_id IS NULL AND x.name IN (SELECT name FROM apps "
        "WHERE bundle_id IS NULL))",
        "version",
    ),
)

_MOST = 150
"""Nodes of a graph."""
_ENOUGH = 40
"""How many neighbours of a node are shown for each relation."""


def around(db: sqlite3.Connection, start: str, hops: int) -> Graph:
    """The nodes within `hops` of those that `start` names: an id, serial number, e-mail, name or CVE; `account` for all
    of the account. Raises NotFound."""
    graph = Graph(dict(_named(db, start.strip())))
    if not graph.names:
        raise NotFound(
            "The inventory has nothing of that name.",
            "Pass a device's name or serial number, a user's e-mail, a blueprint, an app's name or bundle_id, a CVE, "
            "or account.",
        )
    frontier = list(graph.names)
    for _ in range(hops):
        found = [new for node in frontier for new in _neighbours(db, graph, node)]
        frontier = []
        for edge, new, name in found:
            if new not in graph.names:
                if len(graph.names) >= _MOST:
                    graph.left_out += 1
                    continue
                graph.names[new] = name
                frontier.append(new)
            if edge not in graph.edges:
                graph.edges.append(edge)
    return graph


_LOOKUPS = {
    "device": """SELECT device_id, device_name FROM devices WHERE device_id = :it OR serial_number = :it COLLATE NOCASE
        OR device_name = :it COLLATE NOCASE""",
    "user": "SELECT id, coalesce(email, name) FROM users WHERE id = :it OR email = :it COLLATE NOCASE",
    "blueprint": "SELECT id, name FROM blueprints WHERE id = :it OR name = :it COLLATE NOCASE",
    "vulnerability": "SELECT cve_id, cve_id FROM vulnerabilities WHERE cve_id = :it COLLATE NOCASE",
    "app": """SELECT coalesce(bundle_id, name), name FROM _apps_value v WHERE (bundle_id = :it COLLATE NOCASE
        OR name = :it COLLATE NOCASE) AND EXISTS (SELECT 1 FROM _apps_open o WHERE o.value = v._id) GROUP BY 1""",
    "profile": """SELECT payload_identifier, profile_display_name FROM profiles WHERE payload_identifier = :it
        OR profile_display_name = :it COLLATE NOCASE GROUP BY 1""",
}


def _named(db: sqlite3.Connection, start: str) -> Iterator[tuple[Node, str]]:
    account = meta(db, "account") or ""
    if start.casefold() in ("account", account.casefold()):
        yield ("account", account), account
        return
    for kind, select in _LOOKUPS.items():
        found = [((kind, key), name or key) for key, name in db.execute(f"{select} LIMIT 5", {"it": start})]
        yield from found
        if found:
            return


def _neighbours(db: sqlite3.Connection, graph: Graph, node: Node) -> Iterator[tuple[Edge, Node, str]]:
    for relation in RELATIONS:
        for here, column, there, other in (
            (relation.source, "a", relation.target, "b"),
            (relation.target, "b", relation.source, "a"),
        ):
            if here != node[0]:
                continue
            shown = ", ".join((other, f"{other}n", *relation.properties))
            select = f"SELECT DISTINCT {shown} FROM ({relation.select}) WHERE {column} = ?"
            rows = db.execute(f"{select} LIMIT {_ENOUGH + 1}", (node[1],)).fetchall()
            if len(rows) > _ENOUGH:
                total = db.execute(f"SELECT count(*) FROM ({select})", (node[1],)).fetchone()[0]
                graph.left_out += total - _ENOUGH
            for key, label, *cells in rows[:_ENOUGH]:
                found = (there, str(key))
                source, target = (node, found) if column == "a" else (found, node)
                told = tuple((name, str(cell)) for name, cell in zip(relation.properties, cells, strict=True) if cell)
                yield Edge(source, relation.verb, target, told), found, str(label or key)
