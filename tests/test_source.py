"""Rules that the package's own source must keep."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import iru_mcp

PACKAGE = Path(iru_mcp.__file__).parent
MODULES = sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py"))
SENDERS = ("httpx", "httpx2", "requests", "aiohttp", "urllib3", "urllib.request", "http.client", "mcp.client")
WRITES = {"POST", "PUT", "PATCH", "DELETE"}


def source(module: str) -> ast.Module:
    return ast.parse((PACKAGE / module).read_text("utf-8"))


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def reads_environment(tree: ast.AST) -> bool:
    names = {"environ", "environb", "getenv", "getenvb"}
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return bool(used & names) or any(name.rpartition(".")[2] in names for name in imported(tree))


def reaches_out(tree: ast.AST) -> bool:
    return any(name == sender or name.startswith(f"{sender}.") for name in imported(tree) for sender in SENDERS)


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, node


def prints_or_exits(tree: ast.AST) -> bool:
    named = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    raised = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    return bool(named & {"print", "exit", "quit"}) or "SystemExit" in raised or "_exit" in {c for c, _ in calls(tree)}


def needs_annotations_as_text(tree: ast.Module) -> bool:
    last_lines = {node.name: node.end_lineno or 0 for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    last_lines["array"] = sys.maxsize  # array[int] cannot be evaluated in Python 3.11
    found = (getattr(node, part, None) for node in ast.walk(tree) for part in ("annotation", "returns"))
    named = (name for one in found if one for name in ast.walk(one) if isinstance(name, ast.Name))
    return "typing.TYPE_CHECKING" in imported(tree) or any(last_lines.get(one.id, 0) >= one.lineno for one in named)


@pytest.mark.parametrize("module", MODULES)
def test_annotations_are_text_only_where_they_cannot_be_evaluated(module: str) -> None:
    tree = source(module)
    assert "__future__" not in imported(tree) or needs_annotations_as_text(tree)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_opens_with_what_it_is_for(module: str) -> None:
    said = (ast.get_docstring(source(module)) or "").strip()
    assert said.endswith(".")


@pytest.mark.parametrize("module", [m for m in MODULES if not m.startswith(("cli/", "config/"))])
def test_only_the_command_line_and_the_configuration_read_the_environment(module: str) -> None:
    assert not reads_environment(source(module))


@pytest.mark.parametrize("module", [m for m in MODULES if not m.startswith("cli/") and m != "__main__.py"])
def test_only_the_command_line_prints_or_exits(module: str) -> None:
    assert not prints_or_exits(source(module))


REACHES_OUT = {
    "api/transport/wire.py",
    "server/http/jwks.py",  # reads the keys of whoever issues callers' tokens
    "inventory/alerts/webhook.py",  # tells the user's own webhook of alerts, and refuses Iru's hosts
}


@pytest.mark.parametrize("module", [m for m in MODULES if m not in REACHES_OUT and not m.startswith("demo")])
def test_only_the_client_can_reach_out(module: str) -> None:
    assert not reaches_out(source(module))


def test_the_client_sends_nothing_but_get() -> None:
    client = source("api/transport/wire.py")
    built = [call.args[0] for name, call in calls(client) if name == "build_request"]
    assert [ast.literal_eval(verb) for verb in built] == ["GET"]
    others = {"post", "put", "patch", "delete", "request", "stream", "head", "options"}
    assert not others & {name for name, _ in calls(client)}


@pytest.mark.parametrize("module", [m for m in MODULES if not m.startswith(("demo", "server"))])
def test_no_module_names_a_verb_that_writes(module: str) -> None:
    words = {
        n.value.upper() for n in ast.walk(source(module)) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }
    assert not words & WRITES


def test_these_rules_see_what_they_forbid() -> None:
    assert reads_environment(ast.parse("import os\nos.environ['X']"))
    assert reads_environment(ast.parse("from os import getenv"))
    assert reaches_out(ast.parse("from urllib import request"))
    assert reaches_out(ast.parse("import http.client"))
    assert not reaches_out(ast.parse("from urllib.parse import urlsplit"))
    assert prints_or_exits(ast.parse("raise SystemExit(2)"))
