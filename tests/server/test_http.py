"""Many clients over sockets: both transports and eras, who is let in, what is too much, and how it ends."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import pytest
from mcp import Client
from mcp.client.sse import sse_client

from iru_mcp.errors import ConfigError
from iru_mcp.server.binder import Binder
from iru_mcp.server.http.app import Listen, application
from tests.server.conftest import INITIALIZE, starting

if TYPE_CHECKING:
    from tests.server.conftest import Running, Silent, Start

ERAS = ["legacy", "2026-07-28"]
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"
ACCEPT = {"Accept": "application/json, text/event-stream"}
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


PAGE = {"Origin": "https://chat.example.com"}


@pytest.fixture(scope="module")
def public() -> Iterator[Running]:
    """A server behind a proxy with a prefix, open to one page."""
    with starting() as begin:
        yield begin(
            "serve", "--transport", "http", "--port", "0", "--demo", "--allowed-origins", PAGE["Origin"],
            "--public-url", "https://iru.example.com/tools/iru/mcp",
        )  # fmt: skip


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("path", ["/mcp", "/sse"])
async def test_a_client_of_either_era_lists_and_calls_on_both_paths(shared: Running, path: str, era: str) -> None:
    place: Any = f"{shared.url}/mcp" if path == "/mcp" else sse_client(f"{shared.url}/sse")
    async with Client(place, mode=era) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
        answer = await client.call_tool("list_devices", {"limit": 2})
    assert "list_devices" in names
    assert answer.structured_content is not None
    assert answer.structured_content["returned"] == 2


async def test_sse_alone_offers_no_streamable_http(start: Start) -> None:
    server = start("serve", "--transport", "sse", "--port", "0", "--demo")
    async with Client(sse_client(f"{server.url}/sse"), mode="legacy") as client:
        assert (await client.list_tools()).tools
    assert httpx.post(f"{server.url}/mcp", json=PING, headers=ACCEPT).status_code == 404


@pytest.mark.parametrize("era", ERAS)
async def test_without_sessions_every_request_stands_alone(start: Start, era: str) -> None:
    server = start("serve", "--transport", "http", "--port", "0", "--demo", "--stateless")
    async with Client(f"{server.url}/mcp", mode=era) as client:
        answer = await client.call_tool("list_devices", {"limit": 1})
    assert not answer.is_error
    call = {"name": "list_devices", "arguments": {"limit": 1}}
    alone = httpx.post(
        f"{server.url}/mcp", json=PING | {"method": "tools/call", "params": call}, headers=ACCEPT, timeout=10
    )
    assert alone.status_code == 200
    assert "mcp-session-id" not in alone.headers
    assert httpx.get(f"{server.url}/sse").status_code == 404


@pytest.mark.parametrize("path", ["/mcp", "/mcp/", "/tools/iru/mcp", "/tools/iru/mcp/"])
def test_a_slash_at_the_end_and_the_public_prefix_are_served_without_a_redirect(public: Running, path: str) -> None:
    """A redirect would name this server's own address, without the TLS of the proxy before it."""
    headers = ACCEPT | {"Host": "iru.example.com", "X-Forwarded-Proto": "https"}
    assert httpx.post(f"{public.url}{path}", json=INITIALIZE, headers=headers).status_code == 200


def test_the_older_stream_tells_the_address_that_clients_know(public: Running) -> None:
    with httpx.stream("GET", f"{public.url}/sse", headers={"Host": "iru.example.com"}) as stream:
        lines = stream.iter_lines()
        assert next(lines) == "event: endpoint"
        address = next(lines).removeprefix("data: ")
        assert address.startswith("/tools/iru/messages/?session_id=")
        for known in (address, address.removeprefix("/tools/iru"), address.replace("/?", "?")):
            assert httpx.post(f"{public.url}{known}", json=INITIALIZE).status_code == 202


def test_a_live_session_that_asks_for_missed_events_gets_its_stream(shared: Running) -> None:
    session = httpx.post(f"{shared.url}/mcp", json=INITIALIZE, headers=ACCEPT).headers["mcp-session-id"]
    headers = {"Accept": "text/event-stream", "mcp-session-id": session, "Last-Event-ID": "17"}
    with httpx.stream("GET", f"{shared.url}/mcp", headers=headers) as stream:
        assert stream.status_code == 200


def test_a_media_type_has_no_letter_case(shared: Running) -> None:
    headers = ACCEPT | {"Content-Type": "Application/JSON; charset=UTF-8"}
    answer = httpx.post(f"{shared.url}/mcp", content=json.dumps(INITIALIZE), headers=headers)
    assert answer.status_code == 200


