"""What may follow what was typed: fixed choices, and names that Iru knows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from ..api.client import IruClient
from ..api.endpoint import Endpoint
from ..api.endpoints.blueprints import LIST_BLUEPRINTS
from ..api.endpoints.devices import LIST_DEVICES
from ..api.endpoints.users import LIST_USERS
from ..output.clean import clean_text

Completer = Callable[[str, Callable[[], IruClient]], Awaitable[Sequence[str]]]
"""What may follow a prefix; the second argument opens the shared client. An IruError means none."""

_SECONDS = 5.0


def one_of(*choices: str) -> Completer:
    """Completes to the choices that begin with what was typed, in any letter case."""

    async def complete(prefix: str, _: Callable[[], IruClient]) -> Sequence[str]:
        return [choice for choice in choices if choice.casefold().startswith(prefix.casefold())]

    return complete


def _known(endpoint: Endpoint[Any], field: str, parameter: str, query: Mapping[str, str | int]) -> Completer:
    """Completes to a field of what Iru lists: asked with its own filter first, whose matching is unpublished."""

    async def complete(prefix: str, client: Callable[[], IruClient]) -> Sequence[str]:
        privacy = client().privacy
        call = client().call(endpoint, seconds=_SECONDS, requests=2)
        for filtered in ({parameter: prefix}, {}) if prefix else ({},):
            page = await call.page(endpoint, query=dict(query) | filtered)
            names = {getattr(record, field) for record in page.records if record is not None}
            found = sorted(name for name in names if name and prefix.casefold() in name.casefold())
            if found:
                found.sort(key=lambda name: not name.casefold().startswith(prefix.casefold()))
                return [clean_text(privacy.answer({field: name})[field] if privacy else name) for name in found]
        return []

    return complete


device_name = _known(LIST_DEVICES, "device_name", "device_name", {"ordering": "device_name"})
user_email = _known(LIST_USERS, "email", "email", {})
blueprint_name = _known(LIST_BLUEPRINTS, "name", "name", {})
platform = one_of("mac", "iphone", "ipad", "appletv", "android", "windows")
