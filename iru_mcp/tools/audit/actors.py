"""Who acted: the admins and API tokens that the audit log names by an id alone.

The making of a token is an event with its name. Of its admins Iru has no published list, but the activity of a library
item, and of blueprint routing, names the admin who acted by id and address. What these tell is kept for as long as the
client lives, and of an admin who is not known yet, the activity of one library item is read that the audit log says
they changed. What must stay true: a name is only what Iru said of that id, and a whole address is asked for, or a name
that privacy mode hides could be guessed letter by letter.
"""

from collections.abc import Iterable
from typing import Any

from ...api.call import Call
from ...api.client import IruClient
from ...api.endpoints.audit import LIST_AUDIT_EVENTS, AuditEvent
from ...api.endpoints.library import LIST_LIBRARY_ITEM_ACTIVITY
from ...api.record import write_moment
from ...errors import UsageError
from ...folding import fold
from ..kit.reader import attempt
from .states import called

ADMIN, TOKEN = "user", "api_token"
"""The actor_type of an admin and of an API token."""
_MOST = 5_000
"""Admins and tokens that are remembered, and items by which an admin may be found."""
NAME_ROOM = 60
"""Characters of one name."""
_ASKED = 4
"""Library items whose activity one question may read."""


class Actors:
    """The admins and API tokens of a tenant that are known by now."""

    def __init__(self, _: IruClient) -> None:
        self.emails: dict[str, str] = {}
        """Addresses of admins by id."""
        self.tokens: dict[str, str] = {}
        """By id of a token: its name, and when it was made."""
        self._items: dict[str, str] = {}

    async def aclose(self) -> None:
        """There is nothing to close."""

    def learn(self, admin_id: Any, email: Any) -> None:
        """Remember what a list of Iru's says of an admin."""
        if isinstance(admin_id, str) and isinstance(email, str) and "@" in email and len(self.emails) < _MOST:
            self.emails[admin_id] = email

    def note(self, event: AuditEvent) -> None:
        """Remember the token that was made, or the library item that an admin changed."""
        if is_made(event) and event.target_id and event.occurred_at and len(self.tokens) < _MOST:
            made = write_moment(event.occurred_at)
            self.tokens[event.target_id] = f"API token {called(event)[:NAME_ROOM]}, made {made}"
        self._note_item(event)

    def _note_item(self, event: AuditEvent) -> None:
        if event.actor_type == ADMIN and event.target_type == "library_item" and len(self._items) < _MOST:
            self._items.setdefault(event.actor_id or "", event.target_id or "")

    async def read(self, call: Call, admin_ids: Iterable[str]) -> None:
        """Learn who these are, of items that they changed. The tool names LIST_LIBRARY_ITEM_ACTIVITY."""
        unknown = [one for one in dict.fromkeys(admin_ids) if one not in self.emails and one in self._items]
        for admin_id in unknown[:_ASKED]:
            item = self._items.pop(admin_id)
            activity = await attempt(lambda: call.page(LIST_LIBRARY_ITEM_ACTIVITY, library_item_id=item))  # noqa: B023
            for record in filter(None, activity.value.records if activity.value else ()):
                self.learn(record.user_id, record.user_email)

    async def named(self, call: Call, read: Iterable[AuditEvent], shown: Iterable[AuditEvent]) -> list[AuditEvent]:
        """The events of `shown`, with `actor_email` where it is known; `read` are all that may help to learn it. The
        tool names LIST_LIBRARY_ITEM_ACTIVITY."""
        for event in read:
            self._note_item(event)
        events = list(shown)
        await self.read(call, [event.actor_id or "" for event in events if event.actor_type == ADMIN])
        return [self._with_email(event) for event in events]

    def _with_email(self, event: AuditEvent) -> AuditEvent:
        email = self.emails.get(event.actor_id or "") if event.actor_type == ADMIN else None
        return event.model_copy(update={"actor_email": email}) if email else event

    async def id_of(self, call: Call, email: str) -> str:
        """The id of the admin with this whole address. Raises UsageError when it is not known."""
        wanted = fold(email)
        for tried in (False, True):
            for admin_id, known in self.emails.items():
                if fold(known) == wanted:
                    return admin_id
            if not tried:
                newest = await call.page(LIST_AUDIT_EVENTS, query={"sort_by": "-occurred_at"})
                for event in filter(None, newest.records):
                    self._note_item(event)
                await self.read(call, list(self._items))
        known_ones = ", ".join(sorted(set(self.emails.values()))[:5]) or "none"
        raise UsageError(
            "Which actor_id this address has is not known: Iru's audit log has ids only.",
            f"Known: {known_ones}. list_library_item_activity of an item they changed tells more, then repeat.",
        )


def is_made(event: AuditEvent) -> bool:
    """Whether the event is the making of a token."""
    return event.target_type == TOKEN and event.action == "create"
