"""Cookies: what one can hold is sent, what none can hold is told when the document is read."""

from __future__ import annotations

from typing import Any

import pytest

from dragoman.errors import ArgumentError
from openapi_reading import accepts, get, header, sent

LIST = {"type": "array", "items": {"type": "string"}}
OBJECT = {"type": "object", "additionalProperties": {"type": "integer"}}
TEXT = {"type": "string"}


def cookie(schema: Any, **more: Any) -> dict[str, Any]:
    """Return a parameter in a cookie."""
    return {"name": "color", "in": "cookie", "schema": schema, **more}


@pytest.mark.parametrize(
    "schema",
    [
        LIST,
        OBJECT,
        {"type": ["array", "null"], "items": {}},
        {"$ref": "#/components/schemas/List"},
        {"anyOf": [LIST, OBJECT]},
        {"allOf": [LIST, {"minItems": 1}]},
    ],
)
@pytest.mark.parametrize("required", [True, False])
def test_an_exploded_list_or_object_is_unsupported(schema: Any, required: bool) -> None:
    parameter = cookie(schema, required=required)
    operation = get(parameter, components={"schemas": {"List": LIST}})
    assert operation.contract.unsupported == (
        "its parameter color is a list or an object that is exploded in a cookie,"
        " which no cookie can hold"
    )


@pytest.mark.parametrize("schema", [{}, {"anyOf": [TEXT, LIST]}, {"type": ["string", "array"]}])
def test_of_a_choice_what_no_cookie_holds_is_taken_away_and_told(schema: Any) -> None:
    operation = get(cookie(schema, description="The colour."))
    assert operation.contract.changes == (
        "color takes no list and no object, which no cookie can hold exploded",
    )
    assert header(sent(operation, color="blue"), "Cookie") == "color=blue"
    assert not accepts(operation, {"color": ["blue"]})
    assert not accepts(operation, {"color": {"R": 1}})
    properties: Any = operation.contract.input_schema["properties"]
    assert properties["color"]["description"] == "The colour."


@pytest.mark.parametrize(
    "parameter",
    [
        cookie(TEXT),
        cookie({"enum": ["a", "blue"]}),
        cookie(LIST, explode=False),
        {"name": "color", "in": "cookie", "content": {"application/json": {"schema": LIST}}},
    ],
)
def test_what_one_cookie_holds_is_full(parameter: Any) -> None:
    contract = get(parameter).contract
    assert not contract.unsupported
    assert contract.changes == ()


@pytest.mark.parametrize(
    ("schema", "explode", "value", "expected"),
    [
        (LIST, True, ["blue", "black"], "color=blue; color=black"),
        (OBJECT, True, {"R": 100, "G": 0}, "R=100; G=0"),
        (LIST, False, ["blue", "black"], "color=blue,black"),
        (TEXT, True, "a%20b", "color=a%20b"),
    ],
)
def test_the_style_cookie_of_3_2_parts_cookies_and_encodes_nothing(
    schema: Any, explode: bool, value: Any, expected: str
) -> None:
    operation = get(cookie(schema, style="cookie", explode=explode), openapi="3.2.0")
    assert header(sent(operation, color=value), "Cookie") == expected


def test_the_style_cookie_is_exploded_by_default() -> None:
    operation = get(cookie(LIST, style="cookie"))
    assert header(sent(operation, color=["a", "b"]), "Cookie") == "color=a; color=b"


@pytest.mark.parametrize("value", ["a b", "a;b", "a,b", 'a"b', "a\\b", "é", "a\r\nX: y", "\x00"])
def test_the_style_cookie_refuses_what_would_have_to_be_encoded(value: str) -> None:
    operation = get(cookie(TEXT, style="cookie"))
    with pytest.raises(ArgumentError, match="no cookie may hold as it is"):
        sent(operation, color=value)


@pytest.mark.parametrize("name", ["session", "sid;x", "a=b", ""])
def test_a_member_of_an_exploded_object_imitates_no_other_cookie(name: str) -> None:
    session = {"name": "session", "in": "cookie", "schema": TEXT}
    operation = get(cookie(OBJECT, style="cookie"), session)
    with pytest.raises(ArgumentError, match=r"name of another parameter|no name of a cookie"):
        sent(operation, color={name: 1})
