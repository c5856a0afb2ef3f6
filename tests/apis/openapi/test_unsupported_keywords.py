"""Keywords that are not built: the operation is unsupported and says which, the rest works."""

from __future__ import annotations

import pytest

from openapi_reading import document, get, only, post, query, sent

DYNAMIC = {"$dynamicRef": "#node"}
WHY = "a schema uses $dynamicRef, which is not followed"


@pytest.mark.parametrize(
    "schema",
    [
        DYNAMIC,
        {"type": "array", "items": DYNAMIC},
        {"type": "object", "properties": {"children": {"type": "array", "items": DYNAMIC}}},
        {"$ref": "#/components/schemas/Tree"},
    ],
)
def test_a_required_part_with_a_dynamic_reference_is_unsupported(schema: object) -> None:
    tree = {"$dynamicAnchor": "node", "properties": {"children": {"items": DYNAMIC}}}
    members = {"type": "object", "required": ["a"], "properties": {"a": schema}}
    parts = {"components": {"schemas": {"Tree": tree}}}
    assert post(members, **parts).contract.unsupported == f"its a: {WHY}"
    assert WHY in post(schema | {"minProperties": 0}, **parts).contract.unsupported
    needed = get(query("q", schema, required=True), **parts)
    assert needed.contract.unsupported == f"its parameter q: {WHY}"


def test_an_optional_part_with_a_dynamic_reference_takes_any_value_and_says_so() -> None:
    assert get(query("q", DYNAMIC)).contract.changes == (f"q takes any value: {WHY}",)
    body = {"type": "object", "properties": {"a": DYNAMIC}}
    assert post(body).contract.changes == (f"its a takes any value: {WHY}",)


@pytest.mark.parametrize("required", [True, False])
def test_the_whole_query_as_one_parameter_is_unsupported(required: bool) -> None:
    content = {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}
    whole = {"name": "q", "in": "querystring", "required": required, "content": content}
    paths = {"/things": {"get": {"parameters": [whole]}}}
    assert only(document(paths, openapi="3.2.0")).contract.unsupported == (
        "its parameter q is the whole query (in: querystring, OpenAPI 3.2), which is not built"
    )


@pytest.mark.parametrize("keyword", ["itemSchema", "prefixEncoding", "itemEncoding"])
def test_what_3_2_adds_to_a_media_type_does_not_count_and_is_told(keyword: str) -> None:
    content = {"application/jsonl": {keyword: {"type": "object"}}}
    node = {"requestBody": {"required": True, "content": content}}
    contract = only(document({"/things": {"post": node}}, openapi="3.2.0")).contract
    assert contract.changes == (f"{keyword} of its body does not count: it is of OpenAPI 3.2",)


def test_a_media_type_of_3_2_may_be_a_reference() -> None:
    content = {"application/json": {"$ref": "#/components/mediaTypes/Thing"}}
    thing = {"schema": {"type": "object", "properties": {"a": {}}}}
    node = {"requestBody": {"required": True, "content": content}}
    source = document({"/things": {"post": node}}, openapi="3.2.0")
    source["components"]["mediaTypes"] = {"Thing": thing}
    operation = only(source)
    assert operation.contract.changes == ()
    assert sent(operation, a=0).body == b'{"a":0}'
