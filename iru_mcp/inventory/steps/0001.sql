CREATE TABLE _meta(name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE _sync(id INTEGER PRIMARY KEY, started_at TEXT NOT NULL, finished_at TEXT NOT NULL, mode TEXT NOT NULL,
    requests INTEGER NOT NULL, seconds REAL NOT NULL);
CREATE TABLE _device(id INTEGER PRIMARY KEY, device_id TEXT NOT NULL UNIQUE, device_name TEXT, serial_number TEXT,
    listed_sync INTEGER, gone_sync INTEGER);
CREATE TABLE _key(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE _coverage(kind TEXT PRIMARY KEY, state TEXT NOT NULL, why TEXT, permission TEXT, rows INTEGER,
    odd INTEGER, left_out INTEGER, counted INTEGER, mode TEXT, first_sync INTEGER, good_sync INTEGER, full_at TEXT,
    since TEXT, checked_at TEXT) WITHOUT ROWID;
CREATE TABLE _change(id INTEGER PRIMARY KEY, sync INTEGER NOT NULL, kind TEXT NOT NULL, what TEXT NOT NULL,
    device INTEGER NOT NULL, key INTEGER NOT NULL, old INTEGER, new INTEGER);
CREATE INDEX _change_sync ON _change(sync, kind);
CREATE INDEX _change_device ON _change(device);
CREATE TABLE _stage(kind TEXT NOT NULL, device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL,
    since TEXT, latest TEXT, PRIMARY KEY(kind, device, key, value)) WITHOUT ROWID;
CREATE TABLE _stage_walk(kind TEXT PRIMARY KEY, state TEXT NOT NULL, position TEXT, mode TEXT NOT NULL, since TEXT,
    why TEXT, permission TEXT, endpoint TEXT, rows INTEGER NOT NULL, odd INTEGER NOT NULL, counted INTEGER)
    WITHOUT ROWID;

CREATE TABLE _devices_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "device_name", "serial_number", "platform", "model", "os_version", "supplemental_build_version", "supplemental_os_version_extra", "user_id", "user_name", "user_email", "user_is_archived", "asset_tag", "blueprint_id", "blueprint_name", "mdm_enabled", "agent_installed", "agent_version", "is_missing", "is_removed", "first_enrollment", "last_enrollment", "lost_mode_status", "tags", "api_level", "security_patch_level", "full_software_version", "udid", more TEXT);
CREATE TABLE _devices_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _devices_open_value ON _devices_open(value);
CREATE TABLE _devices_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _devices_closed_value ON _devices_closed(value);

CREATE TABLE _users_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "id", "email", "name", "department", "job_title", "active", "archived", "created_at", "deprecated_user_id", "integration", more TEXT);
CREATE TABLE _users_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _users_open_value ON _users_open(value);
CREATE TABLE _users_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _users_closed_value ON _users_closed(value);

CREATE TABLE _blueprints_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "id", "name", "type", "description", more TEXT);
CREATE TABLE _blueprints_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _blueprints_open_value ON _blueprints_open(value);
CREATE TABLE _blueprints_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _blueprints_closed_value ON _blueprints_closed(value);

CREATE TABLE _device_information_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "device_capacity", "host_name", "local_hostname", "apple_silicon", "model", "model_name", "model_identifier", "marketing_name", "shared_ipad", "os_version", "os_build", "os_name", "display_os_version", "supplemental_build_version", "supplemental_os_version_extra", "agent_version", "agent_installed", "mdm_enabled", "first_enrollment_date", "last_enrollment_date", "battery_health", "lost_mode_status", "cellular_technology", "data_roaming", "hotspot", more TEXT);
CREATE TABLE _device_information_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _device_information_open_value ON _device_information_open(value);
CREATE TABLE _device_information_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _device_information_closed_value ON _device_information_closed(value);

CREATE TABLE _filevault_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "status", "key_type", "key_escrowed", "regeneration_needed", "scheduled_key_rotation", more TEXT);
CREATE TABLE _filevault_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _filevault_open_value ON _filevault_open(value);
CREATE TABLE _filevault_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _filevault_closed_value ON _filevault_closed(value);

