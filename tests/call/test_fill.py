"""What the owner pins and what the caller is bound to go in; filler nulls go out."""

from __future__ import annotations

import pytest

from dragoman.access.policy import Rules
from dragoman.call.fill import fill
from dragoman.clock import Deadline, SystemClock
from dragoman.errors import ArgumentError
from dragoman.operation import Call, Contract, Effect, Operation


def operation(properties: dict[str, object], **schema: object) -> Operation:
    contract = Contract(
        {"type": "object", "properties": properties, "additionalProperties": False, **schema},
        (),
        None,
    )
    return Operation(
        "shop.listOrders", "shop", "listOrders", "http", Effect.READ, read=lambda: contract
    )


def call(arguments: dict[str, object], user: str | None = None) -> Call:
    return Call(
        "c1",
        "shop.listOrders",
        arguments,
        Deadline.after(10, SystemClock()),
        "call:c1",
        user=user,
        origins=dict.fromkeys(arguments, "the model"),
    )


BOUND = Rules(fill={"customer_id": "caller.user"})
ORDERS = operation({"customer_id": {"type": "string"}, "status": {"type": "string"}})


def test_the_end_user_is_put_in_whatever_the_model_wrote() -> None:
    filled = fill(call({"customer_id": "someone_else"}, user="u_7"), ORDERS, BOUND)
    assert filled.arguments == {"customer_id": "u_7"}
    assert filled.origins["customer_id"] == "caller.user"


def test_without_an_end_user_the_call_says_how_to_name_one() -> None:
    with pytest.raises(ArgumentError, match="customer_id is filled") as raised:
        fill(call({}), ORDERS, BOUND)
    assert "--user ID" in raised.value.hint


def test_a_pinned_value_is_sent_as_it_is() -> None:
    filled = fill(call({}), ORDERS, Rules(fill={"status": "open"}))
    assert filled.arguments == {"status": "open"}
    assert filled.origins["status"] == "the owner"


def test_a_rule_of_the_api_passes_over_operations_without_that_argument() -> None:
    assert fill(call({}), operation({}), Rules(fill={"status": "open"})).arguments == {}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": ["string", "null"]},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
        {"enum": ["a", None]},
        {},
        {"$ref": "#/$defs/Nullable"},
    ],
)
def test_a_null_that_the_api_accepts_is_a_value(schema: dict[str, object]) -> None:
    one = operation({"note": schema}, **{"$defs": {"Nullable": {"type": ["string", "null"]}}})
    assert fill(call({"note": None}), one, Rules()).arguments == {"note": None}


@pytest.mark.parametrize("schema", [{"type": "string"}, {"enum": ["a"]}, {"$ref": "#/$defs/Text"}])
def test_a_null_that_the_api_does_not_accept_means_absent(schema: dict[str, object]) -> None:
    one = operation({"note": schema}, **{"$defs": {"Text": {"type": "string"}}})
    assert fill(call({"note": None}), one, Rules()).arguments == {}


def test_filler_nulls_inside_of_objects_and_lists_go_too() -> None:
    line = {"type": "object", "properties": {"sku": {"type": "string"}, "n": {"type": "integer"}}}
    one = operation({"lines": {"type": "array", "items": line}})
    filled = fill(call({"lines": [{"sku": "A", "n": None}, {"sku": "B", "n": 0}]}), one, Rules())
    assert filled.arguments == {"lines": [{"sku": "A"}, {"sku": "B", "n": 0}]}


def test_zero_false_and_empty_text_are_values() -> None:
    one = operation({n: {} for n in "abc"})
    given = {"a": 0, "b": False, "c": ""}
    assert fill(call(given), one, Rules()).arguments == given
