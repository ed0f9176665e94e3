"""The server as its users run it: a process of its own, on pipes or on a socket; and an Iru that never answers."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import anyio
import anyio.abc
import pytest
from mcp import StdioServerParameters

from tests.conftest import PLATFORM

ROOT = Path(__file__).parents[2]
ENVIRONMENT = PLATFORM | {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
TOKEN = "tok-5e1f-not-to-be-seen"
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": "first",
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


Parameters = Callable[..., StdioServerParameters]


@pytest.fixture
def parameters() -> Parameters:
    """For the SDK's client: `parameters(*arguments, **environment)` is a server process over stdio."""

    def made(*arguments: str, **environment: str) -> StdioServerParameters:
        return StdioServerParameters(
            command=sys.executable, args=["-m", "iru_mcp", *arguments], env=ENVIRONMENT | environment
        )

    return made


@dataclass
class Running:
    """A server process; its stderr is gathered as it comes."""

    process: subprocess.Popen[bytes]
    said: list[str] = field(default_factory=list)
    url: str = ""

    @property
    def stderr(self) -> str:
        return "".join(self.said)

    @property
    def input(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin

    @property
    def output(self) -> IO[bytes]:
        assert self.process.stdout is not None
        return self.process.stdout

    def send(self, *messages: dict[str, Any] | bytes) -> None:
        for message in messages:
            self.input.write(message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n")
        self.input.flush()

    def receive(self) -> dict[str, Any]:
        return dict(json.loads(self.output.readline()))

    def call(self, number: int | str, tool: str, **arguments: Any) -> None:
        params = {"name": tool, "arguments": arguments}
        self.send({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params})

    def initialize(self) -> None:
        self.send(INITIALIZE)
        assert self.receive()["id"] == "first"
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def end(self, within: float = 60.0) -> tuple[int, float]:
        """The exit code, and how many seconds it took from now."""
        began = time.monotonic()
        code = self.process.wait(within)
        took = time.monotonic() - began
        self.gathered.join(5)
        return code, took

    def gather(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line.decode())
            found = re.search(r"listening on (http://[^/\s]+)|demo tenant on (http://\S+)", self.said[-1])
            if found:
                self.url = found[1] or found[2]
                self.opened.set()
        self.opened.set()

    def __post_init__(self) -> None:
        self.opened = threading.Event()
        self.gathered = threading.Thread(target=self.gather, daemon=True)
        self.gathered.start()


Start = Callable[..., Running]


@contextlib.contextmanager
def starting() -> Iterator[Start]:
    """Start servers: `start(*arguments, **environment)`; all are ended at the end."""
    running: list[Running] = []

    def start(*arguments: str, **environment: str) -> Running:
        process = subprocess.Popen(
            [sys.executable, "-m", "iru_mcp", *arguments],
            env=ENVIRONMENT | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # Ctrl-Break reaches a whole group
        )
        one = Running(process)
        running.append(one)
        if "http" in arguments or "sse" in arguments:
            assert one.opened.wait(60), one.stderr
        return one

    try:
        yield start
    finally:
        for one in running:
            one.process.kill()
            one.process.wait()
            one.gathered.join(5)
            for stream in (one.process.stdin, one.process.stdout, one.process.stderr):
                with contextlib.suppress(BrokenPipeError):
                    if stream is not None:
                        stream.close()


@pytest.fixture
def start() -> Iterator[Start]:
    """Servers of this test alone."""
    with starting() as begin:
        yield begin


@pytest.fixture(scope="module")
def shared() -> Iterator[Running]:
    """One HTTP server on the demo tenant for the tests of a file that only ask."""
    with starting() as begin:
        yield begin("serve", "--transport", "http", "--port", "0", "--demo", "--metrics")


@dataclass
class Silent:
    """An Iru that takes requests and says nothing: how many came, and when each was hung up on."""

    url: str
    token: str = TOKEN
    asked: anyio.Event = field(default_factory=anyio.Event)
    hung_up: list[float] = field(default_factory=list)
    left: anyio.Event = field(default_factory=anyio.Event)
    answer: bytes = b""
    answer_now: anyio.Event = field(default_factory=anyio.Event)

    @property
    def environment(self) -> dict[str, str]:
        return {"IRU_API_URL": self.url, "IRU_API_TOKEN": self.token}


@contextlib.asynccontextmanager
async def silence() -> AsyncIterator[Silent]:
    """Iru on a socket: silent, or giving `answer` once `answer_now` is set."""

    async def handle(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            head = b""
            while b"\r\n\r\n" not in head:
                head += await stream.receive()
            iru.asked.set()
            if iru.answer:
                await iru.answer_now.wait()
                await stream.send(iru.answer)
            with contextlib.suppress(anyio.EndOfStream, anyio.BrokenResourceError):
                await stream.receive()
            iru.hung_up.append(time.monotonic())
            iru.left.set()

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as group:
        port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - no Django here
        iru = Silent(f"http://127.0.0.1:{port}")
        group.start_soon(listener.serve, handle)
        yield iru
        group.cancel_scope.cancel()


@pytest.fixture
async def silent() -> AsyncIterator[Silent]:
    """An Iru that says nothing, for one test."""
    async with silence() as iru:
        yield iru
