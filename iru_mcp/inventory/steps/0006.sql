CREATE TABLE _mac_hardware_value(_id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key INTEGER NOT NULL,
    "model_identifier", "processor_name", "processor_speed", "number_of_processors", "total_number_of_cores", "memory", "mac_address", more TEXT);
CREATE TABLE _mac_hardware_open(device INTEGER NOT NULL, value INTEGER NOT NULL, seen_from INTEGER NOT NULL, flags INTEGER NOT NULL,
    since INTEGER, changed INTEGER, latest TEXT, PRIMARY KEY(device, value)) WITHOUT ROWID;
CREATE TABLE _mac_hardware_closed(seen_to INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    seen_from INTEGER NOT NULL, flags INTEGER NOT NULL, next INTEGER, since INTEGER, changed INTEGER, latest TEXT,
    PRIMARY KEY(seen_to, device, value)) WITHOUT ROWID;
CREATE TABLE _mac_hardware_appeared(sync INTEGER NOT NULL, device INTEGER NOT NULL, value INTEGER NOT NULL,
    PRIMARY KEY(sync, device, value)) WITHOUT ROWID;
