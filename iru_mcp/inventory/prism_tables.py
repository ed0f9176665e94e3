"""The tables that are Prism categories: what devices reported, across the fleet."""

from __future__ import annotations

from ..api.endpoints.prism import CATEGORIES, COLUMNS, COMMON_COLUMNS
from .kind import Kind
from .sync.device_rows import APPS, PerDevice

_OF_THE_DEVICE = frozenset(COMMON_COLUMNS) - {"device_id"}


def _prism(  # noqa: PLR0913 - the parts in which categories differ
    name: str,
    category: str,
    holds: str,
    key: str,
    columns: str,
    *,
    latest: str = "",
    family: str = "",
    skip: str = "",
    telling: str = "",
    per_device: PerDevice | None = None,
) -> Kind:
    return Kind(
        name=name,
        holds=holds,
        endpoint=CATEGORIES[category],
        device="device_id",
        key=tuple(key.split()),
        columns=tuple(columns.split()),
        latest=tuple(latest.split()),
        since="created_at",
        changed="last_changed_at",
        skipped=_OF_THE_DEVICE | frozenset(skip.split()),
        family=family,
        telling=tuple(telling.split()),
        moves=("path",) if family else (),
        prism=True,
        per_device=per_device,
    )


PRISM_TABLES: tuple[Kind, ...] = (
    _prism(
        "device_information",
        "device_information",
        "hardware and OS build of an Apple device; use devices.last_check_in, not last_checkin, and devices.os_version",
        "",
        "device_capacity host_name local_hostname apple_silicon model model_name model_identifier marketing_name "
        "shared_ipad os_build os_name display_os_version battery_health cellular_technology data_roaming hotspot",
        latest="last_checkin last_checkin_agent last_checkin_mdm",
        skip="os_version supplemental_build_version supplemental_os_version_extra agent_version agent_installed "
        "mdm_enabled first_enrollment_date last_enrollment_date lost_mode_status",  # devices has them
    ),
    _prism(
        "filevault",
        "filevault",
        "disk encryption of a Mac: status 1 is on",
        "",
        "status key_type key_escrowed regeneration_needed scheduled_key_rotation",
    ),
    _prism(
        "startup_settings",
        "startup_settings",
        "SIP, sealed system volume and secure boot of a Mac",
        "",
        "sip ssv secure_boot_level external_boot_level any_signed_os bootstrap_token_auth bootstrap_token_escrowed "
        "kext_requires_bst software_update_requires_bst mdm_manages_kext user_manages_kext",
    ),
    _prism(
        "local_users",
        "local_users",
        "a local account on a Mac; type is as the Mac says it: anything but Standard may administer it",
        "username generated_uid",
        "username full_name uid type hidden_user secure_token filevault_user volume_owner user_created_at "
        "mobile_account home_directory home_folder_secure shell directory generated_uid password_last_set",
        latest="logged_in logged_in_time failed_logins failed_login_time",
        telling="username type hidden_user secure_token filevault_user user_created_at",
    ),
    _prism(
        "profiles",
        "installed_profiles",
        "a configuration profile on a Mac",
        "payload_identifier payload_uuid",
        "profile_display_name payload_identifier payload_uuid profile_description organization managed removable "
        "encrypted signed profile_data",
        skip="removal_passcode",
        telling="profile_display_name payload_identifier managed",
    ),
    _prism(
        "launch_items",
        "launch_agents_and_daemons",
        "a launch agent or daemon on a Mac",
        "label path user_agent_local_user",
        "label path program program_arguments file_name service_domain run_at_load keep_alive disabled is_disabled "
        "start_interval user_name group_name standard_out_path standard_error_path watch_paths queue_directories "
        "start_on_mount root_directory working_directory process_type user_agent_local_user",
        family="label",
        skip="pid is_loaded domain user_agent_local_user_id",
        telling="label path program program_arguments run_at_load since",
    ),
    _prism(
        "apps",
        "apps",
        "an app on a device of any platform; Windows and Android name neither team_id nor since",
        "bundle_id name path",
        "name version short_version bundle_id path team_id developer_name signature obtained_from ad_hoc_code_signed "
        "executable bundle_name bundle_type bundle_display_name bundle_region category compiler copyright "
        "minimum_system_version app_store_vendable device_based_vpp beta_app app_clip",
        family="bundle_id",
        skip="installing download_canceled download_failed download_paused download_waiting dynamic_size bundle_size "
        "has_update_available validated external_version_identifier environment_variables info apple_scriptable",
        telling="name version bundle_id path team_id ad_hoc_code_signed since",
        per_device=APPS,
    ),
    _prism(
        "application_firewall",
        "application_firewall",
        "the application firewall of a Mac: status 1 is on",
        "",
        "status block_all_incoming logging logging_option stealth_mode version allow_signed_applications unloading",
    ),
    _prism(
        "gatekeeper",
        "gatekeeper_and_xprotect",
        "Gatekeeper and XProtect of a Mac: gatekeeper_status 1 is on",
        "",
        "gatekeeper_status trusted_developers gatekeeper_version gatekeeper_opaque_version xprotect_version "
        "malware_removal_tool_version",
    ),
    _prism(
        "transparency_database",
        "transparency_database",
        "a privacy consent (TCC) on a Mac: which application may use which service",
        "service application client_type local_user",
        "service application client_type status status_reason last_modified local_user",
        telling="service application status",
    ),
    _prism(
        "certificates",
        "certificates",
        "a certificate on an Apple device",
        "common_name identity_certificate",
        "common_name identity_certificate",
    ),
    _prism(
        "system_extensions",
        "system_extensions",
        "a system extension on a Mac, also one that waits to be removed",
        "identifier team_id",
        "name identifier team_id state short_version bundle_version categories path bundle_path is_mdm_managed",
        telling="identifier team_id state short_version",
    ),
    _prism(
        "kernel_extensions",
        "kernel_extensions",
        "a kernel extension on a Mac; Iru publishes no columns, so all it sends is in more",
        "",
        "",
    ),
    _prism(
        "activation_lock",
        "activation_lock",
        "Activation Lock of an Apple device",
        "",
        "activation_lock_supported activation_lock_allowed_while_supervised device_activation_lock_enabled "
        "user_activation_lock_enabled bypass_code_failed",
    ),
    _prism(
        "desktop_and_screensaver",
        "desktop_and_screensaver",
        "screen saver settings of a Mac; screensaver_interval is in seconds",
        "",
        "screensaver_interval",
    ),
    _prism(
        "cellular",
        "cellular",
        "the cellular modem and SIM slots of an iPhone or iPad",
        "",
        " ".join(COLUMNS["cellular"]),
    ),
)
