"""What became of an API token that an audit event made: whether it was deleted, and what it did.

A token's actions are events of the same log, with the token as actor. So the log is read once more, from the making of
the oldest token on a page to now, and counted by token. What must stay true: where the log was not read to its newest
event, the answer says how far it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ...api.call import Call
from ...api.endpoints.audit import LIST_AUDIT_EVENTS, AuditEvent
from ...api.record import write_moment
from ..kit.reader import SourceRows, attempt, read
from .window import audit_window

TOKEN = "api_token"  # noqa: S105 - a word of Iru's, not a token
_PAGES = 40
_ACTIONS = 6


@dataclass(slots=True)
class Afterwards:
    """What the log says of one token after it was made."""

    deleted: AuditEvent | None = None
    did: Counter[str] = field(default_factory=Counter)

    def shown(self) -> dict[str, Any]:
        """In words: the deletion, and the actions by number."""
        if self.deleted is None or self.deleted.occurred_at is None:
            end: dict[str, Any] = {"deleted": False}
        else:
            end = {"deleted_at": write_moment(self.deleted.occurred_at), "deleted_by": self.deleted.actor_id}
        common = self.did.most_common(_ACTIONS)
        rest = self.did.total() - sum(count for _, count in common)
        did = [f"{count} {what}" for what, count in common] + ([f"{rest} other"] if rest else [])
        return end | {"did": did or "nothing that is audited"}


def is_made(event: AuditEvent) -> bool:
    """Whether the event is the making of a token."""
    return event.target_type == TOKEN and event.action == "create"


async def read_afterwards(call: Call, early: datetime, tokens: Collection[str]) -> tuple[dict[str, Afterwards], str]:
    """By token what happened since `early`, and a sentence about how far that was looked."""
    query, checks = audit_window(early, None)
    found = await attempt(lambda: read(call, LIST_AUDIT_EVENTS, query, checks, pages=_PAGES))
    events = found.records
    afterwards = {token: Afterwards() for token in tokens}
    for event in events:
        if event.actor_id in afterwards:
            afterwards[event.actor_id].did[" ".join(filter(None, _words(event)))] += 1
        if (
            event.target_id in afterwards
            and event.target_type == TOKEN
            and (event.action or "").casefold().startswith("delet")
        ):
            afterwards[event.target_id].deleted = event
    return afterwards, _reach(found.value, early, len(events), found.state)


def _words(event: AuditEvent) -> tuple[str | None, ...]:
    return event.action, event.target_type, event.target_component


def _reach(rows: SourceRows[AuditEvent] | None, early: datetime, count: int, state: str) -> str:
    told = "afterwards: what each token did and whether it was deleted, by the audit log, which has changes and views"
    if rows is None:
        return f"what the tokens did afterwards was not read: {state}"
    if rows.missing:
        oldest = _oldest(rows.records)
        return f"{told}; only the newest {count:,} events were looked at{f', back to {oldest}' if oldest else ''}"
    return f"{told} of secrets, from {write_moment(early)} to now ({count:,} events)"


def _oldest(events: Sequence[AuditEvent]) -> str:
    return min((write_moment(event.occurred_at) for event in events if event.occurred_at), default="")
