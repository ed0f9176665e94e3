"""The processes that run statements: started when needed, kept for the next statement, killed when one is given up.

`Processes` is for the many callers of a server, `OneProcess` for a thread that asks one statement after the other.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any, Self

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from ...call_limit import CallLimit
from ...errors import TookTooLong

_FOLDER = str(Path(__file__).parents[3])
_COMMAND = (sys.executable, "-I", "-S", "-c")
_MAIN = f"import sys; sys.path.insert(0, {_FOLDER!r}); from iru_mcp.inventory.sandbox.process import main; main()"
_IDLE = 2
"""Processes kept while nothing is asked, of some 12 MB each."""
_AT_ONCE = 4
"""Statements at work at once; three of them at most are of one caller."""
_LONGEST_LINE = 64 * 1024 * 1024
_GRACE_SECONDS = 2.0
"""Seconds beyond a statement's time until its process is killed; it ends itself before that unless it is stopped."""


@dataclass(slots=True)
class _Worker:
    process: Process
    lines: BufferedByteReceiveStream

    async def ask(self, line: bytes) -> Any:
        assert self.process.stdin is not None  # noqa: S101 - it was given one
        await self.process.stdin.send(line)
        return json.loads(await self.lines.receive_until(b"\n", _LONGEST_LINE))


class Processes:
    """Runs statements, each in a process that nothing else uses meanwhile."""

    def __init__(self, _: object = None) -> None:
        self._idle: list[_Worker] = []
        self._places = CallLimit(_AT_ONCE)

    async def ask(self, question: dict[str, Any], caller: str | None = None) -> dict[str, Any]:
        """What process.py answers to `question`. Raises TookTooLong; whoever is cancelled ends the statement."""
        line = json.dumps(question).encode() + b"\n"
        async with self._places.place(caller):
            worker = self._idle.pop() if self._idle else await _start()
            try:
                with anyio.fail_after(question["seconds"] + _GRACE_SECONDS):
                    answer: dict[str, Any] = await worker.ask(line)
            except (TimeoutError, anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError):
                await _end(worker)
                raise too_long() from None
            except BaseException:
                await _end(worker)
                raise
            await self._keep(worker)
            return answer

    async def aclose(self) -> None:
        """End the processes."""
        while self._idle:
            await _end(self._idle.pop())

    async def _keep(self, worker: _Worker) -> None:
        if len(self._idle) < _IDLE:
            self._idle.append(worker)
        else:
            await _end(worker)


class OneProcess:
    """A process for the statements of one thread; a context manager, which ends it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """What process.py answers to `question`. Raises TookTooLong."""
        if self._process is None:
            command = [*_COMMAND, _MAIN]
            self._process = subprocess.Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)  # noqa: S603 - our own
        process = self._process
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - it was given both
        watch = threading.Timer(question["seconds"] + _GRACE_SECONDS, process.kill)
        watch.daemon = True
        watch.start()
        try:
            process.stdin.write(json.dumps(question).encode() + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = b""
        finally:
            watch.cancel()
        if not line.endswith(b"\n"):
            self._end()
            raise too_long()
        return dict(json.loads(line))

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def too_long() -> TookTooLong:
    """One text, whether SQLite stopped the statement or its process was ended."""
    return TookTooLong("The statement took too long.", "Narrow it with WHERE, or aggregate fewer rows.")


async def _start() -> _Worker:
    process = await anyio.open_process([*_COMMAND, _MAIN], stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
    assert process.stdout is not None  # noqa: S101 - it was given one
    return _Worker(process, BufferedByteReceiveStream(process.stdout))


async def _end(worker: _Worker) -> None:
    """Kill it and wait until it is gone; it holds nothing that would have to be put away."""
    with anyio.CancelScope(shield=True):
        if worker.process.returncode is None:
            worker.process.kill()
        await worker.process.aclose()
