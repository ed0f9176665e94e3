-- One row a span, in whole numbers: what a thing is called is found through its value, times are seconds, changes are
-- read off the ended spans. Old rows are brought over; what became of a thing that ended comes from the old list of changes.
CREATE TABLE _report(kind TEXT NOT NULL, device INTEGER NOT NULL, updated_at INTEGER, collected_at INTEGER,
    PRIMARY KEY(kind, device)) WITHOUT ROWID;
CREATE TABLE _cve(cve_id TEXT PRIMARY KEY, description TEXT NOT NULL, fixed_version TEXT) WITHOUT ROWID;
CREATE TABLE _added_column(kind TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY(kind, name)) WITHOUT ROWID;
CREATE TABLE _failed_sync(id INTEGER PRIMARY KEY, at TEXT NOT NULL, why TEXT NOT NULL);
ALTER TABLE _coverage ADD COLUMN removals_at TEXT;
ALTER TABLE _coverage ADD COLUMN bound INTEGER;
UPDATE _coverage SET removals_at = full_at;
DROP TABLE _stage;
DROP TABLE _stage_walk;
DROP TABLE _stage_visit;
DELETE FROM _meta WHERE name = 'stage';
CREATE TABLE _stage(kind TEXT NOT NULL, device INTEGER NOT NULL, key INTEGER NOT NULL, value INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(kind, device, key, value)) WITHOUT ROWID;
CREATE TABLE _stage_read(kind TEXT PRIMARY KEY, state TEXT NOT NULL, position TEXT, mode TEXT NOT NULL, since TEXT,
    why TEXT, permission TEXT, endpoint TEXT, rows INTEGER NOT NULL, odd INTEGER NOT NULL, counted INTEGER,
    newest INTEGER, removals INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE _stage_report(kind TEXT NOT NULL, device INTEGER NOT NULL, updated_at INTEGER, collected_at INTEGER,
    PRIMARY KEY(kind, device)) WITHOUT ROWID;
CREATE TABLE _stage_whole(kind TEXT NOT NULL, device INTEGER NOT NULL, asked INTEGER NOT NULL, check_in TEXT,
    PRIMARY KEY(kind, device)) WITHOUT ROWID;
ALTER TABLE _devices_value RENAME TO _old_value;
ALTER TABLE _devices_open RENAME TO _old_open;
ALTER TABLE _devices_closed RENAME TO _old_closed;
CREATE TABLE _devices_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "device_name", "serial_number", "platform", "model", "os_version", "supplemental_build_version", "supplemental_os_version_extra", "user_id", "user_name", "user_email", "user_is_archived", "asset_tag", "blueprint_id", "blueprint_name", "mdm_enabled", "agent_installed", "agent_version", "is_missing", "is_removed", "first_enrollment", "last_enrollment", "lost_mode_status", "tags", "api_level", "security_patch_level", "full_software_version", "udid", more TEXT);
CREATE TABLE _devices_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _devices_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _devices_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
INSERT OR IGNORE INTO _devices_value(_id, digest, key, "device_name", "serial_number", "platform", "model", "os_version", "supplemental_build_version", "supplemental_os_version_extra", "user_id", "user_name", "user_email", "user_is_archived", "asset_tag", "blueprint_id", "blueprint_name", "mdm_enabled", "agent_installed", "agent_version", "is_missing", "is_removed", "first_enrollment", "last_enrollment", "lost_mode_status", "tags", "api_level", "security_patch_level", "full_software_version", "udid", more) SELECT _id, row_digest(json_object('device_name', "device_name", 'serial_number', "serial_number", 'platform', "platform", 'model', "model", 'os_version', "os_version", 'supplemental_build_version', "supplemental_build_version", 'supplemental_os_version_extra', "supplemental_os_version_extra", 'user_id', "user_id", 'user_name', "user_name", 'user_email', "user_email", 'user_is_archived', "user_is_archived", 'asset_tag', "asset_tag", 'blueprint_id', "blueprint_id", 'blueprint_name', "blueprint_name", 'mdm_enabled', "mdm_enabled", 'agent_installed', "agent_installed", 'agent_version', "agent_version", 'is_missing', "is_missing", 'is_removed', "is_removed", 'first_enrollment', "first_enrollment", 'last_enrollment', "last_enrollment", 'lost_mode_status', "lost_mode_status", 'tags', "tags", 'api_level', "api_level", 'security_patch_level', "security_patch_level", 'full_software_version', "full_software_version", 'udid', "udid", 'more', more)), coalesce(
    (SELECT key FROM _old_open o WHERE o.value = _id LIMIT 1), (SELECT key FROM _old_closed o WHERE o.value = _id LIMIT 1)) AS held,
    "device_name", "serial_number", "platform", "model", "os_version", "supplemental_build_version", "supplemental_os_version_extra", "user_id", "user_name", "user_email", "user_is_archived", "asset_tag", "blueprint_id", "blueprint_name", "mdm_enabled", "agent_installed", "agent_version", "is_missing", "is_removed", "first_enrollment", "last_enrollment", "lost_mode_status", "tags", "api_level", "security_patch_level", "full_software_version", "udid", more FROM _old_value WHERE held IS NOT NULL;
INSERT OR IGNORE INTO _devices_open(device, value, seen_from, flags, since, latest)
    SELECT device, value, seen_from, fresh, CAST(strftime('%s', since) AS INTEGER), latest FROM _old_open WHERE value IN (SELECT _id FROM _devices_value);
INSERT OR IGNORE INTO _devices_closed(seen_to, device, value, seen_from, flags, next, since, latest)
    SELECT o.seen_to, o.device, o.value, o.seen_from,
    o.fresh + iif(c.id IS NULL, 2, 0) + iif(c.what = 'moved', 4, 0), c.new, CAST(strftime('%s', o.since) AS INTEGER), o.latest
    FROM _old_closed o LEFT JOIN _change c ON c.kind = 'devices' AND c.device = o.device AND c.sync = o.seen_to AND c.old = o.value
    WHERE o.value IN (SELECT _id FROM _devices_value);
INSERT OR IGNORE INTO _devices_appeared(sync, device, value) SELECT sync, device, new FROM _change
    WHERE kind = 'devices' AND what = 'appeared' AND new IN (SELECT _id FROM _devices_value);
DROP TABLE _old_open;
DROP TABLE _old_closed;
DROP TABLE _old_value;
ALTER TABLE _users_value RENAME TO _old_value;
ALTER TABLE _users_open RENAME TO _old_open;
ALTER TABLE _users_closed RENAME TO _old_closed;
CREATE TABLE _users_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "id", "email", "name", "department", "job_title", "active", "archived", "created_at", "deprecated_user_id", "integration", more TEXT);
CREATE TABLE _users_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _users_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _users_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
INSERT OR IGNORE INTO _users_value(_id, digest, key, "id", "email", "name", "department", "job_title", "active", "archived", "created_at", "deprecated_user_id", "integration", more) SELECT _id, row_digest(json_object('id', "id", 'email', "email", 'name', "name", 'department', "department", 'job_title', "job_title", 'active', "active", 'archived', "archived", 'created_at', "created_at", 'deprecated_user_id', "deprecated_user_id", 'integration', "integration", 'more', more)), coalesce(
    (SELECT key FROM _old_open o WHERE o.value = _id LIMIT 1), (SELECT key FROM _old_closed o WHERE o.value = _id LIMIT 1)) AS held,
    "id", "email", "name", "department", "job_title", "active", "archived", "created_at", "deprecated_user_id", "integration", more FROM _old_value WHERE held IS NOT NULL;
