"""The verb report: the inventory copy as one HTML page."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from ..config.settings import Settings
from ..inventory.export.files import whole_file
from ..inventory.report.page import page
from ..inventory.store import reader
from .inventory import as_shown, copy_file


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Write the page, readable by its owner alone. Raises an IruError."""
    with reader(copy_file(settings)) as db:
        text = str(as_shown(settings)(page(db, datetime.now(UTC))))
    with whole_file(Path(options.out)) as out:
        out.write(text)
    print(f"{options.out}: {len(text):,} characters", file=sys.stderr)
    return 0
