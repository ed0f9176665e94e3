"""Lenient records: all that Iru sends is kept, and only a wrong identity makes a row unreadable, no other value."""

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, ValidationError

Json = Any
"""A value as `json.loads` makes it."""

_MOMENT = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})"
    r"(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?"
    r"\s*(Z|UTC|[+-]\d{2}:?\d{2})?"
)


def read_moment(value: object) -> datetime:
    """A time in any of the forms Iru prints, in UTC; one without a zone is taken as UTC. Raises ValueError."""
    try:
        moment = value if isinstance(value, datetime) else _parsed(value.strip() if isinstance(value, str) else "")
        if moment.tzinfo is UTC:
            return moment
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError("a date at the end of the calendar") from error


def moment_in(value: object) -> datetime | None:
    """The time that `value` is in any of those forms; None where it is none."""
    try:
        return read_moment(value)
    except ValueError:
        return None


def _parsed(text: str) -> datetime:
    if text[4:5] == "-" == text[7:8]:
        try:
            return datetime.fromisoformat(text)  # reads most of what Iru prints, much faster than the pattern
        except ValueError:
            pass
    if (match := _MOMENT.fullmatch(text)) is None:
        raise ValueError("not a date that Iru is known to send")
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    micro = int((match[7] or "0")[:6].ljust(6, "0"))
    return datetime(year, month, day, hour, minute, second, micro, UTC) - _offset(match[8])


def _offset(zone: str | None) -> timedelta:
    """How far a printed zone is ahead of UTC."""
    if zone is None or zone in ("Z", "UTC"):
        return timedelta()
    digits = zone[1:].replace(":", "")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if ahead >= timedelta(days=1):
        raise ValueError("a zone that is no zone")
    return -ahead if zone[0] == "-" else ahead


def write_moment(value: datetime) -> str:
    """ISO 8601 in UTC, whole seconds: `2026-11-20T09:30:00Z`."""
    return f"{value.astimezone(UTC).isoformat(timespec='seconds').removesuffix('+00:00')}Z"


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


_NO_VALUE = "No value"
"""What Iru sends for an app without a version or bundle id."""


def _text(value: object) -> object:
    if type(value) is str:  # nearly always, and this runs for every field of every row
        return value if value.strip() and value != _NO_VALUE else None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return _blank_is_none(value)


def _flag(value: object) -> object:
    if isinstance(value, str):
        return {"": None, "true": True, "yes": True, "false": False, "no": False}.get(value.strip().casefold(), value)
    return value


def _moment(value: object) -> object:
    return None if value is None or (isinstance(value, str) and not value.strip()) else read_moment(value)


Text = Annotated[str | None, BeforeValidator(_text)]
Flag = Annotated[bool | None, BeforeValidator(_flag)]
Number = Annotated[float | int | None, BeforeValidator(_blank_is_none)]
Moment = Annotated[datetime | None, BeforeValidator(_moment), PlainSerializer(lambda v: v and write_moment(v))]
Names = Annotated[list[str] | None, BeforeValidator(_blank_is_none)]


SENSITIVE = "sensitive"
"""In the annotation of a field: personal data that leaves only by a tool which a person named (`sensitive=True`).

It is withheld under this name wherever it occurs: in other endpoints, nested objects and states of audit events.
"""
_sensitive: set[str] = set()


def sensitive_fields() -> frozenset[str]:
    """The names of all fields that a record declares to be SENSITIVE."""
    return frozenset(_sensitive)


class Declared(BaseModel):
    """An object whose SENSITIVE fields are known by name."""

    model_config = ConfigDict(extra="allow", frozen=True, defer_build=True, protected_namespaces=())

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        _sensitive.update(name for name, field in cls.model_fields.items() if SENSITIVE in field.metadata)


