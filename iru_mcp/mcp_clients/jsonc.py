"""One member put into or cut out of a JSON text, comments and all other characters kept."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_BLANK = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_SCALAR = re.compile(r"-?\d[\d.eE+-]*|true|false|null")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_DEEPEST = 100


@dataclass(slots=True)
class _Value:
    """A value, where it begins, and where the text goes on after it."""

    start: int
    end: int
    plain: Any
    """The value as Python would load it."""
    members: dict[str, _Value] | None = None
    """For an object: its members."""
    key_start: int = 0
    """For a member: where its key begins."""


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
        lined = "\n" in text[old.start : old.end]
        body = _dump(text, wrapped, _indent_at(text, old.key_start)) if lined else _in_line(wrapped)
        new = text[: old.start] + body + text[old.end :]
    return _verified(new, root, path, value)


def cut(text: str, path: tuple[str, ...]) -> str:
    """`text` without the member at `path`, or as it was when there is none. Raises ValueError when it is not JSON."""
    if not text.strip("\ufeff \t\r\n"):
        return text
    root = _parse(text)
    here, found = _follow(root, path[:-1])
    members = _members(here)
    if found < len(path) - 1 or path[-1] not in members:
        return text
    before = None
    for name, member in members.items():
        if name == path[-1]:
            return _verified(_cut(text, member, before), root, path, None)
        before = member
    return text


def _cut(text: str, member: _Value, before: _Value | None) -> str:
    if before is not None:
        # The comma before goes with the member; one after it stays for the next, or trails as it did.
        comma = _skip(text, before.end)
        return text[:comma] + text[comma + 1 : member.key_start].rstrip() + text[member.end :]
    comma = _skip(text, member.end)
    follows = text.startswith(",", comma)
    rest = text[member.end : comma] + text[comma + 1 :] if follows else text[member.end :]
    head = text[: member.key_start]
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


def _follow(here: _Value, path: tuple[str, ...]) -> tuple[_Value, int]:
    """The deepest object on `path` that there is, and how many steps led to it."""
    for count, name in enumerate(path):
        member = _members(here).get(name)
        if member is None:
            return here, count
        here = member
    return here, len(path)


def _members(value: _Value) -> dict[str, _Value]:
    if value.members is None:
        raise ValueError("something in it is not an object where one must be")
    return value.members


def _append(text: str, here: _Value, name: str, value: Any) -> str:
    members = _members(here)
    close = here.end - 1
    newline, key = _newline(text), json.dumps(name)
    if not members:
        outer = _indent_at(text, here.start)
        inner = outer + _step(text)
        body = text[here.start + 1 : close].rstrip()
        new = f"{key}: {_dump(text, value, inner)}"
        return f"{text[: here.start + 1]}{body}{newline}{inner}{new}{newline}{outer}{text[close:]}"
    last = list(members.values())[-1]
    if "\n" not in text[here.start : last.key_start]:
        return f"{text[: last.end]}, {key}: {_in_line(value)}{text[last.end :]}"
    inner = _indent_at(text, last.key_start)
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
        return _Value(at, found.end(), json.loads(found[0]))
    except ValueError:
        raise _wrong(text, at) from None


def _object(text: str, start: int, depth: int) -> _Value:
    members: dict[str, _Value] = {}
    at = _skip(text, start + 1)
    while not text.startswith("}", at):
        key = _STRING.match(text, at)
        colon = _skip(text, key.end()) if key else at
        if not key or not text.startswith(":", colon):
            raise _wrong(text, at)
        value = members[json.loads(key[0])] = _value(text, _skip(text, colon + 1), depth + 1)
        value.key_start = at
        at = _after(text, value.end, "}")
    return _Value(start, at + 1, {name: member.plain for name, member in members.items()}, members)


def _array(text: str, start: int, depth: int) -> _Value:
    items: list[Any] = []
    at = _skip(text, start + 1)
    while not text.startswith("]", at):
        item = _value(text, at, depth + 1)
        items.append(item.plain)
        at = _after(text, item.end, "]")
    return _Value(start, at + 1, items)


def _after(text: str, at: int, close: str) -> int:
    """Where the next item or the closing bracket stands, past a comma if there is one."""
    at = _skip(text, at)
    if text.startswith(",", at):
        return _skip(text, at + 1)
    if not text.startswith(close, at):
        raise _wrong(text, at)
    return at
