"""What is copied: each table once, with the endpoint it comes from, what tells its rows apart and what is versioned."""

from typing import Any

from ..api.endpoint import Endpoint
from ..api.endpoints.audit import LIST_AUDIT_EVENTS
from ..api.endpoints.blueprints import LIST_BLUEPRINTS
from ..api.endpoints.devices import GET_DEVICE_DETAILS, LIST_DEVICES
from ..api.endpoints.prism import PRISM_COUNT
from ..api.endpoints.threats import LIST_BEHAVIORAL_DETECTIONS_V1, LIST_THREATS_V1, LIST_THREATS_V2
from ..api.endpoints.users import LIST_USERS
from ..api.endpoints.vulnerabilities import LIST_DETECTIONS, LIST_VULNERABILITIES
from .kind import Kind, table
from .library_tables import LIBRARY_TABLES
from .prism_tables import PRISM_TABLES
from .sync.row_shapes import DETAILS, MAC_HARDWARE, of_behavioral_detection

__all__ = ["BY_NAME", "KINDS", "LIVE_ONLY", "READINGS", "SOURCES", "Kind"]

_OTHERS_NAMES = (
    "device_name device_serial_number device_model device_os_version blueprint_id blueprint_name serial_number"
)

KINDS: tuple[Kind, ...] = (
    table(
        "devices",
        "a device that Iru lists",
        words={"platform": "Mac iPhone iPad AppleTV Windows Android"},
        endpoint=LIST_DEVICES,
        query={"ordering": "device_id"},
        device="device_id",
        columns="device_name serial_number platform model os_version supplemental_build_version "
        "supplemental_os_version_extra user_id user_name user_email user_is_archived asset_tag blueprint_id "
        "blueprint_name mdm_enabled agent_installed agent_version is_missing is_removed first_enrollment "
        "last_enrollment lost_mode_status tags api_level security_patch_level full_software_version udid",
        latest="last_check_in",
        moves="blueprint_id user_email",
    ),
    table(
        "users",
        "a person in Iru's directory",
        endpoint=LIST_USERS,
        key="id",
        columns="id email name department job_title active archived created_at deprecated_user_id integration",
        latest="device_count updated_at",
    ),
    table(
        "blueprints",
        "a set of settings that devices are assigned to",
        endpoint=LIST_BLUEPRINTS,
        key="id",
        columns="id name type description",
        latest="computers_count",
        skipped="enrollment_code params icon color",
    ),
    *PRISM_TABLES,
    table(
        "vulnerabilities",
        "a CVE found in the fleet; kev_score above 0: exploited; description and fixed_version need detections",
        words={"severity": "Critical High Medium Low Undefined"},
        endpoint=LIST_VULNERABILITIES,
        query={"sort_by": "cve_id"},
        key="cve_id",
        columns="cve_id severity cvss_score kev_score status software first_detection_date cve_published_at "
        "description cve_link",
        latest="device_count software_count latest_detection_date epss_score cve_modified_at",
    ),
    table(
        "detections",
        "a CVE in one piece of software on one device",
        endpoint=LIST_DETECTIONS,
        device="device_id",
        key="cve_id bundle_id name path",
        columns="cve_id name version path bundle_id cvss_score cvss_severity",
        since="first_detection_date",
        skipped=f"{_OTHERS_NAMES} latest_detection_date cve_published_at cve_modified_at cve_description cve_link",
        keeps_texts=True,
    ),
    table(
        "threats",
        "a malicious or unwanted file found on a device",
        words={
            "classification": "MALWARE PUP",
            "status": "quarantined not_quarantined released",
            "management_state": "open closed",
        },
        endpoint=LIST_THREATS_V2,
        instead=LIST_THREATS_V1,
        query=LIST_THREATS_V2.required,
        device="device_id",
        key="id file_path file_hash detection_date",
        columns="id detection_date threat_name classification status management_state severity process_name "
        "process_owner file_path file_hash bundle_path date_of_quarantine date_of_release released_by release_note "
        "library_item_id library_item_name malware_posture pup_posture tags",
        skipped=_OTHERS_NAMES,
    ),
    table(
        "behavioral_detections",
        "a process whose behavior matched a rule",
        words={"classification": "malicious suspicious", "status": "blocked detected"},
        endpoint=LIST_BEHAVIORAL_DETECTIONS_V1,
        device="device_id",
        shape=of_behavioral_detection,
        key="id",
        columns="id threat_id description classification status management_state severity detection_date "
        "malware_family informational_tags tags parent_process target_process",
        skipped="library_item blueprint rule_version",
    ),
    table(
        "windows_android_details",
        "hardware, OS, agent and security of a Windows or Android device",
        endpoint=GET_DEVICE_DETAILS,
        per_device=DETAILS,
        device="device_id",
        columns="manufacturer device_model device_type model_name os_name os_version os_build os_edition "
        "update_build_revision language api_level security_patch_level agent_installed agent_version "
        "agent_installed_at is_encrypted encryption_status has_passcode has_google_play_protect device_posture "
        "developer_mode_enabled android_debug_bridge_enabled unknown_app_sources_enabled management_mode ownership "
        "enterprise_id enterprise_device_id windows_device_id processor_architecture bios_version "
        "smbios_serial_number total_ram total_capacity wifi_mac_address",
        latest="agent_last_check_in free_capacity available_capacity wifi_ipv4_address",
        skipped="device_name platform serial_number first_enrollment last_enrollment assigned_user blueprint_name "
        "blueprint_uuid asset_tag imei meid iccid dns_computer_name wifi_ipv6_address wifi_subnet_mask "
        "wifi_dns_suffix commercialization_operator radio_software_version volte_service_setting "
        "management_client_revision",
    ),
    table(
        "mac_hardware",
        "processor, memory and addresses of a Mac, as of its last report; read once a day at most",
        endpoint=GET_DEVICE_DETAILS,
        per_device=MAC_HARDWARE,
        daily=True,
        device="device_id",
        columns="model_identifier processor_name processor_speed number_of_processors total_number_of_cores memory "
        "mac_address",
        latest="ip_address public_ip",
    ),
    *LIBRARY_TABLES,
    table(
        "audit_events",
        "something done in Iru itself: actor_id did action to target_id; an actor of type user is an Iru admin",
        words={"actor_type": "user api_token integration system"},
        endpoint=LIST_AUDIT_EVENTS,
        starts="start_date",
        dated="occurred_at",
        key="id",
        columns="id action occurred_at actor_id actor_type target_id target_type target_component new_state metadata",
    ),
)

LIVE_ONLY: dict[str, str] = {
    "parameters": "get_device_status",
    "commands": "list_device_commands",
    "notes": "list_device_notes",
    "lost_mode": "get_device_details",
}
"""What is not copied, since it costs a request for each device, with the tool that reads it from Iru."""

BY_NAME = {kind.name: kind for kind in KINDS}
READINGS = {name: kind for kind in KINDS for name in kind.readings}
"""The readings of a sync, each with its table: the coverage of the copy is told by reading."""


SOURCES: tuple[Endpoint[Any], ...] = tuple(
    dict.fromkeys(each for kind in KINDS for each in kind.endpoints if each is not LIST_DEVICES) | {PRISM_COUNT: None}
)
"""The endpoints of all kinds beside the device list."""
