"""The verb view: what one tool answers, drawn, as one HTML file that needs neither client nor network."""

import argparse
import os
import tempfile
import webbrowser
from pathlib import Path

from ..config.settings import Settings
from ..errors import UsageError
from ..views import VIEWS, standalone, view_of
from .call import asked


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Write the view of one call and open it; with --out it is only written. Raises an IruError."""
    tool, arguments, answer = asked(options, settings)
    if (view := view_of(tool.name, tool.input_schema["properties"])) is None:
        drawn = sorted(name for view in VIEWS for name in view.tools)
        raise UsageError(f"{tool.name} has no view.", f"These have: {', '.join(drawn)}, and tools with group_by.")
    path = _write(options.out, standalone(view, answer, arguments))
    print(path)
    if not options.out:
        webbrowser.open(path.as_uri())
    return 0


def _write(out: str, page: str) -> Path:
    """The page in a file that only this user can read: it holds names of people and devices."""
    if not out:
        handle, name = tempfile.mkstemp(prefix="iru-mcp-", suffix=".html")
        path = Path(name)
    else:
        path = Path(out).expanduser().absolute()
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(page)
    return path
