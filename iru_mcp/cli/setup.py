"""The verb setup: which clients, with which account, checked before anything is written."""

import argparse
import contextlib
import dataclasses
import getpass
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from contextlib import aclosing
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


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Connect, show or disconnect clients, and print what was done. Raises an IruError, with nothing written."""
    try:
        print(_done(options, settings, offered(settings)))
    except (KeyboardInterrupt, EOFError):
        print("\niru-mcp: nothing was written.", file=sys.stderr)
        return 1
    return 0


def _done(options: argparse.Namespace, settings: Settings, tools: Mapping[str, Tool]) -> str:
    """Do what the options say. Returns what was done, in words."""
    machine = Machine(sys.platform, str(Path.home()), os.environ)
    everywhere = {name: ConfigFile(one, Path(one.path(machine)), options.name) for name, one in CLIENTS.items()}
    named = _named(options.clients, everywhere)
    if options.remove:
        return _removed(named or [file for file in everywhere.values() if _has(file)], everywhere)
    files = named or _installed(machine, everywhere)
    if options.show:
        return _shown(files, settings)
    somebody = sys.stdin is not None and sys.stdin.isatty()  # who can be asked
    account = settings if settings.demo else _completed(settings, somebody=somebody)
    if somebody and not named:
        _confirm(files)
    return _connected(files, account, tools, token_in_file=options.token_in_file)


def _named(clients: Iterable[str], everywhere: Mapping[str, ConfigFile]) -> list[ConfigFile]:
    if unknown := [name for name in clients if name not in everywhere]:
        raise UsageError(f"setup knows no client '{unknown[0][:40]}'.", f"Valid: {', '.join(everywhere)}.")
    return [everywhere[name] for name in dict.fromkeys(clients)]


def _installed(machine: Machine, everywhere: Mapping[str, ConfigFile]) -> list[ConfigFile]:
    found = [file for file in everywhere.values() if any(Path(trace).exists() for trace in file.client.traces(machine))]
    if not found:
        raise UsageError("No MCP client was found on this machine.", f"Name one: {', '.join(everywhere)}.")
    return found


def _has(file: ConfigFile) -> dict[str, Any]:
    """Our entry; empty when there is none, or the file cannot be read."""
    with contextlib.suppress(ConfigError):
        return file.entry() or {}
    return {}


def _completed(settings: Settings, *, somebody: bool) -> Settings:
    """The settings, with what is missing asked for on a terminal."""
    if somebody and not settings.api_url and not settings.subdomain:
        settings = dataclasses.replace(settings, api_url=input("API URL (Iru > Access > API tokens): ").strip())
    tenant(settings)
    kept = settings.api_token.get_secret_value() or settings.api_token_file or settings.api_token_keyring
    if somebody and not kept:
        text = SecretStr(getpass.getpass("API token (not shown): ").strip())
        settings = dataclasses.replace(settings, api_token=text)
    token(settings)
    return settings


def _confirm(files: list[ConfigFile]) -> None:
    names = ", ".join(file.client.title for file in files)
    if input(f"Connect {names}? [Y/n] ").strip().casefold() not in ("", "y", "yes"):
        raise UsageError("Nothing was written.", f"Name the clients you want: {', '.join(CLIENTS)}.")


def _connected(files: list[ConfigFile], settings: Settings, tools: Mapping[str, Tool], *, token_in_file: bool) -> str:
    """Write the entries, once it is known that each file can be written and that the account can do something."""
    keyring = not (settings.demo or settings.api_token_file or token_in_file) and keychain.available()
    entries = [_entry(file.client, settings, os.environ, keyring=keyring) for file in files]
    for file, entry in zip(files, entries, strict=True):
        file.check(entry)
    report = anyio.run(_checked, settings, tools)
    rest = "" if report.works == len(report.tools) else "; iru-mcp check says what the token lacks for the others"
    lines = [f"{report.tenant}: {report.works} of {len(report.tools)} tools work{rest}."]
    if keyring:
        keychain.store(tenant(settings).base_url, token(settings).get_secret_value())
    for file, entry in zip(files, entries, strict=True):
        file.connect(entry, secret=holds_secret(entry.get("env", {})))
    for file in files:
        kept = f" (as it was: {file.backup.name})" if file.backup.exists() else ""
        lines.append(f"{file.client.title} is connected: {file.path}{kept}. {file.client.then}")
    return "\n".join([*lines, *_token_line(settings, keyring=keyring)])


def _entry(client: Client, settings: Settings, environment: Mapping[str, str], *, keyring: bool) -> dict[str, Any]:
    command = installation().command(shutil.which, "keyring" if keyring else "")
    return client.entry(command, variables(settings, environment, keyring=keyring))


async def _checked(settings: Settings, tools: Mapping[str, Tool]) -> Report:
    """Check what the account can do. Raises ConfigError when it can do nothing: then no entry is written."""
    where = "the demo tenant" if settings.demo else tenant(settings).base_url
    async with aclosing(open_client(settings)) as client:
        report = await check(client, tools, Report(tenant=where))
    if report.problem or not report.works:
        lacks = next(iter(report.tools.values()), "")
        raise ConfigError(report.problem or f"This token can answer nothing: {lacks}.", "Nothing was written.")
    return report


def _token_line(settings: Settings, *, keyring: bool) -> list[str]:
    if settings.demo or settings.api_token_file:
        return []
    if keyring:
        return ["The token is in the system keyring, not in a file."]
    how = f"To keep it in the system keyring instead: {installation().adding('keyring')}, then setup again."
    return [f"The token is in the file, which only you may read. {how}"]


def _removed(files: list[ConfigFile], everywhere: Mapping[str, ConfigFile]) -> str:
    """Remove the entries, and from the keyring the tokens that only they use."""
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


def _shown(files: list[ConfigFile], settings: Settings) -> str:
    """What to paste where; the token is never shown."""
    url = settings.api_url or (tenant(settings).base_url if settings.subdomain else "https://subdomain.api.kandji.io")
    shown = SecretStr("" if settings.api_token_file else "YOUR-TOKEN")
    known = dataclasses.replace(settings, api_url=url, api_token=shown)
    public = without_secrets(os.environ)
    entries = [(file, _entry(file.client, known, public, keyring=settings.api_token_keyring)) for file in files]
    return "\n".join(f"{file.client.title}, {file.path}:\n\n{file.shown(entry)}" for file, entry in entries)
