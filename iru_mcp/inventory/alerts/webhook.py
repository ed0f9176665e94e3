"""Alerts sent to the user's own webhook, signed and retried: the one thing this package sends that is no GET, and
never to Iru.

Events wait in the file and are sent oldest first. A webhook that cannot be reached or fails keeps all of them for the
next round; one event that it refuses (4xx) is tried in the next rounds too while the others go on, and after some
rounds is set aside with the answer it got, for a person to see. What must stay true: no event is lost without a word;
the file keeps names as they are, and in privacy mode an event leaves with the pseudonyms that the command line shows.
"""

import hashlib
import hmac
import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx
from anyio import to_thread

from ...errors import ConfigError
from ...urls import read_url
from ..store import writer
from ..transaction import transaction

SIGNATURE = "X-Iru-Mcp-Signature"
"""`t=<unix seconds>,v1=<hex>`: HMAC-SHA256 of `<t>.<body>` under the shared secret."""
_TRIES = 3
_SECONDS = 10.0
_ROUNDS = 3
"""Rounds in which an event may be refused before it is set aside."""
_BUSY = frozenset({408, 425, 429})
_IRU = ("kandji.io", "iru.com")


def check(url: str) -> str:
    """The URL in its normal form. Raises ConfigError for one that is not https, and for Iru itself."""
    read = read_url("IRU_ALERT_WEBHOOK", url, "Give the whole address, beginning with https://.")
    if f".{read.host}".endswith(tuple(f".{name}" for name in _IRU)):
        raise ConfigError("IRU_ALERT_WEBHOOK names Iru.", "Alerts go to a webhook of your own; Iru is only read.")
    return str(read)


def sign(body: bytes, secret: str, at: int) -> str:
    """The signature header's value."""
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How many events were taken, how many wait for the next round, and how many were set aside in this one."""

    sent: int
    waiting: int
    set_aside: int


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where alerts go: the https address, the secret they are signed with ("" for none), and whether as a digest."""

    url: str
    secret: str = ""
    digest: bool = False
    """One request with all that waits, `{"events": [...]}`, instead of one for each event."""


async def deliver(
    path: Path, hook: Webhook, shown: Callable[[Any], Any], *, clock: Callable[[], float] = time.time
) -> Delivery:
    """Send the events that wait in the file, oldest first, each as `shown` makes it."""
    waiting = [(number, shown(event)) for number, event in await to_thread.run_sync(_waiting, path)]
    requests: list[tuple[list[int], Any]] = [([number], event) for number, event in waiting]
    if hook.digest and waiting:
        requests = [([number for number, _ in waiting], {"events": [event for _, event in waiting]})]
    sent, refused = 0, 0
    async with httpx.AsyncClient(timeout=_SECONDS, follow_redirects=False, trust_env=True) as http:
        for numbers, content in requests:
            body = json.dumps(content, ensure_ascii=False).encode()
            if (status := await _send(http, check(hook.url), body, hook.secret, clock)) is None:
                break
            sent += len(numbers) if status == _TAKEN else 0
            refused += await to_thread.run_sync(_settle, path, numbers, status)
    return Delivery(sent, len(waiting) - sent - refused, refused)


_TAKEN = 0


async def _send(http: httpx.AsyncClient, url: str, body: bytes, secret: str, clock: Callable[[], float]) -> int | None:
    """_TAKEN; the status with which the webhook refuses the body; or None where the webhook does not answer now."""
    for attempt in range(_TRIES):
        headers = {"Content-Type": "application/json"}
        if secret:
            headers[SIGNATURE] = sign(body, secret, int(clock()))
        with suppress(httpx.HTTPError):
            response = await http.post(url, content=body, headers=headers)
            if response.is_success:
                return _TAKEN
            if response.status_code not in _BUSY and response.status_code < 500:
                return response.status_code
        if attempt + 1 < _TRIES:
            await anyio.sleep(2.0**attempt)
    return None


def _waiting(path: Path) -> list[tuple[int, dict[str, Any]]]:
    with writer(path) as db:
        rows = db.execute("SELECT id, event FROM _outbox WHERE refused IS NULL ORDER BY id LIMIT 1000")
        return [(number, json.loads(event)) for number, event in rows]


def _settle(path: Path, numbers: list[int], status: int) -> int:
    """Forget what was taken; count a refusal, and set aside what was refused too often. Returns how many were."""
    ids = [(number,) for number in numbers]
    with writer(path) as db, transaction(db):
        if status == _TAKEN:
            db.executemany("DELETE FROM _outbox WHERE id = ?", ids)
            return 0
        db.executemany("UPDATE _outbox SET tries = tries + 1 WHERE id = ?", ids)
        rows = [(f"the webhook answered {status}", number, _ROUNDS) for number in numbers]
        return db.executemany("UPDATE _outbox SET refused = ? WHERE id = ? AND tries >= ?", rows).rowcount


def set_aside(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """The events that the webhook kept refusing, each with its answer."""
    rows = db.execute("SELECT event, refused FROM _outbox WHERE refused IS NOT NULL ORDER BY id")
    return [json.loads(event) | {"refused": refused} for event, refused in rows]
