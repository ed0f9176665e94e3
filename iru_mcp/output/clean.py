"""The single exit: what leaves this process is free of secrets and of characters that hide or forge text."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any

MAX_FIELD = 512
"""Characters kept of one text value."""

REDACTED = "[redacted]"

# Controls, soft hyphen, fillers, zero-width, bidi, line separators, invisible operators, surrogates, private use,
# non-characters and the tag block. Joiners and variation selector 16 stay where emoji and Arabic need them.
_HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u070f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0e\ufeff\uffa0"
    "\ufff0-\uffff\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U0001fffe\U0001ffff\U0002fffe\U0002ffff\U0003fffe-\U0010ffff]"
)
_SPACES = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")
_ANSI = re.compile(
    "\x1b[\\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)"  # with its text: titles, links, device strings
    "|(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"
    "|\x1b[@-Z\\\\-_]"
)
_EMOJI = "\u2190-\u2bff\u3030\U0001f000-\U0001faff"
_SELECTOR = re.compile(f"(?<![#*0-9\u00a9\u00ae\u203c\u2049\u2122\u2139{_EMOJI}\u303d\u3297\u3299])\ufe0f")
_ARABIC = "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff"
_JOINER = re.compile(f"(?<![{_EMOJI}\ufe0f])\u200d|\u200d(?![{_EMOJI}])|(?<![{_ARABIC}])\u200c|\u200c(?![{_ARABIC}])")

_SECRET_KEYS = frozenset(
    "accesstoken apitoken authtoken auditscript authorization bearertoken bootstraptoken devicebasedalbc escrowkey "
    "enrollmentcode filekey fileurl filevaultkey mobileconfig passcode pin postinstallscript preinstallscript prk "
    "profilebody pushmagic pushtoken refreshtoken remediationscript script scriptbody sessiontoken signedurl token "
    "unlockpin unlocktoken userbasedalbc".split()
)
_SECRET_ENDS = (
    "password passcode passphrase secret bypasscode recoverykey privatekey apikey accesskey unlockcode enrollmentcode"
).split()
_NOT_LETTERS = re.compile(r"[^a-z0-9]+")
_STATUS = frozenset(
    "yes no true false none null enabled disabled required optional set unset unknown supported unsupported present "
    "absent escrowed missing expired invalid valid compliant active inactive".split()
)

_STATES = "|".join(sorted(_STATUS)) + r"|not\b|\[redacted\]"
_NAMED = (
    r"pass(?:word|code|wd|phrase)|secret|(?:api|access|secret|recovery|private|escrow|filevault)[ _-]?key|token|albc"
    r"|(?:bypass|unlock|enrollment|activation)[ _-]?code|(?<![a-z])(?:pin|prk)"
)
# A name and what stands behind it: `name: value`, `name=value`, `"name":"value"`, `--name value`, `name is 1234`.
_SECRET_AFTER_NAME = re.compile(
    rf"((?:{_NAMED})[\"']?\s*(?:(?:[:=]|=>)\s*[\"']?|is\s+(?=\S*[0-9]))|--?(?:[a-z-]{{0,20}})(?:{_NAMED})\s+)"
    rf"(?!(?:{_STATES})(?![a-z0-9]))[^\s\"',;&<>]{{3,}}",
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(
    r"(?<![A-Z0-9-])[A-Z0-9]{4}(?:-[A-Z0-9]{4}){5}(?![A-Z0-9-])"  # FileVault personal recovery key
    r"|(?<![A-Z0-9-])[A-Z0-9]{5}(?:-[A-Z0-9]{4,5}){4,5}(?![A-Z0-9-])"  # Activation Lock bypass code, product key
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)"
    r"|<\?xml\b.*?<plist\b.*|<plist\b.*"  # the body of a configuration profile
    r"|\A\s*#!\s*/.*"  # the body of a script
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"  # JSON Web Token
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\b(?:ghp|gho|ghs|ghu|github_pat|glpat|xox[abeprs]|sk_live|rk_live|sk-[a-z]+)[_-][\w-]{10,}"
    r"|(?i:\b(?:bearer|basic)\s+(?=\S*[0-9=+/])[\w.~+/=-]{8,})"
    r"|https?://[^\s?]{0,2000}\?\S*?(?i:x-amz-signature|x-amz-credential|x-goog-signature|signature|sig|token"
    r"|access_token|key-pair-id)=\S*"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)",
    re.DOTALL,
)
_HINTS = tuple("pass secret token key pin code prk albc bearer basic eyj akia asia glpat xox sk- _ :// < #".split())
"""One of these is in every text that may hold a secret, in lower case, unless it is shaped like a key."""
_SHAPED = re.compile("-[A-Z0-9]{4,5}-[A-Z0-9]{4,5}-[A-Z0-9]{4,5}-")
_PLAIN = re.compile("[ -~]+")
_FOREIGN = re.compile(f"{_HOSTILE.pattern[:-1]}\ufe0f\u200c\u200d]")


def clean(value: Any, key: str = "") -> Any:
    """`value` with secrets redacted, by key and by pattern, and hostile characters removed, all the way down.

    Newlines become spaces; text is cut at MAX_FIELD characters with the number left out; what is no JSON number
    becomes None. Cleaning twice changes nothing.
    """
    if isinstance(value, str):
        return _blotted(value) if key and _name(key)[1] else clean_text(value)
    if isinstance(value, dict):
        return _clean_object(value)
    if isinstance(value, (list, tuple)):
        return [_blotted(inner) for inner in value] if key and _name(key)[1] else [_clean_row(row) for row in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (bool, int, float)):
        return _blotted(value) if key and _name(key)[1] else value
    return clean_text(str(value))


def _clean_row(row: Any) -> Any:
    """A row as it is when one look over all its text finds nothing, else cleaned value by value."""
    if type(row) is not dict:
        return clean(row)
    texts: list[str] = []
    return row if _gather(row, texts) and _looks_clean(texts) else _clean_object(row)


def _gather(value: Any, texts: list[str]) -> bool:
    """Add all text in `value` to `texts`; False when a key or a value needs a closer look."""
    kind = type(value)
    if kind is dict or kind is list:
        if kind is dict and not _are_plain(tuple(value)):
            return False
        for inner in value.values() if kind is dict else value:
            if type(inner) is str:  # most are, and a call for each would cost as much as all else here
                texts.append(inner)
            elif not _gather(inner, texts):
                return False
        return True
    return value is None or kind is bool or kind is int


@lru_cache(1024)
def _are_plain(keys: tuple[Any, ...]) -> bool:
    return all(isinstance(key, str) and _name(key) == (key, False) for key in keys)


def _looks_clean(texts: list[str]) -> bool:
    text = " ".join(texts)
    if not text.isprintable() or not (text.isascii() or _FOREIGN.search(_PLAIN.sub("", text)) is None):
        return False
    return max(map(len, texts), default=0) <= MAX_FIELD and not _may_hold_secret(text)


def _may_hold_secret(text: str) -> bool:
    lower = text.lower()
    return any(map(lower.__contains__, _HINTS)) or _SHAPED.search(text) is not None


def _clean_object(value: dict[Any, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, inner in value.items():
        shown, secret = _name(name if isinstance(name, str) else str(name))
        if shown in found:
            shown = f"{shown}_{len(found)}"
        if secret:
            found[shown] = _blotted(inner)
        else:
            found[shown] = clean_text(inner) if type(inner) is str else clean(inner)
    return found


def _blotted(value: Any) -> Any:
    """What stands under a secret's name: flags, dates' absence and words for a state stay, everything else goes."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value if not value or value.casefold() in _STATUS else REDACTED
    if isinstance(value, dict):
        return {_name(str(name))[0]: _blotted(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_blotted(inner) for inner in value]
    return REDACTED


def clean_text(text: str, limit: int = MAX_FIELD) -> str:
    """One text value, cleaned and cut."""
    whole = len(text)
    if whole > 16 * limit:
        text = text[: 8 * limit]
    before = len(text)
    if not (text.isascii() and text.isprintable()):
        text = _ANSI.sub("", text)
        text = _HOSTILE.sub("", _SPACES.sub(" ", text))
        text = _JOINER.sub("", _SELECTOR.sub("", text))
    text = redact(text)
    over = whole - before + len(text) - limit
    return text if over <= 0 else f"{redact(text[: limit - 30])}[{over + 30} more characters]"


def redact(text: str) -> str:
    """`text` with everything that looks like a secret replaced."""
    if not _may_hold_secret(text):
        return text
    return _SECRET_AFTER_NAME.sub(rf"\1{REDACTED}", _SECRET_TEXT.sub(REDACTED, text))


@lru_cache(4096)
def _name(key: str) -> tuple[str, bool]:
    """A key as it goes out, and whether what stands under it is a secret."""
    plain = _NOT_LETTERS.sub("", key.casefold())
    secret = plain in _SECRET_KEYS or plain.endswith(tuple(_SECRET_ENDS))
    return clean_text(key, 100), secret and not plain.startswith(("has", "is", "require", "allow"))
