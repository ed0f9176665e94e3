"""What is most useful of each Prism category, and a filter that fits it."""

from __future__ import annotations

from collections.abc import Iterable

from ...api.endpoints.prism import COLUMNS

USEFUL: dict[str, tuple[str, ...]] = {
    name: tuple(columns.split())
    for name, columns in {
        "activation_lock": "activation_lock_supported device_activation_lock_enabled user_activation_lock_enabled",
        "application_firewall": "status block_all_incoming stealth_mode logging",
        "apps": "name version bundle_id team_id path obtained_from ad_hoc_code_signed",
        "cellular": "current_carrier_network_slot_1 phone_number_slot_1 is_roaming_slot_1 "
        "data_roaming_enabled personal_hotspot_enabled",
        "certificates": "common_name identity_certificate",
        "desktop_and_screensaver": "screensaver_interval",
        "device_information": "model_name os_version agent_version mdm_enabled last_checkin",
        "filevault": "status key_type key_escrowed regeneration_needed",
        "gatekeeper_and_xprotect": "gatekeeper_status trusted_developers xprotect_version",
        "installed_profiles": "profile_display_name payload_identifier organization managed removable signed",
        "kernel_extensions": "",
        "launch_agents_and_daemons": "label path program program_arguments service_domain run_at_load is_loaded",
        "local_users": "username full_name uid type hidden_user secure_token home_directory",
        "startup_settings": "sip ssv secure_boot_level external_boot_level bootstrap_token_escrowed",
        "system_extensions": "name identifier team_id state short_version is_mdm_managed",
        "transparency_database": "service application status status_reason local_user last_modified",
    }.items()
}
"""Columns that are shown unless others are asked for, beside the device's name and serial number."""

EXAMPLES: dict[str, str] = {
    "activation_lock": '{"user_activation_lock_enabled":{"eq":true}}',
    "application_firewall": '{"status":{"eq":false}}',
    "apps": '{"name":{"like":["zoom"]}}',
    "cellular": '{"data_roaming_enabled":{"eq":true}}',
    "certificates": '{"common_name":{"like":["Root CA"]}}',
    "desktop_and_screensaver": '{"last_collected_at":{"gte":"2026-11-01T00:00:00Z"}}',
    "device_information": '{"model_name":{"like":["MacBook Air"]}}',
    "filevault": '{"status":{"eq":false}}',
    "gatekeeper_and_xprotect": '{"gatekeeper_status":{"eq":false}}',
    "installed_profiles": '{"payload_identifier":{"like":["com.example"]}}',
    "kernel_extensions": '{"device_name":{"like":["MacBook"]}}',
    "launch_agents_and_daemons": '{"program_arguments":{"like":["/tmp/"]}}',
    "local_users": '{"type":{"in":["Admin"]},"hidden_user":{"eq":true}}',
    "startup_settings": '{"sip":{"eq":false}}',
    "system_extensions": '{"team_id":{"in":["P3FGV63VK7"]}}',
    "transparency_database": '{"service":{"like":["Full Disk Access"]},"status":{"in":["Allowed"]}}',
}
"""A filter in each category's own columns."""

if set(USEFUL) != set(COLUMNS) or set(EXAMPLES) != set(COLUMNS):
    raise ValueError("a category without its columns or example")

PRISMS_WORDS = {
    "device_name": "device__name",
    "user_name": "device__user_name",
    "user_email": "device__user_email",
    "device_family": "device__family",
}
"""What the device list calls a column, and Prism something else."""


def in_prisms_words(name: str) -> str:
    """A column as Prism calls it, `-` before it kept."""
    sign = "-" if name.startswith("-") else ""
    return sign + PRISMS_WORDS.get(name.removeprefix("-"), name.removeprefix("-"))


def in_our_words(names: Iterable[str]) -> tuple[str, ...]:
    """Columns as every tool calls them."""
    ours = {theirs: name for name, theirs in PRISMS_WORDS.items()}
    return tuple(ours.get(name, name) for name in names)
