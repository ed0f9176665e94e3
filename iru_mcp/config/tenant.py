"""The tenant that the token is sent to: its URL or subdomain, refused unless it is surely an API host."""

import re
from collections.abc import Collection
from typing import NamedTuple

from ..errors import ConfigError
from ..urls import is_loopback, read_host, read_url

API_FAMILIES = ("api.kandji.io", "api.eu.kandji.io", "api.iru.com", "api.eu.iru.com")
"""Host families that Iru's API lives in: `<subdomain>.<family>`."""

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_RIGHT = "The right form is https://SUBDOMAIN.api.kandji.io or https://SUBDOMAIN.api.eu.kandji.io."


class Tenant(NamedTuple):
    """Whose API, and where: subdomain and region are read off the URL and empty for another host."""

    base_url: str
    subdomain: str = ""
    region: str = ""


def from_subdomain(subdomain: str, region: str) -> Tenant:
    """The tenant of that name in `region`, `us` or `eu`. Raises ConfigError."""
    label = subdomain.casefold()
    if not _LABEL.fullmatch(label):
        raise ConfigError("IRU_SUBDOMAIN is not a subdomain.", "Give the first part alone, like acme.")
    family = "api.eu.kandji.io" if region == "eu" else "api.kandji.io"
    return Tenant(f"https://{label}.{family}", label, region)


def from_url(url: str, allowed_hosts: Collection[str]) -> Tenant:
    """The tenant at `url`: one of Iru's, loopback, or one of the `allowed_hosts`. Raises ConfigError."""
    read = read_url("IRU_API_URL", url if "://" in url else f"https://{url}", _RIGHT)
    if read.path.rstrip("/") not in ("", "/api", "/api/v1") or read.query:
        raise ConfigError(f"IRU_API_URL has a path, {read.path[:60]!r}, that the API does not.", _RIGHT)
    host, base = read.host, read.origin
    label, _, family = host.partition(".")
    if family in API_FAMILIES and _LABEL.fullmatch(label):
        return Tenant(base, label, "eu" if ".eu." in family else "us")
    if is_loopback(host) or host in {read_host("IRU_ALLOWED_API_HOSTS", name) for name in allowed_hosts}:
        return Tenant(base)
    if family in ("kandji.io", "eu.kandji.io", "iru.com", "eu.iru.com"):
        api = f"{label}.api.{'eu.' if family.startswith('eu.') else ''}kandji.io"
        raise ConfigError(f"IRU_API_URL is the web address {host}, not the API's.", f"Try https://{api}.")
    raise ConfigError(
        f"IRU_API_URL names {host[:80]}, which is not one of Iru's API hosts.",
        f"{_RIGHT} A host of your own must be named in IRU_ALLOWED_API_HOSTS too.",
    )
