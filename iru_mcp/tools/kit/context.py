"""What a tool works with: its budgeted call to Iru, and what belongs to the question rather than to Iru's API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...api.call import Call
from ...output.privacy import Privacy
from .cursor import Cursors


@dataclass(frozen=True, slots=True)
class Context:
    """The first parameter of every tool."""

    call: Call
    """Reads from Iru within this question's budget."""
    cursors: Cursors
    now: Callable[[], datetime]
    inventory: str = ""
    """The path of the tenant's inventory file; empty where none is set."""
    privacy: Privacy | None = None
    """Pseudonyms for names, where privacy mode is on."""

    def pseudonymised(self, value: Any) -> Any:
        """`value` as it leaves: under pseudonyms in privacy mode."""
        return self.privacy.answer(value) if self.privacy else value

    def annotated(self, answer: dict[str, Any]) -> dict[str, Any]:
        """`answer` with its age when cached answers were used, and what is left of the hour when that is little."""
        age, quota = self.call.age, self.call.low_quota()
        if age is not None and age >= 1:
            answer = {"cached_seconds": int(age)} | answer
        return answer | {"notes": [*answer.get("notes", []), quota]} if quota else answer
