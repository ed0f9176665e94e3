"""Walks over whole fleets with an upstream that takes a tenth of a second a page: time, requests and peak memory."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio

from iru_mcp.api.client import IruClient
from iru_mcp.api.endpoint import Endpoint
from iru_mcp.api.endpoints.devices import LIST_DEVICES
from iru_mcp.api.endpoints.prism import PRISM_APPS
from iru_mcp.api.transport.rate_limit import Limits
from iru_mcp.tools.kit.catalogue import catalogue

from .measure import Row, environment, memory, once
from .tenant import running

WAIT = 0.1
PAGE = 300
_NAMES = {"devices": "devices", "apps": "Prism rows", "group_by": "Prism rows, one `group_by` call"}
MOST_GROWTH = 1.1
CASES = (("devices", 1_000), ("devices", 10_000), ("group_by", 80_000), ("apps", 120_000), ("apps", 1_200_000))


async def walk(url: str, kind: str) -> dict[str, float]:
    """Walk everything once; seconds, rows, requests, and MB at the most."""
    client = IruClient(url, lambda: "t", limits=Limits(per_hour=1_000_000))
    begun, rows = time.perf_counter(), 0
    try:
        if kind == "group_by":
            answer = await catalogue()["prism_applications"].run(client, {"group_by": ["bundle_id"], "limit": 200})
            rows = answer["summary"]["rows"]
            seen_all = "next_cursor" not in answer
        else:
            endpoint: Endpoint[Any] = LIST_DEVICES if kind == "devices" else PRISM_APPS
            call = client.call(endpoint, seconds=900, requests=100_000)
            async for batch in call.walk(endpoint, None if kind == "devices" else 0, whole=True):
                rows += sum(record is not None for record in batch.records)
            seen_all = True
        seconds = time.perf_counter() - begun
        return {"seconds": seconds, "rows": rows, "requests": client.requests, "mb": memory("self"), "all": seen_all}
    finally:
        await client.aclose()


def run(_: Path) -> list[Row]:
    """Each walk once, in a process of its own; the long ones take minutes."""
    found: list[Row] = []
    peaks: dict[int, float] = {}
    limits = Limits()
    for kind, rows in CASES:
        with running(rows, WAIT) as url:
            command = [sys.executable, "-m", "benchmarks.walk", url, kind]
            settings = environment()
            settings["PYTHONPATH"] = f"{Path(__file__).parent.parent}:{settings['PYTHONPATH']}"
            made = json.loads(subprocess.run(command, env=settings, check=True, capture_output=True).stdout)  # noqa: S603
        least = math.ceil(rows / PAGE)
        ideal = max(least * WAIT / limits.side_by_side, least / limits.per_second)
        name = f"{rows:,} {_NAMES[kind]}"
        ratio = made["seconds"] / ideal
        note = f"{made['requests']:.0f} requests, the least is {least}; {made['rows']:,.0f} rows read"
        row = once("walk", name, "s", made["seconds"], floor=ideal, ratio=ratio, note=note)
        if kind == "group_by":
            row = replace(row, target=f"complete within {limits.call_seconds:.0f} s", met=bool(made["all"]))
        found.append(row)
        found.append(once("walk", f"{name}: peak memory", "MB", made["mb"]))
        if kind == "apps":
            peaks[rows] = made["mb"]
    small, large = (peaks[rows] for rows in sorted(peaks))
    growth, target = large / small, f"<= {MOST_GROWTH:.2f} x"
    found.append(once("walk", "memory of ten times the rows", "x", growth, target=target, met=growth <= MOST_GROWTH))
    return found


if __name__ == "__main__":
    print(json.dumps(anyio.run(walk, sys.argv[1], sys.argv[2])))
