"""The pictures in the documents, drawn by a real browser."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
MEASURE = """
<script>
const frame = document.querySelector("svg").getBoundingClientRect();
const outside = [...document.querySelectorAll("svg text")].filter((text) => {
  const box = text.getBoundingClientRect();
  return box.width === 0 || box.left < frame.left || box.right > frame.right || box.bottom > frame.bottom;
});
document.title = `texts ${document.querySelectorAll("svg text").length} outside ${outside.map((t) => t.textContent)}`;
</script>
"""


@pytest.mark.parametrize("name", sorted(path.name for path in DOCS.glob("*.svg")))
def test_every_text_of_a_picture_is_drawn_within_its_frame(
    name: str, program: Callable[[str], str], tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"<!doctype html><meta charset=utf-8>{(DOCS / name).read_text('utf-8')}{MEASURE}", "utf-8")
    browser = [
        program("chromium"),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path}/profile",
    ]
    drawn = subprocess.run(
        [*browser, "--dump-dom", page.as_uri()], capture_output=True, encoding="utf-8", timeout=120, check=True
    )
    found = re.search(r"<title>texts (\d+) outside (.*?)</title>", drawn.stdout)
    assert found
    assert int(found[1]) > 5
    assert found[2] == ""