def test_a_preflight_of_an_allowed_page_needs_no_token_and_its_answers_can_be_read(public: Running) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    preflight = httpx.options(f"{public.url}/mcp", headers=PAGE | asked)
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == PAGE["Origin"]
    assert "authorization" in preflight.headers["access-control-allow-headers"].casefold()
    assert "POST" in preflight.headers["access-control-allow-methods"]
    answer = httpx.post(f"{public.url}/mcp", json=INITIALIZE, headers=ACCEPT | PAGE)
    assert answer.headers["access-control-allow-origin"] == PAGE["Origin"]
    assert "Mcp-Session-Id" in answer.headers["access-control-expose-headers"]


def test_a_page_can_read_that_it_needs_a_token_and_where_to_get_one(start: Start) -> None:
    server = start(
        "serve", "--transport", "http", "--port", "0", "--demo", "--allowed-origins", PAGE["Origin"],
        "--public-url", "https://iru.example.com/mcp", "--oauth-issuer", "https://id.example",
        "--oauth-jwks-url", "https://id.example/jwks",
    )  # fmt: skip
    refused = httpx.post(f"{server.url}/mcp", json=INITIALIZE, headers=ACCEPT | PAGE)
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == PAGE["Origin"]
    assert "WWW-Authenticate" in refused.headers["access-control-expose-headers"]
    metadata = httpx.get(f"{server.url}/.well-known/oauth-protected-resource/mcp", headers=PAGE)
    assert metadata.status_code == 200
    assert metadata.headers["access-control-allow-origin"] == PAGE["Origin"]


def test_probes_need_no_token_and_no_known_host_and_ask_nothing_of_iru(shared: Running) -> None:
    before = httpx.get(f"{shared.url}/metrics").text
    for path in ("/healthz", "/readyz"):
        assert httpx.get(f"{shared.url}{path}", headers={"Host": "10.1.2.3:80"}).status_code == 200
    counted = [line for line in before.splitlines() if line.startswith("iru_mcp_upstream_requests_total")]
    after = httpx.get(f"{shared.url}/metrics").text
    assert [line for line in after.splitlines() if line.startswith("iru_mcp_upstream_requests_total")] == counted


def test_a_server_that_lacks_credentials_is_healthy_but_not_ready(start: Start) -> None:
    server = start("serve", "--transport", "http", "--port", "0")
    assert httpx.get(f"{server.url}/healthz").status_code == 200
    ready = httpx.get(f"{server.url}/readyz")
    assert ready.status_code == 503
    assert ready.json()["why"].startswith("IRU_API_URL is missing or cannot be used")


def test_a_stranger_does_not_learn_the_tenant_from_the_probe(start: Start) -> None:
    named = {"IRU_API_URL": "https://acme.kandji.io", "IRU_API_TOKEN": "t", "IRU_MCP_TOKEN": "x" * 16}
    server = start("serve", "--transport", "http", "--port", "0", **named)
    ready = httpx.get(f"{server.url}/readyz")
    assert ready.status_code == 503
    assert "acme" not in ready.text
    assert "acme" in server.stderr


async def test_metrics_count_calls_requests_and_what_is_left_of_the_hour(shared: Running) -> None:
    async with Client(f"{shared.url}/mcp") as client:
        await client.call_tool("list_users", {"limit": 1})
        await client.call_tool("no_such_tool", {})
    text = httpx.get(f"{shared.url}/metrics").text
    assert 'iru_mcp_calls_total{tool="list_users",outcome="ok"} 1' in text
    assert 'iru_mcp_calls_total{tool="unknown",outcome="UsageError"}' in text
    assert 'iru_mcp_call_seconds_bucket{tool="list_users",le="+Inf"} 1' in text
    assert 'iru_mcp_upstream_requests_total{path="/api/v1/users",status="200"} 1' in text
    assert "iru_mcp_quota_left_hour 9" in text
    assert "iru_mcp_calls_in_flight 0" in text


def test_metrics_are_served_only_when_asked_for(start: Start) -> None:
    server = start("serve", "--transport", "http", "--port", "0", "--demo")
    assert httpx.get(f"{server.url}/metrics").status_code == 404


