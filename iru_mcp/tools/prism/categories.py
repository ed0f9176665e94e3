"""What is most useful of each Prism category, and a filter that fits it."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ...api.endpoints.prism import COLUMNS

_TOLD: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))

USEFUL = {name: tuple(told["columns"].split()) for name, told in _TOLD.items()}
"""Columns that are shown unless others are asked for, beside the device's name and serial number."""

EXAMPLES = {name: json.dumps(told["example"], separators=(",", ":")) for name, told in _TOLD.items()}
"""A filter in each category's own columns."""

if set(_TOLD) != set(COLUMNS):
    raise ValueError("a category without its columns or example")

PRISMS_WORDS = {
    "device_name": "device__name",
    "user_name": "device__user_name",
    "user_email": "device__user_email",
    "device_family": "device__family",
}
"""What the device list calls a column, and Prism something else."""


def in_prisms_words(name: str) -> str:
    """A column as Prism calls it, `-` before it kept."""
    sign = "-" if name.startswith("-") else ""
    return sign + PRISMS_WORDS.get(name.removeprefix("-"), name.removeprefix("-"))


def in_our_words(names: Iterable[str]) -> tuple[str, ...]:
    """Columns as every tool calls them."""
    ours = {theirs: name for name, theirs in PRISMS_WORDS.items()}
    return tuple(ours.get(name, name) for name in names)
