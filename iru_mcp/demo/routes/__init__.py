"""Which function answers for which endpoint."""

from collections.abc import Callable, Mapping
from typing import Any

from ..world import DemoTenant
from . import audit, devices, history, libraries, organization, prism, status, threats, vulnerabilities
from .query import Query

Route = Callable[[DemoTenant, Mapping[str, str], Query], Any]

_AREAS = (audit, devices, history, libraries, organization, prism, status, threats, vulnerabilities)
ROUTES: dict[str, Route] = {name: route for area in _AREAS for name, route in area.ROUTES.items()}
"""By the endpoint's name; `route(tenant, ids, query)` gives the JSON or raises Fault."""
