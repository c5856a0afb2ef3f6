"""Arguments as the GPT editor takes them: no references, every object with its members."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from dragoman.tools.actions.form import MAX_BYTES, Form, NotCarried, form_of, read_texts
from dragoman.tools.slim import slim


def form(**properties: Any) -> Form:
    """Return the form of these arguments."""
    return form_of({"type": "object", "properties": properties, "additionalProperties": False})


def only(schema: Any, **defs: Any) -> dict[str, Any]:
    """Return the form of one argument."""
    root = {"type": "object", "properties": {"it": schema}, "$defs": defs}
    found: Any = form_of(root).properties["it"]
    return dict(found)


def losses(schema: Any) -> list[str]:
    return [str(loss) for loss in form(it=schema).losses]


FREE = {"type": "object"}
FREE_AS_TEXT = {
    "type": "string",
    "description": "JSON text: an object whose members are not listed.",
}


def test_what_both_versions_of_openapi_write_alike_stays() -> None:
    schema = {
        "type": "array",
        "minItems": 1,
        "uniqueItems": True,
        "items": {"type": "string", "pattern": "^a", "maxLength": 9, "format": "uuid"},
        "description": "Names.",
    }
    assert only(schema) == schema


def test_what_a_reference_names_is_written_out() -> None:
    money = {"type": "object", "properties": {"cents": {"type": "integer"}}, "required": ["cents"]}
    assert only({"$ref": "#/$defs/Money"}, Money=money) == money


def test_the_parts_of_a_composition_are_one_object() -> None:
    schema = {
        "allOf": [
            {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
            {"properties": {"b": {"type": "integer"}}},
        ],
        "unevaluatedProperties": False,
    }
    assert only(schema) == {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
        "required": ["a"],
    }


def test_of_alternatives_one_object_lists_all_members_and_requires_the_common_ones() -> None:
    schema = {
        "oneOf": [
            {
                "type": "object",
                "properties": {"kind": {"const": "card"}, "number": {"type": "string"}},
                "required": ["kind", "number"],
            },
            {
                "type": "object",
                "properties": {"kind": {"const": "bank"}, "iban": {"type": "string"}},
                "required": ["kind", "iban"],
            },
        ]
    }
    assert only(schema) == {
        "type": "object",
        "properties": {
            "kind": {"enum": ["card", "bank"]},
            "number": {"type": "string"},
            "iban": {"type": "string"},
        },
        "required": ["kind"],
    }
    assert losses(schema) == [
        "it: of its alternatives one form is made; which fits is checked by us"
    ]


def test_a_condition_on_members_beside_a_choice_keeps_the_members() -> None:
    schema = {
        "type": "object",
        "properties": {"id": {"type": "string"}, "email": {"type": "string"}},
        "anyOf": [{"required": ["id"]}, {"required": ["email"]}],
    }
    assert only(schema)["properties"] == schema["properties"]
    assert "required" not in only(schema)


def test_alternatives_of_several_types_stay_alternatives() -> None:
    assert only({"type": ["string", "integer"]}) == {
        "anyOf": [{"type": "string"}, {"type": "integer"}]
    }


@pytest.mark.parametrize(
    "nullable",
    [
        {"type": ["string", "null"]},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
    ],
)
def test_null_is_said_in_words(nullable: Any) -> None:
    assert only(nullable) == {"type": "string", "description": "May be null."}
    assert losses(nullable) == ["it: null cannot be said; it is accepted"]


def test_an_exclusive_bound_is_said_in_words_and_widened() -> None:
    assert only({"type": "number", "exclusiveMinimum": 0, "description": "Kilograms."}) == {
        "type": "number",
        "minimum": 0,
        "description": "Kilograms. More than 0.",
    }


def test_one_value_is_a_choice_of_one() -> None:
    assert only({"const": "a"}) == {"enum": ["a"]}


def test_a_keyword_that_is_not_shown_is_named() -> None:
    assert losses({"type": "object", "properties": {"a": {}}, "minProperties": 1})[0] == (
        "it: minProperties is not shown; it is enforced"
    )


def test_members_beyond_those_listed_are_reported() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}},
        "additionalProperties": {"type": "string"},
    }
    assert losses(schema) == ["it: members beyond those that are listed cannot be sent"]


def test_an_object_that_lists_no_members_is_json_text() -> None:
    made = form(it=FREE)
    assert made.properties["it"] == FREE_AS_TEXT
    assert read_texts({"it": '{"a": [1.10]}'}, made.texts) == {"it": {"a": [Decimal("1.10")]}}


def test_json_text_is_read_wherever_it_stands() -> None:
    made = form(rows={"type": "array", "items": {"type": "object", "properties": {"meta": FREE}}})
    sent = {"rows": [{"meta": '{"a": 1}'}, {"meta": {"a": 2}}, {}, 5]}
    assert read_texts(sent, made.texts) == {"rows": [{"meta": {"a": 1}}, {"meta": {"a": 2}}, {}, 5]}


def test_what_is_no_json_stays_and_is_for_validate_to_refuse() -> None:
    made = form(it=FREE)
    for text in ("red", "5", "", '{"a": 1', '{"a": 1, "a": 2}', '1}, "x": {', "1e999999999"):
        assert read_texts({"it": text}, made.texts) == {"it": text}


def test_a_value_of_any_kind_is_json_text_with_texts_in_quotes() -> None:
    made = form(it={"description": "The new value."})
    assert made.properties["it"] == {
        "type": "string",
        "description": "The new value. JSON text of any value; a text in quotes.",
    }
    for text, value in (('"5"', "5"), ("5", 5), ("true", True), ("null", None), ("red", "red")):
        assert read_texts({"it": text}, made.texts) == {"it": value}


def test_beside_a_text_only_objects_and_lists_are_read() -> None:
    made = form(it={"anyOf": [{"type": "string"}, FREE]})
    assert read_texts({"it": "5"}, made.texts) == {"it": "5"}
    assert read_texts({"it": '{"a": 5}'}, made.texts) == {"it": {"a": 5}}


def test_beside_a_list_any_value_is_read() -> None:
    made = form(it={"anyOf": [{}, {"type": "array", "items": {"type": "integer"}}]})
    assert read_texts({"it": "5"}, made.texts) == {"it": 5}


def test_what_stands_within_json_text_is_json_as_it_is() -> None:
    whole = {"type": "object", "properties": {"inner": FREE}}
    made = form(it={"anyOf": [whole, FREE]})
    assert read_texts({"it": {"inner": '{"a": 1}'}}, made.texts) == {"it": {"inner": {"a": 1}}}
    assert read_texts({"it": '{"inner": "{}"}'}, made.texts) == {"it": {"inner": "{}"}}


def test_a_circle_is_cut_where_it_closes() -> None:
    node = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "child": {"$ref": "#/$defs/Node"}},
    }
    assert only({"$ref": "#/$defs/Node"}, Node=node) == {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "child": {
                "type": "string",
                "description": "JSON text: it holds its own kind again.",
            },
        },
    }


def test_a_kind_that_names_its_own_variants_is_no_circle() -> None:
    """Documents with a discriminator are written so: Pet is a Cat or Dog, and each is a Pet."""
    pet = {
        "type": "object",
        "properties": {"name": {"type": "string"}},
        "oneOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}],
    }
    variant = {"allOf": [{"$ref": "#/$defs/Pet"}, {"properties": {"lives": {"type": "integer"}}}]}
    defs = {"Pet": pet, "Cat": variant, "Dog": {"properties": {"barks": {"type": "boolean"}}}}
    assert only({"$ref": "#/$defs/Pet"}, **defs)["properties"] == {
        "name": {"type": "string"},
        "lives": {"type": "integer"},
        "barks": {"type": "boolean"},
    }


def test_the_same_part_used_twice_is_no_circle() -> None:
    point = {"type": "object", "properties": {"x": {"type": "number"}}}
    both = {
        "type": "object",
        "properties": {"from": {"$ref": "#/$defs/P"}, "to": {"$ref": "#/$defs/P"}},
    }
    assert only(both, P=point)["properties"] == {"from": point, "to": point}


def test_what_does_not_fit_is_shown_less_deeply_and_carried_as_text() -> None:
    def nested(depth: int) -> Any:
        inner = nested(depth - 1) if depth else {"type": "string"}
        return {"type": "object", "properties": {f"member{n}": inner for n in range(9)}}

    made = form(it=nested(4), id={"type": "string"})
    assert made.properties["id"] == {"type": "string"}
    assert {text.check for text in made.texts} == {"document-size"}
    assert "it.member0.member0: it is carried as JSON text" in map(str, made.losses)


def test_more_arguments_than_fit_make_no_action() -> None:
    with pytest.raises(NotCarried, match=f"larger than {MAX_BYTES:,} bytes"):
        form(**{f"argument_{n}": {"type": "string"} for n in range(1_000)})


def deep(depth: int) -> Any:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


def doubling(depth: int) -> dict[str, Any]:
    """Definitions of which each names the next one twice."""
    defs: dict[str, Any] = {f"D{depth}": {"type": "string"}}
    for n in range(depth):
        both = [{"$ref": f"#/$defs/D{n + 1}"}, {"$ref": f"#/$defs/D{n + 1}"}]
        defs[f"D{n}"] = {"allOf": both}
    return defs


def choosing(depth: int) -> dict[str, Any]:
    """Definitions of which each chooses twice among objects with the next one in them."""
    defs: dict[str, Any] = {f"D{depth}": {"type": "string"}}
    for n in range(depth):
        branch = {"type": "object", "properties": {"a": {"$ref": f"#/$defs/D{n + 1}"}}}
        defs[f"D{n}"] = {"allOf": [{"oneOf": [branch, branch]}, {"anyOf": [branch, branch]}]}
    return defs


HOSTILE = {
    "depth": ({"it": deep(10_000)}, {}),
    "breadth": ({f"a{n}": {"type": "string"} for n in range(100_000)}, {}),
    "doubling": ({"it": {"$ref": "#/$defs/D0"}}, doubling(60)),
    "choosing": ({"it": {"$ref": "#/$defs/D0"}}, choosing(40)),
    "circle of references": (
        {"it": {"$ref": "#/$defs/A"}},
        {"A": {"allOf": [{"$ref": "#/$defs/B"}]}, "B": {"anyOf": [{"$ref": "#/$defs/A"}]}},
    ),
    "list of lists": ({"it": {"$ref": "#/$defs/A"}}, {"A": {"items": {"$ref": "#/$defs/A"}}}),
    "long pattern": ({"it": {"type": "string", "pattern": "a" * 100_000}}, {}),
    "nothing fits": ({"it": False, "of": {"enum": [None]}, "all": {"type": "nonsense"}}, {}),
}


LEFT_OUT = {"breadth", "doubling", "long pattern"}


@pytest.mark.parametrize("is_slimmed", [True, False])
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_schema_is_bounded_or_left_out(name: str, *, is_slimmed: bool) -> None:
    properties, defs = HOSTILE[name]
    root = {"type": "object", "properties": properties, "$defs": defs}
    schema = slim(root).schema if is_slimmed else root
    if name in LEFT_OUT:
        with pytest.raises(NotCarried, match=r"its arguments are (too large|larger)"):
            form_of(schema)
    else:
        assert len(str(form_of(schema).schema)) < 2 * MAX_BYTES
