"""Privacy mode: people, devices, serial numbers and addresses leave under pseudonyms, and are understood as such."""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import UsageError
from .clean import clean_text
from .pseudonyms import Cipher

_MOST_TERMS = 50_000

_SERIAL = frozenset("serial serialnumber deviceserialnumber udid meid iccid phonenumber phone orgphone".split())
_DEVICE = frozenset("devicename computername hostname localhostname mdmdevicename deviceinfoname computer".split())
_PERSON = frozenset(
    "username fullname realname deviceusername assignedusername localuser lastuser owner processowner mdmenableduser "
    "loggedinuser consoleuser user adminname actorname ownername devicelastuser generallastuser".split()
)
_ADDRESS = frozenset("ip ipaddress publicip privateip localip macaddress wifimacaddress ethernetmacaddress".split())
_PEOPLE_UNDER = frozenset("user assigneduser regularusers loadedusers owner actor admin directoryuser".split())
_DEVICE_UNDER = frozenset("computer deviceinfo mdmdevice device devices mobiledevice".split())
_AS_IT_IS = frozenset("nextcursor cursor".split())

_NOT_LETTERS = re.compile(r"[^a-z0-9]+")
_MAIL = re.compile(r"[^\s@\"'<>()\[\],;:|/\\]+@[\w-]+(?:\.[\w-]+)+")
_HOME = re.compile(r"((?:/Users|/home|[A-Za-z]:\\+Users)[/\\]+)([^/\\\s\"':;,|<>]+)")
_MAC = re.compile(r"(?<![0-9A-Fa-f:-])[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}(?![0-9A-Fa-f:-])")
_IP = re.compile(
    r"(?<![\w.:-])(?:\d{1,3}(?:\.\d{1,3}){3}(?![\w.-]*\w)|[0-9A-Fa-f]{1,4}(?::{1,2}[0-9A-Fa-f]{1,4}){2,7})(?![\w:])"
)
_NETS = "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 169.254.0.0/16 fc00::/7 fe80::/10".split()
_LOCAL = tuple(map(ipaddress.ip_network, _NETS))
"""Addresses of people's networks; others in free text may be an attacker's, and are needed."""
_WORD = re.compile(r"\w(?:[\w\u2019'.-]*\w)?")
_NOBODY = frozenset(
    "root daemon nobody guest shared public default system admin administrator localservice networkservice user users "
    "apple google chrome staff support test unknown none null true false yes no all".split()
)
_PLAIN_DEVICE = re.compile(
    r"[\W\d_]*(?:(?:apple|mac|macbook|imac|iphone|ipad|tv|appletv|android|windows|desktop|laptop|pro|air|mini|studio"
    r"|max|plus|se|pc|device|phone)[\W\d_]*)*",
    re.IGNORECASE,
)
_SHOWN = re.compile(
    r"\b(?:(?P<person>person)|(?P<serial>SER)|(?P<device>device)|(?P<address>address))-(?P<code>[a-z2-7]{16,})"
    r"(?P<mail>@pseudonym)?(?![a-z0-9-])",
    re.IGNORECASE,
)


