"""Starting the server where a client or a person starts it wrongly."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from iru_mcp.cli import main
from tests.conftest import PLATFORM, home_variables

ROOT = str(Path(__file__).parents[2])


def start(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The server as a process without a client: stdin is empty, as a container's without -i."""
    given = {**PLATFORM, **home_variables(Path.home()), "PYTHONPATH": ROOT, "PATH": "", **environment}
    return subprocess.run(
        [sys.executable, "-P", "-m", "iru_mcp", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        env=given,
    )


def test_a_container_without_i_ends_and_says_why() -> None:
    ended = start("--demo")
    assert ended.returncode == 0
    assert "a container needs -i" in ended.stderr
    assert not ended.stdout


def test_a_second_copy_on_the_same_port_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as first:
        port = first.getsockname()[1]
        ended = start("--demo", "--transport", "http", "--port", str(port))
    assert ended.returncode == 2
    assert str(port) in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"IRU_API_TOKN": "x"}, "There is no setting IRU_API_TOKN. Did you mean IRU_API_TOKEN?"),
        ({"IRU_MCP_TRANSPORT": "websocket"}, "IRU_MCP_TRANSPORT is not one of its values. Valid: stdio, sse, http."),
    ],
)
def test_a_setting_that_cannot_be_is_told_with_those_that_can(environment: dict[str, str], told: str) -> None:
    ended = start(**environment)
    assert ended.returncode == 2
    assert told in ended.stderr


def test_flags_may_stand_between_arguments(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["call", "get_user", "--demo", "email=mira.castellane@northwind.example"]) == 0
    assert "Mira Castellane" in capsys.readouterr().out
    assert main(["setup", "--demo", "cursor"]) == 0
    assert (home / ".cursor" / "mcp.json").exists()
