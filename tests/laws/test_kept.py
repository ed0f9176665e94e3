"""Answers made of kept reads: the same, and made without changing what others will read."""

from __future__ import annotations

from typing import Any

import pytest

from iru_mcp.api.transport.rate_limit import Limits

MAC = "NW7QK2M4XH"
QUESTIONS: list[tuple[str, dict[str, Any]]] = [
    ("list_devices", {"limit": 5, "fields": ["*"]}),
    ("list_devices", {"group_by": ["tags"]}),
    ("get_device_details", {"device": MAC}),
    ("get_device_details", {"device": MAC, "sections": ["users", "installed_profiles"]}),
    ("get_device_status", {"device": MAC, "show": "all"}),
    ("get_device_activity", {"device": MAC}),
    ("list_device_apps", {"device": MAC}),
    ("list_audit_events", {"since": "30d"}),
    ("list_vulnerabilities", {"device": MAC}),
    ("prism_query", {"category": "installed_profiles", "device": MAC}),
    ("get_device_dossier", {"device": MAC}),
    ("get_timeline", {"device": MAC}),
    ("find_indicator", {"value": "com.apple.softwareupdate.helperd"}),
    ("list_threats", {}),
]


@pytest.mark.parametrize(
    ("tool", "asked"), QUESTIONS, ids=[f"{tool}-{number}" for number, (tool, _) in enumerate(QUESTIONS)]
)
async def test_a_second_answer_from_kept_reads_is_the_first_again(
    over: Any, northwind: Any, tool: str, asked: dict[str, Any]
) -> None:
    async with over(northwind, Limits(per_second=100_000, attempts=1, cache_seconds=600)) as agent:
        first, second, third = [await agent.ask(tool, **asked) for _ in range(3)]
    for answer in (first, second, third):
        answer.pop("cached_seconds", None)
    assert first == second == third
