"""The form of a question that is asked of the demo tenant, and what its right answer is worked out from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from iru_mcp.demo.world.fleet import DemoDevice
from iru_mcp.demo.world.tenant import DemoTenant

Calls = tuple[tuple[str, dict[str, Any]], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, its calls, texts that must be in the answers, and the total that the last answer must give."""

    text: str
    calls: Calls
    facts: tuple[str, ...] = ()
    total: int | None = None
    """Of the rows that match: `total` of a list, `rows` in the summary of a count."""


def one_call(text: str, tool: str, arguments: dict[str, Any], *facts: str, total: int | None = None) -> Asked:
    """A question that one call answers."""
    return Asked(text, ((tool, arguments),), facts, total)


def where(tenant: DemoTenant, **wanted: Any) -> list[DemoDevice]:
    """The devices with these attributes."""
    return [one for one in tenant.devices if all(getattr(one, name) == value for name, value in wanted.items())]


def count_line(column: str, value: str, count: int) -> str:
    """A group of a count, as it stands in an answer."""
    return f'"{column}":"{value}","count":{count}'
