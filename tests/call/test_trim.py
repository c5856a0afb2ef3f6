"""A result is made to fit its budget, stays valid, and says what is missing."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from dragoman.call.trim import trim, without_empties
from dragoman.exact_json import encode

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=200),
    lambda inner: (
        st.lists(inner, max_size=12) | st.dictionaries(st.text(max_size=12), inner, max_size=8)
    ),
    max_leaves=40,
)


@given(json_values, st.integers(min_value=20, max_value=2_000))
def test_what_is_left_fits_the_budget_and_is_valid_json(value: object, budget: int) -> None:
    kept, _ = trim(value, budget)
    assert len(encode(kept)) <= budget


@given(json_values, st.integers(min_value=20, max_value=2_000))
def test_nothing_is_left_out_without_a_word(value: object, budget: int) -> None:
    kept, notes = trim(value, budget)
    assert (kept == value) or notes


def test_a_value_that_fits_is_returned_as_it_is() -> None:
    value = {"price": Decimal("1.10"), "count": 0, "sold_out": False, "note": ""}
    assert trim(value, 1_000) == (value, ())


def test_a_long_list_keeps_its_first_items_and_tells_how_many_there_were() -> None:
    orders = {"orders": [{"id": n, "status": "shipped"} for n in range(500)], "total": 500}
    kept, notes = trim(orders, 1_000)
    assert kept["total"] == 500
    assert kept["orders"] == orders["orders"][: len(kept["orders"])]
    assert notes == (f"orders: {len(kept['orders'])} of 500 items are shown",)


def test_a_long_text_is_cut_and_the_short_members_beside_it_stay_whole() -> None:
    kept, notes = trim({"id": 7, "body": "x" * 9_000, "status": "open"}, 400)
    assert (kept["id"], kept["status"]) == (7, "open")
    assert kept["body"].endswith("…")
    assert "body: " in notes[0]
    assert "of 9,000 characters" in notes[0]


def test_zero_and_false_are_no_empties() -> None:
    value = {"a": None, "b": "", "c": [], "d": {}, "zero": 0, "no": False, "e": {"f": None}}
    assert without_empties(value) == {"zero": 0, "no": False}


def test_items_of_a_list_keep_their_places() -> None:
    assert without_empties([None, "", {"a": None}]) == [None, "", {}]
