"""What the tools cost a context is bounded: the list, default answers, and twenty questions beside the raw pages."""

from __future__ import annotations

import pytest
from benchmarks.context import (
    LEAST_RATIO,
    MOST_ANSWER,
    MOST_BASE,
    MOST_DEFAULT,
    Cost,
    costs,
    default_answers,
    described,
    tokens,
)
from benchmarks.questions import EXAMPLES, LATER, TEN

from iru_mcp.tools.kit.catalogue import catalogue, select

MOST_TOOL = 540
MOST_WARM = 0

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def answers() -> dict[str, str]:
    return await default_answers()


@pytest.fixture(scope="module")
async def asked() -> list[Cost]:
    return await costs()


def test_the_tool_list_is_within_its_tokens() -> None:
    tools = select(catalogue())
    base = [described(tool) for name, tool in tools.items() if name not in LATER]
    assert len(base) == 15
    assert tokens(f"[{','.join(base)}]") <= MOST_BASE
    assert tokens(f"[{','.join(described(tool) for tool in tools.values())}]") <= MOST_DEFAULT


@pytest.mark.parametrize("name", select(catalogue()))
def test_no_single_tool_takes_much_of_the_list(name: str) -> None:
    assert tokens(described(catalogue()[name])) <= MOST_TOOL


@pytest.mark.parametrize("name", select(catalogue()))
async def test_a_default_answer_is_within_its_tokens(name: str, answers: dict[str, str]) -> None:
    assert name in EXAMPLES
    assert tokens(answers[name]) <= MOST_ANSWER


async def test_twenty_questions_are_answered_in_a_tenth_of_the_tokens_of_the_raw_pages(asked: list[Cost]) -> None:
    assert len(asked) == 20
    for chosen in (asked, [asked[index] for index in TEN]):
        assert sum(one.raw_tokens for one in chosen) >= LEAST_RATIO * sum(one.tokens for one in chosen)


async def test_no_question_takes_more_than_two_calls_or_more_tokens_than_its_raw_pages(asked: list[Cost]) -> None:
    for one in asked:
        assert one.calls <= 2, one.question.text
        assert one.tokens < one.raw_tokens, one.question.text


async def test_a_question_asked_again_within_the_cache_time_costs_iru_nothing(asked: list[Cost]) -> None:
    assert sum(one.warm for one in asked) <= MOST_WARM
