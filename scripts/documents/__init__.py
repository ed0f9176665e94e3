"""The parts of README and docs/ that are read off the code and the demo tenant, between their markers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from iru_mcp.errors import UsageError

from . import answers, clients, tables, tools

_BLOCK = re.compile(r"(<!-- generated: (\w+) -->\n)(?:(?!<!-- generated: ).)*?(<!-- end -->)", re.DOTALL)


def generate(root: Path | None = None, *, write: bool) -> list[str]:
    """Bring every generated block below `root` (the working folder) up to date; the names of the files that were not.

    A block stands between `<!-- generated: NAME -->` and `<!-- end -->`. Raises UsageError for an unknown name.
    """
    folder = root or Path.cwd()
    changed: list[str] = []
    for path in sorted([*folder.glob("*.md"), *folder.glob("docs/**/*.md")]):
        old = path.read_text("utf-8")
        new = _BLOCK.sub(lambda block: f"{block[1]}{_block(block[2])}\n{block[3]}", old)
        if new != old:
            changed.append(str(path.relative_to(folder)))
            if write:
                path.write_text(new, "utf-8")
    return changed


def _block(name: str) -> str:
    if name not in _BLOCKS:
        raise UsageError(f"There is no generated block '{name}'.", f"Valid: {', '.join(_BLOCKS)}.")
    return _BLOCKS[name]()


_BLOCKS: dict[str, Callable[[], str]] = {
    "tools": tools.usual,
    "more_tools": tools.more,
    "reference": tools.reference,
    "prompts": tools.investigations,
    "permissions": tables.permissions_block,
    "sync_permissions": tables.sync_block,
    "settings": tables.settings_block,
    "clients": clients.blocks,
    "answers": answers.block,
}
