-- What takes room and tells nothing is gone: newest values of tables that have none, and a table's name beside each
-- report. Tables are made anew: DROP COLUMN would write small numbers longer. A library item's name is found by its id.
CREATE TEMP TABLE _old AS SELECT device, value, seen_from, flags, since, changed FROM _filevault_open;
DROP TABLE _filevault_open;
CREATE TABLE _filevault_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, PRIMARY KEY(device, value)) WITHOUT ROWID;
INSERT INTO _filevault_open(device, value, seen_from, flags, since, changed) SELECT device, value, seen_from, flags, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM _filevault_closed;
DROP TABLE _filevault_closed;
CREATE TABLE _filevault_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
INSERT INTO _filevault_closed(seen_to, device, value, seen_from, flags, next, since, changed) SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT device, value, seen_from, flags, since, changed FROM _startup_settings_open;
DROP TABLE _startup_settings_open;
CREATE TABLE _startup_settings_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, PRIMARY KEY(device, value)) WITHOUT ROWID;
INSERT INTO _startup_settings_open(device, value, seen_from, flags, since, changed) SELECT device, value, seen_from, flags, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM _startup_settings_closed;
DROP TABLE _startup_settings_closed;
CREATE TABLE _startup_settings_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
INSERT INTO _startup_settings_closed(seen_to, device, value, seen_from, flags, next, since, changed) SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT device, value, seen_from, flags, since, changed FROM _profiles_open;
DROP TABLE _profiles_open;
CREATE TABLE _profiles_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, PRIMARY KEY(device, value)) WITHOUT ROWID;
INSERT INTO _profiles_open(device, value, seen_from, flags, since, changed) SELECT device, value, seen_from, flags, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE INDEX _profiles_open_value ON _profiles_open(value);
CREATE TEMP TABLE _old AS SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM _profiles_closed;
DROP TABLE _profiles_closed;
CREATE TABLE _profiles_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
INSERT INTO _profiles_closed(seen_to, device, value, seen_from, flags, next, since, changed) SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT device, value, seen_from, flags, since, changed FROM _launch_items_open;
DROP TABLE _launch_items_open;
CREATE TABLE _launch_items_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, PRIMARY KEY(device, value)) WITHOUT ROWID;
INSERT INTO _launch_items_open(device, value, seen_from, flags, since, changed) SELECT device, value, seen_from, flags, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE INDEX _launch_items_open_value ON _launch_items_open(value);
CREATE TEMP TABLE _old AS SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM _launch_items_closed;
DROP TABLE _launch_items_closed;
CREATE TABLE _launch_items_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
INSERT INTO _launch_items_closed(seen_to, device, value, seen_from, flags, next, since, changed) SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT device, value, seen_from, flags, since, changed FROM _apps_open;
DROP TABLE _apps_open;
CREATE TABLE _apps_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, PRIMARY KEY(device, value)) WITHOUT ROWID;
INSERT INTO _apps_open(device, value, seen_from, flags, since, changed) SELECT device, value, seen_from, flags, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE INDEX _apps_open_value ON _apps_open(value);
CREATE TEMP TABLE _old AS SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM _apps_closed;
DROP TABLE _apps_closed;
CREATE TABLE _apps_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
INSERT INTO _apps_closed(seen_to, device, value, seen_from, flags, next, since, changed) SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT device, value, seen_from, flags, since, changed FROM _application_firewall_open;
DROP TABLE _application_firewall_open;
CREATE TABLE _application_firewall_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, PRIMARY KEY(device, value)) WITHOUT ROWID;
INSERT INTO _application_firewall_open(device, value, seen_from, flags, since, changed) SELECT device, value, seen_from, flags, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM _application_firewall_closed;
DROP TABLE _application_firewall_closed;
CREATE TABLE _application_firewall_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
INSERT INTO _application_firewall_closed(seen_to, device, value, seen_from, flags, next, since, changed) SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT device, value, seen_from, flags, since, changed FROM _gatekeeper_open;
DROP TABLE _gatekeeper_open;
CREATE TABLE _gatekeeper_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, PRIMARY KEY(device, value)) WITHOUT ROWID;
INSERT INTO _gatekeeper_open(device, value, seen_from, flags, since, changed) SELECT device, value, seen_from, flags, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM _gatekeeper_closed;
DROP TABLE _gatekeeper_closed;
CREATE TABLE _gatekeeper_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
INSERT INTO _gatekeeper_closed(seen_to, device, value, seen_from, flags, next, since, changed) SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT device, value, seen_from, flags, since, changed FROM _transparency_database_open;
DROP TABLE _transparency_database_open;
CREATE TABLE _transparency_database_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, PRIMARY KEY(device, value)) WITHOUT ROWID;
INSERT INTO _transparency_database_open(device, value, seen_from, flags, since, changed) SELECT device, value, seen_from, flags, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM _transparency_database_closed;
DROP TABLE _transparency_database_closed;
CREATE TABLE _transparency_database_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
INSERT INTO _transparency_database_closed(seen_to, device, value, seen_from, flags, next, since, changed) SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT device, value, seen_from, flags, since, changed FROM _certificates_open;
DROP TABLE _certificates_open;
CREATE TABLE _certificates_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, PRIMARY KEY(device, value)) WITHOUT ROWID;
INSERT INTO _certificates_open(device, value, seen_from, flags, since, changed) SELECT device, value, seen_from, flags, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM _certificates_closed;
DROP TABLE _certificates_closed;
CREATE TABLE _certificates_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
INSERT INTO _certificates_closed(seen_to, device, value, seen_from, flags, next, since, changed) SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT device, value, seen_from, flags, since, changed FROM _system_extensions_open;
DROP TABLE _system_extensions_open;
CREATE TABLE _system_extensions_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, PRIMARY KEY(device, value)) WITHOUT ROWID;
INSERT INTO _system_extensions_open(device, value, seen_from, flags, since, changed) SELECT device, value, seen_from, flags, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM _system_extensions_closed;
DROP TABLE _system_extensions_closed;
CREATE TABLE _system_extensions_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
INSERT INTO _system_extensions_closed(seen_to, device, value, seen_from, flags, next, since, changed) SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT device, value, seen_from, flags, since, changed FROM _kernel_extensions_open;
DROP TABLE _kernel_extensions_open;
CREATE TABLE _kernel_extensions_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, PRIMARY KEY(device, value)) WITHOUT ROWID;
INSERT INTO _kernel_extensions_open(device, value, seen_from, flags, since, changed) SELECT device, value, seen_from, flags, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM _kernel_extensions_closed;
DROP TABLE _kernel_extensions_closed;
CREATE TABLE _kernel_extensions_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
INSERT INTO _kernel_extensions_closed(seen_to, device, value, seen_from, flags, next, since, changed) SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT device, value, seen_from, flags, since, changed FROM _activation_lock_open;
DROP TABLE _activation_lock_open;
CREATE TABLE _activation_lock_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, PRIMARY KEY(device, value)) WITHOUT ROWID;
INSERT INTO _activation_lock_open(device, value, seen_from, flags, since, changed) SELECT device, value, seen_from, flags, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM _activation_lock_closed;
DROP TABLE _activation_lock_closed;
CREATE TABLE _activation_lock_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
INSERT INTO _activation_lock_closed(seen_to, device, value, seen_from, flags, next, since, changed) SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT device, value, seen_from, flags, since, changed FROM _desktop_and_screensaver_open;
DROP TABLE _desktop_and_screensaver_open;
CREATE TABLE _desktop_and_screensaver_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, PRIMARY KEY(device, value)) WITHOUT ROWID;
INSERT INTO _desktop_and_screensaver_open(device, value, seen_from, flags, since, changed) SELECT device, value, seen_from, flags, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM _desktop_and_screensaver_closed;
DROP TABLE _desktop_and_screensaver_closed;
CREATE TABLE _desktop_and_screensaver_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
INSERT INTO _desktop_and_screensaver_closed(seen_to, device, value, seen_from, flags, next, since, changed) SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT device, value, seen_from, flags, since, changed FROM _cellular_open;
DROP TABLE _cellular_open;
CREATE TABLE _cellular_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, PRIMARY KEY(device, value)) WITHOUT ROWID;
INSERT INTO _cellular_open(device, value, seen_from, flags, since, changed) SELECT device, value, seen_from, flags, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM _cellular_closed;
DROP TABLE _cellular_closed;
CREATE TABLE _cellular_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
INSERT INTO _cellular_closed(seen_to, device, value, seen_from, flags, next, since, changed) SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT device, value, seen_from, flags, since, changed FROM _detections_open;
DROP TABLE _detections_open;
CREATE TABLE _detections_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, PRIMARY KEY(device, value)) WITHOUT ROWID;
INSERT INTO _detections_open(device, value, seen_from, flags, since, changed) SELECT device, value, seen_from, flags, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE INDEX _detections_open_value ON _detections_open(value);
CREATE TEMP TABLE _old AS SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM _detections_closed;
DROP TABLE _detections_closed;
CREATE TABLE _detections_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
INSERT INTO _detections_closed(seen_to, device, value, seen_from, flags, next, since, changed) SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT device, value, seen_from, flags, since, changed FROM _threats_open;
DROP TABLE _threats_open;
CREATE TABLE _threats_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, PRIMARY KEY(device, value)) WITHOUT ROWID;
INSERT INTO _threats_open(device, value, seen_from, flags, since, changed) SELECT device, value, seen_from, flags, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM _threats_closed;
DROP TABLE _threats_closed;
CREATE TABLE _threats_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
INSERT INTO _threats_closed(seen_to, device, value, seen_from, flags, next, since, changed) SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT device, value, seen_from, flags, since, changed FROM _behavioral_detections_open;
DROP TABLE _behavioral_detections_open;
CREATE TABLE _behavioral_detections_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, PRIMARY KEY(device, value)) WITHOUT ROWID;
INSERT INTO _behavioral_detections_open(device, value, seen_from, flags, since, changed) SELECT device, value, seen_from, flags, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM _behavioral_detections_closed;
DROP TABLE _behavioral_detections_closed;
CREATE TABLE _behavioral_detections_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
INSERT INTO _behavioral_detections_closed(seen_to, device, value, seen_from, flags, next, since, changed) SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT device, value, seen_from, flags, since, changed FROM _custom_apps_open;
DROP TABLE _custom_apps_open;
CREATE TABLE _custom_apps_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, PRIMARY KEY(device, value)) WITHOUT ROWID;
INSERT INTO _custom_apps_open(device, value, seen_from, flags, since, changed) SELECT device, value, seen_from, flags, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM _custom_apps_closed;
DROP TABLE _custom_apps_closed;
CREATE TABLE _custom_apps_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
INSERT INTO _custom_apps_closed(seen_to, device, value, seen_from, flags, next, since, changed) SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT device, value, seen_from, flags, since, changed FROM _in_house_apps_open;
DROP TABLE _in_house_apps_open;
CREATE TABLE _in_house_apps_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, PRIMARY KEY(device, value)) WITHOUT ROWID;
INSERT INTO _in_house_apps_open(device, value, seen_from, flags, since, changed) SELECT device, value, seen_from, flags, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM _in_house_apps_closed;
DROP TABLE _in_house_apps_closed;
CREATE TABLE _in_house_apps_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
INSERT INTO _in_house_apps_closed(seen_to, device, value, seen_from, flags, next, since, changed) SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT device, value, seen_from, flags, since, changed FROM _custom_profiles_open;
DROP TABLE _custom_profiles_open;
CREATE TABLE _custom_profiles_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, PRIMARY KEY(device, value)) WITHOUT ROWID;
INSERT INTO _custom_profiles_open(device, value, seen_from, flags, since, changed) SELECT device, value, seen_from, flags, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM _custom_profiles_closed;
DROP TABLE _custom_profiles_closed;
CREATE TABLE _custom_profiles_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
INSERT INTO _custom_profiles_closed(seen_to, device, value, seen_from, flags, next, since, changed) SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT device, value, seen_from, flags, since, changed FROM _custom_scripts_open;
DROP TABLE _custom_scripts_open;
CREATE TABLE _custom_scripts_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, PRIMARY KEY(device, value)) WITHOUT ROWID;
INSERT INTO _custom_scripts_open(device, value, seen_from, flags, since, changed) SELECT device, value, seen_from, flags, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM _custom_scripts_closed;
DROP TABLE _custom_scripts_closed;
CREATE TABLE _custom_scripts_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
INSERT INTO _custom_scripts_closed(seen_to, device, value, seen_from, flags, next, since, changed) SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT device, value, seen_from, flags, since, changed FROM _blueprint_library_items_open;
DROP TABLE _blueprint_library_items_open;
CREATE TABLE _blueprint_library_items_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, PRIMARY KEY(device, value)) WITHOUT ROWID;
INSERT INTO _blueprint_library_items_open(device, value, seen_from, flags, since, changed) SELECT device, value, seen_from, flags, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM _blueprint_library_items_closed;
DROP TABLE _blueprint_library_items_closed;
CREATE TABLE _blueprint_library_items_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
INSERT INTO _blueprint_library_items_closed(seen_to, device, value, seen_from, flags, next, since, changed) SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT device, value, seen_from, flags, since, changed FROM _library_item_status_open;
DROP TABLE _library_item_status_open;
CREATE TABLE _library_item_status_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, PRIMARY KEY(device, value)) WITHOUT ROWID;
INSERT INTO _library_item_status_open(device, value, seen_from, flags, since, changed) SELECT device, value, seen_from, flags, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM _library_item_status_closed;
DROP TABLE _library_item_status_closed;
CREATE TABLE _library_item_status_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
INSERT INTO _library_item_status_closed(seen_to, device, value, seen_from, flags, next, since, changed) SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT device, value, seen_from, flags, since, changed FROM _audit_events_open;
DROP TABLE _audit_events_open;
CREATE TABLE _audit_events_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, PRIMARY KEY(device, value)) WITHOUT ROWID;
INSERT INTO _audit_events_open(device, value, seen_from, flags, since, changed) SELECT device, value, seen_from, flags, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TEMP TABLE _old AS SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM _audit_events_closed;
DROP TABLE _audit_events_closed;
CREATE TABLE _audit_events_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
INSERT INTO _audit_events_closed(seen_to, device, value, seen_from, flags, next, since, changed) SELECT seen_to, device, value, seen_from, flags, next, since, changed FROM temp._old;
DROP TABLE temp._old;
CREATE TABLE _category(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
INSERT INTO _category(name) SELECT DISTINCT kind FROM _report ORDER BY 1;
CREATE TEMP TABLE _old AS SELECT * FROM _report;
DROP TABLE _report;
CREATE TABLE _report(category INTEGER NOT NULL, device INTEGER NOT NULL, updated_at INTEGER, collected_at INTEGER,
    PRIMARY KEY(category, device)) WITHOUT ROWID;
INSERT INTO _report SELECT c.id, o.device, o.updated_at, o.collected_at FROM temp._old o JOIN _category c ON c.name = o.kind;
DROP TABLE temp._old;
CREATE INDEX _blueprint_library_items_by_item ON _blueprint_library_items_value(library_item_id, library_item_name);
CREATE INDEX _custom_apps_by_id ON _custom_apps_value(id, name);
CREATE INDEX _in_house_apps_by_id ON _in_house_apps_value(id, name);
CREATE INDEX _custom_profiles_by_id ON _custom_profiles_value(id, name);
CREATE INDEX _custom_scripts_by_id ON _custom_scripts_value(id, name);
