"""Parameters: every cell of the style tables, and what stands beside them in the specification."""

from __future__ import annotations

from typing import Any

from wire_case import Case, Expected, Refused, Section, Sent, Unsupported, get, parameter

EMPTY = ""
STRING = "blue"
ARRAY = ["blue", "black", "brown"]
OBJECT = {"R": 100, "G": 200, "B": 150}
NAMES = {"": "empty", "blue": "string"}


def cell(
    place: str, style: str, explode: bool, value: Any, expected: str | Expected, *only: str
) -> Case:
    """One cell; in a path an `x` before the hole keeps an empty value from emptying its segment.

    Any value is described, or those of the one type in `only`.
    """
    kind = NAMES[value] if isinstance(value, str) else type(value).__name__
    kind = {"list": "array", "dict": "object"}.get(kind, kind)
    path = "/things/x{color}" if place == "path" else "/things"
    if isinstance(expected, str):
        line, headers = "GET /things", ()
        if place == "path":
            line = f"GET /things/x{expected}"
        elif place == "query":
            line = f"GET /things?{expected}"
        elif place == "header":
            headers = (f"color: {expected}",)
        else:
            headers = (f"Cookie: {expected}",)
        expected = Sent(line, headers)
    schema = {"type": only[0]} if only else True
    described = get(parameter(place, "color", schema, style=style, explode=explode), path=path)
    title = f"{place}, {style}, {'explode' if explode else 'no explode'}, {kind}"
    return Case(title, described, {"color": value}, expected)


PATH = [
    cell("path", "matrix", False, EMPTY, ";color"),
    cell("path", "matrix", False, STRING, ";color=blue"),
    cell("path", "matrix", False, ARRAY, ";color=blue,black,brown"),
    cell("path", "matrix", False, OBJECT, ";color=R,100,G,200,B,150"),
    cell("path", "matrix", True, EMPTY, ";color"),
    cell("path", "matrix", True, STRING, ";color=blue"),
    cell("path", "matrix", True, ARRAY, ";color=blue;color=black;color=brown"),
    cell("path", "matrix", True, OBJECT, ";R=100;G=200;B=150"),
    cell("path", "label", False, EMPTY, "."),
    cell("path", "label", False, STRING, ".blue"),
    cell("path", "label", False, ARRAY, ".blue,black,brown"),
    cell("path", "label", False, OBJECT, ".R,100,G,200,B,150"),
    cell("path", "label", True, EMPTY, "."),
    cell("path", "label", True, STRING, ".blue"),
    cell("path", "label", True, ARRAY, ".blue.black.brown"),
    cell("path", "label", True, OBJECT, ".R=100.G=200.B=150"),
    cell("path", "simple", False, EMPTY, ""),
    cell("path", "simple", False, STRING, "blue"),
    cell("path", "simple", False, ARRAY, "blue,black,brown"),
    cell("path", "simple", False, OBJECT, "R,100,G,200,B,150"),
    cell("path", "simple", True, EMPTY, ""),
    cell("path", "simple", True, STRING, "blue"),
    cell("path", "simple", True, ARRAY, "blue,black,brown"),
    cell("path", "simple", True, OBJECT, "R=100,G=200,B=150"),
]

HEADER = [
    cell("header", "simple", False, EMPTY, ""),
    cell("header", "simple", False, STRING, "blue"),
    cell("header", "simple", False, ARRAY, "blue,black,brown"),
    cell("header", "simple", False, OBJECT, "R,100,G,200,B,150"),
    cell("header", "simple", True, EMPTY, ""),
    cell("header", "simple", True, STRING, "blue"),
    cell("header", "simple", True, ARRAY, "blue,black,brown"),
    cell("header", "simple", True, OBJECT, "R=100,G=200,B=150"),
]

