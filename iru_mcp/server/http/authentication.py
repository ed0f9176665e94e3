"""Authentication of HTTP requests: the bearer token is checked, and its holder becomes the user of the request."""

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from starlette.types import ASGIApp, Receive, Scope, Send

from .admission import PROBES, refuse
from .bearer_tokens import METADATA, Keys, TokenRefused


class Authentication:
    """ASGI middleware: only requests with a token that `keys` accepts pass."""

    def __init__(self, app: ASGIApp, keys: Keys) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        open_to_all = scope["type"] != "http" or scope["path"] in PROBES or scope["path"].startswith(METADATA)
        refusal = None if open_to_all else await self._refusal(scope)
        await (refusal or self._app)(scope, receive, send)

    async def _refusal(self, scope: Scope) -> ASGIApp | None:
        """Make the caller the user of the request, or return the refusal."""
        kind, _, token = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1").partition(" ")
        if kind.casefold() != "bearer" or not token.strip():
            text = "Send a token as 'Authorization: Bearer ...'."
            return refuse(401, text, WWW_Authenticate=f'Bearer realm="iru-mcp"{self._keys.challenge()}')
        try:
            caller = await self._keys.caller(token.strip())
        except TokenRefused as denied:
            if denied.status == 503:
                return refuse(503, denied.description, Retry_After="5")
            challenge = f'Bearer error="{denied.error}"{self._keys.challenge()}'
            return refuse(denied.status, denied.description, WWW_Authenticate=challenge)
        # The SDK answers in a session only to the client_id, subject and issuer that began it.
        claims = {"iss": caller.issuer} if caller.issuer else None
        access = AccessToken(token="", client_id=caller.name, scopes=[], subject=caller.subject or None, claims=claims)
        scope["user"] = AuthenticatedUser(access)
        return None
