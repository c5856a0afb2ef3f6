"""Forms in parts, files, text and binary bodies: the exact bytes."""

from __future__ import annotations

import base64
import email.policy
from email.parser import BytesParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apis.http.wire import Exchange, operation, prepared
from dragoman.apis.http.binding import Body, Encoding
from dragoman.apis.http.body import encoder_of
from dragoman.apis.http.file_value import FILE_SCHEMA, MAX_FILE, FileValue, read_file_value
from dragoman.errors import ArgumentError
from dragoman.operation import JsonObject

PNG = {"name": "a.png", "media_type": "image/png", "base64": "iVBORw0K"}


def form(**encodings: Encoding) -> Body:
    return Body("multipart/form-data", required=True, whole="body", encodings=encodings)


def written(value: JsonObject, **encodings: Encoding) -> tuple[str, bytes]:
    made = prepared(operation(method="POST", body=form(**encodings)), body=value)
    assert made.body is not None
    content_type = dict(made.headers)["Content-Type"]
    return content_type.partition("boundary=")[2], made.body


def parts(value: JsonObject, **encodings: Encoding) -> list[tuple[str, str, bytes]]:
    """Disposition, type and bytes of each part, read by the parser of the standard library."""
    boundary, body = written(value, **encodings)
    head = f"Content-Type: multipart/form-data; boundary={boundary}\r\n\r\n".encode()
    message = BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    return [
        (str(p["Content-Disposition"]), str(p["Content-Type"]), p.get_payload(decode=True))
        for p in message.iter_parts()  # type: ignore[attr-defined]
    ]


async def test_a_form_in_parts_is_sent_in_these_bytes(exchange: Exchange) -> None:
    body = Body(
        "multipart/form-data", required=True, members={k: k for k in ("note", "n", "meta", "file")}
    )
    arguments = {"note": "grün", "n": 0, "meta": {"a": [1, None]}, "file": PNG}
    sent = await exchange(operation(method="POST", body=body), arguments)
    content_type = sent.header("Content-Type")[0]
    boundary = content_type.removeprefix("multipart/form-data; boundary=")
    assert (
        sent.body
        == (
            f"--{boundary}\r\n"
            'Content-Disposition: form-data; name="note"\r\n'
            "Content-Type: text/plain; charset=utf-8\r\n\r\n"
            "grün\r\n"
            f"--{boundary}\r\n"
            'Content-Disposition: form-data; name="n"\r\n'
            "Content-Type: text/plain; charset=utf-8\r\n\r\n"
            "0\r\n"
            f"--{boundary}\r\n"
            'Content-Disposition: form-data; name="meta"\r\n'
            "Content-Type: application/json\r\n\r\n"
            '{"a":[1,null]}\r\n'
            f"--{boundary}\r\n"
            'Content-Disposition: form-data; name="file"; filename="a.png"\r\n'
            "Content-Type: image/png\r\n\r\n"
        ).encode()
        + b"\x89PNG\r\n\r\n"
        + f"--{boundary}--\r\n".encode()
    )


def test_a_list_is_a_part_for_each_item() -> None:
    names = [part[0] for part in parts({"tag": ["a", "b"], "file": [PNG, PNG]})]
    assert names == [
        'form-data; name="tag"',
        'form-data; name="tag"',
        'form-data; name="file"; filename="a.png"',
        'form-data; name="file"; filename="a.png"',
    ]


def test_the_encoding_says_the_type_of_a_part() -> None:
    made = parts(
        {"list": [1, 2], "xml": "<a/>", "file": {"name": "x", "base64": "AA=="}, "s": [1, 2]},
        list=Encoding(content_type="application/json"),
        xml=Encoding(content_type="application/xml"),
        file=Encoding(content_type="image/png, image/jpeg"),
        s=Encoding("form", explode=False),
    )
    assert [(kind, data) for _, kind, data in made] == [
        ("application/json", b"[1,2]"),
        ("application/xml", b"<a/>"),
        ("image/png", b"\0"),
        ('text/plain; charset="utf-8"', b"1,2"),
    ]


def test_a_file_of_a_type_that_is_not_wanted_is_refused() -> None:
    with pytest.raises(ArgumentError, match="image/gif, and image/png is wanted"):
        written({"f": {**PNG, "media_type": "image/gif"}}, f=Encoding(content_type="image/png"))
    _, body = written({"f": PNG}, f=Encoding(content_type="image/*"))
    assert b"Content-Type: image/png\r\n" in body


def test_equal_values_give_equal_bytes_and_others_another_boundary() -> None:
    assert written({"a": "1"}) == written({"a": "1"})
    assert written({"a": "1"})[0] != written({"a": "2"})[0]


