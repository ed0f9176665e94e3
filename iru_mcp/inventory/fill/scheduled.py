"""The copy kept fresh by a server: a whole sync every so often, by one process of those that share the file.

All of them look at when the file was last synced whole, and only at that: whoever finds it due takes the file's lock
and syncs, the others find the lock taken or the sync done.
"""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import anyio
from anyio import to_thread

from ...api.client import IruClient
from ...errors import IruError, UsageError
from ..store import Locked, last_whole_sync, reader, words
from ..sync.run import Plan, sync
from .on_demand import OnDemand

_log = logging.getLogger("iru_mcp")
_AGAIN = 60.0
"""Seconds until the next look after one that found the file locked or Iru failing."""


async def keep_fresh(open_client: Callable[[], Awaitable[IruClient]], every: timedelta) -> None:
    """Sync whenever the last whole sync is older than `every`, until cancelled. Failures are logged and tried again."""
    while True:
        try:
            wait = await _round(await open_client(), every)
        except Locked:
            wait = _AGAIN
        except IruError as error:
            _log.warning("the inventory could not be synced: %s", error)
            wait = _AGAIN
        await anyio.sleep(wait)


async def _round(client: IruClient, every: timedelta) -> float:
    """Sync if it is due. Returns in how many seconds it will be due next."""
    path = await client.companion(OnDemand).path()
    last = await to_thread.run_sync(_last_whole, path)
    if last and (due := (last + every - client.now()).total_seconds()) > 0:
        return due
    filling = client.filling
    plan = Plan(filling.account, filling.share, pseudonyms=True, account_name=filling.account_name)
    await sync(client, path, plan, tell=_log.warning)
    return every.total_seconds()


def _last_whole(path: Path) -> datetime | None:
    with reader(path) as db:
        return last_whole_sync(db)


def copy_age(client: IruClient | None) -> str:
    """How old the copy is, in words for anyone. Reads the file: for a thread."""
    with suppress(UsageError):
        if client and (last := _last_whole(client.companion(OnDemand).place())):
            return f"synced {words((client.now() - last).total_seconds())} ago"
    return "not synced yet"
