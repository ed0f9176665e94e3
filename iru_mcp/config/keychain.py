"""The API token in the system's keyring, by the host it belongs to; the package keyring is an extra."""

import threading
from types import ModuleType
from typing import Any

from ..errors import ConfigError
from ..installation import installation

_SECONDS = 60.0
"""How long a person has to unlock the keyring."""


def available() -> bool:
    """Whether the package is installed and finds a keyring that can store something."""
    try:
        return bool(_keyring().get_keyring().priority > 0)
    except ConfigError:
        return False


def read(host: str) -> str:
    """The token kept for an API host. Raises ConfigError when there is none, or no keyring."""
    if not (found := _ask("get_password", host)):
        raise ConfigError(f"The system keyring holds no token for {host}.", "Run iru-mcp setup once more.")
    return str(found)


def store(host: str, token: str) -> None:
    """Keep the token for an API host, in place of an older one. Raises ConfigError when the keyring refuses."""
    _ask("set_password", host, token)


def forget(host: str) -> bool:
    """Delete the token of an API host; whether there was one. Raises ConfigError when the keyring refuses."""
    if _ask("get_password", host) is None:
        return False
    _ask("delete_password", host)
    return True


def _ask(method: str, *arguments: str) -> Any:
    """What a method of the keyring answers, in bounded time: it may wait for a person who is not there."""
    keyring = _keyring()
    from keyring.errors import KeyringError

    answers: list[Any] = []

    def wait() -> None:
        try:
            answers.append(getattr(keyring, method)("iru-mcp", *arguments))
        except KeyringError:
            return

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    thread.join(_SECONDS)
    if not answers:
        raise ConfigError(
            "The system keyring is locked or cannot be used here.",
            "Unlock it, or set IRU_API_TOKEN or IRU_API_TOKEN_FILE instead of IRU_API_TOKEN_KEYRING.",
        )
    return answers[0]


def _keyring() -> ModuleType:
    try:
        import keyring
    except ImportError:
        raise ConfigError(
            "The token is to come from the system keyring, but the package keyring is not installed.",
            f"Run {installation().adding('keyring')}, or set IRU_API_TOKEN instead of IRU_API_TOKEN_KEYRING.",
        ) from None
    return keyring
