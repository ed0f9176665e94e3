"""The tables of the library: custom items, what is in which blueprint, and how each item stands on each device."""

from ..api.endpoint import Endpoint
from ..api.endpoints.blueprints import LIST_BLUEPRINT_LIBRARY_ITEMS
from ..api.endpoints.library import (
    LIST_CUSTOM_APPS,
    LIST_CUSTOM_PROFILES,
    LIST_CUSTOM_SCRIPTS,
    LIST_IN_HOUSE_APPS,
    LIST_LIBRARY_ITEM_STATUSES,
    LibraryItem,
)
from .kind import Kind, table
from .sync.row_shapes import of_blueprint_item, of_item_status

_BODIES = (
    "profile script remediation_script preinstall_script postinstall_script audit_script file_url file_key icon "
    "ipad_icon unzip_location"
)
"""Scripts, profiles and download addresses: they may hold secrets, and are never copied."""
_RUNS_ON = "runs_on_mac runs_on_iphone runs_on_ipad runs_on_tv runs_on_vision"


def _items(name: str, holds: str, endpoint: Endpoint[LibraryItem], columns: str) -> Kind:
    columns = f"id name active {columns} created_at updated_at"
    return table(name, holds, columns, endpoint=endpoint, key="id", skipped=_BODIES)


LIBRARY_TABLES: tuple[Kind, ...] = (
    _items(
        "custom_apps",
        "a custom app of the library, without its scripts",
        LIST_CUSTOM_APPS,
        "install_type install_enforcement restart show_in_self_service file_size file_updated sha256",
    ),
    _items(
        "in_house_apps",
        "an in-house app of the library",
        LIST_IN_HOUSE_APPS,
        f"app_identifier app_name app_version minimum_os_version sha256 file_size file_updated {_RUNS_ON}",
    ),
    _items(
        "custom_profiles",
        "a custom profile of the library, without its body",
        LIST_CUSTOM_PROFILES,
        f"mdm_identifier {_RUNS_ON}",
    ),
    _items(
        "custom_scripts",
        "a custom script of the library, without its body",
        LIST_CUSTOM_SCRIPTS,
        "execution_frequency restart show_in_self_service",
    ),
    table(
        "blueprint_library_items",
        "a library item of any type that is in a blueprint",
        endpoint=LIST_BLUEPRINT_LIBRARY_ITEMS,
        parents=(("blueprints", "id"),),
        shape=of_blueprint_item,
        key="blueprint_id library_item_id",
        columns="blueprint_id library_item_id library_item_name",
    ),
    table(
        "library_item_status",
        "how a library item stands on a device; log holds the last lines; reported_at is NULL while pending",
        words={"status": "pass failed pending change_pending available cached downloading excluded incompatible"},
        endpoint=LIST_LIBRARY_ITEM_STATUSES,
        parents=(
            ("blueprint_library_items", "library_item_id"),
            *((name, "id") for name in ("custom_apps", "in_house_apps", "custom_profiles", "custom_scripts")),
        ),
        shape=of_item_status,
        device="device_id",
        key="library_item_id",
        columns="library_item_id status log last_audit_log control_log",
        changed="reported_at",
        skipped="id computer blueprint last_audit_run control_reported_at",
        telling="library_item_id status",
    ),
)
