"""The made-up tenant: its people, devices and clock, and what each endpoint agrees on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from .fleet import DemoDevice, before, fleet, removed_device
from .people import DemoPerson, population
from .software import Installed, on_mac, on_mobile
from .story import Timeline


@dataclass(frozen=True, eq=False)
class DemoTenant:
    """Everything that is stored; apps, launch agents and the rest are made when they are asked for."""

    seed: int
    now: datetime
    times: Timeline
    people: list[DemoPerson]
    devices: list[DemoDevice]
    removed: DemoDevice

    @classmethod
    def found(cls, devices: int, seed: int, now: datetime) -> DemoTenant:
        """A tenant of `devices` devices. Raises ValueError for too few."""
        times = Timeline(now)
        people = population(max(160, devices * 2 // 5), seed, now, times.leaver_archived)
        held = fleet(devices, seed, now, people, times)
        return cls(seed, now, times, people, held, removed_device(seed, now, people))

    def rewind(self) -> None:
        """Make the devices what they were before the story: nothing came, nothing was lost, one more was encrypted."""
        self.devices[:] = [before(device) for device in self.devices]
        for place, device in enumerate(self.devices):
            if device.platform == "Mac" and not device.encrypted:
                self.devices[place] = replace(device, encrypted=True)
                break

    @cached_property
    def by_id(self) -> dict[str, DemoDevice]:
        """Devices by device_id."""
        return {device.device_id: device for device in self.devices}

    @cached_property
    def held(self) -> Counter[str]:
        """How many devices each person holds, by the person's id."""
        return Counter(device.person.id for device in self.devices if device.person)

    @cached_property
    def in_blueprint(self) -> Counter[str]:
        """How many devices are in each blueprint, by its name."""
        return Counter(device.blueprint.name for device in self.devices)

    def apps(self, device: DemoDevice) -> list[Installed]:
        """What is installed on a Mac, iPhone, iPad or Android device."""
        return on_mac(device, self.seed) if device.platform == "Mac" else on_mobile(device, self.seed)
