"""The quick rows of the fault table hold; scripts/faults runs and prints them all."""

from __future__ import annotations

import importlib

import pytest

from tests.faults.row import Row

MODULES = ("upstream", "bodies", "secrecy", "load")
QUICK: list[Row] = [
    row for name in MODULES for row in importlib.import_module(f"tests.faults.{name}").rows() if row.quick
]


@pytest.mark.parametrize("row", QUICK, ids=lambda row: row.id)
async def test_a_row_of_the_fault_table_holds(row: Row) -> None:
    figure, holds = await row.run()
    assert holds, f"{row.id} {row.fault}: wanted {row.wanted}, measured {figure}"
