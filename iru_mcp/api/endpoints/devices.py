"""Devices: the list, one device's details, status, activity, commands, notes, lost mode."""

from typing import Annotated, Any, Self

from ..endpoint import Endpoint, R
from ..paging import Offset, Paging, Single, Whole
from ..record import SENSITIVE, Assigned, Declared, Flag, Moment, Names, Number, Record, Text, tidy

INFORMATION = "Devices > Device Information"
"""The section of Iru's token screen."""


class Device(Record):
    """One row of the device list; `get_device` returns the same shape."""

    unique = True
    flattened = frozenset({"user"})
    device_id: str
    device_name: Text = None
    serial_number: Text = None
    platform: Text = None
    model: Text = None
    os_version: Text = None
    supplemental_build_version: Text = None
    supplemental_os_version_extra: Text = None
    last_check_in: Moment = None
    user: Assigned = None
    asset_tag: Text = None
    blueprint_id: Text = None
    blueprint_name: Text = None
    mdm_enabled: Flag = None
    agent_installed: Flag = None
    agent_version: Text = None
    is_missing: Flag = None
    is_removed: Flag = None
    first_enrollment: Moment = None
    last_enrollment: Moment = None
    lost_mode_status: Text = None
    tags: Names = None
    api_level: Text = None
    security_patch_level: Text = None
    full_software_version: Text = None
    udid: Text = None


class DeviceDetails(Record):
    """Everything Iru holds on one device, in sections that differ by platform; values are tidied, not typed."""

    general: dict[str, Any]

    @classmethod
    def read(cls, row: object) -> Self | None:
        """The record in `row`, with the device's last report in `time_since_boot`, as Iru counts that from there."""
        record = super().read(row)
        since_boot = record.general.get("time_since_boot") if record else None
        if record is None or not since_boot:
            return record
        seen = [section.get("last_check_in") for section in record.sections() if section.get("last_check_in")]
        reported = max(map(str, tidy(seen, "last_check_in")), default="")
        when = f"at the last report, {reported}" if reported else "at the last report"
        return record.model_copy(update={"general": record.general | {"time_since_boot": f"{since_boot}, {when}"}})

    def sections(self) -> list[dict[str, Any]]:
        """The parts that are objects."""
        return [section for section in self.model_dump().values() if isinstance(section, dict)]


class StatusItem(Record):
    """A library item or parameter with its status on a device."""

    name: str
    item_id: Text = None
    status: Text = None
    type: Text = None
    reported_at: Moment = None
    log: Text = None
    last_audit_log: Text = None
    last_audit_run: Moment = None
    control_log: Text = None
    control_reported_at: Moment = None
    category: Text = None
    subcategory: Text = None
    rules_present: Flag = None


class DeviceStatus(Record):
    """The library items and parameters of one device."""

    device_id: str
    library_items: list[Any] | None = None
    parameters: list[Any] | None = None


class Activity(Record):
    """One event in a device's history."""

    id: Text = None
    created_at: Moment = None
    action_type: str
    details: Any = None
    computer: Any = None
    blueprint: Any = None
    user: Any = None


class Command(Record):
    """One MDM command sent to a device. status: 1 pending, 2 running, 3 completed, 4 failed, 5 not now."""

    unique = True
    uuid: str
    command_type: Text = None
    request_type: Text = None
    status: Number = None
    attempts: Number = None
    date_requested: Moment = None
    date_completed: Moment = None
    last_pushed: Moment = None
    error_chain: list[Any] | None = None


class Note(Record):
    """A note that an admin wrote on a device; `content` is HTML."""

    unique = True
    note_id: str
    created_at: Moment = None
    updated_at: Moment = None
    author: Text = None
    content: Text = None


class Location(Declared):
    """Where a lost device was, as `last_location` and sections of the details hold it."""

    latitude: Annotated[Text, SENSITIVE] = None
    longitude: Annotated[Text, SENSITIVE] = None
    altitude: Annotated[Text, SENSITIVE] = None
    horizontal_accuracy: Annotated[Text, SENSITIVE] = None
    vertical_accuracy: Annotated[Text, SENSITIVE] = None


class LostMode(Record):
    """Lost mode of an iPhone or iPad, with its last location."""

    device_id: str
    lost_mode: dict[str, Any] | None = None


# https://api-docs.kandji.io - Devices > List Devices. A bare list without a count; at most 300 rows.
LIST_DEVICES = Endpoint(
    name="LIST_DEVICES",
    path="/api/v1/devices",
    section=INFORMATION,
    permission="Device list",
    record=Device,
    paging=Offset(300),
    filters=frozenset(
        "asset_tag blueprint_id device_id device_name filevault_enabled mac_address model ordering os_version platform "
        "serial_number tag_id tag_id_in tag_name tag_name_in user user_email user_email_exact user_id user_name".split()
    ),
)


def of_device(name: str, part: str, record: type[R], paging: Paging, permission: str = "") -> Endpoint[R]:
    """An endpoint below one device: `part` is its path after the device's id."""
    path = f"/api/v1/devices/{{device_id}}{part}"
    return Endpoint(name=name, path=path, section=INFORMATION, permission=permission, record=record, paging=paging)


# https://api-docs.kandji.io - Devices > Get Device
GET_DEVICE = of_device("GET_DEVICE", "", Device, Single(), "Device ID")

# https://api-docs.kandji.io - Devices > Get Device Details
GET_DEVICE_DETAILS = of_device("GET_DEVICE_DETAILS", "/details", DeviceDetails, Single(), "Device details")

# https://api-docs.kandji.io - Devices > Get Device Status
GET_DEVICE_STATUS = of_device("GET_DEVICE_STATUS", "/status", DeviceStatus, Single(), "Device Status")

# https://api-docs.kandji.io - Devices > Get Device Parameters. macOS only.
LIST_DEVICE_PARAMETERS = of_device(
    "LIST_DEVICE_PARAMETERS", "/parameters", StatusItem, Whole("parameters"), "Device Parameters"
)

# https://api-docs.kandji.io - Devices > Get Device Activity. The published rows are in no order.
LIST_DEVICE_ACTIVITY = of_device(
    "LIST_DEVICE_ACTIVITY", "/activity", Activity, Offset(300, "activity.results"), "Device Activity"
)

# https://api-docs.kandji.io - Devices > Get Device Commands. Apple devices only.
LIST_DEVICE_COMMANDS = of_device("LIST_DEVICE_COMMANDS", "/commands", Command, Offset(300, "commands.results"))

# https://api-docs.kandji.io - Device Notes > Get Device Notes
LIST_DEVICE_NOTES = of_device("LIST_DEVICE_NOTES", "/notes", Note, Whole())

# https://api-docs.kandji.io - Devices > Get Device Lost Mode details. 400 when the device is not in lost mode.
GET_DEVICE_LOST_MODE = of_device("GET_DEVICE_LOST_MODE", "/details/lostmode", LostMode, Single())
