"""Which function answers for which endpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..world.tenant import Tenant
from . import (
    audit,
    behaviors,
    devices,
    history,
    libraries,
    organization,
    prism,
    status,
    threats,
    users,
    vulnerabilities,
)
from .query import Query

Route = Callable[[Tenant, Mapping[str, str], Query], Any]

ROUTES: dict[str, Route] = {
    name: route
    for module in (
        audit,
        behaviors,
        devices,
        history,
        libraries,
        organization,
        prism,
        status,
        threats,
        users,
        vulnerabilities,
    )
    for name, route in module.ROUTES.items()
}
"""By the endpoint's name; `answers(tenant, ids, query)` gives the JSON or raises Fault."""
