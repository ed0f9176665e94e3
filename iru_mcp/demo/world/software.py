"""The apps of the made-up fleet, their versions, and how common they are."""

from __future__ import annotations

from dataclasses import dataclass

from .data import table
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
