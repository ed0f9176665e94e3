"""One page of any Prism category: what all its tools share, from parameters to the proof of what came back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field

from ...api.call import Call
from ...api.endpoint import Endpoint
from ...api.endpoints.prism import COLUMNS, COMMON_COLUMNS, PrismRow
from ...errors import UsageError
from ..kit.answers import Page
from ..kit.context import Context
from ..kit.counting import counting
from ..kit.coverage import APPLE, say_coverage
from ..kit.enrolled import Enrolled, enrolled_devices
from ..kit.listing import listing
from ..kit.params import Family, Str
from ..kit.resolve import IS_UUID, find
from ..kit.rows import RowShape
from ..kit.scan import Check, Source
from .categories import EXAMPLES, PRISMS_WORDS, in_our_words, in_prisms_words
from .filter import asked, joined, matcher, validate
from .order import orders
from .reporting import Removed, say_silent

T = TypeVar("T")


def _object(value: object) -> object:
    """A filter as JSON text, which is how it is declared: some clients refuse an object without properties."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


OnDevice = Annotated[Str, Field(description="only this serial number, name or device_id")]
Blueprint = Annotated[Str, Field(description="name part or id")]
Families = tuple[Family, ...]
PrismFilter = Annotated[
    dict[str, Any] | None,
    BeforeValidator(_object),
    Field(
        description='JSON, any column: {"uid":{"lt":501},"path":{"like":["/tmp"]}}',
        json_schema_extra={"type": "string"},
    ),
]
EnrolledOnly = Annotated[bool | None, Field(description="in the device list; true in counts")]
SortBy = Annotated[Str, Field(description="column, - first for descending")]


@dataclass(slots=True)
class Scope:
    """Which rows of a category, and how to show them: the parameters that all Prism tools share."""

    device: str = ""
    blueprint: str = ""
    device_families: tuple[str, ...] = ()
    filter: Mapping[str, Any] | None = None
    sort_by: str = ""
    group_by: tuple[str, ...] = ()
    versions: Sequence[Check[PrismRow]] = ()
    enrolled: bool | None = None
    """Rows of enrolled devices only, or of others only; None: all in lists, enrolled ones in counts."""


async def prism_page(
    ctx: Context,
    endpoint: Endpoint[PrismRow],
    view: type[T],
    typed: Mapping[str, str | bool | None],
    scope: Scope,
    fields: tuple[str, ...],
    limit: int,
    cursor: str,
) -> Page[T]:
    """One page of a category: typed parameters and the raw filter become one filter, sent to Iru and proven here."""
    category = endpoint.path.rpartition("/")[2]
    group_by, fields = in_our_words(scope.group_by), in_our_words(fields)
    sort_by = in_prisms_words(scope.sort_by.strip())
    wanted = _typed_filter(typed)
    target = await find(ctx.call, scope.device.strip())
    if target:
        wanted["device_id"] = {"in": [target.device_id]}
    query: dict[str, str | int] = {}
    checks: list[Check[PrismRow]] = []
    _by_blueprint(scope.blueprint.strip(), wanted, query, checks)
    wanted = joined(wanted, {in_prisms_words(name): value for name, value in (scope.filter or {}).items()})
    if scope.device_families:
        families = {family.casefold() for family in scope.device_families}
        query["device_families"] = ",".join(scope.device_families)
        checks.append(Check("device_families", lambda row: _family(row) in families, sent=True))
    await _known_columns(ctx.call, endpoint, category, wanted, sort_by)
    if wanted:
        checks += _filtered(wanted, query)
    checks += scope.versions
    counted = bool(group_by) or limit == 0
    removed = None if target else Removed(await enrolled_devices(ctx.call))
    only = scope.enrolled if scope.enrolled is not None or not counted else True
    if removed and only is not None and not removed.enrolled.missing:
        checks.append(removed.check(tuple(checks), wanted=only))
    if sort_by:
        query["sort_by"] = sort_by
    # Iru's cursor knows no sorting, and only one page at a time.
    start = 0 if sort_by or group_by else None
    promised = orders(sort_by) if sort_by and not group_by else ()
    source = Source(endpoint, query=query, checks=checks, start=start, promised=promised)
    shape = RowShape(
        view,
        device_kind="device_family",
        more_columns=(*PRISMS_WORDS, *COMMON_COLUMNS, *COLUMNS[category]),
        iru_names=PRISMS_WORDS,
        marks=removed.mark if removed else None,
    )
    if group_by:
        page = await counting(ctx, source, shape, group_by, limit=limit, cursor=cursor)
    else:
        page = await listing(ctx, source, shape, limit=limit, cursor=cursor, fields=fields)
    if removed:
        removed.say(page, counted=counted)
        if not cursor and not scope.blueprint:
            await say_silent(ctx.call, page, endpoint, removed.enrolled, scope.device_families)
        if scope.blueprint and not (page.items or page.total or cursor):
            page.notes.append(_blueprints_of(removed.enrolled))
    page.device = target.shown() if target else None
    await say_coverage(ctx.call, page, target, f"Prism's {category}", APPLE)
    return page


