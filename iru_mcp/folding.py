"""One folding for text that is compared.

macOS names a Mac with a typographic apostrophe and people type a straight one; the same letter comes composed or
decomposed; spaces are doubled or do not break. Such texts look the same, so they must compare as the same. Both sides
of every comparison of names, addresses and other free text pass `fold`. It is for comparing only: what is shown keeps
its letters.

Iru compares text by rules that it does not publish. What it is asked must find at least what `fold` would: the
`plain_part` of a text where Iru matches parts, the `spellings` where it matches whole texts. The rows that come back
are compared here again.
"""

import re
import unicodedata
from collections.abc import Collection

_ALIKE = str.maketrans(
    dict.fromkeys(
        "\u2018\u2019\u201a\u201b\u2032\u2035\u02b9\u02bb\u02bc\u02bd\u02c8\u00b4\u0060\uff07\uff40\ua78c", "'"
    )
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u2036\u00ab\u00bb\u301d\u301e\u301f\uff02", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d\u30fb", "-")
)
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {chr(code) for code in range(0xFE00, 0xFE10)}
"""Characters that show nothing and are no format characters by their category."""
_PLAIN = re.compile(r"[0-9A-Za-z][0-9A-Za-z ._@+/:()&,]*")
"""Characters that no other is mistaken for; a single space between them."""


def fold(text: str) -> str:
    """`text` as it is compared: without letter case, one kind of quote, dash and space, nothing unseen."""
    if text.isascii() and text.isprintable():  # most are, and lists compare many
        return " ".join(text.replace("`", "'").lower().split())
    plain = unicodedata.normalize("NFKC", _compatible(text).casefold())
    return " ".join(_compatible(plain).split())


def _compatible(text: str) -> str:
    seen = "".join(letter for letter in text.translate(_ALIKE) if letter.isspace() or not _is_unseen(letter))
    return unicodedata.normalize("NFKC", seen).translate(_ALIKE)


def _is_unseen(letter: str) -> bool:
    return letter in _UNSEEN or unicodedata.category(letter) in ("Cc", "Cf", "Co", "Cs")


def spellings(text: str) -> list[str]:
    """The usual ways to write `text`, as given first: straight and typographic quotes, composed and decomposed."""
    composed = unicodedata.normalize("NFC", " ".join(text.split()))
    straight = composed.translate(_ALIKE)
    typographic = straight.replace("'", "\u2019")
    return list(dict.fromkeys([text.strip(), straight, typographic, composed, unicodedata.normalize("NFD", composed)]))


def plain_part(text: str) -> str:
    """The longest part of `text` that is spelled in one way only, which every spelling of it contains; may be empty."""
    parts = [part.strip() for run in _PLAIN.findall(text) for part in re.split(r" {2,}", run)]
    return max(parts, key=len, default="")


def nearest(wanted: str, choices: Collection[str], most: int = 1, likeness: float = 0.6) -> list[str]:
    """The choices that `wanted` was meant to be, nearest first: those that differ only in letter case and in dashes or
    underscores, else those that are spelled alike to a `likeness` of 0 to 1."""
    plain = {choice: re.sub(r"[-_ ]", "", choice).casefold() for choice in choices}
    word = re.sub(r"[-_ ]", "", wanted).casefold()
    if same := [choice for choice, text in plain.items() if text == word]:
        return same[:most]
    import difflib  # noqa: PLC0415 - a start knows no wrong name, and would hold it for nothing

    near = difflib.get_close_matches(word, plain.values(), most, likeness)
    return [next(choice for choice, text in plain.items() if text == found) for found in dict.fromkeys(near)]
