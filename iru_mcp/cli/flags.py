"""The verbs of the command line, and the flags of each."""

import argparse

from ..config.settings import FIELDS

VERBS = {
    "serve": "serve MCP clients (what iru-mcp does without a verb)",
    "check": "say what the settings and the token allow",
    "tools": "list the tools",
    "call": "call one tool: call NAME key=value ...",
    "view": "draw what one tool answers: view NAME key=value ...",
    "setup": "connect MCP clients to Iru, or to the demo tenant",
    "permissions": "list what the token needs, to paste into a ticket",
    "demo-tenant": "serve the demo tenant's API on a port, to point any client at",
    "sync": "copy the tenant's inventory into a local file",
    "inventory": "say how old the inventory copy is and what it holds: inventory status",
    "alerts": "list what the inventory's rules found; exit 3 when something is open",
    "report": "draw the inventory copy as one HTML page",
    "export": "write the inventory copy out for another system",
}
"""Each verb with what it does."""

_TENANTS = "TOML file of several tenants, each with its own copy"


def add_flags(parser: argparse.ArgumentParser, verb: str) -> None:
    """The settings as flags, and the flags of `verb` itself."""
    _add_settings(parser)
    _add_flags_of_copy(parser, verb)
    if verb in ("check", "tools", "call"):
        parser.add_argument("--json", action="store_true", help="machine-readable")
    if verb == "check":
        text = "write the shape of Iru's answers, without a value of them, to this file: to attach to a report"
        parser.add_argument("--shapes", default="", metavar="FILE", help=text)
    elif verb == "permissions":
        parser.add_argument("--markdown", action="store_true", help="as a Markdown table")
        parser.add_argument("--sync", action="store_true", help="what the inventory copy needs, instead of the tools")
    elif verb == "setup":
        parser.add_argument("clients", nargs="*", metavar="CLIENT", help="none: those that are installed")
        parser.add_argument("--name", default="iru", help="what the client calls this server")
        parser.add_argument("--print", dest="show", action="store_true", help="show what to paste; write nothing")
        parser.add_argument("--remove", action="store_true", help="disconnect, and delete the stored token")
        parser.add_argument("--token-in-file", action="store_true", help="do not use the system keyring")
    elif verb in ("call", "view"):
        parser.add_argument("tool", metavar="NAME")
        parser.add_argument("arguments", nargs="*", metavar="key=value")
        if verb == "view":
            parser.add_argument("--out", default="", help="the HTML file to write; without it a new one is opened")


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--env-file", default="", help="read settings from this file too")
    for name, item in FIELDS.items():
        if item.metadata["secret"]:
            continue
        flag = f"--{name.replace('_', '-')}"
        text = f"{item.metadata['help']} ({item.metadata['env']})"
        if item.type is bool:
            parser.add_argument(flag, dest=name, action="store_const", const="1", help=text)
        else:
            parser.add_argument(flag, dest=name, help=text, choices=item.metadata["choices"] or None)


def _add_flags_of_copy(parser: argparse.ArgumentParser, verb: str) -> None:
    """The flags of the verbs about the inventory copy."""
    if verb == "sync":
        parser.add_argument("--quota", default="50%", help="share of the requests an hour that Iru allows it may take")
        parser.add_argument("--every", default="", help="go on for ever, this often: 30m, 6h, 1d")
        parser.add_argument("--full", action="store_true", help="read everything, also what seems unchanged")
        parser.add_argument("--full-every", default="1d", help="how old a full reading may be before the next: 12h, 7d")
        parser.add_argument("--tenants", default="", metavar="FILE", help=_TENANTS)
        parser.add_argument("--side-by-side", type=int, default=1, metavar="N", help="tenants to sync at a time")
        text = "say what --tenants would sync; ask and write nothing"
        parser.add_argument("--dry-run", action="store_true", help=text)
    elif verb == "inventory":
        parser.add_argument("what", nargs="?", default="status", choices=["status"])
        parser.add_argument("--max-age", default="", metavar="2h", help="exit 4 when the last whole sync is older")
    elif verb == "report":
        parser.add_argument("--out", default="report.html", help="the file to write")
    elif verb == "export":
        _add_export_flags(parser)
    elif verb == "alerts":
        parser.add_argument("what", nargs="*", metavar="ack NUMBER | mute RULE | unmute RULE")
        parser.add_argument("--reason", default="", help="why it is acknowledged or muted")
        parser.add_argument("--until", default="30d", help="for how long: 12h, 30d")
        parser.add_argument("--check", default="", metavar="RULES.TOML", help="try a file of rules; keep nothing")
    if verb in ("sync", "inventory", "alerts"):
        parser.add_argument("--json", action="store_true", help="machine-readable; alerts as JSON lines")


def _add_export_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", required=True, choices=["jsonl", "csv", "parquet", "jupiterone", "ocsf"])
    parser.add_argument("--out", default="", help="file, for csv and parquet a folder; stdout unless given")
    parser.add_argument("--tenants", default="", metavar="FILE", help=f"{_TENANTS}; --out is then a folder")
    parser.add_argument("--history", action="store_true", help="also every row that was, with valid_from and valid_to")
    parser.add_argument("--changes", action="store_true", help="also what appeared, went, changed or moved")
    parser.add_argument("--gone", action="store_true", help="also the devices that Iru no longer lists")
    parser.add_argument("--alerts", action="store_true", help="also the alerts, open and resolved")
    parser.add_argument("--since", type=int, metavar="SYNC", help="only what began or ended after that sync")
