"""Lean JSON schemas read off annotations: no titles, no null alternatives, no references."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

_SCALARS: dict[Any, str] = {str: "string", bool: "boolean", int: "integer", float: "number"}
_BOUNDS = {"ge": "minimum", "le": "maximum", "min_length": "minLength"}
"""Upper bounds on text are left out: nobody reaches them by intent, and they are kept, and told when passed."""


def input_schema(function: Callable[..., Any], hints: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a tool's arguments as a client shows it to a model.

    Pydantic, which reads the arguments, says the same of them but takes many times as long, at each start.
    """
    parameters = list(inspect.signature(function).parameters.values())[1:]
    required = [parameter.name for parameter in parameters if parameter.default is parameter.empty]
    return {
        "additionalProperties": False,
        "properties": {each.name: _parameter(hints[each.name], each.default) for each in parameters},
        **({"required": required} if required else {}),
        "type": "object",
    }


def _parameter(hint: Any, default: Any) -> dict[str, Any]:
    found = typed(hint)
    if default not in (inspect.Parameter.empty, None, "", ()):
        found["default"] = default
    return dict(sorted(found.items()))


def typed(hint: Any) -> dict[str, Any]:
    """The schema of one annotation; empty where it allows anything."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return typed(inner[0]) | _field_info(inner[1:])
    if origin in (Union, types.UnionType):
        kinds = [kind for kind in inner if kind is not types.NoneType]
        return typed(kinds[0]) if len(kinds) == 1 else {}
    if origin is Literal:
        return {"enum": list(inner), "type": "string"}
    if origin in (list, tuple):
        items = typed(inner[0])
        return {"type": "array"} | ({"items": items} if items else {})
    if origin is dict:
        return {"type": "object"}
    return {"type": _SCALARS[hint]} if hint in _SCALARS else {}


def _field_info(metadata: Sequence[Any]) -> dict[str, Any]:
    """Description and bounds in the metadata of an annotation; the last one counts."""
    found: dict[str, Any] = {}
    for field in metadata:
        if isinstance(field, FieldInfo):
            found |= {"description": field.description} if field.description else {}
            found |= field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
            for bound in field.metadata:
                found |= {word: getattr(bound, name) for name, word in _BOUNDS.items() if hasattr(bound, name)}
    return found
