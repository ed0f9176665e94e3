"""Views that join what analysts ask for together. Each row is an enrolled device or something on one."""

from __future__ import annotations

_OF_A_MAC = "startup_settings filevault application_firewall gatekeeper activation_lock desktop_and_screensaver".split()


def _collected(table: str) -> str:
    """When the device last reported a category."""
    return (
        "(SELECT strftime('%Y-%m-%dT%H:%M:%SZ', coalesce(collected_at, updated_at), 'unixepoch') FROM _report "
        f"WHERE category = (SELECT id FROM _category WHERE name = '{table}') AND device = device.id "
        f"AND {table}._id IS NOT NULL)"
    )


# Joined by the numbers of the tables behind the views: SQLite would make each view whole before it joins it.
_MAC_SECURITY = f"""
SELECT devices.device_id, devices.device_name, devices.serial_number, devices.os_version, devices.user_email,
    devices.blueprint_name, devices.last_check_in,
    startup_settings.sip, startup_settings.ssv, startup_settings.secure_boot_level,
    startup_settings.external_boot_level, {_collected("startup_settings")} AS startup_collected_at,
    filevault.status AS filevault, filevault.key_escrowed AS filevault_key_escrowed,
    strftime('%Y-%m-%dT%H:%M:%SZ', iif(filevault_span.changed = 0, filevault_span.since, filevault_span.changed),
        'unixepoch') AS filevault_changed_at, {_collected("filevault")} AS filevault_collected_at,
    application_firewall.status AS firewall, application_firewall.stealth_mode AS firewall_stealth_mode,
    application_firewall.block_all_incoming AS firewall_block_all_incoming,
    {_collected("application_firewall")} AS firewall_collected_at,
    gatekeeper.gatekeeper_status AS gatekeeper, gatekeeper.trusted_developers AS gatekeeper_trusted_developers,
    gatekeeper.xprotect_version, {_collected("gatekeeper")} AS gatekeeper_collected_at,
    activation_lock.user_activation_lock_enabled, activation_lock.device_activation_lock_enabled,
    {_collected("activation_lock")} AS activation_lock_collected_at,
    desktop_and_screensaver.screensaver_interval, {_collected("desktop_and_screensaver")} AS screensaver_collected_at
FROM devices JOIN _device device ON device.device_id = devices.device_id
{
    "".join(
        f"LEFT JOIN _{table}_open {table}_span ON {table}_span.device = device.id "
        f"LEFT JOIN _{table}_value {table} ON {table}._id = {table}_span.value "
        for table in _OF_A_MAC
    )
}
WHERE devices.platform = 'Mac'
"""

_CVE_COUNTS = ("critical_cves", "high_cves", "medium_cves", "low_cves", "kev_count")
"""Of a Mac, none is 0. Of another device it is NULL: the detections that Iru documents are of Macs, and whether it
assesses others is not known."""

_DEVICE_OVERVIEW = f"""
SELECT devices.device_id, devices.device_name, devices.serial_number, devices.platform, devices.model,
    devices.os_version, devices.user_name, devices.user_email, users.department, users.job_title,
    coalesce(users.archived, devices.user_is_archived) AS user_archived, devices.blueprint_name, devices.last_check_in,
    iif(devices.last_check_in IS NULL AND json_extract(devices.more, '$.last_check_in_as_sent') IS NOT NULL, NULL,
        devices.last_check_in IS NULL) AS never_checked_in,
    round(julianday((SELECT max(finished_at) FROM syncs)) - julianday(devices.last_check_in), 2) AS days_silent,
    devices.agent_installed AS has_agent, devices.mdm_enabled, devices.is_missing, devices.lost_mode_status,
    {
    ", ".join(f"iif(devices.platform = 'Mac', coalesce(cves.{name}, 0), cves.{name}) AS {name}" for name in _CVE_COUNTS)
},
    iif(devices.agent_installed, coalesce(open_threats.threats, 0), open_threats.threats) AS open_threats
FROM devices
LEFT JOIN users ON users.id = devices.user_id
LEFT JOIN (
    SELECT detections.device_id, {
    ", ".join(
        f"count(DISTINCT iif(lower(cvss_severity) = '{severity}', detections.cve_id, NULL)) AS {severity}_cves"
        for severity in ("critical", "high", "medium", "low")
    )
}, count(DISTINCT iif(vulnerabilities.kev_score > 0, detections.cve_id, NULL)) AS kev_count
    FROM detections LEFT JOIN vulnerabilities ON vulnerabilities.cve_id = detections.cve_id
    GROUP BY 1) cves ON cves.device_id = devices.device_id
LEFT JOIN (
    SELECT device_id, count(*) AS threats FROM threats
    WHERE lower(status) IN ('not_quarantined', 'released') AND coalesce(lower(management_state), 'open') <> 'closed'
    GROUP BY 1) open_threats ON open_threats.device_id = devices.device_id
"""

