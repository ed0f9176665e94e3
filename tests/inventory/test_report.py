"""The report, opened in a real browser: nothing is asked of a network, nothing is complained about, all can be read."""

from __future__ import annotations

import json
import re
import shutil
import struct
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import anyio
import pytest

from iru_mcp.inventory.report.page import page
from iru_mcp.inventory.store import reader

from .conftest import LATER, Copy
from .planted import Planted, device, put

pytestmark = pytest.mark.anyio
pytest.importorskip("vl_convert", reason="the extra 'report' is not installed")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
in_a_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on this machine (Debian, Ubuntu: apt-get install chromium)"
)
QUIET = (
    "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync --disable-extensions --disable-default-apps --mute-audio --disable-dev-shm-usage "
    "--enable-logging=stderr --timeout=20000"
).split()


class Seen:
    """What a browser did with a page."""

    def __init__(self, file: Path, folder: Path, *flags: str) -> None:
        log, self.picture = folder / "net.json", folder / "page.png"
        words = [str(CHROMIUM), *QUIET, f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}", *flags]
        done = subprocess.run(
            [*words, f"--screenshot={self.picture}", file.as_uri()],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        self.console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        events = json.loads(log.read_text("utf-8"))["events"]
        urls = {str(event.get("params", {}).get("url", "")) for event in events}
        self.asked = {url for url in urls if url.startswith("http") and ".example" in url}
        self.size = struct.unpack(">II", self.picture.read_bytes()[16:24])


async def made(copy: Copy, folder: Path) -> Path:
    """The report of a copy with a change in it, as a file."""
    planted = Planted()
    _, device_id = device(copy)
    name = 'Chess <script src="https://evil.example/x.js"></script><img src=https://evil.example/y.png>'
    planted.plant("apps", {"device_id": device_id, "bundle_id": "com.apple.Chess"}, put(name=name, version="9"))
    planted.plant("devices", {"device_id": device_id}, put(device_name=name))
    copy.tenant.edits.append(planted)
    copy.now = LATER
    await copy.sync(full=True)
    with reader(copy.path) as db:
        (folder / "report.html").write_text(page(db, copy.now), "utf-8")
    return folder / "report.html"


@in_a_browser
@pytest.mark.parametrize(
    "flags",
    [
        ["--window-size=1000,1600"],
        ["--window-size=500,1600"],
        ["--window-size=1000,1600", "--blink-settings=preferredColorScheme=0"],
    ],
    ids=["wide", "phone", "dark"],
)
async def test_the_page_opens_without_a_complaint_and_asks_nothing_of_a_network(
    copy: Copy, tmp_path: Path, flags: list[str]
) -> None:
    seen = Seen(await made(copy, tmp_path), tmp_path, *flags)
    assert seen.console == []
    assert seen.asked == set()
    assert seen.picture.stat().st_size > 30_000, "a blank page packs into less"


@in_a_browser
def test_a_page_that_did_either_would_be_seen(tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text("<script>console.error('no')</script><img src='http://tracker.example/pixel.png'>")
    seen = Seen(bad, tmp_path, "--window-size=500,500")
    assert seen.console
    assert seen.asked == {"http://tracker.example/pixel.png"}


@in_a_browser
async def test_it_prints(copy: Copy, tmp_path: Path) -> None:
    file, paper = await made(copy, tmp_path), tmp_path / "report.pdf"
    words = [str(CHROMIUM), *QUIET, f"--user-data-dir={tmp_path / 'printer'}", f"--print-to-pdf={paper}", file.as_uri()]
    await anyio.run_process(words)
    assert paper.read_bytes().startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b", paper.read_bytes())) >= 2


class Outline(HTMLParser):
    """Elements, ids and what refers to them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


async def test_whoever_listens_hears_what_whoever_looks_sees(copy: Copy, tmp_path: Path) -> None:
    outline = Outline()
    outline.feed((await made(copy, tmp_path)).read_text("utf-8"))
    tags = outline.tags
    ids = {attributes["id"] for _, attributes in tags if "id" in attributes}
    drawings = [attributes for tag, attributes in tags if tag == "svg"]
    assert len(drawings) == 6
    for drawing in drawings:
        assert drawing["role"] == "img"
        assert set(str(drawing["aria-labelledby"]).split()) <= ids
    tables = [tag for tag, _ in tags if tag == "table"]
    assert len(tables) >= len(drawings), "every drawing's numbers are a table too"
    assert len(tables) == len([tag for tag, _ in tags if tag == "caption"])
    assert all(attributes.get("scope") == "col" for tag, attributes in tags if tag == "th")
    assert ("html", {"lang": "en"}) in tags
    assert not [tag for tag, _ in tags if tag in ("script", "img", "iframe", "object", "a")]


async def test_names_from_devices_stay_text(copy: Copy, tmp_path: Path) -> None:
    text = (await made(copy, tmp_path)).read_text("utf-8")
    assert "<script" not in text
    assert "<img" not in text
