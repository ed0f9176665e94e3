"""Pieces of the page: sections, tables that say when they are cut, and bars that are tables with a drawn column.

A bar is a cell with a coloured width beside its number, so one element is read by the eye, a screen reader, a phone and
a printer. Every text is escaped here and nowhere else.
"""

import re
from collections.abc import Sequence
from html import escape
from typing import Any

Row = dict[str, Any]
UNKNOWN = "unknown"
"""What stands in the place of a share that is not known."""
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\dZ")


def section(title: str, inside: str, *, number: str = "", says: str = "", name: str = "") -> str:
    """A section with its heading, the number that it is about, and a sentence."""
    big = f'<p class="about"><strong>{escape(number)}</strong> {escape(says)}</p>' if number or says else ""
    return f'<section class="{name or "part"}">\n<h2>{escape(title)}</h2>\n{big}{inside}\n</section>'


def badge(severity: str) -> str:
    """A severity as a word on its colour."""
    return f'<span class="badge {css(severity)}">{escape(severity)}</span>'


def css(name: str) -> str:
    """A name as a class of the style."""
    return re.sub(r"[^a-z]+", "-", name.lower())


def table(caption: str, rows: Sequence[Row], *, of: int | None = None, order: str = "", name: str = "rows") -> str:
    """`rows` as a table; where they are the first `of` so many in an `order`, the caption says so.

    A cell may be a list of texts. With `name` "rows wide" a phone shows each row as a list of its cells.
    """
    names = list(dict.fromkeys(column for row in rows for column in row))
    numbers = {column for column in names if all(_is_number(row.get(column)) for row in rows)}
    head = "".join(f'<th scope="col"{_aligned(one in numbers)}>{escape(one)}</th>' for one in names)
    lines = "".join(
        f"<tr>{''.join(_cell(one, row.get(one), number=one in numbers) for one in names)}</tr>" for row in rows
    )
    cut = f"{caption}: {len(rows):,} of {of:,}, {order}" if of is not None and of > len(rows) else caption
    return (
        f'<table class="{name}"><caption>{escape(cut)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{lines}</tbody></table>"
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and (value.endswith(" %") or value == UNKNOWN))


def _aligned(number: bool) -> str:  # noqa: FBT001 - a flag of a cell
    return ' class="number"' if number else ""


def _cell(column: str, value: Any, *, number: bool) -> str:
    shown = badge(str(value)) if column == "severity" and value else _text(value)
    return f'<td data-name="{escape(column)}"{_aligned(number)}>{shown}</td>'


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return f"<ul>{''.join(f'<li>{escape(str(one))}</li>' for one in value)}</ul>"
    return f"{value:,}" if isinstance(value, int) else when(str(value))


def when(text: str) -> str:
    """A time of the copy as people read it, in UTC; any other text as it is."""
    found = _TIME.fullmatch(text)
    return f'<time datetime="{text}">{found[1]} {found[2]}</time>' if found else escape(text)


def bars(caption: str, rows: Sequence[Row], label: str, count: str, parts: Sequence[str] = ()) -> str:
    """A bar of `count` a row; with `parts`, columns that add up to it, each in its colour and with its number."""
    most = max((row[count] or 0 for row in rows), default=0) or 1
    lines = "".join(_bar(row, label, count, parts, most) for row in rows)
    legend = "".join(
        f'<th scope="col" class="number"><span class="key {css(part)}"></span>{escape(part)}</th>' for part in parts
    )
    ends = f'<th scope="col">{escape(label)}</th>', f'<th scope="col" class="number">{escape(count)}</th>'
    head = f"<thead><tr>{ends[0]}{legend or '<td></td>'}{ends[1]}</tr></thead>"
    return f'<table class="bars"><caption>{escape(caption)}</caption>{head}{lines}</table>'


def _bar(row: Row, label: str, count: str, parts: Sequence[str], most: int) -> str:
    total = row[count] or 0
    name = f'<th scope="row">{_text(row[label])}</th>'
    number = f'<td class="number">{total:,}</td>'
    if not parts:
        return f'<tbody><tr>{name}<td class="bar">{_width(total, most, "mark")}</td>{number}</tr></tbody>'
    cells = "".join(f'<td class="number">{row[part] or 0:,}</td>' for part in parts)
    drawn = "".join(_width(row[part] or 0, most, css(part)) for part in parts)
    return (
        f"<tbody><tr>{name}{cells}{number}</tr>"
        f'<tr aria-hidden="true"><td class="bar" colspan="{len(parts) + 2}">{drawn}</td></tr></tbody>'
    )


def _width(value: int, most: int, name: str) -> str:
    return f'<span class="{name}" style="width:{100 * value / most:.2f}%"></span>' if value else ""
