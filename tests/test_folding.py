"""Texts that look the same compare as the same, and Iru is asked for a part that all of their spellings have."""

from __future__ import annotations

import unicodedata
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iru_mcp.folding import fold, plain_part, spellings

SAME = [
    ("Mira\u2019s MacBook Pro", "mira's macbook pro"),
    ("Mira\u02bcs MacBook\u00a0Pro", "Mira`s  MacBook Pro"),
    ("Jos\u00e9", "JOSE\u0301"),
    ("Stra\u00dfe 5", "STRASSE 5"),
    ("\uff21\uff22\uff23", "abc"),
    ("Front\u2013Desk", "Front-Desk"),
    ("Front\u2011Desk \u2212 2", "front\u2014desk - 2"),
    ("\u201cLab\u201d Mac", '"lab" mac'),
    ("Lab\u200bMac\u00ad\ufeff", "labmac"),
    ("\u0391\u03a3", "\u03b1\u03c3"),
    ("\u0130stanbul", "i\u0307stanbul"),
    ("O\ufb03ce", "office"),
    (" a\tb\u2003c ", "A B C"),
]
DIFFERENT = [("Mira", "Mirra"), ("a-b", "a b"), ("caf\u00e9", "cafe"), ("l0", "lo"), ("a_b", "a-b"), ("10", "1O")]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_texts_that_look_the_same_are_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_texts_that_look_different_are_not(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text())
def test_folding_again_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(), st.sampled_from(["NFC", "NFD"]))
def test_composed_and_decomposed_are_the_same(text: str, form: Literal["NFC", "NFD"]) -> None:
    assert fold(unicodedata.normalize(form, text)) == fold(text)


@given(st.text("aZ9' \u2019\u2011-\u00e9\u00a0._(", max_size=20))
def test_every_spelling_is_the_same_text_and_has_its_plain_part(text: str) -> None:
    for form in spellings(text):
        assert fold(form) == fold(text)
        assert plain_part(text) in form.replace("\u00a0", " ") or not plain_part(text)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Zoom Workplace", "Zoom Workplace"),
        ("Mira\u2019s MacBook Pro", "s MacBook Pro"),
        ("M\u00fcller GmbH", "ller GmbH"),
        ("MacBook Pro (14-inch, 2023)", "MacBook Pro (14"),
        ("a  bc", "bc"),
        ("mira@northwind.example", "mira@northwind.example"),
        ("com.apple.x-y", "com.apple.x"),
        ("\u2019", ""),
    ],
)
def test_iru_is_asked_for_the_longest_part_that_is_spelled_one_way(text: str, part: str) -> None:
    assert plain_part(text) == part
