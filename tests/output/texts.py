"""Texts with secrets, and texts that look like it and are evidence: two files, one text a line.

In secrets.txt each secret stands between U+27E6 and U+27E7, and what is around it must stay. A backslash and an n
stand for a line break. Every name, host and secret is made up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent / "corpus"
_MARKED = re.compile("\u27e6([^\u27e7]*)\u27e7")


@dataclass(frozen=True, slots=True)
class Case:
    """A text, the secrets in it, and what lies around them."""

    text: str
    secrets: tuple[str, ...]
    around: tuple[str, ...]


def cases(name: str) -> list[Case]:
    """The cases of secrets.txt or evidence.txt."""
    lines = (_HERE / name).read_text("utf-8").splitlines()
    return [_case(line.replace("\\n", "\n")) for line in lines if line.strip()]


def _case(line: str) -> Case:
    parts = [" ".join(part.split("\n")) for part in _MARKED.split(line)]
    return Case(_MARKED.sub(r"\1", line), tuple(part.strip() for part in parts[1::2]), tuple(parts[::2]))


def leaked(case: Case, out: str) -> bool:
    """Whether a secret, or the greater half of one, is in what left."""
    halves = [secret[: len(secret) // 2 + 1] for secret in case.secrets]
    return any(len(half) > 3 and half in out for half in halves) or any(secret in out for secret in case.secrets)


def lost(case: Case, out: str) -> bool:
    """Whether anything but the secrets is missing from what left."""
    return out != "[redacted]".join(case.around)
