"""Counts of calls and requests in the text format that Prometheus reads."""

from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field

from ..api.client import IruClient
from .telemetry import Finished, Sent

_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0)
Labels = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Histogram:
    sums: dict[Labels, float] = field(default_factory=dict)
    counts: Counter[tuple[Labels, float]] = field(default_factory=Counter)

    def add(self, labels: Labels, seconds: float) -> None:
        self.sums[labels] = self.sums.get(labels, 0.0) + seconds
        for bound in (*(bucket for bucket in _BUCKETS if seconds <= bucket), float("inf")):
            self.counts[labels, bound] += 1

    def lines(self, name: str, text: str) -> Iterator[str]:
        yield from _metric(name, text, {}, "histogram")
        for labels, total in self.sums.items():
            for bound in (*_BUCKETS, float("inf")):
                edge = "+Inf" if bound == float("inf") else f"{bound:g}"
                yield f"{name}_bucket{_braced((*labels, ('le', edge)))} {self.counts[labels, bound]}"
            yield f"{name}_sum{_braced(labels)} {total:.6f}"
            yield f"{name}_count{_braced(labels)} {self.counts[labels, float('inf')]}"


@dataclass(slots=True)
class Metrics:
    """Calls by tool and outcome, requests to Iru by path and status, how long both took, retries and quota left.

    `client` gives the shared client once a call has opened it; labels come from the catalogue and the endpoints
    alone, so that no caller can make them grow.
    """

    tools: Container[str]
    client: Callable[[], IruClient | None]
    in_flight: Callable[[], int]
    _calls: Counter[Labels] = field(default_factory=Counter)
    _requests: Counter[Labels] = field(default_factory=Counter)
    _call_seconds: _Histogram = field(default_factory=_Histogram)
    _request_seconds: _Histogram = field(default_factory=_Histogram)

    def called(self, call: Finished) -> None:
        tool = ("tool", call.tool if call.tool in self.tools else "unknown")
        self._calls[tool, ("outcome", call.outcome)] += 1
        self._call_seconds.add((tool,), call.seconds)

    def sent(self, request: Sent) -> None:
        self._requests[("path", request.path), ("status", str(request.status or "none"))] += 1
        self._request_seconds.add((), request.seconds)

    def text(self) -> str:
        """All of it as Prometheus reads it."""
        return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        yield from _metric("iru_mcp_calls_total", "Tool calls.", self._calls)
        yield from self._call_seconds.lines("iru_mcp_call_seconds", "Seconds a tool call took.")
        yield from _gauge("iru_mcp_calls_in_flight", "Tool calls at work or waiting.", self.in_flight())
        yield from _metric("iru_mcp_upstream_requests_total", "Requests to Iru.", self._requests)
        yield from self._request_seconds.lines("iru_mcp_upstream_request_seconds", "Seconds a request to Iru took.")
        client = self.client()
        yield from _metric("iru_mcp_upstream_retries_total", "Retries.", {(): client.retries if client else 0})
        cache = client.cache if client else None
        hits: dict[Labels, int] = {(("how", "kept"),): cache.hits, (("how", "shared"),): cache.shared} if cache else {}
        yield from _metric("iru_mcp_cache_hits_total", "Reads answered without a request of their own.", hits)
        yield from _gauge("iru_mcp_cache_bytes", "Bytes of answers kept.", cache.size if cache else 0)
        if (left := client.rate_limiter.hour_left if client else None) is not None:
            yield from _gauge("iru_mcp_quota_left_hour", "Requests left this hour, as Iru last said.", left)


def _metric(name: str, text: str, values: Mapping[Labels, int], kind: str = "counter") -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
    for labels, value in values.items():
        yield f"{name}{_braced(labels)} {value}"


def _gauge(name: str, text: str, value: int) -> Iterator[str]:
    return _metric(name, text, {(): value}, "gauge")


def _braced(labels: Labels) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels) + "}" if labels else ""
