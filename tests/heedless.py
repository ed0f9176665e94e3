"""An Iru that ignores filters, as it does with those that it does not know."""

from __future__ import annotations

import httpx

PAGING = frozenset({"limit", "offset", "cursor", "page", "size", "after", "ordering", "sort_by"})
REQUIRED = frozenset({"statuses"})
"""Without these Iru refuses to answer."""


class Heedless(httpx.AsyncBaseTransport):
    """A tenant that knows only paging: every filter is ignored without a word."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        params = {name: value for name, value in request.url.params.items() if name in PAGING | REQUIRED}
        url = request.url.copy_with(params=params)
        return await self.inner.handle_async_request(httpx.Request("GET", url, headers=request.headers))
