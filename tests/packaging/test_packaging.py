"""What is shipped beside the code, against the code: names, versions, settings, probes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from iru_mcp import __version__
from iru_mcp.api.client import IruClient
from iru_mcp.cli import parse
from iru_mcp.config.account import tenant
from iru_mcp.config.settings import FIELDS, Settings, read
from iru_mcp.demo import HOST, TOKEN, transport
from iru_mcp.server.binder import Binder
from iru_mcp.server.http.app import Listen, application, guard
from iru_mcp.server.http.bearer_tokens import Tokens
from iru_mcp.tools.kit.catalogue import catalogue

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / "packaging"
VARIABLES = {item.metadata["env"] for item in FIELDS.values()}
SECRETS = {item.metadata["env"] for item in FIELDS.values() if item.metadata["secret"]}
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
BUNDLE = json.loads((PACKAGING / "mcpb" / "manifest.json").read_text("utf-8"))
REGISTRY = json.loads((PACKAGING / "server.json").read_text("utf-8"))
COMPOSE = yaml.safe_load((PACKAGING / "compose.yaml").read_text("utf-8"))["services"]["iru-mcp"]
KUBERNETES = {one["kind"]: one for one in yaml.safe_load_all((PACKAGING / "kubernetes.yaml").read_text("utf-8")) if one}
POD = KUBERNETES["Deployment"]["spec"]["template"]["spec"]
CONTAINER = POD["containers"][0]
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8"))


def test_every_file_names_one_version() -> None:
    ran = subprocess.run([sys.executable, "scripts/version.py", __version__], cwd=ROOT, check=False)
    assert ran.returncode == 0


def test_the_registry_finds_its_name_in_the_readme_and_on_the_image() -> None:
    name = REGISTRY["name"]
    assert re.fullmatch(r"io\.github\.[\w-]+/[\w-]+", name)
    assert f"<!-- mcp-name: {name} -->" in (ROOT / "README.md").read_text("utf-8")
    assert f'io.modelcontextprotocol.server.name="{name}"' in DOCKERFILE


def test_the_registry_entry_is_within_its_limits() -> None:
    assert len(REGISTRY["description"]) <= 100
    assert {package["registryType"] for package in REGISTRY["packages"]} == {"pypi"}
    for package in REGISTRY["packages"]:
        assert package["transport"] == {"type": "stdio"}
        for variable in package["environmentVariables"]:
            assert variable["name"] in VARIABLES
            assert variable.get("isSecret", False) == (variable["name"] in SECRETS)


def test_only_the_release_names_the_package_on_the_index_and_after_it_has_published() -> None:
    assert not [package for package in REGISTRY["packages"] if package.keys() & {"identifier", "version"}]
    made = subprocess.run(
        [sys.executable, "scripts/registry-entry"], cwd=ROOT, check=True, capture_output=True, encoding="utf-8"
    )
    (package,) = json.loads(made.stdout)["packages"]
    assert (package["identifier"], package["version"]) == ("iru-mcp", __version__)
    job = WORKFLOW["jobs"]["registry"]
    assert "pypi" in job["needs"]
    assert "scripts/registry-entry > server.json" in job["steps"][-1]["run"]


def test_the_bundle_asks_for_what_it_passes_on_and_hides_the_token() -> None:
    given = BUNDLE["server"]["mcp_config"]["env"]
    assert set(given) <= VARIABLES
    assert set(given.values()) == {f"${{user_config.{name}}}" for name in BUNDLE["user_config"]}
    assert BUNDLE["user_config"]["api_token"]["sensitive"] is True
    assert (ROOT / BUNDLE["server"]["entry_point"]).is_file()


@pytest.mark.parametrize("demo", ["true", "false"])
def test_what_the_bundle_passes_on_unfilled_is_read_as_nothing(demo: str) -> None:
    filled = {"IRU_API_URL": "", "IRU_API_TOKEN": "", "IRU_DEMO": demo}
    assert read({}, filled) == Settings(demo=demo == "true")


def in_compose() -> Settings:
    options = parse(COMPOSE["command"])
    flags = {name: getattr(options, name) for name in FIELDS if hasattr(options, name)}
    filled = {"IRU_API_URL": "https://acme.api.kandji.io", "IRU_MCP_PUBLIC_URL": "https://iru-mcp.example.com/mcp"}
    return read(flags, {**COMPOSE["environment"], **filled})


def in_kubernetes() -> Settings:
    assert CONTAINER["args"] == ["serve"]
    return read({}, KUBERNETES["ConfigMap"]["data"])


@pytest.mark.parametrize("deployed", [in_compose, in_kubernetes])
def test_a_deployment_has_settings_that_the_server_accepts(deployed: Callable[[], Settings]) -> None:
    settings = deployed()
    assert tenant(settings).region == "us"
    assert (settings.transport, settings.host, settings.port) == ("http", "0.0.0.0", 8080)  # noqa: S104 - in a container
    assert settings.api_token_file
    assert settings.mcp_token_file
    keys = Tokens({"mcp": "a token of the deployment"})
    guard(Listen(host=settings.host, keys=keys, stateless=settings.stateless))


def test_no_secret_is_written_into_a_deployment() -> None:
    assert not SECRETS & set(COMPOSE["environment"])
    assert not SECRETS & set(KUBERNETES["ConfigMap"]["data"])
    mounted = CONTAINER["volumeMounts"][0]["mountPath"]
    assert all(
        KUBERNETES["ConfigMap"]["data"][name].startswith(f"{mounted}/")
        for name in ("IRU_API_TOKEN_FILE", "IRU_MCP_TOKEN_FILE")
    )


def test_two_replicas_share_no_state() -> None:
    assert KUBERNETES["Deployment"]["spec"]["replicas"] == 2
    assert in_kubernetes().stateless
    assert KUBERNETES["PodDisruptionBudget"]["spec"]["minAvailable"] == 1


@pytest.mark.anyio
@pytest.mark.parametrize("probe", ["startupProbe", "livenessProbe", "readinessProbe"])
async def test_every_probe_is_answered_under_any_host_name_and_without_a_token(probe: str) -> None:
    settings = in_kubernetes()
    tools = catalogue()
    binder = Binder(tools, lambda: IruClient(HOST, lambda: TOKEN, transport=transport()))
    keys = Tokens({"mcp": "a token that the probe has not"})
    app = application(binder, Listen(host=settings.host, keys=keys, stateless=settings.stateless))
    asked = CONTAINER[probe]["httpGet"]
    assert {"name": asked["port"], "containerPort": settings.port} in CONTAINER["ports"]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://10.1.2.3:8080") as client:
        assert (await client.get(asked["path"])).status_code == 200


def test_nothing_runs_as_root_or_may_write() -> None:
    user = re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE, re.MULTILINE)[-1]
    assert user == (str(POD["securityContext"]["runAsUser"]), str(POD["securityContext"]["runAsGroup"]))
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert COMPOSE["read_only"] is CONTAINER["securityContext"]["readOnlyRootFilesystem"] is True
    assert COMPOSE["cap_drop"] == CONTAINER["securityContext"]["capabilities"]["drop"] == ["ALL"]
    assert CONTAINER["securityContext"]["allowPrivilegeEscalation"] is False


def test_the_network_policy_covers_the_pods_and_lets_https_out_but_nothing_private() -> None:
    policy = KUBERNETES["NetworkPolicy"]["spec"]
    labels = KUBERNETES["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert policy["podSelector"]["matchLabels"].items() <= labels.items()
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
    outside = [rule for rule in policy["egress"] if "ipBlock" in rule["to"][0]]
    assert [port["port"] for rule in outside for port in rule["ports"]] == [443]
    assert "10.0.0.0/8" in outside[0]["to"][0]["ipBlock"]["except"]


def healthcheck(environment: Mapping[str, str]) -> int:
    """What the image's health check says, run as the container would."""
    found = re.search(r"^HEALTHCHECK .*?CMD (\[.*?\])$", DOCKERFILE.replace("\\\n", ""), re.MULTILINE)
    assert found
    _, *arguments = json.loads(found[1])
    ran = subprocess.run(
        [sys.executable, *arguments], env=dict(environment), capture_output=True, timeout=30, check=False
    )
    return ran.returncode


