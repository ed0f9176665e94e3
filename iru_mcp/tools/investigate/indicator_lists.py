"""The lists of Iru's in which an indicator is looked for."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from ...api.endpoint import Endpoint
from ...api.endpoints.devices import LIST_DEVICES
from ...api.endpoints.prism import (
    PRISM_APPS,
    PRISM_DEVICE_INFORMATION,
    PRISM_LAUNCH_AGENTS_AND_DAEMONS,
    PRISM_LOCAL_USERS,
    PRISM_SYSTEM_EXTENSIONS,
)
from ...api.endpoints.users import LIST_USERS
from ...api.endpoints.vulnerabilities import LIST_AFFECTED_DEVICES, LIST_DETECTIONS, LIST_VULNERABILITIES
from ..threats.reading import THREAT_ENDPOINTS
from ..vulnerabilities.lists import rank
from .indicator_matching import Search, search_alerts, search_detections, search_devices, search_prism, search_users


class SearchedList(NamedTuple):
    """One list of Iru's: in which fields each kind is looked for there, what a hit shows, and what shows more.

    With `group_by`, hits that agree in these fields are one row, and the rarest come first, since what hides behind a
    usual name is on few devices; `alone` has the fields that only a row of one hit shows. All are names with spaces
    between.
    """

    columns_by_kind: Mapping[str, str]
    search: Search
    next_tool: str
    alone: str = ""
    group_by: str = ""
    sort_key: Callable[[Sequence[Mapping[str, Any]]], Any] = len
    """By what rows are sorted, from the hits in each."""


_NAMED = ("app_name", "process_name")
_ALERT_TEXT = "threat_name process_name file_path command_line bundle_path"
_PARENT_TEXT = "parent_process.name parent_process.image_path parent_process.command_line"


def _same(kinds: str) -> dict[str, str]:
    """Kinds whose column has their name."""
    return {kind: kind for kind in kinds.split()}


def _alert_columns(parent: str) -> dict[str, str]:
    text = f"{_ALERT_TEXT} {parent}".strip()
    hashes = f"file_hash {'parent_process.sha256' if parent else ''}".strip()
    kinds = dict.fromkeys((*_NAMED, "path", "ip", "domain", "bundle_id", "launch_label"), text)
    whose = _same("serial_number device_id") | {"username": "process_owner"}
    return kinds | dict.fromkeys(("md5", "sha1", "sha256"), hashes) | whose


_ALERT_SHOWN = "detection_date threat_name status process_name file_path bundle_path command_line file_hash"

LISTS: dict[str, SearchedList] = {
    "threats": SearchedList(_alert_columns(""), partial(search_alerts, "threat"), "list_threats", _ALERT_SHOWN),
    "behavioral_detections": SearchedList(
        _alert_columns(_PARENT_TEXT),
        partial(search_alerts, "behavioral"),
        "list_threats",
        f"{_ALERT_SHOWN} parent_process.name",
    ),
    "launch_agents_and_daemons": SearchedList(
        dict.fromkeys(_NAMED, "label program program_arguments")
        | {
            "path": "path program program_arguments",
            "ip": "program_arguments",
            "domain": "program_arguments",
            "bundle_id": "label program_arguments",
            "launch_label": "label",
        },
        partial(search_prism, PRISM_LAUNCH_AGENTS_AND_DAEMONS),
        "prism_launch_agents_and_daemons",
        "created_at",
        "label path program program_arguments",
    ),
    "applications": SearchedList(
        {"app_name": "name", "process_name": "executable"} | _same("path bundle_id team_id"),
        partial(search_prism, PRISM_APPS),
        "prism_applications",
        "ad_hoc_code_signed created_at",
        "name version bundle_id team_id path",
    ),
    "local_accounts": SearchedList(
        {"username": "username"},
        partial(search_prism, PRISM_LOCAL_USERS),
        "prism_local_users",
        "user_created_at",
        "username type hidden_user",
    ),
    "vulnerable_software": SearchedList(
        {"cve": "cve_id", "app_name": "name", "bundle_id": "bundle_id", "path": "path"},
        search_detections,
        "find_devices_with_vulnerability",
        "",
        "cve_id cvss_severity name version software_summary.name software_summary.version",
        lambda group: (-rank(group[0].get("cvss_severity")), -len(group)),
    ),
    "devices": SearchedList(
        _same("serial_number device_id device_name") | {"email": "user_email", "person": "user_name"},
        search_devices,
        "list_devices",
        "platform os_version user_email last_check_in device_id",
    ),
    # Prism goes on reporting a removed device, which the device list no longer has.
    "device_information": SearchedList(
        _same("serial_number device_id"),
        partial(search_prism, PRISM_DEVICE_INFORMATION),
        "prism_device_information",
        "model_name os_version last_checkin",
    ),
    "users": SearchedList({"email": "email"}, search_users, "list_users", "id email name archived device_count"),
}
"""By the name an answer gives them; the most telling first."""

LIST_ENDPOINTS: tuple[Endpoint[Any], ...] = (
    *THREAT_ENDPOINTS,
    PRISM_APPS,
    PRISM_DEVICE_INFORMATION,
    PRISM_LAUNCH_AGENTS_AND_DAEMONS,
    PRISM_LOCAL_USERS,
    PRISM_SYSTEM_EXTENSIONS,
    LIST_DETECTIONS,
    LIST_AFFECTED_DEVICES,
    LIST_VULNERABILITIES,
    LIST_DEVICES,
    LIST_USERS,
)
