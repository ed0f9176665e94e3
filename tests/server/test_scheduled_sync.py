"""A server over HTTP keeps its inventory copy fresh, one of those that share the file, and says how old it is."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import httpx

from .conftest import Running, Start

FLAGS = ("serve", "--transport", "http", "--port", "0", "--demo", "--devices", "40", "--sync-every", "1h")


def inventory(server: Running) -> str:
    ready = httpx.get(f"{server.url}/readyz")
    assert ready.status_code == 200
    return str(ready.json()["inventory"])


def synced(servers: list[Running]) -> bool:
    """Whether all of them say so within a minute."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if all(inventory(server).startswith("synced") for server in servers):
            return True
        time.sleep(0.2)
    return False


def test_two_servers_on_one_file_sync_it_once_and_both_say_its_age(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "copy.sqlite3"
    servers = [start(*FLAGS, IRU_INVENTORY=str(path), HOME=str(tmp_path)) for _ in range(2)]
    assert synced(servers)
    with closing(sqlite3.connect(path)) as db:
        assert [mode for (mode,) in db.execute("SELECT mode FROM syncs")] == ["full"]
        assert db.execute("SELECT count(*) FROM devices").fetchone() == (40,)


def test_on_stdio_nobody_would_wait_for_a_sync(start: Start, tmp_path: Path) -> None:
    server = start("serve", "--demo", "--sync-every", "1h", HOME=str(tmp_path))
    code, _ = server.end(20)
    assert code == 2
    assert "--transport http" in server.stderr
