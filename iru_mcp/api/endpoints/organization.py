"""The tenant itself: tags, licensing, Automated Device Enrollment."""

from typing import Annotated, Any

from ..endpoint import Endpoint
from ..paging import Offset, PageNumber, Single
from ..record import SENSITIVE, Declared, Flag, Moment, Number, Record, Text

_ENROLLMENT = "Apple Integrations > Automated Device Enrollment"


class Tag(Record):
    """A tag that devices can carry."""

    unique = True
    id: str
    name: Text = None


class Licensing(Record):
    """How many devices the tenant has and may have."""

    counts: dict[str, Any]
    limits: dict[str, Any] | None = None
    tenantOverLicenseLimit: Flag = None  # noqa: N815 - Iru's own spelling


class EnrollmentDefaults(Declared):
    """Whom a device shows as its support contact while it enrolls."""

    email: Text = None
    phone: Annotated[Text, SENSITIVE] = None


class EnrollmentIntegration(Record):
    """An Automated Device Enrollment token in Apple Business Manager."""

    unique = True
    id: str
    server_name: Text = None
    org_name: Text = None
    org_phone: Annotated[Text, SENSITIVE] = None
    org_address: Annotated[Text, SENSITIVE] = None
    defaults: EnrollmentDefaults | None = None
    status: Text = None
    status_reason: Text = None
    days_left: Number = None
    access_token_expiry: Moment = None
    last_device_sync: Moment = None
    device_counts: dict[str, Any] | None = None
    blueprint: Any = None


class EnrollmentDevice(Record):
    """A device in Apple Business Manager; `mdm_device` is empty until it enrolls."""

    unique = True
    id: str
    serial_number: Text = None
    model: Text = None
    description: Text = None
    device_family: Text = None
    os: Text = None
    color: Text = None
    asset_tag: Text = None
    profile_status: Text = None
    profile_assign_time: Moment = None
    profile_push_time: Moment = None
    device_assigned_by: Text = None
    device_assigned_date: Moment = None
    blueprint_id: Text = None
    user_id: Text = None
    mdm_device: Any = None
    dep_account: Any = None
    use_blueprint_routing: Flag = None
    last_assignment_status: Text = None
    failed_assignment_attempts: Number = None


# https://api-docs.kandji.io - Tags > Get Tags
LIST_TAGS = Endpoint(
    name="LIST_TAGS",
    path="/api/v1/tags",
    section="Tags",
    record=Tag,
    paging=Offset(300, "results"),
    filters=frozenset({"search"}),
)

# https://api-docs.kandji.io - Settings > Licensing
GET_LICENSING = Endpoint(
    name="GET_LICENSING",
    path="/api/v1/settings/licensing",
    section="Settings",
    record=Licensing,
    paging=Single(),
)

# https://api-docs.kandji.io - Automated Device Enrollment Integrations > List ADE integrations
LIST_ENROLLMENT_INTEGRATIONS = Endpoint(
    name="LIST_ENROLLMENT_INTEGRATIONS",
    path="/api/v1/integrations/apple/ade",
    section=_ENROLLMENT,
    permission="List integrations",
    record=EnrollmentIntegration,
    paging=PageNumber(300),
)

# https://api-docs.kandji.io - Automated Device Enrollment > List ADE devices
LIST_ENROLLMENT_DEVICES = Endpoint(
    name="LIST_ENROLLMENT_DEVICES",
    path="/api/v1/integrations/apple/ade/devices",
    section=_ENROLLMENT,
    permission="List ADE devices",
    record=EnrollmentDevice,
    paging=PageNumber(300),
    filters=frozenset("blueprint_id user_id dep_account device_family model os profile_status serial_number".split()),
)
