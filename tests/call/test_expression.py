"""Expressions as functions give what the library gives, for every expression and value."""

from __future__ import annotations

import jmespath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.call.expression import compiled

NAMES = st.sampled_from(["a", "b", "c"])
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "x", "10"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner),
    max_leaves=12,
)


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(inner, inner)
    return st.one_of(
        st.tuples(inner, NAMES).map(".".join),
        pairs.map(" | ".join),
        pairs.map(" || ".join),
        pairs.map(" && ".join),
        st.tuples(inner, st.sampled_from(["[*]", "[]", "[0]", "[-1]", "[1:]", ".*"])).map("".join),
        st.tuples(inner, NAMES).map(lambda two: f"{two[0]}[*].{two[1]}"),
        st.tuples(inner, NAMES).map(lambda two: f"{two[0]}[].{{x: {two[1]}, y: @}}"),
        pairs.map(lambda two: f"[{two[0]}, {two[1]}]"),
        pairs.map(lambda two: f"{{one: {two[0]}, two: {two[1]}}}"),
        st.tuples(inner, inner).map(lambda two: f"@[?{two[0]} == {two[1]}]"),
        inner.map(lambda one: f"!({one})"),
        inner.map(lambda one: f"type({one})"),
        inner.map(lambda one: f"not_null({one}, `1`)"),
    )


EXPRESSIONS = st.recursive(
    st.sampled_from(["a", "b", "@", "`2`", "'x'", "a.b"]), _grown, max_leaves=5
)


@settings(max_examples=600, deadline=None)
@given(expression=EXPRESSIONS, value=VALUES)
def test_a_function_returns_what_the_library_returns(expression: str, value: object) -> None:
    try:
        parsed = jmespath.compile(expression)
    except jmespath.exceptions.JMESPathError:
        return  # what was put together is no expression
    assert compiled(expression, jmespath.Options())(value) == parsed.search(value)


def test_an_expression_that_is_none_is_told_as_the_library_tells_it() -> None:
    with pytest.raises(jmespath.exceptions.ParseError):
        compiled("a..b", jmespath.Options())


def test_what_a_function_refuses_is_told_as_the_library_tells_it() -> None:
    with pytest.raises(jmespath.exceptions.JMESPathTypeError):
        compiled("length(a)", jmespath.Options())({"a": 1})
