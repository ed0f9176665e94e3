"""The keys that an issuer publishes, read when one is needed that is not known, and once for all who need it.

Whoever comes while the keys are being read waits for the same reading: a valid token must not be refused because the
issuer is slow. While the issuer cannot be reached, known keys stay in use, and a token signed with another is neither
valid nor invalid: the caller is told to come back.
"""

import json
import math
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx
import jwt
import truststore

from .bearer_tokens import TokenRefused

FETCH_SECONDS = 5.0
_FRESH_SECONDS = 3600.0
_PAUSE_SECONDS = 30.0
"""A key that is not known makes the set be read again, but not more often than this."""
_FAILED_PAUSE_SECONDS = 5.0
"""After a reading that failed, everyone is told so for this long before the next."""
_MOST_BYTES = 256 * 1024
_FAULTS = (httpx.HTTPError, jwt.PyJWTError, TimeoutError, ValueError, OSError, AttributeError, TypeError)


@dataclass(slots=True)
class PublishedKeys:
    """The signing keys at `url` by their names. `clock` counts seconds."""

    url: str
    clock: Callable[[], float] = anyio.current_time
    _keys: dict[str, jwt.PyJWK] = field(default_factory=dict)
    _read_at: float = -math.inf
    _failed_at: float = -math.inf
    _reading: anyio.Lock = field(default_factory=anyio.Lock)

    async def get(self, name: str) -> jwt.PyJWK:
        """The key of that name; without a name, the only key. Raises TokenRefused: 401 for no such key, 503 while the
        keys cannot be read."""
        found = self._find(name)
        if found is None or self.clock() - self._read_at > _FRESH_SECONDS:
            async with self._reading:
                if self._due(name):
                    await self._read()
            found = self._find(name)
        if found is None and self._failed_at > self._read_at:
            raise TokenRefused(
                503, "temporarily_unavailable", "The issuer's keys cannot be read now; try again in a moment."
            )
        if found is None:
            raise TokenRefused(401, "invalid_token", "The token is signed with a key that its issuer does not publish.")
        return found

    def _find(self, name: str) -> jwt.PyJWK | None:
        return next(iter(self._keys.values())) if not name and len(self._keys) == 1 else self._keys.get(name)

    def _due(self, name: str) -> bool:
        """Whether a reading is worth its time, after all that others have read meanwhile."""
        now = self.clock()
        if now - self._failed_at <= _FAILED_PAUSE_SECONDS:
            return False
        age = now - self._read_at
        return age > _FRESH_SECONDS or (self._find(name) is None and age > _PAUSE_SECONDS)

    async def _read(self) -> None:
        try:
            with anyio.fail_after(FETCH_SECONDS):
                found = json.loads(await _fetch(self.url))["keys"]
            self._keys = {key.key_id or "": key for key in jwt.PyJWKSet(list(filter(_may_sign, found))).keys}
        except (*_FAULTS, KeyError):
            self._failed_at = self.clock()
        else:
            self._read_at = self.clock()


def _may_sign(key: Any) -> bool:
    """Whether a published key is for signatures: one for encryption says so by its use or its operations."""
    return key.get("use", "sig") == "sig" and "verify" in key.get("key_ops", ["verify"])


async def _fetch(url: str) -> bytes:
    """At most `_MOST_BYTES` of what is at `url`; redirects are not followed."""
    trust = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    body = b""
    async with httpx.AsyncClient(verify=trust, follow_redirects=False) as http, http.stream("GET", url) as response:
        if response.status_code != 200:
            raise ValueError("no keys there")
        async for piece in response.aiter_bytes(65_536):
            body += piece
            if len(body) > _MOST_BYTES:
                raise ValueError("too large for keys")
    return body
