"""One GET of a declared endpoint, as a value: what is sent, and the key under which its answer is cached."""

from collections.abc import Mapping
from typing import Generic, NamedTuple, TypeVar

from ..errors import UsageError
from .endpoint import Endpoint
from .paging import Position
from .record import Record

R = TypeVar("R", bound=Record)


class Request(NamedTuple, Generic[R]):
    """A page of an endpoint: the path with its ids, the position of the page, and all query parameters by name."""

    endpoint: Endpoint[R]
    path: str
    position: Position
    query: tuple[tuple[str, str | int], ...]


def request_for(
    endpoint: Endpoint[R], position: Position | None, query: Mapping[str, str | int], ids: Mapping[str, str]
) -> Request[R]:
    """The request for the page at `position` (None: the first) with these parameters and path ids.

    Raises TypeError for a parameter that Iru does not document, which it would ignore silently, and UsageError for an
    id or text that cannot be sent.
    """
    if unknown := set(query) - endpoint.filters:
        raise TypeError(f"{endpoint.name} documents no {sorted(unknown)}")
    path = endpoint.url_path(ids)
    if any("\ud800" <= letter <= "\udfff" for value in query.values() for letter in str(value)):
        raise UsageError("An argument holds half a character.", "Pass it as another tool gave it.")
    begin = endpoint.paging.start if position is None else position
    return Request(endpoint, path, begin, tuple(sorted((endpoint.paging.query(begin) | dict(query)).items())))
