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
    """What someone asks, the call that answers it, and how its answer reads.

    `once` is filled from the whole answer and `rows` from each of its `items`, both by str.format.
    """

    asked: str
    tool: str
    arguments: Mapping[str, Any]
    rows: str = ""
    once: tuple[str, ...] = ()

    @property
    def call(self) -> str:
        """The call as one types it."""
        return " ".join([self.tool, *(f"{name}={_typed(value)}" for name, value in self.arguments.items())])

    def lines(self, answer: Answer) -> list[str]:
        """The answer in lines."""
        rows = answer["items"] if self.rows else ()
        return [line.format(**answer) for line in self.once] + [self.rows.format(**row) for row in rows]


ALERT = "An alert names Mira Castellane. What happened, and who else is affected?"
SESSION = (
    Question(
        "Which devices does she hold?",
        "find_devices_for_user",
        {"email": "mira.castellane@northwind.example"},
        "{device_name} ({serial_number}), {model}, macOS {os_version}",
    ),
    Question(
        "What stands out on it?",
        "get_device_dossier",
        {"device": "NW7QK2M4XH"},
        once=(
            "{threats[rows][0][threat_name]}, {threats[rows][0][status]}: {threats[rows][0][file_path]}",
            "started at login by {launch_items[rows][0][label]}, since {launch_items[rows][0][created_at]}",
            "{failed[rows][0][name]}: {failed[rows][0][status]}",
        ),
    ),
    Question(
        "Which other Macs have it?",
        "prism_launch_agents_and_daemons",
        {"label": "com.apple.softwareupdate.helperd"},
        "{device_name} ({serial_number}), since {created_at}",
    ),
    Question(
        "Who made API tokens this week, and for what?",
        "list_audit_events",
        {"since": "7d", "action": "create", "target_type": "api_token"},
        "'{new_state[label]}' at {occurred_at}, for {new_state[permissions][0][http_method]}"
        " {new_state[permissions][0][path]}, ...",
    ),
)
"""The investigation that scripts/demo makes and the picture in README shows."""

QUESTIONS = (
    SESSION[0],
    Question(
        "What starts by itself on it from a person's folder?",
        "prism_launch_agents_and_daemons",
        {"device": "NW7QK2M4XH", "program_arguments": "/Users/"},
        "{label} runs {program}, first seen {created_at}",
    ),
    SESSION[2],
    SESSION[3],
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
        ("{summary[devices]} Macs; the most common versions:",),
    ),
)
"""The examples in README."""


def ask_all(questions: tuple[Question, ...]) -> list[tuple[Question, Answer]]:
    """Every question with its answer."""
    return anyio.run(_ask_all, questions)


async def _ask_all(questions: tuple[Question, ...]) -> list[tuple[Question, Answer]]:
    tools = catalogue()
    client = IruClient(HOST, lambda: TOKEN, transport=transport(now=NOW), now=lambda: NOW)
    try:
        return [(one, await tools[one.tool].run(client, one.arguments)) for one in questions]
    finally:
        await client.aclose()


def block() -> str:
    """The questions as a table."""
    rows = ((one.asked, f"`{one.call}`", "<br>".join(one.lines(answer))) for one, answer in ask_all(QUESTIONS))
    return table(("question", "call", "answer"), rows)


def _typed(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
