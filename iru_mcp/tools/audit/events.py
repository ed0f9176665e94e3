"""Who changed or viewed what in Iru itself.

Iru's log takes no filter but the dates, reaches back a bounded time, and does not say in which order it comes. So rows
are filtered here, an answer over a window that begins before the log says where the log begins, and the order that was
asked for is checked. A blueprint's event lists every item of its scope beside the few that changed: filters and rows
tell what was added, removed or set, and only count the rest.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Annotated, Any, TypedDict, Unpack

from pydantic import Field

from ...api.endpoints.audit import LIST_AUDIT_EVENTS, AuditEvent
from ...api.endpoints.devices import LIST_DEVICES
from ...api.endpoints.library import LIST_LIBRARY_ITEM_ACTIVITY
from ...api.record import read_moment
from ..kit import Check, Context, Page, RowShape, Source, listing, text_checks, tool
from ..kit.enrolled import IDENTITY, LIST_REQUESTS, named_devices
from ..kit.params import Paging, Since, Str, Until, newest_first, read_window
from .actors import ADMIN, TOKEN, Actors, is_made
from .states import changes_in, names_in, shortened
from .tokens import read_afterwards
from .window import audit_window, between_hours, say_beginning

_ROOM_FOR_A_NAME, _ROOM_FOR_A_PSEUDONYM, _ROOM_FOR_A_TOKEN = 36, 72, 600
"""Characters that a row reserves for a name, a pseudonym, and what became of a token: these are read after the page was
cut to size."""


class AuditLine(TypedDict, total=False):
    """An audited action."""

    occurred_at: str
    action: str
    target_type: str
    target_component: str
    target_id: str
    device_name: str
    serial_number: str
    actor_type: str
    actor_id: str
    actor_email: str
    actor_is: str
    new_state: Any
    afterwards: Any


@tool(LIST_AUDIT_EVENTS, optional=(LIST_DEVICES, LIST_LIBRARY_ITEM_ACTIVITY), requests=LIST_REQUESTS)
async def list_audit_events(
    ctx: Context,
    since: Since = "",
    until: Until = "",
    hours: Annotated[Str, Field(description="time of day, like 22-05, UTC or with a zone: 22-05 Europe/Berlin")] = "",
    action: Annotated[Str, Field(description="create, update, delete, view (secrets)")] = "",
    target_type: Annotated[Str, Field(description="e.g. blueprint, library_item, device, user, api_token")] = "",
    target_component: Str = "",
    target: Annotated[Str, Field(description="target_id or name, also of what was added or removed")] = "",
    changed: Annotated[Str, Field(description="text in what was added, removed or set")] = "",
    actor: Annotated[Str, Field(description="actor_id, actor_type (user, api_token) or an admin's e-mail")] = "",
    **paging: Unpack[Paging],
) -> Page[AuditLine]:
    """Iru's audit log, newest first: changes to blueprints, library items, tokens and admins, device lifecycle, views
    of secrets. With other filters give since. An actor_id is the target_id of the token that acted, or an Iru
    admin."""
    early, late = read_window(since, until, ctx.now())
    actors = ctx.companion(Actors)
    query, checks = audit_window(early, late)
    checks.append(Check("read", lambda event: _noted(ctx, actors, event)))
    if "@" in actor:
        actor = await actors.id_of(ctx.call, actor.strip())
    if hours.strip():
        checks.append(between_hours(hours.strip()))
    word = "view" if action.strip().casefold() == "read" else action  # Iru's word for a secret that was read
    for column, text in {"action": word, "target_type": target_type, "target_component": target_component}.items():
        checks += text_checks(column, text, tells=True)
    checks += text_checks("target", target, lambda event: (event.target_id, *names_in(event)), tells=names_in)
    checks += text_checks("changed", changed, lambda event: changes_in(event.new_state))
    checks += text_checks("actor", actor, attrgetter("actor_id", "actor_type"), tells=attrgetter("actor_type"))
    source = Source(
        LIST_AUDIT_EVENTS, query=query, checks=checks, promised=(lambda row: newest_first(row.occurred_at),)
    )
    room = _ROOM_FOR_A_PSEUDONYM if ctx.privacy else _ROOM_FOR_A_NAME
    shape = RowShape(AuditLine, flat=partial(_with_room, room), lean=shortened, more_columns=(*IDENTITY, *_LATER))
    page = await listing(ctx, source, shape, **paging)
    if early and not page.next_cursor:
        await say_beginning(ctx.call, page, early)
    await _name_devices(ctx, page)
    await _name_admins(ctx, page, actors)
    _fill(page, "actor_is", actors.tokens.get)
    await _tell_afterwards(ctx, page, early, actors)
    return page


def _noted(ctx: Context, actors: Actors, event: AuditEvent) -> bool:
    """Has the event's names known before they are compared; passes every event."""
    actors.note(event)
    if ctx.privacy:
        ctx.privacy.learn(event.flat())
    return True


