"""Binds the catalogue to the SDK: lists tools, runs calls, and turns every exception into text in one place."""

import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import Any

import anyio
from anyio import to_thread
from mcp import types
from mcp.server import CacheHint, Server
from mcp.server.caching import CacheableMethod

from .. import __version__, views
from ..api.client import IruClient
from ..call_limit import CallLimit
from ..content.instructions import instructions
from ..errors import ConfigError, IruError, UsageError
from ..folding import nearest
from ..output.clean import clean_text
from ..tools.kit.catalogue import Answer, Tool, to_json
from .content_handlers import Content, RequestContext
from .telemetry import Watch

_log = logging.getLogger("iru_mcp")
_CACHEABLE: tuple[CacheableMethod, ...] = (
    "server/discover",
    "tools/list",
    "prompts/list",
    "resources/list",
    "resources/templates/list",
    "resources/read",
)
"""What is the same for every caller. Named one by one: what the SDK makes cacheable later may not be."""
_HINTS = types.ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=True)
MAX_CALLS = 32
"""Tool calls at work at once, unless told otherwise."""
OPEN_SECONDS = 20.0
"""How long a call waits for the settings and secrets to be read."""
HUNG_UP = "iru_mcp.hung_up"
"""The key of an HTTP request's scope that holds an event: the client has closed the connection."""


