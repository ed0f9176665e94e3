"""One client on pipes: both protocol eras, no credentials, cancellation, odd frames, and every way to end."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest
from mcp import Client

if TYPE_CHECKING:
    from tests.server.conftest import Parameters, Running, Silent, Start

ERAS = ["legacy", "2026-07-28"]


@pytest.mark.parametrize("era", ERAS)
async def test_a_client_of_either_era_lists_and_calls(parameters: Parameters, era: str) -> None:
    async with Client(parameters("--demo"), mode=era) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
        answer = await client.call_tool("list_devices", {"limit": 2})
    assert "list_devices" in names
    assert answer.structured_content is not None
    assert answer.structured_content["returned"] == 2


async def test_without_credentials_tools_are_listed_and_each_call_says_what_is_missing(parameters: Parameters) -> None:
    async with Client(parameters()) as client:
        tools = (await client.list_tools()).tools
        answer = await client.call_tool("list_devices", {})
    assert len(tools) >= 15
    assert answer.is_error
    assert "IRU_API_URL" in answer.content[0].text  # type: ignore[union-attr]
    assert "Access > API tokens" in answer.content[0].text  # type: ignore[union-attr]


async def test_with_iru_unreachable_tools_are_listed_and_calls_say_so(parameters: Parameters) -> None:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - no Django here
    await listener.aclose()
    settings = {"IRU_API_URL": f"http://127.0.0.1:{port}", "IRU_API_TOKEN": "t"}
    async with Client(parameters(**settings)) as client:
        assert (await client.list_tools()).tools
        answer = await client.call_tool("list_devices", {})
    assert answer.is_error
    assert "no connection" in answer.content[0].text  # type: ignore[union-attr]


@pytest.mark.parametrize("era", ERAS)
async def test_a_cancelled_call_hangs_up_on_iru_and_the_next_call_works(
    parameters: Parameters, silent: Silent, era: str
) -> None:
    """D1."""
    took: list[float] = []
    async with Client(parameters(**silent.environment), mode=era) as client:
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
        assert len((await client.list_tools()).tools) >= 15
    assert min(took) <= 0.1


async def test_many_calls_at_once_take_turns_and_are_all_answered(start: Start) -> None:
    """D3; a thousand of them are asked by scripts/faults."""
    server = start("--demo", "--max-calls", "4")
    server.initialize()
    before = resident(server)
    for number in range(150):
        server.call(number, "list_devices", limit=1, device_name=f"nobody-{number}")
    answered: set[int] = set()
    while len(answered) < 150:
        message = await anyio.to_thread.run_sync(server.receive)
        assert not message["result"].get("isError"), message
        answered.add(message["id"])
    assert answered == set(range(150))
    assert resident(server) - before <= 100 * 1024


def resident(server: Running) -> int:
    """The most memory the process has had, in KiB."""
    status = Path(f"/proc/{server.process.pid}/status").read_text("ascii")
    return int(status.split("VmHWM:")[1].split()[0])


def test_the_end_of_stdin_ends_the_server(start: Start) -> None:
    """D5."""
    server = start("--demo")
    server.initialize()
    server.input.close()
    code, took = server.end()
    assert (code, server.stderr) == (0, "")
    assert took <= 1


async def test_the_end_of_stdin_hangs_up_on_iru(start: Start, silent: Silent) -> None:
    """D5."""
    server = start(**silent.environment)
    server.initialize()
    server.call(1, "list_devices")
    await silent.asked.wait()
    server.input.close()
    code, took = await anyio.to_thread.run_sync(server.end)
    with anyio.fail_after(5):
        await silent.left.wait()
    assert code == 0
    assert took <= 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda one: one.name)
async def test_a_signal_ends_the_server_cleanly_with_a_call_in_flight(
    start: Start, silent: Silent, number: signal.Signals
) -> None:
    """D6."""
    server = start("--audit", "stderr", **silent.environment)
    server.initialize()
    server.call(1, "list_devices")
    await silent.asked.wait()
    server.process.send_signal(number)
    code, took = await anyio.to_thread.run_sync(server.end)
    with anyio.fail_after(5):
        await silent.left.wait()
    assert code == 0
    assert took <= 1
    assert json.loads(server.stderr)["outcome"] == "cancelled"


def test_the_server_ends_when_nobody_reads_its_answers(start: Start) -> None:
    """D7."""
    server = start("--demo")
    server.initialize()
    server.output.close()
    code, took = server.end()
    assert (code, server.stderr) == (0, "")
    assert took <= 3


def test_a_signal_ends_the_server_while_its_answers_are_stuck(start: Start) -> None:
    """D6, D7."""
    server = start("--demo")
    server.initialize()
    for number in range(60):
        server.send({"jsonrpc": "2.0", "id": number, "method": "tools/list"})
    server.receive()
    server.process.send_signal(signal.SIGTERM)
    code, took = server.end()
    assert code == 0
    assert took <= 1


FRAMES = {
    "no JSON": b"hello\n",
    "an empty line": b"\n",
    "half a message": b'{"jsonrpc":"2.0","id":7,"method":\n',
    "not UTF-8": b'{"jsonrpc":"2.0","id":7,"method":"ping\xff\xfe"}\n',
    "a lone surrogate": b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"\\ud800"}}\n',
    "deep nesting": b"[" * 100_000 + b"\n",
    "a batch": b'[{"jsonrpc":"2.0","id":7,"method":"ping"}]\n',
    "no method": b'{"jsonrpc":"2.0","id":7}\n',
    "wrong types": b'{"jsonrpc":2,"id":{},"method":[],"params":"x"}\n',
    "an answer nobody asked for": b'{"jsonrpc":"2.0","id":99,"result":{}}\n',
    "a line of nine million bytes": b'{"jsonrpc":"2.0","id":7,"method":"' + b"x" * 9_000_000 + b'"}\n',
    "NUL bytes": b"\x00" * 100 + b"\n",
}


def test_odd_frames_do_not_end_the_server(start: Start) -> None:
    """D12."""
    server = start("--demo")
    server.initialize()
    for number, frame in enumerate(FRAMES.values(), 1000):
        server.send(frame, {"jsonrpc": "2.0", "id": number, "method": "ping"})
        while (answer := server.receive()).get("id") != number:
            assert "error" in answer
        assert answer["result"] == {}
    server.input.close()
    code, _ = server.end()
    assert code == 0
    assert "Traceback" not in server.stderr
