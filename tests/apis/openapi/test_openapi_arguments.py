"""What an operation takes: one flat, closed object, whatever places the values go to."""

from __future__ import annotations

from typing import Any

import pytest

from openapi_reading import accepts, described, document, errors, get, only, post, query, sent


def properties(operation: Any) -> dict[str, Any]:
    return dict(operation.contract.input_schema["properties"])


def required(operation: Any) -> list[str]:
    return list(operation.contract.input_schema.get("required", []))


def test_where_names_collide_the_first_keeps_its_name_and_the_others_end_in_their_place() -> None:
    places = ("cookie", "header", "query", "path")
    parameters = [
        {"name": "id", "in": place, "required": True, "schema": {"type": "string"}}
        for place in places
    ]
    body = {"type": "object", "properties": {"id": {"type": "string"}}}
    content = {"content": {"application/json": {"schema": body}}}
    operation = only(
        document({"/x/{id}": {"put": {"parameters": parameters, "requestBody": content}}})
    )
    assert list(properties(operation)) == ["id", "id_query", "id_header", "id_cookie", "id_body"]
    prepared = sent(operation, id="p", id_query="q", id_header="h", id_cookie="c", id_body="b")
    assert prepared.target == "https://api.example/x/p?id=q"
    assert dict(prepared.headers) | {} == {
        "Accept": "application/json, */*;q=0.8",
        "Content-Type": "application/json",
        "Cookie": "id=c",
        "id": "h",
    }
    assert prepared.body == b'{"id":"b"}'


def test_a_suffix_that_is_taken_is_counted_on() -> None:
    operation = get(
        {"name": "a", "in": "query", "schema": {}},
        {"name": "a_header", "in": "query", "schema": {}},
        {"name": "a", "in": "header", "schema": {}},
    )
    assert list(properties(operation)) == ["a", "a_header", "a_header_2"]


def test_parameters_of_the_operation_replace_those_of_its_path() -> None:
    shared = [query("a", {"type": "string"}), query("b", {"type": "string"}, required=True)]
    node = {"parameters": [query("b", {"type": "integer"})]}
    operation = only(document({"/x": {"parameters": shared, "get": node}}))
    assert properties(operation) == {"a": {"type": "string"}, "b": {"type": "integer"}}
    assert required(operation) == []


def test_an_unknown_argument_is_refused() -> None:
    assert errors(get(query("a", {})), {"b": 1})


def test_descriptions_of_parameters_go_with_their_schemas() -> None:
    operation = get(query("a", {"type": "string"}, description="Which.", deprecated=True))
    assert properties(operation)["a"] == {
        "type": "string",
        "description": "Which.",
        "deprecated": True,
    }


def test_members_of_all_parts_of_a_body_are_arguments() -> None:
    base = {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}
    schema = {
        "allOf": [{"$ref": "#/components/schemas/Base"}, {"required": ["b"]}],
        "properties": {"b": {"type": "integer"}},
    }
    operation = post(schema, components={"schemas": {"Base": base}})
    assert set(properties(operation)) == {"a", "b"}
    assert set(required(operation)) == {"a", "b"}
    assert sent(operation, a="x", b=1).body == b'{"b":1,"a":"x"}'


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {}},
        {"type": "object"},
        {"type": "object", "properties": {"a": {}}, "additionalProperties": True},
        {"type": "object", "properties": {"a": {}}, "additionalProperties": {}},
        {"type": "object", "properties": {"a": {}}, "oneOf": [{"required": ["a"]}]},
        {"type": "object", "properties": {"a": {}}, "anyOf": [{"required": ["a"]}]},
        {"type": "object", "properties": {"a": {}}, "minProperties": 1},
        {"type": "object", "properties": {"a": {}}, "patternProperties": {"^x": {}}},
        {"type": "object", "properties": {"a": {}}, "discriminator": {"propertyName": "a"}},
    ],
)
def test_a_body_that_is_more_than_a_list_of_members_is_one_argument(
    schema: dict[str, Any],
) -> None:
    assert list(properties(post(schema))) == ["body"]


