"""The verb setup: which clients, with which account, checked before anything is written."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import getpass
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from pydantic import SecretStr

from ..config import keychain
from ..config.account import open_client, tenant, token
from ..config.settings import Settings
from ..errors import ConfigError, UsageError
from ..installation import installation
from ..mcp_clients.entry import holds_secret, variables, without_secrets
from ..mcp_clients.file import ConfigFile
from ..mcp_clients.known import CLIENTS, Client, Machine
from ..tools.kit.catalogue import Tool
from .check import Report, check
from .tools import offered


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says: `clients` by name (none: those installed), and what to do with them."""

    clients: tuple[str, ...] = ()
    name: str = "iru"
    show: bool = False
    remove: bool = False
    token_in_file: bool = False


@dataclass(frozen=True, slots=True)
class Terminal:
    """Whoever sits at the terminal: asked in the open, asked with hidden input. None stands for nobody."""

    ask: Callable[[str], str]
    ask_hidden: Callable[[str], str]


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Connect, show or disconnect clients, and print what was done. Raises an IruError, with nothing written."""
    terminal = Terminal(input, getpass.getpass) if sys.stdin is not None and sys.stdin.isatty() else None
    asked = Asked(tuple(options.clients), options.name, options.show, options.remove, options.token_in_file)
    try:
        print(setup(asked, settings, offered(settings), os.environ, terminal))
    except (KeyboardInterrupt, EOFError):
        print("\niru-mcp: nothing was written.", file=sys.stderr)
        return 1
    return 0


@dataclass(frozen=True, slots=True)
class _Account:
    """What an entry is made of."""

    settings: Settings
    tools: Mapping[str, Tool]
    environment: Mapping[str, str]
    token_in_file: bool

    @property
    def keyring(self) -> bool:
        """Whether the token goes to the system keyring."""
        elsewhere = self.settings.demo or self.settings.api_token_file or self.token_in_file
        return not elsewhere and keychain.available()

    def entry(self, client: Client) -> dict[str, Any]:
        return _entry(client, self.settings, self.environment, keyring=self.keyring)

    async def check(self) -> Report:
        """What the account can do. Raises ConfigError when that is nothing: then nothing is worth writing."""
        where = "the demo tenant" if self.settings.demo else tenant(self.settings).base_url
        client = open_client(self.settings)
        try:
            report = await check(client, self.tools, Report(tenant=where))
        finally:
            await client.aclose()
        if report.problem or not report.works:
            lacks = next(iter(report.tools.values()), "")
            raise ConfigError(report.problem or f"This token can answer nothing: {lacks}.", "Nothing was written.")
        return report


def _entry(client: Client, settings: Settings, environment: Mapping[str, str], *, keyring: bool) -> dict[str, Any]:
    command = installation().command(shutil.which, "keyring" if keyring else "")
    return client.entry(command, variables(settings, environment, keyring=keyring))


def setup(
    asked: Asked,
    settings: Settings,
    tools: Mapping[str, Tool],
    environment: Mapping[str, str],
    terminal: Terminal | None,
) -> str:
    """Connect, show or disconnect; what was done, for whoever asked. Raises an IruError, with nothing written."""
    machine = Machine(sys.platform, str(Path.home()), environment)
    everywhere = {name: ConfigFile(client, Path(client.path(machine)), asked.name) for name, client in CLIENTS.items()}
    if asked.remove:
        return _removed(_named(asked, everywhere) or [file for file in everywhere.values() if _has(file)], everywhere)
    files = _named(asked, everywhere) or _installed(machine, everywhere)
    if asked.show:
        return _shown(files, settings, environment)
    account = settings if settings.demo else _completed(settings, terminal)
    if not asked.clients and terminal:
        _confirm(files, terminal)
    return _connected(files, _Account(account, tools, environment, asked.token_in_file))


def _named(asked: Asked, everywhere: Mapping[str, ConfigFile]) -> list[ConfigFile]:
    unknown = [name for name in asked.clients if name not in everywhere]
    if unknown:
        raise UsageError(f"setup knows no client '{unknown[0][:40]}'.", f"Valid: {', '.join(everywhere)}.")
    return [everywhere[name] for name in dict.fromkeys(asked.clients)]


def _installed(machine: Machine, everywhere: Mapping[str, ConfigFile]) -> list[ConfigFile]:
    found = [file for file in everywhere.values() if any(Path(trace).exists() for trace in file.client.traces(machine))]
    if not found:
        raise UsageError("No MCP client was found on this machine.", f"Name one: {', '.join(everywhere)}.")
    return found


def _has(file: ConfigFile) -> dict[str, Any]:
    """Our entry, empty when there is none or the file cannot be read."""
    with contextlib.suppress(ConfigError):
        return file.entry() or {}
    return {}


def _completed(settings: Settings, terminal: Terminal | None) -> Settings:
    """The settings with what is missing asked for."""
    if terminal and not settings.api_url and not settings.subdomain:
        url = terminal.ask("API URL (Iru > Access > API tokens): ").strip()
        settings = dataclasses.replace(settings, api_url=url)
    tenant(settings)
    kept = settings.api_token.get_secret_value() or settings.api_token_file or settings.api_token_keyring
    if terminal and not kept:
        text = terminal.ask_hidden("API token (not shown): ").strip()
        settings = dataclasses.replace(settings, api_token=SecretStr(text))
    token(settings)
    return settings


def _confirm(files: list[ConfigFile], terminal: Terminal) -> None:
    names = ", ".join(file.client.title for file in files)
    if terminal.ask(f"Connect {names}? [Y/n] ").strip().casefold() not in ("", "y", "yes"):
        raise UsageError("Nothing was written.", f"Name the clients you want: {', '.join(CLIENTS)}.")


def _connected(files: list[ConfigFile], account: _Account) -> str:
    settings, keyring = account.settings, account.keyring
    entries = [account.entry(file.client) for file in files]
    for file, entry in zip(files, entries, strict=True):
        file.check(entry)
    report = anyio.run(account.check)
    if keyring:
        keychain.store(tenant(settings).base_url, token(settings).get_secret_value())
    for file, entry in zip(files, entries, strict=True):
        file.connect(entry, secret=holds_secret(entry.get("env", {})))
    return "\n".join([_verdict(report), *map(_line, files), *_token_line(settings, keyring=keyring)])


def _verdict(report: Report) -> str:
    total = len(report.tools)
    rest = "" if report.works == total else "; iru-mcp check says what the token lacks for the others"
    return f"{report.tenant}: {report.works} of {total} tools work{rest}."


def _line(file: ConfigFile) -> str:
    kept = f" (as it was: {file.backup.name})" if file.backup.exists() else ""
    return f"{file.client.title} is connected: {file.path}{kept}. {file.client.then}"


def _token_line(settings: Settings, *, keyring: bool) -> list[str]:
    if settings.demo or settings.api_token_file:
        return []
    if keyring:
        return ["The token is in the system keyring, not in a file."]
    how = f"To keep it in the system keyring instead: {installation().adding('keyring')}, then setup again."
    return [f"The token is in the file, which only you may read. {how}"]


def _removed(files: list[ConfigFile], everywhere: Mapping[str, ConfigFile]) -> str:
    lines, hosts = [], set()
    for file in files:
        entry = file.entry() or {}
        if file.disconnect():
            lines.append(f"{file.client.title} is disconnected: {file.path}.")
            hosts.add(_keyring_host(entry))
    # A token that another client's entry still reads stays.
    hosts -= {_keyring_host(_has(file)) for file in everywhere.values()} | {""}
    lines += [_forgotten(host) for host in sorted(hosts)]
    return "\n".join(lines) or "Nothing was connected."


def _forgotten(host: str) -> str:
    try:
        gone = keychain.forget(host)
    except ConfigError as error:
        return f"The token for {host} may still be in the system keyring. {error.fact}"
    return f"The token for {host} {'is deleted from' if gone else 'was not in'} the system keyring."


def _keyring_host(entry: dict[str, Any]) -> str:
    given = entry.get("env", {})
    return str(given.get("IRU_API_URL", "")) if "IRU_API_TOKEN_KEYRING" in given else ""


def _shown(files: list[ConfigFile], settings: Settings, environment: Mapping[str, str]) -> str:
    """What to paste where; the token is never shown."""
    url = settings.api_url or (tenant(settings).base_url if settings.subdomain else "https://subdomain.api.kandji.io")
    shown = SecretStr("" if settings.api_token_file else "YOUR-TOKEN")
    known = dataclasses.replace(settings, api_url=url, api_token=shown)
    blocks = []
    for file in files:
        entry = _entry(file.client, known, without_secrets(environment), keyring=settings.api_token_keyring)
        blocks.append(f"{file.client.title}, {file.path}:\n\n{file.shown(entry)}")
    return "\n".join(blocks)
