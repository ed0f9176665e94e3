"""The copy as nodes and edges: account, devices, users, blueprints, profiles, apps and vulnerabilities.

An app is one node whatever its versions, so a path from a device over an app to a CVE says nothing about the device:
the edges to a CVE carry the version that has it, and a device is joined to its own CVEs. An edge is there only where
both of its ends are in the copy.
"""

import sqlite3
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import resources

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
    properties: Sequence[str] = ()


_DECLARED = tomllib.loads(resources.files(__package__).joinpath("graph.toml").read_text("utf-8"))
RELATIONS = tuple(Relation(**relation) for relation in _DECLARED["relation"])
_MOST = 150
"""Nodes of a graph."""
_ENOUGH = 40
"""How many neighbours of a node are shown for each relation."""


def around(db: sqlite3.Connection, start: str, hops: int) -> Graph:
    """The nodes within `hops` of those that `start` names: an id, serial number, e-mail, name or CVE; `account` for all
    of the account. Raises NotFound."""
    graph = Graph(_named(db, start.strip()))
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


def _named(db: sqlite3.Connection, start: str) -> dict[Node, str]:
    account = meta(db, "account") or ""
    if start.casefold() in ("account", account.casefold()):
        return {("account", account): account}
    for kind, select in _DECLARED["lookup"].items():
        if found := {(kind, key): name or key for key, name in db.execute(f"{select} LIMIT 5", {"it": start})}:
            return found
    return {}


def _neighbours(db: sqlite3.Connection, graph: Graph, node: Node) -> Iterator[tuple[Edge, Node, str]]:
    for relation in RELATIONS:
        ends = {"a": relation.source, "b": relation.target}
        for column, other in (("a", "b"), ("b", "a")):
            if ends[column] != node[0]:
                continue
            shown = ", ".join((other, f"{other}n", *relation.properties))
            select = f"SELECT DISTINCT {shown} FROM ({relation.select}) WHERE {column} = ?"
            rows = db.execute(f"{select} LIMIT {_ENOUGH + 1}", (node[1],)).fetchall()
            if len(rows) > _ENOUGH:
                total = db.execute(f"SELECT count(*) FROM ({select})", (node[1],)).fetchone()[0]
                graph.left_out += total - _ENOUGH
            for key, label, *cells in rows[:_ENOUGH]:
                found = (ends[other], str(key))
                source, target = (node, found) if column == "a" else (found, node)
                told = tuple((name, str(cell)) for name, cell in zip(relation.properties, cells, strict=True) if cell)
                yield Edge(source, relation.verb, target, told), found, str(label or key)