INSERT OR IGNORE INTO _users_open(device, value, seen_from, flags, since, latest)
    SELECT device, value, seen_from, fresh, CAST(strftime('%s', since) AS INTEGER), latest FROM _old_open WHERE value IN (SELECT _id FROM _users_value);
INSERT OR IGNORE INTO _users_closed(seen_to, device, value, seen_from, flags, next, since, latest)
    SELECT o.seen_to, o.device, o.value, o.seen_from,
    o.fresh + iif(c.id IS NULL, 2, 0) + iif(c.what = 'moved', 4, 0), c.new, CAST(strftime('%s', o.since) AS INTEGER), o.latest
    FROM _old_closed o LEFT JOIN _change c ON c.kind = 'users' AND c.device = o.device AND c.sync = o.seen_to AND c.old = o.value
    WHERE o.value IN (SELECT _id FROM _users_value);
INSERT OR IGNORE INTO _users_appeared(sync, device, value) SELECT sync, device, new FROM _change
    WHERE kind = 'users' AND what = 'appeared' AND new IN (SELECT _id FROM _users_value);
DROP TABLE _old_open;
DROP TABLE _old_closed;
DROP TABLE _old_value;
ALTER TABLE _blueprints_value RENAME TO _old_value;
ALTER TABLE _blueprints_open RENAME TO _old_open;
ALTER TABLE _blueprints_closed RENAME TO _old_closed;
CREATE TABLE _blueprints_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "id", "name", "type", "description", more TEXT);
CREATE TABLE _blueprints_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _blueprints_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _blueprints_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
INSERT OR IGNORE INTO _blueprints_value(_id, digest, key, "id", "name", "type", "description", more) SELECT _id, row_digest(json_object('id', "id", 'name', "name", 'type', "type", 'description', "description", 'more', more)), coalesce(
    (SELECT key FROM _old_open o WHERE o.value = _id LIMIT 1), (SELECT key FROM _old_closed o WHERE o.value = _id LIMIT 1)) AS held,
    "id", "name", "type", "description", more FROM _old_value WHERE held IS NOT NULL;
INSERT OR IGNORE INTO _blueprints_open(device, value, seen_from, flags, since, latest)
    SELECT device, value, seen_from, fresh, CAST(strftime('%s', since) AS INTEGER), latest FROM _old_open WHERE value IN (SELECT _id FROM _blueprints_value);
INSERT OR IGNORE INTO _blueprints_closed(seen_to, device, value, seen_from, flags, next, since, latest)
    SELECT o.seen_to, o.device, o.value, o.seen_from,
    o.fresh + iif(c.id IS NULL, 2, 0) + iif(c.what = 'moved', 4, 0), c.new, CAST(strftime('%s', o.since) AS INTEGER), o.latest
    FROM _old_closed o LEFT JOIN _change c ON c.kind = 'blueprints' AND c.device = o.device AND c.sync = o.seen_to AND c.old = o.value
    WHERE o.value IN (SELECT _id FROM _blueprints_value);
INSERT OR IGNORE INTO _blueprints_appeared(sync, device, value) SELECT sync, device, new FROM _change
    WHERE kind = 'blueprints' AND what = 'appeared' AND new IN (SELECT _id FROM _blueprints_value);
DROP TABLE _old_open;
DROP TABLE _old_closed;
DROP TABLE _old_value;
ALTER TABLE _device_information_value RENAME TO _old_value;
ALTER TABLE _device_information_open RENAME TO _old_open;
ALTER TABLE _device_information_closed RENAME TO _old_closed;
CREATE TABLE _device_information_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "device_capacity", "host_name", "local_hostname", "apple_silicon", "model", "model_name", "model_identifier", "marketing_name", "shared_ipad", "os_build", "os_name", "display_os_version", "battery_health", "cellular_technology", "data_roaming", "hotspot", more TEXT);
CREATE TABLE _device_information_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _device_information_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _device_information_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
INSERT OR IGNORE INTO _device_information_value(_id, digest, key, "device_capacity", "host_name", "local_hostname", "apple_silicon", "model", "model_name", "model_identifier", "marketing_name", "shared_ipad", "os_build", "os_name", "display_os_version", "battery_health", "cellular_technology", "data_roaming", "hotspot", more) SELECT _id, row_digest(json_object('device_capacity', "device_capacity", 'host_name', "host_name", 'local_hostname', "local_hostname", 'apple_silicon', "apple_silicon", 'model', "model", 'model_name', "model_name", 'model_identifier', "model_identifier", 'marketing_name', "marketing_name", 'shared_ipad', "shared_ipad", 'os_build', "os_build", 'os_name', "os_name", 'display_os_version', "display_os_version", 'battery_health', "battery_health", 'cellular_technology', "cellular_technology", 'data_roaming', "data_roaming", 'hotspot', "hotspot", 'more', more)), coalesce(
    (SELECT key FROM _old_open o WHERE o.value = _id LIMIT 1), (SELECT key FROM _old_closed o WHERE o.value = _id LIMIT 1)) AS held,
    "device_capacity", "host_name", "local_hostname", "apple_silicon", "model", "model_name", "model_identifier", "marketing_name", "shared_ipad", "os_build", "os_name", "display_os_version", "battery_health", "cellular_technology", "data_roaming", "hotspot", more FROM _old_value WHERE held IS NOT NULL;
INSERT OR IGNORE INTO _device_information_open(device, value, seen_from, flags, since, latest)
    SELECT device, value, seen_from, fresh, CAST(strftime('%s', since) AS INTEGER), latest FROM _old_open WHERE value IN (SELECT _id FROM _device_information_value);
INSERT OR IGNORE INTO _device_information_closed(seen_to, device, value, seen_from, flags, next, since, latest)
    SELECT o.seen_to, o.device, o.value, o.seen_from,
    o.fresh + iif(c.id IS NULL, 2, 0) + iif(c.what = 'moved', 4, 0), c.new, CAST(strftime('%s', o.since) AS INTEGER), o.latest
    FROM _old_closed o LEFT JOIN _change c ON c.kind = 'device_information' AND c.device = o.device AND c.sync = o.seen_to AND c.old = o.value
    WHERE o.value IN (SELECT _id FROM _device_information_value);