class Record(Declared):
    """One thing as Iru describes it: unknown fields kept, blanks as None, every field optional but the identity.

    The identity is the fields without a default: a row that lacks one of them cannot be told from another.
    """

    identity: ClassVar[tuple[str, ...]] = ()
    unique: ClassVar[bool] = False
    """Whether the identity alone names the thing, in all of Iru."""
    flattened: ClassVar[frozenset[str]] = frozenset()
    """Fields that are small objects and read better as `<field>_<key>`."""

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        super().__pydantic_init_subclass__()
        cls.identity = tuple(name for name, field in cls.model_fields.items() if field.is_required())

    def key(self) -> str:
        """A text that no other row has: the identity where that is unique, else a hash of all values."""
        if self.unique:
            return "/".join([str(getattr(self, name)) for name in self.identity])
        whole = json.dumps(self.model_dump(mode="json"), sort_keys=True, default=str)
        return hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()[:12]

    @classmethod
    def read(cls, row: object) -> Self | None:
        """The record in `row`, or None when it is not an object or lacks its identity.

        A declared field with a value that does not fit becomes None; what was sent stays as `<field>_as_sent`.
        """
        if not isinstance(row, dict):
            return None
        for key in cls.identity:
            if row.get(key) in (None, ""):
                return None
        try:
            return cls.model_validate(row)
        except ValidationError as error:
            odd = {str(detail["loc"][0]) for detail in error.errors()}
        if odd & set(cls.identity):
            return None
        kept = {key: value for key, value in row.items() if key not in odd}
        return cls.model_validate(kept | {f"{key}_as_sent": row[key] for key in odd if key in row})

    def flat(self) -> dict[str, Json]:
        """The fields that hold something, tidied, one nested object deep as `<field>_<key>`."""
        found: dict[str, Json] = {}
        for name, value in (*self.__dict__.items(), *(self.model_extra or {}).items()):
            if value is None:
                continue
            kept = tidy(value, name)
            if isinstance(kept, dict) and name in self.flattened:
                found |= {f"{name}_{key}": inner for key, inner in kept.items()}
            elif not is_blank(kept):
                found[name] = kept
        return found

    def pick(self, names: Sequence[str]) -> dict[str, Json]:
        """Some of the columns of `flat()`."""
        found: dict[str, Json] = {}
        declared = self.__dict__
        for name in names:
            value = declared[name] if name in declared else self._further(name)
            if type(value) is str:  # most are, and a call for each would cost as much as all else here
                if value.strip():
                    found[name] = _tidy_text(value, name)
            elif value is not None and not is_blank(kept := tidy(value, name)):
                found[name] = kept
        return found

    def _further(self, name: str) -> Json:
        """A column of `flat()` that is no declared field, not yet tidied."""
        value = (self.model_extra or {}).get(name)
        if is_blank(value):
            for outer in self.flattened:
                if name.startswith(f"{outer}_"):
                    return getattr(self.__dict__[outer], name.removeprefix(f"{outer}_"), None)
        return value

    @classmethod
    def field_names(cls) -> tuple[str, ...]:
        """The names `flat()` may yield for declared fields."""
        return tuple(
            inner
            for name, info in cls.model_fields.items()
            for inner in (_nested(name, info.annotation) if name in cls.flattened else (name,))
        )


def _nested(name: str, annotation: Any) -> tuple[str, ...]:
    for kind in getattr(annotation, "__args__", (annotation,)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return tuple(f"{name}_{key}" for key in kind.model_fields)
    return (name,)


class AssignedUser(Declared):
    """The user a device is assigned to, as devices carry it."""

    email: Text = None
    name: Text = None
    id: Text = None
    is_archived: Flag = None


Assigned = Annotated[AssignedUser | None, BeforeValidator(lambda value: None if is_blank(value) else value)]


def as_object(value: Json) -> dict[str, Json]:
    """`value` where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def is_blank(value: Json) -> bool:
    """Nothing worth sending: None, blank text, an empty list or object. False and 0 are something."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (not value and isinstance(value, (list, dict)))


_DATE_KEYS = re.compile(r".*(_at|_date|_datetime|_enrollment|check_?in|_rotation|_expiry|_time|_scheduled)$")
_SURELY_A_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?\s*(Z|UTC|[+-]\d{2}:?\d{2})")
_YES_NO_KEYS = frozenset({"admin", "encrypted"})


def tidy(value: Json, key: str = "") -> Json:
    """`value` without blanks, with string booleans as booleans and known times in ISO 8601 UTC, all the way down."""
    if isinstance(value, str):
        return _tidy_text(value, key)
    if isinstance(value, dict):
        kept = {name: tidy(inner, name) for name, inner in value.items()}
        return {name: inner for name, inner in kept.items() if not is_blank(inner)}
    if isinstance(value, list):
        return [inner for inner in (tidy(item, key) for item in value) if not is_blank(inner)]
    if isinstance(value, datetime):
        return write_moment(value)
    return tidy(value.model_dump()) if isinstance(value, BaseModel) else value


def _tidy_text(value: str, key: str) -> Json:
    if len(value) == 20 and value[10] == "T" and value[19] == "Z":
        return value  # a time that is tidy already
    if len(value) < 6:
        if value in ("True", "False"):
            return value == "True"
        return value == "Yes" if value in ("Yes", "No") and key in _YES_NO_KEYS else value
    if len(value) >= 10 and value[:4].isdigit() and (_SURELY_A_TIME.fullmatch(value) or _DATE_KEYS.fullmatch(key)):
        moment = moment_in(value)
        return write_moment(moment) if moment else value
    return value
