"""One page of any Prism category: what all its tools share, from parameters to the proof of what came back."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple, TypedDict, TypeVar, Unpack

from pydantic import BeforeValidator, Field

from ...api.call import Call
from ...api.endpoint import Endpoint
from ...api.endpoints.prism import COLUMNS, COMMON_COLUMNS, PrismRow
from ...errors import UsageError
from ..kit import Check, Context, GroupBy, Page, RowShape, Source, counting_or_listing
from ..kit.coverage import APPLE, say_coverage
from ..kit.enrolled import Enrolled, enrolled_devices
from ..kit.params import Family, Paging, Str
from ..kit.resolve import IS_UUID, find
from ..kit.versions import version_checks
from .categories import EXAMPLES, PRISMS_WORDS, in_our_words, in_prisms_words
from .filter import asked, comparisons, joined, matcher, parted, validate
from .order import orders
from .reporting import REPORTED_BY, Removed, say_silent
from .words import WORDS, say_values

T = TypeVar("T")
_PLACES = frozenset({"device_id", "blueprint_name"})
"""Columns that say where to look rather than for what; where the blueprint may be wrong, the answer names those that
there are."""
_ALWAYS_TIMES = frozenset({"last_collected_at", "updated_at", "created_at"})
"""Columns in which every row has a time."""


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


class Rows(TypedDict):
    """Which rows of a category are asked for."""

    blueprint: Annotated[Blueprint, Field(default="")]
    device_families: Annotated[Families, Field(default=())]
    filter: Annotated[PrismFilter, Field(default=None)]
    enrolled: Annotated[EnrolledOnly, Field(default=None)]
    """Rows of enrolled devices only, or of others only; None: all in lists, enrolled ones in counts."""


class Order(TypedDict):
    """In which order rows of a category are shown, or by which columns they are counted."""

    sort_by: Annotated[Str, Field(default="", description="column, - first for descending")]
    group_by: Annotated[GroupBy, Field(default=())]


class Shown(Order, Paging):
    """How rows of a category are shown or counted."""


class Scope(Rows, Shown):
    """The last parameters of all tools over one category, in this order."""


def paging_of(scope: Scope) -> Paging:
    """The parameters of it that `listing` and counts take."""
    return {"fields": in_our_words(scope["fields"]), "limit": scope["limit"], "cursor": scope["cursor"]}


async def prism_page(
    ctx: Context,
    endpoint: Endpoint[PrismRow],
    view: type[T],
    device: str,
    typed: Mapping[str, str | bool | None],
    versions: tuple[str, str, str] = ("", "", ""),
    **scope: Unpack[Scope],
) -> Page[T]:
    """One page of a category: typed parameters and the raw filter become one filter, sent to Iru and checked here.

    `versions` has a column, below which version it must be, and which it must be at least.
    """
    column, below, at_least = versions
    checks: list[Check[PrismRow]] = version_checks(below, at_least, lambda row: row.values.get(column))
    category = endpoint.path.rpartition("/")[2]
    group_by, sort_by = in_our_words(scope["group_by"]), in_prisms_words(scope["sort_by"].strip())
    wanted = _typed_filter(typed)
    target = await find(ctx.call, device.strip())
    if target:
        wanted["device_id"] = {"in": [target.device_id]}
    query: dict[str, str | int] = {}
    _by_blueprint(scope["blueprint"].strip(), wanted, query, checks)
    wanted = joined(wanted, {in_prisms_words(name): value for name, value in (scope["filter"] or {}).items()})
    if scope["device_families"]:
        families = {family.casefold() for family in scope["device_families"]}
        query["device_families"] = ",".join(scope["device_families"])
        checks.append(Check("device_families", lambda row: _family(row) in families, sent=True))
    await _known_columns(ctx.call, endpoint, category, wanted, sort_by)
    if wanted:
        checks += _filtered(wanted, query)
    counted = bool(group_by) or scope["limit"] == 0
    removed = None if target else Removed(await enrolled_devices(ctx.call))
    only = True if scope["enrolled"] is None and counted else scope["enrolled"]
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
        marks=removed.mark if removed else lambda _: {},
    )
    page = await counting_or_listing(ctx, source, shape, group_by, sort_by=sort_by, **paging_of(scope))
    page.device = target.shown() if target else None
    question = _Question(scope, source, wanted, removed, is_count=counted, is_first=not scope["cursor"])
    await say_coverage(ctx.call, page, target, f"Prism's {category}", APPLE)
    await _say_what_rows_do_not(ctx, page, question)
    return page


class _Question(NamedTuple):
    """What was asked, for what is said about the answer."""

    scope: Scope
    source: Source[PrismRow]
    wanted: Mapping[str, Any]
    removed: Removed | None
    """None where one device is asked for."""
    is_count: bool
    is_first: bool


async def _say_what_rows_do_not(ctx: Context, page: Page[Any], asked_for: _Question) -> None:
    """Says whom the rows leave out, and of an answer without rows which words would have found some."""
    removed, blueprint = asked_for.removed, asked_for.scope["blueprint"].strip()
    is_empty = asked_for.is_first and page.complete and not (page.items or page.total)
    if removed:
        removed.say(page, counted=asked_for.is_count)
        if asked_for.is_first:
            is_list = not (asked_for.is_count or is_empty)
            families, category = asked_for.scope["device_families"], asked_for.source.endpoint
            await say_silent(ctx.call, page, category, removed.enrolled, families, blueprint, is_list=is_list)
        if blueprint and is_empty:
            page.notes.append(_blueprints_of(removed.enrolled))
    # Which rows Iru could not compare with a bound that it was sent is not known.
    compared = [column for column in comparisons(asked(asked_for.wanted))[1] if column not in _ALWAYS_TIMES]
    if compared:
        unknown = ", ".join(in_our_words(compared))
        page.notes.append(f"rows without a time in {unknown} are left out by Iru; how many is not known")
    if is_empty and not (removed and removed.rows_left_out):
        await _say_words(ctx, page, asked_for)


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
    """Adds to `query` what Iru is asked of a filter; returns the check that Iru applied it, and the filter itself."""
    sent = asked(wanted)
    if sent:
        query["filter"] = json.dumps(sent)
    others, compared = comparisons(wanted)
    was_asked, is_wanted, is_wanted_here = matcher(sent, as_sent=True), matcher(others), matcher(sent)
    return [
        Check("filter", lambda row: was_asked(row.values), sent=True),
        Check("filter", lambda row: is_wanted_here(row.values) and is_wanted(row.values)),
        *(_compared(column, test) for column, test in compared.items()),
    ]


def _compared(column: str, test: Callable[[Any], bool | None]) -> Check[PrismRow]:
    name = f"any {in_our_words([column])[0]} that compares with this"
    return Check(name, lambda row: test(row.values.get(column)))


async def _say_words(ctx: Context, page: Page[Any], asked_for: _Question) -> None:
    """Says of an empty page which values rows have in the columns of its filter. Where every device has one row, all
    were read to find those without, and are at hand."""
    place = {column: condition for column, condition in asked_for.wanted.items() if column in _PLACES}
    others = {column: one for column, one in asked_for.wanted.items() if column not in place}
    words, rest = parted(others, WORDS)
    query = asked_for.source.query
    scope = {name: query[name] for name in ("device_families", "blueprint_ids") if name in query}
    has_one = asked_for.source.endpoint.path.rpartition("/")[2] in REPORTED_BY
    if words:
        at_hand = has_one and not (rest or place or scope)
        await say_values(ctx, page, asked_for.source.endpoint, scope, words, rest | place, at_hand=at_hand)
    elif not (rest or asked_for.removed):
        page.notes.append(f"no row of this device: it did not report{'' if has_one else ', or has nothing to report'}")


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