INSERT OR IGNORE INTO _device_information_appeared(sync, device, value) SELECT sync, device, new FROM _change
    WHERE kind = 'device_information' AND what = 'appeared' AND new IN (SELECT _id FROM _device_information_value);
DROP TABLE _old_open;
DROP TABLE _old_closed;
DROP TABLE _old_value;
ALTER TABLE _filevault_value RENAME TO _old_value;
ALTER TABLE _filevault_open RENAME TO _old_open;
ALTER TABLE _filevault_closed RENAME TO _old_closed;
CREATE TABLE _filevault_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "status", "key_type", "key_escrowed", "regeneration_needed", "scheduled_key_rotation", more TEXT);
CREATE TABLE _filevault_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _filevault_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _filevault_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
INSERT OR IGNORE INTO _filevault_value(_id, digest, key, "status", "key_type", "key_escrowed", "regeneration_needed", "scheduled_key_rotation", more) SELECT _id, row_digest(json_object('status', "status", 'key_type', "key_type", 'key_escrowed', "key_escrowed", 'regeneration_needed', "regeneration_needed", 'scheduled_key_rotation', "scheduled_key_rotation", 'more', more)), coalesce(
    (SELECT key FROM _old_open o WHERE o.value = _id LIMIT 1), (SELECT key FROM _old_closed o WHERE o.value = _id LIMIT 1)) AS held,
    "status", "key_type", "key_escrowed", "regeneration_needed", "scheduled_key_rotation", more FROM _old_value WHERE held IS NOT NULL;
INSERT OR IGNORE INTO _filevault_open(device, value, seen_from, flags, since, latest)
    SELECT device, value, seen_from, fresh, CAST(strftime('%s', since) AS INTEGER), latest FROM _old_open WHERE value IN (SELECT _id FROM _filevault_value);
INSERT OR IGNORE INTO _filevault_closed(seen_to, device, value, seen_from, flags, next, since, latest)
    SELECT o.seen_to, o.device, o.value, o.seen_from,
    o.fresh + iif(c.id IS NULL, 2, 0) + iif(c.what = 'moved', 4, 0), c.new, CAST(strftime('%s', o.since) AS INTEGER), o.latest
    FROM _old_closed o LEFT JOIN _change c ON c.kind = 'filevault' AND c.device = o.device AND c.sync = o.seen_to AND c.old = o.value
    WHERE o.value IN (SELECT _id FROM _filevault_value);
INSERT OR IGNORE INTO _filevault_appeared(sync, device, value) SELECT sync, device, new FROM _change
    WHERE kind = 'filevault' AND what = 'appeared' AND new IN (SELECT _id FROM _filevault_value);
DROP TABLE _old_open;
DROP TABLE _old_closed;
DROP TABLE _old_value;
ALTER TABLE _startup_settings_value RENAME TO _old_value;
ALTER TABLE _startup_settings_open RENAME TO _old_open;
ALTER TABLE _startup_settings_closed RENAME TO _old_closed;
CREATE TABLE _startup_settings_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "sip", "ssv", "secure_boot_level", "external_boot_level", "any_signed_os", "bootstrap_token_auth", "bootstrap_token_escrowed", "kext_requires_bst", "software_update_requires_bst", "mdm_manages_kext", "user_manages_kext", more TEXT);
CREATE TABLE _startup_settings_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _startup_settings_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _startup_settings_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
INSERT OR IGNORE INTO _startup_settings_value(_id, digest, key, "sip", "ssv", "secure_boot_level", "external_boot_level", "any_signed_os", "bootstrap_token_auth", "bootstrap_token_escrowed", "kext_requires_bst", "software_update_requires_bst", "mdm_manages_kext", "user_manages_kext", more) SELECT _id, row_digest(json_object('sip', "sip", 'ssv', "ssv", 'secure_boot_level', "secure_boot_level", 'external_boot_level', "external_boot_level", 'any_signed_os', "any_signed_os", 'bootstrap_token_auth', "bootstrap_token_auth", 'bootstrap_token_escrowed', "bootstrap_token_escrowed", 'kext_requires_bst', "kext_requires_bst", 'software_update_requires_bst', "software_update_requires_bst", 'mdm_manages_kext', "mdm_manages_kext", 'user_manages_kext', "user_manages_kext", 'more', more)), coalesce(
    (SELECT key FROM _old_open o WHERE o.value = _id LIMIT 1), (SELECT key FROM _old_closed o WHERE o.value = _id LIMIT 1)) AS held,
    "sip", "ssv", "secure_boot_level", "external_boot_level", "any_signed_os", "bootstrap_token_auth", "bootstrap_token_escrowed", "kext_requires_bst", "software_update_requires_bst", "mdm_manages_kext", "user_manages_kext", more FROM _old_value WHERE held IS NOT NULL;
INSERT OR IGNORE INTO _startup_settings_open(device, value, seen_from, flags, since, latest)
    SELECT device, value, seen_from, fresh, CAST(strftime('%s', since) AS INTEGER), latest FROM _old_open WHERE value IN (SELECT _id FROM _startup_settings_value);
INSERT OR IGNORE INTO _startup_settings_closed(seen_to, device, value, seen_from, flags, next, since, latest)
    SELECT o.seen_to, o.device, o.value, o.seen_from,
    o.fresh + iif(c.id IS NULL, 2, 0) + iif(c.what = 'moved', 4, 0), c.new, CAST(strftime('%s', o.since) AS INTEGER), o.latest
    FROM _old_closed o LEFT JOIN _change c ON c.kind = 'startup_settings' AND c.device = o.device AND c.sync = o.seen_to AND c.old = o.value
    WHERE o.value IN (SELECT _id FROM _startup_settings_value);
INSERT OR IGNORE INTO _startup_settings_appeared(sync, device, value) SELECT sync, device, new FROM _change
    WHERE kind = 'startup_settings' AND what = 'appeared' AND new IN (SELECT _id FROM _startup_settings_value);
DROP TABLE _old_open;
DROP TABLE _old_closed;
DROP TABLE _old_value;
ALTER TABLE _local_users_value RENAME TO _old_value;
ALTER TABLE _local_users_open RENAME TO _old_open;
ALTER TABLE _local_users_closed RENAME TO _old_closed;
CREATE TABLE _local_users_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "username", "full_name", "uid", "type", "hidden_user", "secure_token", "filevault_user", "volume_owner", "user_created_at", "mobile_account", "home_directory", "home_folder_secure", "shell", "directory", "generated_uid", "password_last_set", more TEXT);
CREATE TABLE _local_users_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _local_users_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _local_users_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
INSERT OR IGNORE INTO _local_users_value(_id, digest, key, "username", "full_name", "uid", "type", "hidden_user", "secure_token", "filevault_user", "volume_owner", "user_created_at", "mobile_account", "home_directory", "home_folder_secure", "shell", "directory", "generated_uid", "password_last_set", more) SELECT _id, row_digest(json_object('username', "username", 'full_name', "full_name", 'uid', "uid", 'type', "type", 'hidden_user', "hidden_user", 'secure_token', "secure_token", 'filevault_user', "filevault_user", 'volume_owner', "volume_owner", 'user_created_at', "user_created_at", 'mobile_account', "mobile_account", 'home_directory', "home_directory", 'home_folder_secure', "home_folder_secure", 'shell', "shell", 'directory', "directory", 'generated_uid', "generated_uid", 'password_last_set', "password_last_set", 'more', more)), coalesce(
    (SELECT key FROM _old_open o WHERE o.value = _id LIMIT 1), (SELECT key FROM _old_closed o WHERE o.value = _id LIMIT 1)) AS held,
    "username", "full_name", "uid", "type", "hidden_user", "secure_token", "filevault_user", "volume_owner", "user_created_at", "mobile_account", "home_directory", "home_folder_secure", "shell", "directory", "generated_uid", "password_last_set", more FROM _old_value WHERE held IS NOT NULL;
