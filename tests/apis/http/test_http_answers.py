"""What came back: the value of a good answer, and the error that another one is."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.apis.http.answer import MAX_DEPTH, MAX_INLINE, problem_of, read_answer
from dragoman.apis.http.complaint import MAX_CHARACTERS
from dragoman.apis.http.media import essence
from dragoman.apis.http.waiting import retry_after
from dragoman.errors import ApiError, CredentialError, DragomanError, Fault, ResponseError
from dragoman.exact_json import encode
from dragoman.operation import Effect, JsonValue, Prepared, Received

PREPARED = Prepared("shop.getOrder", "shop", "http", Effect.READ, "GET", "http://shop.example/")
LABEL = "bearer ${SHOP_TOKEN}"


def received(
    body: bytes | dict[str, Any] = b"",
    content_type: str = "application/json",
    status: int = 200,
    credential: str = LABEL,
    **headers: str,
) -> Received:
    data = body if isinstance(body, bytes) else encode(body)
    fields = [(name.replace("_", "-"), value) for name, value in headers.items()]
    if content_type:
        fields.append(("content-type", content_type))
    return Received(status, essence(content_type), tuple(fields), data, 0.0, credential)


def problem(status: int, body: bytes | dict[str, Any] = b"", **more: Any) -> DragomanError:
    found = problem_of(PREPARED, received(body, status=status, **more))
    assert found is not None
    return found


def said(body: bytes | dict[str, Any], status: int = 400) -> str:
    return problem(status, body).detail


def value(body: bytes, content_type: str = "application/json", status: int = 200) -> JsonValue:
    return read_answer(received(body, content_type, status))


# --- errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 202, 204, 206, 299])
def test_a_2xx_is_no_error(status: int) -> None:
    assert problem_of(PREPARED, received({"error": "no"}, status=status)) is None


def test_a_401_says_which_credential_was_refused_and_what_to_do() -> None:
    error = problem(401, {"detail": "bad token tok_live_1"})
    assert isinstance(error, CredentialError)
    assert str(error) == (
        "401 from shop with bearer ${SHOP_TOKEN}: it was sent and refused. "
        "Rotate it, then: dragoman check shop"
    )


def test_a_401_where_nothing_was_shown_says_that() -> None:
    error = problem(401, credential="")
    assert isinstance(error, CredentialError)
    assert error.detail == "401 from shop: it wants a credential, and none was sent."


def test_a_403_is_of_the_call_and_not_of_the_credential() -> None:
    error = problem(403, {"detail": "Not your order."})
    assert isinstance(error, ApiError)
    assert error.detail == "403 from shop: Not your order."
    assert error.hint == "bearer ${SHOP_TOKEN} was sent; it may not be allowed to do this."


def test_a_403_is_of_the_credential_where_the_api_says_so() -> None:
    challenge = 'Bearer error="insufficient_scope", scope="orders:write"'
    error = problem(403, www_authenticate=challenge)
    assert isinstance(error, CredentialError)
    assert error.hint == "Give it the scope orders:write, then: dragoman check shop"
    rotated = problem(403, www_authenticate='Bearer error="invalid_token"')
    assert isinstance(rotated, CredentialError)
    assert rotated.hint == "Rotate it, then: dragoman check shop"


@pytest.mark.parametrize("status", [101, 300, 304, 305])
def test_what_is_neither_success_nor_refusal_leaves_a_write_unknown(status: int) -> None:
    error = problem(status)
    assert isinstance(error, ResponseError)
    assert error.sent
    assert f"shop answered {status}" in error.detail


@pytest.mark.parametrize(
    ("status", "fault", "retryable"),
    [
        (400, Fault.ARGUMENTS, False),
        (404, Fault.ARGUMENTS, False),
        (429, Fault.API, True),
        (500, Fault.API, True),
        (599, Fault.API, True),
        (999, Fault.API, True),
    ],
)
def test_an_error_says_whose_fault_it_is(status: int, fault: Fault, retryable: bool) -> None:
    error = problem(status)
    assert isinstance(error, ApiError)
    assert error.upstream_status == status
    assert (error.problem.fault, error.problem.retryable) == (fault, retryable)


def test_a_status_without_words_has_its_name() -> None:
    assert problem(503, b"<html>sorry</html>", content_type="text/html").detail == (
        "503 (Service Unavailable) from shop."
    )
    assert problem(999).detail == "999 from shop."


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"title": "Not found", "detail": "No order 7."}, "Not found; No order 7."),
        ({"type": "about:blank", "title": "Conflict"}, "Conflict."),
        ({"message": "no", "code": 7, "type": "card_error"}, "no; code: 7; type: card_error."),
        ({"error": "bad"}, "bad."),
        ({"error": {"message": "No such charge", "code": "missing", "param": "id"}},
         "No such charge; code: missing."),
        ({"error": [{"message": "a"}, "b"]}, "a; b."),
        ({"errors": ["a", "b", 3]}, "a; b; 3."),
        ({"errors": [{"title": "T", "detail": "D", "meta": "M"}]}, "T; D."),
        ({"errors": {"email": ["is taken", "is odd"], "age": "too low"}},
         "email: is taken; email: is odd; age: too low."),
        ({"title": "same", "detail": "same"}, "same."),
        ({"detail": {"deep": "no"}, "message": ["no"], "title": None, "code": True}, ""),
        ({"error": {"stack": "at x.py", "message": {"deep": "no"}}}, ""),
        ({"errors": {"a": {"b": "c"}}}, ""),
        ({"internal": "stack trace", "debug": "secret"}, ""),
    ],
)  # fmt: skip
def test_of_an_error_only_some_members_are_told(body: dict[str, Any], words: str) -> None:
    assert said(body) == (f"400 from shop: {words}" if words else "400 (Bad Request) from shop.")


@pytest.mark.parametrize(
    "body", [b"", b"no", b"[]", b'"x"', b"{", b"{\xff}", b"[" * 100_000,
             b'{"title":1e99999999999999999999}', b'{"title":"' + b"x" * 70_000 + b'"}']
)  # fmt: skip
def test_an_error_that_cannot_be_read_has_no_words(body: bytes) -> None:
    assert said(body) == "400 (Bad Request) from shop."


def test_words_are_on_one_line_without_what_is_not_seen() -> None:
    assert said({"detail": "a\x1b[31m\r\nb\u202ec\u200b\x00d"}) == "400 from shop: a[31m bcd."


def test_words_are_bounded_and_cut_between_words() -> None:
    secret = "tok_live_9f8e7d6c5b4a"
    detail = said({"detail": "x " * 245 + secret})
    assert len(detail) <= MAX_CHARACTERS + len("400 from shop: ")
    assert "tok_" not in detail
    assert len(said({"errors": {f"field{n}": "y" * 50 for n in range(100)}})) < 520
    assert "zz" not in said({"detail": "z" * 600})


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"retry_after": "7"}, 7),
        ({"retry_after": "0"}, 0),
        ({"retry_after": "1.5"}, 1.5),
        ({"retry_after": "999999999"}, 86_400),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:30 GMT",
          "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30),
        ({"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"retry_after": "Fri, 31 Dec 9999 23:59:59 GMT"}, 86_400),
        ({"retry_after": "-1"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": ""}, None),
        ({"retry_after": "٧"}, None),
        ({"retry_after": "9" * 5000}, None),
        ({"retry_after": "Wed, 99 Oct 2026 07:28:30 GMT"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_how_long_to_wait(fields: dict[str, str], seconds: float | None) -> None:
    assert problem(429, **fields).retry_after == seconds
    assert problem(503, **fields).retry_after == seconds


def test_a_date_without_another_is_measured_from_now() -> None:
    now = datetime(2026, 10, 21, 7, 28, tzinfo=UTC)
    assert retry_after({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"}, now) == 30


# --- values -------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [204, 205])
def test_no_content_is_nothing(status: int) -> None:
    assert value(b"x", status=status) is None
    assert value(b"") is None
    assert value(b"", "text/plain") is None


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/problem+json",
        "text/json",
    ],
)
def test_json_is_read_exactly(content_type: str) -> None:
    body = b'{"n":12345678901234567890123,"d":1.10,"z":0,"f":false,"e":""}'
    assert value(body, content_type) == {
        "n": 12345678901234567890123,
        "d": Decimal("1.10"),
        "z": 0,
        "f": False,
        "e": "",
    }


def test_json_may_have_a_mark_and_a_charset() -> None:
    assert value(b'\xef\xbb\xbf{"a":1}') == {"a": 1}
    assert value('"ü"'.encode("latin-1"), "application/json; charset=iso-8859-1") == "ü"
    assert value('{"a":"ü"}'.encode("utf-16"), "application/json; charset=utf-16") == {"a": "ü"}


@pytest.mark.parametrize(
    "body",
    [b"<html>no</html>", b"{", b"NaN", b'{"a":Infinity}', b'"\xff"', b"1e99999999999999999999",
     b"9" * 5000, b"[" * 100_000 + b"]" * 100_000, b"{} {}", b"\x00\x01\x02"],
)  # fmt: skip
def test_what_says_that_it_is_json_and_is_not_is_told(body: bytes) -> None:
    with pytest.raises(ResponseError, match="says that it is JSON and is not") as raised:
        value(body)
    assert len(raised.value.detail) < 160
    assert raised.value.detail.isprintable()


def test_the_start_of_it_is_shown() -> None:
    with pytest.raises(ResponseError, match='it begins with "<html>Service unavailable</html>"'):
        value(b"<html>Service\r\nunavailable</html>")


def test_an_answer_that_is_nested_too_deeply_is_refused() -> None:
    for content_type in ("application/json", ""):
        assert value(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, content_type)
        with pytest.raises(ResponseError, match="nested deeper"):
            value(b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), content_type)
    wide = b"[" + b",".join([b"[]"] * 1000) + b"]"
    assert value(wide) == [[]] * 1000


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (b"hello", "text/plain", "hello"),
        ("grün".encode(), "text/plain", "grün"),
        ("grün".encode("latin-1"), "text/plain; charset=ISO-8859-1", "grün"),
        ("grün".encode("cp1252"), 'text/csv; charset="windows-1252"', "grün"),
        (b"gr\xfcn", "text/plain", "gr\ufffdn"),
        (b"a", "text/plain; charset=nonsense", "a"),
        (b"\\x41", "text/plain; charset=unicode_escape", "\\x41"),
        (b"xn--a", "text/plain; charset=idna", "xn--a"),
        (b"\xef\xbb\xbfa", "text/plain", "a"),
        ("ü".encode("utf-16"), "text/plain", "ü"),
        (b'{"not": "read"}', "text/plain", '{"not": "read"}'),
        (b"<a>&lol;</a>", "application/xml", "<a>&lol;</a>"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><a>ü</a>'.encode("latin-1"), "text/xml",
         '<?xml version="1.0" encoding="ISO-8859-1"?><a>ü</a>'),
        (b"<svg/>", "image/svg+xml", "<svg/>"),
        (b"<p>", "text/html", "<p>"),
        (b'{"a":1}\n{"a":2}\n', "application/x-ndjson", '{"a":1}\n{"a":2}\n'),
    ],
)  # fmt: skip
def test_text_is_text_and_never_more(body: bytes, content_type: str, text: str) -> None:
    assert value(body, content_type) == text


def test_without_a_media_type_it_is_json_if_it_is_that_else_text_else_bytes() -> None:
    assert value(b'{"a":1}', "") == {"a": 1}
    assert value("grün".encode(), "") == "grün"
    assert value(b"\xff\x00", "") == {
        "media_type": "application/octet-stream",
        "bytes": 2,
        "base64": "/wA=",
    }


def test_a_binary_is_described_and_a_large_one_only_that() -> None:
    assert value(b"\x89PNG", "image/png") == {
        "media_type": "image/png",
        "bytes": 4,
        "base64": "iVBORw==",
    }
    assert value(b"\0" * (MAX_INLINE + 1), "application/pdf") == {
        "media_type": "application/pdf",
        "bytes": MAX_INLINE + 1,
        "note": "Not shown: it is larger than 64 KiB.",
    }


TYPES = (
    *("", "application/json", "text/plain", "text/xml", "image/png", "application/json; charset="),
    *("text/plain; charset=utf-16", "application/json; charset=utf-32", "text/x; charset=gbk"),
)
JSON_LIKE = st.text('[]{}"\\:,1e+-.ud80Nantrue <?xml', max_size=30).map(str.encode)


@settings(max_examples=1000, deadline=None)
@given(st.one_of(st.binary(), JSON_LIKE), st.sampled_from(TYPES), st.integers(100, 999))
def test_whatever_comes_back_is_a_value_or_an_error_of_ours(
    body: bytes, content_type: str, status: int
) -> None:
    came = received(body, content_type, status)
    found = problem_of(PREPARED, came)
    assert found is None or (str(found).isprintable() and len(str(found)) < 700)
    with suppress(ResponseError):
        assert encode(read_answer(came))


def test_a_stored_answer_without_headers_is_read_alike() -> None:
    stored = Received(201, "application/json", (), b'{"id":"r1"}', 0.0)
    assert read_answer(stored) == {"id": "r1"}
