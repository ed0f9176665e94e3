"""Indicators as they stand in reports and tickets, read as what they are.

People paste indicators defanged (`evil[.]example`, `hxxps://`), labelled (`SHA256: ...`), quoted, as list items, with a
port, as a URL, or several at once, and a search for that very text finds nothing. `read_indicators` splits the text and
undoes the notation of each piece. What must stay true: a rule applies only to a shape that no name, path or hash has of
its own, and a search never becomes narrower than what was pasted: a URL is looked for by its host, a path in a home
folder below any home folder.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import unquote

from ...folding import fold
from ...output.privacy import comparable

# Patterns are text, compiled when one is first needed: most servers are asked for no indicator.
_LABELS = (
    r"sha-?(?:1|256)|md5|(?:file )?hash|ip(?:v[46])?(?: address)?|address|domain|host(?:name)?|url|uri|indicator|ioc",
    r"(?:file ?)?(?:path|name)|file|process|app(?:lication)?|bundle(?: ?id(?:entifier)?)?|team ?id|threat|cve",
    r"launch ?(?:agent|daemon|item)|label|serial(?: ?(?:number|no\.?))?|device(?: ?id)?|uuid",
    r"e-?mail|user(?:name)?|account",
)
_LABEL = rf"(?i)(?:{'|'.join(_LABELS)})\s*(?::(?!//|\\)|=)\s*"
_ITEM = r"(?:[-*\u2022\u2013\u2014]|\d{1,2}[.)])\s+"
_QUOTES = "\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb<>"
_DASHES = "[\u2010-\u2015\u2212]"
_DEFANGED = (
    (r"(?i)\s?(?:\[\s?(?:\.|dot)\s?\]|\(\s?(?:\.|dot)\s?\)|\{\s?(?:\.|dot)\s?\})\s?", "."),
    (r"(?i)\[\.|\.\]|\\\.(?=[a-z0-9-]+(?:\\\.|$|[:/]))", "."),
    (r"(?i)\s?(?:\[(?:@|at)\]|\((?:@|at)\)|\{(?:@|at)\})\s?", "@"),
    (r"\[(:/{0,2})\]", r"\1"),
    (r"(?i)^h(?:xx|\*\*|__)p", "http"),
)
_URL = r"(?i)([a-z][a-z0-9+.-]{1,20})://(?:[^\s/?#@]*@)?(\[[0-9a-f:.]+\]|[^\s/?#:]+)(?::\d{1,5})?([/?#]\S*)?"
_HOST_AND_REST = r"(?i)((?:[a-z0-9-]+\.)+([a-z]{2,18}))(?::\d{1,5})?(?:[/?#]\S*)?"
_HOME = (
    r"(?i)(?:~[\w.-]*|\$\{?HOME\}?|%(?:USERPROFILE|HOMEPATH)%|/Users/(?!Shared/)[^/]+|[A-Z]:\\Users\\[^\\]+)"
    r"(?=[/\\])(.+)"
)
_NOT_HOSTS = frozenset(
    {"app", "bin", "dmg", "plist", "pkg", "py", "rb", "sh", "so", "dylib", "exe", "dll", "local", "framework"}
)
_HOMES = r"~[\w.-]*|\$home|/users/[^/]+|/var/root|[a-z]:\\users\\[^\\]+"
_LEAST_BELOW_HOME = 8
"""Characters of a path below a home folder that say enough without it."""


_HASHES = {"md5": 32, "sha1": 40, "sha256": 64}
_REVERSE_DNS = r"[A-Za-z0-9-]+(\.[A-Za-z0-9_-]+){1,12}"
_TEAM_ID = r"(?=.*\d)[A-Z0-9]{10}"
_SERIAL = r"(?=.*\d)[A-Za-z0-9]{8,14}"
_VIRTUAL_SERIAL = r"(?=.*[\d+=])[A-Za-z0-9+][A-Za-z0-9+/]{6,18}={0,2}"
"""A virtual machine's serial number may be base64, which has slashes, or a UUID."""
_TOP_DOMAINS = frozenset(
    "biz cc cloud cn co com dev example info io me net online org ru shop site su to top tv uk us xyz".split()
)
_FILE_ENDINGS = frozenset("app bin command dmg dylib js jar pkg plist pl php ps1 py rb scpt sh so txt zip".split())
_NAMES = ("app_name", "process_name", "username", "device_name")