def test_an_optional_body_is_complete_or_absent() -> None:
    schema = {"type": "object", "required": ["a"], "properties": {"a": {}, "b": {}}}
    operation = post(schema, required=False)
    assert accepts(operation, {})
    assert accepts(operation, {"a": 1})
    assert not accepts(operation, {"b": 1})


def test_an_optional_body_that_lists_no_members_is_no_argument() -> None:
    operation = post({"type": "object", "properties": {}}, required=False)
    assert properties(operation) == {}
    assert sent(operation).body is None


def test_what_only_answers_hold_is_not_sent() -> None:
    schema = {
        "type": "object",
        "required": ["id", "name"],
        "properties": {"id": {"type": "string", "readOnly": True}, "name": {"type": "string"}},
    }
    operation = post(schema)
    assert list(properties(operation)) == ["name"]
    assert required(operation) == ["name"]


def test_what_is_required_and_not_listed_takes_any_value() -> None:
    operation = post({"type": "object", "required": ["a", "b"], "properties": {"a": {}}})
    assert accepts(operation, {"a": 1, "b": 2})
    assert not accepts(operation, {"a": 1})


def test_the_owner_takes_arguments_away_even_where_they_are_required() -> None:
    source = document(
        {
            "/x": {"get": {"operationId": "x", "parameters": [query("token", {}, required=True)]}},
            "/y": {"get": {"operationId": "y", "parameters": [query("b", {}), query("c", {})]}},
        }
    )
    operations = described(source, omit=["token"], operations={"y": {"omit": ["b"]}}).operations
    assert properties(operations["x"]) == {}
    assert sent(operations["x"]).target == "https://api.example/x"
    assert list(properties(operations["y"])) == ["c"]


def test_a_parameter_of_the_credential_is_no_argument() -> None:
    schemes = {"Key": {"type": "apiKey", "in": "query", "name": "api_key"}}
    parameters = [query("api_key", {}, required=True), query("q", {})]
    source = document(
        {"/x": {"get": {"parameters": parameters}}}, components={"securitySchemes": schemes}
    )
    operation = only(source)
    assert list(properties(operation)) == ["q"]
    assert operation.contract.binding.credentials == {"api_key"}  # type: ignore[attr-defined]


def test_a_header_that_the_owner_sends_as_credential_is_no_argument() -> None:
    parameter = {"name": "x-key", "in": "header", "schema": {"type": "string"}}
    operation = get(parameter)
    assert list(properties(operation)) == ["x-key"]
    source = document({"/x": {"get": {"parameters": [parameter]}}})
    assert properties(only(source, auth={"header": {"X-Key": "${KEY}"}})) == {}


@pytest.mark.parametrize("name", ["Accept", "content-type", "Authorization", "X-Forwarded-For"])
def test_headers_that_are_not_for_arguments_are_told_and_left_out(name: str) -> None:
    operation = get({"name": name, "in": "header", "schema": {"type": "string"}})
    assert properties(operation) == {}
    assert name in operation.contract.changes[0]


def test_a_query_that_may_be_empty_accepts_nothing_as_its_value() -> None:
    operation = get(query("all", {"type": "boolean"}, allowEmptyValue=True))
    assert sent(operation, all="").target.endswith("?all=")
    assert sent(operation, all=True).target.endswith("?all=true")


def test_the_definitions_that_an_operation_reaches_stand_in_its_contract() -> None:
    schemas = {
        "Node": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}},
        "Other": {"type": "string"},
    }
    member = {"type": "object", "properties": {"node": {"$ref": "#/components/schemas/Node"}}}
    operation = post(member, components={"schemas": schemas})
    assert set(operation.contract.input_schema["$defs"]) == {"Node"}  # type: ignore[arg-type]
    assert accepts(operation, {"node": {"next": {"next": {}}}})
    assert not accepts(operation, {"node": {"next": {"nxt": {}}}})
