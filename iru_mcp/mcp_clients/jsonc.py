"""One member put into or cut out of a JSON text, comments and all other characters kept.

`json` reads a copy of the text in which blanks stand for what JSON does not have (comments, trailing commas). The copy
is as long as the text, so a place in the one is the same place in the other.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

_NO_JSON = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|/\*.*?\*/|[^\S\n]|\A\ufeff', re.DOTALL)
"""A string, which stays as it is, or what JSON does not have: a comment, unusual white space, a byte order mark."""
_TRAILING_COMMA = re.compile(r'("(?:[^"\\]|\\.)*"|[^\s,{\[:"])(?:(\s*),(?=\s*[}\]]))?', re.DOTALL)
_BLANK = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_KEY = re.compile(r'\s*[{,]\s*("(?:[^"\\]|\\.)*")\s*:\s*', re.DOTALL)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"it is not JSON: {constant}")


_DECODER = json.JSONDecoder(parse_constant=_refuse)
"""Without NaN and Infinity, which Python alone takes for JSON."""


@dataclass(frozen=True, slots=True)
class _Member:
    """Where a member of an object has its key, its value and its end."""

    key: int
    value: int
    end: int


def load(text: str) -> Any:
    """The value of a JSON text that may have comments and trailing commas. Raises ValueError saying where it is not."""
    try:
        return _DECODER.decode(_as_json(text))
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON at line {error.lineno}") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def put(text: str, path: tuple[str, ...], value: Any) -> str:
    """`text` with `value` at `path`, in its place if there is one, else last; what is missing on the way is made.

    Raises ValueError when the text is not JSON or something on the way is not an object.
    """
    if not text.strip("\ufeff \t\r\n"):
        text = text[:1].strip(" \t\r\n") + "{}\n"
    wanted = changed(load(text), path, value)
    start, members, depth = _follow(text, path)
    for name in reversed(path[depth + 1 :]):
        value = {name: value}
    if (old := members.get(path[depth])) is None:
        new = _append(text, start, members, path[depth], value)
    else:
        body = _dump(text, value, _indent_at(text, old.key)) if "\n" in text[old.value : old.end] else _in_line(value)
        new = text[: old.value] + body + text[old.end :]
    return _verified(new, wanted)


def cut(text: str, path: tuple[str, ...]) -> str:
    """`text` without the member at `path`, or as it was when there is none. Raises ValueError when it is not JSON."""
    if not text.strip("\ufeff \t\r\n"):
        return text
    wanted = changed(load(text), path, None)
    _, members, depth = _follow(text, path)
    if depth < len(path) - 1 or path[-1] not in members:
        return text
    names = list(members)
    place = names.index(path[-1])
    return _verified(_cut(text, members[path[-1]], members[names[place - 1]] if place else None), wanted)


def _cut(text: str, member: _Member, before: _Member | None) -> str:
    if before is not None:
        # The comma before goes with the member; one after it stays for the next, or trails as it did.
        comma = _skip(text, before.end)
        return text[:comma] + text[comma + 1 : member.key].rstrip() + text[member.end :]
    comma = _skip(text, member.end)
    follows = text.startswith(",", comma)
    rest = text[member.end : comma] + text[comma + 1 :] if follows else text[member.end :]
    head = text[: member.key]
    if text.startswith("}", _skip(text, comma + follows)):
        head, tail = head.rstrip(), rest.lstrip()
        return head + (tail if head.endswith("{") and tail.startswith("}") else rest)
    return head + rest.lstrip()


def _verified(text: str, wanted: Any) -> str:
    """`text`, if its value is `wanted`: a comment that was misread would show here."""
    if load(text) != wanted:
        raise ValueError("its comments stand where it cannot be edited safely")
    return text


def value_at(value: Any, path: tuple[str, ...]) -> Any:
    """What stands at `path` in a loaded value, None where there is nothing."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def changed(old: Any, path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A copy of the object `old` with `value` at `path`, None: without it. Raises ValueError for another `old`."""
    if not isinstance(old, dict):
        raise ValueError("something in it is not an object where one must be")  # noqa: TRY004 - of a file, not of a call
    name, rest = path[0], path[1:]
    inner = changed(old.get(name, {}), rest, value) if rest else value
    return {**{key: item for key, item in old.items() if key != name}, **({} if inner is None else {name: inner})}


def _as_json(text: str) -> str:
    text = _NO_JSON.sub(lambda one: one[0] if one[0][0] == '"' else re.sub(r"[^\n]", " ", one[0]), text)
    return _TRAILING_COMMA.sub(lambda one: f"{one[0][:-1]} " if one[0].endswith(",") else one[0], text)


def _follow(text: str, path: tuple[str, ...]) -> tuple[int, dict[str, _Member], int]:
    """The deepest object on the way to `path`: where it begins, its members, and how many steps lead to it."""
    plain = _as_json(text)
    start, depth = len(plain) - len(plain.lstrip()), 0
    members = _members(plain, start)
    for depth, name in enumerate(path[:-1], 1):
        if name not in members:
            return start, members, depth - 1
        start = members[name].value
        members = _members(plain, start)
    return start, members, depth


def _members(plain: str, at: int) -> dict[str, _Member]:
    """The members of the object that begins there."""
    found: dict[str, _Member] = {}
    while key := _KEY.match(plain, at):
        at = _DECODER.raw_decode(plain, key.end())[1]
        found[json.loads(key[1])] = _Member(key.start(1), key.end(), at)
    return found


def _append(text: str, start: int, members: dict[str, _Member], name: str, value: Any) -> str:
    """`text` with a member more in the object that begins at `start`."""
    newline, key = _newline(text), json.dumps(name)
    if not members:
        close = text.index("}", _skip(text, start + 1))
        outer = _indent_at(text, start)
        inner = outer + _step(text)
        body = text[start + 1 : close].rstrip()
        new = f"{key}: {_dump(text, value, inner)}"
        return f"{text[: start + 1]}{body}{newline}{inner}{new}{newline}{outer}{text[close:]}"
    last = list(members.values())[-1]
    if "\n" not in text[start : last.key]:
        return f"{text[: last.end]}, {key}: {_in_line(value)}{text[last.end :]}"
    inner = _indent_at(text, last.key)
    return f"{text[: last.end]},{newline}{inner}{key}: {_dump(text, value, inner)}{text[last.end :]}"


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _in_line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _dump(text: str, value: Any, indent: str) -> str:
    lines = json.dumps(value, indent=_step(text), ensure_ascii=False).splitlines()
    return (_newline(text) + indent).join(lines)


def _indent_at(text: str, position: int) -> str:
    """The white space that the line at `position` begins with."""
    line = text[text.rfind("\n", 0, position) + 1 : position]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _step(text: str) -> str:
    found = re.search(r'\n([ \t]+)"', text)
    return found[1] if found else "  "


def _skip(text: str, at: int) -> int:
    """The next place that is neither white space nor a comment."""
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at
