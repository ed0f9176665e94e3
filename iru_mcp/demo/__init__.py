"""A made-up tenant that answers like Iru, behind an httpx transport."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx
    from starlette.types import ASGIApp

TOKEN = "demo-token"
HOST = "https://northwind.api.kandji.io"


def transport(
    *,
    devices: int = 400,
    seed: int = 7,
    now: datetime | None = None,
    denied: Iterable[str] = (),
    unlicensed: Iterable[str] = (),
    token: str = TOKEN,
    hour_limit: int = 10_000,
    second_limit: int = 50,
    begun: bool = True,
) -> httpx.AsyncBaseTransport:
    """A tenant of `devices` devices (40 at least) whose story ends at `now` (the present moment if None).

    Without `begun` its devices are as they were before the story. `denied` are names of endpoints that answer 403,
    `unlicensed` names of products whose paths are denied or absent. Raises ValueError for an endpoint or product that
    does not exist, or too few devices.
    """
    from .asgi_transport import DemoTransport
    from .world.tenant import DemoTenant

    tenant = DemoTenant.found(devices, seed, (now or datetime.now(UTC)).astimezone(UTC))
    if not begun:
        tenant.rewind()
    return DemoTransport(tenant, token, frozenset(denied), frozenset(unlicensed), hour_limit, second_limit)


def asgi(demo: httpx.AsyncBaseTransport) -> ASGIApp:
    """`demo` as an ASGI application, so that any client can read it through a real socket."""
    from .asgi_transport import application

    return application(demo)