NO_FORM = Refused("has no form")
UNDEFINED = Unsupported("deepObject without explode")
QUERY = [
    cell("query", "form", False, EMPTY, "color="),
    cell("query", "form", False, STRING, "color=blue"),
    cell("query", "form", False, ARRAY, "color=blue,black,brown"),
    cell("query", "form", False, OBJECT, "color=R,100,G,200,B,150"),
    cell("query", "form", True, EMPTY, "color="),
    cell("query", "form", True, STRING, "color=blue"),
    cell("query", "form", True, ARRAY, "color=blue&color=black&color=brown"),
    cell("query", "form", True, OBJECT, "R=100&G=200&B=150"),
    cell("query", "spaceDelimited", False, EMPTY, NO_FORM),
    cell("query", "spaceDelimited", False, STRING, NO_FORM),
    cell("query", "spaceDelimited", False, ARRAY, "color=blue%20black%20brown"),
    cell("query", "spaceDelimited", False, OBJECT, "color=R%20100%20G%20200%20B%20150"),
    *(cell("query", "spaceDelimited", True, v, NO_FORM) for v in (EMPTY, STRING, ARRAY, OBJECT)),
    cell("query", "pipeDelimited", False, EMPTY, NO_FORM),
    cell("query", "pipeDelimited", False, STRING, NO_FORM),
    cell("query", "pipeDelimited", False, ARRAY, "color=blue%7Cblack%7Cbrown"),
    cell("query", "pipeDelimited", False, OBJECT, "color=R%7C100%7CG%7C200%7CB%7C150"),
    *(cell("query", "pipeDelimited", True, v, NO_FORM) for v in (EMPTY, STRING, ARRAY, OBJECT)),
    *(cell("query", "deepObject", False, v, UNDEFINED) for v in (EMPTY, STRING, ARRAY, OBJECT)),
    cell("query", "deepObject", True, EMPTY, "color="),
    cell("query", "deepObject", True, STRING, "color=blue"),
    cell(
        "query", "deepObject", True, ARRAY, "color%5B%5D=blue&color%5B%5D=black&color%5B%5D=brown"
    ),
    cell("query", "deepObject", True, OBJECT, "color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"),
]

NO_COOKIE = Unsupported("exploded in a cookie, which no cookie can hold")
COOKIE = [
    cell("cookie", "form", False, EMPTY, "color="),
    cell("cookie", "form", False, STRING, "color=blue"),
    cell("cookie", "form", False, ARRAY, "color=blue,black,brown"),
    cell("cookie", "form", False, OBJECT, "color=R,100,G,200,B,150"),
    cell("cookie", "form", True, EMPTY, "color="),
    cell("cookie", "form", True, STRING, "color=blue"),
    cell("cookie", "form", True, ARRAY, NO_COOKIE, "array"),
    cell("cookie", "form", True, OBJECT, NO_COOKIE, "object"),
    cell("cookie", "cookie", False, EMPTY, "color="),
    cell("cookie", "cookie", False, STRING, "color=blue"),
    cell("cookie", "cookie", False, ARRAY, "color=blue,black,brown"),
    cell("cookie", "cookie", False, OBJECT, "color=R,100,G,200,B,150"),
    cell("cookie", "cookie", True, EMPTY, "color="),
    cell("cookie", "cookie", True, STRING, "color=blue"),
    cell("cookie", "cookie", True, ARRAY, "color=blue; color=black; color=brown"),
    cell("cookie", "cookie", True, OBJECT, "R=100; G=200; B=150"),
]

