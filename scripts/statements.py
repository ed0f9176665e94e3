"""Ten statements an analyst asks of the copy; they run as they stand on SQLite, DuckDB and Spark."""

from __future__ import annotations

EVERY_ROW = {
    "apps by name and version, all rows": "SELECT name, version, count(*) n FROM apps GROUP BY 1, 2 ORDER BY n DESC "
    "LIMIT 50",
    "devices per app, all rows": "SELECT bundle_id, count(DISTINCT device_id) n FROM apps GROUP BY 1 ORDER BY n DESC "
    "LIMIT 50",
}
"""Those that touch every row of the largest table."""
QUERIES = EVERY_ROW | {
    "devices that have an app": "SELECT device_name, version FROM apps WHERE bundle_id = 'com.google.Chrome' LIMIT 500",
    "versions of an app": "SELECT version, count(*) FROM apps WHERE name = 'Google Chrome' GROUP BY 1 ORDER BY 2 DESC",
    "Macs without an app": "SELECT device_name, user_email FROM devices WHERE platform = 'Mac' AND device_id NOT IN "
    "(SELECT device_id FROM apps WHERE bundle_id = 'io.kandji.KandjiAgent')",
    "apps of one device": "SELECT name, version FROM apps WHERE serial_number = "
    "(SELECT max(serial_number) FROM devices)",
    "exploited CVEs by person": "SELECT d.user_email, d.device_name, x.cve_id, x.name FROM vulnerabilities v "
    "JOIN detections x ON x.cve_id = v.cve_id JOIN devices d ON d.device_id = x.device_id WHERE v.kev_score > 0 "
    "LIMIT 500",
    "audit events by hour of day": "SELECT substr(occurred_at, 12, 2) AS hour, count(*) FROM audit_events GROUP BY 1",
    "accounts that may administer": "SELECT device_name, username FROM local_users WHERE type <> 'Standard' LIMIT 500",
    "Macs without FileVault or firewall": "SELECT device_name, filevault, firewall FROM mac_security "
    "WHERE filevault = 0 OR firewall = 0",
}


def whole(sql: str) -> str:
    """A statement without its LIMIT, whose answer then does not depend on the order of equal rows."""
    return sql.partition(" LIMIT ")[0]
