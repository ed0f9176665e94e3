"""Where each client keeps its servers, on each platform."""

from __future__ import annotations

import pytest

from iru_mcp.mcp_clients.known import CLIENTS, Machine

LINUX = Machine("linux", "/home/ada", {})
MAC = Machine("darwin", "/Users/ada", {"XDG_CONFIG_HOME": ""})
WINDOWS = Machine("win32", r"C:\Users\Ada", {"APPDATA": r"C:\Users\Ada\AppData\Roaming"})

PLACES = {
    "claude-desktop": (
        "/home/ada/.config/Claude/claude_desktop_config.json",
        "/Users/ada/Library/Application Support/Claude/claude_desktop_config.json",
        r"C:\Users\Ada\AppData\Roaming\Claude\claude_desktop_config.json",
    ),
    "claude-code": ("/home/ada/.claude.json", "/Users/ada/.claude.json", r"C:\Users\Ada\.claude.json"),
    "cursor": ("/home/ada/.cursor/mcp.json", "/Users/ada/.cursor/mcp.json", r"C:\Users\Ada\.cursor\mcp.json"),
    "vscode": (
        "/home/ada/.config/Code/User/mcp.json",
        "/Users/ada/Library/Application Support/Code/User/mcp.json",
        r"C:\Users\Ada\AppData\Roaming\Code\User\mcp.json",
    ),
    "codex": ("/home/ada/.codex/config.toml", "/Users/ada/.codex/config.toml", r"C:\Users\Ada\.codex\config.toml"),
    "windsurf": (
        "/home/ada/.codeium/windsurf/mcp_config.json",
        "/Users/ada/.codeium/windsurf/mcp_config.json",
        r"C:\Users\Ada\.codeium\windsurf\mcp_config.json",
    ),
    "gemini-cli": (
        "/home/ada/.gemini/settings.json",
        "/Users/ada/.gemini/settings.json",
        r"C:\Users\Ada\.gemini\settings.json",
    ),
    "zed": (
        "/home/ada/.config/zed/settings.json",
        "/Users/ada/.config/zed/settings.json",
        r"C:\Users\Ada\AppData\Roaming\Zed\settings.json",
    ),
}


def test_every_client_has_its_place_on_every_platform() -> None:
    found = {
        name: tuple(str(client.path(machine)) for machine in (LINUX, MAC, WINDOWS)) for name, client in CLIENTS.items()
    }
    assert found == PLACES


@pytest.mark.parametrize(
    ("client", "variable", "place"),
    [
        ("claude-code", "CLAUDE_CONFIG_DIR", "/srv/claude/.claude.json"),
        ("codex", "CODEX_HOME", "/srv/claude/config.toml"),
        ("zed", "XDG_CONFIG_HOME", "/srv/claude/zed/settings.json"),
        ("vscode", "XDG_CONFIG_HOME", "/srv/claude/Code/User/mcp.json"),
    ],
)
def test_a_folder_that_was_moved_is_found(client: str, variable: str, place: str) -> None:
    assert str(CLIENTS[client].path(Machine("linux", "/home/ada", {variable: "/srv/claude"}))) == place


def test_windows_without_appdata_still_has_a_place() -> None:
    path = CLIENTS["claude-desktop"].path(Machine("win32", r"C:\Users\Ada", {}))
    assert str(path) == r"C:\Users\Ada\AppData\Roaming\Claude\claude_desktop_config.json"


def test_a_home_folder_alone_is_no_trace_of_claude_code() -> None:
    assert [str(path) for path in CLIENTS["claude-code"].traces(LINUX)] == ["/home/ada/.claude.json"]
