from __future__ import annotations

import time
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.errors import ArgumentError
from dragoman.exact_json import encode_text
from dragoman.tools.arguments import MAX_CHARACTERS, read_arguments


def refusal(text: str) -> str:
    with pytest.raises(ArgumentError) as caught:
        read_arguments(text)
    return str(caught.value)


@pytest.mark.parametrize("text", ["", "  \n", "{}"])
def test_no_text_means_no_arguments(text: str) -> None:
    assert read_arguments(text) == {}


def test_zero_false_and_the_empty_text_are_values() -> None:
    assert read_arguments('{"a": 0, "b": false, "c": "", "d": null, "e": []}') == {
        "a": 0,
        "b": False,
        "c": "",
        "d": None,
        "e": [],
    }


def test_numbers_are_exact() -> None:
    read = read_arguments('{"a": 9007199254740993, "b": 1.10, "c": 1e2}')
    assert encode_text(read) == '{"a":9007199254740993,"b":1.10,"c":1E+2}'
    assert isinstance(read["b"], Decimal)


def test_an_integer_of_four_hundred_digits_is_exact() -> None:
    digits = "7" * 400
    assert read_arguments(f'{{"a": {digits}}}') == {"a": int(digits)}


@pytest.mark.parametrize(
    "number", ["9" * 1_001, "1e999999999", "-1E-5000", "1e" + "9" * 30, "0." + "1" * 2_000]
)
def test_a_number_without_end_is_refused(number: str) -> None:
    assert "more than 1,000 digits" in refusal(f'{{"a": {number}}}')


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
def test_what_json_does_not_have_is_refused(name: str) -> None:
    assert refusal(f'{{"a": {name}}}').startswith(f"{name} is not a number")


def test_a_member_that_stands_twice_is_refused_at_any_depth() -> None:
    assert "'amount' stands twice" in refusal('{"amount": 1, "amount": 100}')
    assert "'x' stands twice" in refusal('{"a": [{"x": 1, "x": 1}]}')


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("[1]", "a list"),
        ('"1042"', "a text"),
        ("1042", "a number"),
        ("1.5", "a number"),
        ("true", "true or false"),
        ("null", "null"),
    ],
)
def test_what_is_no_object_is_named_and_a_right_one_shown(text: str, kind: str) -> None:
    assert refusal(text) == (
        f'The arguments are {kind}, not an object. Send one JSON object, such as {{"id": "1042"}}.'
    )


def test_what_is_no_json_is_shown_where_it_breaks() -> None:
    said = refusal('{"id": "1042", amount: 5}')
    assert "at character 15" in said
    assert "amount" in said


def test_a_cut_off_text_is_refused() -> None:
    assert "not JSON" in refusal('{"id": "10')


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 90_000])
def test_depth_without_end_is_refused(text: str) -> None:
    assert "nested deeper than 64" in refusal(text)


def test_depth_is_bounded_where_the_parser_would_go_on() -> None:
    assert read_arguments('{"a":' + "[" * 63 + "]" * 63 + "}")
    assert "nested deeper" in refusal('{"a":' + "[" * 64 + "]" * 64 + "}")


def test_ten_megabytes_are_refused_at_once() -> None:
    start = time.perf_counter()
    assert f"{MAX_CHARACTERS:,} are the most" in refusal('{"a": "' + "x" * 10_000_000 + '"}')
    assert time.perf_counter() - start < 0.5


def test_half_a_character_is_refused_in_names_and_values() -> None:
    assert "U+D83D" in refusal('{"a": "\\ud83d"}')
    assert "U+D83D" in refusal('{"\\ud83d": 1}')


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_what_was_written_is_what_is_read(arguments: dict[str, object]) -> None:
    assert read_arguments(encode_text(arguments)) == arguments  # type: ignore[arg-type]


@given(st.text())
def test_any_text_gives_arguments_or_an_error_for_the_model(text: str) -> None:
    with suppress(ArgumentError):
        assert isinstance(read_arguments(text), dict)
