"""Where secrets stand in text, as patterns: behind a name, in a command line or URL, or known by their own form.

Each pattern keeps what it captures before the secret. A pattern is tried only where one of its hints is in the text
in lower case, which is much faster; it is compiled when it is first tried, as most are never. Newlines are never
matched by what is replaced, except in a private key.
"""

import re

_CORE = (
    r"pass(?:words?|wd|code|phrase|wort)?|pwd|psk|secrets?(?:[ _-]?key)?|token|albc|pin(?:[ _-]?code)?|prk"
    r"|(?:bypass|unlock|enrollment|activation|recovery)[ _-]?codes?|[a-z]{3,10}[_-]?key"
)
_LAST = "word words wd code codes phrase wort passe wachtwoord contrasena contraseña pass pwd psk secret".split()
_LAST += "secrets token albc pin prk key".split()
_ENDS = "(?:" + "|".join(f"(?<={word})" for word in _LAST) + r"|(?<=d\d)|(?<=d\d\d))"
"""Behind what may be a secret's name; whether it is one, `redaction` decides."""
_VALUE = (
    r"(?:(?P<quote>\\*[\"'])(?P<quoted>(?:(?!(?P=quote))[^\n])*)(?P=quote)"
    r"|(?P<list>\[[^\[\]\n]*\])"
    r"|(?:\\*[\"'])?(?P<bare>(?:[^\s\"';&<>,|\\`]|,(?![\s\"']|[\w.-]+[\"']?[:=]|$)|\\(?![\"'nrt]))+))"
)
ASSIGNED = (
    r"(?i)"
    rf"(?<![\w.@${{%-])(?P<name>[\w.-]++(?: [\w-]++)?)(?=[\\\"' :=]){_ENDS}"
    rf"(?P<between>\\*[\"']?(?: \([^()]{{1,30}}\))?\s*(?:=>|:=|[:=])\s*){_VALUE}"
)
"""`name: value`, `name=value`, `"name": "value"`, with escaped quotes too."""
FLAG = (
    r"(?i)"
    rf"(?<![\w/.-])(?:--?|/)(?P<name>[\w-]*?(?:{_CORE}))(?P<between>\\*[\"']?\s*,\s*|[\"']?\s+|:|</string>\s*<string>){_VALUE}"
)
"""`--name value`, `-name value`, `/name:value`, `"--name", "value"`."""
STATED = (
    r"(?i)"
    rf"(?<![\w-])(?P<name>[\w-]++(?: [\w-]++)?)(?= ){_ENDS}"
    r"(?P<between> (?:(?:re)?set to|changed to|is|was|to|becomes) )"
    r"(?:(?P<quote>\\*[\"'])(?P<quoted>[^\"'\\]+)(?P=quote)|(?=\S*\d)(?!\d+ )(?P<bare>[^\s\"',;]+))"
)
"""`the passcode is X1`."""
SPACED = (
    r"(?i)"
    rf"(?<![\w-])(?P<name>\w++)(?= ){_ENDS}(?P<between> )"
    r"(?:(?P<quote>\\*[\"'])(?P<quoted>(?=[^\"']*[\d!@#$%^&*])[^\"'\\]+)(?P=quote)"
    r"|(?:(?<=_key )|(?<=_token )|(?<=_secret )|(?<=_password ))(?=\S*\d)(?P<bare>[\w/+=-]{8,}))"
)
"""`password "X1"`, `set aws_secret_access_key X1`."""
DIGITS = (
    r"(?i)"
    r"(\b(?:pin(?:[ _-]?code)?|passcode"
    r"|(?:bypass|unlock|enrollment|activation|recovery|verification|security|pairing)[ _-]?code)\b"
    r"[\"']?\s*(?:[:=#]|is)?\s*[\"']?)(?!\d{4}-\d\d-\d\d)(\d(?:[ -]?\d){3,11})(?![\w.:-])"
)
"""`PIN 12 34`, `unlock code 123-456`."""
ELEMENT = (
    r"(?P<open><key>(?P<name>[^<]{1,80})</key>(?:\s|\\+[nrt])*<(?:string|data|integer)>)(?P<bare>[^<]+)(?=</)"
    r"|(?P<start><(?P<tag>[\w:.-]+)(?: [^<>]*)?>)(?P<inner>[^<\n]+)(?=</(?P=tag)>)"
)
"""`<key>Password</key><string>X</string>` and `<password>X</password>`."""
PAIR = (
    r"(?i)"
    r"(?P<open>(?:name|key|field|setting)\\*[\"']?\s*[:=]\s*\\*[\"']?)(?P<name>[\w .-]{2,60}?)"
    rf"(?P<between>\\*[\"']?\s*[,;]\s*\\*[\"']?(?:new_?|old_?)?value\\*[\"']?\s*[:=]\s*){_VALUE}"
)
"""`"name": "Password", "value": "X"`."""

