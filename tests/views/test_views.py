"""The views, drawn in headless Chromium by a host of the official SDK, over HTTP, on the demo tenant."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from benchmarks.context import tokens
from mcp import Client
from mcp.client.extension import ClientExtension
from mcp.types import ListToolsResult

from iru_mcp.api.client import IruClient
from iru_mcp.cli import main
from iru_mcp.demo import HOST, TOKEN
from iru_mcp.server import Binder
from iru_mcp.tools.kit.catalogue import catalogue, select
from iru_mcp.views import EXTENSION, MIME_TYPE, RESOURCE_META, VIEWS, page, view_of
from tests.conftest import is_private, unlimited
from tests.server.conftest import starting
from tests.views.scenarios import CALLS, HER_MAC, MIRA, SHAPES, scenarios

RUNNER = Path(__file__).parent / "host"
CHROMIUM, NODE = shutil.which("chromium"), shutil.which("node")
MISSING = [
    need
    for need, there in (
        ("chromium", CHROMIUM),
        ("nodejs npm", NODE),
        ("npm ci --prefix tests/views/host", (RUNNER / "node_modules").exists()),
    )
    if not there
]
in_a_browser = pytest.mark.skipif(bool(MISSING), reason=f"wants {', '.join(MISSING)} (.ci/install brings them)")


class Announced(ClientExtension):
    """A client that shows views of our kind, or of another."""

    identifier = EXTENSION

    def __init__(self, mime_type: str = MIME_TYPE) -> None:
        self._mime_type = mime_type

    def settings(self) -> dict[str, Any]:
        return {"mimeTypes": [self._mime_type]}


DRAWN = {  # every element a view may make
    *("p", "main", "script", "aside", "ul", "ol", "li", "span", "h1", "h2", "h3", "header", "section", "details"),
    *("summary", "dl", "dt", "dd", "div", "time", "table", "caption", "thead", "tbody", "tr", "th", "td", "button"),
    *("small", "svg", "line", "text", "circle", "rect", "path", "title"),
}


def binder(*, show_views: bool = True) -> Binder:
    tools = select(catalogue(), toolsets_named=["inventory"])
    return Binder(tools, lambda: IruClient(HOST, lambda: TOKEN, transport=unlimited()), show_views=show_views)


async def listed(*, announced: Announced | None = None, show_views: bool = True, era: str = "legacy") -> str:
    extensions = [announced] if announced else None
    async with Client(binder(show_views=show_views).server, mode=era, extensions=extensions) as client:
        found: ListToolsResult = await client.list_tools()
    return found.model_dump_json(by_alias=True, exclude_none=True)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each scenario showed, all run in one browser."""
    folder = tmp_path_factory.mktemp("views")
    with starting() as start:
        copy = folder / "copy.sqlite3"
        clear = start("serve", "--transport", "http", "--port", "0", "--demo", "--toolsets", "inventory",
                      IRU_INVENTORY=str(copy))  # fmt: skip
        hidden = start("serve", "--transport", "http", "--port", "0", "--demo", "--privacy", "pseudonyms")
        words = [sys.executable, "-m", "iru_mcp", "sync", "--demo", "--inventory", str(copy)]
        subprocess.run(words, check=True, capture_output=True)
        asked = json.dumps(scenarios(f"{clear.url}/mcp", f"{hidden.url}/mcp", folder))
        words = [str(NODE), str(RUNNER / "run.mjs"), str(folder / "pictures")]
        ran = subprocess.run(words, input=asked, capture_output=True, encoding="utf-8", timeout=240, check=False)
    assert ran.returncode == 0, ran.stderr
    return {one["name"]: one for one in json.loads(ran.stdout)}


SHOWN = [f"{view}-{shape}" for view in CALLS for shape in SHAPES]


@in_a_browser
def test_no_view_complains_reaches_out_or_breaks_the_protocol(seen: dict[str, Any]) -> None:
    assert len(seen) == 40
    for name, one in seen.items():
        assert (one["console"], one["requests"], one["wrong"]) == ([], [], []), name
        assert one["unnamed"] == 0, name


