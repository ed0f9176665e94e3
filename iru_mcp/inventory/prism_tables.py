"""The tables that are Prism categories: what devices reported, across the fleet."""

from typing import Any

from ..api.endpoints.prism import CATEGORIES, COLUMNS, COMMON_COLUMNS
from .kind import Kind, table
from .sync.row_shapes import APPS

_OF_THE_DEVICE = " ".join(name for name in COMMON_COLUMNS if name != "device_id")


def _prism(  # noqa: PLR0913 - the parts in which categories differ
    name: str, holds: str, columns: str = "", *, category: str = "", skip: str = "", latest: str = "", **parts: Any
) -> Kind:
    """The table of a Prism `category`, called as the table is unless given, with all columns that are published of it
    and that neither `latest` nor `skip` names; `columns` gives them another order."""
    apart = {*latest.split(), *skip.split()}
    return table(
        name,
        holds,
        columns or " ".join(column for column in COLUMNS[category or name] if column not in apart),
        endpoint=CATEGORIES[category or name],
        device="device_id",
        latest=latest,
        since="created_at",
        changed="last_changed_at",
        skipped=f"{_OF_THE_DEVICE} {skip}",
        moves="path" if "family" in parts else "",
        prism=True,
        **parts,
    )


PRISM_TABLES: tuple[Kind, ...] = (
    _prism(
        "device_information",
        "hardware and OS build of an Apple device; use devices.last_check_in, not last_checkin, and devices.os_version",
        latest="last_checkin last_checkin_agent last_checkin_mdm",
        skip="os_version supplemental_build_version supplemental_os_version_extra agent_version agent_installed "
        "mdm_enabled first_enrollment_date last_enrollment_date lost_mode_status",  # devices has them
    ),
    _prism("filevault", "disk encryption of a Mac: status 1 is on"),
    _prism("startup_settings", "SIP, sealed system volume and secure boot of a Mac"),
    _prism(
        "local_users",
        "a local account on a Mac; type is as the Mac says it: anything but Standard may administer it",
        "username full_name uid type hidden_user secure_token filevault_user volume_owner user_created_at "
        "mobile_account home_directory home_folder_secure shell directory generated_uid password_last_set",
        key="username generated_uid",
        latest="logged_in logged_in_time failed_logins failed_login_time",
        telling="username type hidden_user secure_token filevault_user user_created_at",
    ),
    _prism(
        "profiles",
        "a configuration profile on a Mac",
        category="installed_profiles",
        key="payload_identifier payload_uuid",
        skip="removal_passcode",
        telling="profile_display_name payload_identifier managed",
    ),
    _prism(
        "launch_items",
        "a launch agent or daemon on a Mac",
        category="launch_agents_and_daemons",
        key="label path user_agent_local_user",
        family="label",
        skip="pid is_loaded domain user_agent_local_user_id",
        telling="label path program program_arguments run_at_load since",
    ),
    _prism(
        "apps",
        "an app on a device of any platform; Windows and Android name neither team_id nor since",
        "name version short_version bundle_id path team_id developer_name signature obtained_from ad_hoc_code_signed "
        "executable bundle_name bundle_type bundle_display_name bundle_region category compiler copyright "
        "minimum_system_version app_store_vendable device_based_vpp beta_app app_clip",
        key="bundle_id name path",
        family="bundle_id",
        skip="installing download_canceled download_failed download_paused download_waiting dynamic_size bundle_size "
        "has_update_available validated external_version_identifier environment_variables info apple_scriptable",
        telling="name version bundle_id path team_id ad_hoc_code_signed since",
        per_device=APPS,
    ),
    _prism("application_firewall", "the application firewall of a Mac: status 1 is on"),
    _prism(
        "gatekeeper",
        "Gatekeeper and XProtect of a Mac: gatekeeper_status 1 is on",
        category="gatekeeper_and_xprotect",
    ),
    _prism(
        "transparency_database",
        "a privacy consent (TCC) on a Mac: which application may use which service",
        key="service application client_type local_user",
        telling="service application status",
    ),
    _prism("certificates", "a certificate on an Apple device", key="common_name identity_certificate"),
    _prism(
        "system_extensions",
        "a system extension on a Mac, also one that waits to be removed",
        key="identifier team_id",
        telling="identifier team_id state short_version",
    ),
    _prism("kernel_extensions", "a kernel extension on a Mac; Iru publishes no columns, so all it sends is in more"),
    _prism("activation_lock", "Activation Lock of an Apple device"),
    _prism("desktop_and_screensaver", "screen saver settings of a Mac; screensaver_interval is in seconds"),
    _prism("cellular", "the cellular modem and SIM slots of an iPhone or iPad"),
)