INSERT OR IGNORE INTO _local_users_open(device, value, seen_from, flags, since, latest)
    SELECT device, value, seen_from, fresh, CAST(strftime('%s', since) AS INTEGER), latest FROM _old_open WHERE value IN (SELECT _id FROM _local_users_value);
INSERT OR IGNORE INTO _local_users_closed(seen_to, device, value, seen_from, flags, next, since, latest)
    SELECT o.seen_to, o.device, o.value, o.seen_from,
    o.fresh + iif(c.id IS NULL, 2, 0) + iif(c.what = 'moved', 4, 0), c.new, CAST(strftime('%s', o.since) AS INTEGER), o.latest
    FROM _old_closed o LEFT JOIN _change c ON c.kind = 'local_users' AND c.device = o.device AND c.sync = o.seen_to AND c.old = o.value
    WHERE o.value IN (SELECT _id FROM _local_users_value);
INSERT OR IGNORE INTO _local_users_appeared(sync, device, value) SELECT sync, device, new FROM _change
    WHERE kind = 'local_users' AND what = 'appeared' AND new IN (SELECT _id FROM _local_users_value);
DROP TABLE _old_open;
DROP TABLE _old_closed;
DROP TABLE _old_value;
ALTER TABLE _profiles_value RENAME TO _old_value;
ALTER TABLE _profiles_open RENAME TO _old_open;
ALTER TABLE _profiles_closed RENAME TO _old_closed;
CREATE TABLE _profiles_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "profile_display_name", "payload_identifier", "payload_uuid", "profile_description", "organization", "managed", "removable", "encrypted", "signed", "profile_data", more TEXT);
CREATE TABLE _profiles_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _profiles_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _profiles_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
INSERT OR IGNORE INTO _profiles_value(_id, digest, key, "profile_display_name", "payload_identifier", "payload_uuid", "profile_description", "organization", "managed", "removable", "encrypted", "signed", "profile_data", more) SELECT _id, row_digest(json_object('profile_display_name', "profile_display_name", 'payload_identifier', "payload_identifier", 'payload_uuid', "payload_uuid", 'profile_description', "profile_description", 'organization', "organization", 'managed', "managed", 'removable', "removable", 'encrypted', "encrypted", 'signed', "signed", 'profile_data', "profile_data", 'more', more)), coalesce(
    (SELECT key FROM _old_open o WHERE o.value = _id LIMIT 1), (SELECT key FROM _old_closed o WHERE o.value = _id LIMIT 1)) AS held,
    "profile_display_name", "payload_identifier", "payload_uuid", "profile_description", "organization", "managed", "removable", "encrypted", "signed", "profile_data", more FROM _old_value WHERE held IS NOT NULL;
INSERT OR IGNORE INTO _profiles_open(device, value, seen_from, flags, since, latest)
    SELECT device, value, seen_from, fresh, CAST(strftime('%s', since) AS INTEGER), latest FROM _old_open WHERE value IN (SELECT _id FROM _profiles_value);
INSERT OR IGNORE INTO _profiles_closed(seen_to, device, value, seen_from, flags, next, since, latest)
    SELECT o.seen_to, o.device, o.value, o.seen_from,
    o.fresh + iif(c.id IS NULL, 2, 0) + iif(c.what = 'moved', 4, 0), c.new, CAST(strftime('%s', o.since) AS INTEGER), o.latest
    FROM _old_closed o LEFT JOIN _change c ON c.kind = 'profiles' AND c.device = o.device AND c.sync = o.seen_to AND c.old = o.value
    WHERE o.value IN (SELECT _id FROM _profiles_value);
INSERT OR IGNORE INTO _profiles_appeared(sync, device, value) SELECT sync, device, new FROM _change
    WHERE kind = 'profiles' AND what = 'appeared' AND new IN (SELECT _id FROM _profiles_value);
DROP TABLE _old_open;
DROP TABLE _old_closed;
DROP TABLE _old_value;
CREATE INDEX _profiles_open_value ON _profiles_open(value);
ALTER TABLE _launch_items_value RENAME TO _old_value;
ALTER TABLE _launch_items_open RENAME TO _old_open;
ALTER TABLE _launch_items_closed RENAME TO _old_closed;
CREATE TABLE _launch_items_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "label", "path", "program", "program_arguments", "file_name", "service_domain", "run_at_load", "keep_alive", "disabled", "is_disabled", "start_interval", "user_name", "group_name", "standard_out_path", "standard_error_path", "watch_paths", "queue_directories", "start_on_mount", "root_directory", "working_directory", "process_type", "user_agent_local_user", more TEXT);
CREATE TABLE _launch_items_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _launch_items_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _launch_items_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
INSERT OR IGNORE INTO _launch_items_value(_id, digest, key, "label", "path", "program", "program_arguments", "file_name", "service_domain", "run_at_load", "keep_alive", "disabled", "is_disabled", "start_interval", "user_name", "group_name", "standard_out_path", "standard_error_path", "watch_paths", "queue_directories", "start_on_mount", "root_directory", "working_directory", "process_type", "user_agent_local_user", more) SELECT _id, row_digest(json_object('label', "label", 'path', "path", 'program', "program", 'program_arguments', "program_arguments", 'file_name', "file_name", 'service_domain', "service_domain", 'run_at_load', "run_at_load", 'keep_alive', "keep_alive", 'disabled', "disabled", 'is_disabled', "is_disabled", 'start_interval', "start_interval", 'user_name', "user_name", 'group_name', "group_name", 'standard_out_path', "standard_out_path", 'standard_error_path', "standard_error_path", 'watch_paths', "watch_paths", 'queue_directories', "queue_directories", 'start_on_mount', "start_on_mount", 'root_directory', "root_directory", 'working_directory', "working_directory", 'process_type', "process_type", 'user_agent_local_user', "user_agent_local_user", 'more', more)), coalesce(
    (SELECT key FROM _old_open o WHERE o.value = _id LIMIT 1), (SELECT key FROM _old_closed o WHERE o.value = _id LIMIT 1)) AS held,
    "label", "path", "program", "program_arguments", "file_name", "service_domain", "run_at_load", "keep_alive", "disabled", "is_disabled", "start_interval", "user_name", "group_name", "standard_out_path", "standard_error_path", "watch_paths", "queue_directories", "start_on_mount", "root_directory", "working_directory", "process_type", "user_agent_local_user", more FROM _old_value WHERE held IS NOT NULL;