@in_a_browser
@pytest.mark.parametrize("name", SHOWN)
def test_a_view_fits_its_frame_and_says_whether_the_answer_is_complete(seen: dict[str, Any], name: str) -> None:
    one = seen[name]
    assert not one["wide"]
    assert re.search(r"\b(Complete|Not complete)\b", one["text"])
    assert one["methods"][:2] == ["ui/initialize", "ui/notifications/initialized"]
    assert one["scheme"] == ("dark" if name.endswith("dark") else "light")
    assert one["resource"]["mimeType"] == MIME_TYPE
    assert one["resource"]["meta"] == RESOURCE_META


@in_a_browser
def test_the_dossier_shows_whose_it_is_how_it_stands_and_what_stands_out_first(seen: dict[str, Any]) -> None:
    said = seen["dossier-light"]["text"]
    order = [HER_MAC, "Mira Castellane", "Disk encrypted", "What stands out", "hidden administrator"]
    assert [said.find(words) for words in order] == sorted(said.find(words) for words in order)
    assert all(words in said for words in order)


@in_a_browser
@pytest.mark.parametrize(
    ("name", "tool", "arguments"),
    [
        ("click", "find_indicator", {"value": "com.lumenpdf.pro"}),
        ("person", "find_devices_for_user", {"email": "mira.castellane@northwind.example"}),
        ("hop", "inventory_graph", {"hops": 1}),
    ],
)
def test_a_click_asks_the_host_and_draws_what_it_was_given(
    seen: dict[str, Any], name: str, tool: str, arguments: dict[str, Any]
) -> None:
    call = seen[name]["calls"][0]
    assert call["name"] == tool
    assert set(call["arguments"].items()) >= set(arguments.items())


@in_a_browser
def test_a_call_that_is_not_approved_is_said_and_leaves_the_drawing(seen: dict[str, Any]) -> None:
    assert "find_indicator gave no answer" in seen["refused"]["text"]
    assert "What stands out" in seen["refused"]["text"]


@in_a_browser
def test_keys_zoom_the_time_axis_and_the_list_follows(seen: dict[str, Any]) -> None:
    assert 0 < len(seen["zoom"]["text"]) < len(seen["zoom"]["before"])


@in_a_browser
def test_the_theme_of_the_host_is_followed_when_it_changes(seen: dict[str, Any]) -> None:
    assert seen["retheme"]["scheme"] == "dark"


@in_a_browser
def test_a_host_that_does_not_answer_is_told_in_words(seen: dict[str, Any]) -> None:
    assert "did not answer within 10 seconds" in seen["deaf"]["text"]
    assert "iru-mcp view" in seen["no-answer"]["text"]


@in_a_browser
def test_a_breakdown_says_total_and_unknown_and_draws_sql_too(seen: dict[str, Any]) -> None:
    assert "Total 400, on 400 devices; unknown 0." in seen["breakdown-light"]["text"]
    assert "By platform" in seen["sql"]["text"]
    assert "Total 400; unknown 0." in seen["sql"]["text"]


@in_a_browser
@pytest.mark.parametrize("name", [*(f"{view.name}-hostile" for view in VIEWS), "hostile"])
def test_hostile_text_is_shown_as_text(seen: dict[str, Any], name: str) -> None:
    one = seen[name]
    assert "<img src=x onerror=alert(1)>" in one["text"]
    assert set(one["elements"]) <= DRAWN
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", one["text"])


@in_a_browser
@pytest.mark.parametrize("view", [view.name for view in VIEWS])
def test_an_empty_answer_is_said_in_words(seen: dict[str, Any], view: str) -> None:
    assert re.search(r"Nothing|No (event|row)|nobody", seen[f"{view}-empty"]["text"])


@in_a_browser
def test_a_thousand_rows_are_all_drawn(seen: dict[str, Any]) -> None:
    assert "1000 rows from" in seen["thousand"]["text"]
    assert seen["thousand"]["text"].count("\nrow ") == 1_000


