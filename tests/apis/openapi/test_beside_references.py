"""What stands beside a reference: words go through, what would bind is told where it does not."""

from __future__ import annotations

from typing import Any

import pytest

from dragoman.operation import Contract
from openapi_reading import described, document, only, query

THING = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}
REF = {"$ref": "#/components/schemas/Thing"}
JSON = "application/json"


def contract(
    body: Any = None, takes: Any = (), version: str = "3.0.4", **components: Any
) -> Contract:
    """Return the contract of an operation with this body, which takes these parameters."""
    node = {"parameters": list(takes), **({"requestBody": body} if body else {})}
    parts = {"schemas": {"Thing": THING}, **components}
    return only(document({"/things": {"post": node}}, openapi=version, components=parts)).contract


def of_json(schema: Any) -> dict[str, Any]:
    return {"required": True, "content": {JSON: {"schema": schema}}}


@pytest.mark.parametrize(
    ("beside", "names"),
    [
        ({"required": ["a"]}, ["required"]),
        (
            {"minProperties": 1, "additionalProperties": False},
            ["minProperties", "additionalProperties"],
        ),
        ({"properties": {"c": {}}, "nullable": True}, ["properties", "nullable"]),
        ({"description": "D", "title": "T", "example": {}, "deprecated": True, "x-a": 1}, []),
        ({"default": {}, "externalDocs": {}, "summary": "S", "xml": {}, "$comment": "C"}, []),
    ],
)
@pytest.mark.parametrize(
    "around",
    [
        lambda schema: schema,
        lambda schema: {"allOf": [schema, {"properties": {"z": {}}}]},
        lambda schema: {"type": "array", "items": schema},
        lambda schema: {"type": "object", "properties": {"m": schema, "n": schema}},
    ],
    ids=["the body", "a part of it", "its items", "its members"],
)
def test_in_3_0_what_is_ignored_is_told_once_by_name(
    around: Any, beside: dict[str, Any], names: list[str]
) -> None:
    made = contract(of_json(around({**REF, **beside})))
    assert not made.unsupported
    told = [one for one in made.changes if "beside $ref" in one]
    assert told == [f"{name} beside $ref does not count in OpenAPI 3.0" for name in names]


def test_what_repeats_the_reference_loses_nothing() -> None:
    assert contract(of_json({**REF, "type": "object"})).changes == ()
    assert contract(of_json({**REF, "type": "array"})).changes == (
        "type beside $ref does not count in OpenAPI 3.0",
    )


def test_that_only_answers_hold_a_member_is_told_where_it_does_not_count() -> None:
    made = contract(of_json({"type": "object", "properties": {"m": {**REF, "readOnly": True}}}))
    assert made.changes == ("readOnly beside $ref does not count in OpenAPI 3.0",)


def test_in_swagger_2_the_same_is_told_by_its_name() -> None:
    parameter = {"in": "body", "name": "b", "required": True, "schema": {**REF, "required": ["a"]}}
    parameter["schema"]["$ref"] = "#/definitions/Thing"
    paths = {"/things": {"post": {"parameters": [parameter]}}}
    source = {
        "swagger": "2.0",
        "host": "api.example",
        "paths": paths,
        "definitions": {"Thing": THING},
    }
    assert only(source).contract.changes == ("required beside $ref does not count in Swagger 2.0",)


def test_in_3_1_it_counts_and_nothing_is_told() -> None:
    made = contract(of_json({**REF, "required": ["a"]}), version="3.1.1")
    assert made.changes == ()
    assert made.input_schema["required"] == ["a"]


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1"])
def test_beside_the_reference_of_a_parameter_or_body_nothing_counts(version: str) -> None:
    shared = {
        "parameters": {"Limit": query("limit", {"type": "integer"})},
        "requestBodies": {"Thing": of_json(THING) | {"required": False}},
    }
    limit = {"$ref": "#/components/parameters/Limit", "required": True, "description": "D"}
    body = {"$ref": "#/components/requestBodies/Thing", "required": True, "x-b": 1}
    made = contract(body, [limit], version, **shared)
    assert "required" not in made.input_schema
    assert set(made.changes) == {
        "required beside the $ref of limit does not count",
        "required beside the $ref of its body does not count",
    }


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1"])
def test_beside_the_reference_of_a_path_operations_and_parameters_count(version: str) -> None:
    source = document(
        {
            "/things": {
                "$ref": "#/x-paths/Half",
                "get": {"operationId": "read"},
                "parameters": [query("near", {})],
            }
        },
        openapi=version,
        **{
            "x-paths": {
                "Half": {"$ref": "#/x-paths/Other", "delete": {"operationId": "remove"}},
                "Other": {"post": {"operationId": "make"}, "parameters": [query("far", {})]},
            }
        },
    )
    found = described(source)
    assert set(found.operations) == {"read", "make", "remove"}
    for operation in found.operations.values():
        assert set(operation.contract.input_schema["properties"]) == {"near", "far"}


def test_a_path_that_refers_to_itself_is_a_finding() -> None:
    source = document({"/a": {"$ref": "#/paths/~1a", "get": {}}, "/b": {"get": {}}})
    found = described(source)
    assert list(found.operations) == ["get_b"]
    assert "goes in a circle" in found.findings[0]
