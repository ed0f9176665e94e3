"""Prompts, guides, views and completions as the protocol carries them; a wrong name is answered with the right ones."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from mcp import MCPError, types
from mcp.server import ServerRequestContext

from .. import views
from ..content.completions import Completer, OpenClient
from ..content.prompts import prompts
from ..content.resources import GUIDES, TEMPLATES, Template
from ..errors import IruError
from ..output.clean import clean_text

RequestContext = ServerRequestContext[Any]
_MOST_COMPLETIONS = 100
_LONGEST_ARGUMENT = 2_000


class Content(NamedTuple):
    """What can be read beside tools."""

    open_client: OpenClient
    """Opens the shared client, for completions."""
    call: Callable[[Any, types.CallToolRequestParams], Awaitable[types.CallToolResult]]
    """Calls a tool."""
    draws: Callable[[RequestContext], bool]
    """Whether the client of a request shows views."""

    async def list_prompts(self, _: RequestContext, __: Any) -> types.ListPromptsResult:
        found = []
        for prompt in prompts().values():
            arguments = [
                types.PromptArgument(name=one.name, description=one.description, required=one.required)
                for one in prompt.arguments
            ]
            found.append(types.Prompt(arguments=arguments, **_named(prompt)))
        return types.ListPromptsResult(prompts=found)

    async def get_prompt(self, _: RequestContext, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        if (prompt := prompts().get(params.name)) is None:
            raise _invalid(f"There is no prompt '{params.name[:60]}'. Available: {', '.join(prompts())}.")
        given = params.arguments or {}
        known = [argument.name for argument in prompt.arguments]
        wrong = [name for name in given if name not in known]
        missing = [one.name for one in prompt.arguments if one.required and not given.get(one.name, "").strip()]
        if wrong or missing:
            fact = f"needs {', '.join(missing)}" if missing else f"takes no '{wrong[0][:60]}'"
            raise _invalid(f"Prompt {prompt.name} {fact}. Its arguments: {', '.join(known)}.")
        text = prompt.render({name: clean_text(value, _LONGEST_ARGUMENT) for name, value in given.items()})
        message = types.PromptMessage(role="user", content=types.TextContent(text=text))
        return types.GetPromptResult(description=prompt.description, messages=[message])

    async def list_resources(self, ctx: RequestContext, _: Any) -> types.ListResourcesResult:
        found = [
            types.Resource(uri=one.uri, mime_type=one.mime_type, size=len(one.read().encode()), **_named(one))
            for one in GUIDES.values()
        ]
        if not self.draws(ctx):
            return types.ListResourcesResult(resources=found)
        found += [
            types.Resource(uri=one.uri, mime_type=views.MIME_TYPE, _meta=views.RESOURCE_META, **_named(one))
            for one in views.VIEWS
        ]
        return types.ListResourcesResult(resources=found, cache_scope="private")

    async def list_templates(self, _: RequestContext, __: Any) -> types.ListResourceTemplatesResult:
        found = [
            types.ResourceTemplate(uri_template=one.uri, mime_type=one.mime_type, **_named(one)) for one in TEMPLATES
        ]
        return types.ListResourceTemplatesResult(resource_templates=found)

    async def read_resource(
        self, ctx: RequestContext, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        uri = str(params.uri)
        if guide := GUIDES.get(uri):
            return _text(uri, guide.mime_type, guide.read())
        view = next((view for view in views.VIEWS if view.uri == uri), None)
        if view is not None and self.draws(ctx):
            return _text(uri, views.MIME_TYPE, views.page(view), views.RESOURCE_META)
        for template in TEMPLATES:
            value = template.match(uri)
            if value is not None and template.tool:
                return await self._ask_tool(ctx, uri, template, value)
            text = template.read(value) if value is not None and template.read else None
            if text is not None:
                return _text(uri, template.mime_type, text)
        places = [*GUIDES, *(template.uri for template in TEMPLATES)]
        raise _invalid(f"There is nothing to read at that URI. Available: {', '.join(places)}.", uri=uri[:200])

    async def _ask_tool(
        self, ctx: RequestContext, uri: str, template: Template, value: str
    ) -> types.ReadResourceResult:
        """What a tool answers, at an address of its own; nobody may keep it."""
        call = types.CallToolRequestParams(name=template.tool, arguments={template.argument: value})
        result = await self.call(ctx, call)
        text = "".join(block.text for block in result.content if isinstance(block, types.TextContent))
        if result.is_error:
            raise _invalid(text, uri=uri[:200])
        contents = [types.TextResourceContents(uri=uri, mime_type=template.mime_type, text=text)]
        return types.ReadResourceResult(contents=contents, ttl_ms=0, cache_scope="private")

    async def complete(self, _: RequestContext, params: types.CompleteRequestParams) -> types.CompleteResult:
        completer = self._completer(params.ref, params.argument.name)
        try:
            found = list(await completer(params.argument.value[:200], self.open_client)) if completer else []
        except IruError:
            found = []
        shown = found[:_MOST_COMPLETIONS]
        completion = types.Completion(values=shown, total=len(found), has_more=len(found) > len(shown))
        return types.CompleteResult(completion=completion)

    def _completer(self, ref: Any, argument: str) -> Completer | None:
        """The completer of an argument; None for one that has none or is not there: while someone types, nothing is
        an answer and an error is not."""
        if isinstance(ref, types.PromptReference):
            prompt = prompts().get(ref.name)
            return next((one.complete for one in prompt.arguments if one.name == argument), None) if prompt else None
        template = next((one for one in TEMPLATES if one.uri == ref.uri), None)
        return template.complete if template and template.slot == argument else None


def _named(one: Any) -> dict[str, str]:
    """What a list says of a prompt, guide, view or template alike."""
    return {"name": one.name, "title": one.title, "description": one.description}


def _text(uri: str, mime_type: str, text: str, meta: dict[str, Any] | None = None) -> types.ReadResourceResult:
    content = types.TextResourceContents(uri=uri, mime_type=mime_type, text=text, _meta=meta)
    return types.ReadResourceResult(contents=[content])


def _invalid(text: str, **data: str) -> MCPError:
    return MCPError(types.INVALID_PARAMS, clean_text(text, 1_000), data or None)