async def alive(scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200 if scope["path"] == "/healthz" else 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def test_the_image_is_healthy_on_stdio_and_over_http_only_while_the_server_answers(
    serve: Callable[..., str],
) -> None:
    port = serve(alive).rpartition(":")[2]
    assert healthcheck({}) == 0
    assert healthcheck({"IRU_MCP_TRANSPORT": "http", "IRU_MCP_PORT": port}) == 0
    assert healthcheck({"IRU_MCP_TRANSPORT": "http", "IRU_MCP_PORT": "9"}) != 0


def test_the_image_stops_on_the_signal_that_the_server_hears() -> None:
    assert "STOPSIGNAL SIGTERM" in DOCKERFILE
    assert 'ENTRYPOINT ["iru-mcp"]' in DOCKERFILE


WORKFLOWS = {path.name: path.read_text("utf-8") for path in (ROOT / ".github" / "workflows").glob("*.yml")}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_action_is_named_by_commit_with_its_version_beside_it(name: str) -> None:
    used = re.findall(r"uses: (.*)", WORKFLOWS[name])
    assert used
    for line in used:
        assert line.startswith("./") or re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


@pytest.mark.parametrize("name", WORKFLOWS)
def test_what_a_workflow_downloads_is_named_by_version_and_checked(name: str) -> None:
    assert "/latest/" not in WORKFLOWS[name]
    for job in yaml.safe_load(WORKFLOWS[name])["jobs"].values():
        for step in job.get("steps", []):
            if "curl" in step.get("run", ""):
                assert re.fullmatch(r"[0-9a-f]{64}", step["env"]["SHA256"])
                assert re.fullmatch(r"v\d+\.\d+\.\d+", step["env"]["VERSION"])
                assert 'echo "$SHA256 ' in step["run"]
                assert "sha256sum --check --strict" in step["run"]


def test_the_base_image_is_named_by_digest_and_all_packages_by_hash() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.\d+-slim@sha256:[0-9a-f]{64}", bases[0])
    assert "# syntax=" not in DOCKERFILE  # that would fetch an image by tag
    for line in re.findall(r"pip (?:--python \S+ )?install .*", DOCKERFILE):
        assert "--require-hashes" in line or "--no-deps /wheels/" in line, line


def locked(name: str) -> dict[str, tuple[str, int]]:
    """Version and number of hashes by package."""
    parts = re.split(r"^(?=[a-z])", (PACKAGING / name).read_text("utf-8"), flags=re.MULTILINE)
    found = [(re.match(r"([\w.-]+)==([\w.+]+)", part), part.count("--hash=sha256:")) for part in parts if part.strip()]
    assert all(match for match, _ in found)
    return {match[1]: (match[2], hashes) for match, hashes in found if match}


def needed(names: Iterable[str]) -> set[str]:
    """Those packages and all that they need on this machine, without the dependencies of extras."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        requirement = Requirement(waiting.pop())
        name = canonicalize_name(requirement.name)
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found.add(name)
        waiting += metadata.requires(name) or []
    return found


def test_the_lock_holds_every_package_that_the_package_needs_within_its_bounds_and_with_hashes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    lock = locked("requirements.lock")
    direct = project["project"]["dependencies"]
    missing = needed(direct) - set(lock)
    assert not missing, f"run scripts/lock: it lacks {', '.join(sorted(missing))}"
    for text in direct:
        requirement = Requirement(text)
        version = lock[canonicalize_name(requirement.name)][0]
        assert version in requirement.specifier, f"run scripts/lock: it has {requirement.name} {version}"
    assert all(hashes for _, hashes in {**lock, **locked("build.lock")}.values())


def test_the_lock_of_the_build_holds_its_backend_and_what_that_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    for text in project["build-system"]["requires"]:
        requirement = Requirement(text)
        assert locked("build.lock")[canonicalize_name(requirement.name)][0] in requirement.specifier


def test_image_and_bundle_are_built_from_the_lock() -> None:
    assert "--require-hashes --requirement packaging/requirements.lock" in DOCKERFILE
    assert "packaging/requirements.lock" in (ROOT / "scripts" / "bundle").read_text("utf-8")
    assert "!packaging/requirements.lock" in (ROOT / ".dockerignore").read_text("utf-8")
    arguments = BUNDLE["server"]["mcp_config"]["args"]
    assert arguments[arguments.index("--with-requirements") + 1] == "requirements.lock"
    assert "--no-project" in arguments


def test_what_is_released_is_checked_on_linux_macos_and_windows() -> None:
    jobs = yaml.safe_load(WORKFLOWS["check.yml"])["jobs"]
    assert {name.partition("-")[0] for name in jobs["others"]["strategy"]["matrix"]["os"]} == {"macos", "windows"}
    assert jobs["linux"]["steps"][-1]["run"] == ".ci/run"
    assert WORKFLOW["jobs"]["check"]["uses"] == "./.github/workflows/check.yml"
    assert WORKFLOW["jobs"]["build"]["needs"] == "check"


def test_the_release_runs_what_exists_and_grants_each_job_no_more_than_it_says() -> None:
    assert WORKFLOW["permissions"] == {}
    text = (ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8")
    for script in re.findall(r"scripts/[\w.-]+", text):
        assert (ROOT / script).is_file(), script
    writes = {name: job["permissions"] for name, job in WORKFLOW["jobs"].items()}
    assert writes["pypi"] == {"id-token": "write"}
    assert [name for name, given in writes.items() if given.get("contents") == "write"] == ["release"]
    assert "secrets.PYPI" not in text
