"""The verbs: what they print, and one line with what is valid, and exit 2, for what they do not know."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from iru_mcp import __version__
from iru_mcp.cli import main

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("IRU_", "KANDJI_")):
            monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["srve"], "Valid: serve, check, tools, call"),
        (["serve", "--prot", "1"], "--port"),
        (["--prot", "1"], "--port"),
        (["serve", "--transport", "pigeon"], "stdio"),
        (["serve", "--api-token", "secret"], "--api-token-file"),
        (["serve", "--port", "eighty"], "whole number"),
        (["serve", "--port"], "--port"),
        (["serve", "now"], "now"),
        (["--demo", "--devices", "3"], "from 40"),
        (["call"], "NAME"),
        (["call", "list_device", "--demo"], "list_devices"),
        (["call", "list_devices", "limit", "--demo"], "key=value"),
        (["call", "list_devices", "limt=3", "--demo"], "limit"),
        (["call", "list_devices"], "IRU_API_URL"),
        (["check"], "IRU_API_URL"),
        (["check", "--env-file", "/nowhere/at/all"], "/nowhere/at/all"),
        (["demo-tenant", "--host", "0.0.0.0"], "this machine"),  # noqa: S104 - that it refuses is what is tested
        (["serve", "--transport", "http", "--audit", "/nowhere/at/all", "--demo"], "IRU_MCP_AUDIT"),
        (["serve", "--transport", "http", "--oauth-issuer", "https://id.example", "--demo"], "IRU_MCP_OAUTH_JWKS_URL"),
        (["serve", "--transport", "http", "--oauth-jwks-url", "https://id.example", "--demo"], "IRU_MCP_OAUTH_ISSUER"),
        (["serve", "--transport", "http", "--audit", "/", "--demo"], "IRU_MCP_AUDIT"),
        (["serve", "--transport", "http", "--allowed-origins", "*", "--demo"], "IRU_MCP_ALLOWED_ORIGINS"),
        (["serve", "--transport", "http", "--allowed-hosts", "https://a.example/x", "--demo"], "IRU_MCP_ALLOWED_HOSTS"),
        (["serve", "--transport", "http", "--public-url", "iru.example.com", "--demo"], "IRU_MCP_PUBLIC_URL"),
        (["serve", "--transport", "sse", "--stateless", "--demo"], "--transport http"),
    ],
)
def test_what_is_not_known_is_one_line_saying_what_is_valid_and_exit_2(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("iru-mcp: ")
    assert len(err.splitlines()) == 1
    assert said in err


@pytest.mark.parametrize(
    "value", ["short", "two words of a token", "name:short", "a:0123456789abcdef,a:fedcba9876543210"]
)
def test_bearer_tokens_that_guard_nothing_are_refused_and_not_shown(
    value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRU_MCP_TOKEN", value)
    assert main(["serve", "--transport", "http", "--demo"]) == 2
    err = capsys.readouterr().err
    assert "IRU_MCP_TOKEN" in err
    assert value not in err


def test_a_setting_that_is_not_one_is_exit_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRU_API_TOKN", "not-to-be-seen")
    assert main(["tools"]) == 2
    err = capsys.readouterr().err
    assert "Did you mean IRU_API_TOKEN?" in err
    assert "not-to-be-seen" not in err


def test_a_variable_of_another_program_does_not_stop_a_verb(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRU_DEMO_DEVICE", "50")
    assert main(["tools", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)
    assert err == "iru-mcp: IRU_DEMO_DEVICE is no setting of iru-mcp and is ignored; did you mean IRU_DEMO_DEVICES?\n"


def test_no_flag_takes_a_secret(capsys: pytest.CaptureFixture[str]) -> None:
    """B6."""
    with pytest.raises(SystemExit):
        main(["serve", "--help"])
    flags = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    assert {"--api-token-file", "--mcp-token-file"} <= flags
    assert not {"--api-token", "--mcp-token"} & flags


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"iru-mcp {__version__}\n"


def test_tools_are_listed_with_what_the_token_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tools", "--json"]) == 0
    tools = {tool["name"]: tool for tool in json.loads(capsys.readouterr().out)}
    assert "GET /api/v1/devices" in tools["list_devices"]["permissions"][0]
    assert tools["list_devices"]["inputSchema"]["type"] == "object"
    assert main(["tools"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in tools)


def test_a_call_prints_the_answer_that_a_client_gets(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["call", "list_devices", "platform=Mac", "limit=2", "--demo", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["returned"] == 2
    assert {row["platform"] for row in answer["items"]} == {"Mac"}


def test_a_call_that_fails_says_why_in_one_line_and_exits_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["call", "get_device_details", "device=NOBODY", "--demo"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1


VERBS = [
    ["tools"],
    ["tools", "--json"],
    ["tools", "--help"],
    ["call", "list_devices", "--demo"],
    ["check", "--demo"],
    ["permissions"],
    ["setup", "cursor", "--print", "--demo"],
]


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_a_reader_that_has_left_ends_a_verb_without_a_word(words: list[str]) -> None:
    """The pipe is broken from the start, so it breaks wherever the verb first writes, also at the last flush."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "iru_mcp", *words]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    ran = subprocess.run(command, cwd=ROOT, env=environment, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert ran.stderr == b""
    assert ran.returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_output_that_cannot_be_written_is_one_sentence() -> None:
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "iru_mcp", "tools"]
        ran = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, check=False)
    assert ran.stderr == b"iru-mcp: output: No space left on device.\n"
    assert ran.returncode == 1


def test_starting_up_loads_no_demo_tenant_and_no_web_server() -> None:
    code = "import sys; from iru_mcp.cli import main; main(['tools']); print(sorted(sys.modules), file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    loaded = ran.stderr.decode()
    assert "'iru_mcp.demo'" not in loaded
    assert "'uvicorn'" not in loaded
    assert "'mcp'" not in loaded
