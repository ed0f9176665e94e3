"""Tables in Markdown and for terminals: permissions and settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..api.endpoint import Endpoint
from ..api.endpoints.prism import PRISM_COUNT
from ..config.settings import FIELDS
from ..inventory.tables import KINDS
from ..tools.kit.catalogue import Tool, catalogue, select


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; pipes in cells are escaped."""
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)


def columns(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table for a terminal."""
    lines = [tuple(head), *map(tuple, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


Need = tuple[Endpoint[Any], str]
"""An endpoint and what it is needed for."""


def tool_needs(tools: Iterable[Tool]) -> Iterator[Need]:
    """What tools ask of Iru."""
    for tool in tools:
        yield from ((endpoint, tool.name) for endpoint in (*tool.endpoints, *tool.optional))


def sync_needs() -> Iterator[Need]:
    """What `iru-mcp sync` asks of Iru, each for a table of the copy."""
    for kind in KINDS:
        if kind.listed:
            yield kind.endpoint, kind.name
        if kind.instead:
            yield kind.instead, f"{kind.name} of older tenants"
        if kind.visit:
            yield kind.visit.endpoint, kind.visited
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


def permissions_block() -> str:
    """What a token needs for the tools that are offered unasked."""
    head, rows = permissions(tool_needs(select(catalogue()).values()))
    return table(head, ((name, f"`{place}`", ", ".join(map(code, tools.split(", ")))) for name, place, tools in rows))


def sync_block() -> str:
    """What a token needs for a whole copy."""
    head, rows = permissions(sync_needs())
    return table(head, ((name, f"`{place}`", purpose) for name, place, purpose in rows))


def settings_block() -> str:
    """Every setting."""
    rows = []
    for name, item in FIELDS.items():
        meta = item.metadata
        default = "" if meta["secret"] or item.default in ("", False) else code(item.default)
        flag = "" if meta["secret"] else code(f"--{name.replace('_', '-')}")
        older = f"; older name {code(meta['older'])}" if meta["older"] else ""
        choices = f" ({', '.join(meta['choices'])})" if meta["choices"] else ""
        rows.append((code(meta["env"]), flag, default, f"{meta['help']}{choices}{older}"))
    return table(("variable", "flag", "default", "meaning"), rows)


def code(text: object) -> str:
    """Text as code."""
    return f"`{text}`"
