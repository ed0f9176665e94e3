"""The processes that run statements: started when needed, kept for the next statement, killed when one is given up."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from ...call_limit import CallLimit
from ...errors import TookTooLong

_FOLDER = str(Path(__file__).parents[3])
_MAIN = f"import sys; sys.path.insert(0, {_FOLDER!r}); from iru_mcp.inventory.sandbox.process import main; main()"
_IDLE = 2
"""Processes kept while nothing is asked, of some 12 MB each."""
_AT_ONCE = 4
"""Statements at work at once; three of them at most are of one caller."""
_LONGEST_LINE = 64 * 1024 * 1024
_GRACE_SECONDS = 2.0
"""Seconds beyond a statement's time until its process is killed; it ends itself before that if it gets to run."""
_NO_PLACE = (
    "The statement did not begin: others were at work all the time that it waited.",
    "Send it again as it is, with fewer statements at once.",
)


@dataclass(slots=True)
class _Worker:
    process: Process
    lines: BufferedByteReceiveStream

    async def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None  # noqa: S101 - it was given one
        await self.process.stdin.send(json.dumps(question).encode() + b"\n")
        answer: dict[str, Any] = json.loads(await self.lines.receive_until(b"\n", _LONGEST_LINE))
        return answer


class Processes:
    """Runs statements, each in a process that nothing else uses meanwhile."""

    def __init__(self) -> None:
        self._idle: list[_Worker] = []
        self._places = CallLimit(_AT_ONCE, _NO_PLACE)

    async def ask(self, question: dict[str, Any], caller: str | None = None) -> dict[str, Any]:
        """What process.py answers to `question`; whoever is cancelled ends the statement.

        Raises RateLimited where it got no place to run in, TookTooLong.
        """
        async with self._places.place(caller):
            worker = self._idle.pop() if self._idle else await _start()
            answer: dict[str, Any] | None = None
            try:
                with anyio.fail_after(question["seconds"] + _GRACE_SECONDS):
                    answer = await worker.ask(question)
            except TimeoutError:
                raise TookTooLong(
                    "The statement's process got no time to run: this machine is busy.",
                    "Send it again as it is, with fewer at once.",
                ) from None
            except (anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError):
                raise too_long() from None
            finally:
                if answer is not None and len(self._idle) < _IDLE:
                    self._idle.append(worker)
                else:
                    await _end(worker)
            return answer

    async def aclose(self) -> None:
        """End the processes."""
        while self._idle:
            await _end(self._idle.pop())


def too_long() -> TookTooLong:
    """One text, whether SQLite stopped the statement or its process was ended."""
    return TookTooLong("The statement took too long.", "Narrow it with WHERE, or aggregate fewer rows.")


async def _start() -> _Worker:
    """A new process. Cancellation waits until it has started: one that is given up while it starts would be waited for
    by nobody."""
    with anyio.CancelScope(shield=True):
        command = [sys.executable, "-I", "-S", "-c", _MAIN]
        process = await anyio.open_process(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
    assert process.stdout is not None  # noqa: S101 - it was given one
    return _Worker(process, BufferedByteReceiveStream(process.stdout))


async def _end(worker: _Worker) -> None:
    """Kill it and wait until it has ended; it has nothing to save."""
    with anyio.CancelScope(shield=True):
        if worker.process.returncode is None:
            worker.process.kill()
        await worker.process.aclose()
