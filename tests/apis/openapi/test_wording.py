from __future__ import annotations

import time

from dragoman.apis.openapi.document import Document
from dragoman.apis.openapi.wording import Wording
from dragoman.operation import JsonObject, JsonValue


def wording(**schemas: JsonValue) -> Wording:
    return Wording(Document({"components": {"schemas": schemas}}, is_3_0=False, location="doc"))


def answer(schema: JsonValue) -> JsonObject:
    return {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}


def body(schema: JsonValue) -> JsonObject:
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


def test_parameters_and_members_of_a_body_are_told_with_what_is_said_of_them() -> None:
    item: JsonObject = {"parameters": [{"name": "shop", "in": "header"}]}
    node: JsonObject = {
        "parameters": [{"name": "page", "in": "query", "description": "Which page"}],
        **body({"properties": {"sku": {"description": "The article"}, "lines": {"type": "array"}}}),
    }
    assert wording().takes(item, node) == "shop page Which page sku The article lines"


def test_members_of_what_is_listed_are_told_the_outer_ones_first() -> None:
    order: JsonValue = {"properties": {"state": {}, "lines": {"items": {"$ref": "#/nowhere"}}}}
    page: JsonValue = {
        "properties": {
            "orders": {"type": "array", "items": {"$ref": "#/components/schemas/Order"}},
            "next": {},
        }
    }
    told = wording(Order=order).gives(answer(page))
    assert told == "orders next state lines"


def test_members_are_those_of_all_that_is_composed() -> None:
    told = wording(A={"properties": {"a": {}}}).gives(
        answer(
            {"allOf": [{"$ref": "#/components/schemas/A"}, {"oneOf": [{"properties": {"b": {}}}]}]}
        )
    )
    assert told == "a b"


def test_what_cannot_be_read_says_nothing() -> None:
    hostile: list[JsonObject] = [
        {},
        {"responses": {"200": {"$ref": "#/nowhere"}}},
        {"responses": {"200": {"content": {"application/json": 7}}}},
        answer({"$ref": "#/components/schemas/Loop"}),
        answer(None),
        answer([1]),
        {"responses": {"404": answer({"properties": {"no": {}}})["responses"]}},
    ]
    words = wording(Loop={"allOf": [{"$ref": "#/components/schemas/Loop"}]})
    assert [words.gives(one) for one in hostile] == [""] * len(hostile)
    assert words.takes({"parameters": [7, {"$ref": "#/x"}]}, {"parameters": {}}) == ""


def test_a_schema_of_any_size_costs_little() -> None:
    deep: dict[str, JsonValue] = {"properties": {"end": {}}}
    for _ in range(10_000):
        deep = {"allOf": [deep]}
    doubling: dict[str, JsonValue] = {"properties": {"x" * 500: {}}}
    for _ in range(60):
        doubling = {"allOf": [doubling, doubling]}
    wide: JsonValue = {"properties": {f"p{n}": {"description": "y" * 99} for n in range(100_000)}}
    start = time.perf_counter()
    told = [wording().takes({}, body(schema)) for schema in (deep, doubling, wide)]
    assert time.perf_counter() - start < 0.5
    assert all(len(one) <= 1_000 for one in told)
