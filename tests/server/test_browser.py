"""A page of another origin in a real browser: what it may call and read, and what it may not."""

from __future__ import annotations

import http.server
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.server.conftest import Start

PAGE = """<!doctype html><pre id=said>nothing</pre><script>
const say = (text) => { document.getElementById("said").textContent = "SAID " + text + " END" }
const begin = { jsonrpc: "2.0", id: 1, method: "initialize", params: { protocolVersion: "2025-11-25",
  capabilities: {}, clientInfo: { name: "page", version: "1" } } }
const send = (token, more, message) => fetch("SERVER/mcp", { method: "POST", body: JSON.stringify(message), headers: {
  "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
  "Authorization": "Bearer " + token, ...more } })
;(async () => {
  const refused = await send("wrong", {}, begin)
  const began = await send("first-token-0123456789", {}, begin)
  const session = began.headers.get("mcp-session-id")
  const pinged = await send("first-token-0123456789", { "Mcp-Session-Id": session },
    { jsonrpc: "2.0", id: 2, method: "ping" })
  say([refused.status, refused.headers.get("www-authenticate") !== null, began.status, session !== null,
    pinged.status, (await pinged.text()).includes('"result":{}')].join(" "))
})().catch((error) => say(error.message))
</script>"""


@pytest.fixture
def site() -> Iterator[http.server.ThreadingHTTPServer]:
    """A web site on another port; its one page is its attribute `page`."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = str(getattr(self.server, "page", "")).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("allowed", "said"), [(True, "401 true 200 true 200 true"), (False, "Failed to fetch")], ids=["allowed", "foreign"]
)
def test_an_allowed_page_can_call_and_read_and_another_cannot(
    start: Start,
    site: http.server.ThreadingHTTPServer,
    program: Callable[[str], str],
    tmp_path: Path,
    allowed: bool,  # noqa: FBT001 - a case
    said: str,
) -> None:
    origin = f"http://page.example:{site.server_port}"
    named = ("--allowed-origins", origin if allowed else "https://other.example")
    server = start(
        "serve", "--transport", "http", "--port", "0", "--demo", *named, IRU_MCP_TOKEN="first-token-0123456789"
    )
    site.page = PAGE.replace("SERVER", server.url)  # type: ignore[attr-defined]
    command = [
        program("chromium"), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}",
        "--host-resolver-rules=MAP page.example 127.0.0.1", "--disable-features=LocalNetworkAccessChecks",
        "--virtual-time-budget=20000", "--dump-dom", origin,
    ]  # fmt: skip
    shown = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120, check=True).stdout
    assert f"SAID {said} END" in shown