class Indicator(NamedTuple):
    """What to look for: the text that is searched, the kinds it may be, and whether it is below a home folder."""

    value: str
    kinds: tuple[str, ...]
    below_home: bool = False

    @property
    def shown(self) -> str:
        """The value as an answer names it."""
        return f"~{self.value}" if self.below_home else self.value

    def columns(self, by_kind: Mapping[str, str]) -> tuple[str, ...]:
        """The columns to search, each once, from the names of columns that each kind has."""
        found = (column for kind in self.kinds for column in by_kind.get(kind, "").split())
        return tuple(dict.fromkeys(found))

    def fits(self, found: Any, *, whole: bool = False) -> bool:
        """Whether one field has the value, folded; a list has it when an item has."""
        if isinstance(found, (list, tuple)):
            return any(self.fits(item, whole=whole) for item in found)
        if whole:
            return fold(self.value) == fold(str(found or ""))
        wanted, text = fold(comparable(self.value)), fold(comparable(str(found or "")))
        if self.below_home:
            return re.search(f"(?:{_HOMES}){re.escape(wanted)}", text) is not None
        return wanted in text


def any_home(text: str) -> str:
    """`text` with `~` for each home folder in it, so that paths that differ only in the user compare as equal."""
    return re.sub(r"(?i:/users/(?!shared/)[^/\s]+|[a-z]:\\users\\[^\\]+)(?=[/\\])", "~", text)


def read_indicators(text: str) -> list[Indicator]:
    """The indicators in a pasted text, each once: one a line, or several in a line when none can be anything else."""
    pieces = [piece for line in re.split(r"[\r\n]+", text) for piece in _split(line)]
    found = {fold(indicator.value): indicator for indicator in map(read_indicator, filter(None, pieces))}
    return list(found.values())


def _split(line: str) -> list[str]:
    """One line as its indicators; names may hold spaces and commas, so only what is unmistakable is split."""
    pieces = [piece for piece in re.split(r"[,;|\s]+", re.sub(_LABEL, "", _plain(line), count=1)) if piece]
    tests = [fits for kind, fits in _UNMISTAKABLE if kind != "path"]
    several = len(pieces) > 1 and all(any(fits(_plain(piece)) for fits in tests) for piece in pieces)
    return pieces if several else [_plain(line)]


def read_indicator(given: str) -> Indicator:
    """One indicator without its label and notation."""
    text = _plain(given)
    host = _host(text)
    if host:
        return Indicator(host, ("ip",) if looks_like(host) == ("ip",) else ("domain",))
    text = _path(_without_port(_joined(text)))
    home = re.fullmatch(_HOME, text)
    if home and len(home[1]) >= _LEAST_BELOW_HOME:
        return Indicator(home[1], ("path",), below_home=True)
    return Indicator(text, looks_like(text))


def _plain(text: str) -> str:
    """`text` without what stands around an indicator: list mark, label, quotes, trailing punctuation, defanging."""
    before = None
    text = "".join(char for char in text if unicodedata.category(char) != "Cf")
    while text != before:
        before = text
        text = re.sub(_ITEM, "", text.strip(), count=1) if re.match(_ITEM, text.strip()) else text.strip()
        text = re.sub(_LABEL, "", text, count=1) if re.match(_LABEL, text) else text
        text = text.strip(_QUOTES).strip().rstrip(",;")
        text = text[:-1] if re.search(r"[\w\])]\.$", text) else text
        for notation, plain in _DEFANGED:
            text = re.sub(notation, plain, text)
    return text


