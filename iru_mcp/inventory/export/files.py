"""Files that appear whole or not at all, readable by their owner alone.

An export is written beside its place under a hidden name and renamed when it is complete, so that a reader, a full disk
or a killed process never leaves half of one under its name. A folder is replaced as a whole: the old one is moved
aside, the new one in. Between the two renames there is none; there is never a mixture. Only a folder that an export
wrote is replaced.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO
from urllib.parse import quote

from ...errors import UsageError

MANIFEST = "_manifest.json"
"""The file that says what a folder holds. Readers of Hive-partitioned folders skip names that begin with _."""


def json_line(row: object) -> str:
    """One line of a file of JSON lines."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"


def tenant_partition(account: str) -> str:
    """The folder of one tenant in a Hive-partitioned tree."""
    return f"tenant={quote(account, safe='.-_')}"


def _refused(path: Path, error: OSError) -> UsageError:
    return UsageError(f"{path} cannot be written ({error.strerror or error}).", "Name another place with --out.")


@contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """A text file that replaces `path` at the end. Raises UsageError when it cannot be written."""
    try:
        if path.exists() and not path.is_file():  # a pipe or a device cannot be replaced; a folder is refused by open
            with path.open("w", encoding="utf-8", newline="") as out:
                yield out
            return
        number, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)  # mode 600
        try:
            with open(number, "w", encoding="utf-8", newline="") as out:  # noqa: PTH123 - a number, not a path
                yield out
                out.flush()
                os.fsync(out.fileno())
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise _refused(path, error) from None


@contextmanager
def whole_folder(path: Path, *, beside: Path | None = None) -> Iterator[Path]:
    """An empty folder that replaces `path` at the end. Until then it has a hidden name next to `beside`, or else to
    `path`: who reads a tree of such folders must not find an unfinished one. Raises UsageError when it cannot be
    written."""
    near = beside or path
    try:
        _refuse_foreign(path)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        work = Path(tempfile.mkdtemp(prefix=f".{near.name}.", suffix=".tmp", dir=near.absolute().parent))  # mode 700
        try:
            new = work / "new"
            new.mkdir(mode=0o700)
            yield new
            _settle(new)
            _exchange(path, new, work / "old")
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise _refused(path, error) from None


def _exchange(path: Path, new: Path, old: Path) -> None:
    """Rename `new` to `path`; where that fails, `path` stays as it was. Windows renames nothing that is open."""
    if path.exists():
        path.rename(old)
    try:
        new.rename(path)
    except OSError:
        if old.exists():
            old.rename(path)
        raise


def _settle(folder: Path) -> None:
    """Make all files readable by their owner alone, and flush them to the disk."""
    for file in folder.rglob("*"):
        file.chmod(0o700 if file.is_dir() else 0o600)
        if file.is_file():
            with file.open("rb+") as open_file:
                os.fsync(open_file.fileno())


def _refuse_foreign(folder: Path) -> None:
    """Raises UsageError when `folder` has files that no export wrote."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(f"{folder} is a file.", "Name a folder with --out.")
    found = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if not file.is_dir()}
    with suppress(OSError, ValueError, KeyError, TypeError):
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        found -= {MANIFEST, *(table["file"] for table in manifest["tables"].values())}
    if found:
        raise UsageError(
            f"{folder} holds what no export wrote: {min(found)}.", "Name a new or empty folder with --out."
        )
