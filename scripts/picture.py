"""Draws docs/session.svg: an assistant investigates on the demo tenant, and what runs where.

The calls and what they found are asked for real. The assistant's closing words are a text of ours, filled with values
from the same answers.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

from documents.answers import ALERT, SESSION, ask_all

from iru_mcp.tools.kit.catalogue import Answer

COLUMNS = 100
WIDE, HIGH, MARGIN, TOP = 8.43, 21, 24, 112
COLOURS = {"person": "#e6edf3", "call": "#7d8590", "found": "#7ee787", "assistant": "#79c0ff"}
PLACES = (
    ("Your assistant", "on your machine"),
    ("iru-mcp", "on your machine; holds the token"),
    ("Iru's API", "here the built-in demo tenant"),
)
WAYS = ("MCP over stdio", "GET over https")
CLOSING = (
    "{device[device_name]} has malware: {threats[rows][0][threat_name]}, {threats[rows][0][status]}, started at login "
    "since {launch_items[rows][0][created_at]}. {others} have the same login item: isolate all {macs} Macs. In the "
    "same week {tokens} API tokens were made, for FileVault keys and for scripts: find out who made them, or revoke "
    "them."
)
PICTURE = Path(__file__).parents[1] / "docs" / "session.svg"


def lines() -> Iterator[tuple[str, str]]:
    """Each line of the session with whose it is."""
    answers = ask_all(SESSION)
    yield from (("person", line) for line in _wrapped(ALERT, "You: ", "     "))
    yield "call", ""
    for question, answer in answers:
        yield from (("call", line) for line in _wrapped(question.call, "  iru  ", "       "))
        for found in question.lines(answer):
            yield from (("found", line) for line in _wrapped(found, "       ", "         "))
    yield "call", ""
    closing = _closing([answer for _, answer in answers])
    yield from (("assistant", line) for line in _wrapped(closing, "Assistant: ", "           "))


def _closing(answers: list[Answer]) -> str:
    _, dossier, macs, tokens = answers
    others = [row["device_name"] for row in macs["items"] if row["serial_number"] != dossier["device"]["serial_number"]]
    counts = {"macs": len(macs["items"]), "tokens": len(tokens["items"])}
    return CLOSING.format(**dossier, others=" and ".join(others), **counts)


def _wrapped(text: str, first: str, later: str) -> list[str]:
    return textwrap.wrap(text, COLUMNS, initial_indent=first, subsequent_indent=later, break_on_hyphens=False)


def _places(width: int) -> Iterator[str]:
    """What runs where: three boxes with the ways between them."""
    box, gap = 226, (width - 2 * MARGIN - 3 * 226) / 2
    for number, (name, where) in enumerate(PLACES):
        left = MARGIN + number * (box + gap)
        middle = left + box / 2
        yield f'<rect x="{left:.0f}" y="18" width="{box}" height="58" rx="8" fill="#161b22" stroke="#30363d"/>'
        yield f'<text x="{middle:.0f}" y="42" fill="#e6edf3" font-weight="bold" text-anchor="middle">{name}</text>'
        yield f'<text x="{middle:.0f}" y="62" fill="#7d8590" font-size="11" text-anchor="middle">{where}</text>'
    for number, way in enumerate(WAYS):
        left = MARGIN + box + number * (box + gap)
        yield f'<path d="M{left + 6:.0f} 50h{gap - 12:.0f}m-7 -4l7 4l-7 4" fill="none" stroke="#7d8590"/>'
        yield f'<text x="{left + gap / 2:.0f}" y="42" fill="#7d8590" font-size="9" text-anchor="middle">{way}</text>'


def _indent(line: str) -> float:
    """Where a line begins; renderers differ on leading spaces."""
    return MARGIN + WIDE * (len(line) - len(line.lstrip()))


def draw() -> str:
    """The picture as SVG text."""
    shown = list(lines())
    width, height = round(COLUMNS * WIDE + 2 * MARGIN), TOP + len(shown) * HIGH + MARGIN
    places = "\n".join(_places(width))
    rows = "\n".join(
        f'<text x="{_indent(text):.0f}" y="{TOP + number * HIGH}" fill="{COLOURS[whose]}"'
        f"{' font-weight=' + chr(34) + 'bold' + chr(34) if whose == 'person' else ''}>{escape(text.lstrip())}</text>"
        for number, (whose, text) in enumerate(shown)
        if text
    )
    font = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="An assistant answers a question about an alert with four calls to iru-mcp">\n'
        f'<rect width="{width}" height="{height}" rx="10" fill="#0d1117"/>\n'
        f'<g font-family="{font}" font-size="14">\n{places}\n{rows}\n</g>\n</svg>\n'
    )


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(PICTURE.read_text("utf-8") != draw())
    PICTURE.write_text(draw(), "utf-8")
    print(PICTURE)
