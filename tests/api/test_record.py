"""Records keep what Iru sends, whatever it sends."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iru_mcp.api import declared_endpoints
from iru_mcp.api.endpoints.devices import Device
from iru_mcp.api.endpoints.users import User
from iru_mcp.api.record import Record, read_moment, tidy, write_moment

RECORDS = sorted({endpoint.record for endpoint in declared_endpoints().values()}, key=lambda kind: kind.__name__)
IDENTITIES: dict[Any, Any] = {str: "an-id", int: 7}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def device(**fields: Any) -> Device:
    found = Device.read({"device_id": "d1"} | fields)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("2031-07-23T14:11:37.150080Z", "2031-07-23T14:11:37Z"),
        ("2031-01-26 16:15:36.087016+00:00", "2031-01-26T16:15:36Z"),
        ("2031-06-17 11:32:35+00:00", "2031-06-17T11:32:35Z"),
        ("2031-05-13 22:09:23 +0200", "2031-05-13T20:09:23Z"),
        ("2031-10-13 16:15:00.000000", "2031-10-13T16:15:00Z"),
        ("2031-04-21T17:23:13.883134", "2031-04-21T17:23:13Z"),
        ("2031-03-08T17:35:30.462076+00:00", "2031-03-08T17:35:30Z"),
        ("2031-03-08T17:35:30.462076-05:30", "2031-03-08T23:05:30Z"),
        ("2031-01-21T16:08:00.0", "2031-01-21T16:08:00Z"),
        ("2031-12-05", "2031-12-05T00:00:00Z"),
        ("2031-12-05 08:01 UTC", "2031-12-05T08:01:00Z"),
        ("2031-05-13 22:09:23.12 +02:00", "2031-05-13T20:09:23Z"),
        ("2031-05-13 22:09:23.123456789 UTC", "2031-05-13T22:09:23Z"),
    ],
)
def test_every_form_of_date_that_iru_prints_becomes_one(sent: str, read: str) -> None:
    assert write_moment(read_moment(sent)) == read
    assert device(last_check_in=sent).flat()["last_check_in"] == read
    assert tidy({"install_date": sent}) == {"install_date": read}


@pytest.mark.parametrize("sent", ["1 month ago", "Feb 27, 2031 at 7:34:21 AM", "2031-13-01", "0001-01-01T00:00+14:00"])
def test_a_date_in_no_known_form_is_kept_as_it_was_sent(sent: str) -> None:
    found = device(last_check_in=sent, serial_number="S1")
    assert found.last_check_in is None
    assert found.flat() == {"device_id": "d1", "serial_number": "S1", "last_check_in_as_sent": sent}
    assert tidy({"scan_time": sent}) == {"scan_time": sent}


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_survives_being_written_and_read(moment: datetime) -> None:
    assert read_moment(write_moment(moment)) == moment.replace(microsecond=0)
    assert read_moment(moment.isoformat()) == moment


@given(st.text(max_size=40) | st.from_regex(r"\A\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?([+-]\d{2}:\d{2})?\Z"))
def test_text_is_a_time_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert read_moment(text).tzinfo is UTC


@pytest.mark.parametrize("nobody", ["", None, {}])
def test_a_device_without_a_user_is_read_whatever_stands_for_nobody(nobody: object) -> None:
    found = device(user=nobody)
    assert found.user is None
    assert found.flat() == {"device_id": "d1"}


def test_an_assigned_user_stands_flat_beside_the_device() -> None:
    found = device(user={"email": "ada@example.test", "id": 36600, "is_archived": False, "active": True, "name": ""})
    assert found.flat() == {
        "device_id": "d1",
        "user_email": "ada@example.test",
        "user_id": "36600",
        "user_is_archived": False,
        "user_active": True,
    }


def test_a_mistyped_field_no_longer_loses_the_device() -> None:
    found = device(tags={"a": 1}, is_missing="perhaps", user=["ada"], serial_number="S1", new_field={"x": [1]})
    assert (found.tags, found.is_missing, found.user, found.serial_number) == (None, None, None, "S1")
    kept = found.flat()
    assert kept["tags_as_sent"] == {"a": 1}
    assert kept["is_missing_as_sent"] == "perhaps"
    assert kept["user_as_sent"] == ["ada"]
    assert kept["new_field"] == {"x": [1]}


def test_blanks_are_left_out_and_false_and_zero_are_not() -> None:
    found = User.read(
        {
            "id": "u1",
            "email": " ",
            "name": "",
            "department": None,
            "archived": False,
            "device_count": 0,
            "tags": [],
            "o": {},
        }
    )
    assert found is not None
    assert found.flat() == {"id": "u1", "archived": False, "device_count": 0}


@pytest.mark.parametrize(
    ("sent", "read"), [("True", True), ("False", False), ("yes", True), ("", None), (False, False)]
)
def test_booleans_in_text_are_booleans(sent: object, read: bool | None) -> None:  # noqa: FBT001
    assert device(mdm_enabled=sent).mdm_enabled is read


def test_text_that_iru_once_sent_as_a_number_stays_readable() -> None:
    assert device(api_level=34).api_level == "34"


def test_tidying_reaches_all_the_way_down() -> None:
    sent = {
        "mdm": {"mdm_enabled": "True", "install_date": "2031-05-13 20:09:23 +0000", "note": ""},
        "users": [{"admin": "Yes", "name": "No"}, {}, {"admin": "No"}],
        "volumes": [{"encrypted": "Yes", "available": "19%"}],
    }
    assert tidy(sent) == {
        "mdm": {"mdm_enabled": True, "install_date": "2031-05-13T20:09:23Z"},
        "users": [{"admin": True, "name": "No"}, {"admin": False}],
        "volumes": [{"encrypted": True, "available": "19%"}],
    }


@pytest.mark.parametrize(
    "row", [None, 3, "d1", [], {}, {"device_id": ""}, {"device_id": None}, {"device_id": {"a": 1}}]
)
def test_a_row_without_identity_is_not_a_record(row: object) -> None:
    assert Device.read(row) is None


@given(data=st.data(), kind=st.sampled_from(RECORDS))
def test_no_value_in_any_field_loses_a_record_or_a_value(data: st.DataObject, kind: type[Record]) -> None:
    identity = {key: IDENTITIES.get(kind.model_fields[key].annotation, {"a": 1}) for key in kind.identity}
    others = sorted(set(kind.model_fields) - set(identity))
    names = st.sampled_from(others) | st.just("never_seen") if others else st.just("never_seen")
    odd = data.draw(st.dictionaries(names, JSON, max_size=4))
    found = kind.read(identity | odd)
    assert found is not None
    held = found.model_dump()
    for name, value in odd.items():
        blank = value in (None, [], {}) or (isinstance(value, str) and not value.strip())
        assert blank or held.get(name) is not None or held[f"{name}_as_sent"] == value
    json.dumps(found.flat(), allow_nan=False)


@given(data=st.data(), kind=st.sampled_from(RECORDS))
def test_columns_that_are_picked_are_those_of_the_whole_row(data: st.DataObject, kind: type[Record]) -> None:
    identity = {key: IDENTITIES.get(kind.model_fields[key].annotation, {"a": 1}) for key in kind.identity}
    names = st.sampled_from([*sorted(kind.model_fields.keys() - identity.keys()), "never_seen", "user_email"])
    values = JSON | st.sampled_from([{"email": "ada@northwind.example", "id": 7}, "2031-05-13 20:09:23 +0000", "Yes"])
    found = kind.read(identity | data.draw(st.dictionaries(names, values, max_size=4)))
    assert found is not None
    whole = found.flat()
    assert found.pick([*whole, *kind.field_names(), "never_seen"]) == whole


@pytest.mark.parametrize(
    ("beside", "read"), [("b@x.example", "b@x.example"), ("", "a@x.example"), (None, "a@x.example")]
)
def test_a_column_beside_the_nested_field_of_its_name_counts_unless_it_is_blank(beside: str | None, read: str) -> None:
    found = device(user={"email": "a@x.example"}, user_email=beside)
    assert found.pick(["user_email"]) == {"user_email": read} == {"user_email": found.flat()["user_email"]}
    assert device(user=None, user_colour="blue", colour="").pick(["user_email", "user_colour", "colour"]) == {
        "user_colour": "blue"
    }
