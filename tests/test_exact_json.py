"""JSON without loss, in both directions, and what is refused rather than changed."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.exact_json import MAX_DEPTH, canonical, decode, encode, encode_text


@pytest.mark.parametrize(
    "text",
    [
        "9007199254740993",
        "1" * 400,
        "-" + "9" * 100,
        "1.10",
        "0.30000000000000000000000000000001",
        "1E+400",
        '"\\u0000"',
        '{"b":1,"a":[true,false,null,""]}',
        '"\N{GRINNING FACE}"',
    ],
)
def test_what_is_read_is_written_again_as_it_was(text: str) -> None:
    assert encode_text(decode(text)) == text


def test_numbers_are_integers_or_decimals() -> None:
    assert decode(b"[1, 1.0, 1e2]") == [1, Decimal("1.0"), Decimal("1E+2")]
    assert [type(one) for one in decode(b"[1, 1.0, 1e2]")] == [int, Decimal, Decimal]


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), -float("inf"), Decimal("NaN"), Decimal("Infinity"), "\ud800"],
)
def test_what_json_cannot_say_is_refused_and_never_null(value: object) -> None:
    for inside in (value, [value], {"a": {"b": value}}):
        with pytest.raises(ValueError, match=r".+"):
            encode(inside)
        with pytest.raises(ValueError, match=r".+"):
            canonical(inside)


@pytest.mark.parametrize(
    "text",
    ["", "NaN", "Infinity", "{", "[1,]", "01", "'a'", '"\\ud800"', b'"\xff"', "1 2", "1" * 5000],
)
def test_what_is_no_json_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode(text)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_depth_is_bounded_alike_in_both_directions(opening: str, closing: str) -> None:
    deepest = opening * MAX_DEPTH + "1" + closing * MAX_DEPTH
    assert encode_text(decode(deepest)) == deepest
    assert encode(decode(deepest.encode())) == deepest.encode()
    for depth in (MAX_DEPTH + 1, 900, 100_000):
        with pytest.raises(ValueError, match="nested"):
            decode(opening * depth + "1" + closing * depth)
    value: object = 1
    for _ in range(MAX_DEPTH + 1):
        value = [value]
    with pytest.raises(ValueError, match="deeper than 200"):
        encode(value)


def test_many_brackets_side_by_side_are_not_depth() -> None:
    assert len(decode("[" + ",".join(["[[]]"] * 1_000) + "]")) == 1_000


def test_equal_values_are_canonically_equal() -> None:
    numbers = [25, 25.0, Decimal(25), Decimal("25.00"), Decimal("2.5E+1"), Decimal("250E-1")]
    assert {canonical({"b": 1, "a": one}) for one in numbers} == {b'{"a":25,"b":1}'}
    assert canonical([0.1, Decimal("0.10")]) == b"[0.1,0.1]"
    assert canonical([0, -0.0, Decimal("-0.00")]) == b"[0,0,0]"
    assert canonical(Decimal("1E+400")) == canonical(10**400)


def test_values_that_differ_are_canonically_different() -> None:
    values = [
        1,
        "1",
        True,
        [1],
        {"1": 1},
        None,
        9007199254740993,
        9007199254740992,
        Decimal("0.1"),
        Decimal("0.10000000000000000000000000000000001"),
        Decimal("1E+999999999"),
        Decimal("1E+999999998"),
    ]
    assert len({canonical(value) for value in values}) == len(values)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_any_value_comes_back(value: object) -> None:
    assert decode(encode(value)) == value
    assert decode(canonical(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [%s], "b": 1.10, "a2": {"c": [%s]}}'
        % ((",".join(['{"x": 1.50, "y": [1, 2]}'] * 20_000),) * 2),
        "[" + ",".join(['"é"', "12345678901234567890123", "null", "-0.0", "{}"] * 30_000) + "]",
        " \n{}  ".replace("{}", '{"one": "%s"}' % ("x" * 600_000)),
        f"[[[[[{','.join(['[]'] * 200_000)}]]]]]",
    ],
    ids=["an object of lists", "a list of scalars", "a long text", "a list within lists"],
)
def test_what_is_large_is_read_and_written_in_steps_as_it_would_be_at_one_go(text: str) -> None:
    whole = msgspec.json.Decoder(float_hook=Decimal).decode(text)
    for form in (text, text.encode()):
        value = decode(form)
        assert value == whole
        assert encode(value) == msgspec.json.Encoder(decimal_format="number").encode(whole)


@pytest.mark.parametrize("end", ["", ",", "]]", '"', "1e", "nul", "\x00"])
def test_what_is_large_and_no_json_is_refused_as_what_is_small(end: str) -> None:
    with pytest.raises(ValueError):
        decode("[" + ",".join(['{"x": 1}'] * 60_000) + "," + end)
