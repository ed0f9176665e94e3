"""An OAuth 2.1 resource server: an issuer with real keys on a socket, and tokens that are almost right."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import anyio
import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from iru_mcp.errors import ConfigError
from iru_mcp.server.http.bearer_tokens import TokenRefused
from iru_mcp.server.http.oauth import Issuer, OAuth

if TYPE_CHECKING:
    from tests.server.conftest import Start

AUDIENCE = "https://mcp.acme.example/mcp"
METADATA = "https://mcp.acme.example/.well-known/oauth-protected-resource/mcp"
ONE, OTHER = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
CURVE = ec.generate_private_key(ec.SECP256R1())


def published(kid: str, key: Any) -> dict[str, Any]:
    algorithm = (
        jwt.algorithms.ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else jwt.algorithms.RSAAlgorithm
    )
    return dict(json.loads(algorithm.to_jwk(key.public_key()))) | {"kid": kid, "use": "sig"}


@dataclass
class Authority:
    """An issuer; `keys` may change while it runs, `down` makes it fail."""

    url: str = ""
    keys: list[dict[str, Any]] = field(default_factory=lambda: [published("one", ONE), published("curve", CURVE)])
    asked: int = 0
    down: bool = False
    wait: threading.Event | None = None

    def token(self, key: Any = ONE, kid: str = "one", algorithm: str = "RS256", **claims: Any) -> str:
        told: dict[str, Any] = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "u-1",
            "client_id": "soc-agent",
            "scope": "iru.read other",
        }
        told |= {"exp": time.time() + 60} | claims
        told = {name: value for name, value in told.items() if value is not None}
        return jwt.encode(told, key, algorithm, headers={"kid": kid})

    def issuer(self, **other: Any) -> Issuer:
        return Issuer(
            **{"issuer": self.url, "jwks_url": f"{self.url}/jwks", "scopes": ("iru.read",), "public_url": AUDIENCE}
            | other
        )


@pytest.fixture
def authority() -> Iterator[Authority]:
    state = Authority()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked += 1
            if state.wait is not None:
                state.wait.wait(10)
            body = json.dumps({"keys": state.keys}).encode()
            self.send_response(500 if state.down else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


async def denial(authority: Authority, token: str) -> TokenRefused:
    with pytest.raises(TokenRefused) as caught:
        await OAuth(authority.issuer()).caller(token)
    return caught.value


async def test_a_token_of_the_issuer_names_its_caller(authority: Authority) -> None:
    found = await OAuth(authority.issuer()).caller(authority.token())
    assert (found.name, found.issuer, found.subject) == ("soc-agent", authority.url, "u-1")
    curve = authority.token(CURVE, "curve", "ES256", scope=None, scp=["iru.read"], client_id=None, azp="app")
    assert (await OAuth(authority.issuer()).caller(curve)).name == "app"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://other.example/mcp"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"nbf": 4_000_000_000},
    ],
    ids=str,
)
async def test_a_token_meant_for_another_or_for_another_time_is_refused(
    authority: Authority, claims: dict[str, Any]
) -> None:
    assert (await denial(authority, authority.token(**claims))).status == 401


async def test_a_forged_token_is_refused(authority: Authority) -> None:
    for forged in (
        authority.token(OTHER),
        authority.token(OTHER, "unknown"),
        authority.token("k" * 64, "one", "HS256"),
        authority.token(authority.keys[0]["n"], "one", "HS256"),
        jwt.encode({"iss": authority.url, "aud": AUDIENCE, "exp": time.time() + 60}, "", "none"),
        authority.token()[:-6] + "AAAAAA",
        "not.a.token",
        "",
        "\u00e9",
    ):
        denied = await denial(authority, forged)
        assert (denied.status, denied.error) == (401, "invalid_token")
        assert not forged or forged not in denied.description


async def test_a_token_without_the_scope_is_told_which(authority: Authority) -> None:
    denied = await denial(authority, authority.token(scope="other"))
    assert (denied.status, denied.error) == (403, "insufficient_scope")
    assert "iru.read" in denied.description


async def test_keys_are_read_once_and_again_for_a_new_one_but_not_for_every_unknown_one(authority: Authority) -> None:
    now = [1000.0]
    oauth = OAuth(authority.issuer(), lambda: now[0])
    await oauth.caller(authority.token())
    await oauth.caller(authority.token())
    assert authority.asked == 1
    for _ in range(5):
        with pytest.raises(TokenRefused):
            await oauth.caller(authority.token(OTHER, "two"))
    assert authority.asked == 1
    authority.keys.append(published("two", OTHER))
    now[0] += 31
    await oauth.caller(authority.token(OTHER, "two"))
    assert authority.asked == 2


async def test_an_issuer_that_is_down_is_said_to_be_and_known_keys_stay_in_use(authority: Authority) -> None:
    now = [1000.0]
    oauth = OAuth(authority.issuer(), lambda: now[0])
    authority.down = True
    with pytest.raises(TokenRefused) as caught:
        await oauth.caller(authority.token())
    assert caught.value.status == 503
    authority.down = False
    now[0] += 6
    await oauth.caller(authority.token())
    authority.down = True
    now[0] += 4000
    await oauth.caller(authority.token())
    with pytest.raises(TokenRefused) as caught:
        await oauth.caller(authority.token(OTHER, "unknown"))
    assert caught.value.status == 503  # whether it is published now, nobody can say


async def test_callers_who_come_while_a_slow_issuer_is_read_wait_for_its_keys(authority: Authority) -> None:
    oauth = OAuth(authority.issuer())
    authority.wait = threading.Event()
    names: list[str] = []

    async def call() -> None:
        names.append((await oauth.caller(authority.token())).name)

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(call)
        await anyio.wait_all_tasks_blocked()
        authority.wait.set()
    assert names == ["soc-agent"] * 8
    assert authority.asked == 1


async def test_callers_of_an_issuer_that_is_down_are_all_told_to_come_back_after_one_question(
    authority: Authority,
) -> None:
    oauth = OAuth(authority.issuer())
    authority.down = True
    statuses: list[int] = []

    async def call() -> None:
        try:
            await oauth.caller(authority.token())
        except TokenRefused as denied:
            statuses.append(denied.status)

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(call)
    assert statuses == [503] * 8
    assert authority.asked == 1


@pytest.mark.parametrize("mark", [{"use": "enc"}, {"use": "sig", "key_ops": ["encrypt"]}], ids=str)
async def test_a_key_for_encryption_verifies_nothing(authority: Authority, mark: dict[str, Any]) -> None:
    authority.keys = [published("one", ONE) | mark, published("curve", CURVE)]
    assert (await denial(authority, authority.token())).status == 401


@pytest.mark.parametrize(
    ("change", "setting"),
    [
        ({"issuer": "http://id.example"}, "IRU_MCP_OAUTH_ISSUER"),
        ({"jwks_url": ""}, "IRU_MCP_OAUTH_JWKS_URL"),
        ({"jwks_url": "http://id.example/jwks"}, "IRU_MCP_OAUTH_JWKS_URL"),
        ({"public_url": ""}, "IRU_MCP_PUBLIC_URL"),
    ],
)
def test_settings_that_do_not_fit_name_themselves(change: dict[str, str], setting: str) -> None:
    right: dict[str, Any] = {
        "issuer": "https://id.example",
        "jwks_url": "https://id.example/jwks",
        "public_url": AUDIENCE,
    }
    Issuer(**right)
    with pytest.raises(ConfigError, match=setting):
        Issuer(**right | change)


def test_the_server_publishes_its_metadata_and_asks_for_a_token_by_it(authority: Authority, start: Start) -> None:
    server = start(
        "serve", "--transport", "http", "--port", "0", "--demo", "--stateless", "--audit", "stderr",
        "--oauth-issuer", authority.url, "--oauth-jwks-url", f"{authority.url}/jwks",
        "--oauth-scopes", "iru.read", "--public-url", AUDIENCE,
    )  # fmt: skip
    for path in ("/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"):
        document = httpx.get(f"{server.url}{path}", headers={"Host": "mcp.acme.example"}).json()
        assert document["resource"] == AUDIENCE
        assert document["authorization_servers"] == [authority.url]
        assert document["scopes_supported"] == ["iru.read"]
    ping = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "list_users", "arguments": {"limit": 1}},
    }
    accept = {"Accept": "application/json, text/event-stream"}

    def ask(token: str = "") -> httpx.Response:
        headers = accept | ({"Authorization": f"Bearer {token}"} if token else {})
        return httpx.post(f"{server.url}/mcp", json=ping, headers=headers, timeout=10)

    challenge = ask().headers["www-authenticate"]
    assert f'resource_metadata="{METADATA}"' in challenge
    assert 'scope="iru.read"' in challenge
    lacking = ask(authority.token(scope="other"))
    assert (lacking.status_code, 'error="insufficient_scope"' in lacking.headers["www-authenticate"]) == (403, True)
    assert ask(authority.token(aud="https://other.example")).status_code == 401
    token = authority.token()
    assert ask(token).status_code == 200
    server.process.terminate()
    server.end()
    assert [json.loads(line)["caller"] for line in server.said if line.startswith("{")] == ["soc-agent"]
    assert token not in server.stderr
