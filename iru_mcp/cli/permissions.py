"""The verb permissions: the least that a token must be granted, as a table to paste into a ticket."""

import argparse
from collections.abc import Iterable, Iterator
from typing import Any

from ..api.endpoint import Endpoint
from ..api.endpoints.prism import PRISM_COUNT
from ..config.settings import Settings
from ..inventory.tables import KINDS
from ..tools.kit.catalogue import Tool
from .tools import offered


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Print the table."""
    head, rows = permissions(sync_needs() if options.sync else tool_needs(offered(settings).values()))
    print(table(head, rows) if options.markdown else columns(head, rows))
    return 0


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; pipes in cells are escaped."""
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)


def columns(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table for a terminal."""
    lines = [tuple(head), *map(tuple, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = ([cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines)
    return "\n".join("  ".join(cells).rstrip() for cells in padded)


Need = tuple[Endpoint[Any], str]
"""An endpoint and what it is needed for."""


def tool_needs(tools: Iterable[Tool]) -> Iterator[Need]:
    """What tools ask of Iru."""
    for tool in tools:
        yield from ((endpoint, tool.name) for endpoint in (*tool.endpoints, *tool.optional))


def sync_needs() -> Iterator[Need]:
    """What `iru-mcp sync` asks of Iru, each for a table of the copy."""
    for kind in KINDS:
        if kind.listed or kind.parents:
            yield kind.endpoint, kind.name
        if kind.instead:
            yield kind.instead, f"{kind.name} of older tenants"
        if kind.per_device:
            yield kind.per_device.endpoint, kind.per_device_reading
        if kind.prism:
            yield PRISM_COUNT, "noticing what went away"


def permissions(needs: Iterable[Need]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Head and rows of the least set of permissions for `needs`: name on Iru's screen, METHOD path, what for."""
    needed: dict[tuple[str, str], list[str]] = {}
    for endpoint, purpose in needs:
        name = f"{endpoint.section} > {endpoint.permission}" if endpoint.permission else endpoint.section
        needed.setdefault((name, f"{endpoint.method} {endpoint.path}"), []).append(purpose)
    rows: list[tuple[str, ...]] = [
        (name, place, ", ".join(sorted(set(found)))) for (name, place), found in sorted(needed.items())
    ]
    return ("permission on Iru's screen", "is", "for"), rows
