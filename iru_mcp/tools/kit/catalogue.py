"""The catalogue of tools: each is one decorated async function, and everything else is read off that declaration.

A name, schema, permission or budget that is written in two places ends up different in each. So `@tool` takes only what
a typed function with a docstring does not say: the endpoints, the toolset and the budget of requests. Name, schemas,
permissions and documents are derived. What must stay true: a tool can reach no endpoint that it does not name, unknown
arguments are refused, and every answer leaves through `Tool.run`, which cleans it and bounds its size.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, TypeVar, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from ...api.call import ReportProgress
from ...api.client import IruClient
from ...api.endpoint import Endpoint
from ...api.record import sensitive_fields
from ...errors import ConfigError, IruError
from ...output.clean import clean
from ...output.privacy import in_force
from ...output.redaction import withhold
from .answers import Page, output_schema
from .arguments import as_meant, usage_error
from .context import Context
from .cursor import Cursors, question
from .params import KEEPS_PSEUDONYMS, MATCHES_PARTS_OF_NAMES, did_you_mean
from .schema import input_schema, parameters_of
from .size import fit_answer

Answer = dict[str, Any]
ToolFunction = Callable[..., Awaitable[Any]]
_TOOLS = __name__.rpartition(".kit.")[0]
F = TypeVar("F", bound=ToolFunction)

_REGISTRY: dict[str, Tool] = {}


@dataclass(frozen=True, eq=False)
class Tool:
    """What a model can ask: a function over the endpoints it named."""

    function: ToolFunction
    endpoints: tuple[Endpoint[Any], ...]
    toolset: str
    requests: int | None = None
    """Requests one call may make, where it is not the client's usual number."""
    count_requests: int | None = None
    """Requests one call with `group_by`, or with `limit` 0, may make: a count reads all rows."""
    optional: tuple[Endpoint[Any], ...] = field(default=())
    """Endpoints it can answer without."""
    default: bool = True
    """Whether it is offered without being named."""
    sensitive: bool = False
    """Whether it is offered only when named itself: `all` does not include it."""

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def title(self) -> str:
        return self.name.replace("_", " ").capitalize()

    @cached_property
    def description(self) -> str:
        """The docstring in one paragraph."""
        return " ".join(inspect.cleandoc(self.function.__doc__ or "").split())

    @cached_property
    def _hints(self) -> dict[str, Any]:
        return get_type_hints(self.function, include_extras=True)

    @cached_property
    def _parameters(self) -> dict[str, Any]:
        return parameters_of(self.function, self._hints)

    @cached_property
    def arguments(self) -> type[BaseModel]:
        """The parameters as a closed model, made when the tool is first called."""
        return create_model(self.name, __config__=ConfigDict(extra="forbid"), **self._parameters)

    @cached_property
    def input_schema(self) -> dict[str, Any]:
        return input_schema(self._parameters)

    @cached_property
    def output_schema(self) -> dict[str, Any]:
        return output_schema(self._hints["return"])

    def _marked(self, mark: str) -> frozenset[str]:
        """The parameters with this mark in their annotation."""
        return frozenset(name for name, (hint, _) in self._parameters.items() if mark in get_args(hint))

    async def run(
        self,
        client: IruClient,
        arguments: Mapping[str, Any],
        progress: ReportProgress | None = None,
        caller: str | None = None,
    ) -> Answer:
        """The answer to one call, cleaned and within its size. Raises an IruError."""
        privacy = client.privacy
        try:
            given = self.read(arguments)
            if privacy:
                kept = {name: given[name] for name in self._marked(KEEPS_PSEUDONYMS)}
                given = privacy.arguments(given | dict.fromkeys(kept, ""), self._marked(MATCHES_PARTS_OF_NAMES)) | kept
            ctx = self._context(client, given, progress, caller)
            with in_force(privacy):
                found = await self.function(ctx, **given)
        except IruError as error:
            raise error.reworded(privacy.text if privacy else str) from None
        answer = ctx.annotated(found.answer() if isinstance(found, Page) else found)
        shown = clean(answer if self.sensitive else withhold(answer, sensitive_fields()))
        return fit_answer(privacy.answer(shown) if privacy else shown)

    def _context(
        self, client: IruClient, given: Mapping[str, Any], progress: ReportProgress | None, caller: str | None
    ) -> Context:
        counts = given.get("group_by") or given.get("limit") == 0
        requests = self.count_requests if counts and self.count_requests else self.requests
        call = client.call(*self.endpoints, *self.optional, requests=requests, progress=progress)
        return Context(call, Cursors(question(self.name, given), client.cursor_key), client, caller)

    def read(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments, typed. Raises UsageError naming what is wrong and what is valid, never the value."""
        try:
            model = self.arguments.model_validate(as_meant(arguments, self.input_schema))
        except ValidationError as error:
            raise usage_error(self.name, self.input_schema, error) from None
        return {name: getattr(model, name) for name in self.arguments.model_fields}


def tool(
    *endpoints: Endpoint[Any],
    requests: int | None = None,
    count_requests: int | None = None,
    optional: tuple[Endpoint[Any], ...] = (),
    toolset: str = "",
    default: bool = True,
    sensitive: bool = False,
) -> Callable[[F], F]:
    """Declare the decorated function as a tool over `endpoints`; its module names its toolset unless given."""

    def declare(function: F) -> F:
        name = function.__name__
        if name in _REGISTRY:
            raise ValueError(f"two tools are named {name}")
        area = toolset or function.__module__.removeprefix(f"{_TOOLS}.").partition(".")[0]
        _REGISTRY[name] = Tool(function, endpoints, area, requests, count_requests, optional, default, sensitive)
        return function

    return declare


@cache
def _load_tools() -> None:
    """Import every module of the tools package, which declares what it has."""
    package = importlib.import_module(_TOOLS)
    for module in pkgutil.walk_packages(package.__path__, f"{_TOOLS}."):
        importlib.import_module(module.name)


def catalogue() -> dict[str, Tool]:
    """Every tool by name, in a fixed order."""
    _load_tools()
    return dict(sorted(_REGISTRY.items(), key=lambda item: (item[1].toolset, item[0])))


def toolsets(tools: Mapping[str, Tool]) -> dict[str, list[Tool]]:
    """The tools of each toolset."""
    sets: dict[str, list[Tool]] = {}
    for each in tools.values():
        sets.setdefault(each.toolset, []).append(each)
    return sets


def select(
    tools: Mapping[str, Tool],
    *,
    toolsets_named: Sequence[str] = (),
    named: Sequence[str] = (),
    excluded: Sequence[str] = (),
) -> dict[str, Tool]:
    """The tools to offer: the default ones, the named sets (`all` for every set), those named, minus those excluded.

    Raises ConfigError for an unknown toolset or tool, naming the valid ones.
    """
    sets = toolsets(tools)
    _refuse_unknown("toolset", toolsets_named, ["all", *sets])
    _refuse_unknown("tool", [*named, *excluded], list(tools))
    in_named_sets = {each.name for each in tools.values() if {"all", each.toolset} & set(toolsets_named)}
    return {
        name: each
        for name, each in tools.items()
        if name not in excluded and (each.default or name in named or (name in in_named_sets and not each.sensitive))
    }


def _refuse_unknown(kind: str, given: Sequence[str], valid: Sequence[str]) -> None:
    for name in given:
        if name not in valid:
            hint = did_you_mean(name, valid)
            raise ConfigError(f"There is no {kind} '{name[:40]}'.", f"{hint}Valid: {', '.join(sorted(valid))}.")


def to_json(answer: Answer) -> str:
    """The answer as compact JSON text."""
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
