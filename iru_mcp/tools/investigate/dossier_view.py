"""The sections of a dossier: from what was read to counts, and rows with the most telling first."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, cast

from ...api.endpoints.devices import Device, DeviceDetails, DeviceStatus
from ...api.endpoints.vulnerabilities import Detection
from ...api.record import as_object, is_blank, moment_in, tidy
from ...output.clean import clean
from ..devices.details import standing
from ..kit.params import newest_first, within
from ..kit.reader import Attempt
from ..kit.size import Section
from ..threats.reading import Sighting
from ..vulnerabilities.lists import rank
from .event_texts import from_activity, from_audit
from .events import Event, row_of, to_lines
from .sources import is_admin, is_from_apple, is_hidden, program_of, suspicious_traits

_IDENTITY = (
    "device_id device_name serial_number platform model os_version assigned user_name user_email user_is_archived "
    "blueprint_name asset_tag tags last_check_in first_enrollment last_enrollment mdm_enabled agent_version "
    "is_missing is_removed lost_mode_status"
).split()
_SECURITY = {
    "encrypted": ("filevault.filevault_enabled", "security.is_encrypted"),
    "filevault_prk_escrowed": ("filevault.filevault_prk_escrowed",),
    "supervised": ("mdm.supervised",),
    "mdm_last_check_in": ("mdm.last_check_in",),
    "agent_installed": ("kandji_agent.agent_installed", "kandji_agent.is_agent_installed"),
    "agent_last_check_in": ("kandji_agent.last_check_in", "kandji_agent.last_check_in_datetime"),
    "recovery_lock_enabled": ("recovery_information.recovery_lock_enabled",),
    "remote_desktop_enabled": ("security_information.remote_desktop_enabled",),
    "user_activation_lock_enabled": ("activation_lock.user_activation_lock_enabled",),
    "device_posture": ("security.device_posture",),
    "has_passcode": ("security.has_passcode",),
    "security_patch_level": ("general.security_patch_level",),
    "lost_mode_status": ("lost_mode.lost_mode_status",),
    "last_user": ("general.last_user",),
    "time_since_boot": ("general.time_since_boot",),
    "hostname": ("network.local_hostname", "network.dns_computer_name"),
    "ip_address": ("network.ip_address", "network.wifi_ipv4_address"),
    "public_ip": ("network.public_ip",),
}
"""What is shown of the details, and where platforms keep it."""
_CLOSED = frozenset({"quarantined", "released", "resolved", "blocked", "blocked_parent"})
_LONGEST = 200


def identity(record: Device | None, details: DeviceDetails | None) -> dict[str, Any]:
    """Whose device it is and what it is, from the device list or else from the details."""
    if record is not None:
        flat = {"last_check_in": "never", "assigned": record.user is not None} | record.flat()
    else:
        flat = tidy(details.general) if details else {}
        flat |= {f"user_{name}": value for name, value in as_object(flat.get("assigned_user")).items()}
    expected = {"is_missing": False, "is_removed": False, "user_is_archived": False, "assigned": True}
    return {name: flat[name] for name in _IDENTITY if name in flat and flat[name] != expected.get(name)}


def security(details: DeviceDetails | None) -> dict[str, Any]:
    """Encryption, management, locks and network, as far as the platform has them."""
    held = tidy(details.model_dump()) if details else {}
    found: dict[str, Any] = {}
    for name, places in _SECURITY.items():
        for section, _, key in (place.partition(".") for place in places):
            value = as_object(held.get(section)).get(key)
            if name not in found and not is_blank(value):
                found[name] = value
    return found


class Findings(NamedTuple):
    """What was read of a device, and since when something counts as new."""

    parts: Mapping[str, Attempt[Any]]
    since: datetime

    def rows(self, name: str) -> list[Any]:
        """The records of a list; none where it could not be read."""
        part = self.parts.get(name)
        return part.records if part else []


def _sightings(name: str, columns: str, found: Findings) -> Section:
    rows: list[Sighting] = found.rows(name)
    ranked = sorted(rows, key=lambda row: (row.status in _CLOSED, newest_first(row.detection_date)))
    unresolved = sum(row.status not in _CLOSED for row in ranked)
    return Section({"count": len(ranked), "open": unresolved}, [_pick(row.flat(), columns) for row in ranked])


def _failed(found: Findings) -> Section:
    stands = standing(cast("DeviceStatus", found.parts["failed"].value))
    unreadable = {"unreadable": stands.unreadable} if stands.unreadable else {}
    counts = {kind: held for kind, held in stands.counts.items() if held}
    rows = [_pick(row, "name status type category reported_at log") for row in stands.rows]
    return Section(counts | unreadable, rows)


def _launch_items(found: Findings) -> Section:
    items = [row.values for row in found.rows("launch_items")]
    others = [(item, suspicious_traits(item)) for item in items if not is_from_apple(item)]
    others.sort(key=lambda pair: (-len(pair[1]), _newest_row(pair[0])))
    suspect = sum(bool(why) for _, why in others)
    rows = []
    for item, why in others:
        is_new = within(moment_in(item.get("created_at")), found.since, None)
        columns = "label program" + (" created_at" if why or is_new else "")
        columns += " why path run_at_load is_loaded" if why else ""
        rows.append(_pick(tidy(dict(item)) | {"program": program_of(item), "why": why}, columns))
    return Section({"not_apple": len(others), "suspect": suspect, "apple": len(items) - len(others)}, rows)


def _admins(found: Findings) -> Section:
    accounts = [row.flat() for row in found.rows("admins")]
    admins = [account for account in accounts if is_admin(account)]
    admins.sort(key=lambda account: (not is_hidden(account), newest_first(moment_in(account.get("user_created_at")))))
    hidden = sum(is_hidden(account) for account in admins)
    columns = "hidden why username full_name uid secure_token home_directory user_created_at"
    odd = {"hidden": True, "why": ["hidden administrator"]}
    rows = [_pick(account | (odd if is_hidden(account) else {}), columns) for account in admins]
    return Section({"admins": len(admins), "hidden": hidden, "accounts": len(accounts)}, rows)


def _vulnerabilities(found: Findings) -> Section:
    detections: list[Detection] = found.rows("vulnerabilities")
    exploited = {row.cve_id for row in found.rows("known_exploited")}
    worst = {row.cve_id: row for row in sorted(detections, key=lambda row: rank(row.cvss_severity))}
    counts: dict[str, Any] = {"cves": len(worst)}
    counts |= {"known_exploited": len(exploited & worst.keys())} if found.parts["known_exploited"].value else {}
    severities = Counter((row.cvss_severity or "unknown").lower() for row in worst.values())
    counts |= {"by_severity": dict(severities.most_common())} if severities else {}
    detections = sorted(detections, key=lambda row: (-rank(row.cvss_severity), -(row.cvss_score or 0), row.cve_id))
    columns = "known_exploited cve_id cvss_severity cvss_score name version path first_detection_date"
    rows = [_pick(row.flat() | {"known_exploited": True}, columns) for row in detections if row.cve_id in exploited]
    return Section(counts, rows + _by_software([row for row in detections if row.cve_id not in exploited]))


def _by_software(detections: list[Detection]) -> list[dict[str, Any]]:
    """One row for each version of a piece of software, with its worst CVE, which is the first of `detections`."""
    groups: dict[tuple[str | None, str | None], list[Detection]] = {}
    for row in detections:
        groups.setdefault((row.name or row.path, row.version), []).append(row)
    columns = "name version cves worst cvss_severity cvss_score"
    return [
        _pick(rows[0].flat() | {"cves": len({row.cve_id for row in rows}), "worst": rows[0].cve_id}, columns)
        for rows in groups.values()
    ]


def _new_apps(found: Findings) -> Section:
    rows = sorted((row.flat() for row in found.rows("new_apps")), key=_newest_row)
    unsigned = [row for row in rows if row.get("ad_hoc_code_signed") is True]
    columns = "name version bundle_id team_id path obtained_from created_at"
    shown = [_pick(row, f"ad_hoc_code_signed {columns}") for row in unsigned]
    shown += [_pick(row, columns) for row in rows if row.get("ad_hoc_code_signed") is not True]
    return Section({"count": len(rows), "ad_hoc_code_signed": len(unsigned)}, shown)


def _newest_row(row: Mapping[str, Any]) -> float:
    return newest_first(moment_in(row.get("created_at")))


def _new_profiles(found: Findings) -> Section:
    rows = sorted((row.flat() for row in found.rows("new_profiles")), key=_newest_row)
    columns = "profile_display_name payload_identifier organization managed signed created_at"
    return Section({"count": len(rows)}, [_pick(row, columns) for row in rows])


def _activity(found: Findings) -> Section:
    events = [event for row in found.rows("activity") for event in from_activity(row)]
    recent = [event for event in events if within(event.at, found.since, None)]
    return _of_events(
        recent, lambda line: (not line.get("notable"), line["text"].startswith("MDM commands completed")), by_kind=True
    )


def _audit(found: Findings) -> Section:
    """What admins and tokens did to the device and its blueprint; a secret that was read comes first."""
    events = [event for row in found.rows("audit") for event in from_audit(row)]
    return _of_events(events, lambda line: ("secrets" not in line["text"], not line.get("notable")))


def _of_events(events: list[Event], order: Callable[[dict[str, Any]], Any], *, by_kind: bool = False) -> Section:
    lines = sorted(map(row_of, to_lines(events, by_kind=by_kind)), key=order)
    return Section({"events": len(events)}, [_pick(line, "time text count first") for line in lines])


def _pick(row: Mapping[str, Any], columns: str) -> dict[str, Any]:
    """The columns that hold something, cleaned before long texts are cut, since a secret that was cut is not
    recognised."""
    shown = clean({name: row[name] for name in columns.split() if not is_blank(row.get(name))})
    return {
        name: f"{value[: _LONGEST - 3]}..." if isinstance(value, str) and len(value) > _LONGEST else value
        for name, value in shown.items()
    }


_FOUND = "detection_date threat_name severity classification status management_state"
SECTIONS: dict[str, Callable[[Findings], Section]] = {
    "threats": partial(_sightings, "threats", f"{_FOUND} file_path bundle_path file_hash process_name process_owner"),
    "behaviors": partial(_sightings, "behaviors", f"{_FOUND} description command_line file_hash process_owner"),
    "failed": _failed,
    "audit": _audit,
    "launch_items": _launch_items,
    "admins": _admins,
    "vulnerabilities": _vulnerabilities,
    "new_apps": _new_apps,
    "new_profiles": _new_profiles,
    "activity": _activity,
}
"""In the order in which they matter."""
