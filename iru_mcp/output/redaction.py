"""Secrets are redacted; the evidence around them stays.

What devices and audit events report carries passwords, tokens and recovery keys beside the commands, hosts and paths
that an investigation needs. A secret is known in three ways: by the name it stands under (`is_secret`, for keys of
objects and for `name=value` in text alike), by the place it has in a command line or URL (`--token X`, `-u user:X`,
`//user:X@host`), and by its own form (recovery keys, JSON Web Tokens, prefixes of well-known services).

What must stay true: only the characters of the secret itself are replaced, never the command, the name or the text
beside it; the host and the path of a URL stay wherever they stand; words for a state, references to variables and
labels of tokens are no secrets; redacting twice changes nothing; the number of lines stays, so that a list of
arguments can be redacted as one command line. The time is linear in the length of the text: no pattern has two
adjacent repetitions that match the same characters.
"""

import re
from collections.abc import Callable, Collection, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from . import secret_patterns as patterns

REDACTED = "[redacted]"
WITHHELD = "[withheld: personal]"

# Names -----------------------------------------------------------------------------------------------------------

_PASSWORD_ENDS = tuple(
    "password passwords passwd passcode passphrase passwort kennwort depasse wachtwoord contrasena contrasea "
    "pwd psk presharedkey secret secrets secretkey".split()
)
_TOKEN_ENDS = tuple(
    "token apikey accesskey privatekey recoverykey escrowkey filevaultkey encryptionkey masterkey sharedkey "
    "accountkey storagekey unlockkey licensekey bypasscode unlockcode enrollmentcode activationcode recoverycode "
    "recoverycodes backupcodes albc pincode".split()
)
_WHOLE = frozenset(
    "authorization auditscript filekey fileurl mobileconfig postinstallscript preinstallscript profilebody pushmagic "
    "remediationscript script scriptbody signedurl".split()
)
"""Names of Iru's own fields whose whole value is withheld: bodies of scripts and profiles, signed addresses."""
_LAST_WORD = re.compile(r"pin|prk|(?!by|com|tres|over|under|sur)\w*pass")
_FLAG_WORDS = frozenset("has is require requires required allow allows allowed no ask show forgot min max".split())
_HARMLESS = ("securetoken", "pagetoken", "nexttoken", "publickeytoken", "continuationtoken", "cancellationtoken")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_STATES = frozenset(
    "yes no true false none null enabled disabled required optional set unset unknown supported unsupported present "
    "absent escrowed missing expired invalid valid compliant active inactive [redacted]".split()
)
_PROSE = _STATES | frozenset(Path(__file__).with_name("words_after_password.txt").read_text("utf-8").split())
"""Words that follow `password:` in prose and are not the password."""


@lru_cache(4096)
def _kind(name: str) -> str:
    """What stands under `name`: a "password", a "token", a "body" to withhold, or "" for no secret."""
    words = [word.casefold() for word in _WORDS.findall(name) if not word.isdigit()]
    plain = "".join(words)
    if not words or words[0] in _FLAG_WORDS or plain.endswith(_HARMLESS):
        return ""
    if plain in _WHOLE:
        return "body"
    if plain.endswith(_TOKEN_ENDS) or _LAST_WORD.fullmatch(words[-1]):
        return "token"
    return "password" if plain.endswith(_PASSWORD_ENDS) else ""


def is_secret(key: str) -> bool:
    """Whether what stands under this key of an object is a secret."""
    return _kind(key) != ""


# Objects ---------------------------------------------------------------------------------------------------------

_DESCRIBES = frozenset(
    "id uuid name label title description type kind status state scopes permissions created_at updated_at expires_at "
    "expiration last_used last_used_at created_by updated_by email".split()
)
_NAME_KEYS = ("name", "key", "field", "setting", "parameter", "label")
_VALUE_KEYS = frozenset("value values old new old_value new_value before after previous current default".split())
_PATH = re.compile(r"(?:~|\.{0,2})/[\w.@-]+(?:/[\w.@ -]+)+|[A-Za-z]:\\[\w.@\\ -]+")


