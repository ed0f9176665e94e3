"""The verb demo-tenant: the demo tenant's API on a loopback port."""

import argparse

import anyio
import uvicorn

from ..config.settings import Settings
from ..demo import TOKEN, asgi, transport
from ..errors import ConfigError
from ..server.http.admission import LOOPBACK
from ..server.http.app import bind
from .serve import say, url_of


def run(_: argparse.Namespace, settings: Settings) -> int:
    """Serve until a signal comes. Raises ConfigError."""
    if settings.host not in LOOPBACK:
        raise ConfigError("The demo tenant listens on this machine only.", "Leave --host out.")
    app = asgi(transport(devices=settings.devices))
    opened = bind(settings.host, settings.port)
    url = url_of(opened)
    say(f"demo tenant on {url}\n  IRU_API_URL={url} IRU_API_TOKEN={TOKEN} iru-mcp check")
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    anyio.run(uvicorn.Server(config).serve, [opened])
    return 0
