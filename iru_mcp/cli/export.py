"""The verb export: the inventory copy as files for another system."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..inventory.export.files import whole_file
from ..inventory.export.jupiterone import write_graph
from ..inventory.export.lines import write_csv, write_lines, write_lines_file
from ..inventory.export.ocsf import write_ocsf
from ..inventory.export.rows import Wanted
from ..inventory.store import reader

_OF_NOW = {"jupiterone": write_graph, "ocsf": write_ocsf}
_MORE = ("history", "changes", "gone", "alerts", "since")


def run(options: argparse.Namespace, path: Path, shown: Callable[[Any], Any], *, key: bytes) -> int:
    """Export the copy at `path`; each row goes through `shown`, and `key` into the keys of rows. Raises an IruError."""
    wanted = Wanted(options.history, options.changes, options.gone, options.alerts, options.since, key)
    given = [f"--{name}" for name in _MORE if getattr(options, name) not in (False, None)]
    if options.format in _OF_NOW and given:
        raise UsageError(
            f"{options.format} is of now; it takes no {given[0]}.", "Leave it out, or choose another format."
        )
    if options.format in ("csv", "parquet") and not options.out:
        raise UsageError(f"{options.format} is one file a table.", "Name a folder with --out.")
    if options.format != "parquet" and "://" in options.out:
        raise UsageError(
            "Only parquet is written to an address.", "Name a path with --out, or choose --format parquet."
        )
    out = Path(options.out)
    with reader(path) as db:
        match options.format:
            case "csv":
                write_csv(db, out, wanted, shown)
            case "parquet":
                from ..inventory.export.parquet import write_parquet

                print(write_parquet(db, options.out, wanted, shown), file=sys.stderr)
            case "jsonl" if options.out:
                write_lines_file(db, out, wanted, shown)
            case "jsonl":
                write_lines(db, sys.stdout, wanted, shown)
            case _ if options.out:
                with whole_file(out) as file:
                    _OF_NOW[options.format](db, file, wanted, shown)
            case _:
                _OF_NOW[options.format](db, sys.stdout, wanted, shown)
    return 0
