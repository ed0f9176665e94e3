"""What a statement says beside its texts: a word within a text is no column, and a quote within one ends nothing."""

from __future__ import annotations

import re

_TEXT = re.compile(r"'((?:[^']|'')*)'")


def without_texts(sql: str) -> tuple[str, list[str]]:
    """The statement with its texts numbered, `'0'` for the first, and the texts."""
    texts: list[str] = []

    def number(match: re.Match[str]) -> str:
        texts.append(match[1].replace("''", "'"))
        return f"'{len(texts) - 1}'"

    return _TEXT.sub(number, sql), texts


def words(sql: str) -> frozenset[str]:
    """The words of a statement beside its texts, in lower case."""
    return frozenset(re.findall(r"\w+", without_texts(sql)[0].casefold()))
