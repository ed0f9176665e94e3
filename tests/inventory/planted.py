"""Changes that a test plants in the tenant, and decoys that are none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .conftest import Copy, Row

BUMPED = "2026-11-23T17:00:00.123456+00:00"
_DATES = "first_enrollment last_enrollment created_at first_enrollment_date last_enrollment_date".split()
_FLAGS = "mdm_enabled agent_installed run_at_load is_encrypted has_passcode is_agent_installed".split()
_LISTS = "tags software profile_data informational_tags".split()
_TIMES = "last_check_in_datetime last_check_in last_checkin last_checkin_mdm updated_at last_collected_at".split()
Change = Callable[[Row], list[Row]]


class Planted:
    """Edits by table and serial number; rows they touch are reported anew, as Prism does."""

    def __init__(self) -> None:
        self.edits: list[tuple[str, Callable[[Row], bool], Change]] = []

    def plant(self, table: str, where: dict[str, Any], change: Change) -> None:
        self.edits.append((table, lambda row: all(row.get(key) == value for key, value in where.items()), change))

    def __call__(self, table: str, rows: list[Row]) -> list[Row]:
        found: list[Row] = []
        for row in rows:
            made = [row]
            for wanted, matches, change in self.edits:
                if wanted == table and matches(row):
                    made = change(row)
            found += made
        return found


def put(**values: Any) -> Change:
    return lambda row: [row | values | {"updated_at": BUMPED}]


def with_new(**values: Any) -> Change:
    return lambda row: [row, row | values | {"updated_at": BUMPED}]


def nothing(_: Row) -> list[Row]:
    """The row is there no more."""
    return []


def decoys(table: str, rows: list[Row]) -> list[Row]:
    """Another order, dates written otherwise, booleans as text, times and numbers that mean nothing."""
    edited = table.startswith(("custom-", "ipa-"))  # of a library item that is an edit, its only trace
    found = [_restated(row) | ({"updated_at": row["updated_at"]} if edited else {}) for row in reversed(rows)]
    if table == "details":
        found = [
            {name: _restated(part) if isinstance(part, dict) else part for name, part in row.items()} for row in found
        ]
    return [dict(reversed(row.items())) for row in found]


_OTHERWISE: list[tuple[str, Callable[[Any], Any]]] = [
    *((name, lambda value: value.replace(" ", "T").replace("+00:00", "Z")) for name in _DATES),
    *((name, lambda value: str(value) if isinstance(value, bool) else value) for name in _FLAGS),
    *((name, lambda value: list(reversed(value))) for name in _LISTS),
    *((name, lambda _: BUMPED) for name in _TIMES),
    ("install_date", lambda value: value.replace("T", " ").replace("Z", "+00:00")),
    *((name, lambda _: "17") for name in ("free_capacity", "available_capacity", "wifi_ipv4_address")),
    *((name, lambda _: 9999) for name in ("pid", "device_count", "computers_count")),
]


def _restated(row: Row) -> Row:
    other = {name: change(row[name]) for name, change in _OTHERWISE if row.get(name)}
    return row | other | {"a_column_of_next_year": "as yet unknown"}


def device(copy: Copy, place: int = 0) -> tuple[str, str]:
    """Serial number and id of a Mac."""
    found = copy.rows("SELECT serial_number, device_id FROM devices WHERE platform = 'Mac' ORDER BY serial_number")
    return found[place][0], found[place][1]
