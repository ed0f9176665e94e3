"""At least forty questions, easy to hard: each is answered right, in at most two calls and within its tokens."""

from __future__ import annotations

import pytest
from benchmarks.asked import outcome
from benchmarks.context import Recording
from benchmarks.more_questions import HARD, MOST_CALLS, questions
from benchmarks.question import Asked

TENANT = Recording()
QUESTIONS = questions(TENANT.world)

pytestmark = pytest.mark.anyio


def test_there_are_at_least_forty_questions_five_of_them_hard() -> None:
    texts = [one.text for one in QUESTIONS]
    assert len(set(texts)) == len(texts) >= 40
    assert len(HARD) == 5
    assert set(texts) >= HARD


@pytest.mark.parametrize("question", QUESTIONS, ids=[one.text for one in QUESTIONS])
async def test_a_question_is_answered_right_in_few_calls_and_tokens(question: Asked) -> None:
    found = await outcome(question, TENANT)
    assert found.wrong == ()
    assert len(question.calls) <= MOST_CALLS
    assert found.tokens <= found.most_tokens


async def test_a_wrong_answer_is_noticed() -> None:
    right = next(one for one in QUESTIONS if one.total)
    wrong = Asked(right.text, right.calls, ("no such text",), (right.total or 0) + 1)
    assert len((await outcome(wrong, TENANT)).wrong) == 2
