"""What a model reads when Iru says no, or nothing: our own words, short, with who can do what."""

from __future__ import annotations

import json
from typing import Any

import bpe_openai
import httpx
import pytest
from mcp import Client

from iru_mcp import demo
from iru_mcp.errors import ConfigError
from iru_mcp.server.binder import Binder
from iru_mcp.tools.kit.catalogue import catalogue

DEVICE = "00000000-0000-4000-8000-000000000001"
HIDDEN = "upstream-words-7c1e"
tokens = bpe_openai.get_encoding("o200k_base").encode


def answering(status: int, body: Any = None, kind: str = "application/json") -> httpx.AsyncBaseTransport:
    text = body if isinstance(body, str) else json.dumps(body if body is not None else {"detail": HIDDEN})

    def answer(request: httpx.Request) -> httpx.Response:
        stream = httpx.ByteStream(text.encode())
        return httpx.Response(status, headers={"content-type": kind}, stream=stream, request=request)

    return httpx.MockTransport(answer)


def failing(error: Exception) -> httpx.AsyncBaseTransport:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    return httpx.MockTransport(fail)


CASES: dict[str, tuple[httpx.AsyncBaseTransport, list[str]]] = {
    "token refused": (answering(401), ["did not accept the API token", "(401)", "admin"]),
    "permission missing": (answering(403), ["Devices > Device Information > Device details", "GET /api/v1/devices/"]),
    "no such device": (answering(404), ["no such device", "Check the identifier"]),
    "no such route": (answering(404, {"message": "no Route matched with those values"}), ["subdomain and region"]),
    "too many requests": (answering(429), ["rate limit", "Try again"]),
    "bad request": (answering(400), ["refused", "(400)"]),
    "server fault": (answering(503), ["failed with 503", "Try once more"]),
    "web page": (answering(200, "<html>Sign in</html>", "text/html"), ["a web page", "tell the user"]),
    "not our record": (answering(200, {"other": 1}), ["is not the record it should be"]),
    "unreachable": (failing(httpx.ConnectError("refused")), ["gave no answer"]),
    "timeout": (failing(httpx.ReadTimeout("slow")), ["gave no answer"]),
}


@pytest.mark.parametrize("case", CASES)
async def test_a_failure_reads_as_cause_and_remedy(over: Any, case: str) -> None:
    transport, words = CASES[case]
    async with over(transport) as agent:
        said = await agent.refused("get_device_details", device=DEVICE)
    assert all(word in said for word in words), said
    assert len(tokens(said)) < 200
    assert demo.TOKEN not in said
    assert "Traceback" not in said
    assert HIDDEN not in said or case == "bad request"


async def test_a_product_that_was_not_bought_is_named(over: Any) -> None:
    async with over(answering(404, "<html>", "text/html")) as agent:
        said = await agent.refused("list_fleet_vulnerabilities")
    assert "has not bought Vulnerability Management" in said


async def test_a_missing_setting_is_named_on_every_call_while_tools_are_listed() -> None:
    def unset() -> Any:
        raise ConfigError("IRU_API_TOKEN is not set.", "Set it to an API token of Iru.")

    async with Client(Binder(catalogue(), unset).server) as client:
        assert len((await client.list_tools()).tools) == len(catalogue())
        result = await client.call_tool("list_devices", {})
    assert result.is_error
    assert "IRU_API_TOKEN is not set" in str(result.content)


async def test_rows_that_cannot_be_read_are_counted_and_the_others_shown(over: Any) -> None:
    rows = [{"device_id": DEVICE, "device_name": "Fine", "last_check_in": "soon"}, {"device_name": "No id"}, "odd"]
    async with over(answering(200, rows)) as agent:
        page = await agent.ask("list_devices", fields=["device_name", "last_check_in_as_sent"])
    assert page["items"] == [{"device_name": "Fine", "last_check_in_as_sent": "soon"}]
    assert "2 rows could not be read and are left out" in page["notes"]


async def test_a_page_that_repeats_itself_ends_the_walk_and_is_said(over: Any) -> None:
    rows = [{"device_id": f"00000000-0000-4000-8000-{number:012}", "device_name": "x"} for number in range(300)]
    async with over(answering(200, rows)) as agent:
        page = await agent.ask("list_devices", limit=500)
    assert page["returned"] == 300
    assert page["complete"] is False
    assert any("same page twice" in note for note in page["notes"])
