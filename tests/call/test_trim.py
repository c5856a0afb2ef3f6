"""A result is made to fit its budget, stays valid, and says what is missing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.call.trim import told, trim, without_empties
from dragoman.exact_json import encode
from dragoman.tools import size

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
    assert told(notes) == f"orders: {len(kept['orders'])} of 500 items are shown"


def test_a_long_text_is_cut_and_the_short_members_beside_it_stay_whole() -> None:
    kept, notes = trim({"id": 7, "body": "so " * 3_000, "status": "open"}, 400)
    assert (kept["id"], kept["status"]) == (7, "open")
    assert kept["body"].endswith("…")
    assert str(notes[0]) == f"body: {len(kept['body']) - 1} of 9,000 characters are shown"


def test_zero_and_false_are_no_empties() -> None:
    value = {"a": None, "b": "", "c": [], "d": {}, "zero": 0, "no": False, "e": {"f": None}}
    assert without_empties(value) == {"zero": 0, "no": False}


def test_items_of_a_list_keep_their_places() -> None:
    assert without_empties([None, "", {"a": None}]) == [None, "", {}]


@settings(deadline=None)  # the first to count loads the tables
@given(json_values, st.integers(min_value=20, max_value=500))
def test_what_is_left_fits_the_tokens_too(value: object, tokens: int) -> None:
    kept, notes = trim(value, 2_000, tokens)
    assert size.tokens_in(encode(kept)) <= tokens
    assert (kept == value) or notes


def test_tokens_are_used_as_far_as_they_go() -> None:
    rows = [{"name": "a name of usual length", "status": "shipped"} for _ in range(400)]
    kept, _ = trim(rows, 16_000, 1_000)
    assert 700 < size.tokens_in(encode(kept)) <= 1_000


def test_tokens_are_counted_only_in_what_fits_the_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []

    def count(data: bytes) -> int:
        counted.append(len(data))
        return len(data) // 2

    monkeypatch.setattr("dragoman.call.trim.tokens_in", count)
    trim(["a word"] * 1_000_000, 4_000, 1_000)
    assert 1_000 < max(counted) <= 4_000
    counted.clear()
    trim(["a word"], 4_000, 1_000)  # a token is a byte at least
    assert counted == []


def test_without_a_counter_rather_too_many_tokens_are_assumed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = [
        encode([{"id": n, "status": "shipped", "at": "2026-11-24T12:00:00Z"} for n in range(50)]),
        "Ein Paket für Frau Müller, 25,00 € — 東京都千代田区".encode(),
    ]
    pytest.importorskip("bpe_openai")
    counted = [size.tokens_in(text) for text in texts]
    monkeypatch.setattr(size, "_counter", lambda: None)
    assert all(size.tokens_in(text) >= n for text, n in zip(texts, counted, strict=True))


def test_a_file_in_base64_takes_no_room_from_what_a_model_reads() -> None:
    value = {"pdf": "QUJD" * 5_000, "text": "so " * 300}
    kept, notes = trim(value, 2_000)
    assert kept["text"] == value["text"]
    assert [str(note) for note in notes] == ["pdf: 40 of 20,000 characters are shown"]


def test_a_cut_within_a_larger_value_is_told_by_its_place_there() -> None:
    kept, notes = trim([{"body": "so " * 3_000}, {}], 500, place="orders", first=40)
    assert len(kept) == 1
    assert [note.place for note in notes] == ["orders[40].body", "orders"]
