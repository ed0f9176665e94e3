"""Hardware and systems that the made-up devices are."""

from __future__ import annotations

from dataclasses import dataclass


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

MODELS: dict[str, tuple[tuple[int, Model], ...]] = {
    "Mac": (
        (30, Model("MacBook Pro (14-inch, M4, 2024)", "MacBook Pro", "Mac16,1", "Apple M4", 24, 512)),
        (22, Model("MacBook Air (13-inch, M3, 2024)", "MacBook Air", "Mac15,12", "Apple M3", 16, 256)),
        (16, Model("MacBook Air (M2, 2022)", "MacBook Air", "Mac14,2", "Apple M2", 16, 256)),
        (10, Model("MacBook Pro (16-inch, M2 Pro, 2023)", "MacBook Pro", "Mac14,10", "Apple M2 Pro", 32, 1024)),
        (8, Model("Mac mini (2024)", "Mac mini", "Mac16,10", "Apple M4", 16, 256)),
        (5, Model("iMac (24-inch, M1, 2021)", "iMac", "iMac21,1", "Apple M1", 8, 256)),
        (4, Model("MacBook Pro (13-inch, 2020)", "MacBook Pro", "MacBookPro16,2", "Intel Core i5", 16, 512)),
    ),
    "iPhone": (
        (5, Model("iPhone 16", "iPhone", "iPhone17,3")),
        (4, Model("iPhone 15 Pro", "iPhone", "iPhone16,1", capacity=256)),
        (3, Model("iPhone SE (3rd generation)", "iPhone", "iPhone14,6", capacity=64)),
    ),
    "iPad": (
        (4, Model("iPad (10th generation) (Wi-Fi)", "iPad", "iPad13,18", capacity=64)),
        (2, Model("iPad Pro 11-inch (4th generation)", "iPad", "iPad14,3", capacity=256)),
    ),
    "AppleTV": ((1, Model("Apple TV 4K (3rd generation)", "Apple TV", "AppleTV14,1", capacity=64)),),
    "Windows": (
        (3, Model("Latitude 7450", "Latitude 7450", "Latitude 7450", "X64", 16, 486, "Dell Inc.")),
        (2, Model("ThinkPad T14 Gen 5", "ThinkPad T14 Gen 5", "21ML", "X64", 32, 974, "LENOVO")),
    ),
    "Android": (
        (3, Model("Pixel 9", "Pixel 9", "tokay", "", 12, 110, "Google")),
        (2, Model("Galaxy S24", "Galaxy S24", "SM-S921B", "", 8, 256, "samsung")),
    ),
}

SYSTEMS: dict[str, tuple[tuple[int, System], ...]] = {
    "Mac": (
        (46, System("26.1", "25B78", "Tahoe")),
        (14, System("26.0.1", "25A362", "Tahoe")),
        (20, System("15.7.2", "24G325", "Sequoia")),
        (10, System("15.6.1", "24G90", "Sequoia")),
        (6, System("14.8.2", "23J126", "Sonoma")),
        (2, System("14.1", "23B74", "Sonoma")),
        (2, System("13.7.8", "22H730", "Ventura")),
    ),
    "iPhone": ((6, System("26.1", "23B85")), (3, System("26.0.1", "23A355")), (2, System("18.7.2", "22H124"))),
    "iPad": ((5, System("26.1", "23B85")), (3, System("18.7.2", "22H124")), (1, System("17.7.10", "21H450"))),
    "AppleTV": ((3, System("26.1", "23J579")), (1, System("18.6", "22M84"))),
    "Windows": (
        (4, System("10.0.26100.6584", "26100.6584", "Windows 11", "24H2")),
        (2, System("10.0.22631.5909", "22631.5909", "Windows 11", "23H2")),
    ),
    "Android": ((3, System("16", "BP2A.250805.005")), (2, System("15", "AP4A.241205.013"))),
}

FAMILIES = {"Mac": "Mac", "iPhone": "iPhone", "iPad": "iPad", "AppleTV": "tvOS"}
"""What Prism calls a platform; it has no others."""
