"""Prism: what devices reported in sixteen inventory categories, across the fleet."""

from typing import Any

from ..endpoint import Endpoint
from ..paging import PrismPages, Single
from ..record import Flag, Record

COMMON_COLUMNS: tuple[str, ...] = tuple(
    "device_id device__name device__family device__user_id device__user_name device__user_email blueprint_id "
    "blueprint_name tags asset_tag serial_number model_id count created_at updated_at last_changed_at "
    "last_collected_at".split()
)
"""Columns that every category has."""

COLUMNS: dict[str, tuple[str, ...]] = {
    name: tuple(columns.split())
    for name, columns in {
        # Published only as a copy of device_information; these are the names of the details section.
        "activation_lock": "activation_lock_supported activation_lock_allowed_while_supervised "
        "device_activation_lock_enabled user_activation_lock_enabled bypass_code_failed",
        "application_firewall": "status block_all_incoming logging logging_option stealth_mode version "
        "allow_signed_applications unloading",
        "apps": "name bundle_id version short_version path team_id developer_name signature obtained_from "
        "ad_hoc_code_signed bundle_size executable bundle_name bundle_type bundle_display_name bundle_region category "
        "compiler copyright minimum_system_version app_store_vendable device_based_vpp beta_app app_clip validated "
        "has_update_available installing download_canceled download_failed download_paused download_waiting "
        "dynamic_size external_version_identifier environment_variables info apple_scriptable",
        "cellular": "cellular_technology data_roaming_enabled voice_roaming_enabled modem_firmware_version "
        "personal_hotspot_enabled meid "
        + " ".join(
            f"{name}_slot_{slot}"
            for slot in (1, 2)
            for name in "carrier_settings_version current_carrier_network current_mcc current_mnc eid iccid imei "
            "is_data_preferred is_roaming is_voice_preferred label label_id phone_number "
            "subscriber_carrier_network".split()
        )
        + " slot_1 slot_2",
        "certificates": "common_name identity_certificate",
        # Published only as a copy of device_information; one column is known from users.
        "desktop_and_screensaver": "screensaver_interval",
        "device_information": "device_capacity host_name local_hostname apple_silicon model model_name "
        "model_identifier marketing_name shared_ipad os_version os_build os_name display_os_version "
        "supplemental_build_version supplemental_os_version_extra agent_version agent_installed mdm_enabled "
        "first_enrollment_date last_enrollment_date last_checkin last_checkin_agent last_checkin_mdm battery_health "
        "lost_mode_status cellular_technology data_roaming hotspot",
        "filevault": "status key_type key_escrowed regeneration_needed scheduled_key_rotation",
        "gatekeeper_and_xprotect": "gatekeeper_status trusted_developers gatekeeper_version gatekeeper_opaque_version "
        "xprotect_version malware_removal_tool_version",
        "installed_profiles": "profile_display_name payload_identifier payload_uuid profile_description organization "
        "managed removable removal_passcode encrypted signed profile_data",
        # No published example holds a row.
        "kernel_extensions": "",
        "launch_agents_and_daemons": "label path program program_arguments file_name service_domain run_at_load "
        "keep_alive is_loaded disabled is_disabled pid start_interval user_name group_name standard_out_path "
        "standard_error_path watch_paths queue_directories start_on_mount root_directory working_directory "
        "process_type domain user_agent_local_user user_agent_local_user_id",
        "local_users": "username full_name uid type hidden_user secure_token filevault_user volume_owner logged_in "
        "logged_in_time failed_logins failed_login_time password_last_set user_created_at mobile_account "
        "home_directory home_folder_secure shell directory generated_uid",
        "startup_settings": "sip ssv secure_boot_level external_boot_level any_signed_os bootstrap_token_auth "
        "bootstrap_token_escrowed kext_requires_bst software_update_requires_bst mdm_manages_kext user_manages_kext",
        "system_extensions": "name identifier team_id state short_version bundle_version categories path bundle_path "
        "is_mdm_managed",
        "transparency_database": "service application client_type status status_reason last_modified local_user",
    }.items()
}
"""The columns of each category in the published examples."""


class PrismRow(Record):
    """One Prism row. All columns but the device's id are kept as sent, since tenants differ in them."""

    device_id: str

    @property
    def values(self) -> dict[str, Any]:
        """The row as sent."""
        return {"device_id": self.device_id} | (self.model_extra or {})


class PrismCount(Record):
    """How many rows a category has; approximate when Iru says so."""

    count: int
    approximate: Flag = None


def _category(name: str, permission: str) -> Endpoint[PrismRow]:
    # https://api-docs.kandji.io - Prism. Each category is a permission of its own.
    return Endpoint(
        name=f"PRISM_{name.upper()}",
        path=f"/api/v1/prism/{name}",
        section="Prism",
        permission=permission,
        record=PrismRow,
        paging=PrismPages(),
        filters=frozenset({"blueprint_ids", "device_families", "filter", "sort_by"}),
    )


_SCREEN_NAMES = {
    "apps": "Applications",
    "application_firewall": "Application Firewall",
    "desktop_and_screensaver": "Desktop & Screensaver",
}

CATEGORIES: dict[str, Endpoint[PrismRow]] = {name: _category(name, _SCREEN_NAMES.get(name, "")) for name in COLUMNS}
"""The sixteen categories by their path name."""

PRISM_APPS = CATEGORIES["apps"]
PRISM_DEVICE_INFORMATION = CATEGORIES["device_information"]
PRISM_LAUNCH_AGENTS_AND_DAEMONS = CATEGORIES["launch_agents_and_daemons"]
PRISM_LOCAL_USERS = CATEGORIES["local_users"]
PRISM_SYSTEM_EXTENSIONS = CATEGORIES["system_extensions"]


# https://api-docs.kandji.io - Prism > Count
PRISM_COUNT = Endpoint(
    name="PRISM_COUNT",
    path="/api/v1/prism/count",
    section="Prism",
    record=PrismCount,
    paging=Single(),
    filters=frozenset({"category"}),
    required={"category": "device_information"},
)
