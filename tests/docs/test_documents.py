"""README and docs/ against the code: every command is run or checked, every block read, every link followed."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from documents import generate
from documents.clients import COMMAND

from iru_mcp.cli import main, parse
from iru_mcp.config.settings import FIELDS, Settings
from iru_mcp.config.tenants import read_tenants
from iru_mcp.errors import UsageError
from iru_mcp.inventory.alerts.rules import load
from iru_mcp.mcp_clients.known import CLIENTS

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in DOCUMENTS}
VARIABLES = {item.metadata["env"] for item in FIELDS.values()}
SOURCE = "\n".join(path.read_text("utf-8") for path in (ROOT / "iru_mcp").rglob("*.py"))


def blocks(*languages: str) -> Iterator[Any]:
    """Fenced blocks of a language, with where they stand."""
    for name, text in TEXTS.items():
        for number, block in enumerate(re.finditer(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL), 1):
            if block[1] in languages:
                yield pytest.param(block[2], id=f"{name}: {number}")


@pytest.mark.parametrize("block", list(blocks("sh")))
def test_every_command_works(
    block: str, home: Path, iru: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / ".cursor").mkdir()
    monkeypatch.chdir(home)
    monkeypatch.setenv("IRU_API_URL", iru)
    monkeypatch.setenv("IRU_API_TOKEN", "demo-token")
    for line in filter(str.strip, block.splitlines()):
        run_line(line, capsys)


def run_line(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = shlex.split(line, comments=True)
    if words[0] in {"iru-mcp", ".venv/bin/iru-mcp"}:
        run = words[1:]
        good = {0, 3} if run[0] == "alerts" else {0}  # 3 says that something is open
        assert parse(run).verb if "serve" in run else main(run) in good, capsys.readouterr().err
    elif words[0] in {"docker", "kubectl"}:
        check_container_command(words)
    elif re.fullmatch(r"[A-Z_]+=\S+", line):
        assert line.partition("=")[0] in VARIABLES
    else:
        assert (ROOT / words[0]).stat().st_mode & 0o111, f"{line} is not a script of ours"


def check_container_command(words: list[str]) -> None:
    """No container is started here: its files are read, and what it is given is known."""
    if words[1] == "build":
        assert (ROOT / words[-1] / "Dockerfile").is_file()
        return
    files = [word for word in words if word.endswith(".yaml")]
    assert all(list(yaml.safe_load_all((ROOT / file).read_text("utf-8"))) for file in files)
    assert files or {"-i", "--rm"} < set(words)
    assert {word for word in words if word.startswith("IRU_")} <= VARIABLES


def ours(value: Any) -> tuple[tuple[str, ...], Any]:
    """Where in a configuration our entry is, and the entry."""
    path: list[str] = []
    while isinstance(value, dict) and "command" not in value and "url" not in value:
        assert len(value) == 1
        path.append(next(iter(value)))
        value = value[path[-1]]
    return tuple(path), value


@pytest.mark.parametrize("text", [*blocks("json"), *blocks("toml")])
def test_every_configuration_is_one_that_setup_would_write(text: str, home: Path) -> None:
    if "[[rule]]" in text:
        rules = home / "rules.toml"
        rules.write_text(text, "utf-8")
        assert {"remote-control", "known-exploited-cve"} <= {rule.name for rule in load(str(rules))}
        return
    if "[tenant." in text:
        tenants = home / "tenants.toml"
        tenants.write_text(text, "utf-8")
        assert len(read_tenants(str(tenants), Settings())) == 2
        return
    path, entry = ours(json.loads(text) if text.startswith("{") else tomllib.loads(text))
    if "url" in entry:  # a server that runs elsewhere: setup does not write these
        assert set(entry) == {"type", "url", "headers"}
        assert entry["headers"]["Authorization"].startswith("Bearer ")
        assert path == ("mcpServers", "iru")
        return
    written = [client.entry(COMMAND, entry["env"]) for client in CLIENTS.values() if path == (*client.servers, "iru")]
    assert entry in written
    assert set(entry["env"]) <= VARIABLES


def program(name: str) -> str:
    """The one Python block of a document."""
    (text,) = [block.values[0] for block in blocks("python") if block.id.startswith(f"{name}:")]
    return str(text)


def run(text: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", text],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_program_without_mcp_runs_and_says_what_it_should() -> None:
    said = run(program("docs/python.md"))
    assert "264 Macs" in said
    assert "mira.castellane@northwind.example" in said
    assert "NotFound - Iru knows no such device" in said


def test_the_tool_that_contributing_adds_works() -> None:
    added = f"""