INSERT OR IGNORE INTO _launch_items_open(device, value, seen_from, flags, since, latest)
    SELECT device, value, seen_from, fresh, CAST(strftime('%s', since) AS INTEGER), latest FROM _old_open WHERE value IN (SELECT _id FROM _launch_items_value);
INSERT OR IGNORE INTO _launch_items_closed(seen_to, device, value, seen_from, flags, next, since, latest)
    SELECT o.seen_to, o.device, o.value, o.seen_from,
    o.fresh + iif(c.id IS NULL, 2, 0) + iif(c.what = 'moved', 4, 0), c.new, CAST(strftime('%s', o.since) AS INTEGER), o.latest
    FROM _old_closed o LEFT JOIN _change c ON c.kind = 'launch_items' AND c.device = o.device AND c.sync = o.seen_to AND c.old = o.value
    WHERE o.value IN (SELECT _id FROM _launch_items_value);
INSERT OR IGNORE INTO _launch_items_appeared(sync, device, value) SELECT sync, device, new FROM _change
    WHERE kind = 'launch_items' AND what = 'appeared' AND new IN (SELECT _id FROM _launch_items_value);
DROP TABLE _old_open;
DROP TABLE _old_closed;
DROP TABLE _old_value;
CREATE INDEX _launch_items_open_value ON _launch_items_open(value);
ALTER TABLE _apps_value RENAME TO _old_value;
ALTER TABLE _apps_open RENAME TO _old_open;
ALTER TABLE _apps_closed RENAME TO _old_closed;
CREATE TABLE _apps_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "name", "version", "short_version", "bundle_id", "path", "team_id", "developer_name", "signature", "obtained_from", "ad_hoc_code_signed", "executable", "bundle_name", "bundle_type", "bundle_display_name", "bundle_region", "category", "compiler", "copyright", "minimum_system_version", "app_store_vendable", "device_based_vpp", "beta_app", "app_clip", more TEXT);
CREATE TABLE _apps_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _apps_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _apps_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
INSERT OR IGNORE INTO _apps_value(_id, digest, key, "name", "version", "short_version", "bundle_id", "path", "team_id", "developer_name", "signature", "obtained_from", "ad_hoc_code_signed", "executable", "bundle_name", "bundle_type", "bundle_display_name", "bundle_region", "category", "compiler", "copyright", "minimum_system_version", "app_store_vendable", "device_based_vpp", "beta_app", "app_clip", more) SELECT _id, row_digest(json_object('name', "name", 'version', "version", 'short_version', "short_version", 'bundle_id', "bundle_id", 'path', "path", 'team_id', "team_id", 'developer_name', "developer_name", 'signature', "signature", 'obtained_from', "obtained_from", 'ad_hoc_code_signed', "ad_hoc_code_signed", 'executable', "executable", 'bundle_name', "bundle_name", 'bundle_type', "bundle_type", 'bundle_display_name', "bundle_display_name", 'bundle_region', "bundle_region", 'category', "category", 'compiler', "compiler", 'copyright', "copyright", 'minimum_system_version', "minimum_system_version", 'app_store_vendable', "app_store_vendable", 'device_based_vpp', "device_based_vpp", 'beta_app', "beta_app", 'app_clip', "app_clip", 'more', more)), coalesce(
    (SELECT key FROM _old_open o WHERE o.value = _id LIMIT 1), (SELECT key FROM _old_closed o WHERE o.value = _id LIMIT 1)) AS held,
    "name", "version", "short_version", "bundle_id", "path", "team_id", "developer_name", "signature", "obtained_from", "ad_hoc_code_signed", "executable", "bundle_name", "bundle_type", "bundle_display_name", "bundle_region", "category", "compiler", "copyright", "minimum_system_version", "app_store_vendable", "device_based_vpp", "beta_app", "app_clip", more FROM _old_value WHERE held IS NOT NULL;
INSERT OR IGNORE INTO _apps_open(device, value, seen_from, flags, since, latest)
    SELECT device, value, seen_from, fresh, CAST(strftime('%s', since) AS INTEGER), latest FROM _old_open WHERE value IN (SELECT _id FROM _apps_value);
INSERT OR IGNORE INTO _apps_closed(seen_to, device, value, seen_from, flags, next, since, latest)
    SELECT o.seen_to, o.device, o.value, o.seen_from,
    o.fresh + iif(c.id IS NULL, 2, 0) + iif(c.what = 'moved', 4, 0), c.new, CAST(strftime('%s', o.since) AS INTEGER), o.latest
    FROM _old_closed o LEFT JOIN _change c ON c.kind = 'apps' AND c.device = o.device AND c.sync = o.seen_to AND c.old = o.value
    WHERE o.value IN (SELECT _id FROM _apps_value);
INSERT OR IGNORE INTO _apps_appeared(sync, device, value) SELECT sync, device, new FROM _change
    WHERE kind = 'apps' AND what = 'appeared' AND new IN (SELECT _id FROM _apps_value);
