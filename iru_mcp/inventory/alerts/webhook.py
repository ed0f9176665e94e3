"""Alerts sent to the user's own webhook, signed and retried: the one thing this package sends that is no GET, and
never to Iru."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import httpx
from anyio import to_thread

from ...errors import ConfigError
from ...urls import read_url
from ..store import transaction, writer

SIGNATURE = "X-Iru-Mcp-Signature"
"""`t=<unix seconds>,v1=<hex>`: HMAC-SHA256 of `<t>.<body>` under the shared secret."""
_TRIES = 3
_SECONDS = 10.0
_GIVE_UP = 20
"""Rounds after which an event is no longer tried."""
_IRU = ("kandji.io", "iru.com")


def check(url: str) -> str:
    """`url` as it may be used. Raises ConfigError for one that is not https, and for Iru itself."""
    read = read_url("IRU_ALERT_WEBHOOK", url, "Give the whole address, beginning with https://.")
    if f".{read.host}".endswith(tuple(f".{name}" for name in _IRU)):
        raise ConfigError("IRU_ALERT_WEBHOOK names Iru.", "Alerts go to a webhook of your own; Iru is only read.")
    return str(read)


def sign(body: bytes, secret: str, at: int) -> str:
    """The signature header's value."""
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


async def deliver(path: Path, url: str, secret: str, *, clock: Callable[[], float] = time.time) -> tuple[int, int]:
    """Send what waits in the file, oldest first, and stop at the first that is not taken. Returns sent and waiting."""
    waiting = await to_thread.run_sync(lambda: _waiting(path))
    sent = 0
    async with httpx.AsyncClient(timeout=_SECONDS, follow_redirects=False, trust_env=True) as http:
        for number, event in waiting:
            taken = await _send(http, check(url), event.encode(), secret, clock)
            await to_thread.run_sync(_settle, path, number, taken)
            if not taken:
                break
            sent += 1
    return sent, len(waiting) - sent


async def _send(http: httpx.AsyncClient, url: str, body: bytes, secret: str, clock: Callable[[], float]) -> bool:
    for attempt in range(_TRIES):
        headers = {"Content-Type": "application/json"}
        if secret:
            headers[SIGNATURE] = sign(body, secret, int(clock()))
        try:
            response = await http.post(url, content=body, headers=headers)
        except httpx.HTTPError:
            pass
        else:
            if response.is_success:
                return True
            if response.status_code not in (408, 425, 429) and response.status_code < 500:
                return False
        if attempt + 1 < _TRIES:
            await anyio.sleep(2.0**attempt)
    return False


def _waiting(path: Path) -> list[tuple[int, str]]:
    with writer(path) as db:
        return db.execute("SELECT id, event FROM _outbox ORDER BY id LIMIT 1000").fetchall()


def _settle(path: Path, number: int, taken: bool) -> None:  # noqa: FBT001 - run_sync passes by position
    """Forget what was taken, and what was tried too often."""
    with writer(path) as db, transaction(db):
        db.execute("UPDATE _outbox SET tries = tries + 1 WHERE id = ?", (number,))
        db.execute("DELETE FROM _outbox WHERE id = ? AND (? OR tries >= ?)", (number, taken, _GIVE_UP))
