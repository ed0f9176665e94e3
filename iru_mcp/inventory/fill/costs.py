"""What a fill costs and may cost: requests that a table takes, and the share of the hour that fills have left."""

import math
import time
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio

from ...api.client import IruClient
from ...api.endpoints.prism import PRISM_COUNT
from ...errors import IruError, RateLimited, UsageError
from ..store import reader
from ..tables import BY_NAME

MOST = 1_500
"""How many requests to Iru one question may cause."""
_HOUR = 3600.0
_WORTH_NAMING = 150
_LIVE = {
    "apps": "prism_applications",
    "device_information": "prism_device_information",
    "launch_items": "prism_launch_agents_and_daemons",
    "local_users": "prism_local_users",
    "detections": "list_vulnerabilities",
}
"""The tool that reads a part of a table from Iru; prism_query for tables that are not here."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a copy has: rows of each table that was read, and devices."""

    rows: dict[str, int]
    devices: dict[str, int]
    """Devices by platform."""


class Costs:
    """Estimates and bounds for the fills of one client. `share` of the hour is for all of them."""

    def __init__(self, client: IruClient) -> None:
        self._client = client
        self._share = client.filling.share
        self._counts: dict[str, tuple[float, int]] = {}
        self._spent: deque[tuple[float, int]] = deque()

    async def of(self, tables: Collection[str], known: Known) -> dict[str, int | None]:
        """About how many requests it takes to read all of each of `tables`; None where that is not known."""
        async with anyio.create_task_group() as group:
            for table in tables:
                if BY_NAME[table].prism:
                    group.start_soon(self._ask_count, table)
        return {table: self._one(table, known) for table in tables}

    def rows(self, table: str) -> int | None:
        """How many rows Iru lately counted in a table; None where it was not asked or did not say."""
        return self._counts[table][1] if table in self._counts else None

    def spend(self, requests: int) -> None:
        """Count requests that a fill has just made."""
        self._spent.append((time.monotonic(), requests))

    def allowed(self) -> int:
        """Requests that a fill may make now. Raises RateLimited when the share of the hour is used."""
        while self._spent and self._spent[0][0] < time.monotonic() - _HOUR:
            self._spent.popleft()
        limit, left = self._client.rate_limiter.hour_limit, self._client.rate_limiter.hour_left
        own = int(limit * self._share) - sum(requests for _, requests in self._spent)
        allowed = own if left is None else min(own, left - int(limit * (1 - self._share)))
        if allowed <= 0:
            raise self.used_up()
        return min(MOST, allowed)

    def out_of(self, allowed: int, tables: Collection[str]) -> IruError:
        """The error for a fill of `tables` that made all the requests it was allowed."""
        return self.too_much(dict.fromkeys(tables)) if allowed >= MOST else self.used_up()

    def too_much(self, costs: Mapping[str, int | None]) -> UsageError:
        """The error for tables that take more requests than one question may cause; a cost of None is more than
        that."""
        large = {table: cost for table, cost in costs.items() if cost is None or cost >= _WORTH_NAMING}
        limit = self._client.rate_limiter.hour_limit
        said = [
            f"{table}: more than {MOST:,} requests"
            if cost is None
            else f"{table}: about {cost:,} requests, {cost / limit:.0%} of the hour"
            for table, cost in sorted(large.items(), key=lambda item: -(item[1] or 0))
        ]
        tools = sorted({_LIVE.get(table, "prism_query") for table in large})
        return UsageError(
            f"Too much to read for one question ({'; '.join(said)}): it may cause {MOST:,} within IRU_INVENTORY_QUOTA.",
            f"Use a live tool that filters: {', '.join(tools)}; or tell the user to run: iru-mcp sync.",
        )

    def used_up(self) -> RateLimited:
        """The error for a fill for which too little of the share is left."""
        wait = self._client.rate_limiter.hour_ends_in
        return RateLimited(
            f"Of this hour's requests, the {self._share:.0%} for filling the inventory (IRU_INVENTORY_QUOTA) are used.",
            f"Ask again in {wait:.0f} s; or give a larger max_age, or use a live tool that filters.",
            wait,
        )

    def _one(self, table: str, known: Known) -> int | None:
        kind = BY_NAME[table]
        asked = kind.per_device.platforms if kind.per_device else ()
        devices = sum(known.devices.get(platform, 0) for platform in asked)
        if not kind.listed:
            return devices
        counted = self.rows(table)
        rows = known.rows.get(table) if counted is None else counted
        return None if rows is None else pages(table, rows) + devices

    async def _ask_count(self, table: str) -> None:
        """Ask Iru how many rows a Prism category has, unless it was asked within the hour."""
        if table in self._counts and anyio.current_time() - self._counts[table][0] < _HOUR:
            return
        call = self._client.call(PRISM_COUNT, seconds=10, requests=1)
        try:
            found = await call.page(PRISM_COUNT, query={"category": BY_NAME[table].endpoint.path.rpartition("/")[2]})
        except IruError:
            return  # a permission of its own, and only for estimates
        if found.records and found.records[0]:
            self._counts[table] = anyio.current_time(), found.records[0].count


def pages(table: str, rows: int) -> int:
    """How many requests it takes to list `rows` rows."""
    return max(1, math.ceil(rows / (BY_NAME[table].endpoint.paging.size or 300)))


def known(path: Path) -> Known:
    """What the copy at `path` has."""
    with reader(path) as db:
        rows = dict(db.execute("SELECT kind, rows FROM _coverage WHERE good_sync IS NOT NULL").fetchall())
        devices = dict(db.execute("SELECT platform, count(*) FROM devices GROUP BY 1").fetchall())
    return Known(rows, devices)