PRIVATE_KEY = (
    r"(-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)"
    r"((?:\s|\\+[nr]|(?:Proc-Type|DEK-Info|Version|Comment): ?\S+(?: [A-Z]+)?(?=\s)"
    r"|(?!-----)[A-Za-z0-9+/=_-]{12,}|=?[A-Za-z0-9+/=]+(?=(?:\s|\\+[nr])*-----END))+)"
)
COOKIE = r"(?i)((?:\b(?:set-)?cookie[\"']?\s*:\s*|;\s*)[\w.-]+=)([^\s;=\"']{6,})"

PLACES: tuple[tuple[tuple[str, ...], str], ...] = tuple(
    (tuple(hint.replace("\u00a0", " ") for hint in hints.split(" ")), f"(?i){pattern}")
    for hints, pattern in (
        ("@", r"(//[^/\s:@\"'<>?#]*:)([^/\s@\"'<>]+)(?=@)"),
        ("http", r"(https?://)((?=[^@/\s]*\d)[\w~+-]{8,}|[0-9a-f]{8,}|[\w~+-]{20,})(?=(?::|:x-oauth-basic)?@)"),
        (
            "sig= sign= signature= credential= token= auth= jwt=",
            (
                r"((?:[?&;]|%3f|%26)(?:x-amz-(?:signature|credential|security-token)|x-goog-(?:signature|credential)"
                r"|signature|sign|sig|access_token|id_token|auth|jwt)=)([^\s&#\"'<>]{8,})"
            ),
        ),
        (
            "bearer basic authorization",
            (
                r"(\b(?:bearer|basic)\s+|\bauthorization[\"']?\s*[:=]\s*[\"']?(?:(?:token|digest|apikey|key)\s+)?)"
                r"(?!\[redacted\]|(?:bearer|basic|token|digest|negotiate|aws4-hmac-sha256)\b)((?=[^\s\"']*[0-9=+/])[\w.~+/:-]{8,}=*(?![\w=]))"
            ),
        ),
        (
            "-u --user --proxy-user --auth",
            r"((?<!\S)(?:-u|--user|--proxy-user|--auth)[ =\n][\"'][^\s:\"'/]{1,64}:)([^\"'\n]+)(?=[\"'])",
        ),
        (
            "-u --user --proxy-user --auth",
            r"((?<!\S)[\"']?(?:-u|--user|--proxy-user|--auth)[\"']?(?:,?[ =\n])?[\"']?[^\s:\"'/]{1,64}:)([^\s\"']+)",
        ),
        (
            "sshpass 7z psexec plink pscp lock-keychain set-keychain docker\u00a0login generic-password",
            (
                r"(\b(?:sshpass|7za?|psexec|plink|pscp|(?:un)?lock-keychain|set-keychain-password|add-generic-password"
                r"|docker login)\b[^|;&]*?\s-(?:p|w|pw|P)\s?[\"']?)([^\s\"'-][^\s\"']*)"
            ),
        ),
        ("zip\u00a0", r"(\b(?:zip|unzip)\b[^|;&]*?\s(?-i:-P) ?[\"']?)([^\s\"'-][^\s\"']*)"),
        ("mysql mariadb", r"(\b(?:mysql|mysqldump|mysqladmin|mariadb)\b[^|;&]*?\s(?-i:-p)[\"']?)([^\s\"'-][^\s\"']*)"),
        ("ldap", r"(\bldap(?:search|whoami|modify|add|passwd)\b[^|;&]*?\s-w\s[\"']?)([^\s\"'-][^\s\"']*)"),
        ("redis-cli", r"(\bredis-cli\b[^|;&]*?\s-a\s[\"']?)([^\s\"'-][^\s\"']*)"),
        ("smbclient rpcclient", r"(\b(?:smbclient|rpcclient)\b[^|;&]*?\s-U ?[\"']?[^\s%\"']+%)([^\s\"']+)"),
        ("net\u00a0use", r"(\bnet user [^\s/]+ |\bnet use [^|;&]*?/user:\S+ )([^\s/\"'*]\S*)"),
        ("net\u00a0use", r"(\bnet use (?:\S: )?\\\\\S+ )([^\s/\"'*]\S*)(?= /user:)"),
        ("schtasks", r"(\bschtasks\b[^|;&]*?\s/rp )([^\s/\"'*]\S*)"),
        ("-passwd", r"(\bdscl [^|;&]*?-passwd \S+ )([^\s|;&]+(?: [^\s|;&]+)?)"),
        ("-setairportnetwork", r"(-setairportnetwork \S+ (?:\"[^\"]*\"|'[^']*'|\S+) [\"']?)([^\s\"']+)"),
        ("htpasswd", r"(\bhtpasswd -\w*b\w* \S+ \S+ )(\S+)"),
        ("ssh-keygen", r"(\bssh-keygen\b[^|;&]*?\s(?-i:-[NP])\s[\"']?)([^\s\"'-][^\s\"']*)"),
        ("sqlcmd bcp\u00a0", r"(\b(?:sqlcmd|bcp)\b[^|;&]*?\s(?-i:-P)\s?[\"']?)([^\s\"'-][^\s\"']*)"),
        ("-b\u00a0 --cookie", r"(\bcurl\b[^|;&]*?\s(?:-b|--cookie)[ =\n][\"']?[\w.-]+=)([^\s;=\"']{6,})"),
        ("securestring", r"(\bConvertTo-SecureString\s(?:-String\s)?[\"']?)([^\s\"'-][^\s\"']*)"),
        ("/p:", r"(\b\w*rdp\b[^|;&]*?\s/p:[\"']?)([^\s\"']+)"),
        ("pass:", r"(\bpass:)([^\s\"':]{3,})"),
        ("assword", r"(assword:? ?[\"']?[;\s]+send (?:-- )?\\*[\"'])([^\"'\\]+)"),
        ("sudo\u00a0-s", r"(\becho (?:-n )?[\"']?)([^\s\"'|]+)(?=[\"']?\s*\|\s*(?:/usr/bin/)?sudo\s[^|]*-S)"),
    )
)
"""Places in command lines, headers and URLs: what stays, then the secret."""

