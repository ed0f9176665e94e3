"""One answer for several indicators: what several of them lead to is told once.

Indicators that are pasted together mostly belong to one thing, and lead to the same apps, launch items and devices. So
each row and each device stands once, with the numbers of the indicators that have it (`indicators`) or from which it
was followed (`followed_from`); the answer of each indicator keeps its counts and what is true of it alone. What must
stay true: a count is of one indicator, rows of a list that had no room are counted in its `rows_left_out`, and the
whole is complete only where each answer is.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..kit.reader import Attempt
from ..kit.size import Section, fit_sections
from .indicator_answer import MOST_NAMED, TRAITS
from .indicator_lists import LISTS

ROWS_TO_POOL = 50
"""Rows of a list that each indicator may bring."""
ROWS = 5
"""Rows of a list that an answer shows."""
ROOM = 6_500
"""Bytes for rows: with what stands around them about 3,000 tokens, also of five indicators."""
_WHOSE = frozenset({"device_name", "user_email"})
"""Columns that a row has or not, depending on what else is shown of its device."""
_ABSENT = frozenset({"unknown", *(absent for _, absent in TRAITS.values())})

Row = dict[str, Any]


@dataclass(slots=True)
class _Shared:
    """A row or a device, and the numbers of the indicators that lead to it."""

    parts: list[Row] = field(default_factory=list)
    direct: list[int] = field(default_factory=list)
    followed: list[int] = field(default_factory=list)

    def add(self, row: Row, number: int, *, is_direct: bool) -> None:
        self.parts.append({name: value for name, value in row.items() if name != "only_followed"})
        numbers = self.direct if is_direct else self.followed
        if number not in self.direct + self.followed:
            numbers.append(number)

    def shown(self) -> Row:
        found = {name: _merged([part.get(name) for part in self.parts]) for part in self.parts for name in part}
        found |= {"indicators": self.direct} if self.direct else {}
        return found | ({"followed_from": self.followed} if self.followed else {})


def _merged(values: Sequence[Any]) -> Any:
    """One value of what several indicators tell of the same: what one found goes before what others did not."""
    told = list(dict.fromkeys(value for value in values if isinstance(value, str)))
    found = [value for value in told if value not in _ABSENT]
    if not told:
        return next((value for value in values if value is not None), None)
    return ", ".join(found) or ("unknown" if "unknown" in told else told[0])


def several(outcomes: Mapping[str, Attempt[dict[str, Any]]]) -> dict[str, Any]:
    """One answer of the answers for each indicator, which were given `ROWS_TO_POOL` rows of a list."""
    answers = [
        {"number": number} | (outcome.value or {"indicator": value, "complete": False, "notes": [outcome.state]})
        for number, (value, outcome) in enumerate(outcomes.items(), 1)
    ]
    head: dict[str, Any] = {"complete": all(answer["complete"] for answer in answers)}
    head |= _devices(answers) | _rows(answers) | _not_looked_at(answers)
    return head | {"indicators": [_counts(answer) for answer in answers]}


def _devices(answers: Sequence[Row]) -> dict[str, Any]:
    """The union of the devices, those of most indicators first, and of which indicators they are too many to name."""
    held: dict[str, _Shared] = {}
    unnamed = []
    for answer in answers:
        devices = answer.get("devices", {})
        rows = devices.get("rows") or [{"serial_number": serial} for serial in devices.get("serial_numbers", ())]
        if not rows and devices.get("count"):
            unnamed.append(answer["indicator"])
        for row in rows:
            device = str(row.get("serial_number") or row.get("device_id"))
            held.setdefault(device, _Shared()).add(row, answer["number"], is_direct="only_followed" not in row)
    ranked = sorted(held.values(), key=lambda one: (-len(one.direct), -len(one.followed)))
    direct = sum(bool(one.direct) for one in ranked)
    counts = {"at_least" if unnamed else "count": direct}
    counts |= {"only_followed": len(ranked) - direct} if len(ranked) > direct else {}
    rows_shown = {"rows": [one.shown() for one in ranked[:MOST_NAMED]]} if ranked else {}
    left = {"rows_left_out": len(ranked) - MOST_NAMED} if len(ranked) > MOST_NAMED else {}
    notes = {"notes": [f"too many devices to name of: {', '.join(unnamed)}"]} if unnamed else {}
    return {"devices": counts | rows_shown | left} | notes


def _rows(answers: Sequence[Row]) -> dict[str, Any]:
    """The rows of all lists, and the steps by which some were followed."""
    pools: dict[str, dict[str, _Shared]] = {}
    for part, is_direct in (("found", True), ("followed", False)):
        for answer in answers:
            for name, section in answer.get(part, {}).items():
                for row in section["rows"] if isinstance(section, dict) and "rows" in section else ():
                    same = json.dumps({key: row[key] for key in row if key not in _WHOSE}, sort_keys=True, default=str)
                    shared = pools.setdefault(name, {}).setdefault(same, _Shared())
                    shared.add(row, answer["number"], is_direct=is_direct)
    sections = {
        name: Section({}, [one.shown() for one in sorted(pool.values(), key=lambda one: -len(one.direct))])
        for name in LISTS
        if (pool := pools.get(name))
    }
    found = fit_sections(sections, ROOM, ROWS)
    for name, section in found.items():
        if section.get("rows_left_out"):
            section["more"] = LISTS[name].next_tool
    steps = list(dict.fromkeys(step for answer in answers for step in answer.get("followed", {}).get("steps", ())))
    return {"found": found} | ({"followed": {"steps": steps}} if steps else {})


def _not_looked_at(answers: Sequence[Row]) -> dict[str, Any]:
    """What was not looked at for any of them; it is taken out of the answer of each."""
    each = [answer.get("not_looked_at", {}) for answer in answers]
    shared = {what: why for what, why in each[0].items() if all(one.get(what) == why for one in each)}
    for answer in answers if shared else ():
        rest = {what: why for what, why in answer.pop("not_looked_at").items() if what not in shared}
        if rest:
            answer["not_looked_at"] = rest
    return {"not_looked_at": shared} if shared else {}


def _counts(answer: Row) -> Row:
    """The answer for one indicator without what is told of all together."""
    found = dict(answer)
    for part in {"found", "followed"} & answer.keys():
        found[part] = {
            name: {key: value for key, value in section.items() if key != "rows"}
            for name, section in answer[part].items()
            if isinstance(section, dict)
        }
    if "devices" in answer:
        found["devices"] = {key: value for key, value in answer["devices"].items() if key.endswith("count")}
        only = sum("only_followed" in row for row in answer["devices"].get("rows", ()))
        only = answer["devices"].get("only_followed", only)
        found["devices"] |= {"only_followed": only} if only else {}
    return found
