"""What the host in the browser is asked to show: every view in every shape, and what can go wrong with each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import anyio

from iru_mcp.api.client import IruClient
from iru_mcp.demo import HOST, TOKEN
from iru_mcp.views import VIEWS, page, standalone
from tests.conftest import agent_of, unlimited

Scenario = dict[str, Any]

MIRA = "NW7QK2M4XH"
HER_MAC = "Mira\u2019s MacBook Pro"
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "dossier": ("get_device_dossier", {"device": MIRA}),
    "timeline": ("get_timeline", {"device": MIRA, "since": "30d", "limit": 100}),
    "graph": ("find_indicator", {"value": "com.lumenpdf.pro"}),
    "breakdown": ("list_devices", {"group_by": "blueprint_name"}),
}
"""By the view's name: a call whose answer it draws."""
SHAPES: dict[str, Scenario] = {
    "light": {},
    "dark": {"theme": "dark"},
    "phone": {"width": 360},
    "print": {"print": True},
}
HOSTILE = (
    "</script><script>document.title='owned'</script><img src=x onerror=alert(1)><svg onload=alert(1)>"
    "<style>*{display:none}</style> javascript:alert(1) {{7*7}} \u202eevil\u2066 '\"&amp;"
)
PARTIAL = {
    "complete": False,
    "notes": ["the audit log was read back to 2026-11-03"],
    "summary": {"sources": {"audit": "partial: read back to 2026-11-03", "threats": "not licensed", "device": "ok"}},
    "items": [
        {"time": "2026-11-20T10:00:00Z", "source": "device", "text": "Enrolled"},
        {"time": "2026-11-04T10:00:00Z", "source": "audit", "text": "Audited"},
    ],
}


def scenarios(clear: str, hidden: str, folder: Path) -> list[Scenario]:
    """All of them, against servers at `clear` and, in privacy mode, `hidden`; pages without a host go to `folder`."""
    answers = {view: anyio.run(_answer, *call) for view, call in CALLS.items()}
    (folder / "alone.html").write_text(standalone(VIEWS[0], answers["dossier"], CALLS["dossier"][1]), "utf-8")
    (folder / "hostile.html").write_text(standalone(VIEWS[0], planted(answers["dossier"]), {"x": HOSTILE}), "utf-8")
    (folder / "no-answer.html").write_text(page(VIEWS[0]), "utf-8")
    handed = [
        _scenario(f"{view}-{kind}", view, result=_result(given))
        for view in CALLS
        for kind, given in (("hostile", planted(answers[view])), ("empty", {"complete": True, "items": []}))
    ]
    served = [{"url": clear, **one} for one in (*shapes(), *handed, *_clicks(), *_troubles())]
    private = _scenario("privacy", "dossier", url=hidden)
    return [
        *served,
        private,
        *({"name": name, "file": str(folder / f"{name}.html")} for name in ("alone", "hostile", "no-answer")),
    ]


def shapes() -> list[Scenario]:
    """Every view in every shape, on what the demo tenant answers."""
    return [_scenario(f"{view}-{shape}", view, **how) for view in CALLS for shape, how in SHAPES.items()]


def _clicks() -> list[Scenario]:
    """A person clicks, presses keys, or changes the theme of the host."""
    graph = {"tool": "inventory_graph", "args": {"around": "mira.castellane@northwind.example"}}
    sql = {"tool": "inventory_query", "args": {"sql": "SELECT platform, count(*) AS n FROM devices GROUP BY 1"}}
    return [
        _scenario("click", "dossier", click="com.lumenpdf.pro", expect="On 3 devices"),
        _scenario("person", "dossier", click="Mira Castellane <", expect="Devices of mira"),
        _scenario("refused", "dossier", click="com.lumenpdf.pro", expect="did not approve", approve=False),
        {"name": "hop", **graph, "click": HER_MAC, "expect": "Engineering"},
        {"name": "sql", **sql},
        _scenario("zoom", "timeline", press=["+", "+", "ArrowLeft"]),
        _scenario("retheme", "breakdown", retheme="dark"),
    ]


def _troubles() -> list[Scenario]:
    failed = {"isError": True, "content": [{"type": "text", "text": "Iru did not answer."}]}
    return [
        _scenario("deaf", "dossier", deaf=True),
        _scenario("thousand", "timeline", result=_result(many_rows(1_000))),
        _scenario("partial", "timeline", result=_result(PARTIAL)),
        _scenario("crowd", "graph", result=_result(crowd(240)), click="and 225 more", expect="app 239"),
        _scenario("failed", "timeline", result=failed),
    ]


def _scenario(name: str, view: str, **how: Any) -> Scenario:
    tool, arguments = CALLS[view]
    return {"name": name, "tool": tool, "args": arguments, **how}


def planted(value: Any) -> Any:
    """`value` with the hostile text before each of its texts that is no time."""
    if isinstance(value, dict):
        return {name: planted(part) for name, part in value.items()}
    if isinstance(value, list):
        return [planted(part) for part in value]
    is_time = isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", value)
    return f"{HOSTILE}{value}" if isinstance(value, str) and not is_time else value


def many_rows(number: int) -> dict[str, Any]:
    """A timeline of `number` rows over 25 days, newest first."""
    rows = [
        {"time": f"2026-11-{1 + n % 25:02}T{n % 24:02}:{n % 60:02}:00Z", "source": f"lane {n % 9}", "text": f"row {n}"}
        for n in range(number)
    ]
    return {"complete": True, "items": sorted(rows, key=lambda row: row["time"], reverse=True)}


def crowd(number: int) -> dict[str, Any]:
    """A graph of one device and as many apps."""
    nodes = [{"n": 0, "type": "device", "id": "d", "device_name": "Crowded"}]
    nodes += [{"n": n + 1, "type": "app", "id": f"a{n}", "name": f"app {n}"} for n in range(number)]
    return {"complete": True, "nodes": nodes, "edges": [[0, "INSTALLED", n + 1] for n in range(number)]}


def _result(structured: dict[str, Any]) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": "{}"}], "structuredContent": structured}


async def _answer(tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    async with agent_of(lambda: IruClient(HOST, lambda: TOKEN, transport=unlimited())) as agent:
        return await agent.ask(tool, **arguments)
