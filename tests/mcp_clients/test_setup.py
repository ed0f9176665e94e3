"""The verb setup as people meet it: connected, asked one question, disconnected; and everything that goes wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path, PurePath
from types import ModuleType
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters

from iru_mcp.api.endpoint import Endpoint
from iru_mcp.cli import main
from iru_mcp.config import keychain
from iru_mcp.demo import asgi, transport
from iru_mcp.errors import ConfigError
from iru_mcp.mcp_clients.entry import holds_secret
from iru_mcp.mcp_clients.file import ConfigFile
from iru_mcp.mcp_clients.known import CLIENTS, Machine
from iru_mcp.tools.kit.catalogue import catalogue, select
from tests.conftest import PLATFORM, home_variables, is_private

ROOT = str(Path(__file__).parents[2])
BEFORE = {"json": '{\n  "kept": {"as": "it is"}\n}\n', "toml": '# mine\nmodel = "kept"\n'}


def file_of(home: Path, client: str) -> ConfigFile:
    return ConfigFile(CLIENTS[client], Path(CLIENTS[client].path(Machine(sys.platform, str(home), {}))))


def installed(home: Path, client: str) -> ConfigFile:
    file = file_of(home, client)
    file.path.parent.mkdir(parents=True, exist_ok=True)
    file.path.write_text(BEFORE[file.client.form])
    return file


def setup(*words: str) -> int:
    return main(["setup", *words])


async def devices(entry: dict[str, Any]) -> int:
    """How many devices the server of an entry lists, started as its client would start it."""
    bare = PLATFORM | home_variables(Path.home()) | {"PATH": "", "PYTHONPATH": ROOT}
    if "PYTHON_KEYRING_BACKEND" in os.environ:
        bare["PYTHON_KEYRING_BACKEND"] = os.environ["PYTHON_KEYRING_BACKEND"]
        bare["PYTHONPATH"] += os.pathsep + str(Path(__file__).parent)
    server = StdioServerParameters(command=entry["command"], args=entry["args"], env={**bare, **entry["env"]})
    with anyio.fail_after(60):
        async with Client(server) as client:
            answer = await client.call_tool("list_devices", {"limit": 3})
    assert not answer.is_error
    return len((answer.structured_content or {})["items"])


@pytest.mark.parametrize("client", ["claude-desktop", "vscode", "codex", "zed"])
def test_connected_one_question_and_disconnected_leaves_the_file_as_it_was(
    home: Path, client: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = installed(home, client)
    assert setup(client, "--demo") == 0
    assert f"{file.client.title} is connected" in capsys.readouterr().out
    entry = file.entry()
    assert entry is not None
    assert PurePath(entry["command"]).is_absolute()
    assert anyio.run(devices, entry) == 3
    assert setup(client, "--remove") == 0
    assert file.path.read_text() == BEFORE[file.client.form]
    assert list(file.path.parent.iterdir()) == [file.path]


def test_with_an_account_the_token_goes_to_the_keyring_and_the_server_reads_it_there(
    home: Path, kept: Path, iru: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = installed(home, "cursor")
    monkeypatch.setenv("IRU_API_TOKEN", "demo-token")
    assert setup("cursor", "--api-url", iru) == 0
    assert json.loads(kept.read_text()) == {f"iru-mcp {iru}": "demo-token"}
    entry = file.entry()
    assert entry is not None
    assert entry["env"] == {"IRU_API_URL": iru, "IRU_API_TOKEN_KEYRING": "1"}
    assert anyio.run(devices, entry) == 3
    assert setup("--remove") == 0
    assert json.loads(kept.read_text()) == {}
    assert file.path.read_text() == BEFORE["json"]
    assert f"The token for {iru} is deleted" in capsys.readouterr().out


@pytest.mark.usefixtures("home")
def test_a_token_that_another_client_still_reads_stays_in_the_keyring(
    kept: Path, iru: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IRU_API_TOKEN", "demo-token")
    assert setup("cursor", "zed", "--api-url", iru) == 0
    assert setup("cursor", "--remove") == 0
    assert json.loads(kept.read_text())
    assert setup("zed", "--remove") == 0
    assert json.loads(kept.read_text()) == {}


@pytest.mark.usefixtures("kept")
def test_without_the_keyring_disconnecting_still_works_and_says_what_may_be_left(
    home: Path, iru: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRU_API_TOKEN", "demo-token")
    assert setup("cursor", "--api-url", iru) == 0
    monkeypatch.setattr(keychain, "_keyring", no_keyring)
    assert setup("cursor", "--remove") == 0
    assert not file_of(home, "cursor").path.exists()
    assert f"The token for {iru} may still be in the system keyring." in capsys.readouterr().out


def test_a_keyring_that_waits_for_nobody_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kept: Path
) -> None:
    monkeypatch.setattr(keychain, "_SECONDS", 0.05)
    monkeypatch.setenv("FILE_KEYRING_LOCKED", "1")
    monkeypatch.setenv("IRU_API_TOKEN_KEYRING", "1")
    monkeypatch.setenv("IRU_API_URL", "https://acme.api.kandji.io")
    assert main(["check"]) == 2
    assert "The system keyring is locked" in capsys.readouterr().err
    assert not kept.exists()


def test_without_a_keyring_the_token_is_in_the_file_and_the_file_private(
    home: Path, iru: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(keychain, "_keyring", no_keyring)
    monkeypatch.setenv("IRU_API_TOKEN", "demo-token")
    assert setup("windsurf", "--api-url", iru) == 0
    file = file_of(home, "windsurf")
    assert (file.entry() or {})["env"] == {"IRU_API_URL": iru, "IRU_API_TOKEN": "demo-token"}
    assert is_private(file.path)
    said = capsys.readouterr().out
    assert "demo-token" not in said
    assert "-m pip install 'keyring" in said


def no_keyring() -> ModuleType:
    raise ConfigError("not installed", "")


@pytest.mark.usefixtures("home")
def test_what_is_missing_is_asked_for_with_the_token_hidden(
    iru: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return f" {iru} " if "URL" in prompt else "demo-token"

    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", answer)
    monkeypatch.setattr("getpass.getpass", answer)
    assert setup("cursor", "--token-in-file") == 0
    assert asked == ["API URL (Iru > Access > API tokens): ", "API token (not shown): "]
    assert "demo-token" not in capsys.readouterr().out


def test_none_named_means_those_that_are_installed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    installed(home, "gemini-cli")
    (home / ".cursor").mkdir()
    assert setup("--demo") == 0
    connected = [line.partition(" is connected")[0] for line in capsys.readouterr().out.splitlines()[1:]]
    assert connected == ["Cursor", "Gemini CLI"]


def test_the_proxy_and_ca_of_this_shell_go_with_the_entry(
    home: Path, iru: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IRU_API_TOKEN", "demo-token")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert setup("cursor", "--api-url", iru, "--token-in-file", "--log-level", "info") == 0
    given = (file_of(home, "cursor").entry() or {})["env"]
    assert given["HTTPS_PROXY"] == "http://127.0.0.1:9"
    assert given["IRU_MCP_LOG_LEVEL"] == "info"


@pytest.mark.parametrize("client", CLIENTS)
def test_printing_shows_what_would_be_written_and_writes_nothing(
    home: Path, client: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IRU_API_TOKEN", "secret-token")
    assert setup(client, "--print", "--api-url", "https://acme.api.kandji.io") == 0
    shown = capsys.readouterr().out.partition(":\n\n")[2]
    assert "secret-token" not in shown
    file = file_of(home, client)
    assert not list(home.iterdir())
    file.path.parent.mkdir(parents=True, exist_ok=True)
    file.path.write_text(shown)
    assert (file.entry() or {})["env"] == {"IRU_API_URL": "https://acme.api.kandji.io", "IRU_API_TOKEN": "YOUR-TOKEN"}


# Errors people meet. Each leaves every file as it was.


async def kong(_scope: Any, _receive: Any, send: Any) -> None:
    """What stands at an API host whose subdomain no tenant has."""
    await send({"type": "http.response.start", "status": 404, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": b'{"message":"no Route matched with those values"}'})


async def sign_in(_scope: Any, _receive: Any, send: Any) -> None:
    """A captive portal, or a proxy that wants to be signed in to."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": b"<html><title>Sign in</title></html>"})


