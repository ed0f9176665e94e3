"""A tenant that moves through the demo's own story in stages: incremental syncs find what full ones find."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from iru_mcp.demo.asgi_transport import DemoTransport
from iru_mcp.demo.world.fleet import DemoDevice, before
from tests.conftest import unlimited

from .conftest import NOW, Copy, Edit
from .planted import Planted, device, nothing, put
from .test_stages import CHESS, reported

pytestmark = pytest.mark.anyio
STORY_STAGES = [
    (timedelta(hours=6), ("patient zero",), "one Mac is infected; an app is removed, one moved, one upgraded"),
    (timedelta(hours=12), ("patient zero", "spread 1", "spread 2"), "two more are; a device is gone"),
    (timedelta(hours=18), ("patient zero", "spread 1", "spread 2"), "the device and the app are back"),
]
STORY_EVENTS = [
    {
        ("apps", "gone"),
        ("apps", "moved"),
        ("apps", "changed"),
        ("local_users", "appeared"),
        ("launch_items", "appeared"),
    },
    {("devices", "gone"), ("local_users", "appeared")},
    {("devices", "appeared"), ("apps", "appeared")},
]


class Staged:
    """The demo tenant on its way through its own story, and three devices with troubles of their own."""

    def __init__(self, copy: Copy) -> None:
        self.copy = copy
        copy.tenant.demo = unlimited(devices=40, now=NOW)  # one of its own: it changes
        assert isinstance(copy.tenant.demo, DemoTransport)
        self.demo = copy.tenant.demo
        self.after: list[DemoDevice] = self.demo.tenant.devices
        self.reports: list[Edit] = []
        self._be([before(one) for one in self.after])

    def _be(self, devices: list[DemoDevice]) -> set[str]:
        """Make the tenant one with these devices; the ids of those that are not as they were."""
        changed = {new.device_id for new, old in zip(devices, self.demo.tenant.devices, strict=True) if new != old}
        self.demo.tenant = replace(self.demo.tenant, devices=devices)
        self.copy.tenant.forget()
        return changed

    def advance(self, stage: int) -> None:
        moment, begun, _ = STORY_STAGES[stage]
        changed = self._be([one if one.part in begun else before(one) for one in self.after])
        (_, one), (_, two), (_, three), (_, four) = (device(self.copy, place) for place in range(4))
        planted = Planted()
        if stage < 2:
            planted.plant("apps", CHESS | {"device_id": one}, nothing)
        planted.plant("apps", CHESS | {"device_id": two}, put(path="/Users/x/Chess.app"))
        planted.plant("apps", CHESS | {"device_id": three}, put(version="99.1"))
        if stage == 1:
            planted.plant("devices", {"device_id": four}, nothing)
        touched = {0: {one, two, three}, 1: set(), 2: {one}}[stage]
        at = (NOW + moment - timedelta(hours=5, minutes=55)).isoformat()  # 5 minutes after the sync before
        self.reports.append(reported(*changed, *touched, at=at))
        self.copy.tenant.edits = [planted, *self.reports]
        self.copy.tenant.counts["apps"] = -1 if stage < 2 else 0


async def test_incremental_syncs_through_the_story_find_what_full_ones_find_whatever_the_clock(tmp_path: Path) -> None:
    full, right, fast = (Copy(tmp_path / f"{name}.sqlite3") for name in ("full", "right", "fast"))
    clocks = [(full, timedelta()), (right, timedelta()), (fast, timedelta(minutes=45))]
    staged = [Staged(copy) for copy, _ in clocks]
    for copy, error in clocks:
        copy.now = NOW + error
        await copy.sync()
    for stage, (moment, _, what) in enumerate(STORY_STAGES):
        for one, (copy, error) in zip(staged, clocks, strict=True):
            one.advance(stage)
            copy.now = NOW + moment + error
            modes = (await copy.sync(full=copy is full)).modes
            assert copy is full or modes["apps"] == modes["local_users"] == modes["launch_items"] == "incremental"
        expected = _changes_of_last_sync(full)
        assert {(kind, event) for kind, event, *_ in expected} >= STORY_EVENTS[stage], what
        for copy in (right, fast):
            assert _changes_of_last_sync(copy) == expected, what
            for table in ("devices", "apps", "local_users", "launch_items", "filevault", "threats"):
                assert _rows_now(copy, table) == _rows_now(full, table), (what, table)


def _changes_of_last_sync(copy: Copy) -> set[tuple[Any, ...]]:
    """Without those of library items, which are read once a day unless all is read."""
    return set(
        copy.rows(
            "SELECT kind, what, serial_number, thing, field, old, new FROM changes WHERE sync = "
            "(SELECT max(sync) FROM syncs) AND kind NOT IN ('library_item_status', 'blueprint_library_items')"
        )
    )


def _rows_now(copy: Copy, table: str) -> set[tuple[Any, ...]]:
    """The rows of a view, without what tells only when a sync first saw them."""
    with closing(sqlite3.connect(copy.path)) as db:
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
        kept = [name for name in columns if name not in {"valid_from", "baseline", "more"}]
        return set(db.execute(f"SELECT {', '.join(kept)} FROM {table}"))
