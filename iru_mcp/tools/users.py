"""People in the directory that Iru syncs from."""

from typing import Annotated, Any, TypedDict, Unpack, cast

from pydantic import Field

from ..api.endpoints.users import GET_USER, LIST_USERS
from ..errors import NotFound, UsageError
from .kit import Check, Context, Page, RowShape, Source, flag_checks, listing, text_checks, tool
from .kit.params import NamePart, Paging, Str, equals

_DIRECTORY_REQUESTS = 120


class UserLine(TypedDict, total=False):
    """A user of the directory."""

    id: str
    email: str
    name: str
    department: str
    job_title: str
    archived: bool
    device_count: int


class UserDetails(TypedDict, total=False):
    """What get_user_by_id returns."""

    id: str
    email: str
    name: str
    department: str
    job_title: str
    active: bool
    archived: bool
    device_count: int
    created_at: str
    updated_at: str
    integration: dict[str, Any]


_SHAPE = RowShape(
    UserLine, lean=lambda flat: {name: value for name, value in flat.items() if name != "archived" or value}
)


@tool(LIST_USERS, requests=_DIRECTORY_REQUESTS)
async def get_user(
    ctx: Context,
    email: Annotated[str, Field(description="whole address, any letter case", min_length=3, max_length=300)],
) -> Page[UserLine]:
    """Iru's user records for one e-mail address; several may share it. The devices they hold: find_devices_for_user."""
    wanted = email.strip()
    if "@" not in wanted:
        raise UsageError("email is not an address.", "Give the whole address, or search with list_users.")
    is_wanted = equals(wanted)
    source = Source(LIST_USERS, narrow={"email": wanted}, checks=[Check("email", lambda user: is_wanted(user.email))])
    page = await listing(ctx, source, _SHAPE, limit=25)
    page.next_cursor = ""
    if not page.complete:
        page.notes.append("not every user could be looked at; list_users with email goes on page by page")
    elif not page.items:
        page.notes.append(
            f"Iru has no user with the address {wanted}; list_users searches by a part of name or address"
        )
    return page


@tool(GET_USER)
async def get_user_by_id(
    ctx: Context,
    user_id: Annotated[str, Field(description="id from get_user or list_users", min_length=1, max_length=100)],
) -> UserDetails:
    """One Iru user record by its id. The actor_id of an audit event is no such id: Iru does not name its admins."""
    try:
        record = await ctx.call.fetch(GET_USER, user_id=user_id.strip())
    except NotFound as error:
        remedy = "Ids are in list_users. An audit event's actor_id is an admin's or a token's, whom Iru does not name."
        raise NotFound(error.fact, remedy) from None
    return cast("UserDetails", record.flat())


@tool(LIST_USERS, requests=_DIRECTORY_REQUESTS)
async def list_users(
    ctx: Context,
    name: NamePart = "",
    email: Annotated[NamePart, Field(description="any part of the address")] = "",
    department: Str = "",
    job_title: Str = "",
    archived: Annotated[bool | None, Field(description="true: only people who left")] = None,
    has_devices: bool | None = None,
    **paging: Unpack[Paging],
) -> Page[UserLine]:
    """People in Iru's directory. With a whole address use get_user."""
    checks = [
        *text_checks("name", name),
        *text_checks("email", email),
        *text_checks("department", department, tells=True),
        *text_checks("job_title", job_title, tells=True),
        *flag_checks(
            "has_devices", has_devices, lambda user: None if user.device_count is None else user.device_count > 0
        ),
        *flag_checks("archived", archived),
    ]
    return await listing(ctx, Source(LIST_USERS, checks=checks), _SHAPE, **paging)