@in_a_browser
def test_a_crowded_column_is_grouped_with_a_count_until_it_is_opened(seen: dict[str, Any]) -> None:
    assert "App (240)" in seen["crowd"]["before"]
    assert "app 239" not in seen["crowd"]["before"]
    assert "app 239" in seen["crowd"]["text"]


@in_a_browser
def test_what_was_not_read_is_named_where_it_is_missing(seen: dict[str, Any]) -> None:
    said = seen["partial"]["text"]
    assert "Not complete" in said
    assert "the audit log was read back to 2026-11-03" in said
    assert "Sources that were not read whole" in said
    assert "not licensed" in said
    assert "rect" in seen["partial"]["elements"], "the part of a lane that was not read is drawn as a gap"
    assert "rect" not in seen["timeline-light"]["elements"]


@in_a_browser
def test_a_call_that_failed_is_shown_in_its_own_words(seen: dict[str, Any]) -> None:
    assert "Iru did not answer." in seen["failed"]["text"]


@in_a_browser
def test_privacy_mode_holds_in_a_view(seen: dict[str, Any]) -> None:
    assert "What stands out" in seen["privacy"]["text"]
    assert not re.search("castellane|NW7QK2M4XH", seen["privacy"]["text"], re.IGNORECASE)


@in_a_browser
def test_a_view_with_its_answer_inside_needs_no_host(seen: dict[str, Any]) -> None:
    assert HER_MAC in seen["alone"]["text"]
    assert "button" not in seen["alone"]["elements"]


@pytest.mark.parametrize("era", ["legacy", "2026-07-28"])
async def test_a_client_that_does_not_announce_views_gets_the_list_as_it_is_without_them(era: str) -> None:
    plain = await listed(show_views=False, era=era)
    assert await listed(era=era) == plain
    assert "ui://" not in plain
    assert await listed(announced=Announced("text/plain"), era=era) == plain


@pytest.mark.parametrize("era", ["legacy", "2026-07-28"])
async def test_a_client_that_announces_views_is_told_of_one_a_tool_and_can_read_it(era: str) -> None:
    async with Client(binder().server, mode=era, extensions=[Announced()]) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        resources = {str(one.uri): one for one in (await client.list_resources()).resources}
        for name, tool in tools.items():
            view = view_of(name, tool.input_schema["properties"])
            assert (tool.meta or {}).get("ui") == ({"resourceUri": view.uri} if view else None)
        for view in VIEWS:
            assert resources[view.uri].mime_type == MIME_TYPE
            read = (await client.read_resource(view.uri)).contents[0]
            assert (read.mime_type, read.meta) == (MIME_TYPE, RESOURCE_META)
            assert read.text == page(view)  # type: ignore[union-attr]


async def test_views_cost_the_tool_list_at_most_200_tokens() -> None:
    plain, drawn = await listed(), await listed(announced=Announced())
    cost = tokens(drawn) - tokens(plain)
    assert 0 < cost <= 200


async def test_switched_off_no_client_is_told_of_views() -> None:
    assert await listed(announced=Announced(), show_views=False) == await listed()


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: str(view.name))
def test_a_page_is_small_and_allows_nothing_but_its_own_script_and_style(view: Any) -> None:
    text = page(view)
    assert len(text.encode()) < 120_000
    for kind in ("script", "style"):
        (inside,) = re.findall(rf"<{kind}>(.*?)</{kind}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in text
    assert "default-src 'none'" in text
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|\beval\b|fetch\(|XMLHttpRequest|import\(", text)


def test_the_verb_view_writes_a_file_that_only_its_owner_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "dossier.html"
    assert main(["view", "get_device_dossier", "--demo", f"device={MIRA}", "--out", str(file)]) == 0
    assert capsys.readouterr().out.strip() == str(file)
    assert is_private(file)
    assert HER_MAC in file.read_text("utf-8")


def test_the_verb_view_names_what_has_a_view(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["view", "get_device_details", "--demo", f"device={MIRA}"]) == 2
    assert "get_device_dossier" in capsys.readouterr().err
