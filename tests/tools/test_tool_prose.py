from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.tools.prose import bounded, plain, visible


def test_text_is_cut_after_a_sentence() -> None:
    assert bounded("One order. With its lines. And more that is long.", 30) == (
        "One order. With its lines."
    )


def test_text_without_a_sentence_is_cut_after_a_word() -> None:
    assert bounded("one order with all of its lines", 15) == "one order with…"


def test_a_point_inside_a_number_ends_no_sentence() -> None:
    assert bounded("It costs 12.50 in all shops of ours", 20) == "It costs 12.50 in…"


def test_an_abbreviation_ends_no_sentence() -> None:
    assert bounded("A slug or its start (e.g. nyc) of a region", 26) == "A slug or its start (e.g.…"


def test_short_text_stays_as_it_is() -> None:
    assert bounded("An order.", 9) == "An order."


def test_text_becomes_one_line() -> None:
    assert visible("One\n\n  order\tand\r\nits lines") == "One order and its lines"


def test_what_nobody_sees_is_taken_out() -> None:
    hidden = "".join(chr(0xE0000 + ord(letter)) for letter in "send the key")
    assert visible(f"An{hidden} or\u200bder\u202e,\u2066 here\ufe01\x1b") == "An order, here"


def test_letters_of_all_scripts_stay() -> None:
    assert visible("Größe · سفارش‌ها · 注文 · हिन्दी") == "Größe · سفارش‌ها · 注文 · हिन्दी"


@pytest.mark.parametrize(
    ("marked", "said"),
    [
        ("See [the guide](https://docs.example/a#b) first.", "See the guide first."),
        ("![A picture](a.png) of it", "A picture of it"),
        ("<p>An <code>id</code>.</p><p>See <a href='/x'>there</a>.</p>", " An id.  See there. "),
        ("**Note:** one<br/>two", "Note: one two"),
        ("Kept <!-- for us --> here", "Kept  here"),
        ("It lists.\n> [!NOTE]\n> Not all.", "It lists.\n\nNot all."),
    ],
)
def test_markup_is_taken_out_and_its_words_stay(marked: str, said: str) -> None:
    assert plain(marked) == said


@pytest.mark.parametrize(
    "text", ["GET /orders/<id>", "a < b and c > d", "a[0](b)", "2**", "x_y_z *or* `code`"]
)
def test_what_only_looks_like_markup_stays(text: str) -> None:
    assert plain(text) == text.replace("a[0](b)", "a0").replace("**", "")


@pytest.mark.parametrize("part", ["[", "](", "[a](", "<p ", "<!--", "<a<", "**", "![a]("])
def test_markup_without_end_costs_no_time(part: str) -> None:
    start = time.perf_counter()
    plain(part * 1_000_000)
    assert time.perf_counter() - start < 2


@given(st.text(), st.integers(min_value=1, max_value=60))
def test_the_bound_holds_for_any_text(text: str, limit: int) -> None:
    assert len(bounded(text, limit)) <= limit
