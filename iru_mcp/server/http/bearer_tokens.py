"""Who may call over HTTP: holders of named bearer tokens, compared in constant time."""

import hmac
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import NamedTuple, Protocol

from ...errors import ConfigError

METADATA = "/.well-known/oauth-protected-resource"
"""Where RFC 9728 documents are, before the path of the resource."""
SHORTEST = 16
"""Characters of a bearer token; shorter ones can be guessed."""
_NAMED = re.compile(r"(?:([A-Za-z0-9_.-]{1,40}):)?([\x21-\x2b\x2d-\x7e]+)")


class Caller(NamedTuple):
    """A holder of an accepted token: a name for the audit line, and what an authorization server said of it."""

    name: str
    issuer: str = ""
    subject: str = ""


class TokenRefused(Exception):
    """The token is not accepted: an HTTP status, and the `error` and description of RFC 6750."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.description = description


class Keys(Protocol):
    """What accepts tokens and says whose they are."""

    async def caller(self, token: str) -> Caller:
        """Whose token this is. Raises TokenRefused."""

    def metadata(self) -> Mapping[str, object] | None:
        """What RFC 9728 publishes, None where there is no authorization server."""
        return None

    def challenge(self) -> str:
        """Parameters for WWW-Authenticate beyond the error."""
        return ""


class Tokens(Keys):
    """Bearer tokens by name. A given one is compared with all, as digests of equal length: the time tells nothing."""

    def __init__(self, named: Mapping[str, str]) -> None:
        self._digests = {name: sha256(token.encode()).digest() for name, token in named.items()}

    async def caller(self, token: str) -> Caller:
        given = sha256(token.encode()).digest()
        found = [name for name, digest in self._digests.items() if hmac.compare_digest(digest, given)]
        if not found:
            raise TokenRefused(401, "invalid_token", "Send a token of IRU_MCP_TOKEN as 'Authorization: Bearer ...'.")
        return Caller(found[0])


def named_tokens(text: str) -> dict[str, str]:
    """Tokens by name from lines (or, in one line, commas) of NAME:TOKEN; a token alone is named `client`.

    Raises ConfigError, which quotes no token.
    """
    found: dict[str, str] = {}
    for number, entry in enumerate((part.strip() for part in re.split(r"[\n,]", text)), 1):
        if not entry or entry.startswith("#"):
            continue
        match = _NAMED.fullmatch(entry)
        name = (match[1] or "client") if match else ""
        if match is None or len(match[2]) < SHORTEST:
            raise ConfigError(
                f"Entry {number} of IRU_MCP_TOKEN is not a token of {SHORTEST} or more characters without spaces.",
                "Write one token, or a NAME:TOKEN line for each caller.",
            )
        if name in found:
            raise ConfigError(f"IRU_MCP_TOKEN names '{name}' twice.", "Give each token a name of its own.")
        found[name] = match[2]
    if len(set(found.values())) < len(found):
        raise ConfigError("IRU_MCP_TOKEN gives one token to two names.", "Give each caller a token of its own.")
    return found
