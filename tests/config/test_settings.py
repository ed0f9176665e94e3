"""Settings: every way people write them, and what is said about those that cannot be right."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iru_mcp.config.account import exposed, mcp_token, open_client, tenant, token
from iru_mcp.config.settings import FIELDS, read, unknown
from iru_mcp.errors import ConfigError


def refusal(**environment: str) -> str:
    with pytest.raises(ConfigError) as caught:
        token(settings := read({}, environment)), tenant(settings)
    return str(caught.value)


@pytest.mark.parametrize(
    ("url", "base", "subdomain", "region"),
    [
        ("acme.api.kandji.io", "https://acme.api.kandji.io", "acme", "us"),
        ("https://acme.api.eu.kandji.io/", "https://acme.api.eu.kandji.io", "acme", "eu"),
        ("https://acme.api.kandji.io/api/v1/", "https://acme.api.kandji.io", "acme", "us"),
        ("https://ACME.api.kandji.io/api", "https://acme.api.kandji.io", "acme", "us"),
        (" acme.api.iru.com ", "https://acme.api.iru.com", "acme", "us"),
        ("https://acme.api.eu.iru.com:443", "https://acme.api.eu.iru.com", "acme", "eu"),
        ("https://acme。api.kandji.io", "https://acme.api.kandji.io", "acme", "us"),
        ("https://\uff41cme.api.kandji.io.", "https://acme.api.kandji.io", "acme", "us"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080", "", ""),
        ("http://[::1]:8080/api/v1", "http://[::1]:8080", "", ""),
    ],
)
def test_an_api_url_is_read_as_people_paste_it(url: str, base: str, subdomain: str, region: str) -> None:
    found = tenant(read({}, {"IRU_API_URL": url}))
    assert (found.base_url, found.subdomain, found.region) == (base, subdomain, region)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://acme.api.kandji.io", "https://"),
        ("https://acme.kandji.io", "https://acme.api.kandji.io"),
        ("https://acme.iru.com", "API"),
        ("acme.eu.kandji.io", "https://acme.api.eu.kandji.io"),
        ("https://acme.api.kandji.io/devices", "path"),
        ("https://acme.api.kandji.io?x=1", "path"),
        ("https://api.example.com", "IRU_ALLOWED_API_HOSTS"),
        ("https://acme.api.kandji.io.evil.example", "IRU_ALLOWED_API_HOSTS"),
        ("https://acme.api.kandji.io@evil.example", "plain URL"),
        ("https://user:secret@acme.api.kandji.io", "plain URL"),
        ("${IRU_API_URL}", "plain URL"),
        ("https://a.b.api.kandji.io", "IRU_ALLOWED_API_HOSTS"),
        ("https://[", "not a URL"),
        ("ftp://acme.api.kandji.io", "https://"),
        ("https://acme.api.kandji.io:0", "plain URL"),
        ("https://acme.api.kandji.io:99999", "not a URL"),
        ("https://acme.api.kandji.io\\@evil.example", "plain URL"),
        ("https://acme.api.kan\tdji.io", "plain URL"),
        ("http://2130706433.example", "https://"),
    ],
)
def test_an_url_that_cannot_be_right_is_refused_with_the_reason_and_the_right_form(url: str, said: str) -> None:
    text = refusal(IRU_API_URL=url, IRU_API_TOKEN="t")
    assert said in text
    assert "\n" not in text
    assert "secret" not in text


def test_a_host_of_ones_own_is_trusted_when_it_is_named() -> None:
    settings = read(
        {}, {"IRU_API_URL": "https://iru.acme.example", "IRU_ALLOWED_API_HOSTS": "x.example, IRU.acme.example"}
    )
    assert tenant(settings).base_url == "https://iru.acme.example"


@pytest.mark.parametrize(
    ("region", "base"), [("us", "https://acme.api.kandji.io"), ("EU", "https://acme.api.eu.kandji.io")]
)
def test_subdomain_and_region_stand_for_the_url(region: str, base: str) -> None:
    assert tenant(read({}, {"IRU_SUBDOMAIN": "acme", "IRU_REGION": region})).base_url == base


def test_older_names_are_accepted_and_newer_ones_win() -> None:
    older = {"KANDJI_SUBDOMAIN": "old", "KANDJI_REGION": "eu", "KANDJI_API_TOKEN": "old-token"}
    settings = read({}, older)
    assert tenant(settings).base_url == "https://old.api.eu.kandji.io"
    assert token(settings).get_secret_value() == "old-token"
    assert token(read({}, older | {"IRU_API_TOKEN": "new-token"})).get_secret_value() == "new-token"
    assert tenant(read({}, {"KANDJI_API_URL": "acme.api.kandji.io"})).subdomain == "acme"


def test_flags_win_over_the_environment_and_that_over_a_named_file(tmp_path: Path) -> None:
    named = tmp_path / "settings"
    named.write_text(
        "# ours\nexport IRU_MCP_PORT=1\nIRU_MCP_HOST='file.example'\nIRU_SUBDOMAIN=\"file\"\nOTHER=x\n", "utf-8"
    )
    settings = read({"port": "3"}, {"IRU_MCP_PORT": "2", "IRU_SUBDOMAIN": "environment"}, str(named))
    assert (settings.port, settings.subdomain, settings.host) == (3, "environment", "file.example")


def test_an_env_file_is_not_read_unless_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("IRU_SUBDOMAIN=acme\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert not read({}, {}).subdomain


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("two words", "spaces"),
        ('"quoted"', "quotes"),
        ("'quoted'", "quotes"),
        ("${IRU_API_TOKEN}", "did not fill in"),
        ("tökén", "odd characters"),
        ("line\nbreak", "spaces"),
    ],
)
def test_a_token_that_cannot_be_one_is_refused_and_never_shown(value: str, said: str) -> None:
    text = refusal(IRU_SUBDOMAIN="acme", IRU_API_TOKEN=value)
    assert said in text
    assert value not in text


def test_a_mounted_secret_is_read_and_one_that_others_can_read_is_warned_of(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("from-a-file\n", "utf-8")
    secret.chmod(0o600)
    settings = read({"api_token_file": str(secret)}, {})
    assert token(settings).get_secret_value() == "from-a-file"
    assert exposed(settings) == []
    secret.chmod(0o644)
    warned_of = [warning for warning in exposed(settings) if "IRU_API_TOKEN_FILE" in warning]
    assert len(warned_of) == (os.name == "posix")  # elsewhere a mode does not say who may read


def test_a_secret_file_that_is_not_there_names_its_setting(tmp_path: Path) -> None:
    text = refusal(IRU_API_TOKEN_FILE=str(tmp_path / "none"), IRU_SUBDOMAIN="acme")
    assert "IRU_API_TOKEN_FILE" in text
    with pytest.raises(ConfigError, match="IRU_MCP_TOKEN_FILE"):
        mcp_token(read({"mcp_token_file": str(tmp_path / "none")}, {}))


def test_what_is_missing_is_said_with_how_to_set_it() -> None:
    with pytest.raises(ConfigError, match=r"IRU_API_URL is not set.*Access > API tokens"):
        tenant(read({}, {}))
    with pytest.raises(ConfigError, match=r"IRU_API_TOKEN is not set.*Access > API tokens"):
        token(read({}, {"IRU_API_URL": "acme.api.kandji.io"}))


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"IRU_REGION": "mars"}, "us, eu"),
        ({"IRU_MCP_TRANSPORT": "carrier pigeon"}, "stdio, sse, http"),
        ({"IRU_MCP_PORT": "eighty"}, "whole number"),
        ({"IRU_MCP_PORT": "-1"}, "whole number"),
        ({"IRU_MCP_PORT": "99999"}, "65535"),
        ({"IRU_MCP_MAX_CALLS": "0"}, "from 1"),
        ({"IRU_DEMO": "maybe"}, "true, false"),
    ],
)
def test_a_setting_that_is_not_one_is_answered_with_what_is_valid(environment: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read({}, environment)
    assert said in str(caught.value)
    assert next(iter(environment)) in str(caught.value)


def test_settings_of_other_programs_are_left_alone() -> None:
    assert read({}, {"PATH": "/bin", "KANDJI_SOMETHING": "x", "MIRU_X": "y"}) == read({}, {})


@pytest.mark.parametrize(
    ("name", "near"),
    [("IRU_CACHE_SECOND", "IRU_CACHE_SECONDS"), ("iru_mcp_port", "IRU_MCP_PORT"), ("IRU_BADGE_COLOUR", "")],
)
def test_a_variable_that_is_none_of_ours_is_warned_of_with_the_nearest_setting(name: str, near: str) -> None:
    assert read({}, {name: "x"}) == read({}, {})
    (warning,) = unknown({name: "x", "IRU_DEMO": "1"})
    assert name in warning
    assert (f"did you mean {near}?" in warning) if near else warning.endswith("ignored.")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("IRU_API_TOKN", "IRU_API_TOKEN"),
        ("IRU_MCP_TOKENS", "IRU_MCP_TOKEN"),
        ("iru_privacy", "IRU_PRIVACY"),
        ("IRU_MCP_ALLOWED_HOST", "IRU_MCP_ALLOWED_HOSTS"),
        ("IRU_EXCLUDED_TOOLS", "IRU_EXCLUDE_TOOLS"),
    ],
)
def test_a_mistyped_setting_that_guards_something_is_refused_unless_the_right_one_is_given_too(
    name: str, near: str
) -> None:
    with pytest.raises(ConfigError, match=f"There is no setting {name}. Did you mean {near}?"):
        read({}, {name: "not-to-be-seen"})
    read({}, {name: "x", near: "pseudonyms" if "PRIVACY" in near else "127.0.0.1"})


def test_a_home_folder_in_a_path_is_expanded_for_every_setting_that_is_one(home: Path) -> None:
    paths = [name for name, item in FIELDS.items() if item.metadata["path"]]
    assert {"inventory", "audit", "api_token_file", "mcp_token_file", "alert_rules", "ca_file"} <= set(paths)
    for name in paths:
        variable = FIELDS[name].metadata["env"]
        assert getattr(read({}, {variable: "~/x"}), name) == str(home / "x")
        assert getattr(read({}, {variable: "x"}), name) == str(Path.cwd() / "x")
    assert read({}, {"IRU_MCP_AUDIT": "stderr"}).audit == "stderr"


def test_secrets_are_in_no_representation() -> None:
    settings = read({}, {"IRU_API_TOKEN": "not-to-be-seen", "IRU_MCP_TOKEN": "nor-this-one-either"})
    assert "not-to-be-seen" not in repr(settings)
    assert "nor-this-one" not in repr(settings)
    assert all(not item.repr for item in FIELDS.values() if item.metadata["secret"])


@given(st.text(max_size=80))
def test_no_text_makes_a_client_for_a_host_that_is_not_allowed(text: str) -> None:
    """B6."""
    base = ""
    with contextlib.suppress(ConfigError):
        base = tenant(read({}, {"IRU_API_URL": text})).base_url
    assert not base or re.fullmatch(
        r"https://[a-z0-9-]+\.api\.(eu\.)?(kandji\.io|iru\.com)(:\d+)?|https?://(127|local|\[::1).*", base
    )


async def test_a_client_is_made_without_asking_anything() -> None:
    client = open_client(read({}, {"IRU_API_URL": "acme.api.kandji.io", "IRU_API_TOKEN": "t"}))
    assert client.requests == 0
    await client.aclose()
