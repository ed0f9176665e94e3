UPDATE _behavioral_detections_value SET status = coalesce(threat_status, status);
ALTER TABLE _behavioral_detections_value DROP COLUMN threat_status;
CREATE TABLE _application_firewall_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "status", "block_all_incoming", "logging", "logging_option", "stealth_mode", "version", "allow_signed_applications", "unloading", more TEXT);
CREATE TABLE _application_firewall_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _application_firewall_open_value ON _application_firewall_open(value);
CREATE TABLE _application_firewall_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _application_firewall_closed_value ON _application_firewall_closed(value);
CREATE TABLE _gatekeeper_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "gatekeeper_status", "trusted_developers", "gatekeeper_version", "gatekeeper_opaque_version", "xprotect_version", "malware_removal_tool_version", more TEXT);
CREATE TABLE _gatekeeper_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _gatekeeper_open_value ON _gatekeeper_open(value);
CREATE TABLE _gatekeeper_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _gatekeeper_closed_value ON _gatekeeper_closed(value);
CREATE TABLE _transparency_database_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "service", "application", "client_type", "status", "status_reason", "last_modified", "local_user", more TEXT);
CREATE TABLE _transparency_database_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _transparency_database_open_value ON _transparency_database_open(value);
CREATE TABLE _transparency_database_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _transparency_database_closed_value ON _transparency_database_closed(value);
CREATE TABLE _certificates_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "common_name", "identity_certificate", more TEXT);
CREATE TABLE _certificates_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _certificates_open_value ON _certificates_open(value);
CREATE TABLE _certificates_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _certificates_closed_value ON _certificates_closed(value);
CREATE TABLE _system_extensions_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "name", "identifier", "team_id", "state", "short_version", "bundle_version", "categories", "path", "bundle_path", "is_mdm_managed", more TEXT);
CREATE TABLE _system_extensions_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _system_extensions_open_value ON _system_extensions_open(value);
CREATE TABLE _system_extensions_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _system_extensions_closed_value ON _system_extensions_closed(value);
CREATE TABLE _kernel_extensions_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, more TEXT);
CREATE TABLE _kernel_extensions_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _kernel_extensions_open_value ON _kernel_extensions_open(value);
CREATE TABLE _kernel_extensions_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _kernel_extensions_closed_value ON _kernel_extensions_closed(value);
CREATE TABLE _activation_lock_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "activation_lock_supported", "activation_lock_allowed_while_supervised", "device_activation_lock_enabled", "user_activation_lock_enabled", "bypass_code_failed", more TEXT);
CREATE TABLE _activation_lock_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _activation_lock_open_value ON _activation_lock_open(value);
CREATE TABLE _activation_lock_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _activation_lock_closed_value ON _activation_lock_closed(value);
CREATE TABLE _desktop_and_screensaver_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "screensaver_interval", more TEXT);
CREATE TABLE _desktop_and_screensaver_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _desktop_and_screensaver_open_value ON _desktop_and_screensaver_open(value);
CREATE TABLE _desktop_and_screensaver_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _desktop_and_screensaver_closed_value ON _desktop_and_screensaver_closed(value);
CREATE TABLE _cellular_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "cellular_technology", "data_roaming_enabled", "voice_roaming_enabled", "modem_firmware_version", "personal_hotspot_enabled", "meid", "carrier_settings_version_slot_1", "current_carrier_network_slot_1", "current_mcc_slot_1", "current_mnc_slot_1", "eid_slot_1", "iccid_slot_1", "imei_slot_1", "is_data_preferred_slot_1", "is_roaming_slot_1", "is_voice_preferred_slot_1", "label_slot_1", "label_id_slot_1", "phone_number_slot_1", "subscriber_carrier_network_slot_1", "carrier_settings_version_slot_2", "current_carrier_network_slot_2", "current_mcc_slot_2", "current_mnc_slot_2", "eid_slot_2", "iccid_slot_2", "imei_slot_2", "is_data_preferred_slot_2", "is_roaming_slot_2", "is_voice_preferred_slot_2", "label_slot_2", "label_id_slot_2", "phone_number_slot_2", "subscriber_carrier_network_slot_2", "slot_1", "slot_2", more TEXT);
CREATE TABLE _cellular_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _cellular_open_value ON _cellular_open(value);
CREATE TABLE _cellular_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _cellular_closed_value ON _cellular_closed(value);
CREATE TABLE _custom_apps_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "id", "name", "active", "install_type", "install_enforcement", "restart", "show_in_self_service", "file_size", "file_updated", "sha256", "created_at", "updated_at", more TEXT);
CREATE TABLE _custom_apps_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _custom_apps_open_value ON _custom_apps_open(value);
CREATE TABLE _custom_apps_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _custom_apps_closed_value ON _custom_apps_closed(value);
CREATE TABLE _in_house_apps_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "id", "name", "active", "app_identifier", "app_name", "app_version", "minimum_os_version", "sha256", "file_size", "file_updated", "runs_on_mac", "runs_on_iphone", "runs_on_ipad", "runs_on_tv", "runs_on_vision", "created_at", "updated_at", more TEXT);
CREATE TABLE _in_house_apps_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _in_house_apps_open_value ON _in_house_apps_open(value);
CREATE TABLE _in_house_apps_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _in_house_apps_closed_value ON _in_house_apps_closed(value);
CREATE TABLE _custom_profiles_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "id", "name", "active", "mdm_identifier", "runs_on_mac", "runs_on_iphone", "runs_on_ipad", "runs_on_tv", "runs_on_vision", "created_at", "updated_at", more TEXT);
CREATE TABLE _custom_profiles_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _custom_profiles_open_value ON _custom_profiles_open(value);
CREATE TABLE _custom_profiles_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _custom_profiles_closed_value ON _custom_profiles_closed(value);
CREATE TABLE _custom_scripts_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "id", "name", "active", "execution_frequency", "restart", "show_in_self_service", "created_at", "updated_at", more TEXT);
CREATE TABLE _custom_scripts_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _custom_scripts_open_value ON _custom_scripts_open(value);
CREATE TABLE _custom_scripts_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _custom_scripts_closed_value ON _custom_scripts_closed(value);
CREATE TABLE _blueprint_library_items_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "blueprint_id", "library_item_id", "library_item_name", more TEXT);
CREATE TABLE _blueprint_library_items_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _blueprint_library_items_open_value ON _blueprint_library_items_open(value);
CREATE TABLE _blueprint_library_items_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _blueprint_library_items_closed_value ON _blueprint_library_items_closed(value);
CREATE TABLE _library_item_status_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "library_item_id", "status", "log", "last_audit_log", "control_log", more TEXT);
CREATE TABLE _library_item_status_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _library_item_status_open_value ON _library_item_status_open(value);
CREATE TABLE _library_item_status_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _library_item_status_closed_value ON _library_item_status_closed(value);
CREATE TABLE _audit_events_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "id", "action", "occurred_at", "actor_id", "actor_type", "target_id", "target_type", "target_component", "new_state", "metadata", more TEXT);
CREATE TABLE _audit_events_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _audit_events_open_value ON _audit_events_open(value);
CREATE TABLE _audit_events_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL,
    fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _audit_events_closed_value ON _audit_events_closed(value);
