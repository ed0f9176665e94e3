"""Versions compared as versions: 9.2 is below 15.1, and 15.1 is 15.1.0."""

from collections.abc import Callable
from typing import Annotated, TypeVar

from pydantic import Field

from ...api.record import Record
from ...errors import UsageError
from ...versions import read_version
from .params import Str
from .scan import Check

R = TypeVar("R", bound=Record)

VersionBelow = Annotated[Str, Field(description="older than, e.g. 15.1")]
VersionAtLeast = Annotated[Str, Field(description="this or newer")]


def version_checks(
    below: str, at_least: str, value: Callable[[R], str | None], name: str = "a version that compares with this"
) -> list[Check[R]]:
    """The range as a check, none when neither bound is asked. A row without a version to compare cannot tell: 24H2
    compares with a release of Windows only.

    Raises UsageError for a bound that is not a version.
    """
    low, high = _bound("version_at_least", at_least), _bound("version_below", below)
    if low is None and high is None:
        return []

    def test(row: R) -> bool | None:
        version = read_version(value(row))
        if version is None or any(type(version) is not type(bound) for bound in (low, high) if bound is not None):
            return None
        return (low is None or version >= low) and (high is None or version < high)

    return [Check(name, test)]


def _bound(name: str, text: str) -> tuple[int, ...] | None:
    if not text.strip():
        return None
    version = read_version(text)
    if version is None:
        raise UsageError(f"{name} is not a version.", "Write numbers and dots, like 15.1 or 10.0.26100.")
    return version
