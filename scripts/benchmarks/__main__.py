"""Measures what is asked for, prints one table, and writes JSON and, with --write, docs/benchmarks.md."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from iru_mcp.api.transport.rate_limit import Limits

from . import asked, call, context, soak, start, walk
from .measure import Row

PARTS = {
    "start": start.run,
    "call": call.run,
    "walk": walk.run,
    "context": context.run,
    "questions": asked.run,
    "memory": soak.run,
}
DOCUMENT = Path("docs/benchmarks.md")

_ABOUT = """\
# Benchmarks

Made by `scripts/bench --write`; `scripts/bench NAME` measures one part ({parts}) and writes nothing here. Absolute
times depend on the machine and on what else it does: compare the columns of one run, not two runs.

- **value** is the median over several runs, **least** and **most** the spread; what does not vary, and walks that take
  minutes, are measured once.
- **floor**: for `start` and `call` a server with one tool on the SDK's low-level `Server`, in turn with iru-mcp in the
  same run; its tool gives back the same bytes. `MCPServer`, the SDK's decorated server, stands beside it and is not the
  floor. For `walk` it is pages x 0.1 s / {side} side by side, or pages / {pace:.0f} a second, whichever is longer. For
  `context` it is what iru-mcp's answers take.
- **ratio** is value / floor, taken run by run.
- Warm-ups: one round of each program for `start`, 32 calls for `call`, a quarter of the calls for `memory`.
- Tokens are o200k; raw pages are all pages of the endpoints that hold the same answer, with the narrowest query that
  Iru documents, on the demo tenant of 400 devices.
"""

_MISSED = """\
## Where a target is missed

- `start`: HTTP, the demo tenant, the inventory, the authorization code and TLS are loaded by the first call that needs
  them, and a tool's argument model is made by its first call. What a profile still shows is made while modules load, in
  about equal parts: dataclasses, record classes and patterns. The SDK itself imports uvicorn, starlette and two
  protocol versions' types, which its public API does not let one avoid.
- `call`: an answer of 25 rows is cut from the page of 300 that Iru gives, so that the next question finds it in the
  cache. A cached page is kept packed, and only the rows that are looked at are unpacked; reading them, and choosing,
  tidying, weighing and cleaning their columns, is where the time goes. The floor parses nothing.
- `walk`: where Iru tells no total, as for devices, as many pages are asked for ahead as were read, so a few lie behind
  the end.
"""


def _machine() -> dict[str, str]:
    cpu = Path("/proc/cpuinfo")
    models = (
        [line for line in cpu.read_text("utf-8").splitlines() if line.startswith("model name")] if cpu.exists() else []
    )
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": models[0].partition(":")[2].strip() if models else platform.machine(),
        "cores": str(os.cpu_count()),
        "load at the start": f"{os.getloadavg()[0]:.1f}",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    } | {name: importlib.metadata.version(name) for name in ("mcp", "httpx", "pydantic", "anyio")}


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if unit in ("tokens", "requests") else f"{value:,.2f}"


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| part | what | unit | value | least | most | floor | ratio | target | met | note |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | --- | --- | --- |",
    ]
    for row in rows:
        figures = (_number(value, row.unit) for value in (row.value, row.low, row.high, row.floor))
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        met = {None: "", True: "yes", False: "no"}[row.met]
        cells = [row.part, row.what, row.unit, *figures, ratio, row.target, met, row.note]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def document(rows: Sequence[Row], machine: dict[str, str], questions: str) -> str:
    """docs/benchmarks.md."""
    limits = Limits()
    about = _ABOUT.format(parts=", ".join(PARTS), side=limits.side_by_side, pace=limits.per_second)
    where = "\n".join(f"- {name}: {value}" for name, value in machine.items())
    about_questions = (
        "## Questions\n\nAll with the calls, tokens and requests that the right answer took; then twenty of "
        "them beside the raw pages that hold the same. \\* tells one of the demo tenant's two incidents.\n\n"
    )
    figures = f"## Figures\n\n{table(rows)}\n\n{_MISSED}"
    return f"{about}\n## Machine\n\n{where}\n\n{figures}\n{about_questions}{questions}\n"


def main() -> int:
    """Measure. 0 whatever is found: this measures and does not judge."""
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("parts", nargs="*", metavar="NAME", help=f"of {', '.join(PARTS)}; all without one")
    parser.add_argument("--json", type=Path, default=None, help="write the figures there (all parts: bench.json)")
    parser.add_argument("--write", action="store_true", help=f"write {DOCUMENT}; measures all parts")
    options = parser.parse_args()
    wrong = [name for name in options.parts if name not in PARTS]
    if wrong or (options.write and options.parts):
        parser.error(f"no part is called {wrong[0]}" if wrong else "--write measures all parts")
    machine, rows = _machine(), []
    with tempfile.TemporaryDirectory() as made:
        scratch = Path(made)
        for name in options.parts or PARTS:
            begun = time.perf_counter()
            rows += PARTS[name](scratch)
            print(f"{name}: {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
        made_tables = [path.read_text("utf-8") for path in sorted(scratch.glob("*.md"))]
        questions = "\n\n".join(made_tables)
    print(table(rows) + (f"\n\n{questions}" if questions else ""))
    target = options.json or (None if options.parts else Path("bench.json"))
    if target:
        found = {"machine": machine, "rows": [row.as_dict() for row in rows]}
        target.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    if options.write:
        DOCUMENT.write_text(document(rows, machine, questions), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
