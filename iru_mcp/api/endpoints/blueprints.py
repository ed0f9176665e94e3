"""Blueprints and blueprint routing, without enrollment codes: those are secrets and never read out of an answer."""

from typing import Annotated, Any

from pydantic import BeforeValidator

from ..endpoint import Endpoint
from ..paging import Offset
from ..record import Moment, Number, Record, Text

_SECTION = "Blueprints > Blueprints Management"


class Blueprint(Record):
    """A set of settings and software that devices are assigned to. `type` is classic or map."""

    unique = True
    id: str
    name: Text = None
    type: Text = None
    description: Text = None
    computers_count: Number = None
    icon: Text = None
    color: Text = None


class BlueprintItem(Record):
    """A library item of a blueprint."""

    unique = True
    id: str
    name: Text = None


def _without_code(details: object) -> object:
    """What changed, where an enrollment code did: that it changed, never from what to what."""
    return details | {"code": "changed"} if isinstance(details, dict) and "code" in details else details


class RoutingActivity(Record):
    """A device that was routed to or from a blueprint."""

    id: Text = None
    activity_type: str
    activity_time: Moment = None
    device_id: Text = None
    user: Any = None
    details: Annotated[Any, BeforeValidator(_without_code)] = None


# https://api-docs.kandji.io - Blueprints > List Blueprints
LIST_BLUEPRINTS = Endpoint(
    name="LIST_BLUEPRINTS",
    path="/api/v1/blueprints",
    section=_SECTION,
    permission="List Blueprints",
    record=Blueprint,
    paging=Offset(300, "results"),
    filters=frozenset({"id", "id__in", "name"}),
)

# https://api-docs.kandji.io - Blueprints > List Library Items
LIST_BLUEPRINT_LIBRARY_ITEMS = Endpoint(
    name="LIST_BLUEPRINT_LIBRARY_ITEMS",
    path="/api/v1/blueprints/{blueprint_id}/list-library-items",
    section=_SECTION,
    record=BlueprintItem,
    paging=Offset(300, "results"),
)

# https://api-docs.kandji.io - Blueprint Routing > Get Blueprint Routing Activity
LIST_BLUEPRINT_ROUTING_ACTIVITY = Endpoint(
    name="LIST_BLUEPRINT_ROUTING_ACTIVITY",
    path="/api/v1/blueprint-routing/activity",
    section="Blueprints",
    record=RoutingActivity,
    paging=Offset(300, "results"),
)
