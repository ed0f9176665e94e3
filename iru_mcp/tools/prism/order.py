"""The order by a column that Prism is asked for, as it can be checked here.

Whether letter case counts in Prism's order, and where rows without a value stand, is unpublished. So an answer is
believed to be in order when its texts ascend (or descend) in either sense, and rows without a value are passed over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...api.endpoints.prism import PrismRow
from ...api.record import is_blank
from ...folding import fold

Key = Callable[[PrismRow], Any]


@dataclass(frozen=True, slots=True)
class _Descending:
    """A value that sorts the other way round."""

    value: Any

    def __lt__(self, other: _Descending) -> bool:
        return bool(other.value < self.value)


def orders(sort_by: str) -> tuple[Key, Key]:
    """The order of `sort_by`, a column with `-` before it for descending, without and with letter case."""
    column, descends = sort_by.removeprefix("-"), sort_by.startswith("-")
    turned: Callable[[Any], Any] = _Descending if descends else lambda value: value

    def key(read: Callable[[str], str]) -> Key:
        def value(row: PrismRow) -> Any:
            found = row.values.get(column)
            if is_blank(found):
                return None
            if isinstance(found, (int, float)):
                return turned((0, float(found), ""))
            return turned((1, 0.0, read(str(found))))

        return value

    return key(fold), key(str)
