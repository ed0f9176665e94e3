"""iru-mcp check: a wrong tenant, a bad token and a missing permission are three different sentences."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from iru_mcp.api.client import IruClient
from iru_mcp.cli import main
from iru_mcp.cli.check import Report, check
from iru_mcp.demo import HOST, TOKEN, transport
from iru_mcp.tools.kit.catalogue import catalogue


async def report(token: str = TOKEN, **tenant: Any) -> Report:
    client = IruClient(HOST, lambda: token, transport=transport(**tenant))
    try:
        return await check(client, catalogue(), Report())
    finally:
        await client.aclose()


async def test_a_token_with_everything_makes_every_tool_work() -> None:
    found = await report()
    assert (found.reachable, found.token_accepted, found.problem) == (True, True, "")
    assert set(found.tools.values()) == {"works"}
    assert found.works == len(catalogue())
    assert found.exit_code == 0
    assert found.requests_left_this_hour is not None


async def test_a_missing_permission_is_named_for_the_tools_that_need_it_and_the_others_work() -> None:
    found = await report(denied=["LIST_AUDIT_EVENTS"])
    assert found.exit_code == 1
    assert found.problem == ""
    assert "GET /api/v1/audit/events" in found.tools["list_audit_events"]
    assert "lacks" in found.tools["list_audit_events"]
    assert found.tools["list_devices"] == "works"


@pytest.mark.parametrize("version", ["V1", "V2"])
async def test_a_tool_that_needs_one_of_two_endpoints_works_when_one_answers(version: str) -> None:
    denied = [f"LIST_THREATS_{version}", f"LIST_BEHAVIORAL_DETECTIONS_{version}"]
    found = await report(denied=denied)
    assert found.tools["list_threats"] == "works"
    assert found.exit_code == 0
    both = await report(denied=[*denied, "LIST_THREATS_V1", "LIST_THREATS_V2"])
    assert "/api/v1/threat-details" in both.tools["list_threats"]
    assert "behavioral-detections" not in both.tools["list_threats"]


async def test_a_product_that_was_not_bought_is_told_from_a_permission() -> None:
    found = await report(unlicensed=["Vulnerability Management"])
    assert found.exit_code == 1
    assert "not licensed" in found.tools["list_vulnerabilities"]


async def test_a_bad_token_is_one_sentence_and_no_tool_works() -> None:
    found = await report("another")
    assert (found.reachable, found.token_accepted, found.exit_code) == (True, False, 2)
    assert "401" in found.problem
    assert "Access > API tokens" in found.problem


@pytest.fixture
def answering() -> Iterator[Callable[[bytes], str]]:
    """A socket that gives one answer to everything; its URL."""
    listeners: list[socket.socket] = []

    def serve(listener: socket.socket, answer: bytes) -> None:
        with contextlib.suppress(OSError):
            while True:
                taken, _ = listener.accept()
                with taken:
                    taken.recv(65_536)
                    taken.sendall(answer)

    def begin(answer: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=serve, args=(listener, answer), daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield begin
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, url: str) -> tuple[int, dict[str, Any]]:
    for name in os.environ:
        if name.startswith(("IRU_", "KANDJI_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("IRU_API_URL", url)
    monkeypatch.setenv("IRU_API_TOKEN", "t")
    code = main(["check", "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_wrong_tenant_or_region_is_said_to_be_one(
    answering: Callable[[bytes], str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = b'{"message":"no Route matched with those values","request_id":"0"}'
    head = (
        b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    )
    code, found = said(capsys, monkeypatch, answering(head % len(body) + body))
    assert code == 2
    assert "subdomain and region" in found["problem"]
    assert not found["token_accepted"]
    assert found["tools"] == {}


def test_a_redirect_is_no_accepted_token(
    answering: Callable[[bytes], str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: https://evil.example/\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    code, found = said(capsys, monkeypatch, answering(answer))
    assert code == 2
    assert "redirect" in found["problem"]
    assert not found["token_accepted"]


def test_a_host_that_does_not_answer_is_not_reachable(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    code, found = said(capsys, monkeypatch, f"http://127.0.0.1:{port}")
    assert code == 2
    assert not found["reachable"]
    assert "no connection" in found["problem"]


def test_the_table_names_tenant_region_and_every_tool(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tools", "--json"]) == 0
    offered = [tool["name"] for tool in json.loads(capsys.readouterr().out)]
    assert main(["check", "--demo"]) == 0
    out = capsys.readouterr().out
    for wanted in ("tenant", "region", "reachable", "token accepted", "requests left this hour", *offered):
        assert wanted in out
