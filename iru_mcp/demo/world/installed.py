"""Which apps, in which version and since when, are on a device of the made-up fleet."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from .chance import digest, uuid
from .fleet import DemoDevice
from .software import APPLE, CHROME, LUMEN, MOBILE, THIRD_PARTY, WINDOWS, Software
from .story import STORY


class Installed(NamedTuple):
    """One app on one device; `key` numbers it there and `since` is when it came."""

    key: int
    software: Software
    version: str
    since: datetime


def _choices(device: DemoDevice, seed: int) -> tuple[tuple[int, int], ...]:
    """Third-party apps on a Mac, each with the place of its version; some of the story's Macs have an old browser."""
    chosen = _chance(THIRD_PARTY, seed, device.index)
    if device.part.startswith(("patient zero", "leaver")):
        return ((0, CHROME.versions.index(STORY.browser_fixed_version) - 1), *(pair for pair in chosen if pair[0]))
    return chosen


@lru_cache(maxsize=4096)
def _chance(known: tuple[Software, ...], seed: int, index: int) -> tuple[tuple[int, int], ...]:
    """The places in `known` of what is installed on the device at `index`, each with the place of its version."""
    present, versions = digest(seed, "apps", index), digest(seed, "versions", index)
    found = []
    for place, software in enumerate(known):
        newest, chance = len(software.versions) - 1, versions[place % 64]
        if present[place % 64] < software.share:
            found.append((place, chance % newest if newest and chance < software.stragglers else newest))
    return tuple(found)


def count_on_mac(device: DemoDevice, seed: int) -> int:
    """How many apps `on_mac` yields, without making them."""
    return len(APPLE) + len(_choices(device, seed)) + (device.infected_at is not None)


def on_mac(device: DemoDevice, seed: int) -> list[Installed]:
    """The apps of a Mac, Apple's first."""
    base = device.index * 1000
    system = device.system.version
    found = [Installed(base + place, software, system, device.enrolled) for place, software in enumerate(APPLE)]
    for place, version in _choices(device, seed):
        software = THIRD_PARTY[place]
        later = timedelta(hours=1 + place, seconds=place * 37 + device.index % 59, microseconds=place * 911)
        found.append(Installed(base + 200 + place, software, software.versions[version], device.enrolled + later))
    if device.infected_at:
        found.append(Installed(base + 400, LUMEN, STORY.app_version, device.infected_at))
    return found


def third_party(device: DemoDevice, seed: int) -> list[tuple[Software, int]]:
    """The third-party apps of a Mac, each with the place of its version among the app's versions."""
    return [(THIRD_PARTY[place], version) for place, version in _choices(device, seed)]


def on_mobile(device: DemoDevice, seed: int) -> list[Installed]:
    """The apps of any other device; what came with the system is left out."""
    if device.platform == "AppleTV":
        return []
    known = WINDOWS if device.platform == "Windows" else MOBILE
    return [
        Installed(device.index * 1000 + place, known[place], known[place].versions[version], device.enrolled)
        for place, version in _chance(known, seed, device.index)
    ]


def app_id(installed: Installed, device: DemoDevice) -> str:
    """The id of an app on a device: a number on Macs, a UUID on mobile devices."""
    return str(80_000 + installed.key) if device.platform == "Mac" else uuid("app", installed.key)
