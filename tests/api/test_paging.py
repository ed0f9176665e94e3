"""Every page shape gives every row, in order, once."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iru_mcp.api.paging import NextCursor, Offset, PageNumber, Paging, Position, PrismPages, QueryParams, Single, Whole
from iru_mcp.errors import Unreadable

SPLITS = st.lists(st.integers(min_value=1, max_value=5), max_size=8)
GAPPED = st.lists(st.integers(min_value=0, max_value=5), max_size=8)


class Tenant:
    """Rows cut into pages of the given lengths, in the form that `shape` expects."""

    def __init__(self, shape: Paging, lengths: list[int]) -> None:
        self.shape = shape
        self.lengths = lengths or [0]
        self.starts = [0, *accumulate(self.lengths)]
        self.rows = list(range(sum(lengths)))

    def page(self, index: int) -> list[int]:
        start = self.starts[index]
        return self.rows[start : start + self.lengths[index]]

    def at(self, offset: int) -> list[int]:
        return self.page(self.starts.index(offset)) if offset < len(self.rows) else []

    def read_all(self, answer: Any) -> list[int]:
        found: list[int] = []
        position: Position | None = self.shape.start
        for _ in range(len(self.lengths) + 2):
            if position is None:
                return found
            page = self.shape.read(answer(self.shape.query(position)), position)
            found += page.rows
            position = page.next
        raise AssertionError("the walk does not end")


@given(SPLITS, st.sampled_from(["count", "total_count", "total"]))
def test_offsets_beside_a_count_reach_every_row_however_short_the_pages(lengths: list[int], key: str) -> None:
    tenant = Tenant(Offset(5, "activity.results"), lengths)

    def answer(query: QueryParams) -> Any:
        return {"activity": {key: len(tenant.rows), "results": tenant.at(int(query["offset"]))}}

    assert tenant.read_all(answer) == tenant.rows


@given(SPLITS, st.integers(min_value=0, max_value=3))
def test_a_count_that_lies_low_costs_no_row_while_iru_names_a_next_page(lengths: list[int], said: int) -> None:
    tenant = Tenant(Offset(5, "results"), lengths)

    def answer(query: QueryParams) -> Any:
        rows = tenant.at(int(query["offset"]))
        last = not rows or rows[-1] == tenant.rows[-1]
        return {"count": said, "next": None if last else "https://x.example/?offset=9", "results": rows}

    assert tenant.read_all(answer) == tenant.rows


@given(st.integers(min_value=0, max_value=40), st.integers(min_value=1, max_value=7))
def test_offsets_over_a_bare_list_end_at_the_first_short_page(count: int, size: int) -> None:
    tenant = Tenant(Offset(size), [size] * (count // size) + [count % size])
    assert tenant.read_all(lambda query: tenant.rows[int(query["offset"]) :][:size]) == tenant.rows


@given(st.integers(min_value=0, max_value=40), st.integers(min_value=1, max_value=7), st.sampled_from("sna"))
def test_page_numbers_reach_every_row_even_where_iru_gives_smaller_pages_than_asked(
    count: int, size: int, says: str
) -> None:
    tenant = Tenant(PageNumber(7, size_name="size"), [size] * (count // size) + [count % size])

    def answer(query: QueryParams) -> Any:
        at = (int(query["page"]) - 1) * size
        rows = tenant.rows[at : at + size]
        following = "yes" if at + size < count else None
        forms: dict[str, dict[str, Any]] = {"s": {"size": size}, "n": {"next": following}, "a": {}}
        return {"total": count, "results": rows} | forms[says]

    assert tenant.read_all(answer) == tenant.rows


@given(st.integers(min_value=0, max_value=40), st.integers(min_value=1, max_value=7))
def test_page_numbers_without_a_total_end_at_the_first_page_that_is_not_full(count: int, size: int) -> None:
    """Full is what the answer says its size is; where it says none, what was asked for."""
    for says in [{"size": size}] + ([{}] if size == 7 else []):
        tenant = Tenant(PageNumber(7, size_name="size"), [size] * (count // size) + [count % size])

        def answer(query: QueryParams, says: dict[str, int] = says, tenant: Tenant = tenant) -> Any:
            at = (int(query["page"]) - 1) * size
            return {"results": tenant.rows[at : at + size]} | says

        assert tenant.read_all(answer) == tenant.rows


@given(GAPPED, st.sampled_from(["https://other.example/api/v1/users?a=1&cursor={}", "{}"]))
def test_cursors_reach_every_row_past_short_and_empty_pages(lengths: list[int], form: str) -> None:
    tenant = Tenant(NextCursor(5), lengths)

    def answer(query: QueryParams) -> Any:
        index = int(str(query.get("cursor", "c0"))[1:])
        last = index + 1 >= len(tenant.lengths)
        return {"next": None if last else form.format(f"c{index + 1}"), "results": tenant.page(index)}

    assert tenant.read_all(answer) == tenant.rows


@given(SPLITS, st.sampled_from([None, ""]), st.booleans())
def test_prism_cursors_reach_every_row_past_short_pages_without_a_total(
    lengths: list[int],
    end: str | None,
    trailing: bool,  # noqa: FBT001
) -> None:
    tenant = Tenant(PrismPages(5), [*lengths, 0] if trailing else lengths)

    def answer(query: QueryParams) -> Any:
        index = int(str(query.get("cursor", "c0"))[1:])
        last = index + 1 >= len(tenant.lengths)
        total = len(tenant.rows) if last and not index else None
        return {"offset": None, "total": total, "data": tenant.page(index), "cursor": end if last else f"c{index + 1}"}

    assert tenant.read_all(answer) == tenant.rows


@given(SPLITS)
def test_prism_offsets_reach_every_row_where_no_cursor_comes(lengths: list[int]) -> None:
    tenant = Tenant(PrismPages(5), lengths)

    def answer(query: QueryParams) -> Any:
        return {"total": len(tenant.rows), "data": tenant.at(int(query.get("offset", 0)))}

    assert tenant.read_all(answer) == tenant.rows


def test_an_odd_cursor_comes_back_as_it_was_sent() -> None:
    page = NextCursor(5).read({"next": "https://x.example/u?cursor=a%2Bb%3D%3D%26c", "results": []}, "")
    assert page.next == "a+b==&c"
    assert NextCursor(5, name="after").query("a+b==&c") == {"limit": 5, "after": "a+b==&c"}


@pytest.mark.parametrize(
    "following", [5, ["x"], {"cursor": "x"}, "https://x.example/u?page=2", "?cursor=", "https://[x/?cursor=y"]
)
def test_a_next_without_a_cursor_is_unreadable_and_not_the_end(following: object) -> None:
    with pytest.raises(Unreadable, match="next"):
        NextCursor(5).read({"next": following, "results": [1]}, "")


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        (Single(), []),
        (Whole(), {}),
        (Whole("apps"), []),
        (Whole("apps"), {"apps": None}),
        (Whole("apps"), {}),
        (Offset(5), {"results": []}),
        (Offset(5, "results"), []),
        (Offset(5, "results"), {"results": {}}),
        (Offset(5, "activity.results"), {"activity": []}),
        (PageNumber(5), [1, 2]),
        (NextCursor(5), [1, 2]),
        (NextCursor(5), {"results": "none"}),
        (PrismPages(), {"results": []}),
        (PrismPages(), []),
    ],
)
def test_rows_that_are_not_where_they_belong_are_never_an_empty_page(shape: Paging, body: object) -> None:
    with pytest.raises(Unreadable):
        shape.read(body, shape.start)


@pytest.mark.parametrize("count", [True, -3, "12", 1.5, None, [7]])
def test_a_count_that_is_no_count_is_unknown(count: object) -> None:
    page = Offset(3, "results").read({"count": count, "results": [1, 2, 3]}, 0)
    assert (page.total, page.next) == (None, 3)
