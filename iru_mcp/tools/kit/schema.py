"""Lean JSON schemas read off annotations: no titles, no null alternatives, no references."""

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic.fields import FieldInfo

_SCALARS: dict[Any, str] = {str: "string", bool: "boolean", int: "integer", float: "number"}
_BOUNDS = {"ge": "minimum", "le": "maximum", "min_length": "minLength"}
"""Upper bounds on text are left out: nobody reaches them by intent; they are enforced, and an error names them."""


def parameters_of(function: Callable[..., Any], hints: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Annotation and default of each parameter after the context; the default is `...` where one must be given.

    Parameters that several tools share come as `**name: Unpack[...]` of a TypedDict, whose annotations end in a `Field`
    with the default.
    """
    found: dict[str, tuple[Any, Any]] = {}
    for each in list(inspect.signature(function).parameters.values())[1:]:
        if each.kind is each.VAR_KEYWORD:
            shared = get_type_hints(get_args(hints[each.name])[0], include_extras=True)
            found |= {name: (hint, get_args(hint)[-1].default) for name, hint in shared.items()}
        else:
            found[each.name] = (hints[each.name], ... if each.default is each.empty else each.default)
    return found


def input_schema(parameters: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    """The schema of a tool's arguments as a client shows it to a model.

    Pydantic, which reads the arguments, says the same of them but takes many times as long, at each start.
    """
    required = [name for name, (_, default) in parameters.items() if default is ...]
    return {
        "additionalProperties": False,
        "properties": {name: _parameter(hint, default) for name, (hint, default) in parameters.items()},
        **({"required": required} if required else {}),
        "type": "object",
    }


def _parameter(hint: Any, default: Any) -> dict[str, Any]:
    shown = {} if default in (..., None, "", ()) else {"default": default}
    return dict(sorted((typed(hint) | shown).items()))


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