@pytest.mark.parametrize("path", ["/mcp", "/sse", "/messages/?session_id=1", "/metrics"])
@pytest.mark.parametrize(
    ("header", "value", "status", "setting"),
    [
        ("Host", "evil.example", 421, "IRU_MCP_ALLOWED_HOSTS"),
        ("Host", "127.0.0.1.evil.example", 421, "IRU_MCP_ALLOWED_HOSTS"),
        ("Host", "localhost@evil.example", 421, "IRU_MCP_ALLOWED_HOSTS"),
        ("Host", "", 421, "IRU_MCP_ALLOWED_HOSTS"),
        ("Origin", "https://evil.example", 403, "IRU_MCP_ALLOWED_ORIGINS"),
        ("Origin", "http://localhost.evil.example", 403, "IRU_MCP_ALLOWED_ORIGINS"),
        ("Origin", "http://localhost:1@evil.example", 403, "IRU_MCP_ALLOWED_ORIGINS"),
        ("Origin", "null", 403, "IRU_MCP_ALLOWED_ORIGINS"),
        ("Origin", "", 403, "IRU_MCP_ALLOWED_ORIGINS"),
    ],
)
def test_a_foreign_host_or_page_is_refused_and_told_which_setting_allows_it(
    shared: Running, path: str, header: str, value: str, status: int, setting: str
) -> None:
    """D10."""
    for method in ("GET", "POST"):
        answer = httpx.request(method, f"{shared.url}{path}", headers={header: value})
        assert answer.status_code == status
        assert setting in answer.json()["error"]


def test_named_hosts_and_origins_are_let_in(start: Start) -> None:
    """D10."""
    server = start(
        "serve", "--transport", "http", "--port", "0", "--demo",
        "--allowed-hosts", "mcp.acme.example, other.example:8443", "--allowed-origins", "https://app.acme.example",
    )  # fmt: skip
    for host, origin, let_in in (
        ("mcp.acme.example", "https://app.acme.example", True),
        ("MCP.acme.example:9", None, True),
        ("other.example:8443", None, True),
        ("other.example:1", None, False),
        ("mcp.acme.example", "http://app.acme.example", False),
        ("localhost", "http://localhost:6274", True),
    ):
        headers = ACCEPT | {"Host": host} | ({"Origin": origin} if origin else {})
        status = httpx.post(f"{server.url}/mcp", json=PING, headers=headers).status_code
        assert (status not in (403, 421)) is let_in, (host, origin)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])  # noqa: S104 - that it refuses is what is tested
def test_an_address_beyond_this_machine_without_a_token_is_refused(start: Start, host: str) -> None:
    """D9."""
    server = start("serve", "--transport=http", "--port", "0", "--host", host, "--demo")
    code, _ = server.end()
    assert code == 2
    assert "IRU_MCP_TOKEN" in server.stderr
    assert len(server.stderr.splitlines()) == 1


