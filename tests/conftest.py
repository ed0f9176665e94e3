"""What every test stands on."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from hypothesis import settings
from mcp import Client, ClientSession, types

from iru_mcp import demo
from iru_mcp.api.client import IruClient
from iru_mcp.api.transport.rate_limit import Limits
from iru_mcp.output.privacy import Privacy
from iru_mcp.server.binder import Binder
from iru_mcp.tools.kit.catalogue import catalogue

settings.register_profile("patient", deadline=None)  # a shared machine may be slow for a moment
settings.load_profile("patient")

ROOT = Path(__file__).parents[1]
MOMENT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
FAST = Limits(per_second=100_000, attempts=1)


PLATFORM = {name: os.environ[name] for name in ("SYSTEMROOT", "TEMP", "PATHEXT") if name in os.environ}
"""What a process of Windows needs in its environment to open a socket, or to find its temporary folder."""


def home_variables(folder: Path) -> dict[str, str]:
    """What names the home folder, on any platform."""
    return {"HOME": str(folder), "USERPROFILE": str(folder)}


KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
"""What os.kill ends a process with at once; on Windows that is any signal."""
KILLED = -KILL if os.name == "posix" else KILL
"""The exit code of who was ended so."""


def is_private(path: Path) -> bool:
    """Whether only its owner can use a file or a folder, where modes say that."""
    return os.name != "posix" or not path.stat().st_mode & 0o077


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-snapshots", action="store_true", help="write what tools publish to tests/snapshots")
    parser.addoption("--none-skipped", action="store_true", help="fail when a test was skipped, as CI does")
    parser.addoption("--repeat", type=int, default=1, help="run each test so many times, to see which of them waver")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """With --repeat each test is as many tests."""
    if (times := metafunc.config.getoption("--repeat")) > 1:
        metafunc.fixturenames.append("repetition")
        metafunc.parametrize("repetition", range(1, times + 1), ids="run {}".format)


def skipped(reporter: pytest.TerminalReporter) -> list[pytest.TestReport]:
    """The reports of tests that did not run."""
    return list(reporter.stats.get("skipped", []))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With --none-skipped a test that did not run is a failure of the whole run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and session.config.getoption("--none-skipped") and skipped(reporter) and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests were skipped, and how to run them too."""
    if number := len(skipped(terminalreporter)):
        terminalreporter.write_line(
            f"{number} skipped, each named below. On Debian or Ubuntu `sudo .ci/install` installs what they need."
        )


class Agent:
    """What a model has: tools by name, their answers, and their errors as text."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def call(self, tool: str, **arguments: Any) -> types.CallToolResult:
        return await self.client.call_tool(tool, arguments)

    async def ask(self, tool: str, **arguments: Any) -> dict[str, Any]:
        return answer_of(await self.call(tool, **arguments))

    async def refused(self, tool: str, **arguments: Any) -> str:
        return refusal_of(await self.call(tool, **arguments))

    async def every(self, tool: str, **arguments: Any) -> list[dict[str, Any]]:
        """All rows, page by page."""
        page = await self.ask(tool, **{"limit": 500} | arguments)
        rows = whole_rows(page)
        while "next_cursor" in page:
            page = await self.ask(tool, **{"limit": 500} | arguments, cursor=page["next_cursor"])
            rows += whole_rows(page)
        assert page["complete"]
        return rows


def whole_rows(page: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a page with what is told of all of them once."""
    return [page.get("in_every_row", {}) | row for row in page["items"]]


Over = Callable[..., contextlib.AbstractAsyncContextManager[Agent]]


def answer_of(result: types.CallToolResult) -> dict[str, Any]:
    assert not result.is_error, text_of(result)
    return dict(result.structured_content or {})


def refusal_of(result: types.CallToolResult) -> str:
    assert result.is_error, result.structured_content
    assert "failed inside iru-mcp" not in text_of(result)
    return text_of(result)


def text_of(result: types.CallToolResult) -> str:
    return "".join(block.text for block in result.content if isinstance(block, types.TextContent))


@pytest.fixture
def anyio_backend() -> str | tuple[str, dict[str, Any]]:
    """Asyncio is what the server runs on."""
    return "asyncio"


@pytest.fixture(scope="session")
def moment() -> datetime:
    """The present moment of the tests."""
    return MOMENT


