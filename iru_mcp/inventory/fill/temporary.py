"""A folder for a copy that nobody asked to keep: gone when this process ends, however it ends.

A killed process cannot delete anything. So a second small process waits on a pipe from this one and deletes the folder
when the pipe closes, which the operating system does for a killed process too. Should both be killed at once, or the
power fail, the folder is deleted by the next process that makes one: whoever is alive holds a lock inside its folder.
"""

import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path

from ...errors import ConfigError

_PREFIX = "iru-mcp-copy-"
_LOCK = "owner.lock"
_YOUNG = 3600.0
"""A folder without a lock may be one that is just being made, for this many seconds."""
_DETACHED = getattr(subprocess, "DETACHED_PROCESS", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
"""On Windows: without a console, which would end it with everything else when its window is closed."""
_DELETE = """
import os, shutil, signal, sys, time
for name in ("SIGINT", "SIGTERM", "SIGHUP"):
    if hasattr(signal, name):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
os.chdir(os.path.dirname(sys.argv[1]))
sys.stdin.buffer.read()
for _ in range(40):
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    if not os.path.exists(sys.argv[1]):
        break
    time.sleep(0.25)
"""


class TemporaryFolder:
    """The folder, readable by its user alone, with `path`. Made at once; `close` deletes it.

    Raises ConfigError where the system's temporary folder cannot be written to.
    """

    def __init__(self, within: Path | None = None) -> None:
        parent = within or Path(tempfile.gettempdir())
        for folder in parent.glob(f"{_PREFIX}*"):
            if not _alive(folder):  # what belongs to another user cannot be deleted, and stays
                shutil.rmtree(folder, ignore_errors=True)
        try:
            self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        except OSError as error:
            raise ConfigError(
                f"SQL over the fleet needs a folder for its tables, and {parent} cannot be written ({error.strerror}).",
                "Make it writable for the server, or name a file in IRU_INVENTORY.",
            ) from None
        self._deleting = subprocess.Popen(  # noqa: S603 - this Python, with text of our own
            [sys.executable, "-I", "-S", "-c", _DELETE, str(self.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            creationflags=_DETACHED,
        )
        self._lock = _connect(self.path / _LOCK)
        self._lock.execute("BEGIN EXCLUSIVE")

    def close(self) -> None:
        """Delete the folder, and wait until it is gone."""
        self._lock.close()
        with suppress(OSError):
            assert self._deleting.stdin is not None  # noqa: S101 - it was given one
            self._deleting.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._deleting.wait(timeout=10)


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)


def _alive(folder: Path) -> bool:
    """Whether the process that made the folder is still there, or may be."""
    try:
        if not (folder / _LOCK).exists():
            return time.time() - folder.stat().st_mtime < _YOUNG
        with closing(_connect(folder / _LOCK)) as lock:
            lock.execute("BEGIN EXCLUSIVE")
    except (OSError, sqlite3.Error):
        return True
    return False
