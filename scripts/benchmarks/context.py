"""Context and quota: tokens of the tool list, of default answers, and of twenty questions beside the raw pages."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import anyio
import bpe_openai
import httpx

from iru_mcp.api.client import IruClient
from iru_mcp.api.transport.rate_limit import Limits
from iru_mcp.demo import HOST, TOKEN, transport
from iru_mcp.demo.world.tenant import DemoTenant
from iru_mcp.tools.kit.catalogue import Tool, catalogue, select, to_json

from .measure import Row, once
from .questions import EXAMPLES, LATER, NOW, QUESTIONS, TEN, Question, Raw

MOST_BASE, MOST_DEFAULT = 4_500, 6_000
MOST_ANSWER = 3_000
LEAST_RATIO = 10
_CACHE_SECONDS = 3_600.0


def tokens(text: str) -> int:
    """Tokens of the o200k vocabulary."""
    return len(bpe_openai.get_encoding("o200k_base").encode(text))


@dataclass(frozen=True, slots=True)
class Cost:
    """What one question costs; `warm` are Iru's requests when it was asked just before."""

    question: Question
    calls: int
    tokens: int
    characters: int
    cold: int
    warm: int
    raw_tokens: int
    raw_characters: int
    raw_requests: int


class Recording(httpx.AsyncBaseTransport):
    """The demo tenant; the bodies it gave are kept until they are taken."""

    def __init__(self) -> None:
        self._inner = transport(now=NOW, hour_limit=1_000_000)
        self.world: DemoTenant = self._inner.tenant  # type: ignore[attr-defined]
        self._bodies: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        body = await answer.aread()
        self._bodies.append(body.decode())
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(body))

    def take(self) -> list[str]:
        """The bodies since the last time."""
        taken, self._bodies = self._bodies, []
        return taken


@asynccontextmanager
async def _client(tenant: Recording) -> AsyncIterator[IruClient]:
    limits = Limits(cache_seconds=_CACHE_SECONDS, per_second=10_000.0, call_seconds=600.0)
    client = IruClient(HOST, lambda: TOKEN, transport=tenant, limits=limits, now=lambda: NOW)
    try:
        yield client
    finally:
        await client.aclose()


def described(tool: Tool) -> str:
    """What a client shows a model of a tool."""
    found = {"name": tool.name, "description": tool.description, "inputSchema": tool.input_schema}
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


async def ask(client: IruClient, tools: dict[str, Tool], question: Question) -> str:
    """The text of all answers to a question."""
    return "".join([to_json(await tools[name].run(client, given)) for name, given in question.calls])


async def _raw(client: IruClient, tenant: Recording, one: Raw) -> list[str]:
    """The bodies of all pages."""
    call = client.call(one.endpoint, requests=10_000)
    tenant.take()
    if one.endpoint.paging.size:
        async for _ in call.walk(one.endpoint, None, dict(one.query), whole=False, **one.ids):
            pass
    else:
        await call.page(one.endpoint, query=dict(one.query), **one.ids)
    return tenant.take()


async def cost(tenant: Recording, tools: dict[str, Tool], question: Question) -> Cost:
    """One question, cold and then warm, and its raw pages. Raises ValueError when a fact is missing."""
    async with _client(tenant) as client:
        text = await ask(client, tools, question)
        cold = client.requests
        await ask(client, tools, question)
        warm = client.requests - cold
    missing = [fact for fact in question.facts if fact not in text]
    if missing:
        raise ValueError(f"{question.text} The answer lacks {missing}: {text[:2000]}")
    async with _client(tenant) as client:
        pages = [page for one in question.raw for page in await _raw(client, tenant, one)]
    whole = "\n".join(pages)
    raw_tokens = sum(map(tokens, pages))
    return Cost(question, len(question.calls), tokens(text), len(text), cold, warm, raw_tokens, len(whole), len(pages))


