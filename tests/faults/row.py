"""A row of the fault table: a fault, the figure that must hold, and how it is measured."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One line of docs/faults.md.

    `run` measures and returns the figure as it is printed, and whether it holds. It is awaited on asyncio, opens
    sockets on loopback only, and leaves nothing running. A row that is not `quick` (some 3 s) is left to
    scripts/faults; the others are tests too.
    """

    id: str
    fault: str
    wanted: str
    run: Callable[[], Awaitable[tuple[str, bool]]]
    quick: bool = True


def open_files() -> int:
    """Files and sockets this process holds open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def peak_rss() -> float:
    """The most memory this process has had since `forget_peak`, in MB."""
    return _status("VmHWM")


def rss() -> float:
    """The memory this process has, in MB."""
    return _status("VmRSS")


def forget_peak() -> None:
    """Measure the peak from here on."""
    Path("/proc/self/clear_refs").write_text("5", "ascii")


def _status(name: str) -> float:
    text = Path(f"/proc/{os.getpid()}/status").read_text("ascii")
    return int(text.split(f"{name}:")[1].split()[0]) / 1024