def _blueprints_of(enrolled: Enrolled) -> str:
    """The words that could have been asked for."""
    names = Counter(str(row.get("blueprint_name") or "none") for row in enrolled.devices.values())
    return f"blueprints of enrolled devices: {', '.join(f'{name} {count}' for name, count in names.most_common(12))}"


def _typed_filter(typed: Mapping[str, str | bool | None]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for column, value in typed.items():
        if isinstance(value, bool):
            found[column] = {"eq": value}
        elif value and value.strip():
            found[column] = {"like": [value]}
    return found


def _by_blueprint(
    blueprint: str, wanted: dict[str, Any], query: dict[str, str | int], checks: list[Check[PrismRow]]
) -> None:
    if IS_UUID.fullmatch(blueprint):
        query["blueprint_ids"] = blueprint.lower()
        checks.append(Check("blueprint", lambda row: row.values.get("blueprint_id") == blueprint.lower(), sent=True))
    elif blueprint:
        wanted["blueprint_name"] = {"like": [blueprint]}


def _filtered(wanted: Mapping[str, Any], query: dict[str, str | int]) -> list[Check[PrismRow]]:
    """Adds to `query` what Iru is asked of a filter; returns the proof that it did that, and the filter itself."""
    sent = asked(wanted)
    if sent:
        query["filter"] = json.dumps(sent)
    was_asked, is_wanted = matcher(sent), matcher(wanted)
    return [
        Check("filter", lambda row: was_asked(row.values), sent=True),
        Check("filter", lambda row: is_wanted(row.values)),
    ]


def _family(row: PrismRow) -> str:
    """The device family; which word stands for an Apple TV in rows is unpublished."""
    family = str(row.values.get("device__family") or "").casefold()
    return "tvos" if family == "appletv" else family


async def _known_columns(
    call: Call, endpoint: Endpoint[PrismRow], category: str, wanted: Mapping[str, Any], sort_by: str
) -> None:
    """Refuse a column that the category lacks, before Iru ignores it. Tenants may have newer columns than are
    published."""
    columns = set(COMMON_COLUMNS + COLUMNS[category])
    named = set(wanted) | ({sort_by.removeprefix("-")} if sort_by else set())
    if named - columns:
        sample = await call.page(endpoint)
        columns |= {key for row in sample.rows[:50] if isinstance(row, dict) for key in row}
    if sort_by and sort_by.removeprefix("-") not in columns:
        valid = ", ".join(sorted(in_our_words(columns)))
        raise UsageError(f"No column '{sort_by[:60]}' to sort by.", f"Columns: {valid}.")
    validate(wanted, columns, EXAMPLES[category])
