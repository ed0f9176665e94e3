"""Guides that a client can read: fixed texts, and texts made from a name in the URI."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .api.prism import COLUMNS, COMMON_COLUMNS
from .prompts import Completer, one_of


@dataclass(frozen=True, slots=True)
class Guide:
    """One text at one URI."""

    uri: str
    name: str
    title: str
    description: str
    text: str
    mime_type: str = "text/markdown"


@dataclass(frozen=True, slots=True)
class Template:
    """Texts at the URIs that fit a pattern with one `{slot}`; `read` gives None for a value it does not know."""

    uri: str
    name: str
    title: str
    description: str
    read: Callable[[str], str | None]
    complete: Mapping[str, Completer] = field(default_factory=dict)
    mime_type: str = "text/markdown"

    def match(self, uri: str) -> str | None:
        """What stands in the slot, None where `uri` does not fit."""
        before, _, after = re.sub(r"\{\w+\}", "\0", self.uri).partition("\0")
        found = re.fullmatch(f"{re.escape(before)}([^/?#]+){re.escape(after)}", uri)
        return found[1] if found else None


_PRISM_FILTERS = """\
# Prism filters

The prism_* tools take the usual filters as parameters of their own. For all others, `filter` is a JSON object: a
column, then an operator with its operand. Several columns must all hold.

    {"name": {"like": ["zoom"]}, "device__family": {"in": ["Mac"]}}

| operator | holds when | operand |
| --- | --- | --- |
| `like`, `not_like` | some text is contained, or none is | a list of texts |
| `in`, `not_in` | the value is one of them, or none | a list of texts |
| `eq` | the value is that | true or false |
| `gt`, `gte`, `lt`, `lte` | the time is later or earlier | an ISO time |
| `or` | one of the four before holds | an object of them |

`iru://guides/prism/{category}` lists the columns of a category.
"""


def _category(name: str) -> str | None:
    if name not in COLUMNS:
        return None
    own = COLUMNS[name] or ("(Iru publishes none)",)
    return (
        f"# Prism category {name}\n\nColumns of its own: {', '.join(own)}.\n\n"
        f"Columns of every category: {', '.join(COMMON_COLUMNS)}.\n"
    )


GUIDES: dict[str, Guide] = {
    guide.uri: guide
    for guide in (
        Guide(
            "iru://guides/prism-filters",
            "prism-filters",
            "Prism filters",
            "How the filter parameter of the prism_* tools is written.",
            _PRISM_FILTERS,
        ),
    )
}
"""The fixed texts by URI."""

TEMPLATES: tuple[Template, ...] = (
    Template(
        "iru://guides/prism/{category}",
        "prism-category",
        "Columns of a Prism category",
        "Every column that a Prism category can be filtered and sorted by.",
        _category,
        {"category": one_of(*COLUMNS)},
    ),
)
"""The made texts."""
