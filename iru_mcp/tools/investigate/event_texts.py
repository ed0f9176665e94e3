"""What each source's records say happened, as dated sentences.

A sentence is composed of texts that people and programs wrote. They are cleaned before, while the name of the field
that they stand under still says what is secret in them, and stand in quotation marks that they cannot close.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ...api.endpoints.audit import AuditEvent
from ...api.endpoints.devices import Activity, Command, Device
from ...api.endpoints.vulnerabilities import Detection
from ...api.record import as_object, moment_in, tidy
from ...output.clean import clean
from ..devices.apps_and_activity import COMMAND_STATUS, condensed
from ..threats.reading import Sighting
from .events import Event, Level, event_at

_QUOTED = 120
_COMMAND_LINE = 300
"""Characters quoted of a command line: what it calls and loads is often at its end."""
_FREQUENT = frozenset({"device_csp_query", "amapi_policy_update_success"})
"""Types of activity that devices make all day."""


_COLUMN_IN_PRISM = {"app_installed": "bundle_id", "launch_agent_added": "label", "launch_daemon_added": "label"}
"""By type of activity, the column that names the same app or launch item in Prism."""


def quoted(value: object, most: int = _QUOTED) -> str:
    """Data inside a sentence: cleaned, a list as one command line, between marks that it cannot end itself."""
    if isinstance(value, bool):
        return str(value).lower()
    cleaned = clean(value)
    text = " ".join(map(str, cleaned)) if isinstance(cleaned, list) else str(cleaned)
    text = text.replace("'", "\u2019")
    return f"'{text[: most - 3]}...'" if len(text) > most else f"'{text}'"


def describe(details: Any) -> str:
    """The parts of an object that say something: a name and what it holds, quoted. Times go, the event has its own."""
    cleaned = clean(details)
    kept = condensed(cleaned) if isinstance(cleaned, dict) else cleaned
    if not isinstance(kept, dict):
        return quoted(kept) if kept else ""
    told = {name: value for name, value in kept.items() if moment_in(value) is None and not name.endswith("_scoped")}
    return ", ".join(f"{name} {_named(value)}" for name, value in told.items())


def _named(value: Any) -> str:
    """A list of things as their names, anything else as it is."""
    names = [item.get("name") if isinstance(item, dict) else None for item in value] if isinstance(value, list) else []
    return " and ".join(map(quoted, names)) if names and all(names) else quoted(value)


def from_device(record: Device) -> list[Event]:
    """Enrolment and check-in."""
    look = "get_device_details"
    return [
        *event_at(record.first_enrollment, "device", "Enrolled for the first time", "", look, "enrolled"),
        *event_at(record.last_enrollment, "device", "Enrolled", "", look, "enrolled"),
        *event_at(record.last_check_in, "device", "Last check-in so far", "", look, level=Level.ROUTINE),
    ]


def from_activity(record: Activity) -> list[Event]:
    """One event of a device's history."""
    details = as_object(record.details)
    kind, at = record.action_type, record.created_at
    look = f"get_device_activity action_type={kind}"
    if kind.startswith("mdm_command"):
        return _command(at, "activity", kind.rpartition("_")[2], details, look)
    what = kind.replace("_", " ").capitalize()
    if kind == "enrollment":
        return event_at(at, "activity", "Enrolled", describe(details), look, "enrolled")
    if kind == "name_changed":
        names = f"{quoted(details.get('from'))} to {quoted(details.get('to'))}"
        return event_at(at, "activity", "Renamed", names, look)
    level = Level.ROUTINE if kind in _FREQUENT else Level.NOTABLE if kind.endswith("_failed") else Level.NORMAL
    column = _COLUMN_IN_PRISM.get(kind, "")
    key = f"{column} {details[column]}" if details.get(column) else ""  # as Prism's report of the same thing has it
    return event_at(at, "activity", what, describe(record.details), look, key, level=level)


def from_command(record: Command) -> list[Event]:
    """One MDM command, when it was answered or else when it was sent."""
    status = COMMAND_STATUS.get(int(record.status or 0), "in an unknown state")
    at, look = record.date_completed or record.date_requested, "get_device_activity action_type=mdm_command"
    return _command(at, "commands", status, dict(record), look)


def _command(at: datetime | None, source: str, status: str, sent: Mapping[str, Any], look: str) -> list[Event]:
    name = quoted(sent.get("command_type") or sent.get("request_type") or "?")
    profile = f" {quoted(sent['profile_name'])}" if sent.get("profile_name") else ""
    requested = moment_in(sent.get("date_requested"))
    key = f"{name} {requested.isoformat()}" if requested else ""
    if status != "failed":
        return event_at(at, source, f"MDM commands {status}", name + profile, look, key, level=Level.ROUTINE)
    links = [link for link in sent.get("error_chain") or [] if isinstance(link, dict)]
    texts = (link.get("USEnglishDescription") or link.get("LocalizedDescription") for link in links)
    faults = ", ".join(map(quoted, filter(None, texts)))
    return event_at(at, source, f"MDM command {name}{profile} failed", faults, look, key, level=Level.NOTABLE)


def from_audit(record: AuditEvent) -> list[Event]:
    """One action in Iru itself."""
    target = " ".join(filter(None, (record.target_type, record.target_component)))
    kind = (record.actor_type or "somebody").replace("api_token", "API token")
    name = (record.model_extra or {}).get("actor_email") or record.actor_id
    actor = f"{quoted(name)} ({kind})" if name else kind
    what = f"{record.action or 'action'} of {target or 'something'} by {actor}"
    look = f"list_audit_events actor={record.actor_id}" if record.actor_id else "list_audit_events"
    level = Level.NOTABLE if record.target_component == "secrets" else Level.NORMAL
    if record.actor_type == "api_token":
        # what else it did; as target its making: label, rights, by whom
        look, level = f"list_audit_events actor= or target={record.actor_id}", Level.NOTABLE
    return event_at(record.occurred_at, "audit", what, describe(tidy(record.new_state)), look, level=level)


def from_sighting(record: Sighting) -> list[Event]:
    """A file or a process that endpoint detection noticed."""
    kind = " ".join(filter(None, (record.severity, record.classification)))
    state = ", ".join(filter(None, (kind, (record.status or "").replace("_", " "))))
    name = f"{quoted(record.threat_name or '?')} ({state or 'state unknown'})"
    if record.kind == "threat":
        by = f" (process {quoted(record.process_name)})" if record.process_name else ""
        what, item = f"Threat {name} found", f"{quoted(record.file_path)}{by}"
        return event_at(record.detection_date, "threats", what, item, "list_threats kind=threat", level=Level.NOTABLE)
    what = f"Behavior {name} noticed, {quoted(record.description or '?')}"
    ran = quoted(record.command_line or record.file_path or record.process_name or "?", _COMMAND_LINE)
    return event_at(record.detection_date, "behaviors", what, ran, "list_threats kind=behavioral", level=Level.NOTABLE)


def from_detection(record: Detection) -> list[Event]:
    """A CVE that was first seen."""
    software = quoted(f"{record.name or record.path or '?'} {record.version or ''}".strip())
    item = f"{record.cve_id} ({(record.cvss_severity or 'unknown severity').lower()}) in {software}"
    at, look, weight = record.first_detection_date, "list_vulnerabilities", record.cvss_score or 0
    return event_at(at, "vulnerabilities", "CVEs first seen", item, look, level=Level.ROUTINE, weight=weight)