_UNSIGNED_APPS = """
SELECT apps.device_id, apps.device_name, apps.serial_number, apps.name, apps.version, apps.bundle_id, apps.path,
    apps.team_id, apps.developer_name, apps.signature, apps.ad_hoc_code_signed, apps.obtained_from, apps.since,
    iif(coalesce(apps.ad_hoc_code_signed, 0), 'signed ad hoc', 'not signed') AS why
FROM apps JOIN devices ON devices.device_id = apps.device_id
WHERE devices.platform = 'Mac' AND (coalesce(apps.ad_hoc_code_signed, 0) OR apps.signature IS NULL)
"""

# Why an item stands out, one word each, as the dossier of a device says it.
_PERSISTENCE = """
SELECT items.device_id, items.device_name, items.serial_number, items.label, items.path, items.program,
    items.program_arguments, items.run_at_load, items.keep_alive, items.user_name, items.user_agent_local_user,
    items.since, items.baseline,
    trim(iif(command LIKE '%/.%', 'hidden-folder ', '')
    || iif(command LIKE '/tmp/%' OR command LIKE '/private/tmp/%' OR command LIKE '/var/tmp/%'
        OR command LIKE '/private/var/tmp/%' OR command LIKE '/Users/Shared/%', 'temporary-or-shared-folder ', '')
    || iif(command LIKE '/bin/%sh%' OR command LIKE '%osascript%' OR command LIKE '%python%' OR command LIKE '%perl %'
        OR command LIKE '%curl %', 'shell-or-interpreter ', '')
    || iif(items.label LIKE 'com.apple.%' AND items.path NOT LIKE '/System/%', 'apple-label-outside-system ', ''))
        AS why
FROM (SELECT launch_items.*, coalesce(program, program_arguments, '') AS command FROM launch_items
    WHERE path NOT LIKE '/System/%') items
JOIN devices ON devices.device_id = items.device_id
"""

_LIBRARY_ITEMS = """
SELECT id, name, 'custom-app' AS type, active, created_at, updated_at FROM custom_apps
UNION ALL SELECT id, name, 'ipa-app', active, created_at, updated_at FROM in_house_apps
UNION ALL SELECT id, name, 'profile', active, created_at, updated_at FROM custom_profiles
UNION ALL SELECT id, name, 'custom-script', active, created_at, updated_at FROM custom_scripts
UNION ALL SELECT library_item_id, max(library_item_name), 'other', NULL, NULL, NULL FROM blueprint_library_items
    WHERE library_item_id NOT IN (SELECT id FROM custom_apps UNION SELECT id FROM in_house_apps
        UNION SELECT id FROM custom_profiles UNION SELECT id FROM custom_scripts) GROUP BY 1
"""

ANALYST_VIEWS: dict[str, tuple[str, str]] = {
    "mac_security": (
        "an enrolled Mac with its protection; NULL: it did not report that, as of the collected_at beside it",
        _MAC_SECURITY,
    ),
    "device_overview": (
        "an enrolled device: owner, days_silent, CVEs by severity, kev_count (NULL: not known), open_threats (files)",
        _DEVICE_OVERVIEW,
    ),
    "unsigned_or_adhoc_apps": ("an app on an enrolled Mac that is not signed, or signed ad hoc", _UNSIGNED_APPS),
    "persistence": (
        "a launch agent or daemon outside the system's folder on an enrolled Mac; why: what stands out, may be empty",
        _PERSISTENCE,
    ),
    "library_items": (
        "a library item of any type; other: only known from blueprints (Auto Apps, VPP apps, settings)",
        _LIBRARY_ITEMS,
    ),
}
"""Name -> what a row is, and the SELECT behind it."""
