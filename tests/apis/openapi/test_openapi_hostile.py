"""Documents that are broken or hostile: each costs what it touches, and nothing raises.

Those that are broken at random are in tests/fuzz.
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from dragoman.apis.openapi.load import Source
from dragoman.apis.openapi.read import read
from dragoman.config.settings import ApiSettings
from dragoman.exact_json import encode
from openapi_reading import accepts, document, get, only, post, query, sent


def reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


@pytest.mark.parametrize(
    "schemas",
    [
        {"A": reference("A")},
        {"A": reference("B"), "B": reference("A")},
        {"A": {"allOf": [reference("A")]}},
        {"A": {"allOf": [reference("A"), {"properties": {"x": reference("A")}}]}},
        {"A": {"anyOf": [reference("A"), {"type": "string"}]}},
        {"A": {"not": reference("A")}},
        {"A": {"properties": {"x": {"allOf": [reference("A"), reference("A")]}}}},
    ],
)
def test_circles_end(schemas: dict[str, Any]) -> None:
    for operation in (post(reference("A"), components={"schemas": schemas}),):
        contract = operation.contract
        assert contract.unsupported or accepts(operation, {}) in (True, False)


@pytest.mark.parametrize(
    "target",
    ["file:///etc/passwd", "http://169.254.169.254/latest", "/etc/passwd", "other.yaml#/A", "?"],
)
def test_a_reference_out_of_the_document_is_not_followed(target: str) -> None:
    operation = post({"$ref": target})
    assert "leads out of the document" in operation.contract.unsupported
    parameter = get({"$ref": target})
    assert "leads out of the document" in parameter.contract.unsupported


def test_parts_that_double_at_every_level_take_no_time() -> None:
    schemas: dict[str, Any] = {
        f"S{n}": {"allOf": [reference(f"S{n + 1}"), reference(f"S{n + 1}")]} for n in range(100)
    }
    schemas["S100"] = {"type": "object", "properties": {"a": {"type": "string"}}}
    choices = {
        f"C{n}": {"oneOf": [reference(f"C{n + 1}")] * 2, "properties": {"b": {}}} for n in range(50)
    }
    schemas |= choices | {"C50": {"type": "object", "properties": {"c": {}}}}
    started = time.monotonic()
    operation = post(reference("S0"), components={"schemas": schemas})
    assert sent(operation, a="x").body == b'{"a":"x"}'
    kept_whole = post(reference("C0"), components={"schemas": schemas})
    assert not kept_whole.contract.unsupported
    assert time.monotonic() - started < 10


def test_depth_has_an_end() -> None:
    deep: dict[str, Any] = {"type": "string"}
    for _ in range(200):
        deep = {"type": "array", "items": deep}
    assert "nested deeper" in post(deep).contract.unsupported
    assert "takes any value" in get(query("a", deep)).contract.changes[0]


def test_an_operation_reaches_a_bounded_number_of_schemas() -> None:
    schemas = {
        f"S{n}": {"type": "object", "properties": {"a": reference(f"S{n + 1}")}}
        for n in range(3000)
    }
    schemas["S3000"] = {}
    operation = post({"type": "array", "items": reference("S0")}, components={"schemas": schemas})
    assert "more than 2,000 schemas" in operation.contract.unsupported


def test_many_values_and_names_take_no_time() -> None:
    values = [f"v{n}" for n in range(50_000)]
    schema = {"type": "object", "properties": {"a": {"enum": values}}, "required": values}
    assert post(schema).contract.input_schema


def test_an_expression_that_never_ends_is_not_tried_here() -> None:
    operation = get(query("a", {"type": "string", "pattern": "(a+)+$" * 5}))
    assert not operation.contract.unsupported


def test_a_header_cannot_be_split_by_what_a_document_says() -> None:
    evil = "application/json\r\nX-Evil: 1"
    body = {"content": {evil: {"schema": {"type": "object"}}}}
    assert only(document({"/x": {"post": {"requestBody": body}}})).contract.unsupported
    header = {"name": "X\r\nY", "in": "header", "required": True, "schema": {}}
    assert get(header).contract.unsupported
    cookie = {"name": "a=b;c", "in": "cookie", "schema": {}}
    assert get(cookie).contract.unsupported


@pytest.mark.parametrize(
    "path", ["x", "/a/../b", "/%2e%2e/b", "/{a", "/a}", "/a#b", "/a?{b}", "/\ud800", "/x?a#b"]
)
def test_a_path_that_cannot_be_sent_is_unsupported(path: str) -> None:
    source = Source("./x.json", from_disk=True, document=document({path: {"get": {}}}))
    (operation,) = read("api", source, ApiSettings(openapi="./x.json")).operations.values()
    assert operation.contract.unsupported


@pytest.mark.parametrize("keyword", ["enum", "default", "example", "const", "type", "minimum"])
def test_values_that_are_nested_too_deep_do_not_count(keyword: str) -> None:
    deep: list[Any] = []
    for _ in range(500):
        deep = [deep]
    operation = get(query("a", {"anyOf": [{keyword: deep}]}))
    assert accepts(operation, {"a": "x"})


def test_the_example_of_a_parameter_that_is_nested_too_deep_does_not_count() -> None:
    deep: list[Any] = []
    for _ in range(250):
        deep = [deep]
    operation = get(query("a", {"type": "string"}, example=deep))
    encode(operation.contract.input_schema)
    assert accepts(operation, {"a": "x"})


def test_numbers_beyond_all_bounds_are_compared_or_left_out() -> None:
    huge = Source(
        "./x.json",
        from_disk=True,
        document=document(
            {"/x": {"get": {"parameters": [query("a", {"maximum": 10**4000, "minimum": -1e400})]}}}
        ),
    )
    (operation,) = read("api", huge, ApiSettings(openapi="./x.json")).operations.values()
    assert accepts(operation, {"a": 2**80})
    assert operation.contract.changes == ("minimum: -inf is no number and does not count",)
