"""A list that has fewer rows than asked for says why, and its rows get smaller before they get fewer."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iru_mcp.api.record import Record
from iru_mcp.tools.kit.rows import RowCollector, RowShape
from iru_mcp.tools.kit.size import MAX_ANSWER, ROOM_FOR_ROWS, size
from tests.conftest import whole_rows
from tests.tools.asking import Between, ask

SHAPE: RowShape[Any] = RowShape(Any)
COLUMNS = st.sampled_from(["name", "path", "owner", "kind"])
TEXTS = st.sampled_from([("x", 0), ("x", 1), ("y", 300), ("é", 500), ("z", 500)])
"""A letter and how often it stands there."""


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("list_devices", {"fields": ["*"]}),
        ("list_devices", {"fields": ["*"], "sort_by": "device_name"}),
        ("prism_applications", {}),
        ("list_audit_events", {"fields": ["*"]}),
    ],
)
async def test_fewer_rows_than_asked_for_are_explained_and_the_rest_is_reached(
    agent: Any, tool: str, arguments: dict[str, Any]
) -> None:
    first = await agent.ask(tool, limit=500, **arguments)
    assert first["returned"] < 500
    reason = next(note for note in first["notes"] if "rows fill an answer" in note)
    assert f"{first['returned']} rows" in reason
    remaining = int(reason.split(" more match")[0].split()[-1])
    assert remaining == first["total"] - first["returned"] if "total" in first else remaining > 0
    second = await agent.ask(tool, limit=500, cursor=first["next_cursor"], **arguments)
    shown = [json.dumps(row, sort_keys=True) for row in whole_rows(first) + whole_rows(second)]
    assert len(set(shown)) == len(shown)


async def test_of_the_last_rows_it_is_said_how_many_there_was_no_room_for() -> None:
    def large(path: str, body: Any) -> Any:
        """Users whose first page is the last, with nine long texts each."""
        if path.endswith("/users"):
            for place, row in enumerate(body["results"]):
                row |= {f"text{number}": f"{place} {'x' * 900}" for number in range(9)}
            body["next"] = None
        return body

    number = (await ask("list_users", Between(after=large), limit=0))["total"]
    page = await ask("list_users", Between(after=large), fields=["*"], limit=500)
    assert page["returned"] < number
    remaining = number - page["returned"]
    assert any(f"{page['returned']} rows fill an answer, {remaining} more match" in note for note in page["notes"])


async def test_what_is_the_same_in_every_row_is_told_once_where_rows_would_not_fit(agent: Any) -> None:
    name = "Google Chrome"
    page = await agent.ask("prism_applications", name=name, limit=500)
    assert (page["complete"], page["returned"] > 190) == (True, True)
    assert page["in_every_row"]["name"] == name
    assert not {"name", "bundle_id"} & set(page["items"][0])
    few = await agent.ask("prism_applications", name=name, limit=25)
    assert "in_every_row" not in few
    assert whole_rows(page)[:25] == few["items"]


async def test_a_page_that_ends_with_the_requests_of_its_call_says_so() -> None:
    pages = count()

    async def endless(_: httpx.Request) -> httpx.Response:
        """A log of as many pages as are asked for, all of one moment."""
        page = next(pages)
        event = {"id": f"{page}", "action": "update", "occurred_at": "2026-11-01T00:00:00Z", "actor_type": "user"}
        following = f"https://northwind.api.kandji.io/api/v1/audit/events?cursor=page{page}"
        body = json.dumps({"results": [event], "next": following, "previous": None}).encode()
        return httpx.Response(200, stream=httpx.ByteStream(body))

    page = await ask("list_audit_events", httpx.MockTransport(endless), actor="nobody at all", limit=500)
    assert (page["returned"], page["complete"]) == (0, False)
    assert any("this call's 120 requests are used up" in note for note in page["notes"])
    assert page["next_cursor"]


@settings(max_examples=40)
@given(rows=st.lists(st.dictionaries(COLUMNS, TEXTS), max_size=6))
def test_rows_stay_within_their_room_and_lose_nothing(rows: list[dict[str, tuple[str, int]]]) -> None:
    collector = RowCollector(SHAPE, ["*"], 500, None)
    records = [
        Record.model_validate({name: letter * times for name, (letter, times) in row.items()}) for row in rows * 40
    ]
    kept = [record for record in records if collector.add(record)]
    page = collector.page({"name", "path", "owner", "kind"}, complete=True)
    assert [(page.in_every_row or {}) | row for row in page.items] == [record.flat() for record in kept]
    assert size([page.items, page.in_every_row]) <= MAX_ANSWER
    assert collector.too_large is (len(kept) < len(records))
    assert not collector.too_large or size([record.flat() for record in kept]) > ROOM_FOR_ROWS - 4 * 1_100
