"""Arguments as clients and models send them, and the errors for those that cannot be right.

The same call comes in many spellings: null or "" for what is not asked, a number for a version, an enum in other
letter case, a list or an object as JSON text, and names that the client adds for itself. `as_meant` makes one form of
them, by the tool's input schema, before pydantic checks the types. What must stay true: a name that is nearly a
parameter is refused, never ignored, and an error says what JSON to write, never the value that was sent.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from ...errors import UsageError
from ...folding import fold, nearest

_ADDED_BY_CLIENTS = frozenset(
    "action chatinput dummy explanation noargs noparams placeholder randomstring reason requestid securityrisk "
    "sessionid taskprogress toolaction toolcallid toolsummary waitforprevious waitforprevioustools".split()
)
"""Some clients add a reason or an id to every call, others a word to the call of a tool that needs none."""
_SAME_THING = {
    "serial_number": ("device",),
    "device_name": ("device",),
    "device_id": ("device",),
    "user_email": ("email", "user"),
}
"""Columns of rows, and the parameters that take their values where none has the column's name."""
_NOT_A_WORD = re.compile(r"[\W_]+")


def as_meant(arguments: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments without those that are not asked, values in the form that `schema` has them."""
    parameters, required = schema["properties"], schema.get("required", ())
    arguments = _under_their_parameters(arguments, parameters)
    return {
        name: _value(value, parameters.get(name, {}))
        for name, value in arguments.items()
        if not _is_added_by_clients(name, parameters)
        and not (name in parameters and name not in required and _is_nothing(value))
    }


def _under_their_parameters(arguments: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments with what is named like a column under the parameter that takes it, unless that is given too."""
    found = dict(arguments)
    for column in found.keys() & _SAME_THING.keys() - parameters.keys():
        taking = [name for name in _SAME_THING[column] if name in parameters and _is_nothing(found.get(name))]
        if taking:
            found[taking[0]] = found.pop(column)
    return found


def _is_added_by_clients(name: str, parameters: Mapping[str, Any]) -> bool:
    """Whether a client added `name` by itself. A parameter in another spelling (`Action` for action) is not that: it is
    refused."""
    word = _word(name)
    return word not in map(_word, parameters) and (name.startswith("_") or word in _ADDED_BY_CLIENTS)


def _word(name: str) -> str:
    """A name as it is compared: without letter case, spaces, dashes and underscores."""
    return _NOT_A_WORD.sub("", name).casefold()


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not fold(value))


def _value(value: Any, schema: Mapping[str, Any]) -> Any:
    if isinstance(value, str) and not fold(value):
        return ""  # also of characters that nobody sees
    if schema.get("type") == "string" and isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    if schema.get("type") == "array":
        items = _list(value) if isinstance(value, str) else value
        return [_value(item, schema.get("items", {})) for item in items] if isinstance(items, list) else items
    if "enum" in schema and isinstance(value, str):
        word = _word(value)
        return next((choice for choice in schema["enum"] if _word(choice) == word), value)
    return value


def _list(text: str) -> Any:
    """A list given as JSON text or with commas."""
    if text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return [part.strip() for part in text.split(",") if part.strip()]


def usage_error(tool: str, schema: Mapping[str, Any], error: ValidationError) -> UsageError:
    """What is wrong with the arguments, in the words of JSON."""
    parameters = schema["properties"]
    details = error.errors(include_url=False, include_input=False, include_context=True)
    problems = [_problem(dict(detail), parameters) for detail in details[:4]]
    return UsageError(f"Wrong arguments: {'; '.join(problems)}.", f"{tool} takes: {', '.join(parameters) or 'none'}.")


def _problem(detail: dict[str, Any], parameters: Mapping[str, Any]) -> str:
    name, *inner = detail["loc"]
    where = str(name)[:40] + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in inner)
    if detail["type"] == "extra_forbidden":
        near = nearest(str(name), list(parameters))
        return f"'{where}' is not a parameter" + (f", did you mean {near[0]}?" if near else "")
    schema = parameters.get(str(name), {})
    return f"{where} {_must(detail, schema['items'] if inner and 'items' in schema else schema)}"


_BY_KIND = {
    "missing": "is required",
    "value_error": "{error}",
    "dict_type": "must be a JSON object",
    "less_than_equal": "must be at most {le}",
    "greater_than_equal": "must be at least {ge}",
    "too_long": "must have at most {max_length} {units}",
    "too_short": "must have at least {min_length} {units}",
}
"""What is said of pydantic's kinds of error, `string_` before them left out; of all others, the type that the schema
has."""

_BY_TYPE = {
    "string": "must be text",
    "integer": "must be a whole number",
    "number": "must be a number",
    "boolean": "must be true or false",
    "array": "must be a list",
}


def _must(detail: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """What a value of this schema must be."""
    said = _BY_KIND.get(detail["type"].removeprefix("string_"))
    if said:
        units = "characters" if schema.get("type") == "string" else "items"
        return said.format_map({"units": units} | dict(detail.get("ctx", {})))[:400]
    if "enum" in schema:
        return f"must be one of {', '.join(schema['enum'])}"
    return _BY_TYPE.get(schema.get("type", ""), "has a value of the wrong type")
