"""The made-up tenant's directory users."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from .chance import choose, hashed, uuid
from .data import Row, filled, names
from .story import DOMAIN, STORY

_FIRST, _LAST = names()
DEPARTMENTS = ("Engineering", "Sales", "Design", "Finance", "Operations", "Support", "Legal", "People")
_TITLES = ("Manager", "Specialist", "Lead", "Associate", "Analyst", "Director")
LEAVER = 12
INTEGRATION = {"id": 512, "name": "Northwind", "uuid": uuid("integration"), "type": "office365"}


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A directory user; `number` is the old id that Prism still carries."""

    index: int
    id: str
    name: str
    email: str
    number: int
    department: str
    title: str
    archived: bool
    created: datetime
    updated: datetime

    @property
    def username(self) -> str:
        """The short name of this person's account on a Mac."""
        return self.email.partition("@")[0].partition(".")[0]

    def assigned(self) -> dict[str, object]:
        """The person as devices carry them."""
        return {"email": self.email, "name": self.name, "id": self.id, "is_archived": self.archived}

    def record(self, device_count: int) -> Row:
        """The person as /users sends them."""
        return filled(
            "user",
            self,
            active=not self.archived,
            deprecated_user_id=str(self.number),
            integration=INTEGRATION,
            device_count=device_count,
        )


def population(count: int, seed: int, now: datetime, archived_at: datetime) -> list[DemoPerson]:
    """`count` people: the story's at their places, two records with one address, names that are hard to print."""
    people = [_person(index, seed, now) for index in range(count)]
    taken: set[str] = set()
    for index, person in enumerate(people):
        if person.email in taken:
            people[index] = replace(person, email=person.email.replace("@", f"{index}@"))
        taken.add(people[index].email)
    for index, email, name, department in (
        (4, STORY.user_email, STORY.user_name, "Engineering"),
        (LEAVER, STORY.leaver_email, STORY.leaver_name, "Sales"),
        (30, STORY.spread_emails[0], "Anselm Brodie", "Engineering"),
        (31, STORY.spread_emails[1], "Yuki Tarrant", "Engineering"),
        (44, STORY.lost_email, "Leonie Okafor", "Support"),
    ):
        people[index] = replace(people[index], email=email, name=name, department=department, archived=False)
    people[LEAVER] = replace(people[LEAVER], archived=True, updated=archived_at)
    people[51] = replace(people[51], email=people[50].email, name=people[50].name, archived=False)
    people[50] = replace(people[50], archived=False)
    people[63] = replace(people[63], name="  ", department="", title="")
    people[70] = replace(people[70], name="Ren\u200be Zo\u00eb \u202eknirF")
    people[71] = replace(people[71], email=people[71].email.upper())
    return people


def _person(index: int, seed: int, now: datetime) -> DemoPerson:
    chance = hashed(seed, "person", index)
    first, last = _FIRST[chance % len(_FIRST)], _LAST[chance // 64 % len(_LAST)]
    created = now - timedelta(days=200 + chance % 700, seconds=chance // 7 % 86_400, microseconds=chance % 999_983)
    return DemoPerson(
        index=index,
        id=uuid(seed, "person", index),
        name=f"{first} {last}",
        email=f"{first}.{last}@{DOMAIN}".lower(),
        number=29_000 + index * 7,
        department=choose(DEPARTMENTS, seed, "department", index),
        title=choose(_TITLES, seed, "title", index) if chance % 5 else "",
        archived=chance // 4096 % 25 == 0,
        created=created,
        updated=created + timedelta(days=chance % 150),
    )
