"""An endpoint, declared once: where it is, which permission it needs, what comes back and how it is paged."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from ..errors import UsageError
from .paging import Paging
from .record import Record

R = TypeVar("R", bound=Record)

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Endpoint(Generic[R]):
    """One GET of Iru's API. In Iru a permission is a method and a path, so both are one fact, written here once."""

    name: str
    path: str
    section: str
    permission: str = ""
    """The name on Iru's token screen; empty where no public source prints it."""
    record: type[R]
    paging: Paging
    filters: frozenset[str] = field(default_factory=frozenset)
    """Query parameters that Iru documents. Iru ignores others silently, so the client refuses to send them."""
    required: Mapping[str, str] = field(default_factory=dict)
    """Parameters without which Iru refuses the request, with values to try whether the token may ask."""
    product: str = ""
    """The separately bought product behind the path, if any."""
    same_as: str = ""
    """The name of an endpoint that answers the same; a tool that names both needs only one of them."""
    method: Literal["GET"] = "GET"

    def __post_init__(self) -> None:
        if self.method != "GET":
            raise ValueError(f"{self.name} is not a GET: this package only reads")

    @property
    def slots(self) -> tuple[str, ...]:
        """The names in the path's braces."""
        return tuple(_SLOT.findall(self.path))

    @property
    def grant(self) -> str:
        """How to name the permission to someone who grants it."""
        call = f"{self.method} {self.path}"
        return f"'{self.section} > {self.permission}' ({call})" if self.permission else f"{call} (in '{self.section}')"

    def url_path(self, ids: Mapping[str, str]) -> str:
        """The path with its slots filled. Raises UsageError for a value that could leave its segment."""
        if set(ids) != set(self.slots):
            raise TypeError(f"{self.name} takes {self.slots}, got {tuple(ids)}")
        if odd := next((slot for slot, value in ids.items() if not _SEGMENT.fullmatch(value)), ""):
            raise UsageError(f"{odd} has characters that no identifier has.", "Pass the id as another tool gave it.")
        return self.path.format_map(ids)
