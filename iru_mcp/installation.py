"""How this package was installed, and so the commands that start it again and add an extra to it.

The package's name alone is enough to install it only where it came from an index, so it is never written alone
elsewhere: what installers record (PEP 610) says whether a folder, an archive, a repository or an index was the source.
Tools that run a package once (uvx, pipx run) keep its environment in a cache that may be cleared; a command that is to
work next month must not name a path in there.
"""

import json
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path, PurePath

from .errors import ConfigError

_NAME = "iru-mcp"


@dataclass(frozen=True, slots=True)
class Installation:
    """Where this package runs: the interpreter, its environment's folder, and what installers call its source.

    `source` is the part of a requirement after the name and its extras: ` @ file:///clone`, ` @ git+https://...` or,
    from an index, `==1.2.3`. `has_pip` says whether the environment can install into itself.
    """

    python: str
    prefix: str
    source: str
    has_pip: bool = True

    @property
    def cached_by(self) -> str:
        """`uvx` or `pipx` where the environment lies in that tool's cache, empty elsewhere."""
        parts = PurePath(self.prefix).parts
        if any(part.startswith(("archive-v", "environments-v", "builds-v")) for part in parts):
            return "uvx"
        return "pipx" if "pipx" in parts and "venvs" not in parts else ""

    def requirement(self, extra: str = "") -> str:
        """What any installer takes to install this package from where it came from."""
        return f"{_NAME}{f'[{extra}]' if extra else ''}{self.source}"

    def command(self, find: Callable[[str], str | None], extra: str = "") -> list[str]:
        """What starts this package from any folder and with any PATH; `find` looks a program up.

        -P keeps the modules of the folder a client starts it in out. Raises ConfigError in a cache whose tool is gone.
        """
        if not (tool := self.cached_by):
            return [self.python, "-P", "-m", "iru_mcp"]
        if (program := find(tool)) is None:
            raise ConfigError(
                f"iru-mcp runs from a cache of {tool} that may be cleared, and {tool} is not on PATH.",
                f"Put {tool} on PATH, or install iru-mcp in a virtual environment and run setup from there.",
            )
        return self._run_once(program, extra)

    def adding(self, extra: str) -> str:
        """A shell command after which an `extra` of this package is there."""
        if self.cached_by:
            return _shell(self._run_once(self.cached_by, extra))
        pip, uv = [self.python, "-m", "pip", "install"], ["uv", "pip", "install", "--python", self.python]
        return _shell([*(pip if self.has_pip else uv), *_requirements_of(extra)])

    def _run_once(self, program: str, extra: str) -> list[str]:
        """What has uvx or pipx, found as `program`, run this package from its cache."""
        how = ["--from"] if self.cached_by == "uvx" else ["run", "--spec"]
        return [program, *how, self.requirement(extra), _NAME]


def installation() -> Installation:
    """This process's."""
    return Installation(sys.executable, sys.prefix, _source(), util.find_spec("pip") is not None)


def _shell(words: list[str]) -> str:
    """The words as a line to paste: on Windows into cmd, which knows no single quotes."""
    if sys.platform == "win32":
        from subprocess import list2cmdline  # noqa: PLC0415 - of this platform

        return list2cmdline(words)
    return shlex.join(words)


def _source() -> str:
    try:
        distribution = metadata.distribution(_NAME)
    except metadata.PackageNotFoundError:
        return f" @ {Path(__file__).parents[1].as_uri()}"  # run from its folder, not installed
    if not (recorded := distribution.read_text("direct_url.json")):
        return f"=={distribution.version}"
    origin = json.loads(recorded)
    if repository := origin.get("vcs_info"):
        return f" @ {repository['vcs']}+{origin['url']}@{repository['commit_id']}"
    return f" @ {origin['url']}"


def _requirements_of(extra: str) -> list[str]:
    """The packages behind an extra, as this package's metadata lists them."""
    try:
        listed = metadata.requires(_NAME) or []
    except metadata.PackageNotFoundError:
        listed = []
    found = [line.partition(";") for line in listed]
    return [name.strip() for name, _, marker in found if marker.replace("'", '"').strip() == f'extra == "{extra}"'] or [
        f"{_NAME}[{extra}]{_source()}"
    ]
