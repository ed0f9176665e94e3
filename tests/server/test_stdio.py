"""One client on pipes: both protocol eras, no credentials, cancellation, odd frames, and every way to end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp import Client
from mcp.types import jsonrpc_message_adapter

from iru_mcp.server.frames import read_line
from tests.server.conftest import ENVIRONMENT, INITIALIZE, ROOT

if TYPE_CHECKING:
    from tests.server.conftest import Parameters, Running, Silent, Start

if sys.platform == "win32":
    SIGNALS = [signal.CTRL_BREAK_EVENT]
else:
    SIGNALS = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
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
    if sys.platform != "linux":  # nothing tells it there
        return 0
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


@pytest.mark.parametrize("number", SIGNALS, ids=lambda one: one.name)
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
    if sys.platform == "win32":  # a pipe that is broken is noticed when it is written to
        server.send({"jsonrpc": "2.0", "id": 1, "method": "ping"})
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
    server.process.send_signal(SIGNALS[0])
    code, took = server.end()
    assert code == 0
    assert took <= 1


FRAMES: dict[str, tuple[bytes, list[tuple[Any, int]]]] = {
    "no JSON": (b"hello\n", [(None, -32700)]),
    "an empty line": (b"\n", []),
    "half a message": (b'{"jsonrpc":"2.0","id":7,"method":\n', [(7, -32700)]),
    "half a message whose id is not its own": (b'{"jsonrpc":"2.0","params":{"id":7}\n', [(None, -32700)]),
    "not UTF-8": (b'{"jsonrpc":"2.0","id":7,"method":"ping\xff\xfe"}\n', [(7, -32700)]),
    "a lone surrogate": (b'{"jsonrpc":"2.0","id":"a","method":"x","params":{"y":"\\ud800"}}\n', [("a", -32700)]),
    "deep nesting": (b"[" * 100_000 + b"\n", [(None, -32700)]),
    "nesting inside a request": (
        b'{"jsonrpc":"2.0","id":7,"method":"x","params":' + b'{"a":' * 9_999 + b"1" + b"}" * 10_000 + b"\n",
        [(7, -32700)],
    ),
    "a batch": (
        b'[{"jsonrpc":"2.0","id":7,"method":"ping"},{"jsonrpc":"2.0","id":8,"method":"ping"}]\n',
        [(7, -32600), (8, -32600)],
    ),
    "an empty batch": (b"[]\n", [(None, -32600)]),
    "no version": (b'{"id":7,"method":"ping"}\n', [(7, -32600)]),
    "no method": (b'{"jsonrpc":"2.0","id":7}\n', [(7, -32600)]),
    "params that are a list": (b'{"jsonrpc":"2.0","id":7,"method":"tools/list","params":[]}\n', [(7, -32600)]),
    "wrong types": (b'{"jsonrpc":2,"id":{},"method":[],"params":"x"}\n', [(None, -32600)]),
    "an answer nobody asked for": (b'{"jsonrpc":"2.0","id":99,"result":{}}\n', []),
    "a long line": (b'{"jsonrpc":"2.0","id":7,"method":"' + b"x" * 9_000_000 + b'"}\n', [(7, -32600)]),
    "a long line with its id at the end": (
        b'{"method":"' + b"x" * 9_000_000 + b'","params":{"id":5},"jsonrpc":"2.0","id":7}\n',
        [(7, -32600)],
    ),
    "NUL bytes": (b"\x00" * 100 + b"\n", [(None, -32700)]),
}


def test_a_line_that_is_no_message_is_answered_logged_once_and_survived(start: Start) -> None:
    """D12: all of them to one process, each followed by a question that must be answered."""
    server = start("--demo")
    server.initialize()
    for name, (frame, answers) in FRAMES.items():
        server.send(frame, {"jsonrpc": "2.0", "id": name, "method": "ping"})
        said = [server.receive() for _ in answers]
        told = sorted((str(one["id"]), one["error"]["code"]) for one in said)
        assert told == sorted((str(number), code) for number, code in answers), name
        assert server.receive() == {"jsonrpc": "2.0", "id": name, "result": {}}, name
    server.input.close()
    code, _ = server.end()
    assert code == 0
    assert len(server.stderr.splitlines()) == sum(bool(answers) for _, answers in FRAMES.values()), server.stderr


def test_a_byte_order_mark_is_no_part_of_a_message(start: Start) -> None:
    server = start("--demo")
    server.send(b"\xef\xbb\xbf" + json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}).encode() + b"\r\n")
    assert server.receive() == {"jsonrpc": "2.0", "id": 1, "result": {}}


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_line_is_a_message_or_answered_or_blank(line: bytes) -> None:
    found = read_line(line)
    if isinstance(found, str):
        jsonrpc_message_adapter.validate_json(found, by_name=False)
    elif found is None:
        assert not line.removeprefix(b"\xef\xbb\xbf").strip()
    else:
        assert all(json.loads(answer)["error"]["code"] in {-32700, -32600} for answer in found.answers)
        assert found.answers


def test_messages_from_a_file_are_answered_into_a_file(tmp_path: Path) -> None:
    asked, answered = tmp_path / "asked", tmp_path / "answered"
    ping = json.dumps({"jsonrpc": "2.0", "id": 2, "method": "ping"})
    asked.write_text(f"{json.dumps(INITIALIZE)}\nnonsense\n{' ' * 9_000_000}\n{ping}\n", "utf-8")
    with asked.open("rb") as lines, answered.open("wb") as out:
        command = [sys.executable, "-m", "iru_mcp", "--demo"]
        ended = subprocess.run(command, stdin=lines, stdout=out, stderr=subprocess.PIPE, env=ENVIRONMENT, check=False)
    assert ended.returncode == 0, ended.stderr
    found = [json.loads(line) for line in answered.read_text("utf-8").splitlines()]
    assert sorted(str(one["id"]) for one in found) == ["2", "None", "None", "first"]


PARENT = """
import subprocess, sys
with open({said!r}, "wb") as said:
    command = [sys.executable, "-m", "iru_mcp", "--demo"]
    server = subprocess.Popen(command, stdin={stdin}, stdout={stdout}, stderr=said)
