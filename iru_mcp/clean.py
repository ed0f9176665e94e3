"""The single exit: what leaves this process is free of secrets and of characters that hide or forge text."""

from __future__ import annotations

import re
from typing import Any

MAX_FIELD = 512
"""Characters kept of one text value."""

REDACTED = "[redacted]"

# Controls, soft hyphen, fillers, zero-width, bidi, line separators, invisible operators, surrogates, private use,
# non-characters and the tag block. Variation selector 16 and the zero-width joiner stay where emoji need them.
_HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ue000-\uf8ff\ufe00-\ufe0e\ufeff\uffa0\ufff0-\uffff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U000f0000-\U0010ffff]"
)
_SPACES = re.compile("[\t\n\v\f\r\x85\u2028\u2029]+")
_ANSI = re.compile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[@-Z\\\\-_])|\x9b[0-?]*[ -/]*[@-~]")
_EMOJI = "\u2190-\u2bff\u3030\U0001f000-\U0001faff"
_JOINER = re.compile(f"(?<![{_EMOJI}\ufe0f])\u200d|\u200d(?![{_EMOJI}])")

_SECRET_KEYS = frozenset(
    "accesstoken activationlockbypasscode apikey apitoken auditscript bootstraptoken bypasscode code devicebasedalbc "
    "enrollmentcode filekey fileurl filevaultkey filevaultrecoverykey firmwarepassword institutionalrecoverykey key "
    "mobileconfig passcode password personalrecoverykey pin postinstallscript preinstallscript privatekey "
    "profilebody prk "
    "recoverykey recoverylockpassword recoverypassword remediationscript removalpasscode removalpassword script secret "
    "sharedsecret signedurl token unlockpin unlocktoken userbasedalbc wifipassword".split()
)
_NOT_LETTERS = re.compile(r"[^a-z0-9]+")

_SECRET_TEXT = re.compile(
    r"(?<![A-Z0-9-])[A-Z0-9]{4}(?:-[A-Z0-9]{4}){5}(?![A-Z0-9-])"  # FileVault personal recovery key
    r"|(?<![A-Z0-9-])[A-Z0-9]{5}(?:-[A-Z0-9]{4,5}){4,5}(?![A-Z0-9-])"  # Activation Lock bypass code
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"  # JSON Web Token
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\b(?:ghp|gho|ghs|ghu|xox[abprs]|sk_live|sk-[a-z]+)[_-][\w-]{10,}"
    r"|(?i:\bbearer\s+[\w.~+/=-]{8,})"
    r"|https?://\S*(?:[?&](?:x-amz-signature|x-amz-credential|signature|sig|token|access_token)=)\S*"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
    r"|(?i:(?<=password=)|(?<=password: )|(?<=passcode: )|(?<=passcode=)|(?<=secret=)|(?<=token=)|(?<=api_key=)"
    r"|(?<=recovery key: )|(?<=pin: )|(?<=pin=))[^\s\"',;&]{3,}",
    re.DOTALL,
)
_HINT = re.compile(
    r"[A-Z0-9]{4,5}-[A-Z0-9]{4}|PRIVATE|eyJ|AKIA|ASIA|gh[posu]_|xox|sk[_-]"
    r"|(?i:bearer|://|pass|secret|token|key|pin[=:])"
)
"""Cheap to look for, and in every text that may hold a secret."""


def clean(value: Any, key: str = "") -> Any:
    """`value` with secrets redacted, by key and by pattern, and hostile characters removed, all the way down.

    Newlines become spaces; text is cut at MAX_FIELD characters with the number left out. Cleaning twice
    changes nothing.
    """
    if isinstance(value, str):
        return REDACTED if value and _is_secret(key) else clean_text(value)
    if isinstance(value, dict):
        return {clean_text(str(name)): clean(inner, str(name)) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(inner, key) for inner in value]
    if isinstance(value, (int, float)) and not isinstance(value, bool) and _is_secret(key):
        return REDACTED
    return value


def clean_text(text: str, limit: int = MAX_FIELD) -> str:
    """One text value, cleaned and cut."""
    if not (text.isascii() and text.isprintable()):
        text = _ANSI.sub("", text)
        text = _HOSTILE.sub("", _SPACES.sub(" ", text))
        text = _JOINER.sub("", text)
    text = redact(text)
    return text if len(text) <= limit else _cut(text, limit)


def redact(text: str) -> str:
    """`text` with everything that looks like a secret replaced."""
    return _SECRET_TEXT.sub(REDACTED, text) if _HINT.search(text) else text


def _cut(text: str, limit: int) -> str:
    over = len(text) - limit + 30
    return f"{text[: limit - 30]}[{over} more characters]"


def _is_secret(key: str) -> bool:
    return _NOT_LETTERS.sub("", key.casefold()) in _SECRET_KEYS
