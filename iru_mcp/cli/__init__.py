"""The command iru-mcp: argv to settings to one verb; the only module that prints or exits."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import anyio

from .. import __version__
from ..config.settings import FIELDS, Settings, names, open_client, read, tenant
from ..errors import ConfigError, IruError, UsageError
from . import inventory as inventory_cli

CHARACTERS_A_TOKEN = 4.1
"""Characters of a tool's description and schema to one o200k token, as measured over all tools."""

_VERBS = {
    "serve": "serve MCP clients (what iru-mcp does without a verb)",
    "check": "say what the settings and the token allow",
    "tools": "list the tools",
    "call": "call one tool: call NAME key=value ...",
    "setup": "connect MCP clients to Iru, or to the demo tenant",
    "permissions": "list what the token needs, to paste into a ticket",
    "docs": "write README's generated tables",
    "demo-tenant": "serve the demo tenant's API on a port, to point any client at",
    **inventory_cli.VERBS,
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message[:1].upper() + message[1:] + ".", f"See {self.prog} --help.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb. 0: done; 1: it did not work; 2: wrong verb, flag, setting or argument; 130: stopped by Ctrl-C."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        options = _options(_with_verb(words))
        flags = {name: getattr(options, name) for name in FIELDS if hasattr(options, name)}
        settings = read(flags, env_file=options.env_file)
        return _run(options, settings)
    except (UsageError, ConfigError) as error:
        print(f"iru-mcp: {error}", file=sys.stderr)
        return 2
    except IruError as error:
        print(f"iru-mcp: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        print("\niru-mcp: stopped.", file=sys.stderr)
        return 130


def _with_verb(words: list[str]) -> list[str]:
    """`serve` is meant where no verb is given."""
    if words and (words[0] in _VERBS or words[0] in ("-h", "--help", "--version")):
        return words
    if words and not words[0].startswith("-"):
        raise UsageError(f"There is no verb '{words[0][:40]}'.", f"Valid: {', '.join(_VERBS)}.")
    return ["serve", *words]


def _options(words: list[str]) -> argparse.Namespace:
    """The words as options. Raises UsageError naming the valid flags for one that is not."""
    parser = _parser()
    options, unknown = parser.parse_known_args(words)
    unknown = _placed(options, unknown)
    if unknown or not options.verb:
        flags = ", ".join(_flags(parser, options.verb))
        raise UsageError(f"{options.verb} takes no '{unknown[0][:40]}'.", f"Valid: {flags}.")
    return options


def _placed(options: argparse.Namespace, words: list[str]) -> list[str]:
    """The words that are not arguments; argparse takes arguments in one run, people write flags between them."""
    many = {"call": "arguments", "setup": "clients"}.get(options.verb or "")
    if many:
        getattr(options, many).extend(word for word in words if not word.startswith("-"))
    return [word for word in words if not many or word.startswith("-")]


def _flags(parser: argparse.ArgumentParser, verb: str) -> list[str]:
    choices = next(action.choices for action in parser._actions if action.dest == "verb")  # noqa: SLF001 - no other way
    return sorted(flag for flag in dict(choices or {})[verb]._option_string_actions if flag.startswith("--"))  # noqa: SLF001


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="iru-mcp", description="Read-only Iru tools for AI agents.")
    parser.add_argument("--version", action="version", version=f"iru-mcp {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", parser_class=_Parser)
    for verb, text in _VERBS.items():
        one = verbs.add_parser(verb, help=text, description=text, allow_abbrev=False)
        _add_settings(one)
        inventory_cli.add_flags(one, verb)
        if verb in ("check", "tools", "call"):
            one.add_argument("--json", action="store_true", help="machine-readable")
        if verb == "docs":
            one.add_argument("--check", action="store_true", help="change nothing; exit 1 if something is out of date")
        if verb == "permissions":
            one.add_argument("--markdown", action="store_true", help="as a Markdown table")
            one.add_argument("--sync", action="store_true", help="what the inventory copy needs, instead of the tools")
        if verb == "setup":
            _add_setup(one)
        if verb == "call":
            one.add_argument("tool", metavar="NAME")
            one.add_argument("arguments", nargs="*", metavar="key=value")
    return parser


def _add_setup(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clients", nargs="*", metavar="CLIENT", help="none: those that are installed")
    parser.add_argument("--name", default="iru", help="what the client calls this server")
    parser.add_argument("--print", dest="show", action="store_true", help="show what to paste; write nothing")
    parser.add_argument("--remove", action="store_true", help="disconnect, and delete the stored token")
    parser.add_argument("--token-in-file", action="store_true", help="do not use the system keyring")


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--env-file", default="", help="read settings from this file too")
    for name, item in FIELDS.items():
        if item.metadata["secret"]:
            continue
        flag = f"--{name.replace('_', '-')}"
        text = f"{item.metadata['help']} ({item.metadata['env']})"
        if item.type == "bool":
            parser.add_argument(flag, dest=name, action="store_const", const="1", help=text)
        else:
            parser.add_argument(flag, dest=name, help=text, choices=item.metadata["choices"] or None)


def _run(options: argparse.Namespace, settings: Settings) -> int:  # noqa: PLR0911 - one return a verb
    if options.verb == "tools":
        return _tools(settings, as_json=options.json)
    if options.verb == "docs":
        return _docs(check=options.check)
    if options.verb == "setup":
        return _setup(options, settings)
    if options.verb == "permissions":
        return _permissions(settings, markdown=options.markdown, sync=options.sync)
    if options.verb == "check":
        return anyio.run(_check, settings, options.json)
    if options.verb == "call":
        return anyio.run(_call, settings, options.tool, options.arguments, options.json)
    if options.verb in inventory_cli.VERBS:
        return inventory_cli.run(options, settings)
    if options.verb == "demo-tenant":
        from .serve import serve_demo_tenant

        serve_demo_tenant(settings, _say)
        return 0
    return _serve(settings)


def _offered(settings: Settings) -> dict[str, Any]:
    """The tools that the settings select."""
    from ..tools.kit.catalogue import catalogue, select

    return dict(
        select(
            catalogue(),
            toolsets_named=names(settings.toolsets),
            named=names(settings.tools),
            excluded=names(settings.exclude_tools),
        )
    )


def _serve(settings: Settings) -> int:
    from .serve import serve

    serve(settings, _offered(settings), _say)
    return 0


def _say(text: str) -> None:
    print(f"iru-mcp: {text}", file=sys.stderr, flush=True)


def _tools(settings: Settings, *, as_json: bool) -> int:
    from ..tools.kit.catalogue import catalogue, toolsets

    offered = _offered(settings)
    if as_json:
        shown = [_described(tool) | {"permissions": [e.grant for e in tool.endpoints]} for tool in offered.values()]
        print(json.dumps(shown, indent=2))
        return 0
    for name, members in toolsets(catalogue()).items():
        on = [tool for tool in members if tool.name in offered]
        cost = sum(len(json.dumps(_described(tool), separators=(",", ":"))) for tool in members)
        state = "on" if len(on) == len(members) else "off" if not on else "partly on"
        print(f"\n{name}  ({state}; about {cost / CHARACTERS_A_TOKEN:.0f} tokens)")
        for tool in members:
            mark = " " if tool.name in offered else "-"
            print(f" {mark} {tool.name:<34} {tool.description.split('. ')[0].rstrip('.')}.")
    return 0


def _described(tool: Any) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description, "inputSchema": tool.input_schema}


def _docs(*, check: bool) -> int:
    from ..docs import generate

    changed = generate(write=not check)
    for name in changed:
        print(f"{name}: {'out of date; run iru-mcp docs' if check else 'written'}")
    return 1 if check and changed else 0


def _setup(options: argparse.Namespace, settings: Settings) -> int:
    import getpass
    import os

    from .setup import Asked, Person, setup

    person = Person(input, getpass.getpass) if sys.stdin.isatty() else None
    asked = Asked(tuple(options.clients), options.name, options.show, options.remove, options.token_in_file)
    try:
        print(setup(asked, settings, _offered(settings), os.environ, person))
    except (KeyboardInterrupt, EOFError):
        print("\niru-mcp: nothing was written.", file=sys.stderr)
        return 1
    return 0


def _permissions(settings: Settings, *, markdown: bool, sync: bool) -> int:
    from ..docs.tables import columns, permissions, sync_needs, table, tool_needs

    head, rows = permissions(sync_needs() if sync else tool_needs(_offered(settings).values()))
    print(table(head, rows) if markdown else columns(head, rows))
    return 0


async def _call(settings: Settings, name: str, pairs: list[str], as_json: bool) -> int:
    from ..tools.kit.catalogue import catalogue, to_json

    tools = _offered(settings)
    if name not in tools:
        if name in catalogue():
            raise UsageError(f"{name} is not among the usual tools.", f"Switch it on with --tools {name}.")
        raise UsageError(f"There is no tool '{name[:40]}'.", f"Valid: {', '.join(tools)}.")
    arguments = dict(_pair(pair) for pair in pairs)
    client = open_client(settings)
    try:
        answer = await tools[name].run(client, arguments)
    finally:
        await client.aclose()
    print(to_json(answer) if as_json else json.dumps(answer, indent=2, ensure_ascii=False))
    return 0


def _pair(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark:
        raise UsageError(f"'{text[:40]}' is not key=value.", "Write arguments as key=value.")
    return name, value


async def _check(settings: Settings, as_json: bool) -> int:
    from .check import Report, check

    where = tenant(settings) if not settings.demo else None
    report = Report(tenant=where.subdomain or where.base_url if where else "demo", region=where.region if where else "")
    client = open_client(settings)
    try:
        await check(client, _offered(settings), report)
    finally:
        await client.aclose()
    if as_json:
        print(json.dumps(dataclasses.asdict(report) | {"works": report.works}, indent=2))
    else:
        _print_report(report)
    return report.exit_code


def _print_report(report: Any) -> None:
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
