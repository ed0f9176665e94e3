"""Users of the directory that Iru syncs from."""

from typing import Any

from ..endpoint import Endpoint
from ..paging import NextCursor, Single
from ..record import Flag, Moment, Number, Record, Text


class User(Record):
    """A person in Iru's user directory; several records may share one e-mail address."""

    unique = True
    id: str
    email: Text = None
    name: Text = None
    department: Text = None
    job_title: Text = None
    active: Flag = None
    archived: Flag = None
    device_count: Number = None
    created_at: Moment = None
    updated_at: Moment = None
    integration: Any = None
    deprecated_user_id: Text = None


# https://api-docs.kandji.io - Users > List Users. No parameter for the page size is published, so none is sent.
LIST_USERS = Endpoint(
    name="LIST_USERS",
    path="/api/v1/users",
    section="Users > Users",
    permission="List users",
    record=User,
    paging=NextCursor(300, size_name=""),
    filters=frozenset({"email", "id", "integration_id", "archived"}),
)

# https://api-docs.kandji.io - Users > Get User
GET_USER = Endpoint(
    name="GET_USER",
    path="/api/v1/users/{user_id}",
    section="Users > Users",
    record=User,
    paging=Single(),
)
