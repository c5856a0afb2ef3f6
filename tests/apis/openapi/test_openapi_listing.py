"""What a document's operations are called, and what is known of them before they are used."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dragoman.operation import Effect
from openapi_reading import described, document, only


def names(paths: dict[str, Any], **other: Any) -> list[str]:
    return list(described(document(paths, **other)).operations)


def test_an_operation_is_listed_as_it_is_described() -> None:
    node = {
        "operationId": "getOrder",
        "summary": "One order",
        "description": "Its lines.",
        "tags": ["orders", 7],
        "deprecated": True,
    }
    operation = only(document({"/orders/{id}": {"get": node}}))
    assert operation.id == "api.getOrder"
    assert operation.route == "GET /orders/{id}"
    assert (operation.summary, operation.description) == ("One order", "Its lines.")
    assert operation.tags == ("orders",)
    assert operation.deprecated
    assert operation.kind == "http"


def test_words_of_the_path_stand_in_where_an_operation_has_none() -> None:
    operation = only(document({"/x": {"summary": "S", "description": "D", "get": {}}}))
    assert (operation.summary, operation.description) == ("S", "D")


@pytest.mark.parametrize(
    ("method", "effect"),
    [
        ("get", Effect.READ),
        ("head", Effect.READ),
        ("options", Effect.READ),
        ("post", Effect.WRITE),
        ("put", Effect.WRITE),
        ("patch", Effect.WRITE),
        ("delete", Effect.DESTRUCTIVE),
    ],
)
def test_the_effect_follows_from_the_method(method: str, effect: Effect) -> None:
    assert only(document({"/x": {method: {}}})).effect is effect


def test_without_an_operation_id_the_name_is_method_and_path() -> None:
    paths = {"/api/contents/{path}": {"get": {}, "put": {"operationId": ""}}, "/": {"get": {}}}
    assert names(paths) == ["get_api_contents_path", "put_api_contents_path", "get"]


def test_where_two_ids_are_equal_neither_keeps_it() -> None:
    paths = {
        "/a": {"get": {"operationId": "list"}},
        "/b": {"get": {"operationId": "list"}},
        "/c": {"get": {"operationId": "other"}},
    }
    assert names(paths) == ["get_a", "get_b", "other"]


def test_names_that_would_be_equal_are_told_apart_by_a_hash_of_their_own() -> None:
    first, second = names({"/a/b": {"get": {}}, "/a-b": {"get": {}}})
    assert re.fullmatch(r"get_a_b_[0-9a-f]{8}", first)
    assert re.fullmatch(r"get_a_b_[0-9a-f]{8}", second)
    assert first != second
    assert names({"/a-b": {"get": {}}, "/a/b": {"get": {}}, "/c": {"get": {}}})[:2] == [
        second,
        first,
    ]


def test_an_id_that_looks_like_a_made_up_name_keeps_it() -> None:
    made, own = names({"/a": {"get": {}}, "/b": {"get": {"operationId": "get_a"}}})
    assert own == "get_a"
    assert re.fullmatch(r"get_a_[0-9a-f]{8}", made)


@pytest.mark.parametrize(
    ("operation_id", "name"),
    [
        ("repos/list-branches", "repos/list-branches"),
        ("Orders.get_by-id", "Orders.get_by-id"),
        ("get order*", "get_order_"),
        ("tag:orders", "tag_orders"),
        ("a[0]?#x", "a_0_x"),
        ("größe", "größe"),
        ("/orders", "orders"),
        ("GET /orders", "GET_/orders"),
        ("x\u202ey\x00", "x_y_"),
        ("***", "get_x"),
    ],
)
def test_a_name_never_reads_as_a_glob_tag_or_route(operation_id: str, name: str) -> None:
    assert names({"/x": {"get": {"operationId": operation_id}}}) == [name]


def test_ids_that_are_no_text_do_not_count() -> None:
    assert names({"/x": {"get": {"operationId": 7}, "put": {"operationId": ["a"]}}}) == [
        "get_x",
        "put_x",
    ]


def test_other_methods_of_3_2_are_operations_too() -> None:
    paths = {"/x": {"query": {}, "additionalOperations": {"PURGE": {}, "no method": {}}}}
    description = described(document(paths, openapi="3.2.0"))
    assert [one.route for one in description.operations.values()] == ["QUERY /x", "PURGE /x"]
    assert description.findings == ("OpenAPI 3.2.0 is read as 3.1.",)


def test_a_path_may_be_a_reference() -> None:
    source = document(
        {"/x": {"$ref": "#/components/pathItems/X"}},
        components={"pathItems": {"X": {"get": {"operationId": "x"}}}},
    )
    assert list(described(source).operations) == ["x"]


def test_what_cannot_be_listed_is_found_and_the_rest_works() -> None:
    paths = {
        "/a": "nonsense",
        "/b": {"get": "nonsense", "post": {}},
        "/c": {"$ref": "other.yaml#/c"},
        "x-more": {"get": {}},
    }
    description = described(document(paths))
    assert list(description.operations) == ["post_b"]
    assert len(description.findings) == 3


def test_a_contract_is_not_read_before_it_is_used() -> None:
    operation = only(document({"/x": {"get": {"parameters": "nonsense"}}}))
    assert "contract" not in vars(operation)
    assert operation.contract.unsupported == "its parameters are no list"
    assert "contract" in vars(operation)
