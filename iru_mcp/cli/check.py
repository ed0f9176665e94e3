"""The verb check: what the token can do, by one request per permission, told per tool in words an admin can act on."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio

from .. import __version__
from ..api.call import Call
from ..api.client import IruClient
from ..api.endpoint import Endpoint
from ..api.endpoints.devices import LIST_DEVICES, Device
from ..api.endpoints.users import LIST_USERS, User
from ..config.account import open_client, tenant
from ..config.settings import Settings
from ..errors import IruError, NotFound, NotLicensed, NotPermitted, Refused, Unauthorized, Unreachable, Unreadable
from ..tools.kit.catalogue import Tool, catalogue, select
from .shapes import Shapes, differences
from .tools import offered

Outcomes = dict[Endpoint[Any], IruError | None]
"""The error of each endpoint that was asked; None for one that answered."""
_NOBODY = "00000000-0000-4000-8000-000000000000"
_NOT_IRU = (Unreachable, NotFound, Refused, Unreadable)
"""Errors of /users that no tenant of Iru gives: the host is another one."""
_ACCEPTED_NOWHERE = (
    "Iru accepts this API token nowhere (401): it is mistyped, revoked or expired, or belongs to another tenant. "
    "An admin can create a new one under Access > API tokens."
)


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Ask Iru, print what was found, and return the report's exit code."""
    where = None if settings.demo else tenant(settings)
    report = Report(tenant=where.subdomain or where.base_url if where else "demo", region=where.region if where else "")
    shapes = Shapes() if options.shapes else None
    anyio.run(_ask, settings, report, shapes)
    if shapes is not None:
        _write_shapes(Path(options.shapes).expanduser(), shapes)
    if options.json:
        print(json.dumps(dataclasses.asdict(report) | {"works": report.works}, indent=2))
    else:
        _print(report)
    return report.exit_code


async def _ask(settings: Settings, report: Report, shapes: Shapes | None) -> None:
    async with aclosing(open_client(settings)) as client:
        tools = offered(settings)
        if shapes is not None:
            client.on_answer = shapes.note
            tools = select(catalogue(), toolsets_named=["all"]) | tools
        await check(client, tools, report)


def _write_shapes(path: Path, shapes: Shapes) -> None:
    """Write what was seen, and say how it differs from the demo tenant, whose answers are formed as Iru documents."""
    expected = Shapes()
    anyio.run(_ask, Settings(demo=True), Report(), expected)
    found = shapes.described()
    different = differences(found, expected.described())
    text = json.dumps({"iru_mcp": __version__, "differences": different, "endpoints": found}, indent=1)
    path.write_text(f"{text}\n", "utf-8")
    print("\n".join(different) or "Every answer has the expected shape.", file=sys.stderr)
    print(f"{path}: the shapes of {len(found)} endpoints; it names no one and nothing of this tenant.", file=sys.stderr)


def _print(report: Report) -> None:
    left = report.requests_left_this_hour
    for name, value in (
        ("tenant", report.tenant),
        ("region", report.region or "not known from this host"),
        ("reachable", "yes" if report.reachable else "no"),
        ("token accepted", "yes" if report.token_accepted else "no"),
        ("requests left this hour", left if left is not None else "Iru did not say"),
    ):
        print(f"{name:<24} {value}")
    if report.problem:
        print(f"\n{report.problem}")
    for name, verdict in report.tools.items():
        print(f"{name:<32} {verdict}")


@dataclass(slots=True)
class Report:
    """What was found. `tools` says per tool `works` or what it lacks; `works` counts those that do."""

    tenant: str = ""
    region: str = ""
    reachable: bool = False
    token_accepted: bool = False
    requests_left_this_hour: int | None = None
    problem: str = ""
    tools: dict[str, str] = field(default_factory=dict)

    @property
    def works(self) -> int:
        return sum(verdict.startswith("works") for verdict in self.tools.values())

    @property
    def exit_code(self) -> int:
        """0 when every tool works, 1 when some do, 2 when none does or the token is not accepted."""
        return int(self.works < len(self.tools)) if self.token_accepted and self.works else 2


