"""What the package imports is declared, and bounded where the next release may break it."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
USERS = {name: lines for name, lines in PROJECT["optional-dependencies"].items() if name not in ("dev", "bench")}
DECLARED = [*PROJECT["dependencies"], *(line for lines in USERS.values() for line in lines)]
NAMES = {re.split(r"[\[<>=]", line)[0].casefold(): line for line in DECLARED}


def imported() -> set[str]:
    """The first part of every absolute import in the package."""
    found: set[str] = set()
    for path in (ROOT / "iru_mcp").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"iru_mcp"}


def test_every_package_that_is_imported_is_declared() -> None:
    brought_by = packages_distributions()
    assert imported() >= {"mcp", "uvicorn", "starlette", "h11", "jwt", "opentelemetry"}
    missing = {
        module
        for module in imported() - {"mcp_types"}  # a part of mcp, which pins it
        if not {name.casefold() for name in brought_by[module]} & set(NAMES)
    }
    assert not missing


@pytest.mark.parametrize("line", DECLARED)
def test_every_dependency_has_a_least_and_a_most(line: str) -> None:
    assert ">=" in line
    assert "<" in line
