"""A client's file after connecting and disconnecting, against the file before."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iru_mcp.errors import ConfigError
from iru_mcp.mcp_clients import jsonc, toml
from iru_mcp.mcp_clients.file import ConfigFile
from iru_mcp.mcp_clients.known import CLIENTS
from tests.conftest import home_variables, is_private

ENTRY = {"command": "/opt/python", "args": ["-m", "iru_mcp"], "env": {"IRU_DEMO": "1"}}

JSON_FILES = {
    "empty file": "",
    "empty object": "{}",
    "empty object over lines": "{\n}\n",
    "no servers": '{\n  "theme": "dark"\n}\n',
    "empty servers": '{"mcpServers": {}, "servers": {}, "context_servers": {}}',
    "another server": '{\n    "mcpServers": {\n        "files": {"command": "x"}\n    },\n    "b": [1, 2.5, null]\n}',
    "tabs": '{\n\t"mcpServers": {\n\t\t"files": {\n\t\t\t"command": "x"\n\t\t}\n\t}\n}\n',
    "windows": '{\r\n  "mcpServers": {\r\n    "files": {"command": "C:\\\\x"}\r\n  }\r\n}\r\n',
    "byte order mark": '\ufeff{\n  "a": 1\n}\n',
    "comments": '// mine\n{\n  // about a\n  "a": 1, /* b: */ "b": "// not one",\n  // last\n}\n// end\n',
    "comments in servers": '{"mcpServers": {\n  // none\n}, "context_servers": {/* nor here */}, "servers": {\n}}',
    "one line": '{"mcpServers":{"files":{"command":"x"}},"z":"\u00fc \\u00fc"}',
}
TOML_FILES = {
    "empty file": "",
    "settings": '# mine\nmodel = "x" # why\n\n[projects."/a"]\ntrust_level = "trusted"\n',
    "no last newline": 'model = "x"',
    "another server": '[mcp_servers.files]\ncommand = "x"\n[mcp_servers.files.env]\nA = "1"\n\n[tui]\nb = true\n',
    "windows": 'model = "x"\r\n\r\n[tui]\r\nb = true\r\n',
    "a header in a string": 'note = """\n[mcp_servers.iru]\n"""\n',
}
FILES = [
    pytest.param(client, text, id=f"{client}: {kind}")
    for client in CLIENTS
    for kind, text in (TOML_FILES if client == "codex" else JSON_FILES).items()
]


def the_file(folder: Path, client: str, text: str | None) -> ConfigFile:
    path = folder / Path(CLIENTS[client].file).name
    if text is not None:
        path.write_bytes(text.encode())
    return ConfigFile(CLIENTS[client], path)


def said(file: ConfigFile) -> Any:
    text = file.path.read_bytes().decode()
    return tomllib.loads(text.replace("\r\n", "\n")) if file.client.form == "toml" else jsonc.load(text)


@pytest.fixture(autouse=True, scope="module")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home folder of these tests' own: setup keeps its lock there."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in home_variables(tmp_path_factory.mktemp("home")).items():
            patch.setenv(name, value)
        yield


@pytest.mark.parametrize(("client", "text"), FILES)
def test_after_disconnecting_the_file_equals_the_file_before(tmp_path: Path, client: str, text: str) -> None:
    file = the_file(tmp_path, client, text)
    before = {name: value for name, value in said(file).items() if value} if text else {}
    file.connect(ENTRY, secret=False)
    assert file.entry() == ENTRY
    assert {name: said(file)[name] for name in before if name not in file.client.servers}.items() <= before.items()
    assert file.backup.read_bytes().decode() == text
    file.connect({**ENTRY, "command": "/new/python"}, secret=False)
    assert file.disconnect()
    assert file.path.read_bytes().decode() == text
    assert list(tmp_path.iterdir()) == [file.path]


@pytest.mark.parametrize("client", CLIENTS)
def test_a_file_that_was_not_there_is_gone_again(tmp_path: Path, client: str) -> None:
    file = the_file(tmp_path / "new" / "folder", client, None)
    file.connect(ENTRY, secret=False)
    assert file.entry() == ENTRY
    assert file.disconnect()
    assert not list(file.path.parent.iterdir())
    assert not file.disconnect()


@pytest.mark.parametrize(("client", "text"), FILES)
def test_the_entry_goes_without_the_backup_too_and_the_rest_says_the_same(
    tmp_path: Path, client: str, text: str
) -> None:
    file = the_file(tmp_path, client, text)
    before = said(file) if text else {}
    file.connect(ENTRY, secret=False)
    file.backup.write_text("{ not the file", "utf-8")
    file.disconnect()
    after = said(file) if file.path.read_text().strip() else {}
    if not isinstance(before.get(file.client.servers[0]), dict):
        after.pop(file.client.servers[0], None)
    assert after == before
    if text and "//" in text:
        assert file.path.read_text("utf-8").count("//") == text.count("//")


def test_what_the_client_wrote_meanwhile_stays(tmp_path: Path) -> None:
    file = the_file(tmp_path, "claude-code", '{"numStartups": 1}')
    file.connect(ENTRY, secret=False)
    file.path.write_text(file.path.read_text().replace('"numStartups": 1', '"numStartups": 2'))
    file.disconnect()
    assert said(file) == {"numStartups": 2, "mcpServers": {}}


def test_a_table_that_codex_added_meanwhile_stays(tmp_path: Path) -> None:
    file = the_file(tmp_path, "codex", 'model = "x"\n')
    file.connect(ENTRY, secret=False)
    with file.path.open("a") as more:
        more.write('\n[projects."/a"]\ntrust_level = "trusted"\n')
    file.disconnect()
    assert file.path.read_text() == 'model = "x"\n\n[projects."/a"]\ntrust_level = "trusted"\n'


@pytest.mark.parametrize(
    ("client", "text", "why"),
    [
        ("cursor", '{"mcpServers": {', "not JSON at line 1"),
        ("cursor", '{\n "a": 1\n "b": 2}', "not JSON at line 3"),
        ("cursor", "[]", "not an object"),
        ("cursor", '{"mcpServers": []}', "not an object"),
        ("cursor", '{"mcpServers": {"iru": {"url": "https://acme.connect.iru.com"}}}', "--name"),
        ("codex", "model = ", "not TOML"),
        ("codex", 'mcp_servers = { files = { command = "x" } }', "edited safely"),
    ],
)
def test_a_file_that_cannot_be_edited_is_left_as_it_is(tmp_path: Path, client: str, text: str, why: str) -> None:
    file = the_file(tmp_path, client, text)
    with pytest.raises(ConfigError, match=why):
        file.connect(ENTRY, secret=False)
    assert file.path.read_text() == text
    assert list(tmp_path.iterdir()) == [file.path]


def test_a_linked_file_stays_a_link_and_its_target_changes(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.json"
    real.write_text("{}")
    link = tmp_path / "mcp.json"
    link.symlink_to(real)
    ConfigFile(CLIENTS["cursor"], link).connect(ENTRY, secret=False)
    assert link.is_symlink()
    assert "iru_mcp" in real.read_text()


def test_nobody_else_may_read_a_file_with_a_token_in_it(tmp_path: Path) -> None:
    file = the_file(tmp_path, "cursor", "{}")
    file.path.chmod(0o644)
    file.connect(ENTRY, secret=True)
    assert is_private(file.path)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    file = ConfigFile(CLIENTS["cursor"], tmp_path / "file" / "mcp.json")
    with pytest.raises(ConfigError, match="cannot be changed: Not a directory"):
        file.connect(ENTRY, secret=False)


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
SERVERS = st.dictionaries(NAMES, VALUES, max_size=3)


@given(st.dictionaries(NAMES, VALUES, max_size=4), SERVERS, st.sampled_from([None, 0, 2, "\t"]))
def test_any_json_keeps_its_value_when_an_entry_comes_and_goes(
    rest: dict[str, Any], servers: dict[str, Any], indent: int | str | None
) -> None:
    before = {**rest, "mcpServers": servers}
    path = ("mcpServers", "a server of ours")
    text = json.dumps(before, indent=indent, ensure_ascii=indent == 2)
    put = jsonc.put(text, path, ENTRY)
    assert json.loads(put) == {**before, "mcpServers": {**servers, path[1]: ENTRY}}
    assert json.loads(jsonc.cut(put, path)) == before


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    for form in (jsonc, toml):
        try:
            new = form.put(text, ("mcp_servers", "iru"), ENTRY)
        except ValueError:
            continue
        assert form.load(new)["mcp_servers"]["iru"] == ENTRY
