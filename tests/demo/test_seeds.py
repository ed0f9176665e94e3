"""Any seed, size and hour of the day makes a tenant in which both stories hold."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from iru_mcp import demo
from iru_mcp.demo.asgi_transport import DemoTransport
from iru_mcp.demo.world.story import STORY, Timeline


@pytest.mark.parametrize(
    ("seed", "devices", "now"),
    [
        (7, 400, datetime(2026, 3, 1, 0, 0, 5, tzinfo=UTC)),
        (1, 40, datetime(2027, 1, 1, 23, 59, 59, 999_999, tzinfo=UTC)),
        (99, 1000, datetime(2028, 2, 29, 12, 0, tzinfo=UTC)),
    ],
)
def test_both_stories_hold(seed: int, devices: int, now: datetime) -> None:
    tenant = demo.transport(devices=devices, seed=seed, now=now)
    assert isinstance(tenant, DemoTransport)

    def ask(path: str, **query: str) -> Any:
        status, _, body = tenant.answer("GET", path, query, f"Bearer {demo.TOKEN}")
        assert status == 200
        return json.loads(body)

    clause = json.dumps({"bundle_id": {"in": [STORY.app_bundle_id]}})
    infected = {row["serial_number"] for row in ask("/api/v1/prism/apps", filter=clause)["data"]}
    assert infected == set(STORY.infected)
    assert len(ask("/api/v1/devices", user_email=STORY.leaver_email)) == 2
    events = ask("/api/v1/audit/events", sort_by="-occurred_at", start_date=str(Timeline(now).leaver_archived.date()))[
        "results"
    ]
    assert {STORY.token_id, STORY.night_token_id} <= {event["actor_id"] for event in events}
    assert max(event["occurred_at"] for event in events) <= now.isoformat()
    stragglers = ask(f"/api/v1/vulnerability-management/vulnerabilities/{STORY.cve_id}/devices")["results"]
    assert {STORY.patient_zero_serial, STORY.leaver_serials[0]} <= {row["serial_number"] for row in stragglers}
    serials = [row["serial_number"] for row in ask("/api/v1/devices", limit="300")]
    assert len(serials) == len(set(serials)) == min(devices, 300)
