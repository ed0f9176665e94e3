"""The parts of README and docs/ that are read off the code: tools, permissions, settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from .errors import UsageError
from .settings import FIELDS
from .tools.catalogue import Tool, catalogue

_BLOCK = re.compile(r"(<!-- generated: (\w+) -->\n).*?(\n<!-- end -->)", re.DOTALL)


def generate(root: Path | None = None, *, write: bool) -> list[str]:
    """Bring every generated block below `root` (the working folder) up to date; the names of the files that were not.

    A block stands between `<!-- generated: NAME -->` and `<!-- end -->`. Raises UsageError for an unknown name.
    """
    folder = root or Path.cwd()
    changed: list[str] = []
    for path in sorted([*folder.glob("*.md"), *folder.glob("docs/**/*.md")]):
        old = path.read_text("utf-8")
        new = _BLOCK.sub(lambda block: f"{block[1]}{_block(block[2])}{block[3]}", old)
        if new != old:
            changed.append(str(path.relative_to(folder)))
            if write:
                path.write_text(new, "utf-8")
    return changed


def _block(name: str) -> str:
    if name not in _BLOCKS:
        raise UsageError(f"There is no generated block '{name}'.", f"Valid: {', '.join(_BLOCKS)}.")
    return _BLOCKS[name]()


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; pipes in cells are escaped."""
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)


def _first_sentence(tool: Tool) -> str:
    return tool.description.partition(". ")[0].rstrip(".") + "."


def _tools() -> str:
    rows = ((f"`{tool.name}`", _first_sentence(tool), _paths(tool)) for tool in catalogue().values())
    return table(("tool", "answers", "reads"), rows)


def _paths(tool: Tool) -> str:
    return ", ".join(f"`{endpoint.path.removeprefix('/api')}`" for endpoint in tool.endpoints)


def permissions(tools: Iterable[Tool]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Head and rows of the least set of permissions for `tools`: name on Iru's screen, METHOD path, what for."""
    needed: dict[tuple[str, str], list[str]] = {}
    for tool in tools:
        for endpoint in (*tool.endpoints, *tool.optional):
            name = f"{endpoint.section} > {endpoint.permission}" if endpoint.permission else endpoint.section
            needed.setdefault((name, f"{endpoint.method} {endpoint.path}"), []).append(tool.name)
    rows: list[tuple[str, ...]] = [
        (name, place, ", ".join(sorted(set(found)))) for (name, place), found in sorted(needed.items())
    ]
    return ("permission on Iru's screen", "is", "for"), rows


def columns(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table for a terminal."""
    lines = [tuple(head), *map(tuple, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _permissions() -> str:
    head, rows = permissions(catalogue().values())
    return table(
        head, ((name, f"`{place}`", ", ".join(f"`{t}`" for t in tools.split(", "))) for name, place, tools in rows)
    )


def _settings() -> str:
    rows = []
    for name, item in FIELDS.items():
        meta = item.metadata
        default = "" if meta["secret"] or item.default in ("", False) else f"`{item.default}`"
        flag = "" if meta["secret"] else f"`--{name.replace('_', '-')}`"
        older = f"; older name `{meta['older']}`" if meta["older"] else ""
        choices = f" ({', '.join(meta['choices'])})" if meta["choices"] else ""
        rows.append((f"`{meta['env']}`", flag, default, f"{meta['help']}{choices}{older}"))
    return table(("variable", "flag", "default", "meaning"), rows)


_BLOCKS: dict[str, Callable[[], str]] = {"tools": _tools, "permissions": _permissions, "settings": _settings}