import asyncio, types
from iru_mcp import IruClient
from iru_mcp import demo
module = types.ModuleType("iru_mcp.tools.enrollments")
exec({program("CONTRIBUTING.md")!r}, vars(module) | {{"__package__": "iru_mcp.tools"}})
from iru_mcp.tools.kit.catalogue import catalogue
client = IruClient(demo.HOST, lambda: demo.TOKEN, transport=demo.transport())
tool = catalogue()["list_new_devices"]
few, many = [asyncio.run(tool.run(client, {{"since": since}})) for since in ("90d", "5000d")]
print(tool.toolset, 0 < few["returned"], few["items"] != many["items"])
"""
    assert run(added) == "devices True True\n"


@pytest.mark.parametrize("name", TEXTS)
def test_every_setting_that_is_named_exists(name: str) -> None:
    named = set(re.findall(r"\bIRU_[A-Z_]+[A-Z]\b", TEXTS[name]))
    assert named <= VARIABLES


@pytest.mark.parametrize("name", TEXTS)
def test_every_link_leads_somewhere(name: str) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", TEXTS[name]):
        target, _, anchor = link.partition("#")
        if "://" in target:
            continue
        path = (ROOT / name).parent / target if target else ROOT / name
        assert path.exists(), link
        if anchor:
            heads = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", head).casefold().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", [name for name in TEXTS if re.search(r"^iru-mcp ", TEXTS[name], re.MULTILINE)])
def test_a_document_with_a_bare_command_says_what_puts_it_on_the_path(name: str) -> None:
    assert "`source .venv/bin/activate`" in TEXTS[name]


@pytest.mark.parametrize("name", [name for name in TEXTS if name != "CHANGELOG.md"])
def test_every_file_and_test_that_is_named_exists(name: str) -> None:
    named = re.findall(
        r"`((?:iru_mcp|tests|scripts|docs|packaging|examples|\.ci|\.github)/[\w./-]+)(?:::(\w+))?", TEXTS[name]
    )
    for path, test in named:
        if path == "iru_mcp/tools/enrollments.py":  # the tool that CONTRIBUTING adds
            continue
        assert (ROOT / path).exists(), path
        assert not test or f"def {test}(" in (ROOT / path).read_text("utf-8"), test


def test_what_is_generated_is_up_to_date() -> None:
    assert generate(ROOT, write=False) == []


def test_the_picture_is_what_the_demo_tenant_answers() -> None:
    ran = subprocess.run([sys.executable, "scripts/picture.py", "--check"], cwd=ROOT, timeout=60, check=False)
    assert ran.returncode == 0, "run scripts/picture.py"


def test_the_readme_is_short() -> None:
    assert len(TEXTS["README.md"].splitlines()) <= 180


WRITTEN = {
    **{name: text for name, text in TEXTS.items() if name != "docs/releasing.md"},
    **{
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
        for folder in ("iru_mcp", "examples", "packaging")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".json", ".yaml", ".toml", ".html"}
    },
}
"""What is printed or written for someone to run."""
BARE = re.compile(
    r"""(\b(uvx|uv\ tool\ install|uv\ tool\ run|uv\ add|pipx\ (run|install)|pip\ install(\ -U)?)|--from|--spec)
        ["',\ ]+iru-mcp(\[\w+\])?(?![-\w./@])""",
    re.VERBOSE,
)


