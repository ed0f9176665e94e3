"""Cleaning of every answer, error and log line: no secrets, and no characters that hide or imitate other text."""

import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from .redaction import is_secret, may_hold_secret, redact, redact_arguments, secret_fields, withheld

MAX_FIELD = 512
"""Characters kept of one text value."""

# Controls, soft hyphen, fillers, zero-width, bidi, line separators, invisible operators, surrogates, private use,
# non-characters and the tag block. Joiners and variation selector 16 stay where emoji and Arabic need them.
_HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u070f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0e\ufeff\uffa0"
    "\ufff0-\uffff\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U0001fffe\U0001ffff\U0002fffe\U0002ffff\U0003fffe-\U0010ffff]"
)
_SPACES = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")
_ANSI = re.compile(
    "\x1b[\\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)"  # with its text: titles, links, device strings
    "|(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"
    "|\x1b[@-Z\\\\-_]"
)
_EMOJI = "\u2190-\u2bff\u3030\U0001f000-\U0001faff"
_SELECTOR = re.compile(f"(?<![#*0-9\u00a9\u00ae\u203c\u2049\u2122\u2139{_EMOJI}\u303d\u3297\u3299])\ufe0f")
_ARABIC = "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff"
_JOINER = re.compile(f"(?<![{_EMOJI}\ufe0f])\u200d|\u200d(?![{_EMOJI}])|(?<![{_ARABIC}])\u200c|\u200c(?![{_ARABIC}])")

_PLAIN = re.compile("[ -~]+")


def clean(value: Any, key: str = "") -> Any:
    """`value` with secrets redacted, by key and by pattern, and hostile characters removed, all the way down.

    Newlines become spaces; text is cut at MAX_FIELD characters with the number left out; a list of texts is redacted
    as the one command line it may be; what is no JSON number becomes None. Cleaning twice changes nothing.
    """
    if isinstance(value, str):
        text = clean_text(value)
        return withheld(text, key) if key and _name(key)[1] else text
    if isinstance(value, dict):
        return _clean_object(value)
    if isinstance(value, (list, tuple)):
        return _clean_list(value, key)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (bool, int, float)):
        return withheld(value, key) if key and _name(key)[1] else value
    return clean_text(str(value))


def _clean_list(values: Sequence[Any], key: str) -> list[Any]:
    rows = [_clean_row(row) for row in values]
    if len(rows) > 1 and all(isinstance(row, str) for row in rows) and may_hold_secret("\n".join(rows)):
        rows = redact_arguments(rows)
    return [withheld(row, key) for row in rows] if key and _name(key)[1] else rows


def _clean_row(row: Any) -> Any:
    """A row as it is when one look over all its text finds nothing, else cleaned value by value."""
    if type(row) is not dict:
        return clean(row)
    texts: list[str] = []
    return row if _gather(row, texts) and _looks_clean(texts) else _clean_object(row)


def _gather(value: Any, texts: list[str]) -> bool:
    """Add all text in `value` to `texts`; False when a key or a value needs a closer look."""
    kind = type(value)
    if kind is dict or kind is list:
        if kind is dict and not _are_plain(tuple(value)):
            return False
        for inner in value.values() if kind is dict else value:
            if type(inner) is str:  # most are, and a call for each would cost as much as all else here
                texts.append(inner)
            elif not _gather(inner, texts):
                return False
        return True
    return value is None or kind is bool or kind is int


@lru_cache(1024)
def _are_plain(keys: tuple[Any, ...]) -> bool:
    return "code" not in keys and all(isinstance(key, str) and _name(key) == (key, False) for key in keys)


def _looks_clean(texts: list[str]) -> bool:
    text = " ".join(texts)
    if not text.isprintable() or "\ufe0f" in text:  # joiners are not printable
        return False
    if not text.isascii() and _HOSTILE.search(_PLAIN.sub("", text)):
        return False
    return (len(text) <= MAX_FIELD or max(map(len, texts)) <= MAX_FIELD) and not may_hold_secret(text)


def _clean_object(value: dict[Any, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    secrets = secret_fields(value)
    for name, inner in value.items():
        shown, secret = _name(name if isinstance(name, str) else str(name))
        if shown in found:
            shown = f"{shown}_{len(found)}"
        cleaned = clean_text(inner) if type(inner) is str else clean(inner)
        found[shown] = withheld(cleaned, shown) if secret or name in secrets else cleaned
    return found


def clean_text(text: str, limit: int = MAX_FIELD) -> str:
    """One text value, cleaned and cut."""
    whole = len(text)
    if whole > 16 * limit:
        text = text[: 8 * limit]
    before = len(text)
    if not (text.isascii() and text.isprintable()):
        text = _ANSI.sub("", text)
        text = _HOSTILE.sub("", _SPACES.sub(" ", text))
        text = _JOINER.sub("", _SELECTOR.sub("", text))
    text = redact(text)
    over = whole - before + len(text) - limit
    return text if over <= 0 else f"{redact(text[: limit - 30])}[{over + 30} more characters]"


@lru_cache(4096)
def _name(key: str) -> tuple[str, bool]:
    """A key as it goes out, and whether what stands under it is a secret."""
    shown = clean_text(key, 100)
    return shown, is_secret(shown)
