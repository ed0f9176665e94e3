"""What an audit event set, in short: each change by the name of the thing; what is in scope is only counted."""

from collections.abc import Iterator
from typing import Any

from ...api.endpoints.audit import AuditEvent
from ...api.record import as_object

_STATE_CHARACTERS = 160
_NAMED = 5
_MOVED = 2
_CHANGED = 20
"""Names shown of what was added or removed."""


def _named(item: Any) -> str:
    """How a thing in a state is called."""
    if isinstance(item, dict):
        return str(item.get("name") or item.get("label") or item.get("id") or item)
    return str(item)


def _parts(state: Any) -> Iterator[tuple[str, Any]]:
    """The parts of a state that tell of a change: not lists of everything in scope, nor what is empty."""
    for name, value in state.items() if isinstance(state, dict) else ():
        if not name.endswith("_scoped") and value not in (None, "", [], {}):
            yield name, value


def changes_in(state: Any) -> Iterator[str]:
    """What was added, removed or set, each with the name of its part."""
    for name, value in _parts(state):
        for item in value if isinstance(value, list) else [value]:
            yield f"{name} {_named(item)}"


def names_in(event: AuditEvent) -> Iterator[str]:
    """The names of what was acted on, and of what was added to it or removed with its id."""
    for name, value in _parts(event.new_state):
        if name in ("name", "label"):
            yield str(value)
        elif isinstance(value, list) and name.endswith(("_added", "_removed")):
            yield from (f"{_named(item)} {item.get('id', '') if isinstance(item, dict) else ''}" for item in value)


def called(event: AuditEvent) -> str:
    """How what was acted on is called, with what was added to it (+) or removed (-); its id where the event has no
    name."""
    state = as_object(event.new_state)
    name = next((state[key] for key in ("name", "label", "serial_number") if state.get(key)), event.target_id)
    signs = {"_added": "+", "_removed": "-"}
    moved = [
        f"{sign}{_named(item)}"
        for key, value in _parts(state)
        for end, sign in signs.items()
        if key.endswith(end) and isinstance(value, list)
        for item in value
    ]
    more = f" and {len(moved) - _MOVED} more" if len(moved) > _MOVED else ""
    return " ".join([str(name or "without a name"), *moved[:_MOVED]]) + more


def shortened(flat: dict[str, Any]) -> dict[str, Any]:
    """The row with its `new_state` in short."""
    state = flat.get("new_state")
    if not isinstance(state, dict):
        return flat
    told = {
        name: _said(value, _CHANGED if name.endswith(("_added", "_removed")) else _NAMED)
        for name, value in _parts(state)
    }
    told |= {name: f"{len(value)} items" for name, value in state.items() if name.endswith("_scoped") and value}
    return {name: value for name, value in (flat | {"new_state": told}).items() if value != {}}


def _said(state: Any, most: int) -> Any:
    if isinstance(state, dict):
        named = state.keys() <= {"id", "name"} and isinstance(state.get("name"), str)
        return state["name"] if named and "id" in state else {name: _said(one, most) for name, one in state.items()}
    if isinstance(state, list):
        more = [f"and {len(state) - most} more"] if len(state) > most else []
        return [_said(item, most) for item in state[:most]] + more
    return f"{state[:_STATE_CHARACTERS]}..." if isinstance(state, str) and len(state) > _STATE_CHARACTERS else state
