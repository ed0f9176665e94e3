"""Hardware and systems that the made-up devices are."""

from dataclasses import dataclass

from .data import table


@dataclass(frozen=True, slots=True)
class Model:
    """A device model: marketing name, short name, identifier, chip, gigabytes of memory and storage."""

    model: str
    name: str
    identifier: str
    chip: str = ""
    memory: int = 0
    capacity: int = 128
    maker: str = "Apple"


@dataclass(frozen=True, slots=True)
class System:
    """A version of an operating system with its build."""

    version: str
    build: str
    marketing: str = ""
    release: str = ""
    """What the device list calls the version of a Windows device."""


SHARES = ((255, "Mac"), (65, "iPhone"), (30, "iPad"), (10, "AppleTV"), (22, "Windows"), (18, "Android"))
"""Devices of each platform among 400."""

MODELS: dict[str, list[tuple[int, Model]]] = {platform: [] for _, platform in SHARES}
"""The models of each platform with their weights."""
for _row in table("models"):
    _numbers = {"memory": int(_row["memory"]), "capacity": int(_row["capacity"])}
    _model = Model(_row["model"], _row["name"], _row["identifier"], _row["chip"], maker=_row["maker"], **_numbers)
    MODELS[_row["platform"]].append((int(_row["weight"]), _model))
SYSTEMS: dict[str, list[tuple[int, System]]] = {platform: [] for _, platform in SHARES}
"""The systems of each platform with their weights, the newest first."""
for _row in table("systems"):
    _system = System(_row["version"], _row["build"], _row["marketing"], _row["release"])
    SYSTEMS[_row["platform"]].append((int(_row["weight"]), _system))

APPLE_SYSTEMS = {"Mac": "OSX", "iPhone": "iOS", "iPad": "iPadOS", "AppleTV": "tvOS"}
"""What Apple Business Manager calls the system of a platform."""
FAMILIES = {"Mac": "Mac", "iPhone": "iPhone", "iPad": "iPad", "AppleTV": "tvOS"}
"""What Prism calls a platform; it has no others."""
