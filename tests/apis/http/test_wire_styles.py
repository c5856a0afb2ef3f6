"""Every cell of the style tables (OpenAPI 3.1.1, section 4.8.12.3), read from a raw socket."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apis.http.wire import Exchange, operation, parameter, prepared, target
from dragoman.apis.http.binding import Place, Style
from dragoman.errors import ArgumentError
from dragoman.operation import JsonValue

EMPTY = ""
STRING = "blue"
ARRAY = ["blue", "black", "brown"]
OBJECT = {"R": 100, "G": 200, "B": 150}

IN_PATH = [
    ("matrix", False, EMPTY, ";color"),
    ("matrix", False, STRING, ";color=blue"),
    ("matrix", False, ARRAY, ";color=blue,black,brown"),
    ("matrix", False, OBJECT, ";color=R,100,G,200,B,150"),
    ("matrix", True, EMPTY, ";color"),
    ("matrix", True, STRING, ";color=blue"),
    ("matrix", True, ARRAY, ";color=blue;color=black;color=brown"),
    ("matrix", True, OBJECT, ";R=100;G=200;B=150"),
    ("label", False, EMPTY, "."),
    ("label", False, STRING, ".blue"),
    ("label", False, ARRAY, ".blue,black,brown"),
    ("label", False, OBJECT, ".R,100,G,200,B,150"),
    ("label", True, EMPTY, "."),
    ("label", True, STRING, ".blue"),
    ("label", True, ARRAY, ".blue.black.brown"),
    ("label", True, OBJECT, ".R=100.G=200.B=150"),
    ("simple", False, EMPTY, ""),
    ("simple", False, STRING, "blue"),
    ("simple", False, ARRAY, "blue,black,brown"),
    ("simple", False, OBJECT, "R,100,G,200,B,150"),
    ("simple", True, EMPTY, ""),
    ("simple", True, STRING, "blue"),
    ("simple", True, ARRAY, "blue,black,brown"),
    ("simple", True, OBJECT, "R=100,G=200,B=150"),
]

IN_QUERY = [
    ("form", False, EMPTY, "color="),
    ("form", False, STRING, "color=blue"),
    ("form", False, ARRAY, "color=blue,black,brown"),
    ("form", False, OBJECT, "color=R,100,G,200,B,150"),
    ("form", True, EMPTY, "color="),
    ("form", True, STRING, "color=blue"),
    ("form", True, ARRAY, "color=blue&color=black&color=brown"),
    ("form", True, OBJECT, "R=100&G=200&B=150"),
    ("spaceDelimited", False, ARRAY, "color=blue%20black%20brown"),
    ("spaceDelimited", False, OBJECT, "color=R%20100%20G%20200%20B%20150"),
    ("pipeDelimited", False, ARRAY, "color=blue%7Cblack%7Cbrown"),
    ("pipeDelimited", False, OBJECT, "color=R%7C100%7CG%7C200%7CB%7C150"),
    ("deepObject", True, OBJECT, "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"),
]

IN_HEADER = [cell[1:] for cell in IN_PATH if cell[0] == "simple"]
IN_COOKIE = [cell[1:] for cell in IN_QUERY if cell[0] == "form" and "&" not in cell[3]]


@pytest.mark.parametrize(("style", "explode", "value", "expected"), IN_PATH)
async def test_a_path_parameter_by_its_style(
    exchange: Exchange, style: Style, explode: bool, value: JsonValue, expected: str
) -> None:
    color = parameter("path", "color", style, explode)
    sent = await exchange(operation(color, path="/things{color}"), {"color": value})
    assert sent.line == f"GET /things{expected} HTTP/1.1"


@pytest.mark.parametrize(("style", "explode", "value", "expected"), IN_QUERY)
async def test_a_query_parameter_by_its_style(
    exchange: Exchange, style: Style, explode: bool, value: JsonValue, expected: str
) -> None:
    color = parameter("query", "color", style, explode)
    sent = await exchange(operation(color), {"color": value})
    assert sent.line == f"GET /things?{expected} HTTP/1.1"


@pytest.mark.parametrize(("explode", "value", "expected"), IN_HEADER)
async def test_a_header_by_its_style(
    exchange: Exchange, explode: bool, value: JsonValue, expected: str
) -> None:
    color = parameter("header", "X-Color", "simple", explode, argument="color")
    sent = await exchange(operation(color), {"color": value})
    assert sent.header("X-Color") == [expected]


@pytest.mark.parametrize(("explode", "value", "expected"), IN_COOKIE)
async def test_a_cookie_by_its_style(
    exchange: Exchange, explode: bool, value: JsonValue, expected: str
) -> None:
    color = parameter("cookie", "color", "form", explode)
    sent = await exchange(operation(color), {"color": value})
    assert sent.header("Cookie") == [expected]


@pytest.mark.parametrize("value", [ARRAY, OBJECT])
def test_a_cookie_cannot_be_exploded(value: JsonValue) -> None:
    # The table writes them with an ampersand, which parts no cookies (OpenAPI 3.1.1, appendix D).
    with pytest.raises(ArgumentError, match="cannot be written into one cookie"):
        prepared(operation(parameter("cookie", "color", "form", True)), color=value)


def test_two_cookies_share_one_header() -> None:
    given = operation(parameter("cookie", "a"), parameter("cookie", "b"))
    assert prepared(given, a="1", b=";=").headers == (("Cookie", "a=1; b=%3B%3D"),)


def test_a_parameter_with_content_is_json_text() -> None:
    given = operation(parameter("query", "filter", as_json=True))
    assert target(given, filter={"n": [1, Decimal("1.10")]}) == (
        "/things?filter=%7B%22n%22%3A%5B1%2C1.10%5D%7D"
    )


def test_reserved_characters_stay_where_the_description_allows_it() -> None:
    given = operation(parameter("query", "next", allow_reserved=True))
    assert target(given, next="https://b/?c=d&e=f#g +%") == (
        "/things?next=https://b/?c%3Dd%26e%3Df%23g%20%2B%25"
    )


def test_a_deep_object_goes_deeper_as_vendors_write_it() -> None:
    given = operation(parameter("query", "f", "deepObject", True))
    value = {"a": {"b": 0}, "list": ["x", "y"], "items": [{"n": 1}, {"n": 2}]}
    assert target(given, f=value).replace("%5B", "[").replace("%5D", "]") == (
        "/things?f[a][b]=0&f[list][]=x&f[list][]=y&f[items][0][n]=1&f[items][1][n]=2"
    )


@pytest.mark.parametrize(
    ("place", "style", "explode", "value"),
    [
        ("query", "spaceDelimited", False, ["a b", "c"]),
        ("query", "pipeDelimited", False, ["a|b", "c"]),
        ("path", "label", True, ["1.2", "3"]),
        ("header", "simple", False, ["a,b", "c"]),
        ("header", "simple", True, {"a": "b=c"}),
        ("query", "deepObject", True, {"a]b": 1}),
        ("query", "form", True, []),
        ("query", "form", True, {}),
        ("query", "form", True, [["nested"]]),
        ("path", "simple", False, {"a": {"nested": 1}}),
    ],
)
def test_what_could_not_be_read_back_is_refused(
    place: Place, style: Style, explode: bool, value: JsonValue
) -> None:
    path = "/things/{x}" if place == "path" else "/things"
    with pytest.raises(ArgumentError):
        prepared(operation(parameter(place, "x", style, explode), path=path), x=value)


def test_a_comma_inside_a_value_is_encoded_and_never_left_to_separate() -> None:
    encoded = operation(parameter("query", "x", "form", False))
    assert target(encoded, x=["a,b", "c"]) == "/things?x=a%2Cb,c"
    reserved = operation(parameter("query", "x", "form", False, allow_reserved=True))
    with pytest.raises(ArgumentError, match="a comma"):
        target(reserved, x=["a,b", "c"])
