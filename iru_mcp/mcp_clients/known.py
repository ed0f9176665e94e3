"""The MCP clients that setup knows: where each keeps its servers, and in which form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from typing import Any, Literal

Base = Literal["home", "settings", "config"]
"""`home`; `settings`: where the platform keeps applications' settings; `config`: ~/.config, also on macOS."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What decides where files are: `sys.platform`, the home folder and the environment."""

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
        if self.platform == "darwin" and base == "settings":
            return home / "Library" / "Application Support"
        if self.platform == "darwin":
            return home / ".config"
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
    """Where it is another one there."""
    moved_by: str = ""
    """The variable that names another folder for the file."""
    servers: tuple[str, ...] = ("mcpServers",)
    extra: tuple[tuple[str, Any], ...] = ()
    """Members of the entry beside command, args and env."""
    form: Literal["json", "toml"] = "json"
    then: str = "Restart it."

    def path(self, machine: Machine) -> PurePath:
        """The configuration file on `machine`."""
        file = self.windows_file if machine.platform == "win32" and self.windows_file else self.file
        moved = machine.environment.get(self.moved_by) if self.moved_by else ""
        if moved:
            return type(machine.folder("home"))(moved) / file.rpartition("/")[2]
        return machine.folder(self.base) / file

    def traces(self, machine: Machine) -> tuple[PurePath, ...]:
        """Files and folders of which any shows that the client is installed."""
        path = self.path(machine)
        return (path,) if path.parent == machine.folder("home") else (path, path.parent)

    def entry(self, command: list[str], environment: Mapping[str, str]) -> dict[str, Any]:
        """The server's entry in this client's form."""
        env = {"env": dict(environment)} if environment else {}
        before = {name: value for name, value in self.extra if name == "type"}
        after = {name: value for name, value in self.extra if name != "type"}
        return {**before, "command": command[0], "args": command[1:], **env, **after}


CLIENTS = {
    client.name: client
    for client in (
        Client(
            name="claude-desktop",
            title="Claude Desktop",
            base="settings",
            file="Claude/claude_desktop_config.json",
            then="Quit it from its menu and start it again; closing the window is not enough.",
        ),
        Client(
            name="claude-code",
            title="Claude Code",
            base="home",
            file=".claude.json",
            moved_by="CLAUDE_CONFIG_DIR",
            extra=(("type", "stdio"),),
            then="Start a new session; /mcp shows the server.",
        ),
        Client(name="cursor", title="Cursor", base="home", file=".cursor/mcp.json", then="Restart Cursor."),
        Client(
            name="vscode",
            title="VS Code",
            base="settings",
            file="Code/User/mcp.json",
            servers=("servers",),
            extra=(("type", "stdio"),),
            then="Run 'MCP: List Servers' from the command palette and start it.",
        ),
        Client(
            name="codex",
            title="Codex",
            base="home",
            file=".codex/config.toml",
            moved_by="CODEX_HOME",
            servers=("mcp_servers",),
            extra=(("startup_timeout_sec", 60),),  # its 10 s are short for the first start of a downloaded package
            form="toml",
            then="Start a new session; /mcp shows the server.",
        ),
        Client(
            name="windsurf",
            title="Windsurf",
            base="home",
            file=".codeium/windsurf/mcp_config.json",
            then="Refresh the MCP servers in its Cascade panel.",
        ),
        Client(
            name="gemini-cli",
            title="Gemini CLI",
            base="home",
            file=".gemini/settings.json",
            then="Start a new session; /mcp shows the server.",
        ),
        Client(
            name="zed",
            title="Zed",
            base="config",
            file="zed/settings.json",
            windows_file="Zed/settings.json",
            servers=("context_servers",),
            then="Its agent panel shows the server.",
        ),
    )
}
"""By the name that `iru-mcp setup` takes."""
