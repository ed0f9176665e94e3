"""The API token in the system's keyring, by the host it belongs to; the package keyring is an extra."""

from __future__ import annotations

from types import ModuleType

from .errors import ConfigError

_SERVICE = "iru-mcp"


def available() -> bool:
    """Whether the package is installed and finds a keyring that keeps what it is given."""
    try:
        return bool(_keyring().get_keyring().priority > 0)
    except ConfigError:
        return False


def read(host: str) -> str:
    """The token kept for an API host. Raises ConfigError when there is none, or no keyring."""
    keyring = _keyring()
    try:
        found = keyring.get_password(_SERVICE, host)
    except keyring.errors.KeyringError:
        raise _unusable() from None
    if not found:
        raise ConfigError(f"The system keyring holds no token for {host}.", "Run iru-mcp setup once more.")
    return str(found)


def store(host: str, token: str) -> None:
    """Keep the token for an API host, in place of an older one. Raises ConfigError when the keyring refuses."""
    keyring = _keyring()
    try:
        keyring.set_password(_SERVICE, host, token)
    except keyring.errors.KeyringError:
        raise _unusable() from None


def forget(host: str) -> bool:
    """Delete the token of an API host; whether there was one. Raises ConfigError when the keyring refuses."""
    keyring = _keyring()
    try:
        keyring.delete_password(_SERVICE, host)
    except keyring.errors.PasswordDeleteError:
        return False
    except keyring.errors.KeyringError:
        raise _unusable() from None
    return True


def _keyring() -> ModuleType:
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise ConfigError(
            "The token is to come from the system keyring, but the package keyring is not installed.",
            "Install iru-mcp[keyring], or set IRU_API_TOKEN instead of IRU_API_TOKEN_KEYRING.",
        ) from None
    return keyring


def _unusable() -> ConfigError:
    return ConfigError(
        "The system keyring is locked or cannot be used here.",
        "Unlock it, or set IRU_API_TOKEN or IRU_API_TOKEN_FILE instead of IRU_API_TOKEN_KEYRING.",
    )
