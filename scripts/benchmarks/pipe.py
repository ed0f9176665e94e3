"""A server as a process on stdio, asked with bare JSON-RPC lines, so that no client library is in the figures."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from .measure import environment, memory

_HELLO = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}


class Pipe:
    """The process, from its spawn to its end. Seconds count from just before the spawn."""

    def __init__(self, command: Sequence[str], settings: Mapping[str, str] | None = None) -> None:
        self.begun = time.perf_counter()
        self._process = subprocess.Popen(  # noqa: S603 - our own programs
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(**(settings or {})),
        )
        self._last = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout
        self._process.stdout.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def memory(self, field: str = "VmHWM") -> float:
        """MB."""
        return memory(self.pid, field)

    def initialize(self) -> float:
        """Seconds from the spawn until initialize is answered."""
        self.ask("initialize", _HELLO)
        taken = time.perf_counter() - self.begun
        self._write({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return taken

    def ask(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """The result of one request. Raises RuntimeError when there is none."""
        number = self.send(method, params)
        while True:
            found = self.receive()
            if found.get("id") == number:
                return result_of(found)

    def send(self, method: str, params: Mapping[str, Any]) -> int:
        """Write a request and give its number."""
        self._last += 1
        self._write({"jsonrpc": "2.0", "id": self._last, "method": method, "params": dict(params)})
        return self._last

    def receive(self) -> dict[str, Any]:
        """The next message. Raises RuntimeError when the server has ended."""
        return dict(json.loads(self.line()))

    def line(self) -> bytes:
        """The next message as bytes. Raises RuntimeError when the server has ended."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the server has ended")
        return line

    def _write(self, message: Mapping[str, Any]) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        self._process.stdin.flush()


def result_of(message: Mapping[str, Any]) -> dict[str, Any]:
    """The result in an answer. Raises RuntimeError for an error, also one of a tool."""
    result = message.get("result")
    if not isinstance(result, dict) or result.get("isError"):
        raise RuntimeError(json.dumps(message)[:500])
    return result
