"""Who changed or read what in Iru itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, TypedDict

from pydantic import Field

from ..api.endpoints.audit import LIST_AUDIT_EVENTS, AuditEvent
from ..api.record import write_moment
from .kit.answers import Page
from .kit.catalogue import tool
from .kit.context import Context
from .kit.listing import listing
from .kit.params import Cursor, Fields, Limit, Since, Str, Until, contains, read_window, within
from .kit.rows import RowShape
from .kit.scan import Check, Source

_STATE_CHARACTERS = 160
_NAMED = 5


class AuditLine(TypedDict, total=False):
    """An audited action."""

    occurred_at: str
    action: str
    target_type: str
    target_component: str
    target_id: str
    actor_type: str
    actor_id: str
    new_state: Any


def _readable(flat: dict[str, Any]) -> dict[str, Any]:
    """The row with what was set as a reader says it: things by name, long lists counted; `fields` gives it whole."""
    return flat | ({"new_state": _said(flat["new_state"])} if "new_state" in flat else {})


def _said(state: Any) -> Any:
    if isinstance(state, dict):
        named = state.keys() <= {"id", "name"} and isinstance(state.get("name"), str)
        return state["name"] if named and "id" in state else {name: _said(value) for name, value in state.items()}
    if isinstance(state, list):
        more = [f"and {len(state) - _NAMED} more"] if len(state) > _NAMED else []
        return [_said(item) for item in state[:_NAMED]] + more
    return f"{state[:_STATE_CHARACTERS]}..." if isinstance(state, str) and len(state) > _STATE_CHARACTERS else state


@tool(LIST_AUDIT_EVENTS)
async def list_audit_events(
    ctx: Context,
    since: Since = "",
    until: Until = "",
    action: Annotated[Str, Field(description="create, update, delete; read for secrets")] = "",
    target_type: Annotated[Str, Field(description="e.g. blueprint, library_item, device, user, api_token")] = "",
    target: Annotated[Str, Field(description="target_id, e.g. of the token that acted; or text in what was set")] = "",
    actor: Annotated[Str, Field(description="actor_id or actor_type (user, api_token)")] = "",
    fields: Fields = (),
    limit: Limit = 25,
    cursor: Cursor = "",
) -> Page[AuditLine]:
    """Iru's audit log, newest first: changes to blueprints, library items, tokens and admins, device lifecycle, reads
    of secrets. Iru filters by time only, so with other filters give since. An actor_id is the target_id of the token
    that acted, or an Iru admin, whose name Iru does not give."""
    early, late = read_window(since, until, ctx.now())
    query, checks = audit_window(early, late)
    for name, wanted, texts in (
        ("action", action, lambda event: (event.action,)),
        ("target_type", target_type, lambda event: (event.target_type,)),
        ("target", target, lambda event: (event.target_id, event.target_type, str(event.new_state))),
        ("actor", actor, lambda event: (event.actor_id, event.actor_type)),
    ):
        if wanted.strip():
            checks.append(_has(name, wanted.strip(), texts))
    source = Source(LIST_AUDIT_EVENTS, query=query, checks=checks)
    return await listing(ctx, source, RowShape(AuditLine, lean=_readable), limit=limit, cursor=cursor, fields=fields)


def audit_window(early: datetime | None, late: datetime | None) -> tuple[dict[str, str | int], list[Check[AuditEvent]]]:
    """What asks Iru for the events between two moments, newest first, and the checks that prove them.

    Iru is asked for a second more, as it may take the end for the beginning of its second.
    """
    asked = late + timedelta(seconds=1) if late else None
    query: dict[str, str | int] = {"sort_by": "-occurred_at"}
    query |= {"start_date": write_moment(early)} if early else {}
    query |= {"end_date": write_moment(asked)} if asked else {}
    if not query.keys() & {"start_date", "end_date"}:
        return query, []
    return query, [
        Check("since/until", lambda event: within(event.occurred_at, early, asked), sent=True),
        Check("until", lambda event: within(event.occurred_at, early, late)),
    ]


def _has(name: str, wanted: str, texts: Any) -> Check[AuditEvent]:
    test = contains(wanted)
    return Check(name, lambda event: any(test(text) for text in texts(event)))
