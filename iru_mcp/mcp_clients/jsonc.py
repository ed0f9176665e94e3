"""One member put into or cut out of a JSON text, comments and all other characters kept."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

_BLANK = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_SCALAR = re.compile(r"-?\d[\d.eE+-]*|true|false|null")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_DEEPEST = 100


@dataclass(slots=True)
class _Member:
    """A member's place: its key's first character, its value's first, and the one after its value."""

    start: int
    value_start: int
    end: int
    value: _Value


@dataclass(slots=True)
class _Value:
    start: int
    end: int
    members: dict[str, _Member] | None = None
    """For an object: its members."""
    plain: Any = field(default=None)
    """The value as Python would load it."""


def load(text: str) -> Any:
    """The value of a JSON text that may have comments and trailing commas. Raises ValueError saying where it is not."""
    return _parse(text).plain


def put(text: str, path: tuple[str, ...], value: Any) -> str:
    """`text` with `value` at `path`, in its place if there is one, else last; what is missing on the way is made.

    Raises ValueError when the text is not JSON or something on the way is not an object.
    """
    if not text.strip("\ufeff \t\r\n"):
        text = text[:1].strip(" \t\r\n") + "{}\n"
    root = _parse(text)
    here, found = _follow(root, path[:-1])
    wrapped = value
    for name in reversed(path[found + 1 :]):
        wrapped = {name: wrapped}
    old = _members(here).get(path[found])
    if old is None:
        new = _append(text, here, path[found], wrapped)
    else:
        lined = "\n" in text[old.value_start : old.end]
        body = _dump(text, wrapped, _indent_at(text, old.start)) if lined else json.dumps(wrapped, ensure_ascii=False)
        new = text[: old.value_start] + body + text[old.end :]
    return _verified(new, root, path, value)


def cut(text: str, path: tuple[str, ...]) -> str:
    """`text` without the member at `path`, or as it was when there is none. Raises ValueError when it is not JSON."""
    if not text.strip("\ufeff \t\r\n"):
        return text
    here, found = _follow(_parse(text), path[:-1])
    members = _members(here)
    if found < len(path) - 1 or path[-1] not in members:
        return text
    names = list(members)
    at, member = names.index(path[-1]), members[path[-1]]
    return _verified(_cut(text, member, members[names[at - 1]] if at else None), _parse(text), path, None)


def _cut(text: str, member: _Member, before: _Member | None) -> str:
    comma = _skip(text, member.end)
    follows = text.startswith(",", comma)
    if before is not None:
        # The comma before goes with the member; one after it stays for the next, or trails as it did.
        comma = _skip(text, before.end)
        return text[:comma] + text[comma + 1 : member.start].rstrip() + text[member.end :]
    rest = text[member.end : comma] + text[comma + 1 :] if follows else text[member.end :]
    head = text[: member.start]
    if text.startswith("}", _skip(text, comma + follows)):
        head, tail = head.rstrip(), rest.lstrip()
        return head + (tail if head.endswith("{") and tail.startswith("}") else rest)
    return head + rest.lstrip()


def _verified(text: str, old: _Value, path: tuple[str, ...], value: Any) -> str:
    """`text` if it differs from `old` in nothing but `path`; a misread comment would show here."""
    wanted = changed(old.plain, path, value)
    if load(text) != wanted:
        raise ValueError("its comments stand where it cannot be edited safely")
    return text


