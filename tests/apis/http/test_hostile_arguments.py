"""What a model or a caller writes into arguments to get out of its place: rows 1 to 4, and 6."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import unquote

import pytest

from apis.http.wire import Exchange, operation, parameter, prepared, target
from dragoman.apis.http.binding import Body
from dragoman.errors import ArgumentError
from dragoman.operation import Credential, JsonValue

ORDER = operation(parameter("path", "id"), path="/orders/{id}/lines")
SEARCH = operation(parameter("query", "q"), parameter("query", "limit"))
JSON = operation(method="POST", body=Body("application/json", required=True, members={"x": "x"}))


@pytest.mark.parametrize(
    "value",
    [
        "..",
        ".",
        "../admin",
        "%2e%2e/x",
        "..%2fx",
        "..;/",
        "..;x=1",
        "..\\x",
        "..%5cx",
        "%252e%252e",
        "a/../b",
        "./x",
        "..\x00",
        "..?x",
    ],
)
def test_row_1_a_path_argument_that_leads_elsewhere_is_refused(value: str) -> None:
    with pytest.raises(ArgumentError, match="id would lead to another path"):
        prepared(ORDER, id=value)


@pytest.mark.parametrize(
    "value", ["a/b", "/etc", "a..b", "...", "..a", "a;b", "%2f", "http://evil.example/", "%"]
)
async def test_row_1_any_other_path_argument_is_one_segment(exchange: Exchange, value: str) -> None:
    sent = await exchange(ORDER, {"id": value})
    _, orders, segment, lines = sent.target.split("/")
    assert (orders, unquote(segment), lines) == ("orders", value, "lines")


def test_row_1_two_arguments_cannot_make_dots_together() -> None:
    given = operation(parameter("path", "a"), parameter("path", "b"), path="/x/{a}{b}")
    with pytest.raises(ArgumentError, match="a and b would lead"):
        prepared(given, a=".", b=".")


def test_row_1_an_empty_path_argument_is_refused() -> None:
    with pytest.raises(ArgumentError, match="id is empty"):
        prepared(ORDER, id="")


@pytest.mark.parametrize("character", list("/?#; \n\r\t\x00\\&=+%\"'<>|^`{}[]@:🚚é\u202e"))
async def test_row_2_a_character_changes_no_shape(exchange: Exchange, character: str) -> None:
    value = f"a{character}b"
    sent = await exchange(
        operation(parameter("path", "id"), parameter("query", "q"), path="/orders/{id}"),
        {"id": value, "q": value},
    )
    path, _, query = sent.target.partition("?")
    assert unquote(path.removeprefix("/orders/"), errors="strict") == value
    assert unquote(query.removeprefix("q="), errors="strict") == value
    assert (sent.target.count("/"), sent.target.count("?")) == (2, 1)


def test_row_2_half_a_character_is_refused_by_name() -> None:
    for given, name in ((ORDER, "id"), (SEARCH, "q"), (JSON, "x")):
        with pytest.raises(ArgumentError, match=r"half a character \(U\+D800\)"):
            prepared(given, **{name: "a\ud800"})


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\x00b", "\x7f", "\x1b[2J"])
def test_row_3_a_header_argument_with_a_control_character_is_refused(value: str) -> None:
    given = operation(parameter("header", "X-Note", argument="note"))
    with pytest.raises(ArgumentError, match=r"note holds the character U\+"):
        prepared(given, note=value)
    with pytest.raises(ArgumentError):
        prepared(given, note=[value, "b"])


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "authorization",
        "Content-Length",
        "Transfer-Encoding",
        "Cookie",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "Forwarded",
        "X-HTTP-Method-Override",
        "X-Original-URL",
        "Proxy-Authorization",
        "Connection",
        "Content-Type",
        "X Evil",
        "X:",
        "",
    ],
)
def test_row_3_a_header_that_is_not_an_arguments_to_write_is_refused(name: str) -> None:
    with pytest.raises(ArgumentError, match="x would be the header"):
        prepared(operation(parameter("header", name, argument="x")), x="1")


@pytest.mark.parametrize("name", ["a=b", "a;b", "a\r\nb", "a b", ""])
def test_row_3_a_cookie_has_a_name(name: str) -> None:
    with pytest.raises(ArgumentError, match="no name of a cookie"):
        prepared(operation(parameter("cookie", name, argument="x")), x="1")


def test_row_3_a_cookie_argument_ends_in_no_other_cookie() -> None:
    for reserved in (False, True):
        given = operation(parameter("cookie", "a", allow_reserved=reserved))
        assert prepared(given, a='1; admin=1,"').headers == (
            ("Cookie", "a=1%3B%20admin%3D1%2C%22"),
        )


@pytest.mark.parametrize("value", ["1&limit=9", "1=2", "a[b]=1", "1&q=2", "1;limit=9", "1#"])
def test_row_4_a_value_stays_one_parameter(value: str) -> None:
    sent = target(SEARCH, q=value)
    assert sent.count("&") == 0
    assert sent.count("=") == 1
    assert unquote(sent.removeprefix("/things?q=")) == value


@pytest.mark.parametrize("member", ["limit", "limit[x]", "key", "type"])
def test_row_4_members_of_an_object_imitate_no_other_parameter(member: str) -> None:
    given = operation(
        parameter("query", "filter"),
        parameter("query", "limit"),
        query="type=order",
        credentials=frozenset({"key"}),
    )
    with pytest.raises(ArgumentError, match="the name of another parameter"):
        prepared(given, filter={member: "1"})


def test_row_4_a_member_of_a_deep_object_stays_inside() -> None:
    given = operation(parameter("query", "f", "deepObject", True), parameter("query", "g"))
    for name in ("a]&g=1", "a][b", "[", ""):
        with pytest.raises(ArgumentError, match="cannot be sent"):
            prepared(given, f={name: "1"})
    assert target(given, f={"a&g=1": "x&y=1"}) == "/things?f%5Ba%26g%3D1%5D=x%26y%3D1"


async def test_row_4_a_credential_in_the_query_is_the_only_one_of_its_name(
    exchange: Exchange,
) -> None:
    given = operation(parameter("query", "q"))
    sent = await exchange(given, {"q": "1&key=evil"}, Credential(query=(("key", "ours"),)))
    assert sent.target == "/things?q=1%26key%3Devil&key=ours"


def test_row_4_an_argument_that_is_not_described_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"no argument X-Api-Key\.") as raised:
        prepared(SEARCH, **{"q": "1", "X-Api-Key": "k"})
    assert raised.value.hint == "It has: limit, q."


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), -float("inf"), Decimal("NaN"), Decimal("-Infinity")]
)
def test_row_6_what_is_no_number_is_refused(value: JsonValue) -> None:
    for given, name in ((ORDER, "id"), (SEARCH, "q"), (JSON, "x")):
        with pytest.raises(ArgumentError):
            prepared(given, **{name: value})
        with pytest.raises(ArgumentError):
            prepared(given, **{name: [value]})


def test_row_6_numbers_lose_no_digit() -> None:
    for value in (2**53 + 1, 10**399 + 7, Decimal("0.1000"), Decimal(f"{10**30}.{10**29 + 7}")):
        assert target(SEARCH, q=value) == f"/things?q={value}"
        assert prepared(JSON, x=value).body == f'{{"x":{value}}}'.encode()


def test_row_6_a_number_without_end_is_refused_or_stays_short() -> None:
    assert target(SEARCH, q=Decimal("1E+999999")) == "/things?q=1E%2B999999"
    with pytest.raises(ArgumentError):
        prepared(SEARCH, q=10**5000)
    with pytest.raises(ArgumentError):
        prepared(JSON, x=10**5000)


def test_row_6_a_text_of_ten_megabytes_fits_a_body_and_no_address() -> None:
    text = "ü" * 5_000_000
    body = prepared(JSON, x=text).body
    assert body is not None
    assert len(body) == 10_000_000 + len(b'{"x":""}')
    for given, name in ((ORDER, "id"), (SEARCH, "q")):
        with pytest.raises(ArgumentError, match="65,536 go"):
            prepared(given, **{name: text})


def test_row_6_a_value_nested_ten_thousand_deep_is_refused() -> None:
    deep: JsonValue = "x"
    for _ in range(10_000):
        deep = [deep]
    nested: JsonValue = "x"
    for _ in range(10_000):
        nested = {"a": nested}
    deep_object = operation(parameter("query", "q", "deepObject", True))
    in_json = operation(parameter("query", "q", as_json=True))
    for value in (deep, nested):
        for given in (SEARCH, deep_object, in_json):
            with pytest.raises(ArgumentError):
                prepared(given, q=value)
        with pytest.raises(ArgumentError, match="nested deeper"):
            prepared(JSON, x=value)
