"""The made-up tenant is bad in the ways that Iru is known to be, so that the product meets them."""

from __future__ import annotations

import re
from typing import Any

from iru_mcp.api.client import IruClient
from iru_mcp.api.endpoints.blueprints import LIST_BLUEPRINTS
from iru_mcp.api.endpoints.devices import GET_DEVICE_DETAILS, GET_DEVICE_STATUS, LIST_DEVICES, Device
from iru_mcp.api.endpoints.library import LIST_CUSTOM_APPS, LIST_CUSTOM_PROFILES, LIST_CUSTOM_SCRIPTS
from iru_mcp.api.endpoints.prism import PRISM_DEVICE_INFORMATION
from iru_mcp.api.endpoints.users import LIST_USERS
from iru_mcp.api.endpoints.vulnerabilities import LIST_DETECTIONS
from iru_mcp.demo.world.story import STORY

from .conftest import Ask, Walk


async def _devices(walk: Walk) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await walk(LIST_DEVICES)
    return found


async def test_nobody_is_an_empty_text_and_somebody_an_object(walk: Walk) -> None:
    kinds = {type(row["user"]) for row in await _devices(walk)}
    assert kinds == {str, dict}
    assert "" in {row["user"] for row in await _devices(walk) if isinstance(row["user"], str)}


async def test_all_platforms_are_there_and_macs_are_the_most(walk: Walk) -> None:
    platforms = [row["platform"] for row in await _devices(walk)]
    assert set(platforms) == {"Mac", "iPhone", "iPad", "AppleTV", "Windows", "Android"}
    assert platforms.count("Mac") > 200


async def test_one_device_never_checked_in_and_one_has_a_number_for_a_date(walk: Walk) -> None:
    rows = await _devices(walk)
    assert [row["device_name"] for row in rows if row["last_check_in"] == ""] == ["NW-MAC-NEW"]
    [odd] = [row for row in rows if not isinstance(row["last_check_in"], str)]
    record = Device.read(odd)
    assert record is not None
    assert (record.last_check_in, (record.model_extra or {})["last_check_in_as_sent"]) == (None, odd["last_check_in"])


async def test_names_carry_what_names_should_not(walk: Walk) -> None:
    names = [row["device_name"] for row in await _devices(walk)]
    for odd in ("\n", "\u200b", "\x1b[", "\u202e", "Ignore previous instructions"):
        assert [name for name in names if odd in name], odd
    assert names.count("Studio Mac") == 2


async def test_two_user_records_share_an_address(walk: Walk) -> None:
    emails = [row["email"] for row in await walk(LIST_USERS)]
    assert len(emails) - len(set(emails)) == 1


async def test_each_endpoint_has_its_own_form_of_date_and_booleans_are_words(walk: Walk, client: IruClient) -> None:
    device = next(row for row in await _devices(walk) if row["device_id"] == STORY.patient_zero_device_id)
    found = (
        await client.call(GET_DEVICE_DETAILS).fetch(GET_DEVICE_DETAILS, device_id=STORY.patient_zero_device_id)
    ).model_dump()
    [detection, *_] = await walk(LIST_DETECTIONS)
    forms = {
        device["last_check_in"]: r"\d{4}-\d\d-\d\dT[\d:]+\.\d{6}Z",
        device["first_enrollment"]: r"\d{4}-\d\d-\d\d [\d:]+\.\d{6}\+00:00",
        found["kandji_agent"]["install_date"]: r"\d{4}-\d\d-\d\d [\d:]{8}\+00:00",
        found["installed_profiles"][0]["install_date"]: r"\d{4}-\d\d-\d\d [\d:]{8} \+0000",
        detection.get("first_detection_date") or detection["detection_datetime"]: r"\d{4}-\d\d-\d\d [\d:]{8}\.\d{6}",
    }
    assert [text for text, form in forms.items() if not re.fullmatch(form, text)] == []
    assert found["mdm"]["mdm_enabled"] == "True"
    assert found["volumes"][0]["encrypted"] == "Yes"


async def test_prism_still_speaks_of_a_removed_device(walk: Walk) -> None:
    known = {row["device_id"] for row in await _devices(walk)}
    assert [row["serial_number"] for row in await walk(PRISM_DEVICE_INFORMATION) if row["device_id"] not in known] == [
        "NWZ0LD7777"
    ]


async def test_status_words_are_in_either_case(walk: Walk) -> None:
    (standing,) = await walk(GET_DEVICE_STATUS, device_id=STORY.patient_zero_device_id)
    words = {row["status"] for row in standing["library_items"]}
    assert {"PASS", "success", "ERROR"} <= words


async def test_secrets_are_there_to_be_kept_back(walk: Walk) -> None:
    assert all(re.fullmatch(r"\d{6}", row["enrollment_code"]["code"]) for row in await walk(LIST_BLUEPRINTS))
    assert all(
        "X-Amz-Signature" in row["file_url"] and "SECRET" in row["postinstall_script"]
        for row in await walk(LIST_CUSTOM_APPS)
    )
    assert all("SECRET" in row["profile"] for row in await walk(LIST_CUSTOM_PROFILES))
    assert any("SECRET" in row["script"] for row in await walk(LIST_CUSTOM_SCRIPTS))
    (standing,) = await walk(GET_DEVICE_STATUS, device_id=STORY.spread_device_ids[0])
    logs = [row["log"] or "" for row in standing["library_items"]]
    assert [log for log in logs if re.search(r"recovery key = '(\w{4}-){5}\w{4}'", log)]


async def test_detections_spell_some_names_two_ways(walk: Walk) -> None:
    rows = await walk(LIST_DETECTIONS)
    assert {"severity" in row for row in rows} == {True, False}
    assert all(("severity" in row) != ("cvss_severity" in row) for row in rows)


async def test_rate_limit_headers_are_those_of_the_gateway(ask: Ask) -> None:
    headers = (await ask("/api/v1/tags")).headers
    assert (headers["ratelimit-limit"], headers["ratelimit-reset"], headers["x-ratelimit-limit-second"]) == (
        "50",
        "1",
        "50",
    )
    assert int(headers["x-ratelimit-remaining-hour"]) < int(headers["x-ratelimit-limit-hour"])


async def test_dates_at_the_end_of_time_are_answered_like_any_other(ask: Ask) -> None:
    last = await ask("/api/v1/audit/events", end_date="9999-12-31", limit=1)
    wide = await ask("/api/v1/threat-details", date_range="99999999999999")
    assert (last.status_code, wide.status_code) == (200, 200)
    assert wide.json()["count"] == (await ask("/api/v1/threat-details")).json()["count"] > 0
    assert (await ask("/api/v1/audit/events", start_date="soon")).status_code == 400
