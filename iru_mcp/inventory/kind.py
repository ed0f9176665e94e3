"""What a table of the copy is: where its rows come from, what tells them apart, which of their columns are kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..api.endpoint import Endpoint
from ..api.endpoints.prism import PrismRow
from ..api.record import Record
from .sync.row_shapes import PerDevice


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kind:
    """One table of the copy. A new one, or a new column, needs a step in steps/ that makes it."""

    name: str
    holds: str
    """What a row is, for people and models."""
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For a column with few different values: what they are, as the views show them."""
    endpoint: Endpoint[Any]
    instead: Endpoint[Any] | None = None
    """The endpoint that has the same on older tenants."""
    query: Mapping[str, str | int] = field(default_factory=dict)
    device: str = ""
    """The column with the id of the device that a row is about; empty where rows are about no device."""
    key: tuple[str, ...] = ()
    """Columns that, with the device, identify a thing."""
    columns: tuple[str, ...] = ()
    """Columns that are versioned; a column that no published example has goes to `more`."""
    latest: tuple[str, ...] = ()
    """Columns of which only the newest value is kept: their change is no change of the thing."""
    since: str = ""
    """The column that says when Iru first saw the row; kept once, as `since`."""
    changed: str = ""
    """The column that says when Iru last changed the row; only its newest value is kept."""
    skipped: frozenset[str] = frozenset()
    """Columns that are not kept: they are in another table, or mean nothing later."""
    moves: tuple[str, ...] = ()
    """A change of one of these is a move."""
    family: str = ""
    """A column: where a thing of a device went and a new one has the same value here, it is one thing that moved."""
    telling: tuple[str, ...] = ()
    """The columns that are shown where many rows are listed; all of them when empty."""
    prism: bool = False
    """A Prism category: reported by devices, and filtered by updated_at for an incremental reading."""
    starts: str = ""
    """The query parameter that asks for what came since a date; rows never change, and none is ever ended."""
    dated: str = "updated_at"
    """The column by which an incremental reading asks."""
    parents: tuple[tuple[str, str], ...] = ()
    """Where the endpoint lists the rows of one thing: which tables, and which of their columns, hold the ids to ask
    for. The id comes with each row, under the name of the endpoint's slot."""
    shape: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    """From a record's fields to the columns of the copy, where they differ."""
    keeps_texts: bool = False
    """Its rows carry descriptions of CVEs, which are kept once a CVE."""
    per_device: PerDevice | None = None
    """How devices that no list covers are asked one by one."""
    daily: bool = False
    """Read once a day at most, for it costs many requests and changes seldom."""

    @property
    def about(self) -> str:
        """What a row is, with the words of its columns."""
        return "; ".join([self.holds, *(f"{column}: {', '.join(words)}" for column, words in self.words.items())])

    @property
    def listed(self) -> bool:
        """Whether `endpoint` lists it for many devices at once."""
        return self.per_device is None or self.per_device.endpoint is not self.endpoint

    @property
    def incremental(self) -> bool:
        """Whether Iru can be asked for what changed since a moment."""
        return self.prism or bool(self.starts)

    @property
    def per_device_reading(self) -> str:
        """What the reading device by device is called, in the file and to people."""
        return f"{self.name} ({', '.join(self.per_device.platforms)})" if self.per_device and self.listed else self.name

    @property
    def readings(self) -> tuple[str, ...]:
        """What is read for it: the list, device by device, or both."""
        return ((self.name,) if self.listed else ()) + ((self.per_device_reading,) if self.per_device else ())

    @property
    def endpoints(self) -> tuple[Endpoint[Any], ...]:
        """All that may be asked for it."""
        singly = self.per_device.endpoint if self.per_device else None
        return tuple(endpoint for endpoint in (self.endpoint, self.instead, singly) if endpoint)

    @property
    def record(self) -> type[Record]:
        """What a row is read as."""
        return self.endpoint.record if self.listed else PrismRow


def table(name: str, holds: str, columns: str, *, skipped: str = "", **parts: Any) -> Kind:
    """A Kind whose lists of columns and words are given as text, with blanks between them."""
    for part in ("key", "latest", "moves", "telling"):
        parts[part] = tuple(parts.get(part, "").split())
    parts["words"] = {column: tuple(words.split()) for column, words in parts.get("words", {}).items()}
    return Kind(name=name, holds=holds, columns=tuple(columns.split()), skipped=frozenset(skipped.split()), **parts)