async def costs() -> list[Cost]:
    """All twenty, each asked of a client that has seen nothing."""
    tenant = Recording()
    tools = dict(select(catalogue()))
    return [await cost(tenant, tools, question) for question in QUESTIONS]


async def default_answers() -> dict[str, str]:
    """The answer of each default tool asked in its simplest way."""
    tenant, tools, found = Recording(), dict(select(catalogue())), {}
    async with _client(tenant) as client:
        user = await tools["get_user"].run(client, EXAMPLES["get_user"])
        for name, tool in tools.items():
            given = {"user_id": user["items"][0]["id"]} if name == "get_user_by_id" else EXAMPLES[name]
            found[name] = to_json(await tool.run(client, given))
    return found


def _list_rows() -> list[Row]:
    tools = select(catalogue())
    base = [described(tool) for name, tool in tools.items() if name not in LATER]
    whole = [described(tool) for tool in tools.values()]
    rows = []
    for what, texts, most in (("base", base, MOST_BASE), ("default", whole, MOST_DEFAULT)):
        text = f"[{','.join(texts)}]"
        size = tokens(text)
        name = f"tool list, the {len(texts)} {what} tools"
        note = f"{len(text):,} characters"
        rows.append(once("context", name, "tokens", size, target=f"<= {most:,}", met=size <= most, note=note))
    return rows


def _answer_rows(answers: dict[str, str]) -> list[Row]:
    return [
        once(
            "context",
            f"default answer of `{name}`",
            "tokens",
            size := tokens(text),
            target=f"<= {MOST_ANSWER:,}",
            met=size <= MOST_ANSWER,
            note=f"{len(text):,} characters",
        )
        for name, text in answers.items()
    ]


def question_table(found: list[Cost]) -> str:
    """The questions as a Markdown table; the ten that tell the demo tenant's incidents are marked."""
    lines = [
        "| question | calls | tokens | raw tokens | ratio | Iru requests cold / warm | raw requests |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for index, one in enumerate(found):
        mark = " \\*" if index in TEN else ""
        lines.append(
            f"| {one.question.text}{mark} | {one.calls} | {one.tokens:,} | {one.raw_tokens:,} "
            f"| {one.raw_tokens / one.tokens:.0f} | {one.cold} / {one.warm} | {one.raw_requests} |"
        )
    for name, chosen in (("all twenty", found), ("the ten \\*", [found[index] for index in TEN])):
        ours, raw = sum(one.tokens for one in chosen), sum(one.raw_tokens for one in chosen)
        lines.append(
            f"| **{name}** | {sum(one.calls for one in chosen)} | {ours:,} | {raw:,} | {raw / ours:.0f} "
            f"| {sum(one.cold for one in chosen)} / {sum(one.warm for one in chosen)} "
            f"| {sum(one.raw_requests for one in chosen)} |"
        )
    return "\n".join(lines)


def run(scratch: Path) -> list[Row]:
    """Sizes do not vary: each is measured once. The question table is left in the scratch folder for the document."""
    found = anyio.run(costs)
    (scratch / "questions.md").write_text(question_table(found), "utf-8")
    ours, raw = sum(one.tokens for one in found), sum(one.raw_tokens for one in found)
    cold, warm = sum(one.cold for one in found), sum(one.warm for one in found)
    ratio = raw / ours
    together = once("context", "raw pages beside the twenty questions", "tokens", raw, floor=ours, ratio=ratio)
    rows = _list_rows() + _answer_rows(anyio.run(default_answers))
    rows.append(replace(together, target=f">= {LEAST_RATIO} x", met=ratio >= LEAST_RATIO))
    raw_requests = sum(one.raw_requests for one in found)
    rows.append(once("quota", "Iru requests of the twenty questions, cold", "requests", cold, floor=raw_requests))
    rows.append(once("quota", "Iru requests of the same, asked again within the cache time", "requests", warm))
    return rows
