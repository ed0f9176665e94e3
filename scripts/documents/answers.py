"""Questions that people ask, and what the demo tenant answers: asked for real, at a fixed moment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import anyio

from iru_mcp.api.client import IruClient
from iru_mcp.cli.permissions import table
from iru_mcp.demo import HOST, TOKEN, transport
from iru_mcp.tools.kit.catalogue import Answer, catalogue

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""When the demo tenant's story ends for the documents."""


@dataclass(frozen=True, slots=True)
class Question:
    """What someone asks, the call that answers it, and how to say the answer: once, then for every row."""

    asked: str
    tool: str
    arguments: Mapping[str, Any]
    rows: str = ""
    once: str = ""
    at: str = "items"

    @property
    def call(self) -> str:
        """The call as one types it."""
        return " ".join([self.tool, *(f"{name}={_typed(value)}" for name, value in self.arguments.items())])

    def said(self, answer: Answer) -> list[str]:
        """The answer in lines."""
        rows = answer[self.at]
        lines = [self.once.format(**answer)] if self.once else []
        return lines + [self.rows.format(**row) for row in rows if self.rows]


QUESTIONS = (
    Question(
        "An alert names Mira Castellane. Which devices does she hold?",
        "find_devices_for_user",
        {"email": "mira.castellane@northwind.example"},
        "{device_name} ({serial_number}), {model}, macOS {os_version}",
    ),
    Question(
        "What starts by itself on it from a person's folder?",
        "prism_launch_agents_and_daemons",
        {"device": "NW7QK2M4XH", "program_arguments": "/Users/"},
        "{label} runs {program}, first seen {created_at}",
    ),
    Question(
        "Which other Macs have it?",
        "prism_launch_agents_and_daemons",
        {"label": "com.apple.softwareupdate.helperd"},
        "{device__name} ({serial_number}), first seen {created_at}",
    ),
    Question(
        "Who made API tokens this week, and for what?",
        "list_audit_events",
        {"since": "7d", "action": "create", "target_type": "api_token"},
        "'{new_state[label]}' at {occurred_at}, for {new_state[permissions][0][http_method]}"
        " {new_state[permissions][0][path]}, ...",
    ),
    Question(
        "Which flaws in our fleet are exploited in the wild?",
        "list_fleet_vulnerabilities",
        {"known_exploited": True},
        "{cve_id}, {severity}, in {software[0]}, on {device_count} devices",
    ),
    Question(
        "Which macOS versions do we run?",
        "list_devices",
        {"platform": "mac", "group_by": "os_version", "limit": 3},
        "{os_version}: {count}",
        "{summary[devices]} Macs; the most common versions:",
    ),
)


def ask_all() -> list[tuple[Question, list[str]]]:
    """Every question with its answer in lines."""
    return anyio.run(_ask_all)


async def _ask_all() -> list[tuple[Question, list[str]]]:
    tools = catalogue()
    client = IruClient(HOST, lambda: TOKEN, transport=transport(now=NOW), now=lambda: NOW)
    try:
        return [(one, one.said(await tools[one.tool].run(client, one.arguments))) for one in QUESTIONS]
    finally:
        await client.aclose()


def block() -> str:
    """The questions as a table."""
    rows = ((one.asked, f"`{one.call}`", "<br>".join(lines)) for one, lines in ask_all())
    return table(("question", "call", "answer"), rows)


def _typed(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
