"""Each setting once: its names, type, default, meaning and secrecy, and how a client is made of them."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from ..api.client import IruClient, Observe
from ..api.transport.rate_limit import Limits
from ..errors import ConfigError
from ..inventory.location import default_file
from ..output.logs import hide
from ..output.privacy import Privacy
from .tenant import Tenant, from_subdomain, from_url

_TRUE, _FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off", ""})


def _setting(  # noqa: PLR0913 - each part of a setting is said once, here
    default: Any,
    env: str,
    text: str,
    *,
    older: str = "",
    secret: bool = False,
    choices: str = "",
    least: int = 0,
    most: int = 99_999_999,
) -> Any:
    meta = {"env": env, "help": text, "older": older, "secret": secret, "choices": tuple(choices.split())}
    meta |= {"least": least, "most": most}
    return field(default=default, metadata=meta, repr=not secret)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a run of iru-mcp was told, by environment and by flags; a flag is the field's name with dashes."""

    api_url: str = _setting("", "IRU_API_URL", "API URL from Access > API tokens", older="KANDJI_API_URL")
    api_token: SecretStr = _setting(
        SecretStr(""), "IRU_API_TOKEN", "API token; never a flag", older="KANDJI_API_TOKEN", secret=True
    )
    api_token_file: str = _setting("", "IRU_API_TOKEN_FILE", "file that holds the API token")
    api_token_keyring: bool = _setting(
        False, "IRU_API_TOKEN_KEYRING", "read the API token from the system keyring, where setup put it"
    )
    subdomain: str = _setting("", "IRU_SUBDOMAIN", "instead of the URL: its first part", older="KANDJI_SUBDOMAIN")
    region: str = _setting(
        "us", "IRU_REGION", "region that goes with the subdomain", older="KANDJI_REGION", choices="us eu"
    )
    allowed_api_hosts: str = _setting(
        "", "IRU_ALLOWED_API_HOSTS", "further API hosts to trust with the token, by comma"
    )
    ca_file: str = _setting("", "SSL_CERT_FILE", "CA certificates to trust beside the OS trust store")
    cache_seconds: int = _setting(60, "IRU_CACHE_SECONDS", "seconds an answer of Iru's may be given again; 0: never")
    quota_floor: int = _setting(
        500, "IRU_QUOTA_FLOOR", "requests left this hour below which no walk of more than 10 is begun"
    )
    privacy: str = _setting(
        "off", "IRU_PRIVACY", "pseudonyms: people, serials and addresses are renamed", choices="off pseudonyms"
    )
    privacy_key: SecretStr = _setting(
        SecretStr(""), "IRU_PRIVACY_KEY", "keeps pseudonyms the same across restarts and replicas", secret=True
    )
    demo: bool = _setting(False, "IRU_DEMO", "use the embedded demo tenant; no account needed")
    devices: int = _setting(400, "IRU_DEMO_DEVICES", "devices of the demo tenant", least=40, most=1_000_000)
    toolsets: str = _setting("", "IRU_TOOLSETS", "toolsets to offer beside the usual ones, by comma, or all")
    tools: str = _setting("", "IRU_TOOLS", "tools to offer beside the usual ones, by comma")
    exclude_tools: str = _setting("", "IRU_EXCLUDE_TOOLS", "tools not to offer, by comma")
    transport: str = _setting("stdio", "IRU_MCP_TRANSPORT", "how clients reach the server", choices="stdio sse http")
    host: str = _setting("127.0.0.1", "IRU_MCP_HOST", "address to listen on")
    port: int = _setting(8000, "IRU_MCP_PORT", "port to listen on; 0: a free one", most=65_535)
    mcp_token: SecretStr = _setting(
        SecretStr(""), "IRU_MCP_TOKEN", "bearer token for HTTP clients, or several as NAME:TOKEN lines", secret=True
    )
    mcp_token_file: str = _setting("", "IRU_MCP_TOKEN_FILE", "file that holds them")
    oauth_issuer: str = _setting("", "IRU_MCP_OAUTH_ISSUER", "accept access tokens of this OAuth 2.1 issuer")
    oauth_audience: str = _setting("", "IRU_MCP_OAUTH_AUDIENCE", "audience they must be for; the public URL if empty")
    oauth_jwks_url: str = _setting("", "IRU_MCP_OAUTH_JWKS_URL", "where the issuer publishes its keys")
    oauth_scopes: str = _setting("", "IRU_MCP_OAUTH_SCOPES", "scopes they must carry, by comma")
    public_url: str = _setting("", "IRU_MCP_PUBLIC_URL", "this server's URL as clients know it, like https://HOST/mcp")
    allowed_hosts: str = _setting("", "IRU_MCP_ALLOWED_HOSTS", "Host headers to accept beside loopback, by comma")
    allowed_origins: str = _setting("", "IRU_MCP_ALLOWED_ORIGINS", "Origin headers to accept beside loopback, by comma")
    stateless: bool = _setting(False, "IRU_MCP_STATELESS", "no sessions and no SSE: for replicas behind a balancer")
    metrics: bool = _setting(False, "IRU_MCP_METRICS", "serve Prometheus counts at /metrics")
    max_calls: int = _setting(32, "IRU_MCP_MAX_CALLS", "tool calls at work at once; more wait", least=1)
    max_connections: int = _setting(512, "IRU_MCP_MAX_CONNECTIONS", "HTTP connections at once; more get 503", least=1)
    audit: str = _setting("off", "IRU_MCP_AUDIT", "one JSON line per call: off, stderr or a file")
    text_only: bool = _setting(False, "IRU_MCP_TEXT_ONLY", "answers as text alone, without structured content")
    inventory: str = _setting("", "IRU_INVENTORY", "file of the inventory copy; one in your data folder unless set")
    alert_rules: str = _setting("", "IRU_ALERT_RULES", "TOML file of further inventory rules")
    alert_webhook: SecretStr = _setting(
        SecretStr(""), "IRU_ALERT_WEBHOOK", "https address that alerts go to; never a flag", secret=True
    )
    alert_secret: SecretStr = _setting(
        SecretStr(""), "IRU_ALERT_SECRET", "secret that alerts are signed with; never a flag", secret=True
    )
    log_level: str = _setting("warning", "IRU_MCP_LOG_LEVEL", "what goes to stderr", choices="debug info warning error")


