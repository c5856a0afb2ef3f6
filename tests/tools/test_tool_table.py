from __future__ import annotations

import pytest

from catalog.by_hand import SHOP, operation, properties
from dragoman.errors import DescriptionError, NotFoundError
from dragoman.models.tool_form import as_chat, as_responses
from dragoman.operation import Contract, Effect, Operation, Tool
from dragoman.tools.size import size_of
from dragoman.tools.tool import MAX_DESCRIPTION, make_tool
from dragoman.tools.tools import make_tools

GET_ORDER = operation(
    "shop.getOrder",
    "GET /orders/{order_id}",
    schema=properties(("order_id",), order_id={"type": "string"}, customer_id={"type": "string"}),
    summary="One order",
    description="Its lines, its state and when it arrives",
)


def described(**members: object) -> str:
    return make_tool(operation("shop.op", "GET /op", **members)).description  # type: ignore[arg-type]


def test_a_tool_is_an_operation_as_a_model_sees_it() -> None:
    assert make_tool(GET_ORDER, filled={"customer_id"}) == Tool(
        name="shop__getOrder",
        operation="shop.getOrder",
        description="One order. Its lines, its state and when it arrives.",
        parameters={
            "type": "object",
            "properties": {"order_id": {"type": "string"}},
            "required": ["order_id"],
            "additionalProperties": False,
        },
        effect=Effect.READ,
        strict=False,
    )


def test_a_summary_that_the_description_repeats_is_said_once() -> None:
    assert described(summary="List orders", description="List orders of a shop.") == (
        "List orders of a shop."
    )


def test_an_operation_without_words_is_described_by_its_route() -> None:
    assert described() == "GET /op"


@pytest.mark.parametrize(
    ("effect", "said"),
    [
        (Effect.READ, "An op."),
        (Effect.WRITE, "An op. This changes data."),
        (Effect.DESTRUCTIVE, "An op. This deletes or overwrites data for good."),
    ],
)
def test_the_effect_of_a_write_is_said(effect: Effect, said: str) -> None:
    assert described(summary="An op", effect=effect) == said


def test_a_long_description_is_bounded_and_keeps_what_we_add() -> None:
    text = described(description="One sentence of it. " * 200, effect=Effect.WRITE, deprecated=True)
    assert len(text) <= MAX_DESCRIPTION
    assert text.endswith("of it. This changes data. It is deprecated: prefer another.")


def test_a_cut_schema_is_announced() -> None:
    schema = properties(code={"enum": [f"code-{i}" for i in range(5_000)]})
    assert described(schema=schema).endswith("all that the API documents is accepted.")


def test_the_two_forms_of_openai() -> None:
    tool = make_tool(GET_ORDER)
    function = {
        "name": "shop__getOrder",
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": False,
    }
    assert as_responses(tool) == {"type": "function", **function}
    assert as_chat(tool) == {"type": "function", "function": function}


def test_tools_keep_the_order_of_their_operations() -> None:
    table = make_tools(SHOP)
    assert [tool.operation for tool in table.tools] == [one.id for one in SHOP]


def test_a_tool_s_name_leads_back_to_its_operation() -> None:
    table = make_tools(SHOP)
    assert table.operation_of("shop__getOrder") == "shop.getOrder"
    assert table.known_operation("shop__getOrder") == "shop.getOrder"
    assert table.known_operation("other") == "other"
    assert table.effect_of("shop.getOrder") is Effect.READ
    assert table.effect_of("shop.nothing") is Effect.WRITE


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(NotFoundError, match="Did you mean shop__getOrder"):
        make_tools(SHOP).operation_of("shop__getOrders")


def test_an_unsupported_operation_has_no_tool_and_the_reason_is_kept() -> None:
    table = make_tools([GET_ORDER, operation("shop.ws", "GET /ws", unsupported="it upgrades.")])
    assert [tool.operation for tool in table.tools] == ["shop.getOrder"]
    assert table.left_out == {"shop.ws": "it upgrades."}


def test_an_operation_whose_contract_cannot_be_read_does_not_stop_the_others() -> None:
    def read() -> Contract:
        raise DescriptionError("It refers to itself without end.")

    broken = Operation("shop.bad", "shop", "bad", "http", Effect.READ, read=read)
    table = make_tools([broken, GET_ORDER])
    assert [tool.operation for tool in table.tools] == ["shop.getOrder"]
    assert table.left_out == {"shop.bad": "It refers to itself without end."}


def test_filled_arguments_are_asked_for_by_operation() -> None:
    table = make_tools([GET_ORDER], filled=lambda one: {"customer_id"} if one is GET_ORDER else ())
    assert list(table.tools[0].parameters["properties"]) == ["order_id"]  # type: ignore[arg-type]


def test_tools_that_were_made_are_used_again() -> None:
    made: dict[str, Tool] = {}
    first = make_tools(SHOP, made=made)
    assert make_tools(SHOP[:2], made=made).tools[1] is first.tools[1]


def test_the_size_of_tools_is_marked_as_an_estimate() -> None:
    size = size_of(make_tools(SHOP).tools)
    assert size.estimated
    assert size.tokens == -(-size.bytes // 4)
    assert str(size) == f"~{size.tokens} tokens"
    assert size_of([]).tokens == 0