@dataclass(eq=False, repr=False)
class Binder:
    """One per process: the tools, and the one Iru client that all connections share.

    At most `max_calls` tool calls work at once (call_limit.py); `watch` is told of each. Clients that show views are
    offered them where `show_views`. With `opens_early` the transports open the client at their start: a keyring may ask
    a person.
    """

    tools: Mapping[str, Tool]
    open_client: Callable[[], IruClient]
    _: KW_ONLY
    text_only: bool = False
    watch: Watch = field(default_factory=Watch)
    max_calls: int = MAX_CALLS
    show_views: bool = True
    opens_early: bool = False
    client: IruClient | None = field(default=None, init=False)
    in_flight: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._opening = anyio.Lock()
        self._listed: dict[bool, types.ListToolsResult] = {}
        content = Content(self.shared_client, self._call_tool, self._draws)
        self.server: Server[Any] = Server(
            "iru-mcp",
            version=__version__,
            title="Iru (read-only)",
            instructions=instructions(self.tools),
            cache_hints=dict.fromkeys(_CACHEABLE, CacheHint(ttl_ms=3_600_000, scope="public")),
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_prompts=content.list_prompts,
            on_get_prompt=content.get_prompt,
            on_list_resources=content.list_resources,
            on_list_resource_templates=content.list_templates,
            on_read_resource=content.read_resource,
            on_completion=content.complete,
        )
        if self.show_views:
            self.server.extensions[views.EXTENSION] = {}

    @cached_property
    def _calls(self) -> CallLimit:
        return CallLimit(self.max_calls)  # needs a running event loop

    async def aclose(self) -> None:
        """Close the shared client, if any call opened it."""
        if self.client is not None:
            await self.client.aclose()
            self.client = None

    async def _list_tools(self, ctx: RequestContext, _: Any) -> types.ListToolsResult:
        """The same list for every client, but for those that draw views: their list names the view of a tool."""
        draws = self._draws(ctx)
        if draws not in self._listed:
            tools = [self._describe(tool, draws=draws) for tool in self.tools.values()]
            kept_by = {"cache_scope": "private"} if draws else {}  # another client must not be handed this one's list
            self._listed[draws] = types.ListToolsResult(tools=tools, **kept_by)
        return self._listed[draws]

    def _draws(self, ctx: RequestContext) -> bool:
        """Whether the client announced that it shows views of our kind."""
        announced = ctx.session.client_capabilities
        settings = (announced.extensions or {}).get(views.EXTENSION) if announced else None
        return self.show_views and settings is not None and views.MIME_TYPE in (settings.get("mimeTypes") or ())

    def _describe(self, tool: Tool, *, draws: bool) -> types.Tool:
        view = views.view_of(tool.name, tool.input_schema["properties"]) if draws else None
        return types.Tool(
            name=tool.name,
            title=tool.title,
            description=tool.description,
            input_schema=tool.input_schema,
            output_schema=None if self.text_only else tool.output_schema,
            annotations=_HINTS,
            _meta={"ui": {"resourceUri": view.uri}} if view else None,
        )

    async def _call_tool(self, ctx: RequestContext, params: types.CallToolRequestParams) -> types.CallToolResult:
        arguments = params.arguments or {}
        self.in_flight += 1
        try:
            with self.watch.call(params.name, arguments, _caller(ctx)) as set_outcome:
                result, outcome = await self._outcome(ctx, params.name, arguments)
                set_outcome(outcome)
                return result
        finally:
            self.in_flight -= 1

    async def _outcome(
        self, ctx: RequestContext, name: str, arguments: Mapping[str, Any]
    ) -> tuple[types.CallToolResult, str]:
        """The result of one call, and `ok` or the name of what went wrong."""

        async def progress(done: int, total: int | None) -> None:
            await ctx.session.report_progress(done, total, f"{done} of about {total} rows" if total else f"{done} rows")

        try:
            tool, scope = self._tool(name), ctx.request.scope if ctx.request else {}
            caller = caller_of(scope) if scope else None  # stdio has one client

            async def work() -> Answer:
                async with self._calls.place(caller):
                    return await tool.run(await self.shared_client(), arguments, progress, caller)

            answer = await _unless(scope.get(HUNG_UP), work)
        except IruError as error:
            return _failure(f"{error.fact} {error.remedy}"), type(error).__name__
        except Exception:  # noqa: BLE001 - the one place; a bug in a tool must not end the connection
            _log.exception("%s failed", name)
            return _failure(
                f"{name} failed inside iru-mcp; the details are in its log. Other tools may still work."
            ), "Bug"
        if answer is None:
            return _failure("The client has closed its connection."), "cancelled"
        return types.CallToolResult(
            content=[types.TextContent(text=to_json(answer))],
            structured_content=None if self.text_only else answer,
        ), "ok"

    def _tool(self, name: str) -> Tool:
        if (tool := self.tools.get(name)) is None:
            near = nearest(name, self.tools, 3, 0.4) or list(self.tools)
            raise UsageError(f"There is no tool '{name[:60]}'.", f"Perhaps: {', '.join(near)}.")
        return tool

    async def shared_client(self) -> IruClient:
        """The one client, opened when first needed. Raises ConfigError."""
        if self.client is not None:
            return self.client
        try:
            with anyio.fail_after(OPEN_SECONDS):
                async with self._opening:
                    if self.client is None:  # in a thread: the file or the keyring of the API token may be slow
                        self.client = await to_thread.run_sync(self.open_client, abandon_on_cancel=True)
                    return self.client
        except TimeoutError:
            raise ConfigError(
                f"The API token could not be read in {OPEN_SECONDS:.0f} seconds: its keyring may wait for a person.",
                "Tell the user to unlock it, then try again.",
            ) from None

    async def open_early(self) -> None:
        """Open the client before the first call needs it; what is wrong with the settings is said to each call."""
        with contextlib.suppress(ConfigError):
            await self.shared_client()


def _caller(ctx: RequestContext) -> str:
    """The name that came with the caller's token; the transport's where none is asked for."""
    if ctx.request is None:
        return "stdio"
    user = ctx.request.scope.get("user")
    return str(user.display_name) if user is not None else "http"


def caller_of(scope: Mapping[str, Any]) -> str:
    """Whose share a request over HTTP takes: the holder of its token, otherwise its address."""
    if (user := scope.get("user")) is not None:
        return f"{user.access_token.client_id} {user.access_token.subject or ''}"
    return str((scope.get("client") or ("",))[0])


async def _unless(event: anyio.Event | None, work: Callable[[], Awaitable[Answer]]) -> Answer | None:
    """What `work` returns or raises; None if `event` comes first, which ends the work."""
    if event is None:
        return await work()
    answer: Answer | None = None
    failure: Exception | None = None
    async with anyio.create_task_group() as group:

        async def watch() -> None:
            await event.wait()
            group.cancel_scope.cancel()

        group.start_soon(watch)
        try:
            answer = await work()
        except Exception as error:  # noqa: BLE001 - raised again below, outside of the group
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure
    return answer


def _failure(text: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=clean_text(text, 1_000))], is_error=True)
