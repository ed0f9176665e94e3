"""The graph product's export, checked against what that product publishes of its classes and types."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest

from iru_mcp.inventory.export.jupiterone import write_graph
from iru_mcp.inventory.export.rows import Wanted
from iru_mcp.inventory.store import reader

from . import graph_facts as facts
from .conftest import Copy

Line = dict[str, Any]


@pytest.fixture
def lines(copy: Copy) -> list[Line]:
    out = io.StringIO()
    with reader(copy.path) as db:
        write_graph(db, out, Wanted(), lambda line: line)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def entities(lines: list[Line]) -> dict[str, Line]:
    return {line["_key"]: line for line in lines if "_fromEntityKey" not in line}


def sort_of(value: Any) -> str:
    sorts = {str: facts.TEXT, bool: facts.FLAG, int: facts.NUMBER, float: facts.NUMBER, type(None): facts.NULL}
    return facts.TEXTS if isinstance(value, list) and all(isinstance(v, str) for v in value) else sorts[type(value)]


def wrong(entity: Line) -> list[str]:
    """What the published schemas would refuse."""
    (class_,) = entity["_class"]
    known = facts.EVERY | facts.PROPERTIES.get(class_, {})
    found = [f"{name} is missing" for name in facts.REQUIRED[class_] if name not in entity]
    for name, value in entity.items():
        sort = sort_of(value)
        null = sort == facts.NULL and name in facts.MAY_BE_NULL.get(class_, ())
        if (not null and sort != known.get(name, sort)) or (sort == facts.NULL and not null):
            found.append(f"{name} is {sort}")
        if not re.fullmatch(facts.PROPERTY_NAME, name):
            found.append(f"{name} is no name")
    short = len(entity["_key"]) < facts.LEAST_KEY or len(entity["_type"]) < facts.LEAST_TYPE
    return found + (["a key or type too short"] if short else [])


def test_every_entity_is_as_the_published_schemas_want_it(lines: list[Line]) -> None:
    held = entities(lines)
    assert {entity["_class"][0] for entity in held.values()} == set(facts.REQUIRED)
    assert {key: found for key, entity in held.items() if (found := wrong(entity))} == {}
    devices = [entity for entity in held.values() if entity["_type"] == "kandji_device"]
    assert {device["platform"] for device in devices} >= {"darwin", "ios", "windows", "android"}
    assert {device["platform"] for device in devices} <= set(facts.PLATFORMS)
    assert all(device["_key"] == device["deviceId"] == device["id"] for device in devices)
    assert any(device.get("encrypted") is True for device in devices)
    assert all(device["lastSeenOn"] > 1_000_000_000_000 for device in devices if "lastSeenOn" in device)
    mac = next(device for device in devices if device["platform"] == "darwin" and "macAddress" in device)
    assert mac["network.macAddress"] == mac["macAddress"]
    told = set().union(*devices)
    wanted = {name for name in facts.PROPERTIES["Device"] if name.startswith(("hardware", "activation", "network"))}
    assert wanted - told <= {"hardwareOverview.processorSpeed", "network.publicIp"}, "empty in the demo tenant"
    profiles = [entity for entity in held.values() if entity["_type"] == "kandji_profile"]
    assert profiles
    assert all(one["_key"] == f"kandji_profile:{one['id']}" and "mdmIdentifier" in one for one in profiles)
    assert {entity["tag.AccountName"] for entity in held.values()} == {"demo"}


def test_relationships_join_what_is_there_by_the_published_names(lines: list[Line]) -> None:
    held, edges = entities(lines), [line for line in lines if "_fromEntityKey" in line]
    assert len({line["_key"] for line in lines}) == len(lines)
    named = {}
    for edge in edges:
        begin, end = held[edge["_fromEntityKey"]], held[edge["_toEntityKey"]]
        named[begin["_type"], edge["_class"], end["_type"]] = edge["_type"]
        assert edge["displayName"]
    assert facts.RELATIONSHIPS.items() <= named.items()
    installed = [edge for edge in edges if edge["_type"] == "kandji_device_installed_app"]
    assert any("version" in edge for edge in installed)