Q = "query"
BESIDE = [
    Case(
        "without style and explode: the defaults of each place",
        get(
            parameter("path", "p"),
            parameter(Q, "q"),
            parameter("header", "X-H"),
            parameter("cookie", "c"),
            path="/things/{p}",
        ),
        {"p": [1, 2], "q": [1, 2], "X-H": [1, 2], "c": "1"},
        Sent("GET /things/1,2?q=1&q=2", ("X-H: 1,2", "Cookie: c=1")),
    ),
    Case(
        "deepObject that does not speak of explode",
        get(parameter(Q, "color", style="deepObject")),
        {"color": OBJECT},
        Sent("GET /things?color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150"),
        says="The default of explode is false, with which deepObject is undefined; so that it"
        " cannot be meant.",
    ),
    Case(
        "deepObject that goes deeper",
        get(parameter(Q, "f", style="deepObject", explode=True)),
        {"f": {"a": {"b": [1, 2]}, "c": [{"d": 1}, {"d": 2}]}},
        Sent(
            "GET /things?f%5Ba%5D%5Bb%5D%5B%5D=1&f%5Ba%5D%5Bb%5D%5B%5D=2"
            "&f%5Bc%5D%5B0%5D%5Bd%5D=1&f%5Bc%5D%5B1%5D%5Bd%5D=2"
        ),
        says="Undefined in the specification; as Stripe documents it.",
    ),
    Case(
        "an absent parameter is not sent",
        get(parameter(Q, "a"), parameter("header", "X-B"), parameter("cookie", "c")),
        {},
        Sent("GET /things"),
    ),
    Case(
        "a default of the description is not sent",
        get(parameter(Q, "limit", {"type": "integer", "default": 20})),
        {},
        Sent("GET /things"),
    ),
    Case(
        "a required parameter with one allowed value is filled",
        get(parameter(Q, "v", {"const": "2024-01"}, required=True)),
        {},
        Sent("GET /things?v=2024-01"),
    ),
    Case(
        "an empty list has no form",
        get(parameter(Q, "ids")),
        {"ids": []},
        Refused("a list with nothing in it"),
    ),
    Case(
        "a list within a list has no form",
        get(parameter(Q, "ids", explode=False)),
        {"ids": [[1, 2], [3]]},
        Refused("holds a list"),
    ),
    Case(
        "null has no form",
        get(parameter(Q, "q", {"type": ["string", "null"]})),
        {"q": None},
        Refused("holds null"),
    ),
    Case(
        "a separator inside of a value is encoded, so that it separates nothing",
        get(parameter(Q, "ids", explode=False), parameter(Q, "tags")),
        {"ids": ["a,b", "c"], "tags": ["x&y=1", "z+%"]},
        Sent("GET /things?ids=a%2Cb,c&tags=x%26y%3D1&tags=z%2B%25"),
    ),
    Case(
        "a separator that is encoded itself cannot be told from one in a value",
        get(parameter(Q, "ids", style="pipeDelimited")),
        {"ids": ["a|b", "c"]},
        Refused("a bar in 'a|b'"),
    ),
    Case(
        "a comma in a list of a header",
        get(parameter("header", "X-Ids")),
        {"X-Ids": ["a,b", "c"]},
        Refused("which its header would take for several"),
    ),
    Case(
        "reserved characters are encoded",
        get(parameter(Q, "q")),
        {"q": ":/?#[]@!$&'()*+,;= %~é"},
        Sent("GET /things?q=%3A%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D%20%25~%C3%A9"),
    ),
    Case(
        "allowReserved leaves them, save those that would end the value",
        get(parameter(Q, "q", allowReserved=True)),
        {"q": ":/?#[]@!$&'()*+,;= %~é"},
        Sent("GET /things?q=:/?%23%5B%5D@!$%26'()*%2B,;%3D%20%25~%C3%A9"),
        says="The specification warns of `[ ] & = + #` there: RFC 3986 or forms give them a"
        " meaning (3.1.1, section 4.8.12.2.2 and appendix E).",
    ),
    Case(
        "allowReserved and no explode: a comma in a value would be a separator",
        get(parameter(Q, "q", allowReserved=True, explode=False)),
        {"q": ["a,b", "c"]},
        Refused("a comma in 'a,b'"),
    ),
    Case(
        "content: JSON text in the query, with spaces nowhere",
        get({"name": "f", "in": Q, "content": {"application/json": {"schema": True}}}),
        {"f": {"a": [1, "x y"], "b": None}},
        Sent("GET /things?f=%7B%22a%22%3A%5B1%2C%22x%20y%22%5D%2C%22b%22%3Anull%7D"),
    ),
    Case(
        "content: JSON text in a header",
        get({"name": "X-F", "in": "header", "content": {"application/json": {"schema": True}}}),
        {"X-F": {"a": 0}},
        Sent("GET /things", ('X-F: {"a":0}',)),
    ),
    Case(
        "content of a type that nothing here writes",
        get({"name": "f", "in": Q, "content": {"application/xml": {"schema": True}}}),
        {"f": {}},
        Unsupported("is written as application/xml, which is not known"),
    ),
    Case(
        "a style that there is not in that place",
        get(parameter("header", "X-H", style="form")),
        {"X-H": "1"},
        Unsupported("in the style form, which there is not in a header"),
    ),
    Case(
        "headers that the specification says to ignore",
        get(parameter("header", "Accept"), parameter("header", "Authorization")),
        {},
        Sent("GET /things"),
    ),
    Case(
        "a query behind the path in the description stays",
        {"GET /things?kind=a": {"parameters": [parameter(Q, "q")]}},
        {"q": "1"},
        Sent("GET /things?kind=a&q=1"),
    ),
]


