from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from catalog.by_hand import SHOP, operation, properties
from dragoman.errors import DescriptionError, ModelError, NotFoundError
from dragoman.models.tool_form import as_chat, as_responses
from dragoman.operation import Contract, Effect, Operation, Tool
from dragoman.tools import size
from dragoman.tools.size import parts_of, size_of
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
    parameters = {
        "type": "object",
        "properties": {"order_id": {"type": "string"}},
        "required": ["order_id"],
        "additionalProperties": False,
    }
    assert make_tool(GET_ORDER, filled={"customer_id"}) == Tool(
        name="shop__getOrder",
        operation="shop.getOrder",
        description="One order. Its lines, its state and when it arrives.",
        parameters=parameters,
        effect=Effect.READ,
        strict=True,
        strict_parameters=parameters,
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
        "parameters": {
            "type": "object",
            "properties": {
                "order_id": {"type": "string"},
                "customer_id": {"type": ["string", "null"]},
            },
            "required": ["order_id", "customer_id"],
            "additionalProperties": False,
        },
        "strict": True,
    }
    assert as_responses(tool) == {"type": "function", **function}
    assert as_chat(tool) == {"type": "function", "function": function}


def test_a_tool_that_is_not_strict_says_why_and_is_offered_as_it_is() -> None:
    tool = make_tool(operation("shop.op", "GET /op", schema=properties(tags={"type": "object"})))
    assert tool.notes == ("not strict: tags takes members of any name",)
    form = as_responses(tool)
    assert (form["parameters"], form["strict"]) == (tool.parameters, False)


def test_others_than_openai_are_not_asked_for_nulls() -> None:
    assert make_tool(GET_ORDER).parameters["required"] == ["order_id"]


def test_what_a_tool_does_not_carry_over_is_in_its_report() -> None:
    text = {"type": "string", "description": "A word. " * 60, "maxLength": 5_000, "minLength": 2}
    schema = properties(("a",), a=text, b={"type": "string", "default": "x"})
    tool = make_tool(operation("shop.op", "GET /op", schema=schema, description="It. " * 400))
    assert tool.notes == (
        "not shown, and enforced on the call: maxLength",
        "descriptions shortened to 200 characters: 1",
        "its description is shortened",
        "said in words, or less strictly, and enforced on the call: default, minLength",
    )


def test_a_name_that_openai_does_not_take_is_not_offered() -> None:
    tool = replace(make_tool(GET_ORDER), name="shop.getOrder" * 9)
    for form in (as_responses, as_chat):
        with pytest.raises(ModelError, match="64 letters, digits, hyphens and underscores"):
            form(tool)


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


@pytest.fixture
def without_counter(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "bpe_openai", None)
    size._counter.cache_clear()
    yield
    size._counter.cache_clear()


@pytest.mark.usefixtures("without_counter")
def test_without_the_counter_the_size_of_tools_is_marked_as_an_estimate() -> None:
    whole = size_of(make_tools(SHOP).tools)
    assert whole.estimated
    assert whole.tokens == pytest.approx(whole.bytes / 4, abs=len(SHOP))
    assert str(whole) == f"~{whole.tokens} tokens"
    assert size_of([]).tokens == 0


def test_with_the_counter_the_tokens_are_those_of_openai_s_models() -> None:
    pytest.importorskip("bpe_openai")
    parts = parts_of(make_tool(GET_ORDER))
    assert not parts.whole.estimated
    assert parts.description.tokens == 14  # the twelve words and the stops of it, in quotes
    assert parts.description.tokens + parts.parameters.tokens < parts.whole.tokens
    assert str(parts.whole) == f"{parts.whole.tokens} tokens"


def test_a_text_that_the_counter_refuses_is_counted_in_pieces() -> None:
    pytest.importorskip("bpe_openai")
    long = replace(make_tool(GET_ORDER), description="word " * 400_000)
    assert size_of([long]).tokens == pytest.approx(400_000, rel=0.01)
    assert size_of([replace(long, description="<|endoftext|>")]).tokens > 0