def refused(capsys: pytest.CaptureFixture[str], home: Path, *words: str) -> str:
    """What setup says when it must write nothing."""
    file = installed(home, "cursor")
    assert setup("cursor", "--token-in-file", *words) in {1, 2}
    assert file.path.read_text() == BEFORE["json"]
    assert list(file.path.parent.iterdir()) == [file.path]
    said = capsys.readouterr()
    assert not said.out
    return said.err


@pytest.mark.parametrize(
    ("url", "token", "told"),
    [
        ("https://acme.kandji.io", "t", "web address acme.kandji.io, not the API's. Try https://acme.api.kandji.io"),
        ("https://acme.eu.iru.com/login", "t", "the API does not"),
        ("http://acme.api.kandji.io", "t", "must begin with https://"),
        ("https://acme.api.example.com", "t", "not one of Iru's API hosts"),
        ("${IRU_API_URL}", "t", "not a plain URL"),
        ("https://acme.api.kandji.io", "${IRU_API_TOKEN}", "the client did not fill in its variable"),
        ("https://acme.api.kandji.io", "abc def", "has spaces, quotes or odd characters"),
        ("https://acme.api.kandji.io", '"abc"', "has spaces, quotes or odd characters"),
        ("https://acme.api.kandji.io", "", "IRU_API_TOKEN is not set"),
        ("", "t", "IRU_API_URL is not set"),
    ],
)
def test_settings_that_cannot_be_right_are_told_before_anything_is_sent(
    home: Path, url: str, token: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRU_API_TOKEN", token)
    monkeypatch.setenv("IRU_API_URL", url)
    assert told in refused(capsys, home)


def test_a_wrong_token_is_told(
    home: Path, iru: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRU_API_TOKEN", "another-token")
    assert "mistyped, revoked or expired, or belongs to another tenant" in refused(capsys, home, "--api-url", iru)


def test_a_wrong_tenant_or_region_is_told(
    home: Path, serve: Callable[..., str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRU_API_TOKEN", "demo-token")
    told = refused(capsys, home, "--api-url", f"http://{serve(kong)}")
    assert "check the subdomain and region in IRU_API_URL" in told


def test_a_token_without_permissions_is_told(
    home: Path, serve: Callable[..., str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRU_API_TOKEN", "demo-token")
    url = f"http://{serve(asgi(transport(devices=60, denied=needed())))}"
    assert "This token can answer nothing: the token lacks" in refused(capsys, home, "--api-url", url)


def needed() -> set[str]:
    every: set[Endpoint[Any]] = {e for tool in catalogue().values() for e in (*tool.endpoints, *tool.optional)}
    return {endpoint.name for endpoint in every}


@pytest.mark.usefixtures("home")
def test_a_token_with_some_permissions_connects_and_says_how_many_tools_work(
    serve: Callable[..., str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRU_API_TOKEN", "demo-token")
    url = f"http://{serve(asgi(transport(devices=60, denied={'LIST_AUDIT_EVENTS'})))}"
    assert setup("cursor", "--token-in-file", "--api-url", url) == 0
    offered = len(select(catalogue()))
    assert f"{offered - 1} of {offered} tools work; iru-mcp check says" in capsys.readouterr().out


def test_a_sign_in_page_in_between_is_told(
    home: Path, serve: Callable[..., str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRU_API_TOKEN", "demo-token")
    told = refused(capsys, home, "--api-url", f"http://{serve(sign_in)}")
    assert "a web page (a sign-in or proxy page?), not JSON" in told


def test_a_proxy_that_is_not_there_is_told(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRU_API_TOKEN", "demo-token")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    told = refused(capsys, home, "--api-url", "https://acme.api.kandji.io")
    assert "acme.api.kandji.io gave no answer" in told
    assert "HTTPS_PROXY" in told


@pytest.mark.skipif(not shutil.which("openssl"), reason="makes a certificate with openssl")
def test_a_company_ca_that_this_machine_does_not_know_is_told_and_works_once_named(
    home: Path, serve: Callable[..., str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key, cert = home / "key.pem", home / "cert.pem"
    ask = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    subprocess.run(
        [shutil.which("openssl") or "", *ask.split(), "-keyout", key, "-out", cert], check=True, capture_output=True
    )
    monkeypatch.setenv("IRU_API_TOKEN", "demo-token")
    place = serve(asgi(transport(devices=60)), ssl_keyfile=str(key), ssl_certfile=str(cert))
    told = refused(capsys, home, "--api-url", f"https://{place}")
    assert "TLS certificate is not trusted" in told
    assert "trust store or set SSL_CERT_FILE" in told
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    assert setup("cursor", "--token-in-file", "--api-url", f"https://{place}") == 0
    assert (file_of(home, "cursor").entry() or {})["env"]["SSL_CERT_FILE"] == str(cert)


def test_a_broken_file_is_told_before_the_token_is_sent(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = installed(home, "zed")
    file.path.write_text("{ broken")
    assert setup("zed", "--demo") == 2
    assert "is left as it is: it is not JSON at line 1" in capsys.readouterr().err
    assert file.path.read_text() == "{ broken"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["emacs", "--demo"], "setup knows no client 'emacs'. Valid: claude-desktop"),
        (["--demo"], "No MCP client was found on this machine. Name one: claude-desktop"),
        (["--keyring"], "setup takes no '--keyring'"),
    ],
)
def test_a_client_or_flag_that_does_not_exist_is_told_with_those_that_do(
    home: Path, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert setup(*words) == 2
    assert told in capsys.readouterr().err
    assert not list(home.iterdir())


@pytest.mark.parametrize(
    ("client", "text"),
    [
        ("cursor", '{"mcpServers": {"iru": {"command": "x", "args": 5}}}'),
        ("cursor", '{"mcpServers": {"iru": 5}}'),
        ("cursor", '{"mcpServers": []}'),
        ("cursor", "[]"),
        ("cursor", "5"),
        ("codex", '[[mcp_servers]]\nname = "x"\n'),
        ("codex", "mcp_servers = 5\n"),
        ("codex", '[[mcp_servers.iru]]\ncommand = "x"\n'),
    ],
)
def test_a_file_with_other_values_than_a_client_writes_is_told_in_a_sentence_and_left(
    home: Path, client: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = installed(home, client)
    file.path.write_text(text, "utf-8")
    assert setup(client, "--demo") == 2
    said = capsys.readouterr().err
    assert said.startswith(f"iru-mcp: {file.path} is left as it is: ")
    assert len(said.splitlines()) == 1
    assert file.path.read_text("utf-8") == text
    assert setup("--remove") == 0


NO_FILES = [Path.mkdir, os.mkfifo] if sys.platform != "win32" else [Path.mkdir]


@pytest.mark.parametrize("make", NO_FILES, ids=lambda make: make.__name__)
def test_what_is_no_file_in_the_place_of_the_file_is_not_waited_for(
    home: Path, capsys: pytest.CaptureFixture[str], make: Callable[[Path], None]
) -> None:
    file = file_of(home, "cursor")
    file.path.parent.mkdir()
    make(file.path)
    assert setup("cursor", "--demo") == 2
    assert "it is not a file" in capsys.readouterr().err


def test_the_password_of_a_proxy_is_in_no_file_that_others_may_read_and_is_not_printed(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = installed(home, "cursor")
    file.path.chmod(0o644)
    entry = file.client.entry(["x"], {"HTTPS_PROXY": "http://ada:s3cret@proxy.example:3128"})
    assert holds_secret(entry["env"])
    assert not holds_secret({"HTTPS_PROXY": "http://proxy.example:3128", "IRU_API_URL": "https://a.example/x@y:z"})
    file.connect(entry, secret=True)
    assert is_private(file.path)
    monkeypatch.setenv("https_proxy", "http://ada:s3cret@proxy.example:3128")
    assert setup("zed", "--print", "--api-url", "https://acme.api.kandji.io") == 0
    said = capsys.readouterr().out
    assert "s3cret" not in said
    assert "http://USER:PASSWORD@proxy.example:3128" in said


def test_six_at_once_all_find_their_entry_in_the_file(home: Path) -> None:
    file = installed(home, "cursor")
    command = [sys.executable, "-m", "iru_mcp", "setup", "cursor", "--demo", "--name"]
    environment = PLATFORM | home_variables(home) | {"PATH": "", "PYTHONPATH": ROOT}
    running = [
        subprocess.Popen([*command, f"iru-{number}"], env=environment, stdout=subprocess.DEVNULL) for number in range(6)
    ]
    assert [one.wait(120) for one in running] == [0] * 6
    servers = json.loads(file.path.read_text("utf-8"))["mcpServers"]
    assert sorted(servers) == [f"iru-{number}" for number in range(6)]


def test_what_a_client_writes_while_setup_runs_is_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = installed(home, "cursor")
    fsync = os.fsync

    def write_meanwhile(_: int) -> None:
        """The client saves its own file once, after setup has read it."""
        monkeypatch.setattr(os, "fsync", fsync)
        file.path.write_text('{"mine": 1}', "utf-8")

    monkeypatch.setattr(os, "fsync", write_meanwhile)
    file.connect(file.client.entry(["iru-mcp"], {}), secret=False)
    found = json.loads(file.path.read_text("utf-8"))
    assert found["mine"] == 1
    assert "iru" in found["mcpServers"]