FIELDS = {item.name: item for item in fields(Settings)}
"""The settings by name, with their metadata."""


def read(flags: Mapping[str, Any], environment: Mapping[str, str] | None = None, env_file: str = "") -> Settings:
    """The settings in force: flags over environment over `env_file`. Raises ConfigError naming what is valid."""
    known = dict(os.environ if environment is None else environment)
    for name, value in (_env_file(env_file) if env_file else {}).items():
        known.setdefault(name, value)
    _refuse_unknown(known)
    values: dict[str, Any] = {}
    for name, item in FIELDS.items():
        raw = flags.get(name)
        if raw is None:
            raw = known.get(item.metadata["env"]) or known.get(item.metadata["older"] or "-")
        if raw is not None:
            values[name] = _typed(name, raw)
    return Settings(**values)


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    valid = {item.metadata["env"] for item in FIELDS.values()}
    for name in environment:
        if name.startswith("IRU_") and name not in valid:
            near = difflib.get_close_matches(name, valid, 1, 0.7)
            hint = f"did you mean {near[0]}?" if near else f"valid: {', '.join(sorted(valid))}."
            raise ConfigError(f"There is no setting {name}.", hint)


def _env_file(path: str) -> dict[str, str]:
    try:
        text = Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"The file {path} cannot be read.", "Name a file of NAME=value lines.") from None
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, mark, value = line.strip().removeprefix("export ").partition("=")
        if mark and not name.startswith("#"):
            found[name.strip()] = value.strip().strip("'\"")
    return found


def _typed(name: str, raw: Any) -> Any:
    item = FIELDS[name]
    where = item.metadata["env"]
    text = str(raw).strip()
    choices = item.metadata["choices"]
    if choices and text.casefold() not in choices:
        raise ConfigError(f"{where} is not one of its values.", f"Valid: {', '.join(choices)}.")
    if isinstance(item.default, SecretStr):
        return SecretStr(text)
    if isinstance(item.default, bool):
        return _flag(where, text)
    if isinstance(item.default, int):
        return _number(where, text, item.metadata["least"], item.metadata["most"])
    return text.casefold() if choices else text