def _host(text: str) -> str:
    """The host of a URL, or of a host name with a port or a path behind it; empty for anything else."""
    url = re.fullmatch(_URL, text)
    if url:
        return "" if url[1].lower() == "file" else url[2].strip("[]").lower()
    parts = re.fullmatch(_HOST_AND_REST, text)
    is_host = parts and parts[0] != parts[1] and parts[2].lower() not in _NOT_HOSTS
    return parts[1].lower() if parts and is_host else ""


def _joined(text: str) -> str:
    """A hash without the spaces or colons in it, a CVE with its dashes."""
    digits = re.sub(r"[\s:]", "", text)
    if len(digits) in (32, 40, 64) and re.fullmatch("[0-9a-fA-F]+", digits):
        return digits
    cve = re.fullmatch(r"CVE[\s_-]*(\d{4})[\s_-]+(\d{4,19})", re.sub(_DASHES, "-", text), re.IGNORECASE)
    return f"CVE-{cve[1]}-{cve[2]}" if cve else text


def _path(text: str) -> str:
    """A path as devices report it: without escapes, and without /private, which is before /var and /tmp or not."""
    if text.lower().startswith("file://"):
        text = unquote(text[len("file://") :]).removeprefix("localhost")
    if text.startswith(("/", "~/", "$HOME", "${HOME}")):
        text = re.sub(r"^/private(?=/(?:var|tmp|etc)/)", "", text.replace("\\ ", " "))
    return text


def looks_like(value: str) -> tuple[str, ...]:
    """The kinds that `value`, without spaces around it, may be; names of things when nothing else fits."""
    for kind, fits in _UNMISTAKABLE:
        if fits(value):
            is_serial = kind == "device_id" or (kind == "path" and re.fullmatch(_VIRTUAL_SERIAL, value))
            return (kind, "serial_number") if is_serial else (kind,)
    if re.fullmatch(_TEAM_ID, value):
        return ("team_id", "serial_number")
    if re.fullmatch(_SERIAL, value):
        return ("serial_number", *_NAMES)
    dots = value.count(".") if re.fullmatch(_REVERSE_DNS, value) else 0
    last = value.rpartition(".")[2].lower()
    domain = ("domain",) if dots and last in _TOP_DOMAINS else ()
    if dots > 1 and last not in _FILE_ENDINGS:
        return ("bundle_id", "launch_label", *domain)
    identifiers = ("bundle_id", "launch_label", *domain) if dots else ()
    serial = ("serial_number",) if re.fullmatch(_VIRTUAL_SERIAL, value) else ()
    return (*_NAMES, *identifiers, *(("person",) if " " in value else ()), *serial)


def _without_port(value: str) -> str:
    """An address without the port after it, and without the brackets that IPv6 has before one."""
    bracketed = re.fullmatch(r"\[([0-9a-fA-F:.]+)\](:\d{1,5})?", value)
    if bracketed:
        return bracketed[1]
    address, colon, port = value.rpartition(":")
    return address if colon and port.isdigit() and "." in address and ":" not in address else value


def _is_ip(value: str) -> bool:
    try:
        ipaddress.ip_address(_without_port(value))
    except ValueError:
        return False
    return True


_UNMISTAKABLE: tuple[tuple[str, Callable[[str], object]], ...] = (
    *((name, re.compile(f"[0-9a-fA-F]{{{length}}}").fullmatch) for name, length in _HASHES.items()),
    ("ip", _is_ip),
    ("mac_address", partial(re.fullmatch, r"(?i)[0-9a-f]{2}([:-][0-9a-f]{2}){5}")),
    ("cve", partial(re.fullmatch, r"(?i)CVE-\d{4}-\d{4,19}")),
    ("email", partial(re.fullmatch, r"[^\s@/]+@[^\s@/]+\.[^\s@/]+")),
    ("device_id", partial(re.fullmatch, r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")),
    ("path", re.compile(r".*[/\\].*").fullmatch),
)
"""Kinds whose form no other kind has; a serial number may still have the form of two of them."""
