"""Of any schema the form refuses nothing that the schema accepts, and loses nothing on the way."""

from __future__ import annotations

import json
import random
from typing import Any

import jsonschema_rs
from judge.actions import has_null, written
from judge.draw import Impossible, Manner, draw

from dragoman.tools.actions.checks import examine
from dragoman.tools.actions.form import Form, form_of, read_texts

SCHEMAS = 300
MANNERS = (Manner(0, 0), Manner(1, 2), Manner(0.5, 1, rich=True))
LEAVES: tuple[Any, ...] = (
    {"type": "string"},
    {"type": ["integer", "null"]},
    {"type": "null"},
    {},
    True,
    False,
    {"enum": ["a", 1, None]},
    {"const": None},
    {"type": "object"},
    {"type": "object", "additionalProperties": False},
    {"type": "array"},
    {"$ref": "#/$defs/A"},
    {"$ref": "#/$defs/B"},
)


def a_schema(rng: random.Random, depth: int) -> Any:
    """Return a schema in which anything may stand within anything."""
    if depth <= 0 or rng.random() < 0.25:
        return rng.choice(LEAVES)
    one, other = a_schema(rng, depth - 1), a_schema(rng, depth - 1)
    members = {"type": "object", "properties": {"a": one, "b": other}}
    return rng.choice(
        [
            {"allOf": [one, other]},
            {"anyOf": [one, other]},
            {"oneOf": [one, other, {"type": "null"}]},
            {**members, "required": ["a", "z"]},
            {**members, "anyOf": [{"required": ["a"]}, one]},
            {"type": "array", "items": one},
            {"type": "array", "prefixItems": [one, other], "items": False},
        ]
    )


def a_tool(rng: random.Random) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"x": a_schema(rng, 4), "y": a_schema(rng, 3)},
        "$defs": {"A": a_schema(rng, 3), "B": a_schema(rng, 3)},
        "additionalProperties": False,
    }


def drawn(schema: dict[str, Any], rng: random.Random) -> list[Any]:
    """Return values that the schema accepts; null is said in words alone."""
    found = []
    for manner in MANNERS:
        try:
            found.append(draw(schema, rng, manner))
        except (Impossible, TypeError, ValueError):  # a schema that contradicts itself
            continue
    accepts = jsonschema_rs.Draft202012Validator(schema)
    return [value for value in found if accepts.is_valid(value) and not has_null(value)]


def broken_rules(form: Form) -> set[str]:
    """Return the rules on schemas that the form breaks."""
    document = {"components": {"schemas": {"Form": dict(form.schema)}}}
    about_schemas = {"object-properties", "common-subset", "known-component", "nested-reference"}
    return {finding.check.name for finding in examine(document)} & about_schemas


def test_what_a_schema_accepts_can_be_sent_and_arrives_as_it_was() -> None:
    rng, values = random.Random(5), 0
    for _ in range(SCHEMAS):
        schema = a_tool(rng)
        form = form_of(schema)
        assert broken_rules(form) == set()
        published = jsonschema_rs.Draft202012Validator(dict(form.schema))
        for value in drawn(schema, rng):
            values += 1
            sent = written(value, form.texts)
            assert published.is_valid(sent), (schema, value)
            back = json.loads(json.dumps(read_texts(sent, form.texts), default=float))
            assert back == value, (schema, value)
    assert values > SCHEMAS
