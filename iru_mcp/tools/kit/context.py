"""What a tool works with: its budgeted call to Iru, and what belongs to the question rather than to Iru's API."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from ...api.call import Call
from ...api.client import Companion, IruClient
from ...output.privacy import Privacy
from .cursor import Cursors

C = TypeVar("C", bound=Companion)


@dataclass(frozen=True, slots=True)
class Context:
    """The first parameter of every tool."""

    call: Call
    """Reads from Iru within this question's budget."""
    cursors: Cursors
    _client: IruClient
    caller: str | None = None
    """Whose call this is, where there are several callers."""

    def now(self) -> datetime:
        """The present moment, in UTC."""
        return self._client.now()

    @property
    def inventory(self) -> str:
        """The path of the tenant's inventory file; empty where none is set."""
        return self._client.inventory

    @property
    def privacy(self) -> Privacy | None:
        """Pseudonyms for names, where privacy mode is on."""
        return self._client.privacy

    def companion(self, make: Callable[[IruClient], C]) -> C:
        """What `make` makes of the client, made once and closed with it."""
        return self._client.companion(make)

    def annotated(self, answer: dict[str, Any]) -> dict[str, Any]:
        """`answer` with its age when cached answers were used, and what is left of the hour when that is little."""
        age, quota = self.call.age, self.call.low_quota()
        if age is not None and age >= 1:
            answer = {"cached_seconds": int(age)} | answer
        return answer | {"notes": [*answer.get("notes", []), quota]} if quota else answer
