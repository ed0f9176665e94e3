"""From the hits of an indicator to what belongs to them.

One piece of malware is a file to endpoint detection, an app to Prism and a program in a launch agent, each under
another name, so a search for any one name finds a part of it. `follow` takes what identifies the hits elsewhere (the
bundle and hash of a threat, the path of an app, the program of a launch agent) and looks for it in the lists that have
it, and once more with what that finds, so that a search for any of these names finds all. What must stay true: what was
followed is said and counted apart from what was asked for; a part of the system is never followed; and where hits
differ too much to belong together, that is said instead.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ...api.call import Call
from ..kit.reader import Parts, attempt
from .indicator_lists import LISTS
from .indicator_matching import value_of
from .indicator_text import Indicator, read_indicator

_ROUNDS = 2
_MOST_VALUES = 3
"""Different values of one field that may still be one thing."""
_SYSTEM = ("/system/", "/usr/bin/", "/usr/sbin/", "/usr/libexec/", "/bin/", "/sbin/", "/library/apple/")

_RUN_BY: dict[str, tuple[str, ...]] = {
    "launch_agents_and_daemons": ("program", "program_arguments"),
    "behavioral_detections": ("file_path", "command_line"),
}
LINKS: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {
    ("threats", "bundle_path"): {"applications": ("path",)},
    ("threats", "file_path"): _RUN_BY,
    ("threats", "file_hash"): {"behavioral_detections": ("file_hash",)},
    ("behavioral_detections", "file_path"): _RUN_BY | {"threats": ("file_path",)},
    ("behavioral_detections", "file_hash"): {"threats": ("file_hash",)},
    ("applications", "path"): {"threats": ("bundle_path", "file_path"), "behavioral_detections": ("file_path",)},
    ("launch_agents_and_daemons", "program"): {
        "threats": ("file_path",),
        "behavioral_detections": ("file_path", "command_line"),
    },
}
"""A field of one list, and in which columns of which other lists its value is looked for."""


@dataclass(slots=True)
class Followed:
    """What was found beside the hits: rows by list, the steps that led there, and what keeps it from being all."""

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    not_followed: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)


async def follow(call: Call, parts: Parts) -> Followed:
    """What belongs to the hits in `parts`, from lists that could be read."""
    hits = {name: _by_key(part.records) for name, part in parts.items() if part.value}
    denied = {name for name, part in parts.items() if part.value is None}
    found, fresh, done = Followed(), dict(hits), set[tuple[str, str]]()
    for _ in range(_ROUNDS):
        new: dict[str, dict[str, Any]] = {}
        for (origin, column), targets in LINKS.items():
            for indicator in _values(found, origin, column, fresh.get(origin, {}).values()):
                for target, columns in targets.items():
                    step = (target, indicator.value)
                    if target in denied or step in done:
                        continue
                    done.add(step)
                    seen = hits.get(target, {}).keys() | found.rows.get(target, {}).keys()
                    rows = await _search(call, found, target, indicator, columns)
                    added = {key: row for key, row in rows.items() if key not in seen}
                    if added:
                        found.steps.append(f"{origin} {column} {indicator.shown} in {target}: {len(added)}")
                        found.rows.setdefault(target, {}).update(added)
                        new.setdefault(target, {}).update(added)
        fresh = new
    return found


def _by_key(records: Sequence[Any]) -> dict[str, Any]:
    return {record.key(): record for record in records}


async def _search(
    call: Call, found: Followed, target: str, indicator: Indicator, columns: tuple[str, ...]
) -> dict[str, Any]:
    part = await attempt(partial(LISTS[target].search, call, indicator, columns))
    if not part.complete:
        found.missing[target] = part.state
    return _by_key(part.records)


def _values(found: Followed, origin: str, column: str, records: Iterable[Any]) -> list[Indicator]:
    """The values of a column that may lead on, each once; none where they are too many to be one thing."""
    texts = {text for record in records if (text := _identifying(record.flat(), column))}
    indicators = {indicator.value: indicator for indicator in map(read_indicator, sorted(texts))}
    if len(indicators) > _MOST_VALUES:
        found.not_followed.append(f"{len(indicators)} different {column} of {origin}")
        return []
    return list(indicators.values())


def _identifying(row: Mapping[str, Any], column: str) -> str:
    """The value of a column that names one file or app; empty for what is a part of the system."""
    value = value_of(row, column)
    if column == "program" and not value:
        arguments = row.get("program_arguments")
        value = arguments[0] if isinstance(arguments, list) and arguments else arguments
    text = str(value or "")
    is_system = text.casefold().startswith(_SYSTEM)
    return "" if is_system or (column != "file_hash" and "/" not in text and "\\" not in text) else text