@pytest.mark.parametrize("name", WRITTEN)
def test_nothing_makes_anyone_fetch_the_bare_name_from_a_package_index(name: str) -> None:
    assert not BARE.search(WRITTEN[name])


@pytest.mark.parametrize(
    "text", ["uvx iru-mcp", "pip install 'iru-mcp[report]'", '"uvx", "iru-mcp"', "uvx --from iru-mcp[keyring] iru-mcp"]
)
def test_the_rule_about_the_bare_name_sees_what_it_forbids(text: str) -> None:
    assert BARE.search(text)
    assert not BARE.search("uvx --from . iru-mcp")


def demonstrate(*words: str) -> subprocess.CompletedProcess[str]:
    """What scripts/demo does once it has set up."""
    return subprocess.run(
        [sys.executable, "scripts/investigation.py", *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "scripts"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def test_the_demonstration_investigates_over_stdio_and_the_command_it_ends_with_works() -> None:
    shown = demonstrate()
    assert shown.returncode == 0, shown.stderr
    assert "macOS.Loader.HollowQuill" in shown.stdout
    assert "Anselm\u2019s MacBook Pro (NWF3T90LJC)" in shown.stdout
    (following,) = re.findall(r"^  scripts/demo (--ask .*)$", shown.stdout, re.MULTILINE)
    asked = demonstrate(*following.split())
    assert asked.returncode == 0, asked.stderr
    assert json.loads(asked.stdout)["items"]


@pytest.mark.parametrize(
    ("words", "code", "words_back"),
    [
        (["--ask", "list_devices", "platfor=mac"], 1, "'platfor' is not a parameter"),
        (["--ask", "list_devices", "mac"], 2, "usage: scripts/demo"),
        (["--ask"], 2, "usage: scripts/demo"),
    ],
)
def test_a_question_that_cannot_be_asked_is_answered_in_a_sentence(
    words: list[str], code: int, words_back: str
) -> None:
    asked = demonstrate(*words)
    assert (asked.returncode, asked.stdout) == (code, "")
    assert words_back in asked.stderr
    assert "Traceback" not in asked.stderr


def test_every_message_that_troubleshooting_quotes_is_one_of_ours() -> None:
    theirs = {"spawn ... ENOENT", "command not found", "complete: false"}
    rows = re.findall(r"^\| (.*?) \|", TEXTS["docs/troubleshooting.md"], re.MULTILINE)
    quoted = {text for row in rows for text in re.findall(r"`([^`]+)`", row)} - theirs
    assert len(quoted) > 20
    code = re.sub(r"\{[^{}]*\}", "\n", re.sub(r'"\s*\n\s*f?"', "", SOURCE)).replace("{{", "{").replace("}}", "}")
    for text in quoted:
        # What stands for a value, in the sentence and in the code, parts it.
        parts = re.split(
            r": |IRU_API_TOKEN|IRU_\.{3}|\$\{\.{3}\}|\.\.\.|\d[\d.]*|'iru'|is left as it is: |Address already in use",
            text,
        )
        assert all(part.strip(" .`:)") in code for part in parts if part.strip(" .`()")), text


def test_a_block_that_does_not_exist_is_told_with_those_that_do(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("<!-- generated: weather -->\n<!-- end -->\n")
    with pytest.raises(UsageError, match=r"no generated block 'weather'. Valid: tools, more_tools"):
        generate(tmp_path, write=True)


def test_empty_blocks_are_filled_and_the_text_between_them_stays(tmp_path: Path) -> None:
    empty = "a\n<!-- generated: tools -->\n<!-- end -->\nb\n<!-- generated: more_tools -->\n<!-- end -->\nc\n"
    (tmp_path / "a.md").write_text(empty)
    assert generate(tmp_path, write=True) == ["a.md"]
    text = (tmp_path / "a.md").read_text("utf-8")
    assert re.sub(r"^\|.*\n", "", text, flags=re.MULTILINE) == empty
    assert generate(tmp_path, write=True) == []
