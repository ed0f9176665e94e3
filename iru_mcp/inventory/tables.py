"""What is copied: each kind once, with the endpoint it comes from, what tells its rows apart and what is versioned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..api.endpoint import Endpoint
from ..api.endpoints.blueprints import LIST_BLUEPRINTS
from ..api.endpoints.devices import GET_DEVICE_DETAILS, LIST_DEVICES
from ..api.endpoints.prism import CATEGORIES, COMMON_COLUMNS, PRISM_COUNT, PrismRow
from ..api.endpoints.threats import LIST_BEHAVIORAL_DETECTIONS_V1, LIST_THREATS_V1, LIST_THREATS_V2
from ..api.endpoints.users import LIST_USERS
from ..api.endpoints.vulnerabilities import LIST_DETECTIONS, LIST_VULNERABILITIES
from ..api.record import Record
from .sync.device_rows import APPS, DETAILS, PLATFORMS, Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of row in the copy. A new one needs a step in schema.py that makes its tables."""

    name: str
    holds: str
    """What a row is, for people and models."""
    endpoint: Endpoint[Any]
    instead: Endpoint[Any] | None = None
    """Where older tenants have the same."""
    query: Mapping[str, str | int] = field(default_factory=dict)
    device: str = ""
    """The column that says whose it is; empty for what belongs to no device."""
    key: tuple[str, ...] = ()
    """Columns that, with the device, tell one thing from another."""
    columns: tuple[str, ...] = ()
    """Columns that are versioned; a column that no published example has goes to `more`."""
    latest: tuple[str, ...] = ()
    """Columns of which only the newest value is kept: they change without anything having happened."""
    since: str = ""
    """The column that says when Iru first saw the row; kept once, as `since`."""
    skipped: frozenset[str] = frozenset()
    """Columns that are not kept: another kind's, of no lasting meaning, or only on the wire."""
    moves: tuple[str, ...] = ()
    """A change of one of these is a move."""
    family: str = ""
    """Two things of one device that share this column, one gone and one new, are one thing that moved."""
    telling: tuple[str, ...] = ()
    """Columns that suffice where many rows are listed; all of them when empty."""
    prism: bool = False
    """Reported whole by each device, and filtered by updated_at for an incremental sync."""
    visit: Visit | None = None
    """How devices that no list covers are asked one by one."""

    @property
    def listed(self) -> bool:
        """Whether `endpoint` lists it for many devices at once."""
        return self.visit is None or self.visit.endpoint is not self.endpoint

    @property
    def visited(self) -> str:
        """What the reading device by device is called, in the file and to people."""
        return f"{self.name} ({', '.join(PLATFORMS)})" if self.listed else self.name

    @property
    def readings(self) -> tuple[str, ...]:
        """What is read for it: the list, the visits, or both."""
        return ((self.name,) if self.listed else ()) + ((self.visited,) if self.visit else ())

    @property
    def record(self) -> type[Record]:
        """What a row is read as."""
        return self.endpoint.record if self.listed else PrismRow


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
    visit: Visit | None = None,
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
        skipped=_OF_THE_DEVICE | frozenset(skip.split()),
        family=family,
        telling=tuple(telling.split()),
        moves=("path",) if family else (),
        prism=True,
        visit=visit,
    )


_THREAT_COLUMNS = (
    "threat_name classification status management_state severity process_name process_owner file_path file_hash "
    "bundle_path date_of_quarantine date_of_release released_by release_note library_item_id library_item_name "
    "malware_posture pup_posture tags"
)
_OTHERS_NAMES = frozenset(
    "device_name device_serial_number device_model device_os_version blueprint_id blueprint_name serial_number".split()
)

