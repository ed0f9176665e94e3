"""Feeds Iru's published examples, which are kept elsewhere, through the tools and names what is lost."""

from __future__ import annotations

import fnmatch
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx

from iru_mcp.api.client import IruClient
from iru_mcp.api.record import is_blank, tidy
from iru_mcp.output.clean import clean
from iru_mcp.tools.kit.catalogue import catalogue

DEVICE = {"device": "00000000-0000-4000-8000-000000000001"}
"""Stands for every device_id, since some examples have none that is one."""
ALL = {"fields": ["*"], "limit": 500}
TOOLS: dict[str, tuple[str, dict[str, Any]]] = {
    "devices_list*": ("list_devices", ALL),
    "device_get__*": ("list_devices", ALL),
    "device_details__*": ("get_device_details", DEVICE),
    "device_status": ("get_device_status", DEVICE | {"show": "all", "fields": ["*"]}),
    "device_activity__*": ("get_device_activity", DEVICE | ALL),
    "device_apps__*": ("list_device_apps", DEVICE | ALL),
    "users_list": ("list_users", ALL),
    "audit_events": ("list_audit_events", ALL),
    "vulnerability_detections": ("list_vulnerabilities", DEVICE | ALL),
    "prism_device_information": ("prism_device_information", ALL),
    "prism_launch_agents_and_daemons": ("prism_launch_agents_and_daemons", ALL),
    "prism_local_users": ("prism_local_users", ALL),
    "prism_apps": ("prism_applications", ALL),
}
"""Which tool reads which example, and what it is asked."""
ENVELOPE = ("results", "apps", "data", "library_items", "parameters")


def rows_of(body: Any) -> list[Any]:
    """The rows of an example without its envelope; an object without rows is one row."""
    inner = body.get("activity", body) if isinstance(body, dict) else {"results": body}
    return [row for name in ENVELOPE for row in inner.get(name) or []] or [body]


def values(row: Any, key: str = "") -> Iterator[str]:
    """What a row says, as text: no blanks, one form of times and booleans, secrets and long text as they go out."""
    if isinstance(row, dict):
        for name, inner in row.items():
            yield from values(inner, name)
    elif isinstance(row, list):
        for inner in row:
            yield from values(inner, key)
    elif not is_blank(row):
        yield str(clean(tidy(row, key), key))


def _last_page(tool: str, body: Any) -> Any:
    """The example as the end of a list, since it is the answer to every request here."""
    if isinstance(body, list) or tool == "list_devices":
        return body if isinstance(body, list) else [body]
    return body | {name: None for name in ("next", "cursor") if name in body}


async def answered(tool: str, arguments: dict[str, Any], body: Any) -> list[Any]:
    """Everything `tool` says when Iru answers `body`, page by page."""
    sent = json.dumps(_last_page(tool, body)).encode()
    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=httpx.ByteStream(sent)))
    client = IruClient("https://example.api.kandji.io", lambda: "example", transport=transport)
    question = arguments | ({"sections": list(body)} if tool == "get_device_details" else {})
    found = [await catalogue()[tool].run(client, question)]
    while "next_cursor" in found[-1]:
        found.append(await catalogue()[tool].run(client, question | {"cursor": found[-1]["next_cursor"]}))
    await client.aclose()
    return found


async def lost(name: str, body: Any) -> list[str] | None:
    """Values of an example that do not come through; None when no tool reads it."""
    pair = next((pair for pattern, pair in TOOLS.items() if fnmatch.fnmatch(name, pattern)), None)
    if pair is None:
        return None
    if pair[0] == "list_vulnerabilities":
        body["results"] = [row | {"device_id": DEVICE["device"]} for row in body["results"]]
    different = {json.dumps(row, sort_keys=True): row for row in rows_of(body)}
    missing = Counter(value for row in different.values() for value in values(row))
    missing -= Counter(values(await answered(*pair, body)))
    return [f"{value[:80]!r}" + (f" ({count} times)" if count > 1 else "") for value, count in missing.items()]


async def main(examples: dict[str, Any]) -> int:
    """Report on every example by its name; the number of examples that lose something."""
    losing = 0
    for name, body in examples.items():
        missing = await lost(name, body)
        if missing is not None:
            print(f"{name}: {'; '.join(missing) if missing else 'nothing lost'}")
            losing += bool(missing)
    print(f"{losing} examples lose something" if losing else "nothing lost")
    return losing


if len(sys.argv) != 2:
    sys.exit("usage: published_examples.py FOLDER")
found = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(Path(sys.argv[1]).glob("*.json"))}
sys.exit(min(anyio.run(main, found), 1))