def test_a_port_in_use_is_one_line_and_exit_2(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = start("serve", "--transport=http", "--port", str(taken.getsockname()[1]), "--demo")
        code, _ = server.end()
    assert code == 2
    assert "--port" in server.stderr
    assert len(server.stderr.splitlines()) == 1


def test_callers_are_told_apart_by_token_and_named_in_the_audit_line(start: Start) -> None:
    """D18."""
    tokens = "soc-agent:first-token-0123456789\nreporting:other-token-0123456789"
    server = start(
        "serve", "--transport", "http", "--port", "0", "--demo", "--stateless", "--audit", "stderr",
        IRU_MCP_TOKEN=tokens,
    )  # fmt: skip
    call = PING | {"method": "tools/call", "params": {"name": "get_user", "arguments": {"email": "a@b.example"}}}

    def ask(authorization: str | None) -> httpx.Response:
        headers = ACCEPT | ({"Authorization": authorization} if authorization else {})
        return httpx.post(f"{server.url}/mcp", json=call, headers=headers, timeout=10)

    assert ask("Bearer first-token-0123456789").status_code == 200
    assert ask("bearer other-token-0123456789").status_code == 200
    for wrong in (
        None,
        "Bearer",
        "Bearer wrong",
        "Basic first-token-0123456789",
        "Bearer soc-agent:first-token-0123456789",
    ):
        refused = ask(wrong)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Bearer")
    assert httpx.get(f"{server.url}/metrics").status_code == 401
    assert httpx.get(f"{server.url}/healthz").status_code == 200
    server.process.send_signal(signal.SIGTERM)
    server.end()
    lines = [json.loads(line) for line in server.said if line.startswith("{")]
    assert [line["caller"] for line in lines] == ["soc-agent", "reporting"]
    assert "first-token" not in server.stderr
    assert "a@b.example" not in server.stderr


async def test_a_session_answers_only_to_the_caller_that_began_it(start: Start) -> None:
    server = start(
        "serve", "--transport", "http", "--port", "0", "--demo",
        IRU_MCP_TOKEN="one:first-token-0123456789,two:other-token-0123456789",
    )  # fmt: skip
    first, other = ({"Authorization": f"Bearer {name}-token-0123456789"} for name in ("first", "other"))
    begin = PING | {
        "method": "initialize",
        "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
    }
    began = httpx.post(f"{server.url}/mcp", json=begin, headers=ACCEPT | first)
    session = {"mcp-session-id": began.headers["mcp-session-id"]}
    assert httpx.post(f"{server.url}/mcp", json=PING, headers=ACCEPT | session | other).status_code == 404
    assert httpx.post(f"{server.url}/mcp", json=PING, headers=ACCEPT | session | first).status_code == 200


@pytest.mark.parametrize(
    ("content", "headers", "statuses"),
    [
        (b"x" * 5 * 1024 * 1024, {"Content-Type": "application/json"}, {413}),
        (b"[" * 100_000, {"Content-Type": "application/json"}, {400}),
        (b"{}", {"Content-Type": "text/plain"}, {400, 415}),
        (b"\xff\xfe\x00", {"Content-Type": "application/json"}, {400}),
        (b"", {"Content-Type": "application/json"}, {400}),
    ],
    ids=["5 MiB", "brackets", "content type", "bytes", "nothing"],
)
@pytest.mark.parametrize("version", ["2025-11-25", "2026-07-28"])
def test_odd_bodies_are_refused_and_the_server_lives(
    shared: Running, content: bytes, headers: dict[str, str], statuses: set[int], version: str
) -> None:
    """D11."""
    sent = ACCEPT | headers | {"MCP-Protocol-Version": version}
    with contextlib.suppress(httpx.WriteError, httpx.ReadError):  # refused before all of it was read
        assert httpx.post(f"{shared.url}/mcp", content=content, headers=sent).status_code in statuses
    chunked = httpx.post(f"{shared.url}/mcp", content=iter([content]), headers=sent)
    assert chunked.status_code in statuses
    assert httpx.get(f"{shared.url}/healthz").status_code == 200


@pytest.mark.parametrize("era", ERAS)
async def test_a_call_cancelled_over_http_hangs_up_on_iru(start: Start, silent: Silent, era: str) -> None:
    """D1."""
    server = start("serve", "--transport", "http", "--port", "0", **silent.environment)
    took: list[float] = []
    async with Client(f"{server.url}/mcp", mode=era) as client:
        for _ in range(3):
            silent.asked, silent.left = anyio.Event(), anyio.Event()
            async with anyio.create_task_group() as group:
                group.start_soon(client.call_tool, "list_devices", {})
                await silent.asked.wait()
                began = time.monotonic()
                group.cancel_scope.cancel()
            with anyio.fail_after(5):
                await silent.left.wait()
            took.append(silent.hung_up[-1] - began)
        assert (await client.list_tools()).tools
    assert min(took) <= 0.1


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("path", ["/mcp", "/sse"])
async def test_a_call_in_flight_is_answered_before_the_server_ends(
    start: Start, silent: Silent, path: str, era: str
) -> None:
    """D8."""
    silent.answer = ANSWER
    server = start("serve", "--transport", "http", "--port", "0", **silent.environment)
    answers: list[Any] = []
    place: Any = f"{server.url}/mcp" if path == "/mcp" else sse_client(f"{server.url}/sse")
    async with httpx.AsyncClient() as http, http.stream("GET", f"{server.url}/sse", timeout=30):
        with contextlib.suppress(Exception):  # the session itself ends with the server
            async with Client(place, mode=era) as client, anyio.create_task_group() as group:

                async def ask() -> None:
                    answers.append(await client.call_tool("list_devices", {}))
                    group.cancel_scope.cancel()

                group.start_soon(ask)
                await silent.asked.wait()
                server.process.send_signal(signal.SIGTERM)
                while httpx.get(f"{server.url}/readyz").status_code == 200:
                    await anyio.lowlevel.checkpoint()
                silent.answer_now.set()
        code, took = await anyio.to_thread.run_sync(server.end)
    assert len(answers) == 1
    assert not answers[0].is_error
    assert code == 0
    assert took <= 10
    assert "Traceback" not in server.stderr, server.stderr


def test_an_error_of_a_tool_is_told_over_http_too(start: Start) -> None:
    server = start("serve", "--transport", "http", "--port", "0", "--demo", "--stateless")
    call = {"name": "list_devices", "arguments": {"colour": "red"}}
    asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
    answer = httpx.post(f"{server.url}/mcp", json=asked, headers=ACCEPT).text
    assert '"isError":true' in answer
    assert "'colour' is not a parameter" in answer


def test_no_application_is_made_for_an_address_beyond_this_machine_without_a_token() -> None:
    with pytest.raises(ConfigError, match="without a token"):
        application(Binder({}, lambda: pytest.fail("not asked for")), Listen(host="192.0.2.7"))
