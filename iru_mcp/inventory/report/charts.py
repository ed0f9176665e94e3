"""Charts of the copy as still SVG: Vega-Lite drawings made without a network, coloured by the page's own style."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ...errors import ConfigError
from ...installation import installation

Row = dict[str, Any]
PALETTE = ("c1", "c2", "c3", "c4", "c5", "c6")
"""Names of colours that the page's style gives in light, in dark and in print."""
_STAND_IN = ("#010101", "#010102", "#010103", "#010104", "#010105", "#010106")
_INK, _LINE = "#020202", "#020203"
_CONFIG: Row = {
    "background": None,
    "padding": {"left": 26, "right": 14, "top": 6, "bottom": 6},  # the page's font may be wider than the drawing's
    "view": {"stroke": None},
    "font": "system-ui, sans-serif",
    "axis": {
        "labelColor": _INK,
        "titleColor": _INK,
        "domainColor": _LINE,
        "gridColor": _LINE,
        "tickColor": _LINE,
        "labelFontSize": 13,
        "titleFontSize": 13,
        "labelLimit": 240,
    },
    "legend": {"labelColor": _INK, "titleColor": _INK, "labelFontSize": 13, "orient": "bottom", "columns": 3},
    "text": {"color": _INK},
}


def bars(  # noqa: PLR0913 - what a chart is made of
    rows: Sequence[Row],
    category: str,
    count: str,
    *,
    by: str = "",
    order: Sequence[str] = (),
    parts: Sequence[str] = (),
) -> str:
    """Horizontal bars of `count` a `category` in `order`, stacked `by` a third column in the order of `parts`."""
    encoding: Row = {
        "y": {"field": category, "type": "nominal", "sort": list(order) or "-x", "title": None},
        "x": {
            "field": count,
            "type": "quantitative",
            "title": None,
            "axis": {"tickMinStep": 1, "tickCount": 5, "format": "~s"},
        },
        "color": {"value": _STAND_IN[0]},
    }
    if by:
        encoding["color"] = _coloured(rows, by, parts)
        place = {part: turn for turn, part in enumerate(encoding["color"]["scale"]["domain"])}
        rows = [row | {"_turn": place[str(row[by])]} for row in rows]
        encoding["order"] = {"field": "_turn", "type": "quantitative"}
    return _svg({"data": {"values": list(rows)}, "mark": "bar", "encoding": encoding, "height": {"step": 24}})


def columns(rows: Sequence[Row], day: str, count: str, *, by: str = "") -> str:
    """Upright bars of `count` a `day`, stacked `by` a third column."""
    encoding: Row = {
        "x": {"field": day, "type": "ordinal", "title": None, "axis": {"labelAngle": -40, "labelOverlap": True}},
        "y": {
            "field": count,
            "type": "quantitative",
            "title": None,
            "axis": {"tickMinStep": 1, "tickCount": 5, "format": "~s"},
        },
        "color": _coloured(rows, by) if by else {"value": _STAND_IN[0]},
    }
    return _svg({"data": {"values": list(rows)}, "mark": "bar", "encoding": encoding, "height": 220})


def network(nodes: Sequence[Row], edges: Sequence[Row], rows: int) -> str:
    """Nodes at x from 0 to 1 and y from 0 to 1 with name and type, joined by edges of x, y, x2, y2; `rows` high."""
    bounds = {"x": [-0.02, 1.25], "y": [1.05, -0.05]}
    place = {
        axis: {"field": axis, "type": "quantitative", "axis": None, "scale": {"domain": bound, "nice": False}}
        for axis, bound in bounds.items()
    }
    colour = _coloured(nodes, "type")
    domain = colour["scale"]["domain"]
    shapes = {
        "scale": {"domain": domain, "range": ["circle", "square", "diamond", "cross", "triangle-up"][: len(domain)]}
    }
    layers = [
        {
            "data": {"values": list(edges)},
            "mark": {"type": "rule", "color": _LINE},
            "encoding": place | {"x2": {"field": "x2"}, "y2": {"field": "y2"}},
        },
        {
            "data": {"values": list(nodes)},
            "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
            "encoding": place
            | {"color": colour, "shape": {key: colour[key] for key in ("field", "type", "title")} | shapes},
        },
        {
            "data": {"values": list(nodes)},
            "mark": {"type": "text", "align": "left", "dx": 9, "color": _INK, "fontSize": 11, "limit": 140},
            "encoding": place | {"text": {"field": "name"}},
        },
    ]
    return _svg({"layer": layers, "height": 30 * max(4, rows), "width": 900})


def _coloured(rows: Sequence[Row], by: str, parts: Sequence[str] = ()) -> Row:
    held = dict.fromkeys(str(row[by]) for row in rows)
    found = [part for part in parts if part in held] + [part for part in held if part not in parts]
    colours = [_STAND_IN[place % len(_STAND_IN)] for place in range(len(found))]
    return {"field": by, "type": "nominal", "title": None, "scale": {"domain": found, "range": colours}}


def _svg(spec: Row) -> str:
    """The drawing, its stand-in colours turned into names of the page's style."""
    try:
        import vl_convert  # noqa: PLC0415 - of an extra, and slow to load
    except ImportError:
        raise ConfigError(
            "The report needs its charting library.", f"Install it with: {installation().adding('report')}"
        ) from None
    whole = {"$schema": "https://vega.github.io/schema/vega-lite/v5.json", "width": 400, "config": _CONFIG} | spec
    return styled(vl_convert.vegalite_to_svg(whole, vl_version="5.20"))


def styled(svg: str) -> str:
    """`svg` as it goes into a page: sized by its box, coloured by the page."""
    for colour, name in zip((*_STAND_IN, _INK, _LINE), (*PALETTE, "ink", "line"), strict=True):
        svg = svg.replace(colour, f"var(--{name})")
    svg = re.sub(r'<svg ([^>]*?)width="[\d.]+" height="[\d.]+"', r"<svg \1", svg, count=1)
    return svg[svg.index("<svg") :].replace("<svg ", '<svg role="img" focusable="false" ', 1)
