"""Swagger 2.0 is read as the OpenAPI 3.0 that says the same."""

from __future__ import annotations

from typing import Any

import pytest

from dragoman.operation import Scheme
from openapi_reading import accepts, described, header, only, sent

FORM = "application/x-www-form-urlencoded"


def swagger(node: Any, *, method: str = "post", path: str = "/x", **other: Any) -> dict[str, Any]:
    return {
        "swagger": "2.0",
        "info": {"title": "T", "version": "1"},
        "host": "api.example",
        "schemes": ["http", "https"],
        "basePath": "/v1",
        "paths": {path: {method: node}},
        **other,
    }


def parameter(place: str, **schema: Any) -> dict[str, Any]:
    return {"name": "p", "in": place, "required": place == "path", **schema}


@pytest.mark.parametrize(
    ("root", "location", "server"),
    [
        ({}, "./swagger.json", "https://api.example/v1"),
        ({"schemes": ["http"]}, "./swagger.json", "http://api.example/v1"),
        ({"schemes": []}, "./swagger.json", "https://api.example/v1"),
        ({"schemes": []}, "http://docs.example/swagger.json", "http://api.example/v1"),
        ({"host": ""}, "http://docs.example/a/swagger.json", "http://docs.example/v1"),
        ({"basePath": "/"}, "./swagger.json", "https://api.example"),
    ],
)
def test_host_base_path_and_schemes_are_the_server(
    root: dict[str, Any], location: str, server: str
) -> None:
    operation = only(swagger({}, method="get", **root), location=location)
    assert sent(operation).target == f"{server}/x"


LIST = {"type": "array", "items": {"type": "string"}}


@pytest.mark.parametrize(
    ("collection", "expected"),
    [
        ({}, "p=a,b"),
        ({"collectionFormat": "csv"}, "p=a,b"),
        ({"collectionFormat": "ssv"}, "p=a%20b"),
        ({"collectionFormat": "tsv"}, "p=a%09b"),
        ({"collectionFormat": "pipes"}, "p=a%7Cb"),
        ({"collectionFormat": "multi"}, "p=a&p=b"),
    ],
)
def test_a_collection_format_is_a_style(collection: dict[str, Any], expected: str) -> None:
    node = {"parameters": [parameter("query", **LIST, **collection)]}
    assert sent(only(swagger(node, method="get")), p=["a", "b"]).target.endswith(f"?{expected}")
    form = {"parameters": [parameter("formData", **LIST, **collection)]}
    assert sent(only(swagger(form)), p=["a", "b"]).body == expected.encode()


def test_a_list_in_a_path_is_parted_by_commas_and_by_nothing_else() -> None:
    node = {"parameters": [parameter("path", **LIST)]}
    operation = only(swagger(node, method="get", path="/x/{p}"))
    assert sent(operation, p=["a", "b"]).target.endswith("/x/a,b")
    node = {"parameters": [parameter("path", **LIST, collectionFormat="pipes")]}
    operation = only(swagger(node, method="get", path="/x/{p}"))
    assert "pipeDelimited" in operation.contract.unsupported


def test_a_body_is_a_parameter_whose_schema_is_spread() -> None:
    body = {"name": "order", "in": "body", "required": True, "schema": {"$ref": "#/definitions/O"}}
    definitions = {
        "O": {
            "type": "object",
            "required": ["id"],
            "properties": {"id": {"type": "string"}, "line": {"$ref": "#/definitions/L"}},
        },
        "L": {"type": "object", "properties": {"n": {"type": "integer", "x-nullable": True}}},
    }
    operation = only(swagger({"parameters": [body]}, definitions=definitions))
    prepared = sent(operation, id="1", line={"n": None})
    assert prepared.body == b'{"id":"1","line":{"n":null}}'
    assert header(prepared, "Content-Type") == "application/json"
    assert set(operation.contract.input_schema["$defs"]) == {"L"}  # type: ignore[arg-type]
    assert not accepts(operation, {"id": "1", "line": {"m": 1}})


def test_consumes_of_the_operation_comes_before_that_of_the_document() -> None:
    body = {"name": "b", "in": "body", "schema": {"type": "string"}}
    source = swagger({"parameters": [body], "consumes": ["text/plain"]}, consumes=["text/csv"])
    assert header(sent(only(source), body="x"), "Content-Type").startswith("text/plain")


def test_a_form_is_made_of_parameters() -> None:
    node = {
        "parameters": [
            {"name": "a", "in": "formData", "type": "string", "required": True},
            {"name": "n", "in": "formData", "type": "integer", "maximum": 9},
        ]
    }
    operation = only(swagger(node))
    prepared = sent(operation, a="x y", n=0)
    assert header(prepared, "Content-Type") == FORM
    assert prepared.body == b"a=x+y&n=0"
    assert not accepts(operation, {"a": "x", "n": 10})
    assert not accepts(operation, {"n": 1})


def test_a_file_is_sent_in_parts() -> None:
    file = {"name": "f", "in": "formData", "type": "file", "required": True}
    operation = only(swagger({"parameters": [file], "consumes": [FORM, "multipart/form-data"]}))
    prepared = sent(operation, f={"name": "a.txt", "base64": "aGk="})
    assert b'name="f"; filename="a.txt"' in (prepared.body or b"")


def test_parameters_of_a_path_and_shared_ones_are_merged() -> None:
    item = {
        "parameters": [
            {"$ref": "#/parameters/Shared"},
            {"name": "b", "in": "body", "schema": {"type": "array", "items": {}}},
        ],
        "get": {"parameters": [{"name": "s", "in": "query", "type": "boolean"}]},
    }
    shared = {"Shared": {"name": "s", "in": "query", "type": "string"}}
    source = {**swagger({}), "paths": {"/x": item}, "parameters": shared}
    assert sent(only(source), s=False, body=[1]).target.endswith("/x?s=false")


def test_produces_is_what_is_accepted() -> None:
    response = {"200": {"schema": {"type": "string"}}}
    source = swagger({"responses": response}, produces=["text/csv"])
    assert header(sent(only(source)), "Accept") == "text/csv"


def test_security_definitions_are_schemes() -> None:
    definitions = {
        "Basic": {"type": "basic"},
        "Key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "App": {
            "type": "oauth2",
            "flow": "application",
            "tokenUrl": "https://t.example/t",
            "scopes": {"a": ""},
        },
    }
    source = swagger({}, securityDefinitions=definitions, security=[{"Basic": []}])
    description = described(source)
    assert description.schemes == {
        "Basic": Scheme("Basic", "http", scheme="basic"),
        "Key": Scheme("Key", "apiKey", "header", "X-Key"),
        "App": Scheme("App", "oauth2", token_url="https://t.example/t", scopes=("a",)),
    }
    (operation,) = description.operations.values()
    assert operation.contract.security == (("Basic",),)


@pytest.mark.parametrize(
    "node",
    [
        {"parameters": [{"$ref": "#/nowhere"}]},
        {"parameters": [{"$ref": "http://169.254.169.254/x"}]},
        {"parameters": "nonsense"},
        {"parameters": [7]},
        {"parameters": [{"name": "a", "in": "nowhere", "type": "string"}]},
    ],
)
def test_what_cannot_be_read_makes_its_operation_unsupported(node: Any) -> None:
    assert only(swagger(node)).contract.unsupported


def test_circles_of_references_end() -> None:
    source = swagger(
        {"parameters": [{"$ref": "#/parameters/A"}]},
        parameters={"A": {"$ref": "#/parameters/A"}},
        definitions={"D": {"$ref": "#/definitions/D"}},
    )
    assert only(source).contract.unsupported
