"""What is made of the settings: the tenant, the tokens of it and of this server, and the client."""

import contextlib
import os
import sys
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from ..api.client import Filling, IruClient, Observe, unobserved
from ..api.transport.rate_limit import Limits
from ..errors import ConfigError
from ..output.logs import hide
from ..output.privacy import Privacy
from .settings import Settings, names
from .tenant import Tenant, from_subdomain, from_url

_FOLDERS = {"darwin": "Library/Application Support", "win32": "AppData/Local"}
"""In the user's home, by platform; elsewhere .local/share."""


def tenant(settings: Settings) -> Tenant:
    """The tenant that the settings name. Raises ConfigError saying which setting, why, and the right form."""
    if settings.api_url:
        return from_url(settings.api_url, names(settings.allowed_api_hosts))
    if settings.subdomain:
        return from_subdomain(settings.subdomain, settings.region)
    raise ConfigError(
        "iru-mcp is not connected to Iru: IRU_API_URL is not set.",
        "Set IRU_API_URL (from Access > API tokens) and IRU_API_TOKEN in the server's environment, or IRU_DEMO=1.",
    )


def token(settings: Settings) -> SecretStr:
    """The API token, from its file or the keyring if told so. Raises ConfigError when there is none, or a wrong one."""
    text = _held(settings.api_token, settings.api_token_file, "IRU_API_TOKEN")
    if not text and settings.api_token_keyring:
        from .keychain import read as read_keyring

        text = read_keyring(tenant(settings).base_url)
        hide(text)
    if any(mark in text for mark in "\"'`") or not text.isascii() or any(ord(ch) < 33 or ord(ch) == 127 for ch in text):
        raise ConfigError("IRU_API_TOKEN has spaces, quotes or odd characters.", "Paste the token alone.")
    if not text:
        raise ConfigError(
            "IRU_API_TOKEN is not set: iru-mcp is not connected to Iru.",
            "Create one in Iru under Access > API tokens and set IRU_API_TOKEN, or IRU_API_TOKEN_FILE; "
            "or try IRU_DEMO=1.",
        )
    return SecretStr(text)


def mcp_token(settings: Settings) -> SecretStr | None:
    """What IRU_MCP_TOKEN or its file holds, None when neither is set. Raises ConfigError."""
    text = _held(settings.mcp_token, settings.mcp_token_file, "IRU_MCP_TOKEN")
    return SecretStr(text) if text else None


def exposed(settings: Settings) -> list[str]:
    """A warning for each file of secrets that others on this machine may read; none where modes do not say that."""
    files = {"IRU_API_TOKEN_FILE": settings.api_token_file, "IRU_MCP_TOKEN_FILE": settings.mcp_token_file}
    found: list[str] = []
    for name, path in files.items() if os.name == "posix" else ():
        with contextlib.suppress(OSError):
            if path and Path(path).stat().st_mode & 0o077:
                found.append(f"the file in {name} can be read by others on this machine; chmod 600 it")
    return found


def _held(value: SecretStr, path: str, where: str) -> str:
    """The text of a secret, from the variable or its file. Raises ConfigError."""
    text = value.get_secret_value()
    if not text and path:
        try:
            text = Path(path).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise ConfigError(f"The file in {where}_FILE cannot be read.", "Check its path and permissions.") from None
    if "${" in text:
        raise ConfigError(
            f"{where} holds a literal ${{...}}: the client did not fill in its variable.",
            "Set that variable where the client starts, or write the token itself.",
        )
    for part in text.split():
        hide(part.rpartition(":")[2])
    return text


def account(settings: Settings) -> str:
    """The account whose copy an inventory file holds, named by the API's host. Raises ConfigError."""
    return "demo" if settings.demo else urlsplit(tenant(settings).base_url).netloc


def default_file(host: str) -> Path:
    """Where the inventory copy of a tenant is unless a file is named, by the API's host (perhaps with a port): in the
    user's data folder."""
    return Path.home() / _FOLDERS.get(sys.platform, ".local/share") / "iru-mcp" / f"{host.replace(':', '-')}.sqlite3"


def open_client(
    settings: Settings, observe: Observe = unobserved, *, demo_since: datetime | None = None, demo_begun: bool = True
) -> IruClient:
    """A client for the tenant, or for the demo tenant, whose requests `observe` sees. Raises ConfigError; sends
    nothing. The demo tenant's present is `demo_since` if given; without `demo_begun` its story is still to come."""
    limits = Limits(cache_seconds=settings.cache_seconds, quota_floor=settings.quota_floor)
    shown = pseudonyms(settings)
    if settings.demo:
        from ..demo import HOST, TOKEN, transport  # a server on a real tenant never pays for it

        demo = transport(devices=settings.devices, now=demo_since, begun=demo_begun)
        client = IruClient(HOST, lambda: TOKEN, transport=demo, limits=limits, observe=observe, privacy=shown)
    else:
        base_url = tenant(settings).base_url
        secret = token(settings).get_secret_value
        client = IruClient(base_url, secret, limits=limits, ca_file=settings.ca_file, observe=observe, privacy=shown)
    client.inventory = settings.inventory or str(default_file(account(settings)))
    client.filling = Filling(
        account(settings),
        settings.inventory_quota / 100,
        keep=bool(settings.inventory or settings.sync_every),
        account_name=settings.account_name,
    )
    return client


def pseudonyms(settings: Settings) -> Privacy | None:
    """The pseudonyms of privacy mode, None where it is off."""
    if settings.privacy == "off":
        return None
    key = settings.privacy_key.get_secret_value()
    if key and len(key) < 16:
        raise ConfigError("IRU_PRIVACY_KEY is too short to hide anything.", "Give 16 characters or more, by chance.")
    hide(key)
    return Privacy(key)
