"""The apps of the made-up fleet, and which of them, in which version and since when, are on a device."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from .chance import digest, uuid
from .data import table
from .fleet import DemoDevice
from .story import STORY


@dataclass(frozen=True, slots=True)
class Software:
    """An app, its versions from oldest to newest, and on how many of 256 devices it is."""

    name: str
    bundle_id: str
    developer: str
    team_id: str
    versions: tuple[str, ...]
    share: int = 256
    folder: str = "/Applications"
    source: str = "Identified Developer"
    stragglers: int = 48
    """Of 256 installations, how many are not the newest version."""

    @property
    def path(self) -> str:
        """Where a Mac has it."""
        return f"{self.folder}/{self.name}.app"

    @property
    def signature(self) -> str:
        """What a Mac says who signed it; empty when nobody did."""
        if self.source == "Apple":
            return "Software Signing, Apple Code Signing Certification Authority, Apple Root CA"
        if self.source == "Mac App Store":
            return "Apple Mac OS Application Signing, Apple Worldwide Developer Relations, Apple Root CA"
        if not self.team_id:
            return ""
        signer = f"Developer ID Application: {self.developer} ({self.team_id})"
        return f"{signer}, Developer ID Certification Authority, Apple Root CA"


def _software(row: dict[str, str], source: str = "Identified Developer") -> Software:
    return Software(
        row["name"],
        row["bundle_id"],
        row.get("developer", ""),
        row.get("team_id", ""),
        tuple(row["versions"].split()),
        int(row["share"]),
        source=source,
        stragglers=int(row.get("stragglers", 48)),
    )


APPLE = tuple(
    Software(name, f"com.apple.{name.replace(' ', '')}", "Apple", "", ("1.0",), folder=row["folder"], source="Apple")
    for row in table("apple_apps")
    for name in [row["name"]]
)
LUMEN = Software(STORY.app_name, STORY.app_bundle_id, "", "", (STORY.app_version,), 0, source="Unknown")
_MAC_APPS = [(_software(row), row["on_windows"]) for row in table("mac_apps")]
THIRD_PARTY = tuple(software for software, _ in _MAC_APPS)
CHROME = THIRD_PARTY[0]
"""The browser of the second incident."""
WINDOWS = tuple(software for software, on_windows in _MAC_APPS if on_windows)
MOBILE = tuple(_software(row, source="") for row in table("mobile_apps"))


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
