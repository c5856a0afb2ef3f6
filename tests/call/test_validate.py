"""Arguments are judged by the full schema, and an error says what to change."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dragoman.call.validate import Validate
from dragoman.clock import Deadline, SystemClock
from dragoman.errors import ArgumentError, UnsupportedError
from dragoman.operation import Call, Contract, Effect, Operation


def check(properties: dict[str, object], arguments: dict[str, object], **schema: object) -> None:
    contract = Contract(
        {"type": "object", "properties": properties, "additionalProperties": False, **schema},
        (),
        None,
    )
    operation = Operation(
        "shop.getOrder", "shop", "getOrder", "http", Effect.READ, read=lambda: contract
    )
    deadline = Deadline.after(10, SystemClock())
    Validate()(Call("c1", "shop.getOrder", arguments, deadline, "call:c1"), operation)


def fault(properties: dict[str, object], arguments: dict[str, object], **schema: object) -> str:
    with pytest.raises(ArgumentError) as raised:
        check(properties, arguments, **schema)
    return str(raised.value)


ORDER_ID = {"order_id": {"type": "string", "pattern": "^[0-9]+$"}}


def test_a_pattern_that_does_not_match_is_shown_with_what_would() -> None:
    assert fault(ORDER_ID, {"order_id": "#1042"}) == (
        'shop.getOrder: order_id must match ^[0-9]+$, got "#1042". Try: order_id=1042'
    )


def test_a_missing_argument_is_named() -> None:
    assert fault(ORDER_ID, {}, required=["order_id"]) == "shop.getOrder: order_id is required."


def test_an_unknown_argument_is_refused_and_the_known_ones_are_named() -> None:
    assert fault(ORDER_ID, {"id": "7"}) == (
        "shop.getOrder: id is not an argument. It has: order_id."
    )


def test_an_enum_tells_its_values() -> None:
    status = {"status": {"enum": ["open", "closed"]}}
    assert 'status must be one of "open", "closed", got "opened"' in fault(
        status, {"status": "opened"}
    )


def test_all_faults_are_told_at_once_and_each_has_its_place() -> None:
    with pytest.raises(ArgumentError) as raised:
        check({"a": {"type": "integer"}, "b": {"type": "boolean"}}, {"a": "x", "b": 1})
    assert sorted(e.pointer for e in raised.value.errors) == ["/a", "/b"]


def test_exact_numbers_are_judged_exactly() -> None:
    check({"n": {"type": "integer", "minimum": 2**80}}, {"n": 2**80})
    check({"n": {"type": "number", "maximum": 1.5}}, {"n": Decimal("1.5")})
    assert "n" in fault({"n": {"type": "integer", "maximum": 2**80}}, {"n": 2**80 + 1})


def test_a_pattern_that_backtracks_for_ever_ends() -> None:
    hostile = {"x": {"type": "string", "pattern": r"^(?:a+)+(?=b)c$"}}
    assert "x" in fault(hostile, {"x": "a" * 60 + "!"})


def test_a_schema_that_is_none_makes_the_operation_unsupported() -> None:
    with pytest.raises(UnsupportedError, match="cannot be called"):
        check({"x": {"type": "nothing"}}, {"x": 1})


def test_a_remote_reference_is_never_fetched() -> None:
    with pytest.raises(UnsupportedError):
        check({"x": {"$ref": "http://127.0.0.1:9/schema.json"}}, {"x": 1})


def test_half_a_character_is_refused() -> None:
    assert fault({"q": {"enum": ["a"]}}, {"q": "a\udfff"}) == (
        "shop.getOrder: the arguments hold half a character (U+DFFF), which cannot be sent."
    )


def test_arguments_that_are_nested_without_end_are_refused() -> None:
    deep: object = "x"
    for _ in range(500):
        deep = [deep]
    assert "cannot be read as JSON" in fault({"q": {"type": "string"}}, {"q": deep})
