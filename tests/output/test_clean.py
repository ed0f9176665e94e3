"""What leaves the process holds no secret and no character that hides or forges text, and loses nothing else."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iru_mcp.output.clean import MAX_FIELD, clean, clean_text
from iru_mcp.output.redaction import REDACTED, redact

SECRET = "Tr0ub4dor-Zq9"
KEY = "ABCD-2345-EFGH-6789-JKLM-NP23"
BYPASS = "A1B2C-D3E4F-G5H6-I7J8-K9L0-M1N2"
SPELLINGS = (
    "removal_passcode removalPasscode Removal-Password filevault_key fileVaultRecoveryKey personal_recovery_key PRK "
    "bypass_code activationLockBypassCode device_based_albc user_based_albc unlock_pin PIN enrollment_code "
    "recovery_lock_password firmwarePassword bootstrap_token api_token client_secret mobileconfig file_url script "
    "remediation_script wifi_password unlock_token private_key Authorization"
).split()


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize(
    "wrap",
    [
        lambda name, value: {name: value},
        lambda name, value: {"items": [{name: value, "id": "a"}]},
        lambda name, value: {"a": {"b": {"c": [[{name: value}]]}}},
        lambda name, value: {"items": [{name: [value, value]}]},
        lambda name, value: {"items": [{name: {"code": value, "inner": {"x": value}}}]},
    ],
)
@pytest.mark.parametrize("value", [SECRET, 482_901_773])
def test_what_stands_under_a_secrets_name_never_leaves(name: str, wrap: Any, value: object) -> None:
    out = json.dumps(clean(wrap(name, value)))
    assert str(value) not in out
    assert REDACTED in out


IN_TEXT = {
    "a recovery key": f"Escrowed {KEY} today",
    "a bypass code": f"use {BYPASS} to unlock",
    "a password": f"login with password: {SECRET} please",
    "an assignment": f"export DB_PASSWORD={SECRET}",
    "a flag": f"/usr/bin/tool --password {SECRET} --verbose",
    "a short flag": f"tool -token {SECRET}",
    "json in text": f'{{"client_secret": "{SECRET}"}}',
    "python in text": f"{{'api_key': '{SECRET}'}}",
    "a sentence": f"The passcode is {SECRET} for now",
    "an unlock code": f"Unlock code: {SECRET}",
    "a pin": f"PIN={SECRET}",
    "a header": f"Authorization: Bearer {SECRET}{SECRET}",
    "basic authentication": f"-H 'Authorization: Basic {SECRET}=='",
    "a token of a service": f"ghp_{SECRET.replace('-', '')}abcdefgh",
    "a web token": f"eyJhbGciOiJI.eyJzdWIiOiIx.{SECRET}",
    "a cloud key": "AKIAIOSFODNN7EXAMPLE",
    "a signed address": f"https://files.example/p.pkg?X-Amz-Signature={SECRET}&x=1",
    "an address with a password": f"https://ada:{SECRET}@git.example/x",
    "a private key": f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
    "a profile": f'<?xml version="1.0"?><plist version="1.0"><key>Password</key><string>{SECRET}</string></plist>',
    "a script": f"#!/bin/zsh\ncurl -u ada:{SECRET}",
    "a hidden name": f"pass\u200bword: {SECRET}",
}


@pytest.mark.parametrize("place", IN_TEXT)
def test_a_secret_in_free_text_never_leaves(place: str) -> None:
    for value in ({"notes": IN_TEXT[place]}, [IN_TEXT[place]], {"items": [{"log": f"x {IN_TEXT[place]}"[2:]}]}):
        out = json.dumps(clean(value))
        assert not any(secret in out for secret in (SECRET, KEY, BYPASS, "AKIAIOSFODNN7EXAMPLE"))
        assert REDACTED in out
    assert SECRET not in clean_text(IN_TEXT[place], 1_000)


KEPT = {
    "key_type": "Personal",
    "key_escrowed": "True",
    "filevault_prk_escrowed": True,
    "removal_passcode": True,
    "firmware_password": "no",
    "has_password": "Yes",
    "secure_token": True,
    "bootstrap_token": "escrowed",
    "bootstrap_token_escrowed": "yes",
    "product_code": "{8A69D345-D564-463C-AFF1-A69D9E530F96}",
    "profile": "Wi-Fi Profile (Passcode policy)",
    "profile_name": "Passcode: required",
    "team_identifier": "Q6L2SF6YDW",
    "developer_id": "EQHXZ8M8AV",
    "device_id": "DAEB5840-995B-400E-9787-A8C15499F31D",
    "user_id": "d2495b18-20b3-4506-8f7c-bf6470a0725b",
    "serial_number": "C02XK1ZYJG5H",
    "udid": "00008103-001C2D3E4F50001E",
    "code_signature": "Developer ID Application: Zoom (BJ4HAAB9B3)",
    "code": "12021",
    "bundle_id": "com.apple.TokenKit.keychain-pin",
    "label": "com.okta.device-access.servicedaemon",
    "path": "/Library/Application Support/1Password 7/Key.app",
    "version": "131.0.6778.86",
    "sha256_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "command": "/usr/bin/ssh -i key.pem host",
    "cve_link": "https://nvd.nist.gov/vuln/detail/CVE-2026-1234?tab=vector",
    "cve_description": "A passcode bypass in the token broker; the secret is not checked.",
    "last_audit_log": "Passcode is compliant. Token: enabled",
    "password_last_set": "2026-11-20T09:30:00Z",
    "uptime": 12.5,
    "count": 0,
    "none": None,
}


@pytest.mark.parametrize("name", KEPT)
def test_what_is_no_secret_survives(name: str) -> None:
    for value in ({name: KEPT[name]}, {"items": [{name: KEPT[name]}]}, {"a": {"b": [{"c": {name: KEPT[name]}}]}}):
        assert clean(value) == value


HONEST = {
    "accents": "Zo\u00eb Nu\u00f1ez, \u0141\u00f3d\u017a, cafe\u0301",
    "cjk": "\u7530\u4e2d\u306eMacBook Pro \uff08\u55b6\u696d\uff09 \uae40\ubbfc\uc900",
    "arabic": "\u062c\u0647\u0627\u0632 \u0645\u062d\u0645\u062f",
    "persian": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "hebrew": "\u05d4\u05de\u05d7\u05e9\u05d1 \u05e9\u05dc\u05d9",
    "emoji": "\U0001f680 ready \u2764\ufe0f",
    "a family": "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "a pilot": "\U0001f469\U0001f3fd\u200d\u2708\ufe0f",
    "a flag": "\U0001f1e9\U0001f1ea \U0001f3f3\ufe0f\u200d\U0001f308",
    "keycaps": "1\ufe0f\u20e3 #\ufe0f\u20e3",
    "typography": "Mira\u2019s \u201cMac\u201d \u2013 50\u00a0% \u2122",
}


@pytest.mark.parametrize("kind", HONEST)
def test_honest_text_survives(kind: str) -> None:
    assert clean({"items": [{"device_name": HONEST[kind]}]}) == {"items": [{"device_name": HONEST[kind]}]}


HIDDEN = [
    *map(chr, [*range(0x20), *range(0x7F, 0xA0)]),
    *map(chr, range(0xE0000, 0xE0080)),
    *map(chr, range(0xE0100, 0xE01F0)),
    *map(chr, [*range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x200B, 0x200E, 0x200F, 0x2028, 0x2029, 0xFEFF]),
    *map(chr, [0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x180E, 0x2800, 0x3164, 0xFFA0, 0xE000, 0xF8FF, 0xF0000]),
    *map(chr, [0xD800, 0xDFFF, 0xFFFE, 0xFFFF, 0x1FFFE, 0x10FFFF, 0xFE0E, 0xFE00]),
]


def test_no_hostile_character_leaves_by_value_or_by_key() -> None:
    for hidden in HIDDEN:
        out = clean({f"na{hidden}me": f"a{hidden}b", "items": [{f"k{hidden}": [f"x{hidden}\u200cy\u200dz\ufe0f"]}]})
        text = json.dumps(out, ensure_ascii=False)
        assert hidden not in text
        assert not any(ch in text for ch in "\u200c\u200d\ufe0f")
        text.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07name", "name"),
        ("\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\", "click"),
        ("\x1b]0;never ended", "0;never ended"),
        ("\x9b2Jgone", "gone"),
        ("\x1bcreset", "creset"),
        ("one\ntwo\r\nthree\u2028four", "one two three four"),
    ],
)
def test_terminal_sequences_and_newlines_do_nothing(text: str, left: str) -> None:
    assert clean_text(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "\x1b[31mred",
        "a\x00b",
        "two\nlines",
        "left\u202eright",
        "no\u200bspace",
        "pass\ufe0fword",
        "x" * (MAX_FIELD + 1),
    ],
)
def test_the_text_of_a_row_is_cleaned_like_text_alone(text: str) -> None:
    cleaned = clean_text(text)
    assert cleaned != text
    assert clean([{"note": text}]) == [{"note": cleaned}]
    assert clean([{"inner": {"lines": ["plain", text]}}]) == [{"inner": {"lines": ["plain", cleaned]}}]


def test_a_key_cleaned_into_another_costs_no_value() -> None:
    assert sorted(clean({"a": 1, "a\u200b": 2, "b": 3}).values()) == [1, 2, 3]


def test_what_json_cannot_say_becomes_null() -> None:
    assert clean({"a": float("nan"), "items": [{"b": float("-inf")}]}) == {"a": None, "items": [{"b": None}]}


@pytest.mark.parametrize("size", [513, 5_000, 1_000_000])
def test_a_long_field_is_cut_and_says_by_how_much(size: int) -> None:
    out = clean({"items": [{"a": "z" * size}]})["items"][0]["a"]
    assert len(out) <= MAX_FIELD
    kept = out.count("z")
    assert out.endswith(f"[{size - kept} more characters]")


NASTY = st.text(
    st.sampled_from("a1-AZ#*:=/ \x1b[]m\x07\x9b\u200b\u200c\u200d\ufe0f\u0645\U0001f600\u2764\u20e3\ud800\U000e0041")
)
ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | NASTY
    | st.sampled_from(sorted(IN_TEXT.values())),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(SPELLINGS), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(ANY)
def test_cleaning_twice_changes_nothing_and_is_strict_json(value: Any) -> None:
    once = clean(value)
    assert clean(once) == once
    json.dumps(once, allow_nan=False, ensure_ascii=False).encode("utf-8")


@given(NASTY)
def test_no_control_or_surrogate_is_left(text: str) -> None:
    out = clean_text(text)
    assert not any(unicodedata.category(ch) in ("Cc", "Cs", "Co", "Cn") for ch in out)
    assert redact(out) == out


def test_a_count_under_the_status_pass_is_no_password() -> None:
    counts = {"PASS": 10, "pass": 3, "ERROR": 1}
    assert clean({"library_items": counts}) == {"library_items": counts}
    assert clean({"PASS": "hunter2-secret"}) == {"PASS": "[redacted]"}
