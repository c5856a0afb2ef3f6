"""Conditions are told the truth about numbers, and are given no more than they ask for."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest

from dragoman.config.conditions import ConditionFault, evaluate


@pytest.mark.parametrize(
    ("text", "result", "value"),
    [
        ("result.a == args.a", {"a": 2**64}, False),
        ("result.a == args.a", {"a": 2**64 + 1}, True),
        ("result.a == 0.1", {"a": Decimal("0.1")}, True),
        ("result.a == 0.1", {"a": Decimal("0.1000000000000000000000001")}, False),
        ("size(result) == 3", {"a": 1, "b": 2, "c": 3}, True),
        ("result.size() == 3", {"a": 1, "b": 2, "c": 3}, True),
        ("result['b'] == 2 && result.a == 1", {"a": 1, "b": 2}, True),
        ("has(result.b)", {"a": 1}, False),
        ("result.b.exists(x, x.id == 2)", {"a": 1, "b": [{"id": 2}]}, True),
        ("result . b == 2", {"b": 2}, True),
        ("'id' in result", {"id": 2}, True),
        ("result.all(x, x.id == 2)", [{"id": 2}], True),
        ("result == 'a'", "a", True),
        ("size(args) == 1 && args.a != result.a", {"a": 1}, True),
    ],
)
def test_what_is_asked_of_a_result_is_answered_by_the_whole_of_it(
    text: str, result: Any, value: bool
) -> None:
    assert evaluate(text, {"result": result, "args": {"a": 2**64 + 1}}) is value


@pytest.mark.parametrize(
    "value",
    [math.nan, Decimal("NaN"), Decimal("sNaN"), Decimal("1e999999999"), 2**70, "\ud800", object()],
)
def test_what_cannot_be_compared_has_no_answer(value: Any) -> None:
    with pytest.raises(ConditionFault):
        evaluate("args.a > 50", {"args": {"a": value}})


def test_deep_or_endless_work_is_a_fault_and_not_a_crash() -> None:
    deep: Any = 1
    for _ in range(50_000):
        deep = [deep]
    with pytest.raises(ConditionFault):
        evaluate("args.a == 1", {"args": {"a": deep}})
    numbers = list(range(3_000))
    with pytest.raises(ConditionFault):
        evaluate("args.a.all(x, args.a.all(y, y >= 0))", {"args": {"a": numbers}})
