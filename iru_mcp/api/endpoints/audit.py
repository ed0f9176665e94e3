"""The workspace audit log: who changed or read what in Iru itself."""

from typing import Any

from ..endpoint import Endpoint
from ..paging import NextCursor
from ..record import Moment, Record, Text


class AuditEvent(Record):
    """One audited action; `actor_id` of a user is an Iru admin, not a user of the directory."""

    unique = True
    id: str
    action: Text = None
    occurred_at: Moment = None
    actor_id: Text = None
    actor_type: Text = None
    target_id: Text = None
    target_type: Text = None
    target_component: Text = None
    new_state: Any = None
    metadata: Any = None


# https://api-docs.kandji.io - Audit Log > List Audit Events. At most 500 rows; a year back; no filter but the dates.
LIST_AUDIT_EVENTS = Endpoint(
    name="LIST_AUDIT_EVENTS",
    path="/api/v1/audit/events",
    section="Audit Logs",
    permission="List Audit Events",
    record=AuditEvent,
    paging=NextCursor(500),
    filters=frozenset({"sort_by", "start_date", "end_date"}),
)
