"""From an HTTP answer to JSON, or to the error that it means."""

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from ...errors import (
    IruError,
    NotFound,
    NotLicensed,
    NotPermitted,
    RateLimited,
    Refused,
    ServerFault,
    Unauthorized,
    Unreadable,
)
from ..endpoint import Endpoint

_SECONDS = re.compile(r"[0-9]{1,30}(\.[0-9]{1,9})?")
_DEEPEST = 64
_NESTING = frozenset({dict, list})
_MOST_PARTS = 400_000
"""Objects and lists in one answer; Iru's own have some ten thousand, and each costs memory beyond its two bytes."""
_ODD = re.compile(r"[^\x20-\x7e]+")


def decode(endpoint: Endpoint[Any], status: int, headers: Mapping[str, str], body: bytes) -> Any:
    """The JSON of a 2xx answer. Raises the IruError that the status, or an unreadable body, means."""
    if status == 206:
        raise _unreadable(endpoint, "only a part of it (206)")
    if 200 <= status < 300:
        return read_json(endpoint, body, headers.get("content-type", ""))
    raise failure(endpoint, status, headers, body)


def failure(  # noqa: PLR0911 - one return a status
    endpoint: Endpoint[Any], status: int, headers: Mapping[str, str], body: bytes
) -> IruError:
    """The error that a status means which is not a success."""
    place = f"{endpoint.method} {endpoint.path}"
    if 300 <= status < 400:
        return Refused(
            f"Iru answered {status}, a redirect, to {place}; redirects are not followed.",
            "An admin should check IRU_API_URL: it must be the API URL under Access > API tokens, not the web address.",
        )
    if status == 401:
        return Unauthorized(
            f"Iru did not accept the API token for {place} (401).",
            "It is invalid, revoked or expired, or has no permission. An admin must check it, and that it has "
            f"{endpoint.grant}. Retrying will not help.",
        )
    if status == 403:
        return _not_permitted(endpoint)
    if status == 404:
        return _not_found(endpoint, body)
    wait = retry_after(headers)
    if status == 429:
        after = f"in {wait:.0f} s" if wait is not None else "in a minute"
        return RateLimited(
            f"Iru's rate limit is reached for {place} (429).",
            f"Try again {after}; the tenant's 10,000 requests an hour are shared by all its tokens.",
            wait,
        )
    if status >= 500:
        return ServerFault(
            f"Iru failed with {status} on {place}.", "Try once more; if it stays, see status.kandji.io.", wait
        )
    quoted = detail(body)
    saying = f", saying {json.dumps(quoted)}" if quoted else ""
    return Refused(f"Iru refused {place} ({status}){saying}.", "Correct the arguments.")


def _not_permitted(endpoint: Endpoint[Any]) -> IruError:
    remedy = f"An admin must grant the token {endpoint.grant} under Access > API tokens. Other tools may still work."
    grant = endpoint.permission or f"{endpoint.method} {endpoint.path}"
    if endpoint.product:
        return NotLicensed(
            f"Iru denied {endpoint.path} (403): the tenant lacks {endpoint.product}, or the token its permission.",
            remedy,
            grant,
        )
    return NotPermitted(f"The API token lacks a permission for {endpoint.path} (403).", remedy, grant)


def _not_found(endpoint: Endpoint[Any], body: bytes) -> IruError:
    if b"no Route matched" in body:
        return NotFound(
            f"Iru has no route {endpoint.path} here (404).",
            "An admin should check the subdomain and region in IRU_API_URL.",
        )
    if endpoint.slots:
        return NotFound(
            f"Iru knows no such {endpoint.slots[0].removesuffix('_id')} (404 on {endpoint.path}).",
            "Check the identifier with a list or find tool.",
        )
    if endpoint.product:
        return NotLicensed(
            f"{endpoint.path} is not there (404): this tenant has not bought {endpoint.product}.",
            "Say so; other tools still work.",
        )
    return NotFound(
        f"{endpoint.path} is not there (404).",
        "Either the subdomain or region in IRU_API_URL is wrong, or this tenant lacks the feature; an admin can tell.",
    )


def detail(body: bytes) -> str:
    """What Iru wrote about an error: plain ASCII, at most 200 characters, empty when it is a page or nothing."""
    text = body[:4_000].decode("utf-8", "replace").strip()
    if text.startswith("<"):
        return ""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = text
    return _ODD.sub(" ", _words(found)).strip()[:200]


def _words(found: Any) -> str:
    if isinstance(found, dict):
        for key in ("detail", "error", "errors", "message", "non_field_errors"):
            if found.get(key):
                return _words(found[key])
        return "; ".join(f"{key}: {_words(value)}" for key, value in list(found.items())[:5])
    if isinstance(found, list):
        return "; ".join(_words(item) for item in found[:5])
    return str(found) if isinstance(found, (str, int, float)) else ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that Retry-After asks for; a date is read against the answer's own Date. None when absent or junk."""
    value = headers.get("retry-after", "").strip()
    seconds = value.partition(",")[0].strip()  # a header sent twice arrives as a list
    if _SECONDS.fullmatch(seconds):
        return min(float(seconds), 1e9)
    if (until := _http_date(value)) is None:
        return None
    # A date of Iru's is compared with Iru's clock, not with this machine's.
    sent = _http_date(headers.get("date", "")) or datetime.now(UTC)
    return max(0.0, (until - sent).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _unreadable(endpoint: Endpoint[Any], why: str) -> Unreadable:
    return Unreadable(
        f"Iru's answer to {endpoint.path} is {why}.",
        "Nothing in it was used. Try once more; if it stays, tell the user that something between here and Iru "
        "alters answers.",
    )


def read_json(endpoint: Endpoint[Any], body: bytes, content_type: str = "") -> Any:
    """The object or list in `body`. Raises Unreadable."""
    if not body.strip():
        raise _unreadable(endpoint, "empty")
    if body.count(b"[") + body.count(b"{") > _MOST_PARTS:
        raise _unreadable(endpoint, "made of too many parts")
    try:
        found = json.loads(body, parse_constant=_finite, parse_float=_finite)
    except UnicodeDecodeError:
        raise _unreadable(endpoint, "not valid UTF-8") from None
    except RecursionError:
        raise _unreadable(endpoint, "nested too deeply") from None
    except ValueError as error:
        if "<html" in body[:2_000].decode("latin-1").casefold() or "html" in content_type:
            raise _unreadable(endpoint, "a web page (a sign-in or proxy page?), not JSON") from None
        if isinstance(error, json.JSONDecodeError):
            raise _unreadable(endpoint, f"not JSON, or cut off, at character {error.pos}") from None
        raise _unreadable(endpoint, "not strict JSON") from None
    if not isinstance(found, (dict, list)):
        raise _unreadable(endpoint, "neither an object nor a list")
    if _is_deep(found):
        raise _unreadable(endpoint, "nested too deeply")
    return found


def _finite(text: str) -> float:
    """A number of the text. Raises ValueError for NaN and Infinity, which JSON does not have, and what is too large."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _is_deep(found: Any) -> bool:
    """Whether `found` nests further than what walks over it afterwards can follow."""
    level = [found]
    for _ in range(_DEEPEST):
        level = [
            child
            for value in level
            for child in (value.values() if type(value) is dict else value)
            if type(child) in _NESTING  # exact types, as json makes them: this looks at every value of every answer
        ]
        if not level:
            return False
    return True
