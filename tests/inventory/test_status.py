"""What `inventory status` and answers from the copy say about how good the copy is, and the exit codes of both."""

from __future__ import annotations

import json
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from iru_mcp.cli import main
from iru_mcp.demo import TOKEN
from iru_mcp.inventory.describe import kinds
from iru_mcp.inventory.store import reader

from .conftest import LATER, Copy, count_roughly
from .planted import Planted, device, nothing, put
from .test_verbs import environment

AT = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"


@pytest.fixture
def synced(iru: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A copy of a tenant behind a socket, which the settings name."""
    file = tmp_path / "copy.sqlite3"
    monkeypatch.setenv("IRU_API_URL", iru)
    monkeypatch.setenv("IRU_API_TOKEN", TOKEN)
    monkeypatch.setenv("IRU_INVENTORY", str(file))
    assert main(["sync", "--quota", "100%"]) == 0
    capsys.readouterr()
    return file


def change(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute(statement)


@pytest.mark.usefixtures("synced")
def test_a_round_that_failed_is_remembered_until_one_succeeds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inventory", "status"]) == 0
    assert "failed rounds" not in capsys.readouterr().out
    monkeypatch.setenv("IRU_API_TOKEN", "a-wrong-token")
    for _ in range(2):
        assert main(["sync"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines
    assert all(re.match(AT, line) for line in lines), "every line of a sync bears its time"
    monkeypatch.setenv("IRU_API_TOKEN", TOKEN)
    assert main(["inventory", "status"]) == 1
    assert re.search(rf"^failed rounds +2, the last at {AT}: .*token", capsys.readouterr().out, re.MULTILINE)
    assert main(["sync"]) == 0
    capsys.readouterr()
    assert main(["inventory", "status", "--json"]) == 0
    assert "failed_rounds" not in json.loads(capsys.readouterr().out)


def test_the_age_of_the_copy_is_an_exit_code(synced: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inventory", "status", "--max-age", "2h"]) == 0
    change(synced, "UPDATE _sync SET started_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-3 hours')")
    assert main(["inventory", "status", "--max-age", "2h"]) == 4
    assert re.search(r"^older than max age +yes$", capsys.readouterr().out, re.MULTILINE)
    assert main(["inventory", "status", "--max-age", "4h"]) == 0
    partial = (
        "INSERT INTO _sync SELECT 2, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), finished_at, 'partial', 1, 1 FROM _sync"
    )
    change(synced, partial)
    assert main(["inventory", "status", "--max-age", "2h"]) == 4, "a fill of one table makes no other table younger"
    assert main(["inventory", "status", "--max-age", "soon"]) == 2


def test_status_tells_of_the_copy_also_when_iru_does_not_answer_and_exits_1(
    synced: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        monkeypatch.setenv("IRU_API_URL", f"http://127.0.0.1:{gone.getsockname()[1]}")
    assert main(["inventory"]) == 1
    said = capsys.readouterr().out
    assert re.search(r"^connected +no: .*gave no answer", said, re.MULTILINE)
    assert re.search(r"^devices +60 ", said, re.MULTILINE)
    change(synced, "UPDATE _sync SET started_at = '2026-01-01T00:00:00Z'")
    assert main(["inventory", "--max-age", "2h"]) == 4, "who asked for the age is told the age"


@pytest.mark.usefixtures("synced")
def test_status_says_what_people_call_the_account(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRU_ACCOUNT_NAME", "Northwind & Sons")
    assert main(["sync"]) == 0
    monkeypatch.delenv("IRU_ACCOUNT_NAME")
    assert main(["sync"]) == 0, "a sync without the setting keeps the name"
    capsys.readouterr()
    assert main(["inventory"]) == 0
    assert re.search(r"^account name +Northwind & Sons$", capsys.readouterr().out, re.MULTILINE)
    assert main(["report", "--out", str(tmp_path / "report.html")]) == 0
    assert "Northwind &amp; Sons" in (tmp_path / "report.html").read_text("utf-8")
    assert main(["export", "--format", "csv", "--out", str(tmp_path / "csv")]) == 0
    manifest = json.loads((tmp_path / "csv" / "_manifest.json").read_text("utf-8"))
    assert manifest["account_name"] == "Northwind & Sons"
    capsys.readouterr()
    assert main(["export", "--format", "jupiterone"]) == 0
    entities = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {one["tag.AccountName"] for one in entities if "tag.AccountName" in one} == {"Northwind & Sons"}


def _no_large_files() -> None:
    import resource  # noqa: PLC0415 - Windows has none

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))


@pytest.mark.skipif(sys.platform == "win32", reason="no such limits")
def test_a_sync_whose_file_cannot_grow_ends_with_a_sentence_and_is_taken_up_later(tmp_path: Path) -> None:
    file = tmp_path / "copy.sqlite3"
    words = [sys.executable, "-m", "iru_mcp", "sync", "--demo", "--devices", "40", "--inventory", str(file)]

    def run(limit: Callable[[], None] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, env=environment(), capture_output=True, encoding="utf-8", check=False, timeout=120, preexec_fn=limit
        )

    failed = run(_no_large_files)
    assert failed.returncode == 1
    said = failed.stderr.splitlines()[-1]
    assert re.match(rf"{AT} iru-mcp: The inventory file cannot be written: the disk ", said)
    assert run().returncode == 0


@pytest.mark.anyio
async def test_answers_from_the_copy_say_that_syncs_failed_since(copy: Copy) -> None:
    copy.tenant.refuse = lambda request: httpx.Response(401, request=request, stream=httpx.ByteStream(b"{}"))
    copy.now = LATER
    with pytest.raises(Exception, match="401"):
        await copy.sync()
    serial = copy.rows("SELECT serial_number FROM devices ORDER BY 1 LIMIT 1")[0][0]
    for tool, arguments in {
        "inventory_changes": {},
        "inventory_alerts": {},
        "inventory_at": {"device": serial, "when": "now"},
        "inventory_graph": {"around": serial},
        "inventory_query": {"sql": "SELECT count(*) FROM devices", "max_age": "7d"},
    }.items():
        notes = (await copy.call(tool, **arguments))["notes"]
        assert any(note.startswith("syncs that failed since: 1, the last at 2026-11-23T18:00:00Z") for note in notes)


@pytest.mark.anyio
async def test_none_of_it_is_not_said_beside_rows_of_the_same_table(empty: Copy) -> None:
    empty.tenant.refuse = lambda request: (
        httpx.Response(403, request=request, stream=httpx.ByteStream(b"{}"))
        if request.url.path.endswith(("/prism/apps", "/prism/certificates"))
        else None
    )
    await empty.sync()
    count = empty.rows("SELECT count(*) FROM apps")[0][0]
    assert count > 0
    notes = (await empty.call("inventory_changes"))["notes"]
    assert f"apps was not permitted at the last sync; the copy has only {count} of apps (Windows, Android)" in notes
    assert "certificates was not permitted at the last sync; the copy has none" in notes


@pytest.mark.anyio
async def test_rows_of_devices_that_are_gone_are_counted_after_an_incremental_sync_too(copy: Copy) -> None:
    _, device_id = device(copy)
    planted = Planted()
    planted.plant("devices", {"device_id": device_id}, nothing)
    copy.tenant.edits.append(planted)
    copy.now = LATER
    assert (await copy.sync()).modes["apps"] == "incremental"
    for table in ("apps", "library_item_status"):  # the second is not read again within a day
        counted = copy.rows(f"SELECT left_out FROM coverage WHERE kind = '{table}'")
        assert counted == copy.rows(f"SELECT count(*) FROM {table} WHERE NOT enrolled")
        assert copy.rows(f"SELECT count(*) > 0 FROM {table} WHERE device_id = :id AND NOT enrolled", id=device_id) == [
            (1,)
        ]
    copy.tenant.edits.clear()
    copy.now = LATER.replace(hour=19)
    await copy.sync()
    assert copy.rows("SELECT left_out FROM coverage WHERE kind = 'library_item_status'") == [(0,)]


@pytest.mark.anyio
async def test_where_removals_cannot_be_known_status_and_answers_say_as_of_when_they_are(
    copy: Copy,
) -> None:
    _, device_id = device(copy)
    planted = Planted()
    planted.plant("apps", {"device_id": device_id, "bundle_id": "com.apple.Calculator"}, put(version="99.1"))
    copy.tenant.edits.append(planted)
    copy.now = LATER
    count_roughly(copy)
    await copy.sync()
    notes = (await copy.call("inventory_changes"))["notes"]
    assert "removals from apps are known as of 2026-11-23T12:00:00Z" in notes
    assert not [note for note in notes if "from audit_events" in note], "what happened stays as it is"
    with reader(copy.path) as db:
        lines = {line["kind"]: line for line in kinds(db, LATER)}
    assert lines["apps"]["removals_known_until"] == "2026-11-23T12:00:00Z"
    assert "removals_known_until" not in lines["devices"]
