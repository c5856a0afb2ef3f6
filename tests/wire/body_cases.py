"""Bodies: JSON, forms, forms in parts, text and binary."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from wire_case import Case, Refused, Section, Sent, Unsupported, object_of, post

FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data"
JSON_TYPE = ("Content-Type: application/json",)
FORM_TYPE = (f"Content-Type: {FORM}",)
PARTS_TYPE = (f"Content-Type: {PARTS}; boundary={{boundary}}",)
LINE = "POST /things"
TEXT = {"type": "string"}
BINARY = {"type": "string", "format": "binary"}
PNG = {"name": "a.png", "media_type": "image/png", "base64": "iVBORw0K"}


def part(body: str, disposition: str, content_type: str) -> str:
    """Write one part of a form by hand."""
    lines = ["--{boundary}", f"Content-Disposition: form-data; {disposition}"]
    return "\r\n".join([*lines, f"Content-Type: {content_type}", "", body, ""])


END = "--{boundary}--\r\n"
PLAIN = "text/plain; charset=utf-8"


def form(title: str, value: Any, body: str, says: str = "", **encoding: Any) -> Case:
    """A form with one member `m` of any value."""
    holder = {"encoding": {"m": encoding}} if encoding else {}
    described = post(object_of(m=True), FORM, **holder)
    return Case(title, described, {"m": value}, Sent(LINE, FORM_TYPE, body), says=says)


VALUES = [
    Case(
        "JSON: what is false, nothing, empty or null is there",
        post(object_of(a=True, b=True, c=True, d=True, e=True, f=True)),
        {"a": 0, "b": False, "c": "", "d": None, "e": [], "f": {}},
        Sent(LINE, JSON_TYPE, '{"a":0,"b":false,"c":"","d":null,"e":[],"f":{}}'),
    ),
    Case(
        "JSON: numbers lose no digit",
        post(object_of(a={"type": "integer"}, b={"type": "number"}, c={"type": "integer"})),
        {"a": 2**53 + 1, "b": Decimal("0.1000000000000000055511151231257827"), "c": 10**79 + 7},
        Sent(
            LINE,
            JSON_TYPE,
            f'{{"a":9007199254740993,"b":0.1000000000000000055511151231257827,"c":1{"0" * 78}7}}',
        ),
    ),
    Case(
        "JSON: characters of every plane are sent in UTF-8",
        post(object_of(a=TEXT)),
        {"a": 'é🚚"\\\n\u2028'},
        Sent(LINE, JSON_TYPE, '{"a":"é🚚\\"\\\\\\n\u2028"}'),
    ),
    Case(
        "JSON: a body that is no list of members is one argument",
        post({"oneOf": [{"type": "array"}, {"type": "boolean"}]}),
        {"body": False},
        Sent(LINE, JSON_TYPE, "false"),
    ),
    Case(
        "JSON: a required body of which nothing is given",
        post(object_of(a=TEXT)),
        {},
        Sent(LINE, JSON_TYPE, "{}"),
    ),
    Case(
        "JSON: an optional body of which nothing is given",
        {
            "POST /things": {
                "requestBody": {"content": {"application/json": {"schema": object_of(a=TEXT)}}}
            }
        },
        {},
        Sent(LINE),
    ),
    Case(
        "JSON: the media type is the one of the description",
        post(object_of(a=TEXT), "application/vnd.shop.v2+json; charset=utf-8"),
        {"a": "b"},
        Sent(LINE, ("Content-Type: application/vnd.shop.v2+json; charset=utf-8",), '{"a":"b"}'),
    ),
    Case(
        "of several media types JSON is sent",
        {
            "POST /things": {
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/xml": {"schema": TEXT},
                        FORM: {"schema": object_of(a=TEXT)},
                        "application/json": {"schema": object_of(a=TEXT)},
                    },
                }
            }
        },
        {"a": "b"},
        Sent(LINE, JSON_TYPE, '{"a":"b"}'),
    ),
    Case(
        "a media type that nothing here writes",
        post(TEXT, "multipart/mixed"),
        {"body": "x"},
        Unsupported("its body is multipart/mixed, which cannot be written"),
    ),
]

FORMS = [
    form(
        "form: text",
        "a b&c=d+é~*",
        "m=a+b%26c%3Dd%2B%C3%A9%7E*",
        "As a browser writes it (WHATWG URL, section 5.2).",
    ),
    form("form: zero", 0, "m=0"),
    form("form: false", False, "m=false"),
    form("form: empty text", "", "m="),
    form(
        "form: a list is repeated",
        ["a", "b c"],
        "m=a&m=b+c",
        "Style form and explode are the defaults of an Encoding Object.",
    ),
    form(
        "form: an object is JSON text",
        {"a": 1},
        "m=%7B%22a%22%3A1%7D",
        "Without style, explode and allowReserved the content type counts: application/json for"
        " an object.",
    ),
    form(
        "form: encoding deepObject",
        {"a": {"b": 1}},
        "m%5Ba%5D%5Bb%5D=1",
        style="deepObject",
        explode=True,
    ),
    form("form: encoding form, no explode", ["a", "b"], "m=a,b", style="form", explode=False),
    form(
        "form: encoding form, explode, object",
        {"R": 1, "G": 2},
        "R=1&G=2",
        style="form",
        explode=True,
    ),
    form("form: encoding spaceDelimited", ["a", "b"], "m=a%20b", style="spaceDelimited"),
    form("form: encoding pipeDelimited", ["a", "b"], "m=a%7Cb", style="pipeDelimited"),
    form(
        "form: encoding contentType JSON",
        ["a", 1],
        "m=%5B%22a%22%2C1%5D",
        contentType="application/json",
    ),
    form("form: encoding allowReserved", "a/b?c", "m=a/b?c", allowReserved=True),
    Case(
        "form: members that would be written alike",
        post(object_of(m=True, R=True), FORM, encoding={"m": {"style": "form", "explode": True}}),
        {"m": {"R": 1}, "R": 2},
        Refused("would both be sent as R"),
    ),
    Case(
        "2.0: form data, with a list in commas and a repeated one",
        {
            "POST /things": {
                "consumes": [FORM],
                "parameters": [
                    {"name": "a", "in": "formData", "type": "array", "items": TEXT},
                    {
                        "name": "b",
                        "in": "formData",
                        "type": "array",
                        "items": TEXT,
                        "collectionFormat": "multi",
                    },
                    {"name": "c", "in": "formData", "type": "boolean"},
                ],
            }
        },
        {"a": ["x", "y"], "b": ["x", "y"], "c": False},
        Sent(LINE, FORM_TYPE, "a=x,y&b=x&b=y&c=false"),
        root={"swagger": "2.0"},
    ),
]

MULTIPART = [
    Case(
        "parts: text, number, list, object and file",
        post(object_of(t=TEXT, n=True, l=True, o=True, f=BINARY), PARTS),
        {"t": "é", "n": 0, "l": ["a", "b"], "o": {"a": None}, "f": PNG},
        Sent(
            LINE,
            PARTS_TYPE,
            b"".join(
                [
                    part("é", 'name="t"', PLAIN).encode(),
                    part("0", 'name="n"', PLAIN).encode(),
                    part("a", 'name="l"', PLAIN).encode(),
                    part("b", 'name="l"', PLAIN).encode(),
                    part('{"a":null}', 'name="o"', "application/json").encode(),
                    part("@", 'name="f"; filename="a.png"', "image/png")
                    .encode()
                    .replace(b"@", b"\x89PNG\r\n"),
                    END.encode(),
                ]
            ),
        ),
    ),
    Case(
        "parts: the encoding says the type of a part",
        post(
            object_of(o=True, f=BINARY),
            PARTS,
            encoding={
                "o": {"contentType": "application/vnd.x+json"},
                "f": {"contentType": "image/png, image/jpeg"},
            },
        ),
        {"o": ["a"], "f": {"name": "a", "base64": "YQ=="}},
        Sent(
            LINE,
            PARTS_TYPE,
            part('["a"]', 'name="o"', "application/vnd.x+json")
            + part("a", 'name="f"; filename="a"', "image/png")
            + END,
        ),
    ),
    Case(
        "parts: a file of a type that is not let in",
        post(object_of(f=BINARY), PARTS, encoding={"f": {"contentType": "image/*"}}),
        {"f": {"name": "a", "media_type": "text/html", "base64": "YQ=="}},
        Refused("is text/html, and image/* is wanted there"),
    ),
    Case(
        "parts: a file is no path on the disk",
        post(object_of(f=BINARY), PARTS),
        {"f": "/etc/passwd"},
        Refused("f must be of type object"),
    ),
    Case(
        "2.0: a file among form data",
        {
            "POST /things": {
                "parameters": [
                    {"name": "id", "in": "formData", "type": "integer"},
                    {"name": "f", "in": "formData", "type": "file", "required": True},
                ]
            }
        },
        {"id": 0, "f": PNG | {"base64": "YQ=="}},
        Sent(
            LINE,
            PARTS_TYPE,
            part("0", 'name="id"', PLAIN)
            + part("a", 'name="f"; filename="a.png"', "image/png")
            + END,
        ),
        root={"swagger": "2.0"},
    ),
]

WHOLE = [
    Case(
        "bytes that the schema calls base64",
        post({"type": "string", "format": "byte"}, "application/octet-stream"),
        {"body": {"name": "a", "media_type": "application/octet-stream", "base64": "AAH/"}},
        Sent(LINE, ("Content-Type: application/octet-stream",), b"\x00\x01\xff"),
        says="So Xero describes its attachments, and takes the bytes; it is told as a change.",
    ),
    Case(
        "a form with a file in one of its choices",
        post(
            {"oneOf": [object_of(f={"type": "string", "format": "binary"}), object_of(u=TEXT)]},
            "multipart/form-data",
        ),
        {"body": {"u": "https://x.example"}},
        Unsupported("a file among members that depend on a choice"),
    ),
    Case(
        "text",
        post(TEXT, "text/plain"),
        {"body": "é\r\n"},
        Sent(LINE, (f"Content-Type: {PLAIN}",), "é\r\n"),
    ),
    Case(
        "text: empty",
        post(TEXT, "text/plain"),
        {"body": ""},
        Sent(LINE, (f"Content-Type: {PLAIN}",), ""),
    ),
    Case(
        "text in a charset of its own",
        post(TEXT, "text/csv; charset=iso-8859-1"),
        {"body": "é"},
        Sent(LINE, ("Content-Type: text/csv; charset=iso-8859-1",), b"\xe9"),
    ),
    Case(
        "text that the charset has not",
        post(TEXT, "text/csv; charset=iso-8859-1"),
        {"body": "🚚"},
        Refused("U+1F69A"),
    ),
    Case(
        "XML is sent as the text that was given",
        post({"type": "object"}, "application/xml"),
        {"body": "<a>é</a>"},
        Sent(LINE, ("Content-Type: application/xml",), "<a>é</a>"),
    ),
    Case(
        "binary",
        post(BINARY, "application/octet-stream"),
        {"body": {"name": "a.bin", "base64": "AP8NCg=="}},
        Sent(LINE, ("Content-Type: application/octet-stream",), b"\x00\xff\r\n"),
    ),
    Case(
        "binary of several kinds: the type is the file's",
        post(BINARY, "image/*"),
        {"body": PNG},
        Sent(LINE, ("Content-Type: image/png",), b"\x89PNG\r\n"),
    ),
    Case(
        "a body on DELETE",
        {"DELETE /things": post(object_of(ids=True))["POST /things"]},
        {"ids": [1]},
        Sent("DELETE /things", JSON_TYPE, '{"ids":[1]}'),
    ),
]

SECTIONS = [
    Section("JSON bodies", "RFC 8259; numbers are exact.", VALUES),
    Section("Forms", "OpenAPI 3.1.1, section 4.8.15 (Encoding Object).", FORMS, is_table=True),
    Section(
        "Forms in parts",
        "RFC 7578. `{boundary}` is `dragoman-` and forty digits of a hash of the parts. A file is"
        " `{name, media_type, base64}`.",
        MULTIPART,
    ),
    Section("Text and binary", "Sent as they were given.", WHOLE),
]