DROP TABLE _old_open;
DROP TABLE _old_closed;
DROP TABLE _old_value;
CREATE INDEX _apps_open_value ON _apps_open(value);
CREATE TABLE _application_firewall_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "status", "block_all_incoming", "logging", "logging_option", "stealth_mode", "version", "allow_signed_applications", "unloading", more TEXT);
CREATE TABLE _application_firewall_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _application_firewall_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _application_firewall_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
CREATE TABLE _gatekeeper_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "gatekeeper_status", "trusted_developers", "gatekeeper_version", "gatekeeper_opaque_version", "xprotect_version", "malware_removal_tool_version", more TEXT);
CREATE TABLE _gatekeeper_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _gatekeeper_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _gatekeeper_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
CREATE TABLE _transparency_database_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "service", "application", "client_type", "status", "status_reason", "last_modified", "local_user", more TEXT);
CREATE TABLE _transparency_database_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _transparency_database_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _transparency_database_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
CREATE TABLE _certificates_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "common_name", "identity_certificate", more TEXT);
CREATE TABLE _certificates_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _certificates_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _certificates_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
CREATE TABLE _system_extensions_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "name", "identifier", "team_id", "state", "short_version", "bundle_version", "categories", "path", "bundle_path", "is_mdm_managed", more TEXT);
CREATE TABLE _system_extensions_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _system_extensions_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _system_extensions_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
CREATE TABLE _kernel_extensions_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, more TEXT);
CREATE TABLE _kernel_extensions_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _kernel_extensions_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _kernel_extensions_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
CREATE TABLE _activation_lock_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "activation_lock_supported", "activation_lock_allowed_while_supervised", "device_activation_lock_enabled", "user_activation_lock_enabled", "bypass_code_failed", more TEXT);
CREATE TABLE _activation_lock_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _activation_lock_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _activation_lock_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
CREATE TABLE _desktop_and_screensaver_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "screensaver_interval", more TEXT);
CREATE TABLE _desktop_and_screensaver_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _desktop_and_screensaver_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _desktop_and_screensaver_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
CREATE TABLE _cellular_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "cellular_technology", "data_roaming_enabled", "voice_roaming_enabled", "modem_firmware_version", "personal_hotspot_enabled", "meid", "carrier_settings_version_slot_1", "current_carrier_network_slot_1", "current_mcc_slot_1", "current_mnc_slot_1", "eid_slot_1", "iccid_slot_1", "imei_slot_1", "is_data_preferred_slot_1", "is_roaming_slot_1", "is_voice_preferred_slot_1", "label_slot_1", "label_id_slot_1", "phone_number_slot_1", "subscriber_carrier_network_slot_1", "carrier_settings_version_slot_2", "current_carrier_network_slot_2", "current_mcc_slot_2", "current_mnc_slot_2", "eid_slot_2", "iccid_slot_2", "imei_slot_2", "is_data_preferred_slot_2", "is_roaming_slot_2", "is_voice_preferred_slot_2", "label_slot_2", "label_id_slot_2", "phone_number_slot_2", "subscriber_carrier_network_slot_2", "slot_1", "slot_2", more TEXT);
CREATE TABLE _cellular_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _cellular_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _cellular_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
ALTER TABLE _vulnerabilities_value RENAME TO _old_value;
ALTER TABLE _vulnerabilities_open RENAME TO _old_open;
ALTER TABLE _vulnerabilities_closed RENAME TO _old_closed;
CREATE TABLE _vulnerabilities_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "cve_id", "severity", "cvss_score", "kev_score", "status", "software", "first_detection_date", "cve_published_at", "description", "cve_link", more TEXT);
CREATE TABLE _vulnerabilities_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _vulnerabilities_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _vulnerabilities_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
INSERT OR IGNORE INTO _vulnerabilities_value(_id, digest, key, "cve_id", "severity", "cvss_score", "kev_score", "status", "software", "first_detection_date", "cve_published_at", "description", "cve_link", more) SELECT _id, row_digest(json_object('cve_id', "cve_id", 'severity', "severity", 'cvss_score', "cvss_score", 'kev_score', "kev_score", 'status', "status", 'software', "software", 'first_detection_date', "first_detection_date", 'cve_published_at', "cve_published_at", 'description', "description", 'cve_link', "cve_link", 'more', more)), coalesce(
    (SELECT key FROM _old_open o WHERE o.value = _id LIMIT 1), (SELECT key FROM _old_closed o WHERE o.value = _id LIMIT 1)) AS held,
    "cve_id", "severity", "cvss_score", "kev_score", "status", "software", "first_detection_date", "cve_published_at", "description", "cve_link", more FROM _old_value WHERE held IS NOT NULL;
INSERT OR IGNORE INTO _vulnerabilities_open(device, value, seen_from, flags, since, latest)
    SELECT device, value, seen_from, fresh, CAST(strftime('%s', since) AS INTEGER), latest FROM _old_open WHERE value IN (SELECT _id FROM _vulnerabilities_value);
INSERT OR IGNORE INTO _vulnerabilities_closed(seen_to, device, value, seen_from, flags, next, since, latest)
    SELECT o.seen_to, o.device, o.value, o.seen_from,
    o.fresh + iif(c.id IS NULL, 2, 0) + iif(c.what = 'moved', 4, 0), c.new, CAST(strftime('%s', o.since) AS INTEGER), o.latest
    FROM _old_closed o LEFT JOIN _change c ON c.kind = 'vulnerabilities' AND c.device = o.device AND c.sync = o.seen_to AND c.old = o.value
    WHERE o.value IN (SELECT _id FROM _vulnerabilities_value);
INSERT OR IGNORE INTO _vulnerabilities_appeared(sync, device, value) SELECT sync, device, new FROM _change
    WHERE kind = 'vulnerabilities' AND what = 'appeared' AND new IN (SELECT _id FROM _vulnerabilities_value);
DROP TABLE _old_open;
DROP TABLE _old_closed;
DROP TABLE _old_value;
ALTER TABLE _detections_value RENAME TO _old_value;
ALTER TABLE _detections_open RENAME TO _old_open;
ALTER TABLE _detections_closed RENAME TO _old_closed;
CREATE TABLE _detections_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "cve_id", "name", "version", "path", "bundle_id", "cvss_score", "cvss_severity", more TEXT);
CREATE TABLE _detections_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _detections_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _detections_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
INSERT OR IGNORE INTO _detections_value(_id, digest, key, "cve_id", "name", "version", "path", "bundle_id", "cvss_score", "cvss_severity", more) SELECT _id, row_digest(json_object('cve_id', "cve_id", 'name', "name", 'version', "version", 'path', "path", 'bundle_id', "bundle_id", 'cvss_score', "cvss_score", 'cvss_severity', "cvss_severity", 'more', more)), coalesce(
    (SELECT key FROM _old_open o WHERE o.value = _id LIMIT 1), (SELECT key FROM _old_closed o WHERE o.value = _id LIMIT 1)) AS held,
    "cve_id", "name", "version", "path", "bundle_id", "cvss_score", "cvss_severity", more FROM _old_value WHERE held IS NOT NULL;
INSERT OR IGNORE INTO _detections_open(device, value, seen_from, flags, since, latest)
    SELECT device, value, seen_from, fresh, CAST(strftime('%s', since) AS INTEGER), latest FROM _old_open WHERE value IN (SELECT _id FROM _detections_value);
INSERT OR IGNORE INTO _detections_closed(seen_to, device, value, seen_from, flags, next, since, latest)
    SELECT o.seen_to, o.device, o.value, o.seen_from,
    o.fresh + iif(c.id IS NULL, 2, 0) + iif(c.what = 'moved', 4, 0), c.new, CAST(strftime('%s', o.since) AS INTEGER), o.latest
    FROM _old_closed o LEFT JOIN _change c ON c.kind = 'detections' AND c.device = o.device AND c.sync = o.seen_to AND c.old = o.value
    WHERE o.value IN (SELECT _id FROM _detections_value);
INSERT OR IGNORE INTO _detections_appeared(sync, device, value) SELECT sync, device, new FROM _change
    WHERE kind = 'detections' AND what = 'appeared' AND new IN (SELECT _id FROM _detections_value);
