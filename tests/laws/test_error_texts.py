"""What every refusal must keep, whatever was asked wrongly: short, with what to do, and nothing of a bug."""

from __future__ import annotations

from typing import Any

import bpe_openai
import pytest

from iru_mcp.tools.kit.catalogue import catalogue

from .cases import CASES

TOOLS = catalogue()
MOST = 200
"""Tokens of an error text, below."""
HOSTILE: tuple[Any, ...] = (
    "x" * 5_000, {"a": 1}, [[1]], [{"x": 1}] * 100, ["a"] * 200, -5, 10**9, True, "no such thing", "9999-99-99", "9d8d",
    "*", "'; DROP TABLE devices", "\u202e\x00", "../../secrets",
)  # fmt: skip
tokens = bpe_openai.get_encoding("o200k_base").encode


def wrong_arguments(name: str) -> list[dict[str, Any]]:
    """What nobody should send: each parameter with each hostile value, all of them at once, and names that are none."""
    given, parameters = CASES[name].given, TOOLS[name].input_schema["properties"]
    single = [given | {parameter: value} for parameter in parameters for value in HOSTILE]
    at_once = [dict.fromkeys(parameters, value) for value in HOSTILE]
    return [*single, *at_once, {}, given | {"colour": 1, "limitt": 2, "devise": 3, "x" * 300: 4, "a": 5}]


@pytest.mark.parametrize("name", TOOLS)
async def test_an_error_is_short_and_says_what_to_do(everything: Any, name: str) -> None:
    refused = 0
    for arguments in wrong_arguments(name):
        result = await everything.call(name, **arguments)
        if not result.is_error:
            continue
        refused += 1
        (block,) = result.content
        assert len(tokens(block.text)) < MOST, (arguments, block.text)
        assert "failed inside iru-mcp" not in block.text, (arguments, block.text)
        fact, _, remedy = block.text.partition(". ")
        assert len(fact) > 10, block.text
        assert len(remedy) > 10, (arguments, block.text)
    assert refused
