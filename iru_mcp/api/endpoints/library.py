"""The library: apps, profiles, scripts and their status; bodies and download addresses are secrets, never read."""

from typing import Any

from ..endpoint import Endpoint
from ..paging import Offset, PageNumber, Whole
from ..record import Flag, Moment, Number, Record, Text


class LibraryItem(Record):
    """A custom app, in-house app, custom profile or custom script, without its body."""

    unique = True
    id: str
    name: Text = None
    active: Flag = None
    install_type: Text = None
    install_enforcement: Text = None
    execution_frequency: Text = None
    restart: Flag = None
    show_in_self_service: Flag = None
    file_size: Number = None
    file_updated: Moment = None
    mdm_identifier: Text = None
    app_identifier: Text = None
    app_name: Text = None
    app_version: Text = None
    sha256: Text = None
    runs_on_mac: Flag = None
    runs_on_iphone: Flag = None
    runs_on_ipad: Flag = None
    runs_on_tv: Flag = None
    runs_on_vision: Flag = None
    created_at: Moment = None
    updated_at: Moment = None


class LibraryItemStatus(Record):
    """The status of one library item on one device."""

    unique = True
    id: int
    computer: Any = None
    blueprint: Any = None
    status: Text = None
    reported_at: Moment = None
    log: Text = None
    last_audit_run: Moment = None
    last_audit_log: Text = None
    control_log: Text = None


class LibraryItemActivity(Record):
    """A change to a library item."""

    id: Text = None
    activity_type: str
    activity_time: Moment = None
    user_id: Text = None
    user_email: Text = None
    details: Any = None


class SelfServiceCategory(Record):
    """A category of the Self Service app."""

    id: str
    name: Text = None


def _kind(name: str, path: str, section: str, permission: str = "") -> Endpoint[LibraryItem]:
    # https://api-docs.kandji.io - Library Items. 300 rows a page, by page number.
    return Endpoint(
        name=name, path=path, section=section, permission=permission, record=LibraryItem, paging=PageNumber(300)
    )


LIST_CUSTOM_APPS = _kind("LIST_CUSTOM_APPS", "/api/v1/library/custom-apps", "Library > Custom Apps", "List")
LIST_IN_HOUSE_APPS = _kind("LIST_IN_HOUSE_APPS", "/api/v1/library/ipa-apps", "Library")
LIST_CUSTOM_PROFILES = _kind(
    "LIST_CUSTOM_PROFILES", "/api/v1/library/custom-profiles", "Library > Custom Profiles", "List"
)
LIST_CUSTOM_SCRIPTS = _kind("LIST_CUSTOM_SCRIPTS", "/api/v1/library/custom-scripts", "Library > Custom Scripts", "List")

# https://api-docs.kandji.io - Library Items > Get Library Item Statuses
LIST_LIBRARY_ITEM_STATUSES = Endpoint(
    name="LIST_LIBRARY_ITEM_STATUSES",
    path="/api/v1/library/library-items/{library_item_id}/status",
    section="Library",
    permission="View Library Item Status",
    record=LibraryItemStatus,
    paging=Offset(300, "results"),
    filters=frozenset({"computer_id"}),
)

# https://api-docs.kandji.io - Library Items > Get Library Item Activity. Newest first.
LIST_LIBRARY_ITEM_ACTIVITY = Endpoint(
    name="LIST_LIBRARY_ITEM_ACTIVITY",
    path="/api/v1/library/library-items/{library_item_id}/activity",
    section="Library",
    record=LibraryItemActivity,
    paging=Offset(300, "results"),
    filters=frozenset({"activity_type", "user_id", "user_email"}),
)

# https://api-docs.kandji.io - Self Service > List Self Service Categories
LIST_SELF_SERVICE_CATEGORIES = Endpoint(
    name="LIST_SELF_SERVICE_CATEGORIES",
    path="/api/v1/self-service/categories",
    section="Self Service",
    permission="List Self Service Categories",
    record=SelfServiceCategory,
    paging=Whole(),
)
