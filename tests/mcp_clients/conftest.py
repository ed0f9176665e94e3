"""A keyring that is a file."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest

HERE = Path(__file__).parent


@pytest.fixture
def kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file in which the system keyring of this test keeps its secrets."""
    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "file_keyring.FileKeyring")
    before = keyring.get_keyring()
    keyring.set_keyring(importlib.import_module("file_keyring").FileKeyring())
    yield home / "keyring.json"
    keyring.set_keyring(before)
