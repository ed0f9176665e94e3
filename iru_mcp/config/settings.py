"""Each setting once: its names, type, default, meaning and secrecy; and how flags, environment and file are read."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from ..errors import ConfigError
from ..folding import nearest

_NOT_A_PATH = ("", "off", "stderr")
"""Values of a setting with `path` that are no path."""
_TRUE, _FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off", ""})


def _setting(  # noqa: PLR0913 - each part of a setting is said once, here
    env: str,
    text: str,
    default: Any = "",
    *,
    older: str = "",
    choices: str = "",
    least: int = 0,
    most: int = 99_999_999,
    path: bool = False,
    guards: bool = False,
) -> Any:
    """A field with its metadata. `path`: ~ is expanded and the path made absolute, as a client may start the server
    anywhere. `guards`: a mistyped name would leave something open, so it is refused and not only warned of."""
    secret = isinstance(default, SecretStr)
    meta = {"env": env, "help": text, "older": older, "secret": secret, "choices": tuple(choices.split())}
    meta |= {"least": least, "most": most, "path": path, "guards": guards}
    return field(default=default, metadata=meta, repr=not secret)


_guard = partial(_setting, guards=True)
"""A setting that security rests on: a variable that is nearly named so is refused and not only warned of."""


def _secret(env: str, text: str, *, older: str = "", guards: bool = True) -> Any:
    """The field of a secret: it has no flag, and no text of the settings shows it."""
    return _setting(env, text, SecretStr(""), older=older, guards=guards)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a run of iru-mcp was told, by environment and by flags; a flag is the field's name with dashes."""

    api_url: str = _setting("IRU_API_URL", "API URL from Access > API tokens", older="KANDJI_API_URL")
    api_token: SecretStr = _secret("IRU_API_TOKEN", "API token; never a flag", older="KANDJI_API_TOKEN")
    api_token_file: str = _guard("IRU_API_TOKEN_FILE", "file that holds the API token", path=True)
    api_token_keyring: bool = _setting(
        "IRU_API_TOKEN_KEYRING", "read the API token from the system keyring, where setup put it", False
    )
    subdomain: str = _setting("IRU_SUBDOMAIN", "instead of the URL: its first part", older="KANDJI_SUBDOMAIN")
    region: str = _setting(
        "IRU_REGION", "region that goes with the subdomain", "us", older="KANDJI_REGION", choices="us eu"
    )
    allowed_api_hosts: str = _guard("IRU_ALLOWED_API_HOSTS", "further API hosts to trust with the token, by comma")
    ca_file: str = _setting("SSL_CERT_FILE", "CA certificates to trust beside the OS trust store", path=True)
    cache_seconds: int = _setting("IRU_CACHE_SECONDS", "seconds an answer of Iru's may be given again; 0: never", 60)
    quota_floor: int = _setting(
        "IRU_QUOTA_FLOOR",
        "requests of Iru's 10,000 an hour that syncs and walks of more than 10 leave; of another limit the same share",
        500,
        most=9_999,
    )
    privacy: str = _guard(
        "IRU_PRIVACY", "pseudonyms: people, serials and addresses are renamed", "off", choices="off pseudonyms"
    )
    privacy_key: SecretStr = _secret("IRU_PRIVACY_KEY", "keeps pseudonyms the same across restarts and replicas")
    demo: bool = _setting("IRU_DEMO", "use the embedded demo tenant; no account needed", False)
    devices: int = _setting("IRU_DEMO_DEVICES", "devices of the demo tenant", 400, least=40, most=1_000_000)
    toolsets: str = _setting("IRU_TOOLSETS", "toolsets to offer beside the usual ones, by comma, or all")
    tools: str = _setting("IRU_TOOLS", "tools to offer beside the usual ones, by comma")
    exclude_tools: str = _guard("IRU_EXCLUDE_TOOLS", "tools not to offer, by comma")
    transport: str = _setting("IRU_MCP_TRANSPORT", "how clients reach the server", "stdio", choices="stdio sse http")
    host: str = _guard("IRU_MCP_HOST", "address to listen on", "127.0.0.1")
    port: int = _setting("IRU_MCP_PORT", "port to listen on; 0: a free one", 8000, most=65_535)
    mcp_token: SecretStr = _secret("IRU_MCP_TOKEN", "bearer token for HTTP clients, or several as NAME:TOKEN lines")
    mcp_token_file: str = _guard("IRU_MCP_TOKEN_FILE", "file that holds them", path=True)
    oauth_issuer: str = _guard("IRU_MCP_OAUTH_ISSUER", "accept access tokens of this OAuth 2.1 issuer")
    oauth_audience: str = _guard("IRU_MCP_OAUTH_AUDIENCE", "audience they must be for; the public URL if empty")
    oauth_jwks_url: str = _guard("IRU_MCP_OAUTH_JWKS_URL", "where the issuer publishes its keys")
    oauth_scopes: str = _guard("IRU_MCP_OAUTH_SCOPES", "scopes they must carry, by comma")
    public_url: str = _setting("IRU_MCP_PUBLIC_URL", "this server's URL as clients know it, like https://HOST/mcp")
    allowed_hosts: str = _guard("IRU_MCP_ALLOWED_HOSTS", "Host headers to accept beside loopback, by comma")
    allowed_origins: str = _guard("IRU_MCP_ALLOWED_ORIGINS", "Origin headers to accept beside loopback, by comma")
    stateless: bool = _setting("IRU_MCP_STATELESS", "no sessions and no SSE: for replicas behind a balancer", False)
    metrics: bool = _setting("IRU_MCP_METRICS", "serve Prometheus counts at /metrics", False)
    max_calls: int = _setting("IRU_MCP_MAX_CALLS", "tool calls at work at once; more wait", 32, least=1)
    max_connections: int = _setting("IRU_MCP_MAX_CONNECTIONS", "HTTP connections at once; more get 503", 512, least=1)
    audit: str = _guard("IRU_MCP_AUDIT", "one JSON line per call: off, stderr or a file", "off", path=True)
    text_only: bool = _setting("IRU_MCP_TEXT_ONLY", "answers as text alone, without structured content", False)
    views: bool = _setting("IRU_VIEWS", "offer views to clients that show them", True)
    inventory: str = _setting(
        "IRU_INVENTORY", "file of the inventory copy; one in your data folder unless set", path=True
    )
    account_name: str = _setting(
        "IRU_ACCOUNT_NAME", "what people call the account: kept at each sync, shown in the report and exports"
    )
    inventory_quota: int = _setting(
        "IRU_INVENTORY_QUOTA", "percent of an hour's requests that SQL over the fleet may take", 50, least=1, most=100
    )
    sync_every: str = _setting(
        "IRU_SYNC_EVERY", "over HTTP: how often the server syncs the inventory copy by itself, like 1h"
    )
    alert_rules: str = _setting("IRU_ALERT_RULES", "TOML file of further inventory rules", path=True)
    alert_webhook: SecretStr = _secret(
        "IRU_ALERT_WEBHOOK", "https address that alerts go to; never a flag", guards=False
    )
    alert_secret: SecretStr = _secret("IRU_ALERT_SECRET", "secret that alerts are signed with; never a flag")
    alert_digest: bool = _setting("IRU_ALERT_DIGEST", "one request to the webhook a sync, with all its alerts", False)
    log_level: str = _setting("IRU_MCP_LOG_LEVEL", "what goes to stderr", "warning", choices="debug info warning error")


