"""Tools about CVEs: on one device, and across the fleet."""
