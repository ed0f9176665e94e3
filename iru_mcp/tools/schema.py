"""Lean JSON schemas for tool inputs: no titles, no null alternatives, no references."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

_DROPPED = frozenset({"title", "$defs", "maxLength"})
"""Also bounds on text, which nobody reaches by intent: they are kept, and told when they are passed."""


def input_schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a tool's arguments as a client shows it to a model."""
    whole = model.model_json_schema()
    lean: dict[str, Any] = _prune(whole, whole.get("$defs", {}))
    lean.pop("description", None)
    return lean


def _prune(node: Any, defs: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_prune(item, defs) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _prune(defs[node["$ref"].rpartition("/")[2]] | {k: v for k, v in node.items() if k != "$ref"}, defs)
    choices = [choice for choice in node.get("anyOf", []) if choice != {"type": "null"}]
    if len(choices) == 1:
        node = choices[0] | {key: value for key, value in node.items() if key != "anyOf"}
        return _prune(node, defs)
    return {
        key: {name: _prune(inner, defs) for name, inner in value.items()}
        if key == "properties"
        else _prune(value, defs)
        for key, value in node.items()
        if key not in _DROPPED and not (key == "default" and value in (None, "", []))
    }