DROP TABLE _old_open;
DROP TABLE _old_closed;
DROP TABLE _old_value;
CREATE INDEX _detections_open_value ON _detections_open(value);
ALTER TABLE _threats_value RENAME TO _old_value;
ALTER TABLE _threats_open RENAME TO _old_open;
ALTER TABLE _threats_closed RENAME TO _old_closed;
CREATE TABLE _threats_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "id", "detection_date", "threat_name", "classification", "status", "management_state", "severity", "process_name", "process_owner", "file_path", "file_hash", "bundle_path", "date_of_quarantine", "date_of_release", "released_by", "release_note", "library_item_id", "library_item_name", "malware_posture", "pup_posture", "tags", more TEXT);
CREATE TABLE _threats_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _threats_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _threats_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
INSERT OR IGNORE INTO _threats_value(_id, digest, key, "id", "detection_date", "threat_name", "classification", "status", "management_state", "severity", "process_name", "process_owner", "file_path", "file_hash", "bundle_path", "date_of_quarantine", "date_of_release", "released_by", "release_note", "library_item_id", "library_item_name", "malware_posture", "pup_posture", "tags", more) SELECT _id, row_digest(json_object('id', "id", 'detection_date', "detection_date", 'threat_name', "threat_name", 'classification', "classification", 'status', "status", 'management_state', "management_state", 'severity', "severity", 'process_name', "process_name", 'process_owner', "process_owner", 'file_path', "file_path", 'file_hash', "file_hash", 'bundle_path', "bundle_path", 'date_of_quarantine', "date_of_quarantine", 'date_of_release', "date_of_release", 'released_by', "released_by", 'release_note', "release_note", 'library_item_id', "library_item_id", 'library_item_name', "library_item_name", 'malware_posture', "malware_posture", 'pup_posture', "pup_posture", 'tags', "tags", 'more', more)), coalesce(
    (SELECT key FROM _old_open o WHERE o.value = _id LIMIT 1), (SELECT key FROM _old_closed o WHERE o.value = _id LIMIT 1)) AS held,
    "id", "detection_date", "threat_name", "classification", "status", "management_state", "severity", "process_name", "process_owner", "file_path", "file_hash", "bundle_path", "date_of_quarantine", "date_of_release", "released_by", "release_note", "library_item_id", "library_item_name", "malware_posture", "pup_posture", "tags", more FROM _old_value WHERE held IS NOT NULL;
INSERT OR IGNORE INTO _threats_open(device, value, seen_from, flags, since, latest)
    SELECT device, value, seen_from, fresh, CAST(strftime('%s', since) AS INTEGER), latest FROM _old_open WHERE value IN (SELECT _id FROM _threats_value);
INSERT OR IGNORE INTO _threats_closed(seen_to, device, value, seen_from, flags, next, since, latest)
    SELECT o.seen_to, o.device, o.value, o.seen_from,
    o.fresh + iif(c.id IS NULL, 2, 0) + iif(c.what = 'moved', 4, 0), c.new, CAST(strftime('%s', o.since) AS INTEGER), o.latest
    FROM _old_closed o LEFT JOIN _change c ON c.kind = 'threats' AND c.device = o.device AND c.sync = o.seen_to AND c.old = o.value
    WHERE o.value IN (SELECT _id FROM _threats_value);
INSERT OR IGNORE INTO _threats_appeared(sync, device, value) SELECT sync, device, new FROM _change
    WHERE kind = 'threats' AND what = 'appeared' AND new IN (SELECT _id FROM _threats_value);
DROP TABLE _old_open;
DROP TABLE _old_closed;
DROP TABLE _old_value;
ALTER TABLE _behavioral_detections_value RENAME TO _old_value;
ALTER TABLE _behavioral_detections_open RENAME TO _old_open;
ALTER TABLE _behavioral_detections_closed RENAME TO _old_closed;
CREATE TABLE _behavioral_detections_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "id", "threat_id", "description", "classification", "status", "management_state", "severity", "detection_date", "malware_family", "informational_tags", "tags", "parent_process", "target_process", more TEXT);
CREATE TABLE _behavioral_detections_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _behavioral_detections_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _behavioral_detections_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
INSERT OR IGNORE INTO _behavioral_detections_value(_id, digest, key, "id", "threat_id", "description", "classification", "status", "management_state", "severity", "detection_date", "malware_family", "informational_tags", "tags", "parent_process", "target_process", more) SELECT _id, row_digest(json_object('id', "id", 'threat_id', "threat_id", 'description', "description", 'classification', "classification", 'status', coalesce(threat_status, status), 'management_state', "management_state", 'severity', "severity", 'detection_date', "detection_date", 'malware_family', "malware_family", 'informational_tags', "informational_tags", 'tags', "tags", 'parent_process', "parent_process", 'target_process', "target_process", 'more', more)), coalesce(
    (SELECT key FROM _old_open o WHERE o.value = _id LIMIT 1), (SELECT key FROM _old_closed o WHERE o.value = _id LIMIT 1)) AS held,
    "id", "threat_id", "description", "classification", coalesce(threat_status, status), "management_state", "severity", "detection_date", "malware_family", "informational_tags", "tags", "parent_process", "target_process", more FROM _old_value WHERE held IS NOT NULL;
INSERT OR IGNORE INTO _behavioral_detections_open(device, value, seen_from, flags, since, latest)
    SELECT device, value, seen_from, fresh, CAST(strftime('%s', since) AS INTEGER), latest FROM _old_open WHERE value IN (SELECT _id FROM _behavioral_detections_value);
INSERT OR IGNORE INTO _behavioral_detections_closed(seen_to, device, value, seen_from, flags, next, since, latest)
    SELECT o.seen_to, o.device, o.value, o.seen_from,
    o.fresh + iif(c.id IS NULL, 2, 0) + iif(c.what = 'moved', 4, 0), c.new, CAST(strftime('%s', o.since) AS INTEGER), o.latest
    FROM _old_closed o LEFT JOIN _change c ON c.kind = 'behavioral_detections' AND c.device = o.device AND c.sync = o.seen_to AND c.old = o.value
    WHERE o.value IN (SELECT _id FROM _behavioral_detections_value);
INSERT OR IGNORE INTO _behavioral_detections_appeared(sync, device, value) SELECT sync, device, new FROM _change
    WHERE kind = 'behavioral_detections' AND what = 'appeared' AND new IN (SELECT _id FROM _behavioral_detections_value);
