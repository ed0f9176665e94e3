"""Start: from the spawn to initialize and tools/list answered, and peak memory then, beside the bare SDK."""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

from .measure import Row, timed
from .pipe import Pipe

RUNS = 9
SETTINGS = {"IRU_API_URL": "https://bench.api.kandji.io", "IRU_API_TOKEN": "not-asked-for"}
OURS = [sys.executable, "-m", "iru_mcp"]
FLOOR = str(Path(__file__).with_name("floor.py"))


def _once(command: list[str], settings: dict[str, str]) -> tuple[float, float, float]:
    """Seconds until initialize, seconds until tools/list, MB at the most."""
    with Pipe(command, settings) as server:
        ready = server.initialize()
        server.ask("tools/list", {})
        return ready, time.perf_counter() - server.begun, server.memory()


def run(scratch: Path) -> list[Row]:
    """In turn: the floor, iru-mcp, and the decorated server; one round to warm up, which is not counted."""
    answer = scratch / "answer.json"
    answer.write_text('{"items":[]}')
    commands = {
        "floor": ([sys.executable, FLOOR, "low-level", str(answer)], {}),
        "ours": (OURS, SETTINGS),
        "decorated": ([sys.executable, FLOOR, "decorated", str(answer)], {}),
    }
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in commands}
    for turn in range(RUNS + 1):
        for name, (command, settings) in commands.items():
            figures = _once(command, settings)
            if turn:
                found[name].append(figures)
    rows: list[Row] = []
    for column, (what, unit, most) in enumerate(
        (("initialize answered", "s", 1.15), ("tools/list answered", "s", 1.15), ("peak memory then", "MB", 1.2))
    ):
        ours, floor, other = ([figures[column] for figures in found[name]] for name in ("ours", "floor", "decorated"))
        ratio = statistics.median(a / b for a, b in zip(ours, floor, strict=True))
        target = f"<= {most:.2f} x floor"
        rows += [
            timed("start", what, unit, ours, floor=floor, ratio=ratio, target=target, met=ratio <= most),
            timed("start", f"{what}, MCPServer with one tool", unit, other, floor=floor),
        ]
    return rows
