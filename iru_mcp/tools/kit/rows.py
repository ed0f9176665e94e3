"""How a record becomes a row, and how many rows an answer has room for."""

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar, cast

from ...api.record import Record
from ...output.privacy import Privacy
from .answers import Page, columns_of
from .params import ALL, known_fields
from .size import ROOM_FOR_ROWS, size_truncated

T = TypeVar("T")


class RowShape(NamedTuple, Generic[T]):
    """How a record looks as a row."""

    columns: type[T]
    """A TypedDict of the usual columns; what `fields` asks for is shown instead of them."""
    flat: Callable[[Any], dict[str, Any]] | None = None
    """All columns of a record, where `Record.flat` does not say it."""
    lean: Callable[[dict[str, Any]], dict[str, Any]] = dict
    """What to leave out of a row, or shorten, unless `fields` asks for it."""
    more_columns: Sequence[str] = ()
    """Names that `fields` may have beside those of the record and of `columns`."""
    iru_names: Mapping[str, str] = MappingProxyType({})
    """What Iru calls a column that has another name here."""
    marks: Callable[[Any], dict[str, Any]] = lambda _: {}
    """What is added to the row of a record whatever columns are asked for, such as a doubt about it."""
    device_kind: str = ""
    """The column by which a count also tells kinds of devices apart."""

    def pick(self, record: Record, names: Sequence[str]) -> dict[str, Any]:
        """A few columns of a record, cheaply, for reading many."""
        if not (self.flat or self.iru_names):
            return record.pick(names)
        iru_names = [self.iru_names.get(name, name) for name in names]
        found = self.flat(record) if self.flat else record.pick(iru_names)
        return {name: found[iru_name] for name, iru_name in zip(names, iru_names, strict=True) if iru_name in found}

    def usual(self, record: Record, names: Sequence[str]) -> dict[str, Any]:
        """The usual columns of a record that hold something; `names` are those of `columns`."""
        row = self.lean(self.pick(record, names))
        return {name: row[name] for name in names if name in row} | self.marks(record)

    def chosen(self, record: Record, fields: Sequence[str]) -> tuple[dict[str, Any], set[str]]:
        """Some or all columns of a record, and the names of all it has."""
        row = self.all(record)
        names = row if ALL in fields else fields
        return {name: row[name] for name in names if name in row} | self.marks(record), set(row)

    def all(self, record: Record) -> dict[str, Any]:
        """All columns of a record that hold something."""
        names = {iru_name: name for name, iru_name in self.iru_names.items()}
        found = self.flat(record) if self.flat else record.flat()
        return {names.get(name, name): value for name, value in found.items()}


_LOOKED_AT = 500
"""Rows whose columns tell whether a field exists: as many as an answer may show."""


class FieldCheck:
    """Whether `fields` are columns, for an answer that shows no rows. Of a name that is not published, rows tell."""

    def __init__(self, shape: RowShape[Any], fields: Sequence[str], declared: Collection[str]) -> None:
        self._shape, self._fields = shape, fields
        self._known = {*declared, *columns_of(shape.columns), *shape.more_columns}
        self._left = _LOOKED_AT if any(name != ALL and name not in self._known for name in fields) else 0

    def see(self, record: Record) -> None:
        """Learn the columns of one row, if that is needed."""
        if self._left:
            self._left -= 1
            self._known |= set(self._shape.all(record))

    def done(self) -> None:
        """Raises UsageError for the first field that no row has or could have."""
        known_fields(self._fields, self._known)


class RowCollector(Generic[T]):
    """Rows of an answer, up to `limit` and to the size that one answer may have.

    Rows get smaller before they get fewer: where all columns of all rows do not fit, those that hold the same in every
    row are told once, in `in_every_row`.
    """

    def __init__(self, shape: RowShape[T], fields: Sequence[str], limit: int, privacy: Privacy | None) -> None:
        self._rows: list[dict[str, Any]] = []
        self._shape, self._fields, self._limit, self._privacy = shape, fields, limit, privacy
        self._usual = columns_of(shape.columns)
        self._size = 0
        self._constant: dict[str, Any] = {}
        self._found: set[str] = set()
        self.too_large = False
        """Whether a row was refused since the answer would be too large."""

    @property
    def count(self) -> int:
        return len(self._rows)

    @property
    def full(self) -> bool:
        return len(self._rows) >= self._limit or self.too_large

    def add(self, record: Record) -> bool:
        """Take the record as a row; False when there is no room for it. The first row is always taken."""
        if self.full:
            return False
        if self._fields:
            row, names = self._shape.chosen(record, self._fields)
            self._found |= names
        else:
            row = self._shape.usual(record, self._usual)
        total = self._size + size_truncated(self._privacy.answer(row) if self._privacy else row)
        before = self._constant if self._rows else row
        constant = {name: value for name, value in before.items() if row.get(name) == value}
        if self._rows and total > ROOM_FOR_ROWS:
            saved = sum(size_truncated({name: value}) - 1 for name, value in constant.items())  # in each row
            self.too_large = total - self.count * saved > ROOM_FOR_ROWS
            if self.too_large:
                return False
        self._rows.append(row)
        self._size, self._constant = total, constant
        return True

    def page(self, declared: Collection[str], *, complete: bool) -> Page[T]:
        """The rows as a page. Raises UsageError when `fields` has a name that is not `declared` and that no row has."""
        known_fields(self._fields, {*self._found, *declared, *self._usual, *self._shape.more_columns})
        page: Page[T] = Page(cast("list[T]", self._rows), complete)
        empty = [name for name in self._fields if name != ALL and not any(name in row for row in self._rows)]
        if empty and self._rows:
            page.notes.append(f"no row has a value in {', '.join(empty)}")
        if self._size > ROOM_FOR_ROWS and self._constant and self.count > 1:
            page.in_every_row = self._constant
            rows = [{name: row[name] for name in row if name not in self._constant} for row in self._rows]
            page.items = cast("list[T]", rows)
        return page

    def notes(self, remaining: str) -> list[str]:
        """Why there are fewer rows than `limit`, and how many remain."""
        text = f"{self.count} rows fill an answer, {remaining} more match: go on with next_cursor, or with fewer fields"
        return [text] if self.too_large else []
