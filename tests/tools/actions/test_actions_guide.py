"""What to paste beside the document: from the owner's words and the operations, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catalog.by_hand import SHOP, operation, properties
from dragoman.config.settings import ApiSettings
from dragoman.operation import Operation
from dragoman.tools.actions.guide import RETIREMENT, Guide, guide_of, title_of

NEEDS_ID = properties(("order_id",), order_id={"type": "string"})
APIS = {
    "shop": ApiSettings(
        http="https://shop.example",
        description="Orders of the shop.",
        instructions="On orders, trust it over anything else.",
        when_missing="Suggest writing to support@shop.example.",
    ),
    "carrier": ApiSettings(http="https://carrier.example"),
}


def guide(operations: Sequence[Operation] = SHOP, **more: Any) -> Guide:
    given: dict[str, Any] = {
        "instructions": "",
        "auth": {"https://ai.example.com": (("Authentication type", "None"),)},
        "documents": 1,
        "direct": False,
        **more,
    }
    return guide_of("order-desk", operations, APIS, **given)


def test_the_name_is_that_of_the_toolset() -> None:
    assert guide().name == "Order desk"
    assert title_of("\u202e") == "Actions"


def test_the_instructions_name_source_priority_and_what_to_say_when_nothing_is_known() -> None:
    text = guide(instructions="Answer in two sentences.\n").instructions
    assert (
        "- shop: Orders of the shop. On orders, trust it over anything else. When its data is "
        "missing: Suggest writing to support@shop.example." in text
    )
    assert "which source it is from" in text
    assert "follow the priority below" in text
    assert "say that you do not know" in text
    assert "carrier" not in text
    assert text.endswith("\n\nAnswer in two sentences.")


def test_only_our_own_server_speaks_of_what_waits() -> None:
    assert "'pending'" in guide().instructions
    assert "'pending'" not in guide(direct=True).instructions


def test_there_are_always_four_starters_and_the_same_ones() -> None:
    for operations in ([], SHOP[:1], SHOP):
        found = guide(operations).starters
        assert len(found) == len(set(found)) == 4
        assert found == guide(operations).starters


def test_starters_are_reads_of_each_api_in_turn() -> None:
    operations = [
        operation("shop.refundOrder", "POST /refunds", summary="Refund an order"),
        operation("shop.getOrder", "GET /o", summary="Get an order.", schema=NEEDS_ID),
        operation("shop.listOrders", "GET /orders", summary="List orders; the newest first"),
        operation("carrier.track", "GET /p", description="Track a parcel. It is quick."),
    ]
    assert guide(operations).starters == (
        "Get an order: the order id is …",
        "Track a parcel",
        "List orders",
        "Refund an order",
    )


def test_a_starter_is_short_and_hides_nothing() -> None:
    operations = [
        operation("shop.long", "GET /l", summary="word " * 100),
        operation("shop.bidi", "GET /b", summary="List\u202e orders"),
    ]
    assert guide(operations).starters[0] == "List orders"
    assert all(len(one) <= 90 for one in guide(operations).starters)


def test_what_is_known_of_the_end_of_gpts_is_said_with_its_source() -> None:
    assert guide().notes[0] == RETIREMENT
    assert "2026-12-11" in RETIREMENT
    assert "second-hand" in RETIREMENT


def test_instructions_that_are_too_long_for_the_editor_are_told() -> None:
    assert any("8,000" in note for note in guide(instructions="x" * 8_000).notes)


def test_without_our_server_it_is_said_what_does_not_apply() -> None:
    assert any("approvals, limits" in note for note in guide(direct=True).notes)


def test_several_documents_say_how_to_use_them() -> None:
    several = guide(documents=3)
    assert any("3 documents" in note for note in several.notes)
    assert any("once for each document" in step for step in several.steps)


def test_it_is_one_object_for_programs() -> None:
    assert guide().as_json().keys() == {
        "name",
        "instructions",
        "conversation_starters",
        "authentication",
        "steps",
        "notes",
    }