def withheld(value: Any, key: str = "") -> Any:
    """`value` as it may leave when it stands under a secret's name.

    Flags, words for a state, a path to a script, and what tells one token from another (its name, id, dates) stay.
    """
    if isinstance(value, dict):
        return {name: inner if name in _DESCRIBES else withheld(inner, key) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [withheld(inner, key) for inner in value]
    if value is None or isinstance(value, bool) or (key.casefold() == "pass" and isinstance(value, (int, float))):
        return value
    if isinstance(value, str):
        stays = not value or value.casefold() in _STATES or (_kind(key) == "body" and _PATH.fullmatch(value))
        return value if stays else REDACTED
    return REDACTED


def withhold(value: Any, fields: Collection[str]) -> Any:
    """`value` without what stands under the names of `fields`, at any depth."""
    if isinstance(value, dict):
        return {
            name: WITHHELD
            if name in fields and inner is not None
            else inner
            if type(inner) is str  # most are, and are not asked further
            else withhold(inner, fields)
            for name, inner in value.items()
        }
    return [withhold(inner, fields) for inner in value] if isinstance(value, (list, tuple)) else value


def secret_fields(row: dict[str, Any]) -> frozenset[str]:
    """The keys of `row` that hold a secret although their own name does not say so.

    `{"name": "Password", "value": "x"}`, `{"field": "token", "old": "x", "new": "y"}`; and what changed of a `code`.
    """
    named = any(is_secret(name) for key in _NAME_KEYS if isinstance(name := row.get(key), str))
    found = {key for key in row if key in _VALUE_KEYS} if named else set()
    code = row.get("code")
    return frozenset(found | {"code"} if isinstance(code, dict) and code.keys() & {"new", "old"} else found)


# Text ------------------------------------------------------------------------------------------------------------

_REFERENCE = re.compile(
    r"\$[\w({].*|%\w+%|\*+|<.*|\{.*|`.*|(?:self|this|args|config|os|env|process|settings|var|local)\.[\w.]+.*"
    r"|[\w.]*\(.*|--?[a-z][a-z-]*"
)
"""A variable, a mask, a call or the next flag: what stands in place of a secret."""
_HOST = re.compile(r"(?:(?:[a-z0-9-]+\.)+[a-z]{2,}|\d{1,3}(?:\.\d{1,3}){3})(?::\d+)?(?:/.*)?", re.DOTALL)
_LABEL = re.compile(r"(?:[A-Za-z]{2,}|\d{1,4})(?:[-_.](?:[A-Za-z]+|\d{1,4}))*")
_GROUP_NAMES = frozenset("root wheel staff admin users daemon nogroup nobody".split())


def may_hold_secret(text: str) -> bool:
    """Whether `text` needs a closer look; False for nearly all text, quickly."""
    lower = _as_hints_are(text)
    return bool(patterns.FIRST_HINT.search(lower) or patterns.SHAPED.search(lower) or patterns.USER_INFO.search(lower))


def _as_hints_are(text: str) -> str:
    return text.lower().replace("\n", " ")


def redact(text: str) -> str:
    """`text` with the characters of every secret in it replaced."""
    if patterns.INERT.fullmatch(text) or not may_hold_secret(text):
        return text
    lower = _as_hints_are(text)
    if patterns.SHAPED.search(lower):
        text = patterns.GROUPS.sub(_group, text)
    for number in sorted({number for hint, numbers in _HINTS.items() if hint in lower for number in numbers}):
        text = _RULES[number][1](text)
    return text


def redact_arguments(arguments: Sequence[str]) -> list[str]:
    """A list of arguments, redacted as one command line: `["--token", "X"]` is `--token X`.

    No argument holds a newline; an argument that is part of a longer secret is left empty.
    """
    return redact("\n".join(arguments)).split("\n")


def _hidden(secret: str) -> str:
    return REDACTED + "\n" * secret.count("\n")


def _behind(found: re.Match[str]) -> str:
    """What a pattern with two groups found: the first stays, the second is the secret."""
    secret = found[2]
    is_port_or_group = secret in _GROUP_NAMES or (secret.isdigit() and len(secret) < 6 and found[1][:2] != "//")
    if REDACTED in secret or _REFERENCE.fullmatch(secret) or is_port_or_group:
        return found[0]
    return found[1] + _hidden(secret)


def _named(found: re.Match[str]) -> str:
    """What stands behind a name, replaced where the name is a secret's and the value no state, label or reference."""
    _, _, last = found["name"].rpartition(" ")
    kind = _kind(found["name"] if last.casefold() in ("key", "code", "codes", "passe") else last)
    parts = found.groupdict()
    which = next(group for group in ("bare", "quoted", "list") if parts.get(group) is not None)
    if not kind or not found[which] or _closes_a_quote(found, parts):
        return found[0]
    begin, end = (place - found.start() for place in found.span(which))
    before, value, after = found[0][:begin], found[0][begin:end], found[0][end:]
    if which == "list":
        return before + _LISTED.sub(rf"\1{REDACTED}\1", value) + after
    value, rest = _closing(value) if which == "bare" else (value, "")
    prose = which == "bare" and parts["between"][-1:].isspace() and parts["between"].strip() in (":", "")
    return found[0] if _stays(value, kind, prose=prose) else before + _hidden(value) + rest + after


def _closes_a_quote(found: re.Match[str], parts: dict[str, str | None]) -> bool:
    """Whether the quote behind the name ends what began before it, as in `expect "password:"; send "x"`."""
    quote = parts.get("quote")
    if not quote or set(parts["between"] or "") & set("\"'"):
        return False
    before = found.string[: found.start()]
    opened = rf"(?<![\w\\]){re.escape(quote)}|(?<!\\){re.escape(quote)}(?!\w)"  # no apostrophe
    return len(re.findall(opened, before)) % 2 == 1


_LISTED = re.compile(r"([\"'])[^\"']+\1")


def _closing(value: str) -> tuple[str, str]:
    """`value` without brackets and points that close what began before it."""
    kept = value.rstrip(".,:")
    while kept[-1:] in (")", "]", "}") and kept.count(kept[-1]) > kept.count({")": "(", "]": "[", "}": "{"}[kept[-1]]):
        kept = kept[:-1]
    return (kept, value[len(kept) :]) if kept else (value, "")


def _stays(value: str, kind: str, *, prose: bool) -> bool:
    word = value.casefold()
    if len(value) < (4 if kind == "token" else 3) or word in _STATES or REDACTED in value:
        return True
    if _REFERENCE.fullmatch(value) or _PATH.fullmatch(value) or "://" in value:
        return True
    if prose and word.rstrip(",.;!") in _PROSE:
        return True
    return kind == "token" and (_HOST.fullmatch(value) is not None or (prose and _LABEL.fullmatch(value) is not None))


def _element(found: re.Match[str]) -> str:
    opened, value = (found["open"], found["bare"]) if found["open"] else (found["start"], found["inner"])
    kind = _kind(found["name"] or found["tag"])
    return found[0] if not kind or _stays(value.strip(), kind, prose=False) else opened + _hidden(value)


def _group(found: re.Match[str]) -> str:
    """A key of groups of letters and digits, told from words, hexadecimal dumps and fingerprints."""
    key = found[0]
    parts = re.split("[ -]", key)
    if key.replace(" ", "").isdigit():
        return REDACTED if all(int(part) % 11 == 0 for part in parts) else key
    if all(part.isdigit() for part in parts):
        return REDACTED if len(parts) == 8 else key
    mixed = sum(not part.isdigit() and not part.isalpha() for part in parts)
    numbers = sum(part.isdigit() for part in parts)
    least = 1 if key.isupper() or (len(parts[0]) == 4 and numbers > 1) else 2
    if mixed < least or re.search("[g-z]", key, re.IGNORECASE) is None:
        return key
    return REDACTED if key.isupper() or key.islower() else key


_compiled = cache(re.compile)
"""A pattern, compiled when it is first tried: all of them would take a tenth of what this package needs for a start."""


def _with(pattern: str, replace: Callable[[re.Match[str]], str]) -> Callable[[str], str]:
    return lambda text: _compiled(pattern).sub(replace, text)


_NAME_HINTS = tuple("pass secret token key pin code prk pwd psk albc wort wachtwoord contrase".split())
_RULES: tuple[tuple[tuple[str, ...], Callable[[str], str]], ...] = (
    (("private key",), _with(patterns.PRIVATE_KEY, _behind)),
    (patterns.FORM_HINTS, _with(patterns.FORMS, lambda _: REDACTED)),
    *((hints, _with(pattern, _behind)) for hints, pattern in patterns.PLACES),
    (("cookie",), _with(patterns.COOKIE, _behind)),
    (("</",), _with(patterns.ELEMENT, _element)),
    (("value",), _with(patterns.PAIR, _named)),
    (_NAME_HINTS, _with(patterns.ASSIGNED, _named)),
    (_NAME_HINTS, _with(patterns.FLAG, _named)),
    (_NAME_HINTS, _with(patterns.STATED, _named)),
    (_NAME_HINTS, _with(patterns.SPACED, _named)),
    (("pin", "code"), _with(patterns.DIGITS, lambda found: found[1] + REDACTED)),
)
_HINTS = {
    hint: tuple(number for number, (hints, _) in enumerate(_RULES) if hint in hints)
    for hint in sorted({hint for hints, _ in _RULES for hint in hints})
}
"""Which rules to try where a hint is in the text."""
