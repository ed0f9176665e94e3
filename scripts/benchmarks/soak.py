"""Memory: what a server on stdio holds while it answers thousands of calls, each to another question."""

from __future__ import annotations

import itertools
import statistics
from pathlib import Path
from typing import Any

from iru_mcp.demo.world.story import STORY

from .measure import Row, once
from .pipe import Pipe
from .start import OURS

CALLS = 4_000
EVERY = 250
MOST_SLOPE = 0.3
"""MB in a thousand calls."""

_QUESTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("list_devices", {"limit": 25}),
    ("get_device_details", {"device": STORY.patient_zero_serial}),
    ("list_audit_events", {"since": "7d"}),
    ("list_users", {"limit": 25}),
    ("prism_launch_agents_and_daemons", {"label": STORY.launch_label}),
)


def run(_: Path) -> list[Row]:
    """The demo tenant answers in the same process; the first quarter of the calls fills its caches and ours."""
    held: list[tuple[int, float]] = []
    with Pipe(OURS, {"IRU_DEMO": "1", "IRU_CACHE_SECONDS": "3600"}) as server:
        server.initialize()
        for number, (name, given) in zip(range(1, CALLS + 1), itertools.cycle(_QUESTIONS), strict=False):
            server.ask("tools/call", {"name": name, "arguments": given})
            if number % EVERY == 0:
                held.append((number, server.memory("VmRSS")))
        peak = server.memory()
    settled = held[len(held) // 4 :]
    slope = statistics.linear_regression([n / 1_000 for n, _ in settled], [mb for _, mb in settled]).slope
    target = f"<= {MOST_SLOPE} MB"
    return [
        once("memory", f"held after {settled[0][0]:,} calls", "MB", settled[0][1]),
        once("memory", f"held after {CALLS:,} calls", "MB", settled[-1][1]),
        once("memory", "growth in a thousand calls", "MB", slope, target=target, met=slope <= MOST_SLOPE),
        once("memory", "peak, the demo tenant in the same process", "MB", peak),
    ]
