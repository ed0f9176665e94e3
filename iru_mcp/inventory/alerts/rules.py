"""Rules: a name, a SELECT over the copy, a severity and a sentence. Some are built in; a file may add others.

A file of rules is read whole before anything runs, and every mistake in it is refused with its line: a part that is
not known or of another type, a name given twice, SQL that does not compile against the copy's tables, and a `key`,
`cause` or slot that names no column of the statement. So a mistyped rule is an error at the start, not a rule
that finds nothing.
"""

import re
import sqlite3
import tomllib
from contextlib import closing
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from ...errors import ConfigError
from ..sandbox.functions import register
from ..schema import migrate
from ..tables import BY_NAME

SEVERITIES = ("critical", "high", "medium", "low")
_FORM = "A rule has name, sql, severity, say, and if wanted key, cause, needs, params, enabled."
_TYPES: dict[str, tuple[type, str]] = {
    **dict.fromkeys(("name", "sql", "severity", "say"), (str, "text")),
    **dict.fromkeys(("key", "cause"), (list, "a list of column names")),
    "needs": (list, "a list of table names"),
    "params": (dict, "a table"),
    "enabled": (bool, "true or false"),
}
_SLOT = re.compile(r"\{(\w+)\}")
_MADE = frozenset({"devices", "count"})
"""Slots of `say` that are made of all rows of a finding."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What to look for after each sync."""

    name: str
    sql: str
    severity: str
    say: str
    key: tuple[str, ...] = ()
    """Columns that tell one finding from another; all of them when empty."""
    cause: tuple[str, ...] = ()
    """Columns by which rows are put together: rows that agree in them are one finding."""
    needs: tuple[str, ...] = ()
    """Tables without which the rule is not asked."""
    params: dict[str, Any] = field(default_factory=dict)

    def sentence(self, row: dict[str, Any]) -> str:
        """`say` with the row's values."""
        return _SLOT.sub(lambda slot: str(row.get(slot[1], "unknown")), self.say)


def load(path: str = "") -> list[Rule]:
    """The built-in rules with those of the file at `path` over them.

    Raises ConfigError naming line, rule and mistake.
    """
    built_in = _read(resources.files(__package__).joinpath("rules.toml").read_text("utf-8"), "the built-in rules")
    found = {parts["name"]: (parts, where) for parts, where in built_in}
    own: set[str] = set()
    if path:
        try:
            text = Path(path).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise ConfigError(f"The file of rules {path} cannot be read.", "Check its path and permissions.") from None
        for parts, where in _read(text, path):
            found[parts["name"]] = (found.get(parts["name"], ({}, ""))[0] | parts, where)
            own.add(parts["name"])
    rules = [_rule(parts, where) for parts, where in found.values() if parts.get("enabled", True)]
    if own:
        _compile([(rule, found[rule.name][1]) for rule in rules if rule.name in own])
    return rules


def _read(text: str, file: str) -> list[tuple[dict[str, Any], str]]:
    """The rules of a file, each with its place in it."""
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file} is not TOML: {str(error)[:160]}.", _FORM) from None
    tables = read.get("rule")
    if set(read) - {"rule"} or not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise ConfigError(f"{file} holds something other than [[rule]] tables.", _FORM)
    lines = [number for number, line in enumerate(text.splitlines(), 1) if line.strip().startswith("[[rule]]")]
    found = [(parts, f"{file}, line {line}") for parts, line in zip(tables, lines, strict=True)]
    names: set[str] = set()
    for parts, where in found:
        _check_parts(parts, where)
        if parts["name"] in names:
            raise ConfigError(f"{where}: a second rule is named '{parts['name']}'.", "Give each rule its own name.")
        names.add(parts["name"])
    return found


def _check_parts(parts: dict[str, Any], where: str) -> None:
    if unknown := set(parts) - set(_TYPES):
        raise ConfigError(f"{where}: a rule has an unknown part, {min(unknown)[:40]}.", _FORM)
    if not isinstance(parts.get("name"), str) or not parts["name"].strip():
        raise ConfigError(f"{where}: a rule has no name.", _FORM)
    for part, value in parts.items():
        kind, words = _TYPES[part]
        items = value if kind is list and isinstance(value, list) else ()
        if not isinstance(value, kind) or not all(isinstance(item, str) for item in items):
            raise ConfigError(f"{where}: {part} of the rule '{parts['name']}' is not {words}.", _FORM)
    for name, value in parts.get("params", {}).items():
        if not isinstance(value, (str, int, float)):
            raise ConfigError(
                f"{where}: params.{name} of the rule '{parts['name']}' is neither text nor a number.", _FORM
            )


def _rule(parts: dict[str, Any], where: str) -> Rule:
    name = parts["name"]
    for part in ("sql", "severity", "say"):
        if not parts.get(part, "").strip():
            raise ConfigError(f"{where}: the rule '{name}' has no {part}.", _FORM)
    if parts["severity"] not in SEVERITIES:
        raise ConfigError(f"{where}: the rule '{name}' has an unknown severity.", f"Valid: {', '.join(SEVERITIES)}.")
    if unknown := [table for table in parts.get("needs", ()) if table not in BY_NAME]:
        raise ConfigError(f"{where}: the rule '{name}' needs an unknown table, {unknown[0][:40]}.",
                          f"Valid: {', '.join(BY_NAME)}.")  # fmt: skip
    key, cause, needs = (tuple(parts.get(part, ())) for part in ("key", "cause", "needs"))
    return Rule(name, parts["sql"], parts["severity"], parts["say"], key, cause, needs, parts.get("params", {}))


def _compile(rules: list[tuple[Rule, str]]) -> None:
    """Compile each statement over empty tables, and check that each column that a rule names is one of its
    statement."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        migrate(db)
        register(db)
        for rule, where in rules:
            try:
                found = db.execute(f"SELECT * FROM ({rule.sql.strip().rstrip(';')}\n) LIMIT 0", rule.params)
            except sqlite3.Error as error:
                raise ConfigError(
                    f"{where}: the statement of the rule '{rule.name}' does not run: {str(error)[:160]}.",
                    "Write one SELECT over the tables that inventory_schema lists.",
                ) from None
            columns = {column[0] for column in found.description}
            named = {*rule.key, *rule.cause, *(set(_SLOT.findall(rule.say)) - _MADE)}
            if wrong := sorted(named - columns):
                raise ConfigError(f"{where}: the rule '{rule.name}' names {wrong[0]}, which its statement does not "
                                  "give.", f"It gives: {', '.join(sorted(columns))}.")  # fmt: skip
