"""Interactive views of answers, as MCP Apps (the extension io.modelcontextprotocol/ui) and as HTML files.

A person reads a timeline or a bar chart faster than forty lines of JSON. A client that announces the extension is told,
beside a tool, of a `ui://` resource: one HTML page that the client shows in a sandboxed frame and hands the tool's
answer to. Each page is put together here from the style, the parts that all views share and the view's own script;
there is no build step.

What must stay true: a page makes no request (its policy allows none, and its only script and style are named by their
hashes); it draws nothing but the answer it was given; and what an answer holds is text, never markup.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from .. import __version__
from ..output.palette import palette

EXTENSION = "io.modelcontextprotocol/ui"
"""The name under which a client announces that it shows views."""
MIME_TYPE = "text/html;profile=mcp-app"
RESOURCE_META: dict[str, Any] = {
    "ui": {
        "csp": {"connectDomains": [], "resourceDomains": [], "frameDomains": [], "baseUriDomains": []},
        "prefersBorder": True,
    }
}
"""What a client reads of every view before it shows it: no domain is needed."""


class AnswerView(NamedTuple):
    """A page that draws the answers of some tools: of `graph`, drawGraph of the script graph.js is called with each."""

    name: str
    title: str
    tools: frozenset[str]
    description: str

    @property
    def uri(self) -> str:
        """Where a client reads it."""
        return f"ui://iru/{self.name}"


VIEWS = (
    AnswerView(
        "dossier",
        "Device dossier",
        frozenset({"get_device_dossier"}),
        "One device: holder, protection, what stands out, and how complete each part is.",
    ),
    AnswerView(
        "timeline",
        "Timeline",
        frozenset({"get_timeline"}),
        "Events by source over time, with what stands out, and the same as a list.",
    ),
    AnswerView(
        "graph",
        "Graph",
        frozenset({"inventory_graph", "find_indicator"}),
        "What hangs together: devices, people, apps, blueprints, vulnerabilities.",
    ),
    AnswerView(
        "breakdown",
        "Breakdown",
        frozenset({"inventory_query"}),
        "Counts as sorted bars with their table, the total and what is unknown.",
    ),
)
COUNTS = VIEWS[-1]
"""The view of every tool that has a parameter `group_by` and no view of its own."""


def view_of(tool: str, parameters: Mapping[str, Any]) -> AnswerView | None:
    """The view that draws what `tool` answers; None where there is none."""
    return next((view for view in VIEWS if tool in view.tools), COUNTS if "group_by" in parameters else None)


@cache
def page(view: AnswerView) -> str:
    """The view as the HTML that a client shows; the answer comes from the client."""
    return _assemble(view, "")


def standalone(view: AnswerView, answer: Mapping[str, Any], arguments: Mapping[str, Any]) -> str:
    """The view with `answer` inside, as a file that needs neither client nor server."""
    data = json.dumps(answer, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    asked = json.dumps(arguments, ensure_ascii=True).replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return _assemble(view, f'<script type="application/json" id="answer" data-arguments="{asked}">{data}</script>\n')


def _assemble(view: AnswerView, data: str) -> str:
    style = palette() + _source("style.css")
    script = "\n".join(['"use strict";', *map(_source, ("bridge.js", "page.js", f"{view.name}.js"))])
    script += f"\nstart(draw{view.name.title()});\n"
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; base-uri 'none'; form-action 'none'"
    )
    return (
        f'<!doctype html>\n<html lang="en" data-version="{__version__}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{view.title}</title>\n'
        f'<style>{style}</style>\n</head>\n<body>\n<p id="status" role="status">Waiting for the answer.</p>\n'
        f'<main id="view"></main>\n{data}<script>{script}</script>\n</body>\n</html>\n'
    )


def _source(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    """The source expression that allows exactly this inline text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
