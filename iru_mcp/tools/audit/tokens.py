"""What became of an API token that an audit event made: whether it was deleted, and what it did.

A token's actions are events of the same log, with the token as actor. So the log is read once more, from the making of
the oldest token on a page to now, and counted by token. What must stay true: where the log was not read to its newest
event, the answer says how far it was.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ...api.call import Call
from ...api.endpoints.audit import LIST_AUDIT_EVENTS, AuditEvent
from ...api.record import write_moment
from ..kit.reader import SourceRows, attempt, read
from .actors import NAME_ROOM, TOKEN
from .states import called
from .window import audit_window

_PAGES = 40
_ACTIONS = 6
_NAMES = 3


@dataclass(slots=True)
class Afterwards:
    """What the log says of one token after it was made."""

    deleted: AuditEvent | None = None
    did: dict[str, list[AuditEvent]] = field(default_factory=dict)
    """Its actions by what they are, newest first."""

    def ids(self) -> set[str]:
        """The devices that it acted on."""
        return {one.target_id or "" for events in self.did.values() for one in events if _is_of_device(one)}

    def shown(self, device: Callable[[str], str], admin: Callable[[str], str]) -> dict[str, Any]:
        """In words: the deletion, and the actions by number, with what they were done to: the newest few by name.

        `device` and `admin` say how the one with an id is called, if only by that id.
        """
        if self.deleted is None or self.deleted.occurred_at is None:
            end: dict[str, Any] = {"deleted": False}
        else:
            by = admin(self.deleted.actor_id or "")
            end = {"deleted_at": write_moment(self.deleted.occurred_at), "deleted_by": by}
        ranked = sorted(self.did.items(), key=lambda item: -len(item[1]))
        did = [f"{len(events)} {what} ({_names(events, device)})" for what, events in ranked[:_ACTIONS]]
        rest = sum(len(events) for _, events in ranked[_ACTIONS:])
        return end | {"did": did + ([f"{rest} other"] if rest else []) or "nothing that is audited"}


def _is_of_device(event: AuditEvent) -> bool:
    return event.target_type == "device" and bool(event.target_id)


def _names(events: Sequence[AuditEvent], device: Callable[[str], str]) -> str:
    names = dict.fromkeys(device(one.target_id or "") if _is_of_device(one) else called(one) for one in events)
    cut = [f"{name[:NAME_ROOM]}..." if len(name) > NAME_ROOM else name for name in names]
    return ", ".join(cut[:_NAMES]) + (f" and {len(cut) - _NAMES} more" if len(cut) > _NAMES else "")


async def read_afterwards(call: Call, early: datetime, tokens: Collection[str]) -> tuple[dict[str, Afterwards], str]:
    """By token what happened since `early`, and a sentence about how far that was looked."""
    query, checks = audit_window(early, None)
    found = await attempt(lambda: read(call, LIST_AUDIT_EVENTS, query, checks, pages=_PAGES))
    afterwards = {token: Afterwards() for token in tokens}
    for event in found.records:
        if event.actor_id in afterwards:
            words = filter(None, (event.action, event.target_type, event.target_component))
            afterwards[event.actor_id].did.setdefault(" ".join(words), []).append(event)
        is_deletion = event.target_type == TOKEN and (event.action or "").casefold().startswith("delet")
        if is_deletion and event.target_id in afterwards:
            afterwards[event.target_id].deleted = event
    return afterwards, _reach(found.value, early, len(found.records), found.state)


def _reach(rows: SourceRows[AuditEvent] | None, early: datetime, count: int, state: str) -> str:
    told = "afterwards: what each token did and whether it was deleted, by the audit log, which has changes and views"
    if rows is None:
        return f"what the tokens did afterwards was not read: {state}"
    if rows.missing:
        oldest = min((write_moment(event.occurred_at) for event in rows.records if event.occurred_at), default="")
        return f"{told}; only the newest {count:,} events were looked at{f', back to {oldest}' if oldest else ''}"
    return f"{told} of secrets, from {write_moment(early)} to now ({count:,} events)"