def changed(old: Any, path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A copy of the object `old` with `value` at `path`, None: without it. Raises ValueError for another `old`."""
    if not isinstance(old, dict):
        raise ValueError("something in it is not an object where one must be")  # noqa: TRY004 - of a file, not of a call
    name, rest = path[0], path[1:]
    inner = changed(old.get(name, {}), rest, value) if rest else value
    return {**{key: item for key, item in old.items() if key != name}, **({} if inner is None else {name: inner})}


def _follow(here: _Value, path: tuple[str, ...]) -> tuple[_Value, int]:
    """The deepest object on `path` that there is, and how many steps led to it."""
    for count, name in enumerate(path):
        member = _members(here).get(name)
        if member is None:
            return here, count
        here = member.value
    return here, len(path)


def _members(value: _Value) -> dict[str, _Member]:
    if value.members is None:
        raise ValueError("something in it is not an object where one must be")
    return value.members


def _append(text: str, here: _Value, name: str, value: Any) -> str:
    members = _members(here)
    close = here.end - 1
    newline = "\r\n" if "\r\n" in text else "\n"
    outer = _indent_at(text, here.start)
    if not members:
        inner = outer + _step(text)
        body = text[here.start + 1 : close].rstrip()
        new = f"{json.dumps(name)}: {_dump(text, value, inner)}"
        return f"{text[: here.start + 1]}{body}{newline}{inner}{new}{newline}{outer}{text[close:]}"
    last = list(members.values())[-1]
    new = f"{json.dumps(name)}: "
    if "\n" not in text[here.start : last.start]:
        return f"{text[: last.end]}, {new}{json.dumps(value, ensure_ascii=False)}{text[last.end :]}"
    inner = _indent_at(text, last.start)
    return f"{text[: last.end]},{newline}{inner}{new}{_dump(text, value, inner)}{text[last.end :]}"


def _dump(text: str, value: Any, indent: str) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    lines = json.dumps(value, indent=_step(text), ensure_ascii=False).splitlines()
    return (newline + indent).join(lines)


def _indent_at(text: str, position: int) -> str:
    """The white space that the line at `position` begins with."""
    line = text[text.rfind("\n", 0, position) + 1 : position]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _step(text: str) -> str:
    found = re.search(r'\n([ \t]+)"', text)
    return found[1] if found else "  "


def _parse(text: str) -> _Value:
    start = _skip(text, 1 if text.startswith("\ufeff") else 0)
    value = _value(text, start, 0)
    if _skip(text, value.end) != len(text):
        raise _wrong(text, value.end)
    return value


def _skip(text: str, at: int) -> int:
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at


def _wrong(text: str, at: int) -> ValueError:
    return ValueError(f"it is not JSON at line {text.count(chr(10), 0, at) + 1}")


def _value(text: str, at: int, depth: int) -> _Value:
    if depth > _DEEPEST:
        raise ValueError("it is nested too deeply")
    if text.startswith("{", at):
        return _object(text, at, depth)
    if text.startswith("[", at):
        return _array(text, at, depth)
    found = _STRING.match(text, at) or _SCALAR.match(text, at)
    if not found:
        raise _wrong(text, at)
    try:
        return _Value(at, found.end(), plain=json.loads(found[0]))
    except ValueError:
        raise _wrong(text, at) from None


def _object(text: str, start: int, depth: int) -> _Value:
    members: dict[str, _Member] = {}
    at = _skip(text, start + 1)
    while not text.startswith("}", at):
        key = _STRING.match(text, at)
        colon = _skip(text, key.end()) if key else at
        if not key or not text.startswith(":", colon):
            raise _wrong(text, at)
        value = _value(text, _skip(text, colon + 1), depth + 1)
        members[json.loads(key[0])] = _Member(at, value.start, value.end, value)
        at = _after(text, value.end, "}")
    return _Value(start, at + 1, members, {name: member.value.plain for name, member in members.items()})


def _array(text: str, start: int, depth: int) -> _Value:
    items: list[Any] = []
    at = _skip(text, start + 1)
    while not text.startswith("]", at):
        item = _value(text, at, depth + 1)
        items.append(item.plain)
        at = _after(text, item.end, "]")
    return _Value(start, at + 1, plain=items)


def _after(text: str, at: int, close: str) -> int:
    """Where the next item or the closing bracket stands, past a comma if there is one."""
    at = _skip(text, at)
    if text.startswith(",", at):
        return _skip(text, at + 1)
    if not text.startswith(close, at):
        raise _wrong(text, at)
    return at
