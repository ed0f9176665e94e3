"""The commands that setup and error texts give, for every way this package is installed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from iru_mcp.errors import ConfigError
from iru_mcp.installation import Installation, installation
from tests.conftest import PLATFORM

CLONE = " @ file:///home/ada/iru-mcp"
RELEASE = "==1.2.3"
UVX = "/home/ada/.cache/uv/archive-v0/x1"
PIPX_RUN = "/home/ada/.cache/pipx/4f5e"


def find(*names: str) -> dict[str, str]:
    return {name: f"/opt/bin/{name}" for name in names}


@pytest.mark.parametrize(
    ("prefix", "source", "command"),
    [
        (UVX, CLONE, ["/opt/bin/uvx", "--from", f"iru-mcp{CLONE}", "iru-mcp"]),
        (UVX, RELEASE, ["/opt/bin/uvx", "--from", "iru-mcp==1.2.3", "iru-mcp"]),
        (PIPX_RUN, CLONE, ["/opt/bin/pipx", "run", "--spec", f"iru-mcp{CLONE}", "iru-mcp"]),
        ("/home/ada/.local/share/pipx/venvs/iru-mcp", CLONE, ["/p/python", "-P", "-m", "iru_mcp"]),
        ("/home/ada/.local/share/uv/tools/iru-mcp", RELEASE, ["/p/python", "-P", "-m", "iru_mcp"]),
        ("/home/ada/iru-mcp/.venv", CLONE, ["/p/python", "-P", "-m", "iru_mcp"]),
    ],
)
def test_what_lies_in_a_cache_is_built_again_from_its_source_and_the_rest_started_where_it_is(
    prefix: str, source: str, command: list[str]
) -> None:
    assert Installation("/p/python", prefix, source).command(find("uvx", "pipx").get) == command


def test_what_is_built_again_brings_the_keyring_if_the_token_is_in_it() -> None:
    command = Installation("/p/python", UVX, CLONE).command(find("uvx").get, "keyring")
    assert command[2] == f"iru-mcp[keyring]{CLONE}"


def test_a_cache_whose_tool_is_gone_is_no_place_to_start_from() -> None:
    with pytest.raises(ConfigError, match="may be cleared"):
        Installation("/p/python", UVX, CLONE).command(find().get)


@pytest.mark.parametrize(
    ("prefix", "has_pip", "command"),
    [
        (UVX, False, f"uvx --from 'iru-mcp[keyring]{CLONE}' iru-mcp"),
        (PIPX_RUN, True, f"pipx run --spec 'iru-mcp[keyring]{CLONE}' iru-mcp"),
        ("/home/ada/iru-mcp/.venv", True, "/p/python -m pip install 'keyring<26,>=25'"),
        ("/home/ada/.local/share/uv/tools/iru-mcp", False, "uv pip install --python /p/python 'keyring<26,>=25'"),
    ],
)
def test_an_extra_is_added_where_the_package_is(prefix: str, has_pip: bool, command: str) -> None:  # noqa: FBT001
    assert Installation("/p/python", prefix, CLONE, has_pip).adding("keyring") == command


def test_the_package_under_test_knows_the_folder_it_came_from_and_starts_from_any_other(tmp_path: Path) -> None:
    here = installation()
    assert here.requirement() == f"iru-mcp @ {Path(__file__).parents[2].as_uri()}"
    command = here.command(find().get)
    assert command[0] == sys.executable
    ran = subprocess.run(
        [*command, "--version"], cwd=tmp_path, env=PLATFORM, capture_output=True, encoding="utf-8", check=True
    )
    assert re.fullmatch(r"iru-mcp \d+\.\d+\.\d+\n", ran.stdout)
