"""URLs, hosts and origins of settings: compared as they will be resolved."""

from __future__ import annotations

import pytest

from iru_mcp.errors import ConfigError
from iru_mcp.inventory.alerts.webhook import check
from iru_mcp.urls import read_host, read_origin


@pytest.mark.parametrize(
    "url",
    [
        "https://kandji.io/x",
        "https://kandji。io/x",
        "https://kandji\uff0eio/x",
        "https://acme.api.kandji｡io./x",
        "https://\uff2bANDJI.io",
        "https://ACME.IRU.COM",
    ],
)
def test_no_spelling_of_a_host_of_iru_is_a_webhook(url: str) -> None:
    with pytest.raises(ConfigError, match="names Iru"):
        check(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example:0/x",
        "http://hooks.example/x",
        "https://user:secret@hooks.example/x",
        "https://:secret@hooks.example/x",
        "https://hooks.example\\@kandji.io/x",
        "https://hook%73.example/secret",
        "https:///secret",
    ],
)
def test_a_webhook_that_is_not_a_plain_https_url_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check(url)
    assert "IRU_ALERT_WEBHOOK" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "used"),
    [
        ("https://Hooks.Example.:443/T0/b?k=v", "https://hooks.example/T0/b?k=v"),
        ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
        ("http://2130706433:8080/x", "http://127.0.0.1:8080/x"),
        ("https://notkandji.io/", "https://notkandji.io/"),
    ],
)
def test_a_webhook_is_used_as_it_was_compared(url: str, used: str) -> None:
    assert check(url) == used


@pytest.mark.parametrize(
    ("text", "read"),
    [("MCP.example.com.", "mcp.example.com"), ("mcp.example.com:8443", "mcp.example.com:8443"), ("[::1]:1", "[::1]:1")],
)
def test_a_host_is_read_as_it_is_compared(text: str, read: str) -> None:
    assert read_host("X", text) == read


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("https://Chat.Example.com/", "https://chat.example.com/"),
        ("https://chat.example.com:443", "https://chat.example.com"),
        ("http://intranet:80", "http://intranet"),
        ("vscode-webview://Abc", "vscode-webview://abc"),
    ],
)
def test_an_origin_is_read_as_a_browser_sends_it(text: str, read: str) -> None:
    assert read_origin("X", text) == read.rstrip("/")


@pytest.mark.parametrize("text", ["*", "null", "chat.example.com", "https://", "://x"])
def test_what_no_page_has_for_an_origin_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"origin|URL"):
        read_origin("X", text)