def test_a_value_that_holds_a_boundary_ends_no_part() -> None:
    boundary, body = written({"a": "x"})
    evil = body.decode()
    again, nested = written({"a": evil})
    assert again != boundary
    assert nested.count(again.encode()) == 2
    assert parts({"a": evil})[0][2] == evil.encode()


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.text(
            st.characters(categories=["L", "N", "P", "S"], exclude_characters='\\"'), min_size=1
        ),
        st.binary(),
        max_size=4,
    )
)
def test_any_bytes_come_back_from_their_parts(files: dict[str, bytes]) -> None:
    value: dict[str, Any] = {
        name: {"name": "f", "base64": base64.b64encode(data).decode()}
        for name, data in files.items()
    }
    boundary, body = written(value)
    mark = f"--{boundary}".encode()
    assert body.count(mark) == len(files) + 1
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)[1:-1]
    assert [piece.split(b"\r\n\r\n", 1)[1] for piece in pieces] == list(files.values())


@pytest.mark.parametrize("name", ["a\r\nX: 1", "a\\", "a\x00", "\ud800"])
def test_a_name_that_would_break_out_of_its_header_is_refused(name: str) -> None:
    with pytest.raises(ArgumentError):
        written({name: "x"})


def test_a_quote_in_a_name_is_escaped() -> None:
    _, body = written({'a"; x="': {**PNG, "name": 'b".png'}})
    assert b'form-data; name="a%22; x=%22"; filename="b%22.png"\r\n' in body


@pytest.mark.parametrize(
    ("media_type", "value", "content_type", "data"),
    [
        ("text/plain", "grün", "text/plain; charset=utf-8", "grün".encode()),
        ("text/plain", "", "text/plain; charset=utf-8", b""),
        ("text/csv; charset=iso-8859-1", "ü", "text/csv; charset=iso-8859-1", b"\xfc"),
        ("application/xml", "<a/>", "application/xml", b"<a/>"),
        ("application/octet-stream", PNG, "application/octet-stream", b"\x89PNG\r\n"),
        ("image/*", PNG, "image/png", b"\x89PNG\r\n"),
        ("*/*", {"name": "x", "base64": ""}, "application/octet-stream", b""),
    ],
)
async def test_text_and_binary_bodies(
    exchange: Exchange, media_type: str, value: Any, content_type: str, data: bytes
) -> None:
    body = Body(media_type, required=True, whole="body")
    sent = await exchange(operation(method="POST", body=body), {"body": value})
    assert (sent.header("Content-Type"), sent.body) == ([content_type], data)


@pytest.mark.parametrize(
    ("media_type", "value"),
    [
        ("text/plain", 1),
        ("text/plain; charset=ascii", "ü"),
        ("text/plain; charset=idna", "x"),
        ("application/pdf", "JVBERi0="),
        ("image/png", {**PNG, "media_type": "image/gif"}),
        ("multipart/form-data", [1]),
        ("multipart/form-data", {"a": []}),
        ("multipart/form-data", {"a": None}),
        ("multipart/mixed", {"a": 1}),
    ],
)
def test_a_body_that_its_type_cannot_carry_is_refused(media_type: str, value: Any) -> None:
    body = Body(media_type, required=True, whole="body")
    with pytest.raises(ArgumentError):
        prepared(operation(method="POST", body=body), body=value)


def test_what_can_be_written_is_known_by_its_media_type() -> None:
    known = ["application/json", "a/b+json", "multipart/form-data", "text/html", "image/png", "*/*"]
    assert all(encoder_of(one) for one in known)
    assert not any(encoder_of(one) for one in ("multipart/related", "message/http", "nothing", ""))


def test_a_file_is_read_from_its_argument() -> None:
    assert read_file_value(PNG, "file") == FileValue("a.png", "image/png", b"\x89PNG\r\n")
    assert read_file_value({"name": "ü", "base64": ""}, "file") == FileValue("ü", "", b"")
    assert FILE_SCHEMA["additionalProperties"] is False


@pytest.mark.parametrize(
    "value",
    [
        "path/to/file",
        None,
        [],
        {},
        {**PNG, "path": "/etc/passwd"},
        {**PNG, "base64": "a"},
        {**PNG, "base64": "iVBORw0K\n"},
        {**PNG, "base64": "_-8="},
        {**PNG, "base64": 7},
        {**PNG, "base64": "ü"},
        {**PNG, "base64": "A" * (MAX_FILE * 2)},
        {**PNG, "name": "../a.png"},
        {**PNG, "name": "..\\a.png"},
        {**PNG, "name": ".."},
        {**PNG, "name": ""},
        {**PNG, "name": "a\r\nX: 1"},
        {**PNG, "name": "a\u202egnp.exe"},
        {**PNG, "name": "a" * 256},
        {**PNG, "name": "\ud800"},
        {**PNG, "media_type": "png"},
        {**PNG, "media_type": "image/png\r\nX: 1"},
        {**PNG, "media_type": "image/*"},
        {**PNG, "media_type": ""},
    ],
)
def test_what_is_no_file_is_refused(value: Any) -> None:
    with pytest.raises(ArgumentError, match="file") as raised:
        read_file_value(value, "file")
    assert len(str(raised.value)) < 400
    assert str(raised.value).isprintable()
