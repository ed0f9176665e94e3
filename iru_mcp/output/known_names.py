"""Names that were learned, found in free text whatever stands around them.

Text and names are cut into words of letters and digits, folded (letter case, accents, width and apostrophes do not
count), and names are looked up as runs of words: `Castellane, Mira`, `mira.castellane`, `Mira Castellane.pdf`,
`Miras-MacBook-Pro.local`. A serial number or hardware address is found inside a longer word too. A person's first and
last name are also known alone, unless they are ordinary words. The cost is linear in the words of the text.
"""

import re
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

from ..folding import fold

MAX_NAMES = 200_000
"""Spellings kept; those not seen for longest are forgotten. Some 30 MB when full."""

_WORD = re.compile("(?:[^\\W_][\u0300-\u036f]*)+(?:['\u2019\u2018\u02bc`\u00b4\uff07](?:[^\\W_][\u0300-\u036f]*)+)*")
_HASH = re.compile(r"[0-9a-f]{32,128}")
_NOT_ALNUM = re.compile(r"[\W_]+")
NO_PERSON = frozenset(
    "root daemon nobody guest shared public default system admin administrator localservice networkservice user users "
    "none null unknown".split()
)
"""Names of accounts that are no person's, and words for none."""
_NOBODY = NO_PERSON | frozenset(
    "apple google chrome staff support test true false yes no all info help helpdesk service security office sales "
    "team mail hello contact device devices macbook iphone ipad".split()
)
_ORDINARY = _NOBODY | frozenset(Path(__file__).with_name("ordinary_names.txt").read_text("utf-8").split())
"""Names of people that are words too: a part of a name that is one of them is not looked for alone."""
_GENERIC_DEVICE = re.compile(
    r"(?:(?:the|my|a|apple|mac|macbook|imac|iphone|ipad|tv|appletv|android|windows|desktop|laptop|pro|air|mini|studio"
    r"|max|plus|se|pc|device|phone|computer|inch|m\d|\d{1,2}|(?:19|20)\d\d)(?: |$))*"
)


@lru_cache(20_000)
def _folded(word: str) -> str:
    """A word as it is compared: as `folding` has it, and without accents and apostrophes."""
    if not word.isascii():
        word = "".join(ch for ch in unicodedata.normalize("NFKD", fold(word)) if not unicodedata.combining(ch))
    return _NOT_ALNUM.sub("", word).casefold()


class KnownNames:
    """The names that were learned, by kind."""

    def __init__(self) -> None:
        self._kinds: OrderedDict[str, str] = OrderedDict()
        self._longest: dict[str, int] = {}
        self._lengths: set[int] = set()

    def learn(self, kind: str, text: str) -> None:
        """Know `text`, which a field says is the name of a person or device, a serial number or an address."""
        words = [_folded(word) for word in _WORD.findall(text)]
        if not words or text.startswith("_"):
            return
        if self._kinds.get(" ".join(words)) == kind:
            self._kinds.move_to_end(" ".join(words))
            return
        for spelling in _spellings(kind, words):
            self._kinds[" ".join(spelling)] = kind
            self._longest[spelling[0]] = max(self._longest.get(spelling[0], 0), len(spelling))
            if kind in ("serial", "address") and len(spelling) == 1:
                self._lengths.add(len(spelling[0]))
        while len(self._kinds) > MAX_NAMES:
            self._kinds.popitem(last=False)

    def knows(self, text: str) -> bool:
        """Whether `text` is a name, as a whole."""
        return " ".join(_folded(word) for word in _WORD.findall(text)) in self._kinds

    def replace(self, text: str, rename: Callable[[str, str], str]) -> str:
        """`text` with `rename(kind, name)` in place of every name in it."""
        words = list(_WORD.finditer(text))
        folded = [_folded(word[0]) for word in words]
        parts: list[str] = []
        done = at = 0
        while at < len(words):
            count, kind = self._match(folded, at)
            if kind:
                begin, end = words[at].start(), words[at + count - 1].end()
                parts += [text[done:begin], rename(kind, text[begin:end])]
                done = end
            at += count
        return "".join([*parts, text[done:]])

    def _match(self, folded: list[str], at: int) -> tuple[int, str]:
        """How many words from `at` are a name, and of what kind; one word and no kind where there is none."""
        for count in range(min(self._longest.get(folded[at], 0), len(folded) - at), 0, -1):
            if kind := self._kinds.get(" ".join(folded[at : at + count])):
                return count, kind
        return 1, "device" if self._holds_serial(folded[at]) else ""

    def _holds_serial(self, word: str) -> bool:
        """Whether a serial number or hardware address is part of a longer word that is no hash."""
        if word.isalpha() or _HASH.fullmatch(word):
            return False
        return any(
            self._kinds.get(word[start : start + size]) in ("serial", "address")
            for size in self._lengths
            if len(word) > size
            for start in range(len(word) - size + 1)
        )


def _spellings(kind: str, words: list[str]) -> Iterator[tuple[str, ...]]:
    """The runs of words by which a name is found; none for what cannot be told from ordinary words."""
    joined = "".join(words)
    if kind == "person":
        yield from _spellings_of_person(words, joined)
    elif kind == "device":
        if len(joined) >= 5 and not _GENERIC_DEVICE.fullmatch(" ".join(words)):
            yield tuple(words)
    elif len(joined) >= 7 and joined not in _NOBODY:
        yield tuple(words)
        if len(words) > 1 and (kind == "serial" or len(joined) == 12):
            yield (joined,)


def _spellings_of_person(words: list[str], joined: str) -> Iterator[tuple[str, ...]]:
    if len(words) == 1:
        if len(joined) >= 4 and joined not in _NOBODY:
            yield tuple(words)
        return
    yield tuple(words)
    yield (*words[-1:], *words[:-1])
    if len(joined) >= 7:
        yield (joined,)
        yield (words[0][0] + words[-1],)
    for part in (words[0], words[-1]):
        if len(part) >= 4 and part.isalpha() and part not in _ORDINARY:
            yield (part,)
            yield (f"{part}s",)
