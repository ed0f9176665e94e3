"""A home folder of one's own, a demo tenant on a real socket, and a keyring that is a file."""

from __future__ import annotations

import importlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import keyring
import pytest
import uvicorn

from iru_mcp.demo import asgi, transport

HERE = Path(__file__).parent


@contextmanager
def served(app: Any, **options: Any) -> Iterator[str]:
    """An ASGI application on loopback; yields host:port."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="error", lifespan="off", ws="none", **options)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Serves an application for one test."""
    with ExitStack() as stack:
        yield lambda app, **options: stack.enter_context(served(app, **options))


@pytest.fixture(scope="session")
def iru() -> Iterator[str]:
    """The URL of a demo tenant on a socket; its token is demo-token."""
    with served(asgi(transport(devices=60))) as place:
        yield f"http://{place}"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, and no settings from whoever runs the tests."""
    for name in ("XDG_CONFIG_HOME", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "IRU_API_URL", "IRU_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return tmp_path


@pytest.fixture
def kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file in which the system keyring of this test keeps its secrets."""
    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "file_keyring.FileKeyring")
    before = keyring.get_keyring()
    keyring.set_keyring(importlib.import_module("file_keyring").FileKeyring())
    yield home / "keyring.json"
    keyring.set_keyring(before)