sys.stdin.read()
"""


if sys.platform != "win32":  # the number of the parent stays what it was there

    def test_the_server_ends_with_the_process_that_started_it_though_its_pipes_stay_open(tmp_path: Path) -> None:
        """Issue: a client that was killed left its servers behind while another of its children held their pipes."""
        in_reader, in_writer = os.pipe()
        out_reader, out_writer = os.pipe()
        said = tmp_path / "said"
        parent = PARENT.format(said=str(said), stdin=in_reader, stdout=out_writer)
        started = subprocess.Popen(
            [sys.executable, "-c", parent], stdin=subprocess.PIPE, pass_fds=(in_reader, out_writer), env=ENVIRONMENT
        )
        os.close(in_reader)
        os.close(out_writer)
        os.write(in_writer, json.dumps(INITIALIZE).encode() + b"\n")
        with os.fdopen(out_reader, "rb") as answers:
            assert json.loads(answers.readline())["id"] == "first"
            started.kill()
            started.wait()
            assert started.stdin is not None
            started.stdin.close()
            assert answers.readline() == b""  # the server alone held the other end
        os.close(in_writer)
        assert "has ended" in said.read_text("utf-8")


def test_while_a_keyring_waits_for_a_person_everything_else_is_answered(start: Start) -> None:
    server = start(
        IRU_API_URL="https://acme.api.kandji.io",
        IRU_API_TOKEN_KEYRING="1",
        PYTHON_KEYRING_BACKEND="file_keyring.FileKeyring",
        FILE_KEYRING_LOCKED="1",
        PYTHONPATH=f"{ROOT}{os.pathsep}{ROOT / 'tests' / 'mcp_clients'}",
    )
    server.initialize()
    server.call(1, "list_devices")
    server.send({"jsonrpc": "2.0", "id": 2, "method": "ping"})
    assert server.receive()["id"] == 2
