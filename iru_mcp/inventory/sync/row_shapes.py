"""From what Iru sends to the columns of the copy, where the two differ."""

from collections.abc import Callable
from typing import Any, NamedTuple

from ...api.endpoint import Endpoint
from ...api.endpoints.device_apps import APP_SHAPE, LIST_DEVICE_APPS, App
from ...api.endpoints.devices import GET_DEVICE_DETAILS, DeviceDetails
from ...api.record import as_object

Row = dict[str, Any]

_LINES, _CHARACTERS = 6, 500
"""Of a log, so many of its last lines, and of those so many of the last characters."""


def of_behavioral_detection(fields: Row) -> Row:
    """The device it was found on beside the rest; `status` is what Iru calls `threat_status` when it sends that."""
    device = as_object(fields.pop("device_info", None)).get("id")
    threat_status = fields.pop("threat_status", None)
    return fields | {"device_id": device or ""} | ({"status": threat_status} if threat_status is not None else {})


def of_blueprint_item(fields: Row) -> Row:
    """The item's own id and name beside the blueprint's id."""
    return {"library_item_id": fields.pop("id", None), "library_item_name": fields.pop("name", None)} | fields


def of_item_status(fields: Row) -> Row:
    """The device's id out of `computer`, and the end of each log."""
    device = as_object(fields.get("computer")).get("id")
    logs = {name: last_lines(fields[name]) for name in ("log", "last_audit_log", "control_log") if fields.get(name)}
    return fields | logs | {"device_id": device or ""}


def last_lines(text: object) -> str:
    """The last few lines of a log; an ellipsis stands for what came before."""
    lines = str(text).strip().splitlines()
    kept = "\n".join(lines[-_LINES:])[-_CHARACTERS:]
    return kept if len(lines) <= _LINES and len(kept) == len(str(text).strip()) else f"... {kept}"


PLATFORMS = ("Windows", "Android")
"""As the device list spells them. Prism's published device families are Apple's alone."""


class PerDevice(NamedTuple):
    """A request of its own for each device of `platforms` of which Prism has no row."""

    endpoint: Endpoint[Any]
    row: Callable[[object], Row | None]
    """From a row as sent to one in the columns of the copy; None when it is not one."""
    platforms: tuple[str, ...] = PLATFORMS


_OF_APPLE = {"publisher": "developer_name", "source": "obtained_from"}
"""What Prism calls these two."""


def _app(row: object) -> Row | None:
    if (app := App.read(row)) is None:
        return None
    others = {name for names in APP_SHAPE.values() for name in names} - {"product_code", "signature", *APP_SHAPE}
    return {_OF_APPLE.get(name, name): value for name, value in app.shaped().items() if name not in others}


_OF_AGENT = {
    "is_agent_installed": "agent_installed",
    "version": "agent_version",
    "install_date": "agent_installed_at",
    "last_check_in_datetime": "agent_last_check_in",
}


def _details(row: object) -> Row | None:
    """The fields of all sections side by side; only the agent's need more than their own name."""
    if (details := DeviceDetails.read(row)) is None:
        return None
    found: Row = {}
    for section, fields in details.flat().items():
        names = _OF_AGENT if section == "kandji_agent" else {}
        found |= {names.get(name, name): value for name, value in as_object(fields).items()}
    return found


_OF_A_MAC = frozenset(
    "model_identifier processor_name processor_speed number_of_processors total_number_of_cores memory mac_address "
    "ip_address public_ip".split()
)


def _mac_hardware(row: object) -> Row | None:
    """What Prism has no column for; all else of a Mac's details is in other tables."""
    found = _details(row)
    return None if found is None else {name: value for name, value in found.items() if name in _OF_A_MAC}


APPS = PerDevice(LIST_DEVICE_APPS, _app)
DETAILS = PerDevice(GET_DEVICE_DETAILS, _details)
MAC_HARDWARE = PerDevice(GET_DEVICE_DETAILS, _mac_hardware, ("Mac",))
