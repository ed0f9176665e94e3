"""check --shapes: what a tenant's answers look like, with nothing of what they say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from iru_mcp.api.client import IruClient
from iru_mcp.cli import check as verb
from iru_mcp.cli import main
from iru_mcp.cli.shapes import Shapes, _listed_words, differences
from iru_mcp.config import account
from iru_mcp.demo import HOST, TOKEN
from iru_mcp.tools.kit.catalogue import catalogue
from tests.conftest import unlimited

PLANTED = {
    "Mira Castellane": "zebulon.quux@acme.example",
    "zebulon.quux@acme.example": {"NW7QK2M4XH": "Zebulon's MacBook Pro", "10.20.30.40": 1},
    "0d9c1f7e-1111-4222-8333-444455556666": ["/Users/zebulon/Castellane.pdf"],
    "zebulon": True,
    "Castellane_name": "2026-11-20 zebulon",
    "name": "Zebulon",
    "description": "2026-11-20T09:30:00Z Zebulon",
}


class Planting(httpx.AsyncBaseTransport):
    """The demo tenant with names in the place of, and beside, everything that it says."""

    def __init__(self) -> None:
        self.inner = unlimited()
        self.said: set[str] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self.inner.handle_async_request(request)
        content = await answer.aread()
        if answer.status_code != 200:
            return httpx.Response(answer.status_code, stream=httpx.ByteStream(content))
        body = json.loads(content)
        planted = plant(body)
        self.said |= set(texts(planted))
        headers = {"content-type": "application/json", "x-ratelimit-limit-zebulon": "9", "x-zebulon": "zebulon"}
        return httpx.Response(200, stream=httpx.ByteStream(json.dumps(planted).encode()), headers=headers)


def plant(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: plant(inner) for name, inner in value.items()} | PLANTED
    return [plant(inner) for inner in value] if isinstance(value, list) else value


def texts(value: Any) -> Iterator[str]:
    """Every text of an answer, that of its odd keys too."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value


@pytest.fixture
def planting(monkeypatch: pytest.MonkeyPatch) -> Planting:
    tenant = Planting()

    def client(settings: Any) -> IruClient:
        return account.open_client(settings) if settings.demo else IruClient(HOST, lambda: TOKEN, transport=tenant)

    monkeypatch.setattr(verb, "open_client", client)
    return tenant


def test_no_name_that_a_tenant_holds_is_in_the_file(
    planting: Planting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IRU_API_URL", "https://castellane.api.kandji.io")
    monkeypatch.setenv("IRU_API_TOKEN", "token-of-zebulon")
    main(["check", "--shapes", str(tmp_path / "shapes.json")])
    text = (tmp_path / "shapes.json").read_text("utf-8")
    said = capsys.readouterr().err
    assert len(json.loads(text)["endpoints"]) >= 30
    for shown in (text, said):
        assert not any(name in shown.casefold() for name in ("zebulon", "castellane", "quux", "nw7qk2m4xh", "10.20.30"))
    # What is written are names of fields and forms, and words that tools list; a text of the tenant is neither.
    written = set(json.dumps(json.loads(text)["endpoints"]).split('"'))
    names = {part for word in written for part in word.replace("[]", "").split(".")}
    leaked = {one for one in planting.said if len(one) > 3 and one in written and one.casefold() not in _listed_words()}
    assert not leaked - names


def test_the_demo_tenant_answers_as_is_expected_and_the_file_says_how(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--demo", "--shapes", str(tmp_path / "shapes.json")]) == 0
    found = json.loads((tmp_path / "shapes.json").read_text("utf-8"))
    assert found["differences"] == []
    devices = found["endpoints"]["LIST_DEVICES"]
    assert devices["fields"]["[].device_id"]["kinds"] == {"UUID": 1.0}
    assert devices["fields"]["[].last_check_in"]["kinds"].keys() & {"date like 9999-99-99T99:99:99.999999Z"}
    assert set(devices["fields"]["[].platform"]["words"]) <= {"Mac", "iPhone", "iPad", "AppleTV", "Windows", "Android"}
    assert "x-ratelimit-remaining-hour: number" in devices["rate_limit_headers"]
    assert "Every answer has the expected shape." in capsys.readouterr().err


def test_what_differs_from_the_expected_shapes_is_told_in_words() -> None:
    ours, theirs = Shapes(), Shapes()
    endpoint = next(one for one in _endpoints() if one.name == "LIST_USERS")
    ours.note(endpoint, {}, {"next": None, "results": [{"id": 1, "email": "a@b.example", "active": True}]})
    theirs.note(endpoint, {}, {"next": None, "count": 1, "results": [{"id": "x", "email": None, "zebulon": 1}]})
    assert differences(theirs.described(), ours.described()) == [
        "LIST_USERS sends count, which is not expected",
        "LIST_USERS sends results[].?, which is not expected",
        "LIST_USERS does not send results[].active, which is expected",
        "LIST_USERS sends results[].id as text; expected: number",
    ]


def _endpoints() -> Iterator[Any]:
    for tool in catalogue().values():
        yield from tool.endpoints
