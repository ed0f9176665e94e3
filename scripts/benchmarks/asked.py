"""Every question of more_questions.py asked as an agent would: calls, tokens, Iru's requests, whether it is right."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio

from iru_mcp.api.client import IruClient
from iru_mcp.api.transport.rate_limit import Limits
from iru_mcp.demo import HOST, TOKEN
from iru_mcp.tools.kit.catalogue import catalogue, select, to_json

from .context import Recording, tokens
from .measure import Row, once
from .more_questions import HARD, MOST_CALLS, MOST_HARD_TOKENS, MOST_TOKENS, questions
from .question import Asked
from .questions import NOW


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one question came to; `wrong` says what of the right answer is not in it."""

    question: Asked
    tokens: int
    requests: int
    wrong: tuple[str, ...]

    @property
    def most_tokens(self) -> int:
        """What its answers may cost."""
        return MOST_HARD_TOKENS if self.question.text in HARD else MOST_TOKENS

    @property
    def met(self) -> bool:
        """Whether it is right, in few calls and few tokens."""
        return not self.wrong and len(self.question.calls) <= MOST_CALLS and self.tokens <= self.most_tokens


def _total(answer: dict[str, Any]) -> Any:
    """How many rows match: of a count those counted, not the groups."""
    return answer.get("summary", {}).get("rows", answer.get("total"))


async def outcome(question: Asked, tenant: Recording) -> Outcome:
    """One question, asked of a client that has seen nothing."""
    limits = Limits(cache_seconds=60.0, per_second=10_000.0, call_seconds=600.0)
    client = IruClient(HOST, lambda: TOKEN, transport=tenant, limits=limits, now=lambda: NOW)
    tools = select(catalogue())
    try:
        answers = [await tools[name].run(client, given) for name, given in question.calls]
    finally:
        await client.aclose()
    text = "".join(map(to_json, answers))
    wrong = [fact for fact in question.facts if fact not in text]
    if question.total is not None and _total(answers[-1]) != question.total:
        wrong.append(f"{question.total}, not {json.dumps(_total(answers[-1]))}")
    return Outcome(question, tokens(text), client.requests, tuple(wrong))


async def outcomes() -> list[Outcome]:
    """All questions."""
    tenant = Recording()
    return [await outcome(question, tenant) for question in questions(tenant.world)]


def table(found: list[Outcome]) -> str:
    """The outcomes as a Markdown table."""
    lines = ["| question | calls | tokens | Iru requests | right |", "| --- | ---: | ---: | ---: | --- |"]
    lines += [
        f"| {one.question.text} | {len(one.question.calls)} | {one.tokens:,} | {one.requests} "
        f"| {'yes' if not one.wrong else 'lacks ' + ', '.join(one.wrong)} |"
        for one in found
    ]
    return "\n".join(lines)


def run(scratch: Path) -> list[Row]:
    """Totals over all questions; the table is left in the scratch folder for the document."""
    found = anyio.run(outcomes)
    (scratch / "answers.md").write_text(table(found), "utf-8")
    sizes = sorted(one.tokens for one in found)
    calls = sorted(len(one.question.calls) for one in found)
    right = sum(not one.wrong for one in found)
    return [
        once("questions", "questions asked", "questions", len(found), target=">= 40", met=len(found) >= 40),
        once("questions", "answered right", "questions", right, target="all", met=right == len(found)),
        once("questions", "calls a question, most", "calls", calls[-1], target="<= 2", met=calls[-1] <= MOST_CALLS),
        once("questions", "tokens a question, median", "tokens", sizes[len(sizes) // 2]),
        once("questions", "tokens a question, most", "tokens", sizes[-1], target="<= 6,000", met=sizes[-1] <= 6_000),
        once("questions", "Iru requests of all, cold", "requests", sum(one.requests for one in found)),
    ]
