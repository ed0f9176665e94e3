"""HTTP to Iru, in this module alone: one GET, its body bounded in size, its failures as errors an admin can act on."""

import ssl
from collections.abc import Callable, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
import truststore

from ...errors import ConfigError, Unreachable, Unreadable
from .body import read_body
from .rate_limit import Limits

Transport = httpx.AsyncBaseTransport


class Wire:
    """A connection pool for one host. The token is sent in one header and kept nowhere else."""

    def __init__(
        self, base_url: str, token: Callable[[], str], transport: Transport | None, limits: Limits, ca_file: str
    ) -> None:
        self._base_url = base_url
        self._token = token
        self._body_bytes = limits.body_bytes
        self._http = httpx.AsyncClient(
            base_url=base_url,
            transport=transport,
            verify=_trust(ca_file) if transport is None else True,
            timeout=httpx.Timeout(limits.attempt_seconds, connect=limits.connect_seconds),
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # what an answer sets is not kept
            headers={"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "iru-mcp (read-only)"},
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    async def get(self, path: str, query: Mapping[str, str | int]) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of one GET. Raises Unreachable, and Unreadable for a success too large to read."""
        try:
            return await self._exchange(path, query)
        except TimeoutError:
            raise
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ssl.SSLError, OSError) as error:
            raise _no_answer(self._base_url, error) from None

    async def _exchange(self, path: str, query: Mapping[str, str | int]) -> tuple[int, httpx.Headers, bytes]:
        headers = {"Authorization": f"Bearer {self._token()}"}
        request = self._http.build_request("GET", path, params=dict(query), headers=headers)
        response = await self._http.send(request, stream=True)
        try:
            body = await read_body(response.aiter_raw(), response.headers, self._body_bytes)
        except Unreadable:
            if response.is_success:
                raise
            body = b""  # a failure's status says enough
        finally:
            await response.aclose()
        return response.status_code, response.headers, body


def _trust(ca_file: str) -> ssl.SSLContext:
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError:
            raise ConfigError(
                "The file in SSL_CERT_FILE holds no certificates that can be read.",
                "Name a PEM file with the company's CA, or unset it.",
            ) from None
    return context


def _no_answer(base_url: str, error: Exception) -> Unreachable:
    text = str(error).casefold()
    if "certificate" in text:
        why = "its TLS certificate is not trusted"
        remedy = "An admin must add the company's CA to the OS trust store or set SSL_CERT_FILE."
    elif isinstance(error, httpx.ProxyError):
        why, remedy = "the proxy refused", "An admin must check HTTPS_PROXY and NO_PROXY."
    elif any(part in text for part in ("name or service", "getaddrinfo", "nodename", "temporary failure in name")):
        why, remedy = "the name does not resolve", "An admin must check IRU_API_URL (subdomain and region), and DNS."
    elif isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout)):
        why, remedy = "no connection", "Try once more; then an admin must check the network and HTTPS_PROXY."
    else:
        why, remedy = f"the connection broke ({type(error).__name__})", "Try once more; then tell the user."
    return Unreachable(f"{httpx.URL(base_url).host} gave no answer: {why}.", remedy)
