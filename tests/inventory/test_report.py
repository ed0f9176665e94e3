"""The report, opened in a real browser: nothing is asked of a network, nothing is complained about, all can be read."""

from __future__ import annotations

import json
import re
import shutil
import struct
import subprocess
from datetime import timedelta
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from iru_mcp.inventory.alerts.evaluate import judge
from iru_mcp.inventory.alerts.rules import load
from iru_mcp.inventory.report.page import page
from iru_mcp.inventory.store import reader

from .conftest import LATER, NOW, Copy
from .planted import Planted, device, put

pytestmark = pytest.mark.anyio

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
            encoding="utf-8",
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
    pages = re.findall(rb"/Type /Page\b", paper.read_bytes())
    assert 2 <= len(pages) <= 5


@in_a_browser
@pytest.mark.parametrize("width", [390, 800])
async def test_nothing_has_to_be_scrolled_sideways(copy: Copy, tmp_path: Path, width: int) -> None:
    """Chromium's window is at least 500 wide, so the page is measured in a frame of the wanted width."""
    text = (await hostile(copy, tmp_path)).read_text("utf-8")
    frame = tmp_path / "frame.html"
    frame.write_text(
        f'<iframe style="border:0;width:{width}px;height:900px" srcdoc="{escape(text)}"></iframe><script>'
        "onload = () => { document.title = frames[0].document.documentElement.scrollWidth; }</script>"
    )
    words = [
        str(CHROMIUM),
        *QUIET,
        f"--user-data-dir={tmp_path / 'measured'}",
        "--hide-scrollbars",
        "--dump-dom",
        frame.as_uri(),
    ]
    done = await anyio.run_process(words)
    found = re.search(rb"<title>(\d+)</title>", done.stdout)
    assert found
    assert int(found[1]) == width


