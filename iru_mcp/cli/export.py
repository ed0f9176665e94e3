"""The verb export: the inventory copy, or those of several tenants, as files for another system."""

import argparse
import sys
from pathlib import Path

from ..config.account import account
from ..config.settings import Settings
from ..config.tenants import read_tenants
from ..errors import IruError, UsageError
from ..inventory.export.files import tenant_partition, whole_file
from ..inventory.export.jupiterone import write_graph
from ..inventory.export.lines import write_csv, write_lines, write_lines_file
from ..inventory.export.ocsf import write_ocsf
from ..inventory.export.rows import Wanted
from ..inventory.store import reader
from .inventory import as_shown, copy_file, row_key

_OF_NOW = {"jupiterone": write_graph, "ocsf": write_ocsf}
_MORE = ("history", "changes", "gone", "alerts", "since")
_TREE = {"csv": "csv", "jsonl": "rows.jsonl", "jupiterone": "graph.jsonl", "ocsf": "ocsf.jsonl"}
"""What each format is called in the folder of a tenant; parquet makes its own folders."""


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Run the verb. Of several tenants 1 when one of them could not be exported. Raises an IruError."""
    given = [f"--{name}" for name in _MORE if getattr(options, name) not in (False, None)]
    if options.format in _OF_NOW and given:
        raise UsageError(
            f"{options.format} is of now; it takes no {given[0]}.", "Leave it out, or choose another format."
        )
    if (options.format in ("csv", "parquet") or options.tenants) and not options.out:
        what = "An export of several tenants" if options.tenants else options.format
        raise UsageError(f"{what} is many files.", "Name a folder with --out.")
    if options.format != "parquet" and "://" in options.out:
        raise UsageError(
            "Only parquet is written to an address.", "Name a path with --out, or choose --format parquet."
        )
    if not options.tenants:
        _one(options, settings, options.out)
        return 0
    return _all_tenants(options, settings)


def _all_tenants(options: argparse.Namespace, settings: Settings) -> int:
    failed = False
    for tenant in read_tenants(options.tenants, settings):
        out = options.out
        if options.format in _TREE:
            folder = Path(out, tenant_partition(account(tenant.settings)))
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            out = str(folder / _TREE[options.format])
        try:
            _one(options, tenant.settings, out)
        except IruError as error:
            failed = True
            print(f"iru-mcp: {tenant.name}: {error}", file=sys.stderr)
    return int(failed)


def _one(options: argparse.Namespace, settings: Settings, place: str) -> None:
    out, shown, key = Path(place), as_shown(settings), row_key(settings)
    wanted = Wanted(options.history, options.changes, options.gone, options.alerts, options.since, key)
    with reader(copy_file(settings)) as db:
        match options.format:
            case "csv":
                write_csv(db, out, wanted, shown)
            case "parquet":
                from ..inventory.export.parquet import write_parquet

                print(write_parquet(db, place, wanted, shown), file=sys.stderr)
            case "jsonl" if options.out:
                write_lines_file(db, out, wanted, shown)
            case "jsonl":
                write_lines(db, sys.stdout, wanted, shown)
            case _ if options.out:
                with whole_file(out) as file:
                    _OF_NOW[options.format](db, file, wanted, shown)
            case _:
                _OF_NOW[options.format](db, sys.stdout, wanted, shown)
