"""Answers for /users: cursor pages of 25, `next` on the web host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ..world.data import Row
from ..world.people import INTEGRATION, DemoPerson
from ..world.tenant import DemoTenant
from .query import WEB_HOST, Query, contains, cursor, cursor_numbers, one_of, truth

_PAGE = 25


def _listed(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    (start,) = cursor_numbers(query.get("cursor", ""), "p=", (0,))
    found = [person for person in tenant.people if _fits(person, query)]
    rows = [person for person in found if person.number >= start]
    following = _link(rows[_PAGE].number) if len(rows) > _PAGE else None
    before = [person for person in found if person.number < start][-_PAGE:]
    return {
        "next": following,
        "previous": _link(before[0].number) if before else None,
        "results": [person.record(tenant.held[person.id]) for person in rows[:_PAGE]],
    }


def _link(number: int) -> str:
    return f"{WEB_HOST}/api/v1/users?cursor={quote(cursor(f'p={number}'), safe='')}"


def _fits(person: DemoPerson, query: Query) -> bool:
    archived = truth(query.get("archived", ""))
    return (
        contains(query.get("email", ""))(person.email)
        and query.get("id", person.id) == person.id
        and query.get("integration_id", INTEGRATION["uuid"]) == INTEGRATION["uuid"]
        and archived in (None, person.archived)
    )


def _one(tenant: DemoTenant, ids: Mapping[str, str], query: Query) -> Row:
    person = one_of(tenant.people, lambda person: person.id == ids["user_id"])
    return person.record(tenant.held[person.id])


ROUTES: dict[str, Any] = {"LIST_USERS": _listed, "GET_USER": _one}
