"""Tools about devices: the fleet, one device's details, what is on it and what happened to it."""
