"""One table put into or cut out of a TOML text, comments and all other characters kept."""

import json
import re
import tomllib
from typing import Any

from .jsonc import changed, value_at

_PART = re.compile(
    r"""^[ \t]*\[\[?[ \t]*(?P<header>[^\]\n]+?)[ \t]*\]\]?[ \t]*(?:\#[^\n]*)?\r?$  # what is looked for
    | \"{3}(?:\\.|[^\\])*?\"{3} | '{3}.*?'{3} | "(?:\\.|[^"\\\n])*" | '[^'\n]*' | \#[^\n]*  # what may look like it""",
    re.MULTILINE | re.VERBOSE | re.DOTALL,
)


def load(text: str) -> Any:
    """The value of a TOML text. Raises ValueError saying where it is not one."""
    try:
        return tomllib.loads(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"it is not TOML: {error}") from None


def put(text: str, path: tuple[str, ...], value: dict[str, Any]) -> str:
    """`text` with the table `value` at `path`, last. Raises ValueError when it is not TOML or has that place in use."""
    without = cut(text, path)
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not without.strip() else newline if without.endswith("\n") else newline * 2
    lines = [f"[{'.'.join(_key(part) for part in path)}]", *(f"{_key(k)} = {_dump(v)}" for k, v in value.items()), ""]
    return _verified(without + gap + newline.join(lines), changed(load(text), path, value))


def cut(text: str, path: tuple[str, ...]) -> str:
    """`text` without the table at `path` and those below it. Raises ValueError when it cannot be done safely."""
    old = load(text)
    if value_at(old, path) is None:
        return text
    kept, position, inside = "", 0, False
    for header in (part for part in _PART.finditer(text) if part["header"]):
        if not inside:
            kept += text[position : header.start()]
        position = header.start()
        inside = _names(header["header"])[: len(path)] == path
    # Of a table that ends the text, the blank line before it goes too.
    kept = re.sub(r"(\r?\n)\r?\n\Z", r"\1", kept) if inside else kept + text[position:]
    return _verified(kept, changed(old, path, None))


def _verified(text: str, wanted: Any) -> str:
    """`text`, if its value is `wanted`: a header in a multi-line string, or a table written inline, would show here."""
    try:
        same = _pruned(load(text)) == _pruned(wanted)
    except ValueError:
        same = False
    if not same:
        raise ValueError("its tables are written in a way that cannot be edited safely")
    return text


def _pruned(value: Any) -> Any:
    """`value` without empty tables, which headers of TOML add and remove."""
    if not isinstance(value, dict):
        return value
    inner = {name: _pruned(item) for name, item in value.items()}
    return {name: item for name, item in inner.items() if item != {}}


def _names(header: str) -> tuple[str, ...]:
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"|\'([^\']*)\'|([A-Za-z0-9_-]+)', header)
    return tuple("".join(part) for part in parts)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)


def _dump(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(name)} = {_dump(item)}' for name, item in value.items())} }}" if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(_dump(item) for item in value)}]"
    return json.dumps(value, ensure_ascii=False)  # of strings, numbers and booleans, JSON's are TOML's too