_LATER = ("actor_email", "actor_is", "afterwards")


def _with_room(room: int, event: AuditEvent) -> dict[str, Any]:
    """The row, with ids in the columns of names that are read later, padded to the length that these may have."""
    flat = event.flat()
    if event.target_type == "device" and event.target_id:
        flat |= {name: event.target_id.ljust(room) for name in IDENTITY}
    if event.actor_type == ADMIN and event.actor_id:
        flat["actor_email"] = event.actor_id.ljust(room)
    if event.actor_type == TOKEN and event.actor_id:
        flat["actor_is"] = event.actor_id.ljust(room)
    if is_made(event) and event.target_id and event.occurred_at:
        flat["afterwards"] = f"{event.target_id} {flat['occurred_at']}".ljust(_ROOM_FOR_A_TOKEN)
    return flat


async def _name_devices(ctx: Context, page: Page[Any]) -> None:
    """Names the devices that rows are about; the device list is read for such rows alone."""
    held = [row[name].rstrip() for row in page.items for name in IDENTITY if name in row]
    enrolled = await named_devices(ctx.call, held)
    page.notes += enrolled.not_read("how devices are called")
    for name in IDENTITY:
        _fill(page, name, lambda id_: enrolled.facts(id_).get(name))  # noqa: B023


async def _name_admins(ctx: Context, page: Page[Any], actors: Actors) -> None:
    """Names the admins who acted, as far as Iru tells."""
    await actors.read(ctx.call, [row["actor_email"].rstrip() for row in page.items if "actor_email" in row])
    if _fill(page, "actor_email", actors.emails.get):
        page.notes.append("actor_email is whom the activity of a library item names with this actor_id")


async def _tell_afterwards(ctx: Context, page: Page[Any], early: datetime | None, actors: Actors) -> None:
    """Says of each token that was made what became of it."""
    made = [row["afterwards"].split() for row in page.items if "afterwards" in row]
    if not made:
        return
    oldest = min(read_moment(at) for _, at in made)
    found, reach = await read_afterwards(ctx.call, early or oldest, {token for token, _ in made})
    page.notes.append(reach)
    devices = await named_devices(ctx.call, {id_ for one in found.values() for id_ in one.ids()})

    def device(id_: str) -> str:
        return str(devices.facts(id_).get("serial_number", id_))

    def admin(id_: str) -> str:
        return actors.emails.get(id_, id_)

    _fill(page, "afterwards", lambda text: found[text.split()[0]].shown(device, admin))


def _fill(page: Page[Any], column: str, value: Callable[[str], Any]) -> bool:
    """Puts what is known of the ids in a column in their place; whether any is."""
    found = False
    for row in [row for row in page.items if column in row]:
        known = value(row[column].rstrip())
        found = found or bool(known)
        row[column] = known
        if not known:
            del row[column]
    return found