CREATE TABLE _startup_settings_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "sip", "ssv", "secure_boot_level", "external_boot_level", "any_signed_os", "bootstrap_token_auth", "bootstrap_token_escrowed", "kext_requires_bst", "software_update_requires_bst", "mdm_manages_kext", "user_manages_kext", more TEXT);
CREATE TABLE _startup_settings_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _startup_settings_open_value ON _startup_settings_open(value);
CREATE TABLE _startup_settings_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _startup_settings_closed_value ON _startup_settings_closed(value);

CREATE TABLE _local_users_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "username", "full_name", "uid", "type", "hidden_user", "secure_token", "filevault_user", "volume_owner", "user_created_at", "mobile_account", "home_directory", "home_folder_secure", "shell", "directory", "generated_uid", "password_last_set", more TEXT);
CREATE TABLE _local_users_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _local_users_open_value ON _local_users_open(value);
CREATE TABLE _local_users_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _local_users_closed_value ON _local_users_closed(value);

CREATE TABLE _profiles_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "profile_display_name", "payload_identifier", "payload_uuid", "profile_description", "organization", "managed", "removable", "encrypted", "signed", "profile_data", more TEXT);
CREATE TABLE _profiles_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _profiles_open_value ON _profiles_open(value);
CREATE TABLE _profiles_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _profiles_closed_value ON _profiles_closed(value);

CREATE TABLE _launch_items_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "label", "path", "program", "program_arguments", "file_name", "service_domain", "run_at_load", "keep_alive", "disabled", "is_disabled", "start_interval", "user_name", "group_name", "standard_out_path", "standard_error_path", "watch_paths", "queue_directories", "start_on_mount", "root_directory", "working_directory", "process_type", "user_agent_local_user", more TEXT);
CREATE TABLE _launch_items_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _launch_items_open_value ON _launch_items_open(value);
CREATE TABLE _launch_items_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _launch_items_closed_value ON _launch_items_closed(value);

CREATE TABLE _apps_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "name", "version", "short_version", "bundle_id", "path", "team_id", "developer_name", "signature", "obtained_from", "ad_hoc_code_signed", "executable", "bundle_name", "bundle_type", "bundle_display_name", "bundle_region", "category", "compiler", "copyright", "minimum_system_version", "app_store_vendable", "device_based_vpp", "beta_app", "app_clip", more TEXT);
CREATE TABLE _apps_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _apps_open_value ON _apps_open(value);
CREATE TABLE _apps_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _apps_closed_value ON _apps_closed(value);

CREATE TABLE _vulnerabilities_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "cve_id", "severity", "cvss_score", "kev_score", "status", "software", "first_detection_date", "cve_published_at", "description", "cve_link", more TEXT);
CREATE TABLE _vulnerabilities_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _vulnerabilities_open_value ON _vulnerabilities_open(value);
CREATE TABLE _vulnerabilities_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _vulnerabilities_closed_value ON _vulnerabilities_closed(value);

CREATE TABLE _detections_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "cve_id", "name", "version", "path", "bundle_id", "cvss_score", "cvss_severity", more TEXT);
CREATE TABLE _detections_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _detections_open_value ON _detections_open(value);
CREATE TABLE _detections_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _detections_closed_value ON _detections_closed(value);

CREATE TABLE _threats_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "id", "detection_date", "threat_name", "classification", "status", "management_state", "severity", "process_name", "process_owner", "file_path", "file_hash", "bundle_path", "date_of_quarantine", "date_of_release", "released_by", "release_note", "library_item_id", "library_item_name", "malware_posture", "pup_posture", "tags", more TEXT);
CREATE TABLE _threats_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _threats_open_value ON _threats_open(value);
CREATE TABLE _threats_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _threats_closed_value ON _threats_closed(value);

CREATE TABLE _behavioral_detections_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "id", "threat_id", "description", "classification", "threat_status", "status", "management_state", "severity", "detection_date", "malware_family", "informational_tags", "tags", "parent_process", "target_process", more TEXT);
CREATE TABLE _behavioral_detections_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _behavioral_detections_open_value ON _behavioral_detections_open(value);
CREATE TABLE _behavioral_detections_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _behavioral_detections_closed_value ON _behavioral_detections_closed(value);
