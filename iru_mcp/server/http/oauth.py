"""An OAuth 2.1 resource server: tokens of one issuer, for this audience, signed with its published keys."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import anyio
import jwt

from ...errors import ConfigError
from ...urls import read_url
from .bearer_tokens import METADATA, Caller, TokenRefused
from .jwks import PublishedKeys

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")


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
        self._keys = PublishedKeys(issuer.jwks_url, clock)

    async def caller(self, token: str) -> Caller:
        claims = await self._claims(token)
        given = claims.get("scope", claims.get("scp", ""))
        have = set(given.split() if isinstance(given, str) else given if isinstance(given, list) else ())
        if missing := [scope for scope in self._issuer.scopes if scope not in have]:
            raise TokenRefused(403, "insufficient_scope", f"The token lacks the scope {' '.join(missing)}.")
        subject = str(claims.get("sub", ""))
        name = claims.get("client_id") or claims.get("azp") or subject or "oauth"
        return Caller(str(name)[:80], self._issuer.issuer, subject)

    async def _claims(self, token: str) -> Mapping[str, Any]:
        try:
            key = await self._keys.get(str(jwt.get_unverified_header(token).get("kid", "")))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name] if key.algorithm_name in _ALGORITHMS else [],
                audience=self._issuer.audience or self._issuer.public_url,
                issuer=self._issuer.issuer,
                leeway=30,  # seconds
                options={"require": ["exp", "iss", "aud"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            raise TokenRefused(401, "invalid_token", "The token is not a valid one of this server's issuer.") from None
        return claims

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
