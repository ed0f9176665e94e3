"""The processes that run statements: started when needed, kept for the next statement, killed when one is given up."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from ...errors import TookTooLong

_FOLDER = str(Path(__file__).parents[3])
_MAIN = f"import sys; sys.path.insert(0, {_FOLDER!r}); from iru_mcp.inventory.sandbox.process import main; main()"
_IDLE = 2
"""Processes kept while nothing is asked, of some 12 MB each."""
_AT_ONCE = 4
"""Statements at work at once."""
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
        self._places = anyio.CapacityLimiter(_AT_ONCE)

    async def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """What process.py answers to `question`. Raises TookTooLong; whoever is cancelled ends the statement."""
        line = json.dumps(question).encode() + b"\n"
        async with self._places:
            worker = self._idle.pop() if self._idle else await _start()
            try:
                with anyio.fail_after(question["seconds"] + _GRACE_SECONDS):
                    answer: dict[str, Any] = await worker.ask(line)
            except (TimeoutError, anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError):
                await _end(worker)
                raise TookTooLong("The statement took too long.", "Narrow it, or aggregate fewer rows.") from None
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


async def _start() -> _Worker:
    process = await anyio.open_process(
        [sys.executable, "-I", "-S", "-c", _MAIN], stdin=PIPE, stdout=PIPE, stderr=DEVNULL
    )
    assert process.stdout is not None  # noqa: S101 - it was given one
    return _Worker(process, BufferedByteReceiveStream(process.stdout))


async def _end(worker: _Worker) -> None:
    """Kill it and wait until it is gone; it holds nothing that would have to be put away."""
    with anyio.CancelScope(shield=True):
        if worker.process.returncode is None:
            worker.process.kill()
        await worker.process.aclose()