KINDS: tuple[Kind, ...] = (
    Kind(
        name="devices",
        holds="a device that Iru lists; platform is Mac, iPhone, iPad, AppleTV, Windows or Android",
        endpoint=LIST_DEVICES,
        query={"ordering": "device_id"},
        device="device_id",
        columns=tuple(
            "device_name serial_number platform model os_version supplemental_build_version "
            "supplemental_os_version_extra user_id user_name user_email user_is_archived asset_tag blueprint_id "
            "blueprint_name mdm_enabled agent_installed agent_version is_missing is_removed first_enrollment "
            "last_enrollment lost_mode_status tags api_level security_patch_level full_software_version udid".split()
        ),
        latest=("last_check_in",),
        moves=("blueprint_id", "user_email"),
    ),
    Kind(
        name="users",
        holds="a person in Iru's directory",
        endpoint=LIST_USERS,
        key=("id",),
        columns=tuple(
            "id email name department job_title active archived created_at deprecated_user_id integration".split()
        ),
        latest=("device_count", "updated_at"),
    ),
    Kind(
        name="blueprints",
        holds="a set of settings that devices are assigned to",
        endpoint=LIST_BLUEPRINTS,
        key=("id",),
        columns=("id", "name", "type", "description"),
        latest=("computers_count",),
        skipped=frozenset({"enrollment_code", "params", "icon", "color"}),
    ),
    _prism(
        "device_information",
        "device_information",
        "hardware and OS of an Apple device; owner, enrolment, agent and OS version of every device are in devices",
        "",
        "device_capacity host_name local_hostname apple_silicon model model_name model_identifier marketing_name "
        "shared_ipad os_build os_name display_os_version battery_health cellular_technology data_roaming hotspot",
        latest="last_checkin last_checkin_agent last_checkin_mdm",
        skip="os_version supplemental_build_version supplemental_os_version_extra agent_version agent_installed "
        "mdm_enabled first_enrollment_date last_enrollment_date lost_mode_status",  # the same of the same: see devices
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
        "a local account on a Mac: type Admin or Standard",
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
        visit=APPS,
    ),
    Kind(
        name="vulnerabilities",
        holds="a CVE found in the fleet; kev_score above 0: known to be exploited",
        endpoint=LIST_VULNERABILITIES,
        query={"sort_by": "cve_id"},
        key=("cve_id",),
        columns=tuple(
            "cve_id severity cvss_score kev_score status software first_detection_date cve_published_at description "
            "cve_link".split()
        ),
        latest=("device_count", "software_count", "latest_detection_date", "epss_score", "cve_modified_at"),
    ),
    Kind(
        name="detections",
        holds="a CVE in one piece of software on one device",
        endpoint=LIST_DETECTIONS,
        device="device_id",
        key=("cve_id", "bundle_id", "name", "path"),
        columns=("cve_id", "name", "version", "path", "bundle_id", "cvss_score", "cvss_severity"),
        since="first_detection_date",
        skipped=_OTHERS_NAMES
        | {"latest_detection_date", "cve_published_at", "cve_modified_at", "cve_description", "cve_link"},
    ),
    Kind(
        name="threats",
        holds="a malicious or unwanted file found on a device",
        endpoint=LIST_THREATS_V2,
        instead=LIST_THREATS_V1,
        query=LIST_THREATS_V2.required,
        device="device_id",
        key=("id", "file_path", "file_hash", "detection_date"),
        columns=("id", "detection_date", *_THREAT_COLUMNS.split()),
        skipped=_OTHERS_NAMES,
    ),
    Kind(
        name="behavioral_detections",
        holds="a process whose behavior matched a rule",
        endpoint=LIST_BEHAVIORAL_DETECTIONS_V1,
        device="device_info_id",
        key=("id",),
        columns=tuple(
            "id threat_id description classification threat_status status management_state severity detection_date "
            "malware_family informational_tags tags parent_process target_process".split()
        ),
        skipped=frozenset(
            {"device_info_name", "device_info_serial_number", "library_item", "blueprint", "rule_version"}
        ),
    ),
    Kind(
        name="windows_android_details",
        holds="hardware, OS, agent and security of a Windows or Android device",
        endpoint=GET_DEVICE_DETAILS,
        visit=DETAILS,
        device="device_id",
        columns=tuple(
            "manufacturer device_model device_type model_name os_name os_version os_build os_edition "
            "update_build_revision language api_level security_patch_level agent_installed agent_version "
            "agent_installed_at is_encrypted encryption_status has_passcode has_google_play_protect device_posture "
            "developer_mode_enabled android_debug_bridge_enabled unknown_app_sources_enabled management_mode ownership "
            "enterprise_id enterprise_device_id windows_device_id processor_architecture bios_version "
            "smbios_serial_number total_ram total_capacity wifi_mac_address".split()
        ),
        latest=("agent_last_check_in", "free_capacity", "available_capacity", "wifi_ipv4_address"),
        skipped=frozenset(
            "device_name platform serial_number first_enrollment last_enrollment assigned_user blueprint_name "
            "blueprint_uuid asset_tag imei meid iccid dns_computer_name wifi_ipv6_address wifi_subnet_mask "
            "wifi_dns_suffix commercialization_operator radio_software_version volte_service_setting "
            "management_client_revision".split()
        ),
    ),
)

BY_NAME = {kind.name: kind for kind in KINDS}
READINGS: tuple[str, ...] = tuple(name for kind in KINDS for name in kind.readings)
"""What a sync reads, and says of each how far it came."""


def _sources() -> Iterator[Endpoint[Any]]:
    for kind in KINDS:
        yield kind.endpoint
        yield from (kind.instead,) if kind.instead else ()
        yield from (kind.visit.endpoint,) if kind.visit else ()
    yield PRISM_COUNT


SOURCES: tuple[Endpoint[Any], ...] = tuple(dict.fromkeys(each for each in _sources() if each is not LIST_DEVICES))
"""What is read for all kinds beside the device list."""
