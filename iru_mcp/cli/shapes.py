"""check --shapes: what a tenant's answers look like, without a word of what they say.

A report of a fault often hangs on how one tenant's answers are formed: a field that is null, a date in another form, an
envelope without a count. This describes every answer by its paths, types and forms, so that the file can be attached to
a public report as it is. What must stay true: nothing is written that could come from the tenant's data. So a value
leaves only as the name of its form, or as itself where it is one of the words that a tool's parameter lists; and of a
key, which may be data too, only the words that the package itself declares leave, with `?` for any other.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ..api.endpoint import Endpoint
from ..api.endpoints.prism import COLUMNS
from ..tools.kit.catalogue import catalogue

_ENVELOPE = "count cursor data detail error items limit message next offset page previous results size total url"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s?(Z|UTC|[+-]\d{2}:?\d{2})?)?")
_FORMS = (
    ("blank", re.compile(r"\s*")),
    ("true or false as text", re.compile(r"true|false|yes|no", re.IGNORECASE)),
    ("number as text", re.compile(r"[+-]?\d+(\.\d+)?")),
    ("UUID", re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)),
    ("hash", re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}", re.IGNORECASE)),
    ("URL", re.compile(r"[a-z][a-z0-9+.-]*://\S*", re.IGNORECASE)),
    ("e-mail address", re.compile(r"\S+@\S+")),
    ("version", re.compile(r"\d+(\.\d+)+")),
)
_HEADER = re.compile(r"(x-)?ratelimit(-(limit|remaining|reset|used|policy))?(-(second|minute|hour|day))?|retry-after")
_DEEPEST = 8
_MOST_ROWS = 300
_MOST_FIELDS = 600


@dataclass(slots=True)
class _Seen:
    """What one path of an endpoint's answers held."""

    times: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    words: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Shapes:
    """The shapes of all answers so far, by endpoint; give `note` to a client as its `on_answer`."""

    _fields: dict[str, dict[str, _Seen]] = field(default_factory=dict)
    _headers: dict[str, set[str]] = field(default_factory=dict)

    def note(self, endpoint: Endpoint[Any], headers: Mapping[str, str], answer: Any) -> None:
        """Look at one answer."""
        self._headers.setdefault(endpoint.name, set()).update(
            f"{name.casefold()}: {'number' if value.isdigit() else 'other'}"
            for name, value in headers.items()
            if _HEADER.fullmatch(name.casefold())
        )
        fields = self._fields.setdefault(endpoint.name, {})
        for path, kind, word in _walk(answer, "", 0):
            if path not in fields and len(fields) >= _MOST_FIELDS:
                continue
            seen = fields.setdefault(path, _Seen())
            seen.times += 1
            seen.kinds[kind] += 1
            seen.words |= {word} if word else set()

    def described(self) -> dict[str, Any]:
        """Everything as JSON: per endpoint its rate-limit headers, and per path the share of each kind of value."""
        return {
            name: {
                "rate_limit_headers": sorted(self._headers.get(name, ())),
                "fields": {path: _described(seen, _parent(path, fields)) for path, seen in sorted(fields.items())},
            }
            for name, fields in sorted(self._fields.items())
        }


def differences(found: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """In words, how described answers differ from those that are expected of the same endpoints."""
    lines: list[str] = []
    for name in sorted(set(found) & set(expected)):
        ours, sent = expected[name]["fields"], found[name]["fields"]
        lines_of = [f"sends {path}, which is not expected" for path in sorted(set(sent) - set(ours))]
        lines_of += [
            f"does not send {path}, which is expected"
            for path in sorted(set(ours) - set(sent))
            if _outer(path) in sent or not _outer(path)
        ]
        for path in sorted(set(ours) & set(sent)):
            if new := sorted(set(sent[path]["kinds"]) - set(ours[path]["kinds"]) - {"null", "blank"}):
                lines_of.append(f"sends {path} as {', '.join(new)}; expected: {', '.join(sorted(ours[path]['kinds']))}")
        lines += [f"{name} {line}" for line in lines_of]
    return lines


def _walk(value: Any, path: str, depth: int) -> Iterator[tuple[str, str, str]]:
    """Every path of an answer with the kind of its value, and the value itself where it is one of the listed words."""
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        yield path, "object", ""
        for name, inner in value.items():
            yield from _walk(inner, f"{path}.{_key(name)}".lstrip("."), depth + 1)
    elif isinstance(value, list):
        yield path, "list" if value else "empty list", ""
        for inner in value[:_MOST_ROWS]:
            yield from _walk(inner, f"{path}[]", depth + 1)
    else:
        yield path, *_kind(value)


def _kind(value: Any) -> tuple[str, str]:
    if not isinstance(value, str):
        return {bool: "true or false", int: "number", float: "number"}.get(type(value), "null"), ""
    if _DATE.fullmatch(value):
        return f"date like {re.sub('[0-9]', '9', value)}", ""
    form = next((name for name, pattern in _FORMS if pattern.fullmatch(value)), "text")
    return form, value if form == "text" and value.casefold() in _listed_words() else ""


def _key(name: str) -> str:
    """A key as it may be shown: whole if it is declared, else word by word; one that is no identifier is data."""
    if name.casefold() in _declared():
        return name
    if not re.fullmatch(r"[A-Za-z_]{1,60}\d{0,3}", name):
        return "?"
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+", name)
    return "_".join(word if word.casefold() in _known_words() else "?" for word in words) or "?"


@cache
def _declared() -> frozenset[str]:
    """The names of every field, filter and column that the package declares, in lower case."""
    names = {*_ENVELOPE.split(), *(column for columns in COLUMNS.values() for column in columns)}
    for tool in catalogue().values():
        for endpoint in (*tool.endpoints, *tool.optional):
            names |= {*endpoint.record.model_fields, *endpoint.record.field_names(), *endpoint.filters}
    return frozenset(name.casefold() for name in names)


@cache
def _known_words() -> frozenset[str]:
    return frozenset(word for name in _declared() for word in re.findall("[a-z]+", name))


@cache
def _listed_words() -> frozenset[str]:
    """The values that the parameters of tools list: words of Iru's documentation."""
    schemas = [schema for tool in catalogue().values() for schema in tool.input_schema.get("properties", {}).values()]
    listed = [(*schema.get("enum", ()), *schema.get("items", {}).get("enum", ())) for schema in schemas]
    return frozenset(str(word).casefold() for words in listed for word in words)


def _described(seen: _Seen, parents: int) -> dict[str, Any]:
    shares = {kind: round(times / seen.times, 2) for kind, times in sorted(seen.kinds.items())}
    shown: dict[str, Any] = {"kinds": shares}
    if parents > seen.times:
        shown["absent"] = round(1 - seen.times / parents, 2)
    return shown | ({"words": sorted(seen.words)} if seen.words else {})


def _parent(path: str, fields: Mapping[str, _Seen]) -> int:
    """How often the object that has a field was seen; 0 for what is in a list."""
    outer = _outer(path)
    return fields[outer].kinds["object"] if outer in fields and not path.endswith("[]") else 0


def _outer(path: str) -> str:
    return path.rpartition(".")[0]
