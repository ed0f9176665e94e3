"""What Prism does not report: read device by device, and brought into the columns of the copy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...api.endpoint import Endpoint
from ...api.endpoints.device_apps import APP_SHAPE, LIST_DEVICE_APPS, App
from ...api.endpoints.devices import GET_DEVICE_DETAILS, DeviceDetails

PLATFORMS = ("Windows", "Android")
"""As the device list spells them. Prism's published device families are Apple's alone."""
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PerDevice:
    """A request of its own for each device of `platforms` of which Prism has no row."""

    endpoint: Endpoint[Any]
    row: Callable[[object], Row | None]
    """From a row as sent to one in the columns of the copy; None when it is not one."""
    platforms: tuple[str, ...] = PLATFORMS


_OF_APPLE = {"publisher": "developer_name", "source": "obtained_from"}
"""What Prism calls these two."""


def _app(row: object) -> Row | None:
    app = App.read(row)
    if app is None:
        return None
    found = app.shaped()
    others = {name for names in APP_SHAPE.values() for name in names} - {"product_code", "signature", *APP_SHAPE}
    return {_OF_APPLE.get(name, name): value for name, value in found.items() if name not in others}


_OF_AGENT = {
    "is_agent_installed": "agent_installed",
    "version": "agent_version",
    "install_date": "agent_installed_at",
    "last_check_in_datetime": "agent_last_check_in",
}


def _details(row: object) -> Row | None:
    """The fields of all sections side by side; only the agent's need more than their own name."""
    details = DeviceDetails.read(row)
    if details is None:
        return None
    found: Row = {}
    for section, fields in details.flat().items():
        names = _OF_AGENT if section == "kandji_agent" else {}
        if isinstance(fields, dict):
            found |= {names.get(name) or name: value for name, value in fields.items()}
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
