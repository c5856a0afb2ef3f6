from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from catalog.by_hand import properties
from dragoman.exact_json import encode
from dragoman.tools.reduction import Level, Reduction
from dragoman.tools.slim import ABRIDGED, MAX_BYTES, slim


def test_what_only_people_and_programs_read_is_left_out() -> None:
    schema = properties(
        order_id={
            "type": "string",
            "pattern": "^[0-9]+$",
            "description": "Its number.",
            "title": "Order Id",
            "example": "1042",
            "examples": ["1042"],
            "externalDocs": {"url": "https://shop.example"},
            "xml": {"name": "id"},
            "x-internal": True,
        }
    )
    assert slim(schema).schema["properties"] == {
        "order_id": {"type": "string", "pattern": "^[0-9]+$", "description": "Its number."}
    }


def test_properties_named_like_keywords_stay() -> None:
    schema = properties(
        example={"type": "string"}, **{"x-trace": {"type": "string"}, "title": {"const": "Dr"}}
    )
    assert slim(schema).schema == {k: v for k, v in schema.items() if k != "required"}


def test_data_is_not_read_as_schema() -> None:
    schema = properties(a={"enum": [{"example": 1, "x-y": 2}], "default": {"xml": True}})
    assert slim(schema).schema["properties"] == schema["properties"]


def test_a_title_stays_where_it_says_more_than_the_name() -> None:
    schema = properties(edd={"type": "string", "title": "Estimated delivery date"})
    assert slim(schema).schema["properties"] == schema["properties"]


def test_what_no_model_would_write_otherwise_for_is_not_shown_and_is_reported() -> None:
    slimmed = slim(
        properties(
            a={"type": "integer", "format": "int64", "title": "order_params", "default": None},
            b={"type": "string", "maxLength": 5_000},
            c={"type": "string", "maxLength": 20, "format": "date", "uniqueItems": True},
        )
    )
    assert slimmed.schema["properties"] == {
        "a": {"type": "integer"},
        "b": {"type": "string"},
        "c": {"type": "string", "maxLength": 20, "format": "date"},
    }
    assert slimmed.notes == ("not shown, and enforced on the call: format, maxLength",)


def test_what_is_cut_is_in_the_report_by_its_place() -> None:
    slimmed = slim(properties(code={"enum": [f"code-{i}" for i in range(5_000)]}))
    assert slimmed.notes == ("abridged, and accepted all the same: /properties/code/enum",)
    (note,) = slim(properties(**{f"p{i}": {} for i in range(100_000)})).notes
    assert note.startswith("too large to show")


def test_filled_arguments_are_taken_out() -> None:
    schema = properties(("customer_id",), customer_id={"type": "string"}, limit={"type": "integer"})
    slimmed = slim(schema, without={"customer_id"}).schema
    assert slimmed == {
        "type": "object",
        "properties": {"limit": {"type": "integer"}},
        "additionalProperties": False,
    }


def test_only_definitions_that_are_reached_stay() -> None:
    schema = {
        **properties(a={"$ref": "#/$defs/A"}, secret={"$ref": "#/$defs/Gone"}),
        "$defs": {
            "A": {"type": "array", "items": {"$ref": "#/$defs/B"}},
            "B": {"type": "string"},
            "Gone": {"type": "string"},
            "Unused": {"type": "string"},
        },
    }
    assert set(slim(schema, without={"secret"}).schema["$defs"]) == {"A", "B"}  # type: ignore[arg-type]


def test_recursion_is_kept_through_definitions() -> None:
    node = {"type": "object", "properties": {"children": {"items": {"$ref": "#/$defs/a~1b"}}}}
    schema = {**properties(root={"$ref": "#/$defs/a~1b"}), "$defs": {"a/b": node}}
    slimmed = slim(schema)
    assert slimmed.schema["$defs"] == {"a/b": node}
    assert slimmed.cut == ()


def test_a_reference_to_nothing_is_open() -> None:
    assert slim(properties(a={"$ref": "#/$defs/Gone"})).schema["properties"] == {"a": {}}


def test_decimals_become_numbers_that_every_encoder_writes() -> None:
    schema = properties(a={"multipleOf": Decimal("0.01"), "maximum": Decimal("1E+2")})
    assert slim(schema).schema["properties"] == {"a": {"multipleOf": 0.01, "maximum": 100}}


