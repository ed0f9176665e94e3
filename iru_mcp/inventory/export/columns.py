"""What type each column of an export has, and how a cell of the copy is read as that type.

SQLite keeps 0 and 1 for a flag, text for a time and JSON for a list. What leaves has the type that Iru's records
declare; for Prism, whose columns no record declares, the type is written down here. The types follow from declarations
and never from rows, so that two exports of one version have the same columns. A cell that is not of its column's type
is kept as it is: who needs strict columns (Parquet) moves it to `more`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, Literal, get_args

from ...api.record import read_moment

Type = Literal["text", "boolean", "integer", "number", "time", "texts", "json"]
"""`texts` is a list of text; `json` any JSON value."""

_COLUMNS: dict[Type, str] = {
    "boolean": (
        "apple_silicon shared_ipad data_roaming hotspot key_escrowed regeneration_needed sip ssv any_signed_os "
        "bootstrap_token_auth bootstrap_token_escrowed kext_requires_bst software_update_requires_bst "
        "mdm_manages_kext user_manages_kext hidden_user secure_token filevault_user volume_owner mobile_account "
        "home_folder_secure logged_in managed removable encrypted signed run_at_load keep_alive disabled is_disabled "
        "start_on_mount ad_hoc_code_signed app_store_vendable device_based_vpp beta_app app_clip block_all_incoming "
        "logging stealth_mode allow_signed_applications unloading trusted_developers identity_certificate "
        "is_mdm_managed activation_lock_supported activation_lock_allowed_while_supervised "
        "device_activation_lock_enabled user_activation_lock_enabled bypass_code_failed data_roaming_enabled "
        "voice_roaming_enabled personal_hotspot_enabled is_data_preferred_slot_1 is_roaming_slot_1 "
        "is_voice_preferred_slot_1 is_data_preferred_slot_2 is_roaming_slot_2 is_voice_preferred_slot_2 "
        "agent_installed is_encrypted has_passcode has_google_play_protect developer_mode_enabled "
        "android_debug_bridge_enabled unknown_app_sources_enabled runs_on_mac runs_on_iphone runs_on_ipad runs_on_tv "
        "runs_on_vision show_in_self_service restart baseline user_is_archived enrolled"
    ),
    "integer": (
        "gatekeeper_status uid failed_logins screensaver_interval start_interval file_size device_count software_count "
        "computers_count alert sync"
    ),
    "time": (
        "last_checkin last_checkin_agent last_checkin_mdm user_created_at password_last_set logged_in_time "
        "failed_login_time last_modified agent_installed_at agent_last_check_in since last_collected_at "
        "last_changed_at valid_from valid_to gone_at at opened_at resolved_at acknowledged_until muted_until "
        "reported_at last_audit_run control_reported_at created_at updated_at file_updated"
    ),
    "json": (
        "more row devices profile_data new_state metadata integration parent_process target_process malware_family "
        "informational_tags"
    ),
}
"""The columns, by type, whose type is not read off a record."""
_TYPES = {name: type_ for type_, names in _COLUMNS.items() for name in names.split()}
_STATUS_IS_A_NUMBER = frozenset({"filevault", "application_firewall"})


@cache
def type_of(table: str, name: str, record: type[Any] | None = None) -> Type:
    """The type of a column, by the table it is in and the record that declares it, if one does."""
    if name == "status" and table in _STATUS_IS_A_NUMBER:
        return "integer"
    if name in _TYPES:
        return _TYPES[name]
    field = record.model_fields.get(name) if record else None
    return _declared(field.annotation) if field else "text"


def _declared(annotation: Any) -> Type:
    parts = set(get_args(annotation) or (annotation,)) - {type(None)}
    known: dict[Any, Type] = {str: "text", bool: "boolean", datetime: "time", list[str]: "texts"}
    if len(parts) == 1 and (part := next(iter(parts))) in known:
        return known[part]
    return "number" if parts <= {int, float} else "json"


def typed(cell: Any, type_: Type) -> Any:
    """A cell as JSON has it: flags as true and false, lists and objects as such, a time as text in UTC."""
    if type_ == "boolean" and cell in (0, 1) and not isinstance(cell, float):
        return bool(cell)
    if type_ in ("texts", "json") and isinstance(cell, str):
        try:
            return json.loads(cell)
        except ValueError:
            return cell
    return cell


def strict(value: Any, type_: Type) -> Any:
    """A `typed` value as a strictly typed column holds it; times as datetime, JSON as text. Raises ValueError."""
    if type_ == "json":
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if type_ == "time":
        return read_moment(value)
    held, make = _STRICT[type_]
    if not isinstance(value, held) or isinstance(value, bool) != (type_ == "boolean"):
        raise ValueError(f"not {type_}")
    if type_ == "texts" and not all(isinstance(one, str) for one in value):
        raise ValueError("not a list of text")
    return make(value)


_STRICT: dict[Type, tuple[Any, Callable[[Any], Any]]] = {
    "text": (str | int | float, str),
    "boolean": (bool, bool),
    "integer": (int, int),
    "number": (int | float, float),
    "texts": (list, list),
}
"""By type: of which Python type a value must be, and what converts it."""
