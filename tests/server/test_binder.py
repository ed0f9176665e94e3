"""The binder through an in-memory client: prompts, guides, completions, audit lines, spans and turns."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client, MCPError
from mcp.types import PromptReference, ResourceTemplateReference
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, TraceFlags

from iru_mcp.api.client import IruClient
from iru_mcp.api.endpoints.prism import COLUMNS
from iru_mcp.content.prompts import prompts
from iru_mcp.content.resources import GUIDES
from iru_mcp.demo import HOST, TOKEN
from iru_mcp.errors import ConfigError
from iru_mcp.server import Binder, Watch, open_audit
from iru_mcp.server import telemetry as watch
from iru_mcp.server.telemetry import Finished, Observer, Sent
from iru_mcp.tools.kit.catalogue import catalogue
from tests.conftest import is_private, unlimited

ERAS = ["legacy", "2026-07-28"]


def bound(*observers: Observer, iru: httpx.AsyncBaseTransport | None = None, max_calls: int = 32) -> Binder:
    seen = Watch(observers)
    tenant = iru or unlimited()
    return Binder(
        catalogue(),
        lambda: IruClient(HOST, lambda: TOKEN, transport=tenant, observe=seen.request),
        watch=seen,
        max_calls=max_calls,
    )


class Notes:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.calls: list[Finished] = []
        self.requests: list[Sent] = []

    def called(self, call: Finished) -> None:
        self.calls.append(call)

    def sent(self, request: Sent) -> None:
        self.requests.append(request)


@pytest.mark.parametrize("era", ERAS)
async def test_a_prompt_is_rendered_with_what_was_given(era: str) -> None:
    async with Client(bound().server, mode=era) as client:
        listed = {prompt.name: prompt for prompt in (await client.list_prompts()).prompts}
        assert set(listed) == set(prompts())
        assert all(prompt.description for prompt in listed.values())
        found = await client.get_prompt("triage_device_alert", {"device": "C02\u202e\u200b1", "since": "3d"})
    text = found.messages[0].content.text  # type: ignore[union-attr]
    assert "C021" in text
    assert "3d" in text


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("triage", {}, "triage_device_alert"),
        ("triage_device_alert", {}, "needs device"),
        ("triage_device_alert", {"device": " "}, "needs device"),
        ("triage_device_alert", {"device": "x", "colour": "red"}, "takes no 'colour'"),
    ],
)
async def test_a_wrong_prompt_is_invalid_params_with_the_right_ones(
    name: str, arguments: dict[str, str], said: str, era: str
) -> None:
    async with Client(bound().server, mode=era) as client:
        with pytest.raises(MCPError) as caught:
            await client.get_prompt(name, arguments)
    assert caught.value.error.code == -32602
    assert said in caught.value.error.message


def test_every_tool_that_a_prompt_names_exists() -> None:
    words = {word.strip(".,:;()`") for prompt in prompts().values() for word in prompt.render({"device": "x"}).split()}
    named = {word for word in words if "_" in word and word.split("_")[0] in ("get", "list", "find", "prism", "count")}
    assert named
    assert named <= set(catalogue())


@pytest.mark.parametrize("era", ERAS)
async def test_guides_are_listed_and_read_and_an_unknown_one_is_invalid_params(era: str) -> None:
    async with Client(bound().server, mode=era) as client:
        assert {str(one.uri) for one in (await client.list_resources()).resources} == set(GUIDES)
        guide = await client.read_resource("iru://guides/prism-filters")
        assert "not_like" in guide.contents[0].text  # type: ignore[union-attr]
        category = await client.read_resource("iru://guides/prism/local_users")
        assert "secure_token" in category.contents[0].text  # type: ignore[union-attr]
        for unknown in ("iru://guides/none", "iru://guides/prism/none", "iru://guides/prism/../prism-filters"):
            with pytest.raises(MCPError) as caught:
                await client.read_resource(unknown)
            assert caught.value.error.code == -32602
            assert "iru://guides/prism-filters" in caught.value.error.message


@pytest.mark.parametrize("era", ERAS)
async def test_categories_are_completed_and_unknown_things_to_nothing(era: str) -> None:
    prism = ResourceTemplateReference(uri="iru://guides/prism/{category}")
    async with Client(bound().server, mode=era) as client:

        async def completed(ref: Any, name: str, value: str) -> Sequence[str]:
            return (await client.complete(ref, {"name": name, "value": value})).completion.values

        assert set(await completed(prism, "category", "")) == set(COLUMNS)
        assert await completed(prism, "category", "local") == ["local_users"]
        assert await completed(prism, "colour", "") == []
        assert await completed(PromptReference(name="none"), "platform", "") == []
        assert await completed(PromptReference(name="triage_device_alert"), "colour", "") == []


async def test_every_call_is_one_audit_line_that_holds_no_value(tmp_path: Path) -> None:
    """D18."""
    place = tmp_path / "audit"
    place.touch(0o644)
    audit = open_audit(str(place), catalogue())
    assert audit is not None
    async with Client(bound(audit, iru=unlimited(denied=["LIST_AUDIT_EVENTS"])).server) as client:
        await client.call_tool("list_devices", {"platform": "Mac", "limit": 2, "user_email": "ada@acme.example"})
        await client.call_tool("list_devices", {"user_email": "ada@acme.example", "ada@acme.example": 1})
        await client.call_tool("list_audit_events", {})
        await client.call_tool("tok-5e1f-not-a-tool", {"x": "y"})
    text = place.read_text("utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line["tool"], line["outcome"]) for line in lines] == [
        ("list_devices", "ok"),
        ("list_devices", "UsageError"),
        ("list_audit_events", "NotPermitted"),
        ("unknown", "UsageError"),
    ]
    assert all(set(line) == {"time", "caller", "tool", "arguments", "outcome", "requests", "ms"} for line in lines)
    assert lines[0]["arguments"]["limit"] == 2
    assert lines[0]["requests"] >= 1
    assert lines[0]["arguments"]["user_email"] == lines[1]["arguments"]["user_email"]
    assert lines[1]["arguments"]["unknown"] == 1
    assert "ada" not in text
    assert "tok-5e1f" not in text
    assert TOKEN not in text
    assert is_private(place)


def test_a_caller_known_by_an_address_and_a_long_number_are_hashed_too(tmp_path: Path) -> None:
    """D18."""
    place = tmp_path / "audit"
    audit = open_audit(str(place), catalogue())
    assert audit is not None
    audit.called(Finished("list_devices", {"limit": 353_000_000_000_001}, "ok", 1, 0.1, "ada@acme.example"))
    text = place.read_text("utf-8")
    assert "ada@" not in text
    assert "353000000000001" not in text


async def test_the_same_value_has_another_hash_in_another_process(tmp_path: Path) -> None:
    hashes = set()
    for name in ("one", "two"):
        audit = open_audit(str(tmp_path / name), catalogue())
        assert audit is not None
        audit.called(Finished("list_devices", {"user_email": "ada@acme.example"}, "ok", 1, 0.1, "x"))
        hashes.add(json.loads((tmp_path / name).read_text("utf-8"))["arguments"]["user_email"])
    assert len(hashes) == 2


def test_an_audit_file_that_cannot_be_written_is_a_setting_to_correct(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="IRU_MCP_AUDIT"):
        open_audit(str(tmp_path / "none" / "audit"), {})
    assert open_audit("off", {}) is None


def test_the_mode_of_a_device_is_not_changed_by_an_audit_line() -> None:
    before = Path(os.devnull).stat().st_mode
    assert open_audit(os.devnull, {}) is not None
    assert Path(os.devnull).stat().st_mode == before


if sys.platform != "win32":  # its pipes are no files

    def test_a_pipe_that_nobody_reads_is_refused_and_not_waited_for(tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(ConfigError, match="IRU_MCP_AUDIT"):
            open_audit(str(tmp_path / "pipe"), {})


def test_a_full_disk_does_not_fail_the_call(caplog: pytest.LogCaptureFixture) -> None:
    audit = open_audit("/dev/full", {}) if os.access("/dev/full", os.W_OK) else None
    if audit is None:
        pytest.skip("no /dev/full here")
    with caplog.at_level(logging.WARNING):
        audit.called(Finished("x", {}, "ok", 1, 0.1, "x"))
    assert "could not be written" in caplog.text


async def test_requests_are_counted_with_the_call_that_made_them() -> None:
    notes = Notes()
    async with Client(bound(notes).server) as client, anyio.create_task_group() as group:
        group.start_soon(client.call_tool, "list_users", {"limit": 1})
        group.start_soon(client.call_tool, "get_device_details", {"device": "nobody"})
    assert sum(call.requests for call in notes.calls) == len(notes.requests)
    assert all(call.requests for call in notes.calls)
    assert {request.status for request in notes.requests} == {200}


class Recorded(NonRecordingSpan):
    """A span that remembers what was said of it, in `spans`, with the span it stands under."""

    def __init__(self, name: str, parent: Span, attributes: Any, spans: list[Recorded]) -> None:
        super().__init__(SpanContext(1, len(spans) + 1, is_remote=False, trace_flags=TraceFlags(1)))
        self.name = name
        self.parent = parent
        self.attributes: dict[str, Any] = dict(attributes or {})
        spans.append(self)

    def set_attribute(self, key: str, value: Any) -> None:
        self.attributes[key] = value


class Recorder(trace.Tracer):
    def __init__(self) -> None:
        self.spans: list[Recorded] = []

    def start_span(self, name: str, context: Any = None, *_: Any, **options: Any) -> Span:
        return Recorded(name, trace.get_current_span(context), options.get("attributes"), self.spans)

    @contextmanager
    def start_as_current_span(self, name: str, **options: Any) -> Iterator[Span]:  # type: ignore[override]
        with trace.use_span(
            self.start_span(name, **options), record_exception=False, set_status_on_exception=False
        ) as span:
            yield span


async def test_each_request_is_a_span_under_the_call_and_names_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = Recorder()
    monkeypatch.setattr("mcp.shared._otel._tracer", recorder)
    monkeypatch.setattr(watch, "_tracer", recorder)
    async with Client(bound(iru=unlimited(denied=["LIST_AUDIT_EVENTS"])).server) as client:
        await client.call_tool("list_devices", {"user_email": "ada@acme.example", "limit": 1})
        await client.call_tool("list_audit_events", {})
    requests = [span for span in recorder.spans if span.name.startswith("GET ")]
    assert {span.name for span in requests} == {"GET /api/v1/devices", "GET /api/v1/audit/events"}
    assert all(span.parent.name.startswith("tools/call list_") for span in requests)  # type: ignore[attr-defined]
    assert {span.attributes["http.response.status_code"] for span in requests} == {200, 403}
    assert "ada" not in repr([(span.name, span.attributes) for span in recorder.spans])


@pytest.mark.parametrize("era", ["legacy", "auto"])
@pytest.mark.parametrize("toolsets", [frozenset[str](), frozenset({"inventory"}), frozenset({"devices", "inventory"})])
async def test_the_instructions_name_no_tool_that_is_not_offered(era: str, toolsets: frozenset[str]) -> None:
    offered = {name: tool for name, tool in catalogue().items() if not toolsets or tool.toolset in toolsets}
    binder = Binder(offered, lambda: IruClient(HOST, lambda: TOKEN, transport=unlimited()))
    async with Client(binder.server, mode=era) as client:
        said = client.instructions or ""
    named = {name for name in catalogue() if name in said}
    assert named
    assert named <= set(offered)


class Broken(httpx.AsyncBaseTransport):
    """An Iru whose client fails in a way that nobody foresaw."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise ZeroDivisionError("at /private/place")