async def check(client: IruClient, tools: Mapping[str, Tool], report: Report) -> Report:
    """Fill `report`: /users first, by which integrations usually check a token, then every endpoint that a tool
    needs."""
    needed = {endpoint for tool in tools.values() for endpoint in (*tool.endpoints, *tool.optional)}
    call = client.call(*needed, LIST_USERS, LIST_DEVICES, seconds=60.0, requests=len(needed) + 10)
    outcomes: Outcomes = {}
    ids: dict[str, str] = {}
    await _probe(call, LIST_USERS, ids, outcomes)
    report.reachable = not isinstance(outcomes[LIST_USERS], Unreachable)
    if isinstance(outcomes[LIST_USERS], _NOT_IRU):
        report.problem = str(outcomes[LIST_USERS])
        return report
    await _probe(call, LIST_DEVICES, ids, outcomes)
    async with anyio.create_task_group() as group:
        for endpoint in needed - set(outcomes):
            group.start_soon(_probe, call, endpoint, ids, outcomes)
    found = list(outcomes.values())
    report.token_accepted = any(one is None or isinstance(one, (NotPermitted, NotLicensed)) for one in found)
    if not report.token_accepted:
        refused = any(isinstance(one, Unauthorized) for one in found)
        report.problem = _ACCEPTED_NOWHERE if refused else str(outcomes[LIST_USERS])
    report.requests_left_this_hour = client.rate_limiter.hour_left
    report.tools = {name: _verdict(tool, outcomes) for name, tool in tools.items()}
    return report


async def _probe(call: Call, endpoint: Endpoint[Any], ids: dict[str, str], outcomes: Outcomes) -> None:
    """Ask one endpoint, with `ids` in its slots. The outcome goes to `outcomes`; an id that was found goes to `ids`."""
    known = {slot: ids.get(slot, _NOBODY if slot != "cve_id" else "CVE-2000-0001") for slot in endpoint.slots}
    outcomes[endpoint] = None
    try:
        batch = await call.page(endpoint, query=endpoint.required, **known)
    except (NotFound, Refused) as error:
        # About an id that nobody has, or a device in no such state, this is what a permitted call answers.
        outcomes[endpoint] = None if endpoint.slots else error
    except IruError as error:
        outcomes[endpoint] = error
    else:
        first = next((record for record in batch.records if record is not None), None)
        if isinstance(first, User):
            ids["user_id"] = first.id
        elif isinstance(first, Device) and endpoint is LIST_DEVICES:
            ids["device_id"] = first.device_id


def _verdict(tool: Tool, outcomes: Outcomes) -> str:
    if lacking := _lacking(tool.endpoints, outcomes):
        return "; ".join(lacking)
    partly = _lacking(tool.optional, outcomes)
    if partly and not tool.endpoints and all(outcomes[endpoint] for endpoint in tool.optional):
        return "; ".join(partly)
    return f"works; without: {'; '.join(partly)}" if partly else "works"


def _lacking(endpoints: Sequence[Endpoint[Any]], outcomes: Outcomes) -> list[str]:
    """What does not work, in words. Of two endpoints with the same answer, one is enough, and a missing one is not
    told."""
    found = []
    for endpoint in endpoints:
        error = outcomes[endpoint]
        others = [outcomes[one] for one in endpoints if endpoint.name == one.same_as or one.name == endpoint.same_as]
        another_is_there = any(not isinstance(one, NotFound) for one in others)
        if error is None or None in others or (isinstance(error, NotFound) and another_is_there):
            continue
        if isinstance(error, (NotPermitted, NotLicensed, Unauthorized)):
            perhaps = "not licensed, or " if isinstance(error, NotLicensed) else ""
            found.append(f"{perhaps}the token lacks {endpoint.grant}")
        else:
            found.append(str(error))
    return found
