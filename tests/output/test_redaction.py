"""Secrets go and nothing else does: in a corpus of texts, lists of arguments and objects that name their values."""

from __future__ import annotations

import json
import string
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iru_mcp.inventory.sync import canonical
from iru_mcp.inventory.tables import BY_NAME
from iru_mcp.output.clean import clean
from iru_mcp.output.redaction import redact, redact_arguments
from tests.output.texts import cases, leaked, lost

SECRETS, EVIDENCE = cases("secrets.txt"), cases("evidence.txt")


def test_of_three_hundred_texts_with_a_secret_none_lets_it_out_and_all_keep_the_rest() -> None:
    assert len(SECRETS) >= 300
    out = [(case, clean(case.text)) for case in SECRETS]
    assert not [text for case, text in out if leaked(case, text)]
    assert not [text for case, text in out if lost(case, text)]


def test_of_three_hundred_texts_that_look_like_a_secret_every_character_stays() -> None:
    assert len(EVIDENCE) >= 300
    assert not [case.text for case in EVIDENCE if lost(case, clean(case.text))]


@pytest.mark.parametrize("case", SECRETS[::7], ids=str)
def test_a_secret_leaves_in_no_shape_of_answer(case: Any) -> None:
    for shape in ({"items": [{"log": case.text}]}, {"a": {"b": [case.text, "x"]}}, [[case.text]]):
        assert not leaked(case, json.dumps(clean(shape), ensure_ascii=False))


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        (["/bin/agent", "--token", "9f8e7d6c5b4a"], ["/bin/agent", "--token", "[redacted]"]),
        (
            ["curl", "-u", "ada:pa55w0rd", "https://x.example/a"],
            ["curl", "-u", "ada:[redacted]", "https://x.example/a"],
        ),
        (["sshpass", "-p", "Zq9-pw!x", "ssh", "ada@h"], ["sshpass", "-p", "[redacted]", "ssh", "ada@h"]),
        (["security", "unlock-keychain", "-p", "Zq9pw"], ["security", "unlock-keychain", "-p", "[redacted]"]),
        (["/bin/agent", "--password=two words 9", "-v"], ["/bin/agent", "--password=[redacted] words 9", "-v"]),
        (["/bin/agent", "--token", "--verbose", "x"], ["/bin/agent", "--token", "--verbose", "x"]),
        (["Token", "Passcode policy", "pinned"], ["Token", "Passcode policy", "pinned"]),
    ],
)
def test_a_list_of_arguments_is_one_command_line(arguments: list[str], left: list[str]) -> None:
    assert clean({"items": [{"program_arguments": arguments}]}) == {"items": [{"program_arguments": left}]}


def test_a_private_key_over_several_lines_of_a_list_goes_and_the_lines_stay_countable() -> None:
    body = ["A1b2" * 16, "C3d4" * 16, "Ee=="]
    lines = ["-----BEGIN PRIVATE KEY-----", *body, "-----END PRIVATE KEY-----", "done"]
    out = redact_arguments(lines)
    assert len(out) == len(lines)
    assert not [line for line in body if line in "".join(out)]
    assert out[-1] == "done"


@pytest.mark.parametrize(
    ("row", "left"),
    [
        ({"name": "Password", "value": "hunter22"}, {"name": "Password", "value": "[redacted]"}),
        (
            {"field": "unlock_pin", "old": "1234", "new": "5678"},
            {"field": "unlock_pin", "old": "[redacted]", "new": "[redacted]"},
        ),
        ({"code": {"old": "123456", "new": "654321"}}, {"code": {"old": "[redacted]", "new": "[redacted]"}}),
        ({"recovery_codes": ["aa11-bb22", "cc33"]}, {"recovery_codes": ["[redacted]", "[redacted]"]}),
        (
            {"api_token": {"id": "7", "name": "ci-sync", "value": "9f8e7d6c5b4a"}},
            {"api_token": {"id": "7", "name": "ci-sync", "value": "[redacted]"}},
        ),
        ({"device_name": "#!/Mira", "label": "#!/com.evil"}, {"device_name": "#!/Mira", "label": "#!/com.evil"}),
        ({"script": "/opt/evil/run.sh"}, {"script": "/opt/evil/run.sh"}),
        ({"script": "#!/bin/sh\nrm -rf /"}, {"script": "[redacted]"}),
        ({"pass": 12, "fail": 3}, {"pass": 12, "fail": 3}),
        ({"secure_token": "ENABLED", "code": "12021"}, {"secure_token": "ENABLED", "code": "12021"}),
    ],
)
def test_what_an_object_says_of_its_value_decides(row: Any, left: Any) -> None:
    assert clean({"items": [row]}) == {"items": [left]}
    assert clean(row) == left


def test_the_copy_of_the_tenant_holds_to_the_same() -> None:
    state = {"name": "Password", "value": "hunter22", "label": "#!/com.evil", "unlock_pin": "4821", "na\u202eme": 1}
    row = {"id": "1", "occurred_at": "2026-11-20T09:30:00Z", "action": "update", "new_state": state}
    row |= {"arguments": ["/bin/agent", "--token", "9f8e7d6c5b4a", "https://c2.example/x"]}
    kept = canonical.read(BY_NAME["audit_events"], row)
    assert kept is not None
    written = str(kept.cells)
    assert not [secret for secret in ("hunter22", "4821", "9f8e7d6c5b4a", "\u202e") if secret in written]
    assert not [part for part in ("#!/com.evil", "--token", "https://c2.example/x") if part not in written]


WORDS = st.sampled_from(
    '--token -u -p password: PIN= {"secret":" \\" \' <key> </key> :// @ a1B2 ada: \n , [ ] x='.split(" ")
)


@given(st.lists(WORDS | st.text(string.printable, max_size=6), max_size=40).map(" ".join))
def test_redacting_twice_changes_nothing_and_keeps_the_lines(text: str) -> None:
    once = redact(text)
    assert redact(once) == once
    assert once.count("\n") == text.count("\n")


@pytest.mark.parametrize(
    "part", ["a-", "pass ", "token: ", "A1B2-", "--token ", "://a", 'password:"', "<a ", "-u a", "net use "]
)
def test_long_hostile_text_is_read_in_linear_time(part: str) -> None:
    began = time.process_time()
    redact(part * (8_000 // len(part)))
    assert time.process_time() - began < 1
