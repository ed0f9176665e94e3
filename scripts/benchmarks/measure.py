"""Medians with their spread, memory by the kernel's own account, and rows of the table."""

from __future__ import annotations

import math
import os
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One measured line: what, how much, between which bounds, beside which floor, and the target if there is one."""

    part: str
    what: str
    unit: str
    value: float
    low: float
    high: float
    floor: float | None = None
    ratio: float | None = None
    target: str = ""
    met: bool | None = None
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def timed(  # noqa: PLR0913 - the parts of a row
    part: str,
    what: str,
    unit: str,
    found: Sequence[float],
    *,
    floor: Sequence[float] = (),
    ratio: float | None = None,
    target: str = "",
    met: bool | None = None,
    note: str = "",
) -> Row:
    """A row of repeated measurements: median, least and most."""
    middle = statistics.median(found)
    beside = statistics.median(floor) if floor else None
    return Row(part, what, unit, middle, min(found), max(found), beside, ratio, target, met, note)


def once(part: str, what: str, unit: str, value: float, **more: Any) -> Row:
    """A row of something that is the same each time, or was measured once."""
    return Row(part, what, unit, value, value, value, **more)


def percentile(found: Sequence[float], share: float) -> float:
    """The smallest value that `share` of those found do not exceed."""
    ranked = sorted(found)
    return ranked[max(0, math.ceil(len(ranked) * share) - 1)]


def memory(pid: int | str, field: str = "VmHWM") -> float:
    """MB of a process: VmHWM is its peak, VmRSS what it holds now."""
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise ValueError(field)


def environment(**more: str) -> dict[str, str]:
    """This environment without what would make one of two compared programs compile its modules at each start."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("IRU_", "KANDJI_", "PYTHON"))}
    return kept | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)} | more
