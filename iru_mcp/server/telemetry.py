"""Telemetry: one record per tool call, and one with a trace span per request to Iru."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple, Protocol

from opentelemetry import trace

from ..api.endpoint import Endpoint


class Finished(NamedTuple):
    """One tool call: `outcome` is `ok` or the name of what went wrong; `seconds` include waiting for a place."""

    tool: str
    arguments: Mapping[str, Any]
    outcome: str
    requests: int
    seconds: float
    caller: str


class Sent(NamedTuple):
    """One request to Iru: its endpoint's path, the status that came (0: none) and the seconds it took."""

    path: str
    status: int
    seconds: float


class Observer(Protocol):
    """What is told of calls and requests; it must neither raise nor wait."""

    def called(self, call: Finished) -> None: ...

    def sent(self, request: Sent) -> None: ...


_requests: ContextVar[list[Endpoint[Any]] | None] = ContextVar("iru_mcp_requests", default=None)
"""The requests of the tool call that is at work."""
_tracer = trace.get_tracer("iru_mcp")


class Watch(NamedTuple):
    """Tells every observer of calls and requests."""

    observers: Sequence[Observer] = ()

    @contextlib.contextmanager
    def call(self, tool: str, arguments: Mapping[str, Any], caller: str) -> Iterator[Callable[[str], None]]:
        """Around one tool call. Call what it yields with the outcome; without that, the call counts as cancelled."""
        outcome = ["cancelled"]
        sent: list[Endpoint[Any]] = []
        before = _requests.set(sent)
        began = time.monotonic()
        try:
            yield lambda word: outcome.__setitem__(0, word)
        finally:
            _requests.reset(before)
            done = Finished(tool, arguments, outcome[0], len(sent), time.monotonic() - began, caller)
            for observer in self.observers:
                observer.called(done)

    @contextlib.contextmanager
    def request(self, endpoint: Endpoint[Any]) -> Iterator[Callable[[int], None]]:
        """Around one request to Iru. Call what it yields with the status. The span has the path's template, not its
        ids."""
        if (of_call := _requests.get()) is not None:
            of_call.append(endpoint)
        status = [0]
        began = time.monotonic()
        try:
            with _span(endpoint, status):
                yield lambda code: status.__setitem__(0, code)
        finally:
            sent = Sent(endpoint.path, status[0], time.monotonic() - began)
            for observer in self.observers:
                observer.sent(sent)


@contextlib.contextmanager
def _span(endpoint: Endpoint[Any], status: list[int]) -> Iterator[None]:
    with _tracer.start_as_current_span(
        f"{endpoint.method} {endpoint.path}",
        kind=trace.SpanKind.CLIENT,
        attributes={"http.request.method": endpoint.method, "url.template": endpoint.path},
        record_exception=False,  # its text may quote what was asked
        set_status_on_exception=False,
    ) as span:
        try:
            yield
        except BaseException as error:
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(trace.StatusCode.ERROR)
            raise
        span.set_attribute("http.response.status_code", status[0])
        if status[0] >= 400:
            span.set_attribute("error.type", str(status[0]))
            span.set_status(trace.StatusCode.ERROR)
