"""The MCP clients that setup knows: where each keeps its servers, and in which form."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any, Literal

Base = Literal["home", "settings", "config"]
"""`home`; `settings`: where the platform keeps applications' settings; `config`: ~/.config, also on macOS."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What the places of files depend on: `sys.platform`, the home folder and the environment."""

    platform: str
    home: str
    environment: Mapping[str, str]

    def folder(self, base: Base) -> PurePath:
        """A base folder on this platform."""
        windows = self.platform == "win32"
        home: PurePath = PureWindowsPath(self.home) if windows else PurePosixPath(self.home)
        if base == "home":
            return home
        if windows:
            return PureWindowsPath(self.environment.get("APPDATA") or home / "AppData" / "Roaming")
        if self.platform == "darwin":
            return home / ("Library/Application Support" if base == "settings" else ".config")
        return PurePosixPath(self.environment.get("XDG_CONFIG_HOME") or home / ".config")


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A program that starts MCP servers: its file, the place of servers in it, and what an entry needs beside."""

    name: str
    title: str
    base: Base
    file: str
    """Below the base folder, with slashes."""
    windows_file: str = ""
    """The file on Windows, where that is another one."""
    moved_by: str = ""
    """The variable that names another folder for the file."""
    servers: Sequence[str] = ("mcpServers",)
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Members of an entry beside command, args and env."""
    form: Literal["json", "toml"] = "json"
    then: str = "Restart it."

    def path(self, machine: Machine) -> PurePath:
        """The configuration file on `machine`."""
        file = self.windows_file if machine.platform == "win32" and self.windows_file else self.file
        if moved := machine.environment.get(self.moved_by):
            return type(machine.folder("home"))(moved) / file.rpartition("/")[2]
        return machine.folder(self.base) / file

    def traces(self, machine: Machine) -> tuple[PurePath, ...]:
        """Files and folders of which any shows that the client is installed."""
        path = self.path(machine)
        return (path,) if path.parent == machine.folder("home") else (path, path.parent)

    def entry(self, command: list[str], environment: Mapping[str, str]) -> dict[str, Any]:
        """The server's entry in this client's form."""
        env = {"env": dict(environment)} if environment else {}
        entry = {"command": command[0], "args": command[1:], **env, **self.extra}
        return {name: entry[name] for name in sorted(entry, key=lambda name: name != "type")}


_TABLES = tomllib.loads(Path(__file__).with_name("clients.toml").read_text("utf-8"))
CLIENTS = {name: Client(name=name, **table) for name, table in _TABLES.items()}
"""By the name that `iru-mcp setup` takes."""
