"""Completions of what was typed: from fixed choices, and from names that Iru lists."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from ..api.client import IruClient
from ..api.endpoint import Endpoint
from ..api.endpoints.blueprints import LIST_BLUEPRINTS
from ..api.endpoints.devices import LIST_DEVICES
from ..api.endpoints.users import LIST_USERS
from ..folding import fold
from ..output.clean import clean_text

OpenClient = Callable[[], Awaitable[IruClient]]
Completer = Callable[[str, OpenClient], Awaitable[Sequence[str]]]
"""What may follow a prefix; the second argument opens the shared client. An IruError means none."""


def one_of(*choices: str) -> Completer:
    """Completes to the choices that begin with what was typed, in any letter case."""

    async def complete(prefix: str, _: OpenClient) -> Sequence[str]:
        return [choice for choice in choices if fold(choice).startswith(fold(prefix))]

    return complete


def _known(endpoint: Endpoint[Any], field: str, parameter: str, query: Mapping[str, str | int]) -> Completer:
    """Completes to a field of what Iru lists: asked with its own filter first, whose matching is unpublished."""

    async def complete(prefix: str, open_client: OpenClient) -> Sequence[str]:
        client = await open_client()
        call = client.call(endpoint, seconds=5.0, requests=2)
        # In privacy mode what is typed is compared with pseudonyms: part by part, a hidden name would be given away.
        shown = client.privacy.answer if client.privacy else dict
        for filtered in ({parameter: prefix}, {}) if prefix and not client.privacy else ({},):
            page = await call.page(endpoint, query=dict(query) | filtered)
            names = {getattr(record, field) for record in page.records if record is not None} - {None, ""}
            texts = [clean_text(shown({field: name})[field]) for name in sorted(names)]
            if found := [text for text in texts if fold(prefix) in fold(text)]:
                return sorted(found, key=lambda text: not fold(text).startswith(fold(prefix)))
        return []

    return complete


device_name = _known(LIST_DEVICES, "device_name", "device_name", {"ordering": "device_name"})
user_email = _known(LIST_USERS, "email", "email", {})
blueprint_name = _known(LIST_BLUEPRINTS, "name", "name", {})
platform = one_of("mac", "iphone", "ipad", "appletv", "android", "windows")
