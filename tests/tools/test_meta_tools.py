from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from catalog.by_hand import operation
from dragoman.errors import ArgumentError
from dragoman.operation import Effect, JsonObject
from dragoman.tools import meta
from dragoman.tools.tool import make_tool

GET_ORDER = operation("shop.getOrder", "GET /orders/{id}", summary="One order")


def test_a_search_tells_one_short_line_of_each_operation() -> None:
    long = operation("shop.long", "GET /long", description="Hidden\u202e words. " * 100)
    (short, cut) = meta.search_data([GET_ORDER, long])["operations"]  # type: ignore[misc]
    assert short == {"operation": "shop.getOrder", "effect": "read", "about": "One order"}
    assert len(cut["about"]) <= 160
    assert "\u202e" not in cut["about"]


def test_a_search_tells_of_no_more_than_it_may() -> None:
    many = [operation(f"shop.op{n}", f"GET /{n}") for n in range(100)]
    assert len(meta.search_data(many)["operations"]) == meta.MAX_FOUND  # type: ignore[arg-type]


def test_a_search_without_a_hit_says_what_to_do() -> None:
    assert "other words" in str(meta.search_data([])["note"])


def test_a_description_is_made_of_the_tool_of_the_operation() -> None:
    tool = make_tool(GET_ORDER)
    assert meta.describe_data(tool) == {
        "operation": "shop.getOrder",
        "effect": "read",
        "description": tool.description,
        "parameters": tool.parameters,
    }


@pytest.mark.parametrize("limit", [3, 3.0, Decimal("3.0")])
def test_a_whole_number_is_one_however_it_is_written(limit: float | Decimal) -> None:
    assert meta.read_search({"query": "orders", "limit": limit}) == ("orders", 3)


def test_arguments_in_a_text_are_read_as_an_object_is() -> None:
    given = {"operation": " shop.getOrder ", "arguments": '{"id": "1042"}'}
    assert meta.read_call(given) == ("shop.getOrder", {"id": "1042"})
    assert meta.read_call({"operation": "shop.list"}) == ("shop.list", {})


@pytest.mark.parametrize(
    ("read", "given", "said"),
    [
        (meta.read_search, {}, "'query' has to be a text."),
        (meta.read_search, {"query": " "}, "'query' has to be a text."),
        (meta.read_search, {"query": "a", "limit": True}, "from 1 to 20"),
        (meta.read_search, {"query": "a", "limit": 0}, "from 1 to 20"),
        (meta.read_search, {"query": "a", "limit": 21}, "from 1 to 20"),
        (meta.read_search, {"query": "a", "limit": "3"}, "from 1 to 20"),
        (meta.read_search, {"query": "a", "limit": Decimal("1e900")}, "from 1 to 20"),
        (meta.read_search, {"query": "a", "sql": "'; DROP"}, "has no argument 'sql'"),
        (meta.read_describe, {"operation": ["shop.getOrder"]}, "has to be the id"),
        (meta.read_describe, {"operation": "x" * 1_000_000}, "at most 300 characters"),
        (meta.read_call, {"operation": "", "arguments": {}}, "has to be the id"),
        (meta.read_call, {"operation": "shop.getOrder", "id": "1"}, "has no argument 'id'"),
        (meta.read_call, {"operation": "shop.getOrder", "arguments": [1]}, "has to be an object"),
        (meta.read_call, {"operation": "shop.getOrder", "arguments": "{"}, "not JSON"),
        (meta.read_call, {"operation": "a", "arguments": '{"a": 1, "a": 2}'}, "stands twice"),
        (meta.read_call, {"operation": "a", "arguments": "[" * 90 + "]" * 90}, "not an object"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_would_work(
    read: Callable[[JsonObject], object], given: JsonObject, said: str
) -> None:
    with pytest.raises(ArgumentError) as caught:
        read(given)
    assert said in caught.value.detail
    assert len(caught.value.detail) < 200
    assert caught.value.hint


def test_the_tools_belong_to_no_operation_and_say_the_worst_that_they_do() -> None:
    assert [tool.operation for tool in meta.META_TOOLS] == ["", "", ""]
    assert [tool.effect for tool in meta.META_TOOLS] == [
        Effect.READ,
        Effect.READ,
        Effect.DESTRUCTIVE,
    ]
