"""The verb report: the inventory copy as one HTML page."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..inventory.export.files import whole_file
from ..inventory.report.page import page
from ..inventory.store import reader


def run(options: argparse.Namespace, path: Path, shown: Callable[[Any], Any]) -> int:
    """Write the page of the copy at `path`, readable by its owner alone; all of it goes through `shown`."""
    with reader(path) as db:
        text = str(shown(page(db, datetime.now(UTC))))
    with whole_file(Path(options.out)) as out:
        out.write(text)
    print(f"{options.out}: {len(text):,} characters", file=sys.stderr)
    return 0
