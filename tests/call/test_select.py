"""What the owner's `select` may meet in an answer: each fault of it is told as the owner's line."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from dragoman.access.policy import Rules
from dragoman.call.shape import Shape
from dragoman.clock import Deadline, SystemClock
from dragoman.errors import ConfigurationError
from dragoman.operation import (
    Call,
    Contract,
    Effect,
    JsonValue,
    Operation,
    Prepared,
    Received,
)
from dragoman.secrets.live import LiveValues

CONTRACT = Contract({"type": "object", "properties": {}}, (), None)


async def selected(expression: str, value: object) -> JsonValue:
    operation = Operation("a.b", "a", "b", "http", Effect.READ, read=lambda: CONTRACT)
    call = Call("c1", "a.b", {}, Deadline.after(10, SystemClock()), "call:c1")
    rules = Rules(select=expression, rule_of={"select": "dragoman.yaml:7"})
    prepared = Prepared("a.b", "a", "http", Effect.READ, "GET", "https://a.example/")
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    received = Received(200, "application/json", (), body, 0.1)
    return (await Shape(LiveValues())(call, operation, rules, prepared, received)).data


async def test_what_is_selected_is_the_data() -> None:
    assert await selected("to_number(price)", {"price": "7"}) == 7


@pytest.mark.parametrize("price", ["NaN", "Infinity", "-Infinity", "1e400"])
async def test_a_text_that_is_no_number_of_json_is_null(price: str) -> None:
    assert await selected("to_number(price)", {"price": price}) is None


@pytest.mark.parametrize(
    "number", ["12345678901234567.89", "1e999999999", "1.00000000000000000001"]
)
async def test_a_decimal_stays_exact_and_costs_nothing(number: str) -> None:
    answer = f'{{"price": {number}}}'.encode()
    assert await selected("to_number(price)", answer) == Decimal(number)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("ceil(to_number(price))", {"price": "NaN"}),
        ("floor(to_number(price))", {"price": "Infinity"}),
        ("&price", {"price": 1}),
        ("lines[::0]", {"lines": [1, 2]}),
        ("(" * 5_000, {"a": 1}),
        ("length(price)", {"price": 5}),
    ],
)
async def test_what_cannot_be_selected_is_an_error_that_names_the_line(
    expression: str, value: object
) -> None:
    with pytest.raises(ConfigurationError, match=r"^dragoman\.yaml:7: select of a\.b: "):
        await selected(expression, value)