FORM_HINTS = tuple(
    "eyj akia asia ghp_ gho_ ghs_ ghu_ ghr_ github_pat glpat glrt xox xapp _live_ _test_ whsec shpat npm_ hf_ dop_v1 "
    "sk- aiza ya29. pypi- sg. age-secret".split()
)
FORMS = (
    r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"  # JSON Web Token
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\b(?:gh[posur]|github_pat|glpat|glrt|xox[abeprs]|xapp|[sr]k_(?:live|test)|whsec|shpat|npm|hf|dop_v1|sk-[a-z]+)"
    r"[_-][\w-]{16,}"
    r"|\bAIza[\w-]{35}\b|\bya29\.[\w-]{20,}|\bpypi-[\w-]{32,}|\bSG\.[\w-]{16,}\.[\w-]{16,}"
    r"|\bAGE-SECRET-KEY-1[A-Z0-9]{50,}"
)
SHAPED = re.compile(r"[ -](?<=[a-z0-9]{4}.)(?<![a-z0-9]{7}.)(?:[a-z0-9]{4,6}+[ -]){3}[a-z0-9]{4}")
"""Behind the first group of every key of groups, in lower case."""
USER_INFO = re.compile(r"//[^\s/@]*@")
"""In every text that may hold a URL with a password."""
INERT = re.compile(r"[\w./+-]{0,19}|[0-9a-fA-F-]*[a-fA-F][0-9a-fA-F-]*|\d{4}-\d\d-\d\d[T ][\d:.]+Z?|[0-9a-f]{64}")
"""Most values are this: too short, a UUID, a hash or a time."""


def _any_of(words: list[str]) -> str:
    """A pattern of any of the words. They are put together letter by letter, so that few are tried at each place."""
    if "" in words:
        return ""
    letters = {word[0]: [other[1:] for other in words if other[0] == word[0]] for word in words}
    parts = [re.escape(letter) + _any_of(rest) for letter, rest in letters.items()]
    return parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})"


FIRST_HINT = re.compile(
    _any_of(
        "pass|secret|token|key|pin|code|prk|pwd|psk|albc|wort|wachtwoord|contrase|bearer|basic|auth|cookie|sig"
        "|credential|-u|-p|-w|-a |-b |/rp|/p:|-setairport|</|net use|securestring|sudo|eyj|akia|asia|ghp_|gho_|ghs_"
        "|ghu_|ghr_|github_|glpat|glrt|xox|xapp|sk_|rk_|sk-|npm_|hf_|dop_|aiza|ya29|pypi|sg.|whsec|shpat".split("|")
    )
)
"""One of these is in every text that may hold another secret, in lower case."""
GROUPS = re.compile(
    r"(?<![A-Za-z0-9-])(?:[A-Za-z0-9]{4}(?:-[A-Za-z0-9]{4}){5}"  # FileVault personal recovery key
    r"|[A-Za-z0-9]{5}(?:-[A-Za-z0-9]{4,5}){4,5})(?![A-Za-z0-9-])"  # Activation Lock bypass code, product key
    r"|(?<![A-Za-z0-9-])(?<![A-Z0-9]{4} )[A-Za-z0-9]{4}(?: [A-Za-z0-9]{4}){5}(?! ?[A-Z0-9]{2,4}\b)(?![A-Za-z0-9-])"
    r"|(?<![\d-])(?<!\d{6} )\d{6}(?:[ -]\d{6}){7}(?![ -]?\d)"  # BitLocker recovery password
)
