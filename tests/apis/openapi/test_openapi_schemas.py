"""Schemas of OpenAPI 3.0 and 3.1 in JSON Schema 2020-12, case by case."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from dragoman.apis.openapi.definitions import Definitions, Needs
from dragoman.apis.openapi.document import Document
from dragoman.errors import DescriptionError


def translated(
    schema: Any, schemas: dict[str, Any] | None = None, *, is_3_0: bool = True
) -> tuple[Any, list[str]]:
    """Return a schema in translation with its `$defs`, and what was changed."""
    root = {"components": {"schemas": schemas or {}}}
    needs = Needs(Definitions(Document(root, is_3_0, "./openapi.json")))
    made: Any = needs.schema(schema)
    if needs.defs:
        made = {**made, "$defs": needs.defs}
    jsonschema_rs.Draft202012Validator(made, offline=True)
    return made, list(needs.changes)


def fits(schema: Any, value: Any, **other: Any) -> bool:
    return jsonschema_rs.Draft202012Validator(
        translated(schema, **other)[0], offline=True
    ).is_valid(value)


NULLABLE = {"nullable": True}


@pytest.mark.parametrize(
    ("schema", "made"),
    [
        ({"type": "string", **NULLABLE}, {"type": ["string", "null"]}),
        (
            {"type": "string", "enum": ["a"], **NULLABLE},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        ({"enum": ["a"], **NULLABLE}, {"enum": ["a", None]}),
        ({"type": "string", "nullable": False}, {"type": "string"}),
        (
            {"anyOf": [{"type": "string"}], "description": "D", **NULLABLE},
            {"anyOf": [{"anyOf": [{"type": "string"}]}, {"type": "null"}], "description": "D"},
        ),
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ({"minimum": 1, "exclusiveMinimum": False}, {"minimum": 1}),
        ({"maximum": 1.5, "exclusiveMaximum": True}, {"exclusiveMaximum": 1.5}),
        ({"type": "string", "example": "a"}, {"type": "string", "examples": ["a"]}),
        ({"type": "string", "format": "uuid", "x-more": 1}, {"type": "string", "format": "uuid"}),
        ({"type": "integer", "multipleOf": 5}, {"type": "integer", "multipleOf": 5}),
        ({"type": "string", "required": True}, {"type": "string"}),
        ({"type": "string", "default": None}, {"type": "string", "default": None}),
    ],
)
def test_the_dialect_of_3_0_becomes_the_plain_one(schema: Any, made: Any) -> None:
    assert translated(schema) == (made, [])


@pytest.mark.parametrize(
    ("schema", "made"),
    [
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
        ({"type": ["string"]}, {"type": "string"}),
        ({"type": "string", **NULLABLE}, {"type": "string"}),
        ({"const": 1}, {"const": 1}),
        ({"exclusiveMinimum": 1}, {"exclusiveMinimum": 1}),
        ({"prefixItems": [{"type": "string"}]}, {"prefixItems": [{"type": "string"}]}),
        ({"examples": ["a"]}, {"examples": ["a"]}),
        (
            {"if": {"required": ["a"]}, "then": {"required": ["b"]}},
            {"if": {"required": ["a"]}, "then": {"required": ["b"]}},
        ),
        ({"dependentRequired": {"a": ["b"]}}, {"dependentRequired": {"a": ["b"]}}),
        (True, True),
        (False, False),
    ],
)
def test_what_is_2020_12_already_stays(schema: Any, made: Any) -> None:
    assert translated(schema, is_3_0=False) == (made, [])


@pytest.mark.parametrize(
    ("schema", "made"),
    [
        ({"type": "any"}, {}),
        ({"type": ["string", "int"]}, {}),
        ({"minimum": "1"}, {}),
        ({"minLength": -1}, {}),
        ({"minLength": "1"}, {}),
        ({"multipleOf": 0}, {}),
        ({"enum": []}, {}),
        ({"enum": "a"}, {}),
        ({"type": "string", "pattern": "(unclosed"}, {"type": "string"}),
        ({"type": "string", "enum": [1, True]}, {"type": "string", "enum": ["1", "true"]}),
    ],
)
def test_what_is_no_json_schema_is_left_out_and_told(schema: Any, made: Any) -> None:
    translation, changes = translated(schema)
    assert translation == made
    assert len(changes) == 1


REF = {"$ref": "#/components/schemas/A"}
A = {"A": {"type": "object", "properties": {"a": {"type": "string"}}}}


def test_a_reference_becomes_a_definition_of_its_own() -> None:
    made, _ = translated({"type": "array", "items": REF}, A)
    assert made == {
        "type": "array",
        "items": {"$ref": "#/$defs/A"},
        "$defs": {"A": {**A["A"], "additionalProperties": False}},
    }


def test_beside_a_reference_words_are_kept_and_in_3_0_nothing_else_counts() -> None:
    made, changes = translated({**REF, "description": "D", "maxProperties": 1}, A)
    assert {name: made[name] for name in ("$ref", "description")} == {
        "$ref": "#/$defs/A",
        "description": "D",
    }
    assert changes == ["maxProperties beside $ref does not count in OpenAPI 3.0"]


def test_beside_a_reference_everything_counts_in_3_1() -> None:
    schema = {**REF, "required": ["a"], "properties": {"b": {}}}
    assert fits(schema, {"a": "x", "b": 1}, schemas=A, is_3_0=False)
    assert not fits(schema, {"b": 1}, schemas=A, is_3_0=False)
    assert not fits(schema, {"a": "x", "c": 1}, schemas=A, is_3_0=False)


def test_an_all_of_with_one_reference_is_that_reference() -> None:
    made, _ = translated({"allOf": [REF], "description": "D"}, A)
    assert made["$ref"] == "#/$defs/A"
    assert made["description"] == "D"


def test_a_nullable_reference_takes_null() -> None:
    schema = {"allOf": [REF], **NULLABLE}
    assert fits(schema, None, schemas=A)
    assert fits(schema, {"a": "x"}, schemas=A)
    assert not fits(schema, {"b": "x"}, schemas=A)


@pytest.mark.parametrize(
    ("schema", "is_open"),
    [
        ({"type": "object", "properties": {"a": {}}}, False),
        ({"properties": {"a": {}}}, False),
        ({"type": "object", "properties": {"a": {}}, "additionalProperties": True}, True),
        ({"type": "object", "properties": {"a": {}}, "additionalProperties": {}}, True),
        ({"type": "object"}, True),
        ({"type": "object", "properties": {}}, True),
        ({"allOf": [REF, {"properties": {"b": {}}}]}, False),
        ({"allOf": [REF, {"type": "object"}]}, False),
        ({"allOf": [REF, {"additionalProperties": True}]}, True),
        ({"properties": {"b": {}}, "anyOf": [{"required": ["b"]}, REF]}, False),
        ({"oneOf": [REF, {"type": "string"}]}, False),
        ({"allOf": [{"oneOf": [REF]}, {"description": "D"}]}, False),
        ({"properties": {"a": {}}, "discriminator": {"propertyName": "a"}}, True),
        ({"additionalProperties": True, "anyOf": [REF]}, True),
    ],
)
def test_an_object_that_lists_members_and_is_silent_on_others_is_closed(
    schema: Any, is_open: bool
) -> None:
    assert fits(schema, {"a": "x"}, schemas=A)
    assert fits(schema, {"a": "x", "other": 1}, schemas=A) == is_open


def test_members_of_a_pattern_are_let_in_beside_those_listed() -> None:
    schema = {"properties": {"a": {}}, "patternProperties": {"^x-": {"type": "string"}}}
    assert fits(schema, {"a": 1, "x-1": "s"}, is_3_0=False)
    assert not fits(schema, {"x-1": 1}, is_3_0=False)
    assert not fits(schema, {"y": 1}, is_3_0=False)


def test_parts_do_not_refuse_each_others_members() -> None:
    schema = {"allOf": [REF, {"properties": {"b": {"type": "integer"}}, "required": ["b"]}]}
    assert fits(schema, {"a": "x", "b": 1}, schemas=A)
    assert not fits(schema, {"a": "x"}, schemas=A)


def test_what_only_answers_hold_is_dropped_also_where_another_part_requires_it() -> None:
    schemas = {
        "Id": {"properties": {"id": {"type": "string", "readOnly": True}}},
        "Needs": {"type": "object", "required": ["id", "name"], "properties": {"name": {}}},
    }
    schema = {"allOf": [{"$ref": f"#/components/schemas/{name}"} for name in schemas]}
    assert fits(schema, {"name": "x"}, schemas=schemas)
    assert not fits(schema, {"name": "x", "id": "1"}, schemas=schemas)


def test_a_member_is_read_only_through_its_reference() -> None:
    schemas = {"Id": {"type": "string", "readOnly": True}}
    schema = {
        "required": ["id", "a"],
        "properties": {"id": {"$ref": "#/components/schemas/Id"}, "a": {}},
    }
    assert fits(schema, {"a": 1}, schemas=schemas)


def test_recursion_ends_and_is_followed() -> None:
    schemas = {"Tree": {"properties": {"kids": {"type": "array", "items": REF_TREE}}}}
    assert fits(REF_TREE, {"kids": [{"kids": [{}]}]}, schemas=schemas)
    assert not fits(REF_TREE, {"kids": [{"kids": [{"x": 1}]}]}, schemas=schemas)


REF_TREE = {"$ref": "#/components/schemas/Tree"}


def test_the_recursive_reference_of_2019_09_is_followed() -> None:
    schemas = {"Tree": {"properties": {"kids": {"items": {"$recursiveRef": "#"}}}}}
    assert fits(REF_TREE, {"kids": [{"kids": []}]}, schemas=schemas, is_3_0=False)
    assert not fits(REF_TREE, {"kids": [{"x": 1}]}, schemas=schemas, is_3_0=False)


@pytest.mark.parametrize("name", ["A b", "part:A", "ü", "a/b", "%41", "~1"])
def test_any_name_of_a_component_makes_a_definition(name: str) -> None:
    token = name.replace("%", "%25").replace("~", "~0").replace("/", "~1")
    schemas = {name: {"type": "integer"}, "A": {"type": "string"}}
    reference = {"$ref": f"#/components/schemas/{token}"}
    assert fits(reference, 1, schemas=schemas)
    assert not fits(reference, "x", schemas=schemas)


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ("nonsense", "neither an object nor true or false"),
        ({"$ref": "#/nowhere"}, "leads nowhere"),
        ({"$ref": "#name"}, "no JSON pointer"),
        ({"$ref": "file:///etc/passwd"}, "leads out of the document"),
        ({"$ref": "http://169.254.169.254/latest"}, "leads out of the document"),
        ({"$dynamicRef": "#node"}, r"\$dynamicRef"),
        ({"items": {"properties": {"a": {"$ref": "other.yaml"}}}}, "leads out of the document"),
    ],
)
def test_what_cannot_be_translated_says_why(schema: Any, reason: str) -> None:
    with pytest.raises(DescriptionError, match=reason):
        translated(schema)


def test_a_whole_that_forbids_others_lets_in_what_its_parts_list() -> None:
    schema = {
        "allOf": [{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}],
        "properties": {"b": {"type": "string"}},
        "additionalProperties": False,
    }
    assert fits(schema, {"a": "1", "b": "2"})
    assert not fits(schema, {"a": "1", "c": "3"})
    assert "additionalProperties: false lets in" in translated(schema)[1][0]


CLOSED = {"type": "object", "properties": {"a": {}}, "additionalProperties": False}
MORE = {"type": "object", "properties": {"b": {}}}
LETS_IN = "additionalProperties: false lets in what the parts beside it list"


@pytest.mark.parametrize(
    "schema",
    [
        {"allOf": [CLOSED, MORE]},
        {"allOf": [{"$ref": "#/components/schemas/Closed"}, MORE]},
        {"allOf": [CLOSED], "properties": {"b": {}}},
        {"allOf": [{"allOf": [{"$ref": "#/components/schemas/Closed"}]}, MORE]},
        {"allOf": [CLOSED, {**MORE, "additionalProperties": False}]},
        {"allOf": [CLOSED], "oneOf": [{**MORE, "required": ["b"]}]},
    ],
)
def test_a_part_that_is_closed_against_the_others_lets_in_what_they_list(schema: Any) -> None:
    schemas = {"Closed": CLOSED}
    assert fits(schema, {"a": 1, "b": 2}, schemas=schemas)
    assert not fits(schema, {"a": 1, "b": 2, "c": 3}, schemas=schemas)
    assert translated(schema, schemas)[1] == [LETS_IN]
    # Elsewhere the same schema is what it says.
    assert not fits({"items": schemas["Closed"]}, [{"b": 1}], schemas=schemas)


@pytest.mark.parametrize(
    "schema",
    [
        {"allOf": [CLOSED, {"required": ["a"]}]},
        {"oneOf": [CLOSED, {**MORE, "additionalProperties": False}]},
        {"properties": {"b": {}}, "not": CLOSED},
        {"properties": {"b": {}}, "if": CLOSED, "then": {}},
    ],
)
def test_a_part_that_no_other_contradicts_stays_closed_and_nothing_is_told(schema: Any) -> None:
    assert translated(schema)[1] == []
    assert "additionalProperties" in str(translated(schema)[0])
