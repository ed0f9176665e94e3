"""One reader for every setting that is a URL, a host or an origin.

A host that is compared as text can be spelt so that it passes: with full-width letters or dots, a trailing dot, an IPv4
address as one number. A resolver undoes all of that. So a host is reduced here to what will be resolved, and a URL is
put together again from the parts that were checked: what was compared is what is used.
"""

import contextlib
import ipaddress
import re
import socket
import unicodedata
from typing import NamedTuple
from urllib.parse import urlsplit

from .errors import ConfigError

_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
_PORTS = {"https": 443, "http": 80}


class Url(NamedTuple):
    """A URL without user, password and fragment. `host` is as a resolver sees it, `port` None for the scheme's own."""

    scheme: str
    host: str
    port: int | None = None
    path: str = ""
    query: str = ""

    @property
    def netloc(self) -> str:
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"{name}:{self.port}" if self.port else name

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.netloc}"

    def __str__(self) -> str:
        return f"{self.origin}{self.path}{f'?{self.query}' if self.query else ''}"


def read_url(setting: str, text: str, right: str, *, plain: bool = False) -> Url:
    """The https URL that `setting` holds; http is for this machine alone, or for anywhere if `plain`.

    Raises ConfigError with `right`, the form to give; the text is not quoted, as a URL may hold a secret.
    """
    if "${" in text or "\\" in text or any(ord(letter) <= 32 for letter in text):
        raise ConfigError(f"{setting} is not a plain URL.", right)
    try:
        parts = urlsplit(text)
        host, port = resolved(parts.hostname or ""), parts.port
    except ValueError:
        raise ConfigError(f"{setting} is not a URL.", right) from None
    if not host or parts.username is not None or port == 0 or parts.fragment:
        raise ConfigError(f"{setting} is not a plain URL.", right)
    if parts.scheme != "https" and not (parts.scheme == "http" and (plain or is_loopback(host))):
        raise ConfigError(f"{setting} must begin with https://; http:// would show what is sent.", right)
    return Url(parts.scheme, host, None if port == _PORTS[parts.scheme] else port, parts.path, parts.query)


def read_host(setting: str, text: str) -> str:
    """A host with or without a port, as it is compared. Raises ConfigError."""
    try:
        parts = urlsplit(f"//{text}")
        host, port = resolved(parts.hostname or ""), parts.port
    except ValueError:
        host, port = "", None
    if not host or parts.path or parts.username is not None or port == 0:
        raise ConfigError(
            f"{setting} names {text[:60]!r}, which is no host.", "Give hosts by comma, like mcp.example.com."
        )
    return Url("", host, port).netloc


def read_origin(setting: str, text: str) -> str:
    """An origin as a browser sends it: no default port, no path. Raises ConfigError for one that no page can have."""
    if not text.casefold().startswith(("http://", "https://")):
        scheme, mark, rest = text.casefold().partition("://")
        if not mark or not scheme or not rest.strip("/"):
            raise ConfigError(f"{setting} names {text[:60]!r}, which is no origin.", "Give each as https://HOST.")
        return text.casefold().rstrip("/")  # an application's own scheme, like vscode-webview://
    return read_url(setting, text, "Give each as https://HOST.", plain=True).origin


def resolved(host: str) -> str:
    """A host as a resolver sees it; empty for an empty one. Raises ValueError for what is none."""
    name = unicodedata.normalize("NFKC", host).casefold()
    if ":" in name:
        return ipaddress.IPv6Address(name).compressed
    name = name.encode("idna").decode("ascii").rstrip(".")
    with contextlib.suppress(OSError):
        return socket.inet_ntoa(socket.inet_aton(name))  # resolvers read 127.1, 0x7f000001 and 2130706433 so too
    if name and not _HOST.fullmatch(name):
        raise ValueError("no host")
    return name


def is_loopback(host: str) -> bool:
    """Whether a resolved host is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