class Remembering(httpx.AsyncBaseTransport):
    """A tenant that never changes: each request is asked of it once, and answered with the same bytes from then on."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner
        self._held: dict[tuple[str, ...], tuple[int, httpx.Headers, bytes]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        asked = (request.method, str(request.url), request.headers.get("authorization", ""))
        if asked not in self._held:
            answer = await self.inner.handle_async_request(request)
            self._held[asked] = answer.status_code, answer.headers, await answer.aread()
        status, headers, body = self._held[asked]
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body), request=request)


def unlimited(**given: Any) -> httpx.AsyncBaseTransport:
    """The demo tenant without rate limits: a test that is not about them need not wait."""
    return demo.transport(**given, hour_limit=100_000_000, second_limit=100_000_000)


@pytest.fixture(scope="session")
def northwind() -> httpx.AsyncBaseTransport:
    """The made-up tenant at that moment."""
    return Remembering(unlimited(now=MOMENT))


@contextlib.asynccontextmanager
async def agent_over(
    transport: httpx.AsyncBaseTransport,
    limits: Limits = FAST,
    inventory: str = "",
    *,
    token: str = demo.TOKEN,
    privacy: Privacy | None = None,
) -> AsyncIterator[Agent]:
    """An agent of a server in memory, over any transport to Iru."""

    def iru() -> IruClient:
        client = IruClient(
            demo.HOST, lambda: token, transport=transport, limits=limits, now=lambda: MOMENT, privacy=privacy
        )
        client.inventory = inventory
        return client

    async with agent_of(iru) as agent:
        yield agent


@contextlib.asynccontextmanager
async def agent_of(open_client: Callable[[], IruClient]) -> AsyncIterator[Agent]:
    """An agent of a server in memory, over the client that this opens."""
    binder = Binder(catalogue(), open_client)
    try:
        async with Client(binder.server) as client:
            with compiled_schemas(client.session):
                yield Agent(client)
    finally:
        await binder.aclose()


_compiled: dict[str, dict[str, Any]] = {"_tool_output_schemas": {}, "_tool_output_validators": {}}


@contextlib.contextmanager
def compiled_schemas(session: ClientSession) -> Iterator[None]:
    """The SDK's client holds every answer against its tool's schema. What it compiles for that is handed from one
    client to the next: all of them talk to the same catalogue, and to list and compile it costs more than most tests.
    """
    for name, held in _compiled.items():
        setattr(session, name, dict(held))
    yield
    for name in _compiled:
        _compiled[name] = getattr(session, name)


@pytest.fixture
def over() -> Over:
    """`agent_over`, for tests that ask one server several things."""
    return agent_over


@pytest.fixture
async def agent(over: Over, northwind: httpx.AsyncBaseTransport) -> AsyncIterator[Agent]:
    """An agent attached to the made-up tenant."""
    async with over(northwind) as attached:
        yield attached


@contextlib.contextmanager
def served(app: Any, **options: Any) -> Iterator[str]:
    """An ASGI application on loopback; yields host:port."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="error", lifespan="off", ws="none", **options)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Serves an application for one test."""
    with contextlib.ExitStack() as stack:
        yield lambda app, **options: stack.enter_context(served(app, **options))


@pytest.fixture(scope="session")
def iru() -> Iterator[str]:
    """The URL of a demo tenant on a socket; its token is demo-token."""
    with served(demo.asgi(demo.transport(devices=60))) as place:
        yield f"http://{place}"


@pytest.fixture(scope="session")
def program() -> Callable[[str], str]:
    """The path of a program that .ci/programs names; a test that wants one that is not installed is skipped."""
    names = {line.split()[0] for line in (ROOT / ".ci" / "programs").read_text("utf-8").splitlines() if line[:1] != "#"}

    def path_of(name: str) -> str:
        assert name in names, f"name {name} and its Debian package in .ci/programs, so that CI installs it"
        return shutil.which(name) or pytest.skip(f"needs {name}")

    return path_of


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, and no settings from whoever runs the tests."""
    for name in ("XDG_CONFIG_HOME", "CLAUDE_CONFIG_DIR", "CODEX_HOME", "IRU_API_URL", "IRU_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.delenv("APPDATA", raising=False)
    for name, value in home_variables(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return tmp_path