def deep(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string", "description": "A leaf."}
    for _ in range(levels):
        schema = properties(
            **{f"p{i}": {"type": "string", "description": "w " * 40} for i in range(8)},
            inner={**schema, "description": "What lies within."},
        )
    return schema


def test_a_schema_within_the_bound_loses_nothing() -> None:
    assert slim(deep(3)).cut == ()


def test_a_huge_schema_keeps_its_outer_parts_and_says_what_was_cut() -> None:
    slimmed = slim(deep(40))
    assert len(encode(slimmed.schema)) <= MAX_BYTES
    assert slimmed.cut
    assert slimmed.cut[0].startswith("/properties/inner/properties/inner")
    inner = slimmed.schema["properties"]["inner"]  # type: ignore[index,call-overload]
    assert inner["properties"].keys() == {*(f"p{i}" for i in range(8)), "inner"}
    assert ABRIDGED in str(slimmed.schema)


def test_a_cut_part_still_says_its_type_and_what_it_is() -> None:
    wide = properties(**{f"p{i}": {"type": "string"} for i in range(60)})
    schema = {
        **properties(**{f"a{i}": {"$ref": "#/$defs/Wide"} for i in range(3)}),
        "$defs": {"Wide": properties(x={**wide, "description": "Many things."})},
    }
    slimmed = slim(schema, max_bytes=700)
    part = {"type": "object", "description": f"Many things. {ABRIDGED}"}
    assert slimmed.schema["$defs"] == {"Wide": properties(x=part)}


def test_an_endless_enumeration_is_left_open() -> None:
    slimmed = slim(properties(code={"enum": [f"code-{i}" for i in range(5_000)]}))
    assert slimmed.schema["properties"] == {"code": {"description": ABRIDGED}}
    assert slimmed.cut == ("/properties/code/enum",)


@pytest.mark.parametrize(
    "schema",
    [
        properties(("p7",), **{f"p{i}": {"type": "string"} for i in range(100_000)}),
        {"type": "object", "allOf": [{"properties": {f"p{i}": {}}} for i in range(50_000)]},
        properties(a={"maximum": Decimal("1E+999999999")}),
    ],
)
def test_a_hostile_schema_ends_open_and_bounded(schema: dict[str, Any]) -> None:
    start = time.perf_counter()
    slimmed = slim(schema)
    assert time.perf_counter() - start < 30  # it would be hours without the bounds
    assert len(encode(slimmed.schema)) < 200
    assert slimmed.schema["additionalProperties"] is True


def test_nesting_without_end_is_bounded() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(5_000):
        schema = {"allOf": [schema]}
    assert slim(properties(a=schema)).cut == ("",)


ODD = {"not": {"const": 1}}
"""Complex, and without a type: cut, it is open."""


@pytest.mark.parametrize(
    ("member", "instance"),
    [
        ({"not": {"properties": {"a": ODD}}}, {"a": 1}),
        ({"if": {"properties": {"a": ODD}}, "then": {"required": ["b"]}}, {"a": 1}),
        ({"oneOf": [{"properties": {"a": ODD}}, {"required": ["a"]}]}, {"a": 1}),
        ({"contains": ODD, "maxContains": 1}, [1, 1, 2]),
        (
            {
                "anyOf": [{"required": ["a"]}],
                "oneOf": [{"properties": {"a": ODD}}, {"properties": {"a": {}}, "required": ["a"]}],
                "unevaluatedProperties": False,
            },
            {"a": 1},
        ),
        (
            {
                "if": {"required": ["a"]},
                "then": {"properties": {"a": {}}},
                "unevaluatedProperties": False,
            },
            {"a": 1},
        ),
    ],
)
def test_a_cut_never_narrows(member: dict[str, Any], instance: Any) -> None:
    schema = properties(x=member)
    assert _is_valid(schema, {"x": instance})
    assert _is_valid(Reduction(schema, Level(depth=1, text=0)).run(), {"x": instance})


NAMES = st.sampled_from(["a", "b", "c"])
REFS = st.sampled_from([{"$ref": "#/$defs/D"}, {"$ref": "#/$defs/E"}])
LEAVES = (
    st.sampled_from([{}, {"type": "string"}, {"type": "integer"}, {"type": "null"}, False])
    | st.builds(lambda v: {"const": v}, st.integers(0, 2))
    | st.builds(lambda v: {"enum": v}, st.lists(st.integers(0, 2), min_size=1, unique=True))
    | REFS
)


def _compound(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    object_ = st.builds(
        lambda p, r, e: {"type": "object", "properties": p, "required": r, **e},
        st.dictionaries(NAMES, inner, max_size=3),
        st.lists(NAMES, max_size=1),
        st.sampled_from([{}, {"additionalProperties": False}, {"unevaluatedProperties": False}]),
    )
    return st.one_of(
        object_,
        st.builds(lambda i: {"type": "array", "items": i}, inner),
        st.builds(lambda i: {"not": i}, inner),
        st.builds(
            lambda k, i, o: {k: i, **o},
            st.sampled_from(["allOf", "anyOf", "oneOf"]),
            st.lists(inner, min_size=1, max_size=3),
            object_ | st.just({}),
        ),
        st.builds(lambda i, t, e: {"if": i, "then": t, "else": e}, inner, inner, inner),
    )


SCHEMAS = st.recursive(LEAVES, _compound, max_leaves=8)
INSTANCES = st.recursive(
    st.none() | st.integers(0, 2) | st.just("x"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=400, deadline=None)
@given(
    st.dictionaries(NAMES, SCHEMAS, min_size=1, max_size=3),
    SCHEMAS,
    SCHEMAS,
    st.dictionaries(NAMES, INSTANCES, max_size=3),
    st.sampled_from([None, 0, 1, 2]),
)
def test_what_the_api_accepts_the_tool_accepts(
    members: dict[str, Any], d: Any, e: Any, instance: dict[str, Any], depth: int | None
) -> None:
    schema = {**properties(**members), "$defs": {"D": d, "E": e}}
    is_valid = _is_valid(schema, instance)
    event(f"{is_valid=}")
    if not is_valid:
        return
    assert _is_valid(Reduction(schema, Level(depth, text=0)).run(), instance)


def _is_valid(schema: Any, instance: Any) -> bool:
    try:
        return jsonschema_rs.Draft202012Validator(schema, offline=True).is_valid(instance)
    except BaseException as error:
        if isinstance(error, AssertionError | KeyboardInterrupt):
            raise
        return False