def _flag(where: str, text: str) -> bool:
    if text.casefold() in _TRUE | _FALSE:
        return text.casefold() in _TRUE
    raise ConfigError(f"{where} is neither on nor off.", "Valid: 1, 0, true, false.")


def _number(where: str, text: str, least: int, most: int) -> int:
    if text.isascii() and text.isdigit() and len(text) < 9 and least <= int(text) <= most:
        return int(text)
    raise ConfigError(f"{where} is not a whole number from {least} to {most}.", "Give digits only.")


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
    """The API token, from its file or the keyring if told so. Raises ConfigError when there is none or it is none."""
    text = _held(settings.api_token, settings.api_token_file, "IRU_API_TOKEN")
    if not text and settings.api_token_keyring:
        from .keychain import read as read_keyring

        text = read_keyring(tenant(settings).base_url)
    if any(mark in text for mark in "\"'`") or not text.isascii() or any(ord(ch) < 33 or ord(ch) == 127 for ch in text):
        raise ConfigError("IRU_API_TOKEN has spaces, quotes or odd characters.", "Paste the token alone.")
    return SecretStr(text) if text else _missing_token()


def mcp_token(settings: Settings) -> SecretStr | None:
    """What IRU_MCP_TOKEN or its file holds, None when neither is set. Raises ConfigError."""
    text = _held(settings.mcp_token, settings.mcp_token_file, "IRU_MCP_TOKEN")
    return SecretStr(text) if text else None


def exposed(settings: Settings) -> list[str]:
    """A warning for each file of secrets that others on this machine may read."""
    found = []
    for name, path in (
        ("IRU_API_TOKEN_FILE", settings.api_token_file),
        ("IRU_MCP_TOKEN_FILE", settings.mcp_token_file),
    ):
        try:
            mode = Path(path).stat().st_mode if path else 0
        except OSError:
            continue
        if mode & 0o077:
            found.append(f"the file in {name} can be read by others on this machine; chmod 600 it")
    return found


def _missing_token() -> SecretStr:
    raise ConfigError(
        "IRU_API_TOKEN is not set: iru-mcp is not connected to Iru.",
        "Create one in Iru under Access > API tokens and set IRU_API_TOKEN, or IRU_API_TOKEN_FILE; or try IRU_DEMO=1.",
    )


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


def names(text: str) -> tuple[str, ...]:
    """The parts of a setting that takes several, by comma."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def account(settings: Settings) -> str:
    """Whose copy an inventory file holds: the API's host. Raises ConfigError."""
    return "demo" if settings.demo else urlsplit(tenant(settings).base_url).netloc


def open_client(
    settings: Settings, observe: Observe | None = None, *, demo_since: datetime | None = None, demo_begun: bool = True
) -> IruClient:
    """A client for the tenant, or for the demo tenant, whose requests `observe` sees. Raises ConfigError; sends
    nothing. The demo tenant's present is `demo_since` if given; without `demo_begun` its story is still to come."""
    limits = Limits(cache_seconds=settings.cache_seconds, quota_floor=settings.quota_floor)
    shown = _privacy(settings)
    if settings.demo:
        from ..demo import HOST, TOKEN, transport  # a server on a real tenant never pays for it

        demo = transport(devices=settings.devices, now=demo_since, begun=demo_begun)
        client = IruClient(HOST, lambda: TOKEN, transport=demo, limits=limits, observe=observe, privacy=shown)
    else:
        base_url = tenant(settings).base_url
        secret = token(settings).get_secret_value
        client = IruClient(base_url, secret, limits=limits, ca_file=settings.ca_file, observe=observe, privacy=shown)
    client.inventory = settings.inventory or str(default_file(account(settings)))
    return client


def _privacy(settings: Settings) -> Privacy | None:
    if settings.privacy == "off":
        return None
    key = settings.privacy_key.get_secret_value()
    if key and len(key) < 16:
        raise ConfigError("IRU_PRIVACY_KEY is too short to hide anything.", "Give 16 characters or more, by chance.")
    hide(key)
    return Privacy(key)