DROP TABLE _old_open;
DROP TABLE _old_closed;
DROP TABLE _old_value;
ALTER TABLE _windows_android_details_value RENAME TO _old_value;
ALTER TABLE _windows_android_details_open RENAME TO _old_open;
ALTER TABLE _windows_android_details_closed RENAME TO _old_closed;
CREATE TABLE _windows_android_details_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "manufacturer", "device_model", "device_type", "model_name", "os_name", "os_version", "os_build", "os_edition", "update_build_revision", "language", "api_level", "security_patch_level", "agent_installed", "agent_version", "agent_installed_at", "is_encrypted", "encryption_status", "has_passcode", "has_google_play_protect", "device_posture", "developer_mode_enabled", "android_debug_bridge_enabled", "unknown_app_sources_enabled", "management_mode", "ownership", "enterprise_id", "enterprise_device_id", "windows_device_id", "processor_architecture", "bios_version", "smbios_serial_number", "total_ram", "total_capacity", "wifi_mac_address", more TEXT);
CREATE TABLE _windows_android_details_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _windows_android_details_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _windows_android_details_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
INSERT OR IGNORE INTO _windows_android_details_value(_id, digest, key, "manufacturer", "device_model", "device_type", "model_name", "os_name", "os_version", "os_build", "os_edition", "update_build_revision", "language", "api_level", "security_patch_level", "agent_installed", "agent_version", "agent_installed_at", "is_encrypted", "encryption_status", "has_passcode", "has_google_play_protect", "device_posture", "developer_mode_enabled", "android_debug_bridge_enabled", "unknown_app_sources_enabled", "management_mode", "ownership", "enterprise_id", "enterprise_device_id", "windows_device_id", "processor_architecture", "bios_version", "smbios_serial_number", "total_ram", "total_capacity", "wifi_mac_address", more) SELECT _id, row_digest(json_object('manufacturer', "manufacturer", 'device_model', "device_model", 'device_type', "device_type", 'model_name', "model_name", 'os_name', "os_name", 'os_version', "os_version", 'os_build', "os_build", 'os_edition', "os_edition", 'update_build_revision', "update_build_revision", 'language', "language", 'api_level', "api_level", 'security_patch_level', "security_patch_level", 'agent_installed', "agent_installed", 'agent_version', "agent_version", 'agent_installed_at', "agent_installed_at", 'is_encrypted', "is_encrypted", 'encryption_status', "encryption_status", 'has_passcode', "has_passcode", 'has_google_play_protect', "has_google_play_protect", 'device_posture', "device_posture", 'developer_mode_enabled', "developer_mode_enabled", 'android_debug_bridge_enabled', "android_debug_bridge_enabled", 'unknown_app_sources_enabled', "unknown_app_sources_enabled", 'management_mode', "management_mode", 'ownership', "ownership", 'enterprise_id', "enterprise_id", 'enterprise_device_id', "enterprise_device_id", 'windows_device_id', "windows_device_id", 'processor_architecture', "processor_architecture", 'bios_version', "bios_version", 'smbios_serial_number', "smbios_serial_number", 'total_ram', "total_ram", 'total_capacity', "total_capacity", 'wifi_mac_address', "wifi_mac_address", 'more', more)), coalesce(
    (SELECT key FROM _old_open o WHERE o.value = _id LIMIT 1), (SELECT key FROM _old_closed o WHERE o.value = _id LIMIT 1)) AS held,
    "manufacturer", "device_model", "device_type", "model_name", "os_name", "os_version", "os_build", "os_edition", "update_build_revision", "language", "api_level", "security_patch_level", "agent_installed", "agent_version", "agent_installed_at", "is_encrypted", "encryption_status", "has_passcode", "has_google_play_protect", "device_posture", "developer_mode_enabled", "android_debug_bridge_enabled", "unknown_app_sources_enabled", "management_mode", "ownership", "enterprise_id", "enterprise_device_id", "windows_device_id", "processor_architecture", "bios_version", "smbios_serial_number", "total_ram", "total_capacity", "wifi_mac_address", more FROM _old_value WHERE held IS NOT NULL;
INSERT OR IGNORE INTO _windows_android_details_open(device, value, seen_from, flags, since, latest)
    SELECT device, value, seen_from, fresh, CAST(strftime('%s', since) AS INTEGER), latest FROM _old_open WHERE value IN (SELECT _id FROM _windows_android_details_value);
INSERT OR IGNORE INTO _windows_android_details_closed(seen_to, device, value, seen_from, flags, next, since, latest)
    SELECT o.seen_to, o.device, o.value, o.seen_from,
    o.fresh + iif(c.id IS NULL, 2, 0) + iif(c.what = 'moved', 4, 0), c.new, CAST(strftime('%s', o.since) AS INTEGER), o.latest
    FROM _old_closed o LEFT JOIN _change c ON c.kind = 'windows_android_details' AND c.device = o.device AND c.sync = o.seen_to AND c.old = o.value
    WHERE o.value IN (SELECT _id FROM _windows_android_details_value);
INSERT OR IGNORE INTO _windows_android_details_appeared(sync, device, value) SELECT sync, device, new FROM _change
    WHERE kind = 'windows_android_details' AND what = 'appeared' AND new IN (SELECT _id FROM _windows_android_details_value);
DROP TABLE _old_open;
DROP TABLE _old_closed;
DROP TABLE _old_value;
CREATE TABLE _custom_apps_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "id", "name", "active", "install_type", "install_enforcement", "restart", "show_in_self_service", "file_size", "file_updated", "sha256", "created_at", "updated_at", more TEXT);
CREATE TABLE _custom_apps_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _custom_apps_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _custom_apps_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
CREATE TABLE _in_house_apps_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "id", "name", "active", "app_identifier", "app_name", "app_version", "minimum_os_version", "sha256", "file_size", "file_updated", "runs_on_mac", "runs_on_iphone", "runs_on_ipad", "runs_on_tv", "runs_on_vision", "created_at", "updated_at", more TEXT);
CREATE TABLE _in_house_apps_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _in_house_apps_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _in_house_apps_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
CREATE TABLE _custom_profiles_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "id", "name", "active", "mdm_identifier", "runs_on_mac", "runs_on_iphone", "runs_on_ipad", "runs_on_tv", "runs_on_vision", "created_at", "updated_at", more TEXT);
CREATE TABLE _custom_profiles_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _custom_profiles_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _custom_profiles_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
CREATE TABLE _custom_scripts_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "id", "name", "active", "execution_frequency", "restart", "show_in_self_service", "created_at", "updated_at", more TEXT);
CREATE TABLE _custom_scripts_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _custom_scripts_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _custom_scripts_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
CREATE TABLE _blueprint_library_items_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "blueprint_id", "library_item_id", "library_item_name", more TEXT);
CREATE TABLE _blueprint_library_items_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _blueprint_library_items_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _blueprint_library_items_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
CREATE TABLE _library_item_status_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "library_item_id", "status", "log", "last_audit_log", "control_log", more TEXT);
CREATE TABLE _library_item_status_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _library_item_status_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _library_item_status_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
CREATE TABLE _audit_events_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL, "id", "action", "occurred_at", "actor_id", "actor_type", "target_id", "target_type", "target_component", "new_state", "metadata", more TEXT);
CREATE TABLE _audit_events_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _audit_events_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _audit_events_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
DROP TABLE _change;
CREATE INDEX _apps_by_bundle ON _apps_value(bundle_id, version);
CREATE INDEX _apps_by_name ON _apps_value(name, version);
CREATE INDEX _detections_by_cve ON _detections_value(cve_id);
CREATE INDEX _launch_items_by_label ON _launch_items_value(label);
CREATE INDEX _device_by_serial ON _device(serial_number);
