"""Tables in Markdown: permissions and settings."""

from __future__ import annotations

from iru_mcp.cli.permissions import permissions, sync_needs, table, tool_needs
from iru_mcp.config.settings import FIELDS
from iru_mcp.tools.kit.catalogue import catalogue, select


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
