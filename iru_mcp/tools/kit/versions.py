"""Versions compared as versions: 9.2 is below 15.1, and 15.1 is 15.1.0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from pydantic import Field

from ...api.record import Record
from ...errors import UsageError
from ...inventory.sandbox.versions import read_version
from .params import Str
from .scan import Check

__all__ = ["VersionAtLeast", "VersionBelow", "VersionRange", "read_version"]

R = TypeVar("R", bound=Record)

VersionBelow = Annotated[Str, Field(description="older than, e.g. 15.1")]
VersionAtLeast = Annotated[Str, Field(description="this or newer")]


@dataclass(slots=True)
class VersionRange(Generic[R]):
    """A lower and an upper bound on a version, and how many rows had no version to compare.

    Raises UsageError for a bound that is not a version.
    """

    below: str
    at_least: str
    value: Callable[[R], str | None]
    unknown: int = 0

    def checks(self) -> list[Check[R]]:
        """The range as a check, none when neither bound is asked."""
        low, high = self._bound("version_at_least", self.at_least), self._bound("version_below", self.below)
        if low is None and high is None:
            return []

        def test(row: R) -> bool:
            version = read_version(self.value(row))
            if version is None:
                self.unknown += 1
                return False
            return (low is None or version >= low) and (high is None or version < high)

        return [Check("version", test)]

    def notes(self) -> list[str]:
        """What an honest answer says about rows that could not be compared."""
        return [f"{self.unknown} rows have no version to compare and are left out"] if self.unknown else []

    @staticmethod
    def _bound(name: str, text: str) -> tuple[int, ...] | None:
        if not text.strip():
            return None
        version = read_version(text)
        if version is None:
            raise UsageError(f"{name} is not a version.", "Write numbers and dots, like 15.1 or 10.0.26100.")
        return version