FIELDS = {item.name: item for item in fields(Settings)}
"""The settings by name, with their metadata."""

_VARIABLES = {item.metadata["env"]: name for name, item in FIELDS.items()}


def read(flags: Mapping[str, Any], environment: Mapping[str, str] | None = None, env_file: str = "") -> Settings:
    """The settings in force: flags over environment over `env_file`. Raises ConfigError naming what is valid."""
    known = dict(os.environ if environment is None else environment)
    for name, value in (_env_file(env_file) if env_file else {}).items():
        known.setdefault(name, value)
    _refuse_mistyped(known, flags)
    values: dict[str, Any] = {}
    for name, item in FIELDS.items():
        raw = flags.get(name)
        if raw is None:
            raw = known.get(item.metadata["env"]) or known.get(item.metadata["older"] or "-")
        if raw is not None:
            values[name] = typed(name, raw)
    return Settings(**values)


def unknown(environment: Mapping[str, str] | None = None) -> list[str]:
    """A warning for each IRU_ variable of the environment that is no setting."""
    return [
        f"{name} is no setting of iru-mcp and is ignored{f'; did you mean {near}?' if near else '.'}"
        for name, near in _strangers(os.environ if environment is None else environment)
    ]


def _strangers(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The IRU_ variables that are no setting, each with the setting whose name is nearest, empty when none is near."""
    for name, value in environment.items():
        if value and name.upper().startswith("IRU_") and name not in _VARIABLES:
            yield name, next(iter(nearest(name, _VARIABLES, 1, 0.7)), "")


def _refuse_mistyped(environment: Mapping[str, str], flags: Mapping[str, Any]) -> None:
    """Raises ConfigError where a setting that guards something seems to be mistyped: ignored, it would leave it open.

    Where the setting itself is given too, the other name is another program's.
    """
    for name, near in _strangers(environment):
        meant = _VARIABLES.get(near)
        if meant and FIELDS[meant].metadata["guards"] and not environment.get(near) and flags.get(meant) is None:
            raise ConfigError(
                f"There is no setting {name}.", f"Did you mean {near}? Without it the server is less safe."
            )


def _env_file(path: str) -> dict[str, str]:
    try:
        text = Path(_expanded(path)).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"The file {path} cannot be read.", "Name a file of NAME=value lines.") from None
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, mark, value = line.strip().removeprefix("export ").partition("=")
        if mark and not name.startswith("#"):
            found[name.strip()] = value.strip().strip("'\"")
    return found


def typed(name: str, raw: Any) -> Any:
    """The value of a setting, from the text of a flag, a variable or a file. Raises ConfigError naming what is
    valid."""
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
    if item.metadata["path"] and text not in _NOT_A_PATH:
        return _expanded(text)
    return text.casefold() if choices else text


def _expanded(path: str) -> str:
    """An absolute path. ~ is expanded here, as no shell does it for a JSON file or a container's."""
    try:
        return str(Path(path).expanduser().absolute())
    except RuntimeError:
        raise ConfigError(f"There is no home folder for {path[:80]!r}.", "Write the whole path.") from None


def _flag(where: str, text: str) -> bool:
    if text.casefold() in _TRUE | _FALSE:
        return text.casefold() in _TRUE
    raise ConfigError(f"{where} is neither on nor off.", "Valid: 1, 0, true, false.")


def _number(where: str, text: str, least: int, most: int) -> int:
    if text.isascii() and text.isdigit() and len(text) < 9 and least <= int(text) <= most:
        return int(text)
    raise ConfigError(f"{where} is not a whole number from {least} to {most}.", "Give digits only.")


def names(text: str) -> tuple[str, ...]:
    """The parts of a setting that takes several, by comma."""
    return tuple(name.strip() for name in text.split(",") if name.strip())