class Outline(HTMLParser):
    """Elements of a page, and its tables by their captions: each a list of rows, each a list of cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.tables: list[tuple[str, list[list[str]]]] = []
        self._within = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("caption", "td", "th"):
            self._within = tag
        if tag == "table":
            self.tables.append(("", []))
        elif tag == "tr":
            self.tables[-1][1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._within:
            self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within == "caption":
            caption, rows = self.tables[-1]
            self.tables[-1] = (caption + data, rows)
        elif self._within:
            self.tables[-1][1][-1][-1] += data

    def table(self, caption: str) -> dict[str, list[str]]:
        """The table whose caption begins so: the first cell of each row to the others."""
        rows = next(rows for name, rows in self.tables if name.startswith(caption))
        return {row[0]: row[1:] for row in rows if len(row) > 1}


def drawn(copy: Copy) -> Outline:
    """The report of a copy as it is."""
    with reader(copy.path) as db:
        return Outline(page(db, copy.now))


def numbers(cells: list[str]) -> list[int]:
    return [int(cell.replace(",", "")) for cell in cells]


def test_whoever_listens_hears_what_whoever_looks_sees(copy: Copy) -> None:
    outline = drawn(copy)
    tags = outline.tags
    captions = [tag for tag, _ in tags if tag == "caption"]
    assert len(captions) == len(outline.tables) >= 7
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in tags if tag == "th")
    assert ("html", {"lang": "en"}) in tags
    hidden = [attributes for _, attributes in tags if attributes.get("aria-hidden")]
    assert hidden, "a bar of parts repeats the numbers above it"


def test_the_numbers_are_those_of_the_copy(copy: Copy) -> None:
    outline = drawn(copy)
    ((on, total),) = copy.rows(
        "SELECT (SELECT count(*) FROM filevault f JOIN devices d USING (device_id) WHERE f.status = 1 AND "
        "d.platform = 'Mac'), count(*) FROM devices WHERE platform = 'Mac'"
    )
    assert outline.table("Share of devices")["FileVault, Mac"][0] == f"{int(1000 * on / total) / 10:.1f} %"
    platforms = dict(copy.rows("SELECT platform, count(*) FROM devices GROUP BY 1"))
    encryption = outline.table("Devices by whether")
    assert {name: numbers(cells)[-1] for name, cells in encryption.items() if name in platforms} == platforms
    assert all(sum(numbers(cells)[:-1]) == platforms[name] for name, cells in encryption.items() if name in platforms)
    assert numbers(encryption["Mac"])[0] == on
    assert numbers(encryption["iPhone"])[:2] == [0, 0], "Iru says nothing of them"
    silent = outline.table("Devices by the time since")
    assert numbers(silent["never"][-1:]) == [
        count for (count,) in copy.rows("SELECT count(*) FROM devices WHERE last_check_in IS NULL HAVING count(*)")
    ]
    found = outline.table("Detections by severity")
    high = sum(numbers(cells)[1] for name, cells in found.items() if name != "present for")
    assert copy.rows("SELECT count(*) FROM detections WHERE cvss_severity = 'High' AND enrolled") == [(high,)]


def test_a_first_copy_says_that_there_is_nothing_to_compare_with(copy: Copy) -> None:
    with reader(copy.path) as db:
        text = page(db, copy.now)
    assert "There is no earlier copy to compare with" in text


async def test_protection_of_a_week_ago_stands_beside_that_of_now(copy: Copy) -> None:
    before = drawn(copy).table("Share of devices")["FileVault, Mac"][0]
    planted = Planted()
    for place in range(3):
        planted.plant("filevault", {"device_id": device(copy, place)[1]}, put(status=False))
    copy.tenant.edits.append(planted)
    copy.now = NOW + timedelta(days=8)
    await copy.sync(full=True)
    now = drawn(copy).table("Share of devices")
    assert now["protection"][:2] == ["now", "23 Nov"]
    assert now["FileVault, Mac"][1] == before
    assert float(now["FileVault, Mac"][0][:-2]) < float(before[:-2])


async def test_a_remediated_cve_is_not_counted_as_present(copy: Copy) -> None:
    before = sum(numbers(cells)[-1] for name, cells in drawn(copy).table("Detections by").items() if name[0] != "p")
    ((cve, count),) = copy.rows("SELECT cve_id, count(*) FROM detections GROUP BY 1 ORDER BY 2 DESC LIMIT 1")
    planted = Planted()
    planted.plant("vulnerabilities", {"cve_id": cve}, put(status="Remediated"))
    copy.tenant.edits.append(planted)
    copy.now = LATER
    await copy.sync(full=True)
    outline = drawn(copy)
    assert (
        sum(numbers(cells)[-1] for name, cells in outline.table("Detections by").items() if name[0] != "p")
        == before - count
    )
    assert not [rows for caption, rows in outline.tables if caption.startswith("Critical") and cve in str(rows)]


async def test_a_table_that_is_cut_says_so_and_has_executives_and_then_the_oldest_first(copy: Copy) -> None:
    ((user, name),) = copy.rows(
        "SELECT d.user_id, d.device_name FROM devices d JOIN detections x USING (device_id) "
        "WHERE d.user_id IS NOT NULL ORDER BY x.since DESC LIMIT 1"
    )
    planted = Planted()
    planted.plant("users", {"id": user}, put(job_title="Chief Financial Officer"))
    planted.plant("detections", {}, put(cvss_severity="Critical"))
    copy.tenant.edits.append(planted)
    copy.now = LATER
    await copy.sync(full=True)
    caption, rows = next(found for found in drawn(copy).tables if found[0].startswith("Critical or exploited"))
    ((count,),) = copy.rows("SELECT count(*) FROM detections WHERE enrolled")
    assert f"20 of {count:,}, known to be exploited first" in caption
    ranked = [(row[1] != "yes", "Chief" not in row[5], row[6]) for row in rows[1:]]
    assert ranked == sorted(ranked)
    assert name in {row[4] for row in rows}, "the newest detection, and an executive's"


async def test_what_was_not_permitted_is_said_and_not_drawn_as_nothing(copy: Copy) -> None:
    def refuse(request: httpx.Request) -> httpx.Response | None:
        denied = "/vulnerability-management/" in request.url.path or request.url.path.endswith("/filevault")
        return httpx.Response(403, request=request, stream=httpx.ByteStream(b"{}")) if denied else None

    copy.tenant.refuse = refuse
    copy.now = LATER
    await copy.sync(full=True)
    with reader(copy.path) as db:
        text = page(db, copy.now)
    assert "Not complete. detections: not permitted" in text
    assert "Not complete. filevault: not permitted" in text


HOSTILE = '"><script>x()</script><img src=x onerror=x()><style>*{}</style>&#x27; </td></table>' + "W" * 300
_KEPT = re.compile(
    r"id$|^id|_at$|date|time|check_?in|enroll|version|platform|type|status|action|expir|since|created|path"
)


def _poison(_: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every text that is not what a row is found or dated by begins with markup."""
    return [
        {
            key: HOSTILE + value if isinstance(value, str) and not _KEPT.search(key) else value
            for key, value in row.items()
        }
        for row in rows
    ]


async def hostile(copy: Copy, folder: Path) -> Path:
    """The report of a copy whose every text is hostile, with what the rules find there."""
    copy.tenant.edits.append(_poison)
    copy.now = LATER
    await copy.sync(full=True)
    await judge(copy.path, load(), copy.now)
    with reader(copy.path) as db:
        (folder / "report.html").write_text(page(db, copy.now), "utf-8")
    return folder / "report.html"


async def test_hostile_text_in_every_field_stays_text(copy: Copy, tmp_path: Path) -> None:
    text = (await hostile(copy, tmp_path)).read_text("utf-8")
    assert "&lt;script&gt;" in text
    outline = Outline(text)
    assert {tag for tag, _ in outline.tags} <= set(
        "html head meta title style body main header h1 h2 p time div section dl dt dd ol ul li em strong span table "
        "caption thead tbody tr th td".split()
    )
    names = {name for _, attributes in outline.tags for name in attributes}
    assert names <= set(
        "lang charset name content http-equiv class scope data-name aria-hidden colspan style datetime".split()
    )
    styles = {str(attributes["style"]) for _, attributes in outline.tags if "style" in attributes}
    assert all(re.fullmatch(r"width:[\d.]+%", style) for style in styles)
    assert [tag for tag, _ in outline.tags].count("style") == 1