class Privacy:
    """Pseudonyms for one tenant: the same value has the same one, under the same key.

    `key` is text to derive the cipher from; without one it is made by chance, and pseudonyms last as long as the
    process. What names a person, device or address is known by its key, by its form, or because it was read from Iru
    in this process.
    """

    def __init__(self, key: str = "") -> None:
        self._cipher = Cipher(key.encode() or secrets.token_bytes(32))
        self._terms: OrderedDict[str, str] = OrderedDict()
        self._longest: dict[str, int] = {}

    def learn(self, value: Any) -> None:
        """Note who and what is named in something that Iru sent, to find it in free text later."""
        for kind, text in _named(value):
            self._note(kind, clean_text(text).strip())

    def answer(self, value: Any) -> Any:
        """`value` with pseudonyms, keys and free text included. Doing it twice changes nothing."""
        self.learn(value)
        return self._shown(value, "", "")

    def text(self, text: str, *, numbers: bool = True) -> str:
        """Free text with pseudonyms; without `numbers`, what could be a version is no address."""
        text = _MAIL.sub(lambda found: self._mail(found[0]), text)
        text = _HOME.sub(lambda found: found[1] + self._name("person", found[2]), text)
        text = _MAC.sub(lambda found: self._name("address", found[0]), text)
        if numbers:
            text = _IP.sub(lambda found: self._address(found[0]), text)
        return self._replace_terms(text)

    def arguments(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments with what the pseudonyms in them stand for. Raises UsageError for one of another key."""
        return {name: self._meant(value) for name, value in given.items()}

    def _meant(self, value: Any) -> Any:
        if isinstance(value, str):
            return _SHOWN.sub(self._original, value)
        if isinstance(value, dict):
            return {self._meant(name): self._meant(inner) for name, inner in value.items()}
        return [self._meant(inner) for inner in value] if isinstance(value, (list, tuple)) else value

    def _original(self, found: re.Match[str]) -> str:
        kind = "mail" if found["mail"] else str(found.lastgroup if found.lastgroup != "code" else _kind(found))
        value = self._cipher.open(kind, found["code"].lower())
        if value is None:
            raise UsageError(
                "A pseudonym in the arguments is not one of this server's.",
                "They last as long as the server unless IRU_PRIVACY_KEY is set: list or find it again.",
            )
        self._note("person" if kind == "mail" else kind, value)
        return value.upper() if kind == "serial" else value

    def _shown(self, value: Any, key: str, parent: str) -> Any:
        if isinstance(value, dict):
            return {self.text(name): self._shown(inner, plain, key) for name, inner, plain in _inside(value)}
        if isinstance(value, list):
            return [self._shown(inner, key, parent) for inner in value]
        if not isinstance(value, str) or not value or key in _AS_IT_IS:
            return value
        kind = _kind_of(key, parent)
        if kind == "address" and not _MAC.fullmatch(value):
            return self._address(value, own=True)
        if kind and not _MAIL.search(value) and "/" not in value:
            return self._name(kind, value)
        return self.text(value, numbers="version" not in key and "build" not in key)

    def _name(self, kind: str, value: str) -> str:
        value = value.strip()
        if value.startswith("_") or (kind == "person" and value.casefold() in _NOBODY) or _SHOWN.fullmatch(value):
            return value
        folded = value.lower() if kind in ("serial", "address") else value
        return f"{'SER' if kind == 'serial' else kind}-{self._cipher.seal(kind, folded)}"

    def _mail(self, address: str) -> str:
        return f"person-{self._cipher.seal('mail', address.lower())}@pseudonym"

    def _address(self, text: str, *, own: bool = False) -> str:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return self.text(text, numbers=False) if own else text
        if address.is_loopback or address.is_unspecified:
            return text
        local = any(address in net for net in _LOCAL) or text.casefold() in self._terms
        return self._name("address", text) if own or local else text

    def _note(self, kind: str, text: str) -> None:
        words = _WORD.findall(text.casefold())
        if not words or not _tells(kind, text, words):
            return
        term = " ".join(words)
        self._terms[term] = kind
        self._terms.move_to_end(term)
        self._longest[words[0]] = max(self._longest.get(words[0], 0), len(words))
        while len(self._terms) > _MOST_TERMS:
            self._terms.popitem(last=False)

    def _replace_terms(self, text: str) -> str:
        words = list(_WORD.finditer(text))
        parts: list[str] = []
        done = at = 0
        while at < len(words):
            for count in range(min(self._longest.get(words[at][0].casefold(), 0), len(words) - at), 0, -1):
                kind = self._terms.get(" ".join(word[0].casefold() for word in words[at : at + count]))
                if kind:
                    begin, end = words[at].start(), words[at + count - 1].end()
                    parts += [text[done:begin], self._name(kind, text[begin:end])]
                    done, at = end, at + count - 1
                    break
            at += 1
        return "".join([*parts, text[done:]])


def _inside(value: dict[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """Names, values and plain names; an audit event's state stands under what the event is about."""
    people = "email" in value
    about = str(value.get("target_type", "")).casefold()
    for name, inner in value.items():
        plain = "personname" if people and name == "name" else _plain(name)
        yield name, inner, about if about and isinstance(inner, dict) else plain


def _plain(name: str) -> str:
    return _NOT_LETTERS.sub("", name.casefold())


def _kind(found: re.Match[str]) -> str:
    return next(kind for kind in ("person", "serial", "device", "address") if found[kind])


def _kind_of(key: str, parent: str) -> str:
    """What a value under `key` within `parent` names; empty for nothing that is renamed."""
    if key == "personname" or key in _PERSON or (key in ("name", "username") and parent in _PEOPLE_UNDER):
        return "person"
    if key in _DEVICE or (key == "name" and parent in _DEVICE_UNDER):
        return "device"
    if key in _SERIAL or key.startswith("imei") or key.endswith("serialnumber"):
        return "serial"
    return "address" if key in _ADDRESS or key.endswith("macaddress") else ""


def _named(value: Any, key: str = "", parent: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for _, inner, plain in _inside(value):
            yield from _named(inner, plain, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner, key, parent)
    elif isinstance(value, str) and value:
        kind = _kind_of(key, parent)
        if kind:
            yield kind, value


def _tells(kind: str, text: str, words: list[str]) -> bool:
    """Whether `text` is told from ordinary words when it turns up in free text."""
    if _SHOWN.search(text) or text.startswith("_") or "@" in text or "/" in text:
        return False
    if kind == "device":
        return _PLAIN_DEVICE.fullmatch(text) is None and len(text) >= 5
    if kind == "person":
        return len(words) > 1 or (len(words[0]) >= 4 and words[0] not in _NOBODY)
    return len(text) >= 7
