CREATE TABLE _visit(kind TEXT NOT NULL, device INTEGER NOT NULL, check_in TEXT, PRIMARY KEY(kind, device))
    WITHOUT ROWID;
CREATE TABLE _stage_visit(kind TEXT NOT NULL, device INTEGER NOT NULL, check_in TEXT, PRIMARY KEY(kind, device))
    WITHOUT ROWID;

CREATE TABLE _windows_android_details_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "manufacturer", "device_model", "device_type", "model_name", "os_name", "os_version", "os_build", "os_edition", "update_build_revision", "language", "api_level", "security_patch_level", "agent_installed", "agent_version", "agent_installed_at", "is_encrypted", "encryption_status", "has_passcode", "has_google_play_protect", "device_posture", "developer_mode_enabled", "android_debug_bridge_enabled", "unknown_app_sources_enabled", "management_mode", "ownership", "enterprise_id", "enterprise_device_id", "windows_device_id", "processor_architecture", "bios_version", "smbios_serial_number", "total_ram", "total_capacity", "wifi_mac_address", more TEXT);
CREATE TABLE _windows_android_details_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _windows_android_details_open_value ON _windows_android_details_open(value);
CREATE TABLE _windows_android_details_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _windows_android_details_closed_value ON _windows_android_details_closed(value);
DROP TABLE _device_information_value;
DROP TABLE _device_information_open;
DROP TABLE _device_information_closed;
DELETE FROM _coverage WHERE kind = 'device_information';
DELETE FROM _change WHERE kind = 'device_information';

CREATE TABLE _device_information_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, "device_capacity", "host_name", "local_hostname", "apple_silicon", "model", "model_name", "model_identifier", "marketing_name", "shared_ipad", "os_build", "os_name", "display_os_version", "battery_health", "cellular_technology", "data_roaming", "hotspot", more TEXT);
CREATE TABLE _device_information_open(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT,
    PRIMARY KEY(device, key, value)) WITHOUT ROWID;
CREATE INDEX _device_information_open_value ON _device_information_open(value);
CREATE TABLE _device_information_closed(device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, fresh INTEGER NOT NULL, since TEXT, latest TEXT, seen_to INTEGER NOT NULL,
    PRIMARY KEY(device, key, value, seen_from)) WITHOUT ROWID;
CREATE INDEX _device_information_closed_value ON _device_information_closed(value);
