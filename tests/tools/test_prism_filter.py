"""Prism filters mean the same whatever the column holds, and Iru is asked for no row less than what matches."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iru_mcp.errors import UsageError
from iru_mcp.tools.prism.filter import asked, matcher, validate

from .asking import Between, ask

ROW = {
    "name": "Mira\u2019s Tool",
    "uid": 501,
    "hidden": True,
    "version": "126.0.6478.9",
    "release": "24H2",
    "loaded": "True",
    "nothing": None,
    "seen": "2026-11-18T10:00:00.500000Z",
    "ids": ["A", "b"],
}


@pytest.mark.parametrize(
    ("condition", "fits"),
    [
        ({"name": {"eq": "mira's tool"}}, True),
        ({"name": {"eq": "mira's"}}, False),
        ({"name": {"like": "mira's"}}, True),
        ({"name": {"not_like": ["Mira's"]}}, False),
        ({"name": {"in": ["MIRA'S  TOOL"]}}, True),
        ({"hidden": {"eq": True}}, True),
        ({"hidden": {"eq": "true"}}, True),
        ({"loaded": {"eq": True}}, True),
        ({"nothing": {"eq": False}}, False),
        ({"nothing": {"not_in": ["x"]}}, True),
        ({"uid": {"eq": 501}}, True),
        ({"uid": {"eq": "501"}}, True),
        ({"uid": {"lt": 502, "gte": 501}}, True),
        ({"uid": {"lt": 501}}, False),
        ({"version": {"lt": "126.0.6479"}}, True),
        ({"version": {"gte": "127"}}, False),
        ({"version": {"gte": "24H2"}}, False),
        ({"release": {"lt": "26.1"}}, False),
        ({"release": {"gt": "10.0"}}, False),
        ({"release": {"lt": "25h1"}}, True),
        ({"seen": {"lte": "2026-11-18T10:00:00Z"}}, True),
        ({"seen": {"gt": "2026-11-18T10:00:00Z"}}, False),
        ({"seen": {"or": {"lt": "2026-11-01", "gt": "2026-11-10"}}}, True),
        ({"ids": {"in": ["B"]}}, True),
    ],
)
def test_an_operator_fits_text_numbers_truth_and_times(condition: dict[str, Any], *, fits: bool) -> None:
    validate(condition, ROW, "{}")
    assert matcher(condition)(ROW) is fits
    if fits:
        assert matcher(asked(condition))(ROW)


texts = st.text("aB'\u2019-\u2013 \u00e9", min_size=1, max_size=5).filter(str.strip)
conditions = st.one_of(
    st.fixed_dictionaries({"like": st.lists(texts, min_size=1, max_size=2)}),
    st.fixed_dictionaries({"not_like": st.lists(texts, min_size=1, max_size=2)}),
    st.fixed_dictionaries({"in": st.lists(texts, min_size=1, max_size=2)}),
    st.fixed_dictionaries({"not_in": st.lists(texts, min_size=1, max_size=2)}),
    st.fixed_dictionaries({"eq": texts | st.booleans() | st.integers()}),
    st.fixed_dictionaries({"in": st.lists(texts, min_size=1, max_size=2), "eq": texts}),
    st.fixed_dictionaries({"gt": st.integers()}),
)


@given(conditions, texts | st.booleans() | st.integers() | st.none() | st.lists(texts))
def test_no_row_that_matches_is_left_out_of_what_iru_is_asked(condition: dict[str, Any], value: Any) -> None:
    if matcher({"x": condition})({"x": value}):
        assert matcher(asked({"x": condition}))({"x": value})


DOCUMENTED = {"eq", "in", "not_in", "like", "not_like", "gt", "gte", "lt", "lte", "or"}


@given(conditions)
def test_iru_is_sent_only_what_it_documents(condition: dict[str, Any]) -> None:
    for operator, operand in asked({"x": condition}).get("x", {}).items():
        assert operator in DOCUMENTED
        assert isinstance(operand, bool) if operator == "eq" else all(isinstance(one, str) for one in operand)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"name": {"is": "x"}}, "No operator 'is'"),
        ({"name": {"in": []}}, "a list of text"),
        ({"name": {"like": [" "]}}, "a list of text"),
        ({"name": {"gt": "tomorrow"}}, "a time, a number or a version"),
        ({"name": "x"}, "no object with an operator"),
    ],
)
def test_a_wrong_operand_is_answered_with_a_right_one_for_its_column(condition: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as refused:
        validate(condition, ROW, "{}")
    assert said in str(refused.value)
    assert '{"name":{"like":["part"]}}' in str(refused.value)


async def test_an_iru_that_minds_apostrophes_still_gives_every_row() -> None:
    """The tenant's Mac has a typographic apostrophe, and this Iru compares letter by letter."""
    name = "Mira's MacBook Pro"
    answer = await ask("prism_query", category="filevault", filter={"device_name": {"eq": name}})
    assert [row["serial_number"] for row in answer["items"]] == ["NW7QK2M4XH"]
    part = await ask("prism_local_users", filter={"device_name": {"like": ["mira's mac"]}}, limit=100)
    assert {row["serial_number"] for row in part["items"]} == {"NW7QK2M4XH"}
    assert part["complete"]


async def test_accounts_are_found_by_number() -> None:
    between = Between()
    answer = await ask("prism_local_users", between, device="NW7QK2M4XH", filter={"uid": {"lt": 502, "gt": 500}})
    assert {row["uid"] for row in answer["items"]} == {501}
    sent = [json.loads(url.params["filter"]) for url in between.asked if "filter" in url.params]
    assert all("uid" not in one for one in sent)
