"""Rules: a name, a SELECT over the copy, a severity and what to say; a set built in, and whoever wants more."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from ...errors import ConfigError
from ..tables import BY_NAME

SEVERITIES = ("critical", "high", "medium", "low")
_FORM = "A rule has name, sql, severity, say, and if wanted key, needs, params, enabled."
_PARTS = frozenset({"name", "sql", "severity", "say", "key", "needs", "params", "enabled"})
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Rule:
    """What to look for after each sync."""

    name: str
    sql: str
    severity: str
    say: str
    key: tuple[str, ...] = ()
    """Columns that tell one finding from another; all of them when empty."""
    needs: tuple[str, ...] = ()
    """Kinds without which the rule is not asked."""
    params: dict[str, Any] = field(default_factory=dict)

    def sentence(self, row: dict[str, Any]) -> str:
        """`say` with the row's values."""
        return _SLOT.sub(lambda slot: str(row.get(slot[1], slot[0])), self.say)


def load(path: str = "") -> list[Rule]:
    """The built-in rules with those of the file at `path` over them. Raises ConfigError naming rule and part."""
    found = _named(resources.files(__package__).joinpath("rules.toml").read_text("utf-8"), "the built-in rules")
    if path:
        try:
            text = Path(path).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise ConfigError(f"The file of rules {path} cannot be read.", "Check its path and permissions.") from None
        for name, parts in _named(text, path).items():
            found[name] = found.get(name, {}) | parts
    return [_rule(parts) for parts in found.values() if parts.get("enabled", True) is True]


def _named(text: str, where: str) -> dict[str, dict[str, Any]]:
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where} is not TOML: {str(error)[:160]}.", _FORM) from None
    rules = read.get("rule")
    if set(read) - {"rule"} or not isinstance(rules, list) or not all(isinstance(one, dict) for one in rules):
        raise ConfigError(f"{where} holds something other than [[rule]] tables.", _FORM)
    for parts in rules:
        unknown = set(parts) - _PARTS
        if unknown or not isinstance(parts.get("name"), str):
            part = f"an unknown part, {min(unknown)[:40]}" if unknown else "no name"
            raise ConfigError(f"A rule in {where} has {part}.", _FORM)
    return {parts["name"]: parts for parts in rules}


def _rule(parts: dict[str, Any]) -> Rule:
    name = parts["name"]
    texts = {part: parts.get(part) for part in ("sql", "severity", "say")}
    for part, value in texts.items():
        if not isinstance(value, str) or not value.strip():
            raise ConfigError(f"The rule '{name}' has no {part}.", _FORM)
    if texts["severity"] not in SEVERITIES:
        raise ConfigError(f"The rule '{name}' has an unknown severity.", f"Valid: {', '.join(SEVERITIES)}.")
    unknown = [kind for kind in parts.get("needs", ()) if kind not in BY_NAME]
    if unknown:
        raise ConfigError(f"The rule '{name}' needs an unknown kind.", f"Valid: {', '.join(BY_NAME)}.")
    lists = tuple(parts.get("key", ())), tuple(parts.get("needs", ()))
    return Rule(name, str(texts["sql"]), str(texts["severity"]), str(texts["say"]), *lists, parts.get("params", {}))