def of_2_0(title: str, one: dict[str, Any], value: Any, expected: Expected) -> Case:
    """A parameter of Swagger 2.0."""
    path = "/things/{ids}" if one["in"] == "path" else "/things"
    array = {"name": "ids", "type": "array", "items": {"type": "string"}, **one}
    if one["in"] == "path":
        array["required"] = True
    described = {f"GET {path}": {"parameters": [array]}}
    return Case(title, described, {"ids": value}, expected, root={"swagger": "2.0"})


SWAGGER = [
    of_2_0("2.0: without collectionFormat", {"in": Q}, ["a", "b"], Sent("GET /things?ids=a,b")),
    of_2_0(
        "2.0: csv", {"in": Q, "collectionFormat": "csv"}, ["a", "b"], Sent("GET /things?ids=a,b")
    ),
    of_2_0(
        "2.0: ssv", {"in": Q, "collectionFormat": "ssv"}, ["a", "b"], Sent("GET /things?ids=a%20b")
    ),
    of_2_0(
        "2.0: tsv", {"in": Q, "collectionFormat": "tsv"}, ["a", "b"], Sent("GET /things?ids=a%09b")
    ),
    of_2_0(
        "2.0: pipes",
        {"in": Q, "collectionFormat": "pipes"},
        ["a", "b"],
        Sent("GET /things?ids=a%7Cb"),
    ),
    of_2_0(
        "2.0: multi",
        {"in": Q, "collectionFormat": "multi"},
        ["a", "b"],
        Sent("GET /things?ids=a&ids=b"),
    ),
    of_2_0("2.0: csv in a path", {"in": "path"}, ["a", "b"], Sent("GET /things/a,b")),
    of_2_0(
        "2.0: csv in a header", {"in": "header"}, ["a", "b"], Sent("GET /things", ("ids: a,b",))
    ),
    of_2_0(
        "2.0: pipes in a path",
        {"in": "path", "collectionFormat": "pipes"},
        ["a", "b"],
        Unsupported("in the style pipeDelimited, which there is not in a path"),
    ),
    of_2_0(
        "2.0: a collectionFormat that there is not",
        {"in": Q, "collectionFormat": "dots"},
        ["a", "b"],
        Unsupported("in the style dots"),
    ),
]

TABLES = (
    "OpenAPI 3.1.1, section 4.8.12.4. The column that it calls `undefined` is the empty string"
    " here; what is absent is not sent at all."
)
SECTIONS = [
    Section("Path parameters by style", TABLES, PATH, is_table=True),
    Section("Header parameters by style", TABLES, HEADER, is_table=True),
    Section(
        "Query parameters by style",
        TABLES
        + " Where the table says `n/a` nothing is sent, and the error says why. One row is an"
        " exception: Stripe describes its lists and its choices of a number and an object by"
        " deepObject, and documents `expand[]=` and `created=` for them.",
        QUERY,
        is_table=True,
    ),
    Section(
        "Cookie parameters by style",
        TABLES
        + " An exploded list or object of the style `form` makes the operation unsupported: the"
        " ampersand of the table parts no cookies (appendix D of the specification warns of it)."
        " OpenAPI 3.2 has the style `cookie` for them (3.2.0, Style Values), which encodes"
        " nothing.",
        COOKIE,
        is_table=True,
    ),
    Section("Beside the tables", "What else decides how a parameter is written.", BESIDE),
    Section(
        "Swagger 2.0: collectionFormat", "Swagger 2.0, Parameter Object.", SWAGGER, is_table=True
    ),
]
