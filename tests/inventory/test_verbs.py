"""The verbs as a person or cron runs them, in processes of their own on the demo tenant."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import anyio
import pytest

from iru_mcp.cli import main
from iru_mcp.inventory import schema
from iru_mcp.inventory.export.lines import write_csv
from iru_mcp.inventory.export.rows import Wanted
from iru_mcp.inventory.store import reader

from .conftest import Copy

ROOT = Path(__file__).parent.parent.parent


def environment() -> dict[str, str]:
    """Without settings of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("IRU_", "KANDJI_"))}
    return kept | {"PYTHONPATH": str(ROOT)}


class Shell:
    """Runs iru-mcp on the demo tenant with one inventory file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __call__(
        self, *words: str, code: int = 0, settings: Mapping[str, str] = MappingProxyType({})
    ) -> subprocess.CompletedProcess[str]:
        verb, *rest = words
        flags = ["--demo", "--devices", "40", "--inventory", str(self.file)]
        done = subprocess.run(
            [sys.executable, "-m", "iru_mcp", verb, *flags, *rest],
            env=environment() | dict(settings),
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )
        assert done.returncode == code, done.stderr
        return done


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """After a first sync."""
    shell = Shell(tmp_path_factory.mktemp("verbs") / "demo.sqlite3")
    done = shell("sync", "--quota", "100%")
    assert "rows read" in done.stderr
    assert "\r" not in done.stderr, "a moving bar is for terminals"
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in events] == ["summary"]
    return shell


def test_status_says_how_old_the_copy_is_and_what_it_holds(shell: Shell) -> None:
    found = json.loads(shell("inventory", "status", "--json").stdout)
    assert (found["connected"], found["account"]) == ("yes", "demo")
    assert {line["kind"]: line["state"] for line in found["kinds"]}["apps"] == "copied"
    said = shell("inventory").stdout
    assert "last sync" in said
    assert re.search(r"^devices +40 +7 days +copied$", said, re.MULTILINE)
    assert len({line.index("copied") for line in said.splitlines() if "copied" in line}) == 1, "columns are columns"


def test_the_second_sync_of_the_demo_finds_the_story_and_nothing_else(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "demo.sqlite3")
    shell("sync")
    events = [json.loads(line) for line in shell("sync").stdout.splitlines()]
    assert {event["rule"] for event in events} - {"agent-silent"} == {
        "threat-not-quarantined",
        "new-local-admin",
        "new-unsigned-login-item",
        "malicious-behavior-detected",
        "protection-turned-off",
        "edr-silent",
    }, "each of the planted stories fires its rule"
    with closing(sqlite3.connect(shell.file)) as db:
        found = db.execute("SELECT kind, what, count(*) FROM changes GROUP BY 1, 2").fetchall()
        late = db.execute(
            "SELECT count(*) FROM local_users WHERE NOT baseline "
            "AND user_created_at < (SELECT min(finished_at) FROM syncs)"
        )
        assert late.fetchone() == (0,), "what the first copy does not have came after it"
    assert set(found) == {
        ("apps", "appeared", 3),
        ("launch_items", "appeared", 3),
        ("local_users", "appeared", 3),
        ("threats", "appeared", 2),
        ("behavioral_detections", "appeared", 1),
        ("devices", "changed", 1),
        ("gatekeeper", "changed", 1),
        ("library_item_status", "changed", 3),
        ("system_extensions", "changed", 1),
        ("transparency_database", "appeared", 6),
    }


@pytest.mark.anyio
async def test_the_permissions_that_are_listed_for_a_sync_are_what_it_asks_for(shell: Shell, empty: Copy) -> None:
    await empty.sync()
    slots = {"devices": "device_id", "blueprints": "blueprint_id", "library-items": "library_item_id"}
    found = re.compile(rf"({'|'.join(slots)})/[0-9a-f-]{{36}}/")
    asked = {found.sub(lambda m: f"{m[1]}/{{{slots[m[1]]}}}/", url.path) for url in empty.tenant.asked}
    lines = shell("permissions", "--sync").stdout.splitlines()[1:]
    listed = {match[1]: line for line in lines if (match := re.search(r"  GET (\S+)  ", line))}
    assert asked <= set(listed)
    assert not [line for path, line in listed.items() if path not in asked and "of older tenants" not in line]


@contextmanager
def ending(process: subprocess.Popen[str]) -> Iterator[None]:
    """Whatever a test finds, the process ends with it."""
    try:
        yield
    finally:
        process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize(
    ("number", "interrupt"),
    [
        (signal.SIGINT, signal.SIG_DFL),
        (signal.SIGTERM, signal.SIG_DFL),
        (signal.SIGTERM, signal.SIG_IGN),  # as a shell starts what it sends to the background
    ],
)
def test_a_sync_that_goes_on_for_ever_ends_at_once_when_it_is_told_to(
    tmp_path: Path, number: signal.Signals, interrupt: signal.Handlers
) -> None:
    words = [sys.executable, "-m", "iru_mcp", "sync", "--demo", "--devices", "40", "--every", "1h"]
    process = subprocess.Popen(
        [*words, "--inventory", str(tmp_path / "copy.sqlite3")],
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=lambda: signal.signal(signal.SIGINT, interrupt),  # noqa: PLW1509 - it does no more
    )
    assert process.stderr
    with process, ending(process):
        said = iter(process.stderr.readline, "")
        assert any(" sync 1: " in line for line in said)
        process.send_signal(number)
        assert process.wait(30) == 130
        assert [line for line in said if line.strip()][-1] == "iru-mcp: stopped.\n"


def test_every_goes_on_after_a_round_and_after_one_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real, pauses = anyio.sleep, list[float]()

    async def sleep(seconds: float) -> None:
        if seconds > 600:
            pauses.append(seconds)
            if len(pauses) == 2:
                raise KeyboardInterrupt
        await real(0)

    monkeypatch.setattr(anyio, "sleep", sleep)
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"http://127.0.0.1:{gone.getsockname()[1]}"
    monkeypatch.setenv("IRU_API_TOKEN", "a-token")
    words = ["sync", "--every", "30m", "--inventory"]
    assert main([*words, str(tmp_path / "failed.sqlite3"), "--api-url", url]) == 130
    said = capsys.readouterr().err
    assert said.count("iru-mcp: ") == 3, "two rounds that failed, and the end"
    assert len(re.findall(r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ iru-mcp: ", said, re.MULTILINE)) == 2
    assert "gave no answer" in said
    pauses.clear()
    assert main([*words, str(tmp_path / "copy.sqlite3"), "--demo", "--devices", "40"]) == 130
    assert "sync 2: " in capsys.readouterr().err
    assert all(1500 < pause <= 1800 for pause in pauses), "a round begins half an hour after the last one began"


def test_a_demo_copy_of_an_older_version_is_synced_too(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "demo.sqlite3")
    with closing(sqlite3.connect(shell.file, isolation_level=None)) as db:
        for step in schema.steps()[:2]:
            schema.run_script(db, step)
        db.execute("PRAGMA user_version = 2")
    assert "rows read" in shell("sync").stderr


def test_open_alerts_are_an_exit_code_for_cron(shell: Shell) -> None:
    found = [json.loads(line) for line in shell("alerts", "--json", code=3).stdout.splitlines()]
    assert found
    assert {"rule", "severity", "say", "row", "opened_at"} <= set(found[0])


def test_jsonl_holds_every_row(shell: Shell) -> None:
    rows = [json.loads(line) for line in shell("export", "--format", "jsonl").stdout.splitlines()]
    counts: Counter[str] = Counter()
    for line in json.loads(shell("inventory", "--json").stdout)["kinds"]:
        counts[line["kind"].partition(" (")[0]] += line["rows"]
    assert Counter(row["table"] for row in rows) == +counts


def test_in_privacy_mode_no_name_of_the_copy_leaves_by_any_verb(shell: Shell, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in shell("export", "--format", "jsonl").stdout.splitlines()]
    named = {row["serial_number"] for row in rows if row["table"] == "devices"}
    named |= {row[name] for row in rows if row["table"] == "users" for name in ("name", "email") if name in row}
    assert len(named) > 50
    private = {"IRU_PRIVACY": "pseudonyms", "IRU_PRIVACY_KEY": "a key for the tests of this"}
    written = [
        shell("export", "--format", "jsonl", settings=private).stdout,
        shell("export", "--format", "jupiterone", settings=private).stdout,
        shell("alerts", "--json", code=3, settings=private).stdout,
    ]
    shell("export", "--format", "csv", "--out", str(tmp_path / "csv"), settings=private)
    shell("report", "--out", str(tmp_path / "report.html"), settings=private)
    written += [file.read_text("utf-8") for file in (*(tmp_path / "csv").iterdir(), tmp_path / "report.html")]
    assert not [name for name in named for text in written if name in text]
    assert "SER-" in written[0]


def test_csv_is_a_file_a_kind_and_no_cell_is_a_formula(shell: Shell, tmp_path: Path) -> None:
    shell("export", "--format", "csv", "--out", str(tmp_path / "csv"))
    with (tmp_path / "csv" / "devices.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 40
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize(
    "cell", ["=1+1", " =1+1", "\t=1+1", "\uff1d1+1", "\u00a0\uff1d1", "\uff0b1", "\uff0d1", "\uff20SUM(A1)", "@SUM(A1)"]
)
def test_a_csv_cell_that_a_spreadsheet_takes_for_a_formula_begins_with_a_quote(
    copy: Copy, tmp_path: Path, cell: str
) -> None:
    def shown(value: Any) -> Any:
        return value | {"asset_tag": cell} if isinstance(value, dict) else value

    with reader(copy.path) as db:
        write_csv(db, tmp_path / "csv", Wanted(), shown)
    with (tmp_path / "csv" / "devices.csv").open(encoding="utf-8", newline="") as file:
        assert {row["asset_tag"] for row in csv.DictReader(file)} == {f"'{cell}"}


def test_the_graph_service_gets_entities_with_stable_keys_and_no_dangling_edge(shell: Shell, tmp_path: Path) -> None:
    out = tmp_path / "graph.jsonl"
    shell("export", "--format", "jupiterone", "--out", str(out))
    first = out.read_text("utf-8")
    shell("export", "--format", "jupiterone", "--out", str(out))
    assert out.read_text("utf-8") == first
    lines = [json.loads(line) for line in first.splitlines()]
    entities = {line["_key"]: line for line in lines if "_fromEntityKey" not in line}
    edges = [line for line in lines if "_fromEntityKey" in line]
    assert len(entities) + len(edges) == len({line["_key"] for line in lines}), "every key is one thing"
    types = {entity["_type"] for entity in entities.values()}
    assert types >= {"kandji_account", "kandji_device", "kandji_app", "kandji_user", "kandji_profile"}
    assert {edge["_type"] for edge in edges} >= {"kandji_account_has_device", "kandji_device_installed_app"}
    ends = {end for edge in edges for end in (edge["_fromEntityKey"], edge["_toEntityKey"])}
    assert ends <= set(entities)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sync", "--quota", "half"], "--quota 50%"),
        (["sync", "--every", "soon"], "30m, 6h, 1d"),
        (["export", "--format", "csv"], "--out"),
    ],
)
def test_a_wrong_flag_says_what_is_right(shell: Shell, words: list[str], said: str) -> None:
    assert said in shell(*words, code=2).stderr


def test_without_a_copy_each_verb_says_how_to_make_one(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "none.sqlite3")
    for words in (["inventory"], ["alerts"], ["export", "--format", "jsonl"], ["report"]):
        assert "iru-mcp sync" in shell(*words, code=2).stderr


def test_listing_the_tools_opens_and_reads_no_copy() -> None:
    check = (
        "import sys, iru_mcp.tools.kit.catalogue as c; c.catalogue(); "
        "sys.exit(' '.join(m for m in sys.modules if m in ('sqlite3', 'iru_mcp.inventory.store', "
        "'iru_mcp.inventory.schema', 'iru_mcp.inventory.query', 'iru_mcp.inventory.sync.run')))"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, encoding="utf-8", check=False, cwd=ROOT)
    assert done.stderr.strip() == ""


@pytest.mark.skipif(sys.platform == "win32", reason="pipes are others there")
@pytest.mark.parametrize(
    "words",
    [
        ["sync"],
        ["inventory", "status"],
        ["inventory", "status", "--json"],
        ["alerts"],
        ["alerts", "--json"],
        ["alerts", "--check", "rules.toml"],
        ["export", "--format", "jsonl"],
        ["export", "--format", "jupiterone"],
    ],
    ids=" ".join,
)
def test_a_reader_that_has_left_ends_a_verb_with_1_and_without_a_word(
    shell: Shell, words: list[str], tmp_path: Path
) -> None:
    """The pipe is broken from the start, so it breaks wherever the verb first writes, also at the last flush."""
    shell = Shell(Path(shutil.copy(shell.file, tmp_path)))  # a sync that finds nothing new writes nothing
    rules = '[[rule]]\nname = "removed-from-mdm"\nseverity = "low"\n'
    shell.file.with_name("rules.toml").write_text(rules, "utf-8")
    said, code = _into_closed_pipes(shell, words, stdout=True)
    assert not [line for line in said.splitlines() if not re.match(r"20\d\d-\d\d-\d\dT\S+ ", line)], (
        "a log line at most"
    )
    assert "rror" not in said
    assert code == 1


@pytest.mark.skipif(sys.platform == "win32", reason="pipes are others there")
def test_a_log_that_nobody_reads_stops_no_sync(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "demo.sqlite3")
    said, code = _into_closed_pipes(shell, ["sync"], stdout=False)
    assert [json.loads(line)["event"] for line in said.splitlines()] == ["summary"]
    assert code == 0


def _into_closed_pipes(shell: Shell, words: list[str], *, stdout: bool) -> tuple[str, int]:
    """Run a verb with stdout, or else stderr, into a pipe that nobody reads; what the other had, and the exit code."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "iru_mcp", words[0], "--demo", "--devices", "40", "--inventory", str(shell.file)]
    ran = subprocess.run(
        [*command, *words[1:]],
        env=environment(),
        cwd=shell.file.parent,
        stdout=writer if stdout else subprocess.PIPE,
        stderr=subprocess.PIPE if stdout else writer,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    os.close(writer)
    return (ran.stderr if stdout else ran.stdout), ran.returncode
