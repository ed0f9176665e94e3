"""Draws docs/session.svg: questions, the calls that answer them, and the demo tenant's answers, asked for real."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

from documents.answers import ask_all

COLUMNS = 104
WIDE, HIGH, MARGIN, BAR = 8.43, 21, 24, 40
COLOURS = {"asked": "#e6edf3", "call": "#7d8590", "answer": "#7ee787"}
PICTURE = Path(__file__).parents[1] / "docs" / "session.svg"


def lines() -> Iterator[tuple[str, str]]:
    """Each line of the session with what it is."""
    for question, answer in ask_all():
        yield "asked", f"> {question.asked}"
        yield from (("call", line) for line in _wrapped(question.call, "  iru: "))
        for said in answer:
            yield from (("answer", line) for line in _wrapped(said, "  "))
        yield "call", ""


def _wrapped(text: str, first: str) -> list[str]:
    return textwrap.wrap(text, COLUMNS, initial_indent=first, subsequent_indent="    ", break_on_hyphens=False)


def draw() -> str:
    """The picture as SVG text."""
    shown = list(lines())[:-1]
    width, height = round(COLUMNS * WIDE + 2 * MARGIN), BAR + len(shown) * HIGH + MARGIN
    dots = "".join(
        f'<circle cx="{MARGIN + 20 * place}" cy="20" r="6" fill="{fill}"/>'
        for place, fill in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    rows = "\n".join(
        f'<text x="{MARGIN}" y="{BAR + (number + 1) * HIGH - 4}" fill="{COLOURS[kind]}"'
        f"{' font-weight=' + chr(34) + 'bold' + chr(34) if kind == 'asked' else ''}>{escape(text)}</text>"
        for number, (kind, text) in enumerate(shown)
        if text
    )
    font = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="Six questions to the demo tenant, with their answers">\n'
        f'<rect width="{width}" height="{height}" rx="10" fill="#0d1117"/>\n{dots}\n'
        f'<g font-family="{font}" font-size="14" xml:space="preserve">\n{rows}\n</g>\n</svg>\n'
    )


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(PICTURE.read_text("utf-8") != draw())
    PICTURE.write_text(draw(), "utf-8")
    print(PICTURE)
