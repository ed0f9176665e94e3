"""An entry for this server in a client's configuration: its environment variables, and how it is recognised."""

from collections.abc import Mapping
from typing import Any

from ..config.account import tenant, token
from ..config.settings import FIELDS, Settings

_PASSED_ON = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
_LEFT_OUT = frozenset("api_url subdomain region api_token_file api_token_keyring demo transport host port".split())
"""Settings that are not copied: tenant, token and demo are written otherwise, the others are of a server over HTTP."""


def is_ours(entry: Any) -> bool:
    """Whether an entry of a configuration file starts this package."""
    if not isinstance(entry, dict):
        return False
    arguments = entry.get("args")
    words = [entry.get("command"), *(arguments if isinstance(arguments, list) else ())]
    return any(name in str(word) for word in words for name in ("iru-mcp", "iru_mcp"))


def variables(settings: Settings, environment: Mapping[str, str], *, keyring: bool) -> dict[str, str]:
    """The environment of the entry: every setting that is not its default, and this shell's proxy and CA.

    With `keyring` or a token file the token itself is not in it. Raises ConfigError for a wrong tenant or token.
    """
    found = {"IRU_DEMO": "1"} if settings.demo else {**_account(settings, keyring=keyring), **_route(environment)}
    for name, item in FIELDS.items():
        value = getattr(settings, name)
        if name not in _LEFT_OUT and not item.metadata["secret"] and value != item.default:
            found[item.metadata["env"]] = "1" if value is True else str(value)
    return found


def holds_secret(environment: Mapping[str, str]) -> bool:
    """Whether an entry's environment has a secret: the token, or the password of a proxy."""
    return "IRU_API_TOKEN" in environment or any(map(_password, environment.values()))


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """The same to be shown: a proxy's user and password are placeholders; the token is the caller's to leave out."""
    return {
        name: value.replace(f"{_password(value)}@", "USER:PASSWORD@") if _password(value) else value
        for name, value in environment.items()
    }


def _password(value: str) -> str:
    """User and password of a proxy's URL as they stand in it, empty when there is no password."""
    user = value.partition("://")[2].partition("/")[0].rpartition("@")[0]
    return user if ":" in user else ""


def _account(settings: Settings, *, keyring: bool) -> dict[str, str]:
    where = {"IRU_API_URL": tenant(settings).base_url}
    if keyring:
        return {**where, "IRU_API_TOKEN_KEYRING": "1"}
    if settings.api_token_file and not settings.api_token.get_secret_value():
        return {**where, "IRU_API_TOKEN_FILE": settings.api_token_file}
    return {**where, "IRU_API_TOKEN": token(settings).get_secret_value()}


def _route(environment: Mapping[str, str]) -> dict[str, str]:
    """The proxy and CA variables of this shell, which a client that is started from a menu does not get."""
    names = (spelt for name in _PASSED_ON for spelt in (name, name.lower()))
    return {name: environment[name] for name in names if environment.get(name)}