async def test_a_fault_of_our_own_is_told_without_details_and_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    binder = bound(iru=Broken())
    with caplog.at_level(logging.ERROR, "iru_mcp"):
        async with Client(binder.server) as client:
            result = await client.call_tool("list_users", {})
            assert (await client.call_tool("list_tags", {})).is_error  # and the connection is as good as before
    await binder.aclose()
    (text,) = [block.text for block in result.content if block.type == "text"]
    assert result.is_error
    assert text.startswith("list_users failed inside iru-mcp")
    assert "private" not in text
    assert any("list_users failed" in record.getMessage() and record.exc_info for record in caplog.records)


async def test_a_token_that_cannot_be_read_in_time_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    binder = bound()
    async with Client(binder.server) as client:
        with monkeypatch.context() as patch:
            patch.setattr("iru_mcp.server.binder.OPEN_SECONDS", 0.0)
            result = await client.call_tool("list_users", {})
        (text,) = [block.text for block in result.content if block.type == "text"]
        assert result.is_error
        assert "its keyring may wait for a person" in text
        assert not (await client.call_tool("list_users", {})).is_error
    await binder.aclose()


async def test_an_unknown_tool_is_answered_with_those_most_like_it_and_where_none_is_with_all() -> None:
    async with Client(bound().server) as client:

        async def perhaps(name: str) -> tuple[str, list[str]]:
            result = await client.call_tool(name, {})
            (text,) = [block.text for block in result.content if block.type == "text"]
            said, _, tools = text.partition(" Perhaps: ")
            return said, tools.rstrip(".").split(", ")

        said, near = await perhaps("list_device")
        assert said == "There is no tool 'list_device'."
        assert near[0] == "list_devices"
        assert len(near) == 3
        said, all_tools = await perhaps("9" * 80)
        assert said == f"There is no tool '{'9' * 60}'."
        assert all_tools[:9] == list(catalogue())[:9]
