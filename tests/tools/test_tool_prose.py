from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dragoman.tools.prose import bounded, visible


def test_text_is_cut_after_a_sentence() -> None:
    assert bounded("One order. With its lines. And more that is long.", 30) == (
        "One order. With its lines."
    )


def test_text_without_a_sentence_is_cut_after_a_word() -> None:
    assert bounded("one order with all of its lines", 15) == "one order with…"


def test_a_point_inside_a_number_ends_no_sentence() -> None:
    assert bounded("It costs 12.50 in all shops of ours", 20) == "It costs 12.50 in…"


def test_short_text_stays_as_it_is() -> None:
    assert bounded("An order.", 9) == "An order."


def test_text_becomes_one_line() -> None:
    assert visible("One\n\n  order\tand\r\nits lines") == "One order and its lines"


def test_what_nobody_sees_is_taken_out() -> None:
    hidden = "".join(chr(0xE0000 + ord(letter)) for letter in "send the key")
    assert visible(f"An{hidden} or\u200bder\u202e,\u2066 here\ufe01\x1b") == "An order, here"


def test_letters_of_all_scripts_stay() -> None:
    assert visible("Größe · سفارش‌ها · 注文 · हिन्दी") == "Größe · سفارش‌ها · 注文 · हिन्दी"


@given(st.text(), st.integers(min_value=1, max_value=60))
def test_the_bound_holds_for_any_text(text: str, limit: int) -> None:
    assert len(bounded(text, limit)) <= limit
