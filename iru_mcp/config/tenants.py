"""Several tenants in one TOML file, for `sync --tenants` and `export --tenants`.

A table `[tenant.NAME]` says where one tenant's API is and where its token comes from; everything else is as the
settings say. A token is named by reference (an environment variable, a file, the keyring), or written in the file
itself if only its owner can read the file. What must stay true: the token of one tenant, or of the settings, is never
sent to another; a mistake in the file is refused before anything runs.
"""

import os
import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from ..errors import ConfigError
from ..inventory.sync.quota import read_share
from .account import account
from .settings import Settings, typed

_PLACES = ("api_url", "subdomain", "region", "ca_file")
_TOKENS = ("token_env", "token_file", "token_keyring", "token")
_OTHERS = ("account_name", "inventory", "quota")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_FORM = 'a table [tenant.NAME] with api_url = "https://..." and token_env = "NAME_OF_A_VARIABLE"'


@dataclass(frozen=True, slots=True)
class OneTenant:
    """A tenant to sync; `name` is empty when there is no file of several. `problem`, if any, is this tenant's alone."""

    name: str
    settings: Settings
    share: float | None = None
    """The share of the hour's requests that its sync may take; None: that of --quota."""
    token_from: str = ""
    problem: ConfigError | None = None

    def checked(self) -> Settings:
        """The settings. Raises the ConfigError of this tenant alone, if there is one."""
        if self.problem:
            raise self.problem
        return self.settings


def read_tenants(file: str, settings: Settings) -> list[OneTenant]:
    """The tenants of `file`, in its order. Raises ConfigError for a mistake in the file; a variable that is not set is
    the `problem` of its tenant."""
    if settings.demo:
        raise ConfigError("--tenants and the demo tenant exclude each other.", "Leave out one of the two.")
    path = Path(file)
    tables = _tables(path)
    private = os.name == "posix" and not path.stat().st_mode & 0o077
    if any("token" in table for table in tables.values()) and not private:
        elsewhere = "name the token with token_env, token_file or token_keyring."
        if os.name != "posix":
            raise ConfigError(f"{file} holds a token, which is not read from it on Windows.", elsewhere.capitalize())
        raise ConfigError(
            f"{file} holds a token and is not readable by you alone.", f"Run chmod 600 on it, or {elsewhere}"
        )
    found = [_one(file, name, table, settings) for name, table in tables.items()]
    _refuse_twice(file, found, "API", lambda one: account(one.settings))
    _refuse_twice(file, found, "inventory file", lambda one: one.settings.inventory or account(one.settings))
    return found


def _tables(path: Path) -> dict[str, dict[str, Any]]:
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"{path} cannot be read ({why}).", f"Name a TOML file with {_FORM}.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}.", f"Write {_FORM}.") from None
    tables = found.get("tenant")
    if set(found) != {"tenant"} or not isinstance(tables, dict) or not tables:
        raise ConfigError(f"{path} names no tenants.", f"Write {_FORM}, and nothing beside such tables.")
    for name, table in tables.items():
        if not isinstance(table, dict) or not _NAME.fullmatch(name):
            raise ConfigError(f"{path}: {name[:60]!r} is no tenant.", f"Write {_FORM}; NAME of letters, digits, . _ -")
    return tables


def _one(file: str, name: str, table: dict[str, Any], settings: Settings) -> OneTenant:
    where = f"{file}: tenant {name}"
    valid = (*_PLACES, *_TOKENS, *_OTHERS)
    if wrong := next((key for key in table if key not in valid), None):
        raise ConfigError(f"{where} has no setting {wrong[:60]}.", f"Valid: {', '.join(valid)}.")
    for key, value in table.items():
        if not isinstance(value, bool if key == "token_keyring" else str) or not value:
            raise ConfigError(f"{where}: {key} has no valid value.", "Write text in quotes; token_keyring = true.")
    token_keys = [key for key in _TOKENS if key in table]
    if len(token_keys) != 1:
        raise ConfigError(f"{where} needs one token, and has {len(token_keys)}.", f"Valid: {', '.join(_TOKENS)}.")
    key = token_keys[0]
    none: dict[str, Any] = {"api_url": "", "subdomain": "", "inventory": "", "account_name": ""}
    none |= {"api_token": SecretStr(""), "api_token_file": "", "api_token_keyring": False}
    given = {one: typed(one, table[one]) for one in (*_PLACES, "account_name", "inventory") if one in table}
    own = replace(settings, **(none | given | _token(key, table[key])))
    try:
        account(own)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error.fact}", error.remedy) from None
    from_ = {"token": "the file itself", "token_keyring": "the keyring"}.get(key, f"{key} {table[key]}")
    problem = None
    if key == "token_env" and not os.environ.get(table[key]):
        problem = ConfigError(f"The variable {table[key]} is not set.", "Set it to the tenant's API token.")
    return OneTenant(name, own, read_share(table["quota"]) if "quota" in table else None, from_, problem)


def _token(key: str, value: Any) -> dict[str, Any]:
    """The settings of a tenant's token, from one of _TOKENS."""
    match key:
        case "token_env":
            return {"api_token": SecretStr(os.environ.get(value, ""))}
        case "token_file":
            return {"api_token_file": typed("api_token_file", value)}
        case "token_keyring":
            return {"api_token_keyring": True}
    return {"api_token": SecretStr(value)}


def _refuse_twice(file: str, found: Sequence[OneTenant], what: str, of: Callable[[OneTenant], str]) -> None:
    seen: dict[str, str] = {}
    for one in found:
        if (other := seen.setdefault(of(one), one.name)) != one.name:
            raise ConfigError(
                f"{file}: {other} and {one.name} have the same {what}, {of(one)}.", "Each tenant needs its own."
            )
