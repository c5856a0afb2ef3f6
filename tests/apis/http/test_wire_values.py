"""Values are present or absent, never true or false; numbers go out digit for digit."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apis.http.wire import Exchange, operation, parameter, prepared, target
from dragoman.apis.http.binding import Body, Encoding
from dragoman.errors import ArgumentError, CredentialError
from dragoman.operation import Credential, JsonValue

HUGE = int("9" * 400)
JSON = Body("application/json", required=False, members={"x": "x", "y": "y"})
FORM_BODY = Body(
    "application/x-www-form-urlencoded", required=False, members={"x": "x", "y": "y", "z": "z"}
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (False, "false"),
        (True, "true"),
        ("", ""),
        (-1, "-1"),
        (2**53 + 1, "9007199254740993"),
        (2**80, "1208925819614629174706176"),
        (HUGE, "9" * 400),
        (Decimal("1.10"), "1.10"),
        (Decimal("0.0000001"), "0.0000001"),
        (Decimal("1E+20"), "1" + "0" * 20),
        (0.1, "0.1"),
        (1e16, "1e16"),
    ],
)
async def test_a_scalar_is_sent_as_it_is(exchange: Exchange, value: JsonValue, text: str) -> None:
    places = operation(
        parameter("query", "q"), parameter("header", "X-H", argument="h"), parameter("cookie", "c")
    )
    sent = await exchange(places, {"q": value, "h": value, "c": value})
    assert sent.target == f"/things?q={text}"
    assert sent.header("X-H") == [text]
    assert sent.header("Cookie") == [f"c={text}"]


@pytest.mark.parametrize(
    ("value", "json"),
    [
        (0, b"0"),
        (False, b"false"),
        ("", b'""'),
        (None, b"null"),
        ([], b"[]"),
        ({}, b"{}"),
        (2**80, b"1208925819614629174706176"),
        (HUGE, b"9" * 400),
        (Decimal("25.00"), b"25.00"),
        ("ü\u2028\x00", '"ü\u2028\\u0000"'.encode()),
    ],
)
async def test_a_member_of_a_json_body_is_sent_as_it_is(
    exchange: Exchange, value: JsonValue, json: bytes
) -> None:
    sent = await exchange(operation(method="POST", body=JSON), {"x": value})
    assert sent.body == b'{"x":' + json + b"}"
    assert sent.header("Content-Type") == ["application/json"]
    assert sent.header("Content-Length") == [str(len(sent.body))]


async def test_what_is_absent_is_not_sent(exchange: Exchange) -> None:
    given = operation(parameter("query", "q"), parameter("header", "X-H"), method="POST", body=JSON)
    sent = await exchange(given, {})
    assert (sent.line, sent.body) == ("POST /things HTTP/1.1", b"")
    assert sent.header("X-H") == sent.header("Content-Type") == []
    assert sent.header("Content-Length") == ["0"]


async def test_a_required_body_is_sent_without_members(exchange: Exchange) -> None:
    body = Body("application/json", required=True, members={"x": "x"})
    assert (await exchange(operation(method="POST", body=body), {})).body == b"{}"


async def test_a_whole_body_is_one_argument(exchange: Exchange) -> None:
    body = Body("application/merge-patch+json", required=True, whole="body")
    sent = await exchange(operation(method="PATCH", body=body), {"body": [1, None]})
    assert sent.body == b"[1,null]"
    assert sent.header("Content-Type") == ["application/merge-patch+json"]


async def test_a_form_repeats_lists_and_writes_objects_as_json(exchange: Exchange) -> None:
    arguments = {"x": ["a b", "c&d=e+f"], "y": {"n": 0}, "z": False}
    sent = await exchange(operation(method="POST", body=FORM_BODY), arguments)
    assert sent.body == b"x=a+b&x=c%26d%3De%2Bf&y=%7B%22n%22%3A0%7D&z=false"
    assert sent.header("Content-Type") == ["application/x-www-form-urlencoded"]


async def test_a_form_follows_its_encodings(exchange: Exchange) -> None:
    body = Body(
        "application/x-www-form-urlencoded",
        required=False,
        members={"x": "x", "y": "y", "z": "z"},
        encodings={
            "x": Encoding("deepObject", explode=True),
            "y": Encoding("form", explode=False),
            "z": Encoding(allow_reserved=True),
        },
    )
    arguments = {"x": {"a": ["1", "2"]}, "y": [1, 2], "z": "http://a/?b"}
    sent = await exchange(operation(method="POST", body=body), arguments)
    assert sent.body == b"x%5Ba%5D%5B%5D=1&x%5Ba%5D%5B%5D=2&y=1,2&z=http://a/?b"


async def test_a_form_writes_as_json_what_its_encoding_says(exchange: Exchange) -> None:
    body = Body(
        "application/x-www-form-urlencoded",
        required=False,
        members={"x": "x", "y": "y"},
        encodings={name: Encoding(content_type="application/json") for name in ("x", "y")},
    )
    sent = await exchange(operation(method="POST", body=body), {"x": [1, "a"], "y": "b"})
    assert sent.body == b"x=%5B1%2C%22a%22%5D&y=%22b%22"


def test_members_of_a_form_cannot_imitate_each_other() -> None:
    body = Body(
        "application/x-www-form-urlencoded",
        required=False,
        members={"x": "x", "y": "y"},
        encodings={"x": Encoding("form", explode=True)},
    )
    with pytest.raises(ArgumentError, match="would both be sent as y"):
        prepared(operation(method="POST", body=body), x={"y": "evil"}, y="good")


def test_null_is_no_value_where_there_is_only_text() -> None:
    for place in ("query", "header", "cookie"):
        with pytest.raises(ArgumentError, match="holds null"):
            prepared(operation(parameter(place, "x")), x=None)
    with pytest.raises(ArgumentError, match="holds null"):
        prepared(operation(method="POST", body=FORM_BODY), x=None)


def test_a_parameter_with_one_allowed_value_is_filled() -> None:
    given = operation(parameter("query", "version", required=True, fixed="2"))
    assert target(given) == "/things?version=2"


def test_text_of_the_path_behind_a_question_mark_is_kept() -> None:
    given = operation(parameter("query", "q"), path="/search", query="type=order")
    assert target(given, q="x") == "/search?type=order&q=x"


async def test_the_credential_is_attached_and_takes_the_place_of_nothing(
    exchange: Exchange,
) -> None:
    secret = "a&b=c"
    given = operation(parameter("query", "q"), parameter("cookie", "c"))
    shown = Credential(
        headers=(("Authorization", "Bearer t"),), query=(("key", secret),), cookies=(("sid", "s"),)
    )
    sent = await exchange(given, {"q": "1", "c": "2"}, shown)
    assert sent.target == "/things?q=1&key=a%26b%3Dc"
    assert sent.header("Authorization") == ["Bearer t"]
    assert sent.header("Cookie") == ["c=2; sid=s"]
    for taken in (Credential(query=(("q", secret),)), Credential(cookies=(("c", secret),))):
        with pytest.raises(CredentialError, match="would replace") as raised:
            await exchange(given, {"q": "1", "c": "2"}, taken)
        assert secret not in str(raised.value)
