"""Several tenants in one file: each copied into its own file, one's failure no other's, exported as one tree."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from iru_mcp.cli import main
from iru_mcp.config.settings import Settings
from iru_mcp.config.tenants import read_tenants
from iru_mcp.demo import TOKEN, asgi, transport
from iru_mcp.errors import ConfigError
from tests.conftest import home_variables

Serve = Callable[..., str]


class Watched(httpx.AsyncBaseTransport):
    """A demo tenant, and the tokens that came to it."""

    def __init__(self, devices: int, token: str) -> None:
        self.tokens = set[str]()
        self._demo = transport(devices=devices, token=token)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.tokens.add(request.headers["authorization"].removeprefix("Bearer "))
        return await self._demo.handle_async_request(request)


class Two:
    """Two tenants on sockets, and the file that names them."""

    def __init__(self, folder: Path, serve: Serve) -> None:
        self.one, self.other = Watched(40, TOKEN), Watched(41, "another-token")
        self.places = [serve(asgi(self.one)), serve(asgi(self.other))]
        self.copies = [folder / "one.sqlite3", folder / "other.sqlite3"]
        self.file = folder / "tenants.toml"
        self.write(*self.places)

    def write(self, *places: str) -> None:
        tables = [
            f'[tenant.{name}]\napi_url = "http://{place}"\ntoken_env = "TOKEN_OF_{name}"\naccount_name = "The {name}"\n'
            f'inventory = "{copy}"\n'
            for name, place, copy in zip(("one", "other"), places, self.copies, strict=True)
        ]
        self.file.write_text("\n".join(tables), "utf-8")

    def devices(self) -> list[int]:
        """How many devices each copy holds; -1 where there is none."""
        counts = []
        for copy in self.copies:
            if copy.exists():
                with closing(sqlite3.connect(copy)) as db:
                    counts.append(db.execute("SELECT count(*) FROM devices").fetchone()[0])
        return counts


@pytest.fixture
def two(tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> Two:
    monkeypatch.setenv("TOKEN_OF_one", TOKEN)
    monkeypatch.setenv("TOKEN_OF_other", "another-token")
    monkeypatch.setenv("IRU_API_TOKEN", "the-token-of-the-settings")
    return Two(tmp_path, serve)


@pytest.mark.parametrize("at_a_time", ["1", "2"])
def test_each_tenant_is_copied_with_its_own_token_into_its_own_file(
    two: Two, at_a_time: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sync", "--tenants", str(two.file), "--side-by-side", at_a_time, "--quota", "100%"]) == 0
    out, err = capsys.readouterr()
    assert two.devices() == [40, 41]
    assert (two.one.tokens, two.other.tokens) == ({TOKEN}, {"another-token"})
    assert {json.loads(line)["tenant"] for line in out.splitlines()} == {"one", "other"}
    assert {line.split()[1] for line in err.splitlines()} == {"one:", "other:"}
    words = ["export", "--tenants", str(two.file), "--out", str(tmp_path / "tree")]
    assert main([*words, "--format", "parquet"]) == 0
    manifests = [json.loads(file.read_text("utf-8")) for file in (tmp_path / "tree").glob("tenant=*/_manifest.json")]
    assert {one["account_name"] for one in manifests} == {"The one", "The other"}
    assert sorted(one["tables"]["devices"]["rows"] for one in manifests) == [40, 41]


def test_one_tenants_failure_is_no_others(
    two: Two, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("TOKEN_OF_one")
    assert main(["sync", "--tenants", str(two.file), "--quota", "100%"]) == 1
    assert "one: iru-mcp: The variable TOKEN_OF_one is not set." in capsys.readouterr().err
    assert not two.one.tokens, "the token of the settings is no tenant's"
    monkeypatch.setenv("TOKEN_OF_one", "a-wrong-token")
    assert main(["sync", "--tenants", str(two.file), "--quota", "100%"]) == 1
    assert re.search(r"one: iru-mcp: .*token", capsys.readouterr().err)
    assert two.devices() == [0, 41]
    for form, file in (("jsonl", "rows.jsonl"), ("jupiterone", "graph.jsonl"), ("csv", "csv")):
        tree = tmp_path / form
        assert main(["export", "--tenants", str(two.file), "--format", form, "--out", str(tree)]) == 1
        assert "iru-mcp: one: No sync has finished yet." in capsys.readouterr().err
        assert [found.name for found in tree.glob("tenant=*/*") if found.name == file] == [file]


def test_a_dry_run_lists_what_would_be_synced_and_asks_and_writes_nothing(
    two: Two, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sync", "--tenants", str(two.file), "--dry-run", "--quota", "30%"]) == 0
    said = capsys.readouterr().out
    assert f"one: {two.places[0]}, token of token_env TOKEN_OF_one, quota 30%, {two.copies[0]}\n  never synced" in said
    assert "another-token" not in said
    assert (two.devices(), two.one.tokens) == ([], set())
    monkeypatch.delenv("TOKEN_OF_other")
    assert main(["sync", "--tenants", str(two.file), "--dry-run"]) == 2
    assert "TOKEN_OF_other is not set" in capsys.readouterr().out


def test_the_example_of_the_documentation_works(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (Path(__file__).parents[2] / "docs" / "tenants.md").read_text("utf-8")
    (example,) = re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    for port in ("8911", "8912"):
        example = example.replace(f"127.0.0.1:{port}", serve(asgi(transport(devices=40))))
    monkeypatch.chdir(tmp_path)
    for name, value in home_variables(tmp_path).items():
        monkeypatch.setenv(name, value)
    Path("tenants.toml").write_text(example, "utf-8")
    _servers, typed = re.findall(r"^```text\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    variables, *commands = typed.splitlines()
    for name, value in re.findall(r"(\w+)=(\S+)", variables):
        monkeypatch.setenv(name, value)
    for command in commands:
        assert main(command.split()[1:]) == 0, capsys.readouterr().err
    assert len(list(Path("warehouse").glob("tenant=*/table=devices/rows.parquet"))) == 2
    assert Path("southwind.sqlite3").exists()


PLACE = 'api_url = "https://acme.api.kandji.io"\n'
TOKEN_ENV = 'token_env = "T"\n'
ACME = PLACE + TOKEN_ENV


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no tenants"),
        ("[tenant]\n", "names no tenants"),
        ("[tenants.acme]\n" + ACME, "names no tenants"),
        ("[tenant.acme\n", "is not TOML: .*line 1"),
        ("[tenant.'a b']\n" + ACME, "'a b' is no tenant"),
        ("[tenant]\nacme = 1\n", "'acme' is no tenant"),
        ("[tenant.acme]\n" + ACME + 'tokn = "x"\n', "tenant acme has no setting tokn"),
        ("[tenant.acme]\n" + PLACE, "acme needs one token, and has 0"),
        ("[tenant.acme]\n" + ACME + "token_keyring = true\n", "acme needs one token, and has 2"),
        ("[tenant.acme]\n" + PLACE + "token_env = 7\n", "token_env has no valid value"),
        ("[tenant.acme]\n" + PLACE + 'token_keyring = "yes"\n', "token_keyring has no valid value"),
        ("[tenant.acme]\n" + TOKEN_ENV, "tenant acme: .*IRU_API_URL is not set"),
        ('[tenant.acme]\napi_url = "https://elsewhere.example"\n' + TOKEN_ENV, "not one of Iru's API hosts"),
        ("[tenant.acme]\n" + ACME + 'quota = "half"\n', "not a share"),
        ("[tenant.acme]\n" + ACME + "[tenant.again]\n" + ACME, "acme and again have the same API"),
        (
            "[tenant.acme]\n" + ACME + 'inventory = "/tmp/x"\n[tenant.beta]\nsubdomain = "beta"\n'
            'token_env = "U"\ninventory = "/tmp/x"\n',
            "acme and beta have the same inventory file",
        ),
    ],
)
def test_a_mistake_in_the_file_is_refused_before_anything_runs(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "tenants.toml"
    file.write_text(text, "utf-8")
    assert main(["sync", "--tenants", str(file)]) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert re.search(said, error)


def test_a_token_in_the_file_needs_a_private_file(tmp_path: Path) -> None:
    file = tmp_path / "tenants.toml"
    file.write_text("[tenant.acme]\n" + PLACE + 'token = "a-secret"\n', "utf-8")
    file.chmod(0o640)
    why = "not readable by you alone" if os.name == "posix" else "not read from it on Windows. Name the token with"
    with pytest.raises(ConfigError, match=why) as refused:
        read_tenants(str(file), Settings())
    assert "a-secret" not in str(refused.value)
    if os.name != "posix":
        return
    file.chmod(0o600)
    settings = read_tenants(str(file), Settings())[0].checked()
    assert settings.api_token.get_secret_value() == "a-secret"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sync", "--dry-run"], "--tenants FILE"),
        (["sync", "--side-by-side", "2"], "--tenants FILE"),
        (["sync", "--tenants", "x.toml", "--demo"], "exclude each other"),
        (["sync", "--tenants", "/nowhere/x.toml"], "cannot be read"),
        (["sync", "--tenants", "x.toml", "--side-by-side", "0"], "1 or more"),
        (["export", "--tenants", "x.toml", "--format", "jsonl"], "--out"),
    ],
)
def test_flags_that_do_not_go_together_are_refused(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert said in capsys.readouterr().err
