"""One entry in a client's configuration file: put there and taken out again, atomically, with a backup.

The file is the client's, and the client may write it at any moment, as may another setup. So only one setup at a time
changes files, and a new text takes the old one's place only if the file is still what was read.
"""

import contextlib
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from ..config.account import default_file
from ..errors import ConfigError
from . import jsonc, toml
from .entry import is_ours
from .known import Client


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A client's file and the name of our entry in it. Every method raises ConfigError, with nothing written."""

    client: Client
    path: Path
    name: str = "iru"

    @property
    def backup(self) -> Path:
        """The file as it is without our entry, kept while there is one."""
        return self._real.with_name(f"{self._real.name}.before-iru-mcp")

    @property
    def _real(self) -> Path:
        return Path(os.path.realpath(self.path))  # whoever keeps dotfiles elsewhere keeps them there

    @property
    def _place(self) -> tuple[str, ...]:
        return (*self.client.servers, self.name)

    @property
    def _form(self) -> ModuleType:
        return toml if self.client.form == "toml" else jsonc

    def entry(self) -> dict[str, Any] | None:
        """Our entry as it is in the file, None when there is none."""
        with self._as_config_error():
            found = self._entry(_read(self._real) or "")
        return found if is_ours(found) else None

    def check(self, entry: dict[str, Any]) -> None:
        """Whether `entry` could be put: the file is readable, and the name not another server's."""
        with self._as_config_error():
            self._with(_read(self._real), entry)

    def connect(self, entry: dict[str, Any], *, secret: bool) -> None:
        """Put `entry`, in place of an older one of ours; with a `secret` in it, nobody else may read the file."""
        with self._as_config_error(), _alone():
            while True:
                text = _read(self._real)
                new, before = self._with(text, entry), self._without(text)
                self._real.parent.mkdir(parents=True, exist_ok=True)
                if before is not None:
                    _write(self.backup, before, self._mode())
                if self._replaced(text, new, self._mode() & 0o700 if secret else self._mode()):
                    return

    def disconnect(self) -> bool:
        """Take our entry out, and the file if it held nothing else and was not there before; whether there was one."""
        with self._as_config_error(), _alone():
            while True:
                text = _read(self._real)
                if text is None or not is_ours(self._entry(text)):
                    return False
                if self._replaced(text, self._without(text), self._mode()):
                    self.backup.unlink(missing_ok=True)
                    return True

    def _replaced(self, old: str | None, new: str | None, mode: int) -> bool:
        """Put `new` in place of `old`, None for no file; not when the client has written its file meanwhile."""
        if new is None:
            if _read(self._real) != old:
                return False
            self._real.unlink()
            return True
        return _write(self._real, new, mode, unless=lambda: _read(self._real) != old)

    def shown(self, entry: dict[str, Any]) -> str:
        """The entry as it stands in a file of its own."""
        return str(self._form.put("", self._place, entry))

    def _with(self, text: str | None, entry: dict[str, Any]) -> str:
        old = self._entry(text or "")
        if old is not None and not is_ours(old):
            raise ValueError(f"its server '{self.name}' is another one; give this one a name with --name")
        return str(self._form.put(text or "", self._place, entry))

    def _without(self, text: str | None) -> str | None:
        """The text before our entry came, None for no file: the backup where nothing else changed since."""
        if text is None or (entry := self._entry(text)) is None:
            return text
        backup = _read(self.backup)
        with contextlib.suppress(ValueError):
            if backup is not None and self._form.put(backup, self._place, entry) == text:
                return backup
        rest = str(self._form.cut(text, self._place))
        return None if backup is None and _is_hollow(self._form.load(rest) if rest.strip() else {}, rest) else rest

    def _entry(self, text: str) -> Any:
        return jsonc.value_at(self._form.load(text) if text.strip("\ufeff \t\r\n") else {}, self._place)

    def _mode(self) -> int:
        return stat.S_IMODE(self._real.stat().st_mode) if self._real.exists() else 0o600

    @contextlib.contextmanager
    def _as_config_error(self) -> Iterator[None]:
        by_hand = f"Mend it, or paste what iru-mcp setup {self.client.name} --print shows."
        try:
            yield
        except UnicodeDecodeError:
            raise ConfigError(f"{self.path} is left as it is: it is not UTF-8.", by_hand) from None
        except ValueError as error:
            raise ConfigError(f"{self.path} is left as it is: {error}.", by_hand) from None
        except OSError as error:
            raise ConfigError(f"{self.path} cannot be changed: {error.strerror}.", by_hand) from None


def _is_hollow(value: Any, text: str) -> bool:
    """Whether the file holds only empty objects, and no comment."""
    return isinstance(value, dict) and not set(text) & set("#/") and all(_is_hollow(v, "") for v in value.values())


def _read(path: Path) -> str | None:
    """The text of a file, None when there is none. Raises ValueError for a pipe or a folder: reading could hang."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ValueError("it is not a file")
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None


def _write(path: Path, text: str, mode: int, *, unless: Callable[[], bool] = lambda: False) -> bool:
    """Write the file whole or not at all, also when the machine stops midway; not if `unless` says so just before."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        if unless():
            return False
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
    return True


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Wait until no other setup of this user changes files, which takes milliseconds; the lock ends with the process.

    Raises OSError where its file cannot be made.
    """
    path = default_file("setup").with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - of this platform

            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - of the other platforms

            fcntl.flock(file, fcntl.LOCK_EX)
        yield
