"""An OAuth 2.1 resource server: tokens of one issuer, for this audience, signed with its published keys."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx
import jwt
import truststore

from ...errors import ConfigError
from ...urls import read_url
from .bearer_tokens import METADATA, Caller, Denied

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_FRESH_SECONDS = 3600.0
_PATIENCE_SECONDS = 30.0
"""A key that is not known makes the set be read again, but not more often than this."""
_FETCH_SECONDS = 5.0
_MOST_BYTES = 256 * 1024
_LEEWAY_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Whose tokens are accepted, for whom they must be meant, and which scopes they must carry.

    `public_url` is where clients reach this server. Raises ConfigError naming the setting that is missing or wrong.
    """

    issuer: str
    jwks_url: str
    audience: str = ""
    scopes: tuple[str, ...] = ()
    public_url: str = ""

    def __post_init__(self) -> None:
        for name, url in (
            ("IRU_MCP_OAUTH_ISSUER", self.issuer),
            ("IRU_MCP_OAUTH_JWKS_URL", self.jwks_url),
            ("IRU_MCP_PUBLIC_URL", self.public_url),
        ):
            if not url:
                raise ConfigError(f"IRU_MCP_OAUTH_ISSUER needs {name} too.", f"Set {name} to the full URL.")
            read_url(name, url, f"Set {name} to the full URL, beginning with https://.")

    @property
    def metadata_url(self) -> str:
        """Where RFC 9728 puts the metadata of the resource at the public URL."""
        public = urlsplit(self.public_url)
        return f"{public.scheme}://{public.netloc}{METADATA}{public.path.rstrip('/')}"


class OAuth:
    """Accepts JWT access tokens of one issuer; the token itself is never passed on."""

    def __init__(self, issuer: Issuer, clock: Callable[[], float] = anyio.current_time) -> None:
        self._issuer = issuer
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._read_at = float("-inf")
        self._reading = anyio.Lock()

    async def caller(self, token: str) -> Caller:
        claims = await self._claims(token)
        given = claims.get("scope", claims.get("scp", ""))
        have = set(given.split() if isinstance(given, str) else given if isinstance(given, list) else ())
        missing = [scope for scope in self._issuer.scopes if scope not in have]
        if missing:
            raise Denied(403, "insufficient_scope", f"The token lacks the scope {' '.join(missing)}.")
        subject = str(claims.get("sub", ""))
        name = claims.get("client_id") or claims.get("azp") or subject or "oauth"
        return Caller(str(name)[:80], self._issuer.issuer, subject)

    async def _claims(self, token: str) -> Mapping[str, Any]:
        try:
            key = await self._key(str(jwt.get_unverified_header(token).get("kid", "")))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name] if key.algorithm_name in _ALGORITHMS else [],
                audience=self._issuer.audience or self._issuer.public_url,
                issuer=self._issuer.issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            raise Denied(401, "invalid_token", "The token is not a valid one of this server's issuer.") from None
        return claims

    async def _key(self, name: str) -> jwt.PyJWK:
        """The issuer's key of that name; without a name, its only one. Raises Denied."""
        age = self._clock() - self._read_at
        if age > _FRESH_SECONDS or (name not in self._keys and age > _PATIENCE_SECONDS):
            async with self._reading:
                if self._clock() - self._read_at > _PATIENCE_SECONDS:
                    await self._read_keys()
        if not name and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        if name not in self._keys:
            raise Denied(401, "invalid_token", "The token is signed with a key that its issuer does not publish.")
        return self._keys[name]

    async def _read_keys(self) -> None:
        """Read the published keys; old ones stay in use for as long as the issuer cannot be reached."""
        self._read_at = self._clock()
        try:
            with anyio.fail_after(_FETCH_SECONDS):
                found = jwt.PyJWKSet.from_dict(json.loads(await _fetch(self._issuer.jwks_url)))
        except (httpx.HTTPError, jwt.PyJWTError, TimeoutError, ValueError, OSError, AttributeError, TypeError):
            if not self._keys:
                self._read_at = float("-inf")
                raise Denied(503, "temporarily_unavailable", "The issuer's keys cannot be read now.") from None
        else:
            self._keys = {key.key_id or "": key for key in found.keys}

    def metadata(self) -> Mapping[str, object]:
        return {
            "resource": self._issuer.public_url,
            "authorization_servers": [self._issuer.issuer],
            "scopes_supported": list(self._issuer.scopes),
            "bearer_methods_supported": ["header"],
            "resource_name": "iru-mcp",
        }

    def challenge(self) -> str:
        where = f', resource_metadata="{self._issuer.metadata_url}"'
        return where + (f', scope="{" ".join(self._issuer.scopes)}"' if self._issuer.scopes else "")


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
