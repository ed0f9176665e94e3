"""What a sync prints last: words on a terminal, JSON lines for a program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from iru_mcp.cli.sync import describe
from tests.conftest import PLATFORM, home_variables


def sync(folder: Path, *words: str, terminal: bool) -> str:
    """The stdout of a sync of the demo tenant."""
    command = [sys.executable, "-m", "iru_mcp", "sync", "--demo", "--devices", "40", *words]
    environment = PLATFORM | home_variables(folder) | {"PATH": "", "IRU_INVENTORY": "~/copy.sqlite3"}
    if not terminal:
        return subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=True).stdout
    import pty  # noqa: PLC0415 - not on Windows

    ours, theirs = pty.openpty()
    with subprocess.Popen(command, env=environment, stdout=theirs, stderr=subprocess.PIPE) as process:
        os.close(theirs)
        said = b""
        try:
            while piece := os.read(ours, 65_536):
                said += piece
        except OSError:
            pass  # the terminal is gone with the process
        finally:
            os.close(ours)
    assert process.returncode == 0
    return said.decode().replace("\r\n", "\n")


def test_a_sync_on_a_terminal_ends_with_words_and_elsewhere_or_when_asked_with_json_lines(tmp_path: Path) -> None:
    sync(tmp_path, terminal=False)
    assert (tmp_path / "copy.sqlite3").exists()  # ~ is expanded, and the same file is read again
    said = sync(tmp_path, terminal=True).splitlines()
    assert said[0].partition(" open: ")[0].replace(",", "").isdigit()
    assert 1 < len(said) <= 7
    lines = sync(tmp_path, "--json", terminal=True).splitlines()
    assert all(isinstance(json.loads(line), dict) for line in lines)


def test_the_worst_are_shown_and_the_rest_counted() -> None:
    alerts = [{"severity": "critical", "say": "a bad thing"}, *({"severity": "low", "say": str(n)} for n in range(9))]
    lines = describe(alerts).splitlines()
    assert lines[0] == "10 open: 1 critical, 9 low"
    assert lines[1] == "  critical  a bad thing"
    assert lines[-1] == "  and 5 more: iru-mcp alerts"
    assert describe([]) == "no alert is open"
