"""The copy as entities and relationships of the graph product, named as its public integration for this source does.

Taken from there: `_type`, `_class`, the forms of `_key` (a device's is its bare id), the names and types of properties,
and the three relationships account HAS device, device HAS user, device INSTALLED app. Profiles that devices report, by
payload identifier, CVEs and the relationships to them and to blueprints are ours beside it; `kandji_profile` is a
custom profile of the library. Properties are text, numbers, flags or lists of text; times are milliseconds since 1970;
what a class requires is there, null where Iru does not say.
"""

import json
import sqlite3
import tomllib
from collections.abc import Callable, Iterator
from importlib import resources
from typing import Any, TextIO

from ...api.record import moment_in
from ...output.clean import clean
from ..graph import RELATIONS, Relation
from ..store import account_name, meta, records
from .files import json_line
from .rows import Row, Shown, Wanted, begin

_ENTITIES = tomllib.loads(resources.files(__package__).joinpath("jupiterone.toml").read_text("utf-8"))


def write_graph(db: sqlite3.Connection, out: TextIO, _: Wanted, shown: Shown) -> None:
    """One JSON object a line: entities, then relationships. Raises UsageError when no sync has finished."""
    begin(db, Wanted())
    out.writelines(json_line(shown(line)) for line in _graph(db))


def _graph(db: sqlite3.Connection) -> Iterator[Row]:
    account = account_name(db)
    yield _entity("account", "Account", {"id": meta(db, "account"), "name": account}, account)
    for node, entity in _ENTITIES.items():
        properties = {name: source.partition(" ") for name, source in entity["properties"].items()}
        required = entity.get("required", ())
        for row in records(db, entity["select"]):
            held = {name: clean(cell, name) for name, cell in row.items()}
            found = {name: _CONVERTED[how](held[column]) for name, (column, _, how) in properties.items()}
            known = {name: value for name, value in found.items() if value is not None or name in required}
            yield _entity(node, entity["class"], known, account)
    for relation in RELATIONS:
        yield from _relationships(db, relation)


def _entity(node: str, class_: str, properties: Row, account: str) -> Row:
    name = str(properties.get("name") or properties["id"])
    head = {"_key": _key(node, properties["id"]), "_type": f"kandji_{node}", "_class": [class_], "name": name}
    return properties | head | {"displayName": name, "tag.AccountName": account}


def _key(node: str, id_: Any) -> str:
    return "kandji-account" if node == "account" else str(id_) if node == "device" else f"kandji_{node}:{id_}"


def _milliseconds(value: Any) -> int | None:
    moment = moment_in(value)
    return int(moment.timestamp() * 1000) if moment else None


_CONVERTED: dict[str, Callable[[Any], Any]] = {
    "": lambda value: value,
    "flag": lambda value: bool(value) if value in (0, 1) else None,
    "word": lambda value: ("false", "true")[int(value)] if value in (0, 1) else None,
    "time": _milliseconds,
}
"""How the value of a column becomes that of a property."""


def _relationships(db: sqlite3.Connection, relation: Relation) -> Iterator[Row]:
    """One relationship for each pair of entities. Where a pair is related more than once, a property is a list, named
    in the plural."""
    verb = "HAS" if relation.target == "user" else relation.verb
    target = "installed_profile" if relation.target == "profile" else relation.target
    type_ = f"kandji_{relation.source}_{verb.lower()}_{target}"
    values = "".join(f', json_group_array(DISTINCT "{name}")' for name in relation.properties)
    for left, right, *held in db.execute(f"SELECT a, b{values} FROM ({relation.select}) GROUP BY a, b"):
        begin, end = _key(relation.source, left), _key(target, right)
        yield _of_edge(dict(zip(relation.properties, map(json.loads, held), strict=True))) | {
            "_key": f"{begin}|{verb.lower()}|{end}",
            "_type": type_,
            "_class": verb,
            "_fromEntityKey": begin,
            "_toEntityKey": end,
            "displayName": verb,
        }


def _of_edge(properties: Row) -> Row:
    found = Row()
    for name, values in properties.items():
        known = sorted(clean(value, name) for value in values if value is not None)
        if name == "since" and known:
            found["identifiedOn"] = _milliseconds(known[0])
        elif known:
            found |= {name: known[0]} if len(known) == 1 else {f"{name}s": known}
    return found
