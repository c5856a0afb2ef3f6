"""Strict tools: what OpenAI takes as one, and that none refuses what the API accepts."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from judge.tools_alike import Alike, Judge, judged
from judge.tools_report import examined
from judge.tools_subset import breaches

from catalog.by_hand import operation, properties
from dragoman.operation import Operation
from dragoman.tools.strict import MAX_OPTIONAL, strict
from dragoman.tools.tool import make_tool

TEXT = {"type": "string"}


def form_of(*required: str, **members: Any) -> dict[str, Any]:
    form, reason = strict(properties(required, **members))
    assert form is not None, reason
    assert breaches(form) == []
    return dict(form)


def member(schema: Any, *, required: bool = True, **definitions: Any) -> Any:
    """Return the strict form of one member."""
    root = {**properties(("x",) if required else (), x=schema), "$defs": definitions}
    form, reason = strict(root)
    assert form is not None, reason
    assert breaches(form) == []
    return form["properties"]["x"]  # type: ignore[index,call-overload]


def reason(schema: Any, *, required: bool = True, **definitions: Any) -> str:
    """Return why a tool with such a member is not strict."""
    root = {**properties(("x",) if required else (), x=schema), "$defs": definitions}
    form, why = strict(root)
    assert form is None
    return why


def test_all_properties_are_required_and_an_optional_one_may_be_null() -> None:
    assert form_of("id", id=TEXT, limit={"type": "integer", "minimum": 1}) == {
        "type": "object",
        "properties": {"id": TEXT, "limit": {"type": ["integer", "null"], "minimum": 1}},
        "required": ["id", "limit"],
        "additionalProperties": False,
    }


def test_an_optional_choice_may_be_null() -> None:
    assert member({"enum": ["a", "b"]}, required=False) == {
        "type": ["string", "null"],
        "enum": ["a", "b", None],
    }


def test_an_optional_object_list_or_definition_may_be_null() -> None:
    null = {"type": "null"}
    inner = {"type": "array", "items": TEXT}
    assert member(inner, required=False) == {"anyOf": [inner, null]}
    closed = properties(("a",), a=TEXT)
    assert member(closed, required=False) == {"anyOf": [closed, null]}
    assert member({"$ref": "#/$defs/D"}, required=False, D=closed) == {
        "anyOf": [{"$ref": "#/$defs/D"}, null]
    }


def test_a_required_argument_that_may_be_null_stays_so() -> None:
    assert member({"type": ["string", "null"]}) == {"type": ["string", "null"]}


def test_one_of_becomes_any_of() -> None:
    branches = [{"type": "integer"}, TEXT]
    assert member({"oneOf": branches}) == {"anyOf": branches}


def test_a_list_that_contains_itself_is_kept_through_definitions() -> None:
    node = properties(("children",), children={"type": "array", "items": {"$ref": "#/$defs/N"}})
    assert member({"$ref": "#/$defs/N"}, N=node) == {"$ref": "#/$defs/N"}


def test_words_beside_a_reference_move_around_it() -> None:
    schema = {"$ref": "#/$defs/D", "description": "The first."}
    assert member(schema, D=TEXT) == {
        "anyOf": [{"$ref": "#/$defs/D"}],
        "description": "The first.",
    }


def test_all_of_is_merged() -> None:
    parts = [
        {"$ref": "#/$defs/A"},
        {"type": "object", "properties": {"b": {"maximum": 5}}},
        {"properties": {"b": {"type": "integer"}}, "required": ["b"]},
    ]
    a = {"type": "object", "properties": {"a": TEXT}, "required": ["a"]}
    merged = member({"allOf": parts, "unevaluatedProperties": False}, A=a)
    assert merged == properties(("a", "b"), a=TEXT, b={"type": "integer", "maximum": 5})


def test_members_that_belong_to_one_alternative_are_merged_into_it() -> None:
    schema = {
        **properties(("kind",), kind=TEXT),
        "oneOf": [{"properties": {"a": TEXT}, "required": ["a"]}, {"required": ["kind"]}],
        "unevaluatedProperties": False,
    }
    del schema["additionalProperties"]
    assert member(schema)["anyOf"] == [
        properties(("kind", "a"), kind=TEXT, a=TEXT),
        properties(("kind",), kind=TEXT),
    ]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({**TEXT, "maxLength": 20}, "at most 20 characters"),
        ({**TEXT, "minLength": 1}, "at least 1 character"),
        ({**TEXT, "minLength": 2, "maxLength": 3}, "2 to 3 characters"),
        ({**TEXT, "minLength": 3, "maxLength": 3}, "exactly 3 characters"),
        ({**TEXT, "format": "uri"}, "uri"),
        ({**TEXT, "format": "date"}, "date"),
        ({**TEXT, "pattern": "^(?=a)b$"}, "matches ^(?=a)b$"),
        ({**TEXT, "default": "a"}, 'default "a"'),
        ({**TEXT, "deprecated": True}, "deprecated"),
        ({"type": "array", "items": TEXT, "uniqueItems": True}, "no item twice"),
        ({**properties(a=TEXT), "minProperties": 1}, "at least 1 member"),
        (
            {**properties(a=TEXT, b=TEXT), "dependentRequired": {"a": ["b"]}},
            "a needs b",
        ),
        (
            {**properties(a=TEXT, b=TEXT), "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
            "needs a, or b",
        ),
    ],
)
def test_what_the_subset_cannot_say_is_said_in_words(schema: Any, words: str) -> None:
    assert member(schema)["description"] == words
    assert member({**schema, "description": "It."})["description"] == f"It. ({words})"


@pytest.mark.parametrize(
    "constraint",
    [
        {"type": "number", "multipleOf": 0.5, "maximum": 4},
        {"type": "integer", "exclusiveMinimum": 0},
        {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 3},
        {**TEXT, "pattern": "^[a-z]{2}(?:-(?:x|y))?$"},
    ],
)
def test_what_the_subset_has_is_kept(constraint: Any) -> None:
    assert member(constraint) == constraint


@pytest.mark.parametrize(
    "pattern", ["[0-9]+", "^a|b$", "^a", r"^\bab$", r"^(a)\1$", "^(?i)a$", "^a)(b$"]
)
def test_a_pattern_that_engines_may_read_differently_is_not_sent(pattern: str) -> None:
    assert "pattern" not in member({**TEXT, "pattern": pattern})


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({}, "x takes any value"),
        ({"type": "object"}, "x takes members of any name"),
        ({"type": "object", "additionalProperties": TEXT}, "x takes members of any name"),
        ({**properties(a=TEXT), "additionalProperties": True}, "x takes members of any name"),
        ({**properties(), "patternProperties": {"a": {}}}, "x uses patternProperties"),
        ({"type": "array"}, "x takes items of any kind"),
        ({"type": "array", "prefixItems": [TEXT]}, "x takes items of any kind"),
        ({"enum": [{"a": 1}]}, "x takes one of several objects"),
        ({**TEXT, "not": {"const": "a"}}, "x uses not"),
        ({"anyOf": [properties(a=TEXT), TEXT]}, "x.a may be absent within alternatives"),
        ({"allOf": [{"$ref": "#/$defs/L"}]}, "x is a part of itself"),
        ({"allOf": [{"pattern": "a"}, {"pattern": "b"}]}, "x has two different values of pattern"),
        (properties(("a",)), "x requires a and does not describe it"),
    ],
)
def test_what_cannot_be_strict_is_not_and_says_why(schema: Any, why: str) -> None:
    assert reason(schema, L={"allOf": [{"$ref": "#/$defs/L"}]}) == why


@pytest.mark.parametrize(
    "schema",
    [{"type": ["string", "null"]}, {"enum": ["a", None]}, {"anyOf": [TEXT, {"type": "null"}]}],
)
def test_an_optional_argument_that_may_be_null_makes_a_tool_not_strict(schema: Any) -> None:
    why = "x may be absent or null, which mean different things"
    assert reason(schema, required=False) == why


def test_members_of_several_alternatives_together_are_not_narrowed() -> None:
    alternatives = [{"properties": {"a": TEXT}}, {"properties": {"b": TEXT}}]
    schema = {"type": "object", "anyOf": alternatives, "unevaluatedProperties": False}
    assert reason(schema) == "x takes the members of several alternatives together"


def test_arguments_that_are_alternatives_are_not_strict() -> None:
    one, other = properties(("a",), a=TEXT), properties(("b",), b=TEXT)
    assert strict({"anyOf": [one, other]}) == (
        None,
        "its arguments are alternatives, not one object",
    )


def nested(levels: int) -> Any:
    schema: Any = TEXT
    for _ in range(levels - 1):
        schema = properties(("a",), a=schema)
    return schema


@pytest.mark.parametrize(
    ("largest", "beyond", "what"),
    [
        (nested(10), nested(11), "11 levels of nesting"),
        ({"enum": [*range(1_000)]}, {"enum": [*range(1_001)]}, "1,001 choices"),
        (
            {"enum": [f"{n:060}" for n in range(250)]},
            {"enum": [f"{n:060}" for n in range(251)]},
            "15,060 characters in one list of choices",
        ),
        (
            properties(("a" * 119_999,), **{"a" * 119_999: TEXT}),
            properties(("a" * 120_000,), **{"a" * 120_000: TEXT}),
            "120,001 characters of names and choices",
        ),
        (
            properties(names := tuple(map(str, range(4_999))), **dict.fromkeys(names, TEXT)),
            properties(more := tuple(map(str, range(5_000))), **dict.fromkeys(more, TEXT)),
            "5,001 properties",
        ),
    ],
)
def test_the_totals_hold(largest: Any, beyond: Any, what: str) -> None:
    assert member(largest)
    assert f"it has {what}; OpenAI takes " in reason(beyond)


def test_a_tool_that_would_write_many_nulls_is_not_strict() -> None:
    few = {f"p{n}": TEXT for n in range(MAX_OPTIONAL)}
    assert form_of(**few)
    form, why = strict(properties(**few, more=TEXT))
    assert form is None
    assert why.startswith(f"{MAX_OPTIONAL + 1} of its arguments may be absent")


def test_depth_without_end_is_no_strict_tool() -> None:
    schema: Any = TEXT
    for _ in range(3_000):
        schema = properties(("a",), a=schema)
    assert strict(schema)[0] is None


GOOD: dict[str, Any] = properties(("a",), a=TEXT)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"anyOf": [GOOD], **GOOD},
        {**GOOD, "required": []},
        {**GOOD, "additionalProperties": True},
        properties(("a",), a={}),
        properties(("a",), a={"type": "string", "minLength": 1}),
        properties(("a",), a={"type": "string", "format": "uri"}),
        properties(("a",), a={"type": "string", "minimum": 1}),
        properties(("a",), a={"oneOf": [TEXT]}),
        properties(("a",), a={"anyOf": []}),
        properties(("a",), a={"type": "array"}),
        properties(("a",), a={"type": "file"}),
        properties(("a",), a={"$ref": "#/$defs/none"}),
        properties(("a",), a={"enum": [[]], "type": "array", "items": TEXT}),
        {**properties(("a",), a={"$ref": "#/$defs/D", "description": "d"}), "$defs": {"D": TEXT}},
        properties(("a",), a=nested(11)),
        properties(("a",), a={"type": "integer", "enum": [*range(1_001)]}),
        properties(("a" * 120_001,), **{"a" * 120_001: TEXT}),
    ],
)
def test_the_validator_of_the_subset_finds_a_breach(schema: Any) -> None:
    assert breaches(GOOD) == []
    assert breaches(schema)


DEFINED: dict[str, Any] = {
    "D": properties(("a",), a={"type": "integer"}, b=TEXT),
    "N": properties(a={"type": "integer"}, b={"$ref": "#/$defs/N"}),
}
NAMES = st.sampled_from(["a", "b", "c"])
LEAVES = st.sampled_from(
    [
        TEXT,
        {"type": "integer", "minimum": 0},
        {"type": ["string", "null"]},
        {"type": "null"},
        {"enum": ["x", None]},
        {"type": ["string", "null"], "enum": ["x"]},
        {"const": 1},
        {**TEXT, "pattern": "^x+$", "maxLength": 2},
        {"$ref": "#/$defs/D"},
        {"$ref": "#/$defs/N"},
        False,
    ]
)


def _compound(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    ends = [{"additionalProperties": False}, {"unevaluatedProperties": False}, {}]
    object_ = st.builds(
        lambda p, r, e: {"type": "object", "properties": p, "required": sorted(r & p.keys()), **e},
        st.dictionaries(NAMES, inner, max_size=3),
        st.sets(NAMES, max_size=2),
        st.sampled_from(ends),
    )
    return st.one_of(
        object_,
        st.builds(lambda i: {"type": "array", "items": i}, inner),
        st.builds(
            lambda k, i, o: {**o, k: i},
            st.sampled_from(["allOf", "anyOf", "oneOf"]),
            st.lists(inner, min_size=1, max_size=2),
            object_ | st.just({}),
        ),
    )


SCHEMAS = st.recursive(LEAVES, _compound, max_leaves=6)
VALUES = st.recursive(
    st.none() | st.integers(0, 1) | st.sampled_from(["x", "xx", "y"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=500, deadline=None)
@given(
    st.dictionaries(NAMES, SCHEMAS, min_size=1, max_size=2),
    st.sets(NAMES, max_size=2),
    st.lists(st.dictionaries(NAMES, VALUES, max_size=3), min_size=1, max_size=4),
)
def test_a_strict_tool_takes_all_that_the_api_takes(
    members: dict[str, Any], required: set[str], sets: list[dict[str, Any]]
) -> None:
    schema = {**properties(tuple(required & members.keys()), **members), "$defs": DEFINED}
    one = operation("shop.op", "GET /op", schema=schema)
    tool = make_tool(one)
    event(f"{tool.strict=}")
    if not tool.strict:
        return
    assert breaches(tool.shown_parameters) == []
    found = hearing(one, sets)
    event(f"valid={bool(found.valid)}")
    assert (found.refused, found.otherwise) == ([], [])


def hearing(one: Operation, sets: list[dict[str, Any]]) -> Alike:
    found, judge = Alike(), Judge(one, make_tool(one))
    for arguments in filter(judge.own.is_valid, sets):
        judge.hear(arguments, found)
    return found


def test_the_judge_finds_a_tool_that_narrows() -> None:
    one = operation("shop.op", "GET /op", schema=properties(a={"type": ["string", "null"]}))
    other = make_tool(operation("shop.op", "GET /op", schema=properties(a={"type": "integer"})))
    found = judged([(one, other)], 40)
    assert found.refused


@pytest.mark.parametrize(
    "document", ["notion.json", "tmdb.json", "slack.json", "hubspot-deals.json", "plaid.json"]
)
def test_tools_of_real_apis_keep_the_rules_and_judge_as_the_api_does(
    specs: Path, document: str
) -> None:
    found = examined(specs / document, 60)
    assert found.breaches == ()
    assert (found.alike.refused, found.alike.otherwise) == ([], [])
    assert found.alike.valid
    assert found.alike.invalid
    assert any(tool.strict for tool in found.tools)


def doubling(keyword: str, levels: int) -> dict[str, Any]:
    """Return definitions in which each has the next one twice."""
    inner = {f"D{n}": {keyword: [{"$ref": f"#/$defs/D{n + 1}"}] * 2} for n in range(levels)}
    return {**inner, f"D{levels}": properties(a=TEXT)}


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_parts_that_multiply_are_bounded(keyword: str) -> None:
    schema = {**properties(b=TEXT), keyword: [{"$ref": "#/$defs/D0"}] * 2}
    start = time.perf_counter()
    assert reason(schema, **doubling(keyword, 40))
    assert time.perf_counter() - start < 5
