"""Privacy mode: people, devices, serial numbers and addresses leave under pseudonyms, and are understood as such.

The problem: an answer names people in fields that say so, in fields nobody thought of, and in text. So what leaves as
it is is a list of fields known to name no one (`private_fields`); a field that names someone leaves as a pseudonym;
and every other text is searched for the forms of addresses and for all names that were learned (`known_names`) from
what Iru sent, in whichever field and answer it was. A pseudonym is the name itself, enciphered (`pseudonyms`): given
back as an argument it means the name, so an investigation joins up.

What must stay true: doing it twice changes nothing; the same name has the same pseudonym in every answer; a filter
that matches parts of names takes whole pseudonyms only, or a hidden name could be guessed letter by letter. Where parts
of other text are matched, both sides are compared as they would leave (`comparable`): a name within a path matches as
a whole or not at all.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ..errors import UsageError
from .clean import clean_text
from .known_names import NO_PERSON, KnownNames
from .private_fields import inside, is_identifier, kind_of, named, names_no_one, plain
from .pseudonyms import Cipher
from .redaction import REDACTED, WITHHELD

_MAIL = re.compile(r"[^\s@\"'<>()\[\],;:|/\\=]+@[\w-]+(?:\.[\w-]+)+")
_HOME = re.compile(r"((?:/Users|/home|[A-Za-z]:\\+Users)[/\\]+)([^/\\\s\"':;,|<>]+)")
_MAC = re.compile(
    r"(?<![0-9A-Fa-f])(?<![0-9A-Fa-f]{2}[:-])[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}"
    r"(?![0-9A-Fa-f]|\1[0-9A-Fa-f]{2})"
)
_IP = re.compile(
    r"(?<![A-Za-z0-9.])(?:::ffff:)?\d{1,3}(?:\.\d{1,3}){3}(?![A-Za-z0-9]|\.\d)"
    r"|(?<![\w.:-])[0-9A-Fa-f]{1,4}(?::{1,2}[0-9A-Fa-f]{1,4}){2,7}(?![\w:])",
    re.IGNORECASE,
)
_NETS = "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 169.254.0.0/16 fc00::/7 fe80::/10".split()
_LOCAL = tuple(map(ipaddress.ip_network, _NETS))
"""Addresses of people's networks; others in free text may be an attacker's, and are needed."""
_PSEUDONYM = re.compile(
    r"(?<![A-Za-z0-9])(?:(?P<person>person)|(?P<serial>SER)|(?P<device>device)|(?P<address>address))-"
    r"(?P<code>[a-z2-7]{28,})(?P<mail>@pseudonym)?(?![a-z0-9-])",
    re.IGNORECASE,
)
_FIELD = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+")
_NO_TEXT = frozenset({REDACTED, WITHHELD})
_SYMBOLS = re.compile(r"[\s,;]+")


_in_force: ContextVar[Privacy | None] = ContextVar("iru_mcp_privacy", default=None)


@contextmanager
def in_force(privacy: Privacy | None) -> Iterator[None]:
    """What `comparable` does within the block."""
    before = _in_force.set(privacy)
    try:
        yield
    finally:
        _in_force.reset(before)


def comparable(text: str) -> str:
    """`text` as parts of it may be matched: in privacy mode under pseudonyms. What is learned between two calls changes
    it, so both sides of a comparison are made at the same moment."""
    privacy = _in_force.get()
    return privacy.text(text) if privacy and text else text


class Privacy:
    """Pseudonyms for one tenant: the same value has the same one, under the same key.

    `key` is text to derive the cipher from; without one it is made by chance, and pseudonyms last as long as the
    process.
    """

    def __init__(self, key: str = "") -> None:
        self._cipher = Cipher(key.encode() or secrets.token_bytes(32))
        self._names = KnownNames()

    def learn(self, value: Any) -> None:
        """Note who and what is named in something that Iru sent, to find it in text later."""
        for kind, text in named(value):
            name = clean_text(text).strip()
            is_no_name = name in _NO_TEXT or (kind == "person" and is_identifier(name))
            if not is_no_name and _PSEUDONYM.search(name) is None:
                self._names.learn(kind, name)
        for address in _addresses(value):
            local = address.partition("@")[0]
            is_name = local.count(".") == 1 or (len(local) > 4 and local.isalpha())
            if is_name and _PSEUDONYM.search(address) is None:
                self._names.learn("person", local)

    def answer(self, value: Any) -> Any:
        """`value` with pseudonyms, in keys and text too. For an answer, or for rows of an export or an alert."""
        self.learn(value)
        return self._shown(value, "", "")

    def text(self, text: str, *, numbers: bool = True) -> str:
        """Free text with pseudonyms; without `numbers`, what could be a version is no address."""
        text = _MAIL.sub(lambda found: self._mail(found[0]), text)
        text = _HOME.sub(lambda found: found[1] + self._pseudonym("person", found[2]), text)
        text = _MAC.sub(lambda found: self._pseudonym("address", found[0]), text)
        if numbers:
            text = _IP.sub(lambda found: self._address(found[0]), text)
        return self._names.replace(text, self._pseudonym)

    def arguments(self, given: Mapping[str, Any], parts: Collection[str] = ()) -> dict[str, Any]:
        """Arguments with what the pseudonyms in them stand for. `parts` match parts of names: whole pseudonyms only.

        Raises UsageError for a pseudonym of another key, and for another text where a pseudonym is needed.
        """
        for name, value in given.items():
            if name in parts or isinstance(value, dict):
                _require_pseudonyms(name, value, hidden=name in parts)
        return {name: self._meant(value) for name, value in given.items()}

    def _meant(self, value: Any) -> Any:
        if isinstance(value, str):
            return _PSEUDONYM.sub(self._original, value)
        if isinstance(value, dict):
            return {self._meant(name): self._meant(inner) for name, inner in value.items()}
        return type(value)(self._meant(inner) for inner in value) if isinstance(value, (list, tuple)) else value

    def _original(self, found: re.Match[str]) -> str:
        kind = next(kind for kind in ("mail", "person", "serial", "device", "address") if found[kind])
        if (value := self._cipher.open(kind, found["code"].lower())) is None:
            raise UsageError(
                "A pseudonym in the arguments is not one of this server's.",
                "They last as long as the server unless IRU_PRIVACY_KEY is set: list or find it again.",
            )
        self._names.learn("person" if kind == "mail" else kind, value.partition("@")[0])
        return value.upper() if kind == "serial" else value

    def _shown(self, value: Any, key: str, parent: str) -> Any:
        if isinstance(value, dict):
            return {self._shown_key(name): self._shown(inner, field, key) for name, inner, field in inside(value)}
        if isinstance(value, list):
            return [self._shown(inner, key, parent) for inner in value]
        return self._shown_text(value, key, kind_of(key, parent)) if isinstance(value, str) and value else value

    def _shown_key(self, name: str) -> str:
        return name if _FIELD.fullmatch(name) and not self._names.knows(name) else self.text(name)

    def _shown_text(self, value: str, key: str, kind: str) -> str:
        """The text of a field that names a `kind` of thing; of one that names no one when that is empty."""
        if value in _NO_TEXT:
            return value
        if names_no_one(key, value) if not kind else kind == "person" and is_identifier(value):
            return value
        if kind == "address" and not _MAC.fullmatch(value):
            return self._address(value, own=True)
        if kind and not _MAIL.search(value) and not _PSEUDONYM.search(value):
            return self._pseudonym(kind, value)
        return self.text(value, numbers="version" not in key and "build" not in key)

    def _pseudonym(self, kind: str, value: str) -> str:
        value = value.strip()
        if value.startswith("_") or (kind == "person" and value.casefold() in NO_PERSON) or _PSEUDONYM.fullmatch(value):
            return value
        folded = value.lower() if kind in ("serial", "address") else value
        return f"{'SER' if kind == 'serial' else kind}-{self._cipher.seal(kind, folded)}"

    def _mail(self, address: str) -> str:
        if _PSEUDONYM.fullmatch(address):
            return address
        return f"person-{self._cipher.seal('mail', address.lower())}@pseudonym"

    def _address(self, text: str, *, own: bool = False) -> str:
        bare = text.lower().removeprefix("::ffff:")
        try:
            address = ipaddress.ip_address(bare)
        except ValueError:
            return self.text(text, numbers=False) if own else text
        if address.is_loopback or address.is_unspecified:
            return text
        local = any(address in net for net in _LOCAL) or self._names.knows(bare)
        return text[: len(text) - len(bare)] + self._pseudonym("address", bare) if own or local else text


def _require_pseudonyms(name: str, value: Any, *, hidden: bool) -> None:
    """Refuse text that is no whole pseudonym where parts of a hidden name are matched."""
    if isinstance(value, dict):
        for column, inner in value.items():
            _require_pseudonyms(column, inner, hidden=hidden or kind_of(plain(column), "") != "")
    elif isinstance(value, (list, tuple)):
        for inner in value:
            _require_pseudonyms(name, inner, hidden=hidden)
    elif hidden and isinstance(value, str) and _SYMBOLS.sub("", _PSEUDONYM.sub("", value)):
        raise UsageError(
            f"In privacy mode '{name[:40]}' takes a whole pseudonym: parts of a hidden name cannot be asked for.",
            "Take one from an answer of this server, e.g. of list_devices or list_users.",
        )


def _addresses(value: Any) -> list[str]:
    """E-mail addresses that are whole values."""
    if isinstance(value, dict):
        return [address for inner in value.values() for address in _addresses(inner)]
    if isinstance(value, list):
        return [address for inner in value for address in _addresses(inner)]
    return [value] if isinstance(value, str) and _MAIL.fullmatch(value) else []
