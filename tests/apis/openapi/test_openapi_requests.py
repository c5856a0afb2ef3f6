"""A description and arguments, and exactly the request that they make."""

from __future__ import annotations

import json

import pytest

from dragoman.errors import ArgumentError, UnsupportedError
from openapi_reading import document, get, header, only, post, query, sent


def path(name: str, schema: object, **other: object) -> dict[str, object]:
    return {"name": name, "in": "path", "required": True, "schema": schema, **other}


LIST = {"type": "array", "items": {"type": "string"}}
OBJECT = {"type": "object", "additionalProperties": {"type": "string"}}


def test_method_server_path_and_query_make_the_target() -> None:
    operation = get(
        path("id", {"type": "string"}), query("limit", {"type": "integer"}), path="/things/{id}"
    )
    prepared = sent(operation, id="a/b c", limit=0)
    assert prepared.method == "GET"
    assert prepared.target == "https://api.example/things/a%2Fb%20c?limit=0"
    assert prepared.headers == (("Accept", "application/json, */*;q=0.8"),)
    assert prepared.body is None


@pytest.mark.parametrize(
    ("described", "value", "expected"),
    [
        ({}, ["a", "b"], "q=a&q=b"),
        ({"explode": False}, ["a", "b"], "q=a,b"),
        ({"style": "spaceDelimited"}, ["a", "b"], "q=a%20b"),
        ({"style": "pipeDelimited", "explode": False}, ["a", "b"], "q=a%7Cb"),
        ({"schema": OBJECT}, {"a": "1", "b": "2"}, "a=1&b=2"),
        ({"schema": OBJECT, "explode": False}, {"a": "1", "b": "2"}, "q=a,1,b,2"),
        ({"schema": OBJECT, "style": "deepObject"}, {"a": "1", "b": "2"}, "q%5Ba%5D=1&q%5Bb%5D=2"),
        ({"schema": {"type": "boolean"}}, False, "q=false"),
        ({"schema": {"type": "string"}}, "", "q="),
        ({"schema": {"type": "string"}}, "a/b?c", "q=a%2Fb%3Fc"),
        ({"schema": {"type": "string"}, "allowReserved": True}, "a/b?c", "q=a/b?c"),
    ],
)
def test_a_query_is_written_in_its_style(
    described: dict[str, object], value: object, expected: str
) -> None:
    assert sent(get(query("q", LIST) | described), q=value).target.partition("?")[2] == expected


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        ({}, "a,b"),
        ({"explode": True}, "a,b"),
        ({"style": "label"}, ".a,b"),
        ({"style": "label", "explode": True}, ".a.b"),
        ({"style": "matrix"}, ";p=a,b"),
        ({"style": "matrix", "explode": True}, ";p=a;p=b"),
    ],
)
def test_a_path_is_written_in_its_style(described: dict[str, object], expected: str) -> None:
    operation = get(path("p", LIST, **described), path="/x/{p}")
    assert sent(operation, p=["a", "b"]).target == f"https://api.example/x/{expected}"


def test_headers_and_cookies_have_their_places() -> None:
    operation = get(
        {"name": "X-Ids", "in": "header", "schema": LIST},
        {"name": "lang", "in": "cookie", "schema": {"type": "string"}},
    )
    prepared = sent(operation, **{"X-Ids": ["a", "b"], "lang": "de"})
    assert header(prepared, "X-Ids") == "a,b"
    assert header(prepared, "Cookie") == "lang=de"


def test_a_parameter_with_content_is_written_as_json() -> None:
    parameter = {"name": "q", "in": "query", "content": {"application/json": {"schema": OBJECT}}}
    target = sent(get(parameter), q={"a": "1"}).target
    assert target.endswith("?q=%7B%22a%22%3A%221%22%7D")


def test_a_header_with_one_allowed_value_is_sent_unasked() -> None:
    operation = get(
        {"name": "X-Version", "in": "header", "required": True, "schema": {"$ref": "#/v"}},
        v={"type": "string", "enum": ["2026-01-01"]},
    )
    assert header(sent(operation), "X-Version") == "2026-01-01"


def test_defaults_of_a_description_are_not_sent() -> None:
    operation = get(query("limit", {"type": "integer", "default": 10}))
    assert sent(operation).target == "https://api.example/things"


def test_a_json_body_is_made_of_its_members() -> None:
    operation = post({"type": "object", "properties": {"a": {"type": "integer"}, "b": {}}})
    prepared = sent(operation, a=0, b=None)
    assert header(prepared, "Content-Type") == "application/json"
    assert prepared.body == b'{"a":0,"b":null}'


def test_a_required_body_without_members_is_sent_as_an_empty_object() -> None:
    operation = post({"type": "object", "properties": {"a": {"type": "integer"}}})
    assert sent(operation).body == b"{}"


def test_an_optional_body_without_arguments_is_not_sent() -> None:
    operation = post({"type": "object", "properties": {"a": {}}}, required=False)
    prepared = sent(operation)
    assert prepared.body is None
    assert "Content-Type" not in dict(prepared.headers)


def test_a_body_is_sent_with_any_method() -> None:
    body = {"content": {"application/json": {"schema": {"type": "array", "items": {}}}}}
    operation = only(document({"/things": {"delete": {"requestBody": body}}}))
    assert sent(operation, body=[1]).body == b"[1]"


def test_a_form_is_written_by_its_encodings() -> None:
    schema = {
        "type": "object",
        "properties": {"tags": LIST, "meta": OBJECT, "address": OBJECT, "name": {}},
    }
    encoding = {
        "tags": {"explode": False},
        "meta": {"style": "deepObject", "explode": True},
        "address": {"contentType": "application/json"},
    }
    operation = post(schema, "application/x-www-form-urlencoded", encoding=encoding)
    prepared = sent(operation, tags=["a", "b"], meta={"k": "v"}, address={"x": "1"}, name="a b&c")
    assert prepared.body == (b"tags=a,b&meta%5Bk%5D=v&address=%7B%22x%22%3A%221%22%7D&name=a+b%26c")


def test_files_and_fields_make_a_form_in_parts() -> None:
    schema = {
        "type": "object",
        "required": ["file"],
        "properties": {
            "file": {"type": "string", "format": "binary", "description": "The picture."},
            "note": {"type": "string"},
        },
    }
    operation = post(schema, "multipart/form-data")
    file = {"name": "a.png", "media_type": "image/png", "base64": "AAE="}
    prepared = sent(operation, file=file, note="hi")
    assert header(prepared, "Content-Type").startswith("multipart/form-data; boundary=")
    assert prepared.body is not None
    assert (
        b'name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n\x00\x01' in prepared.body
    )
    described = operation.contract.input_schema["properties"]["file"]  # type: ignore[index,call-overload]
    assert described["description"] == "The picture."  # type: ignore[index,call-overload]


@pytest.mark.parametrize(
    "member",
    [
        {"type": "array", "items": {"type": "string", "format": "binary"}},
        {"type": "string", "contentMediaType": "application/pdf"},
        {"anyOf": [{"type": "string", "format": "binary"}, {"type": "string", "const": "none"}]},
        {"$ref": "#/components/schemas/File"},
    ],
)
def test_a_file_is_known_in_all_its_descriptions(member: dict[str, object]) -> None:
    operation = post(
        {"type": "object", "properties": {"f": member}},
        "multipart/form-data",
        components={"schemas": {"File": {"type": "string", "format": "binary"}}},
    )
    file = {"name": "a", "base64": "AA=="}
    value = [file] if member.get("type") == "array" else file
    assert b'filename="a"' in (sent(operation, f=value).body or b"")


def test_a_text_body_and_a_binary_body_are_one_argument() -> None:
    text = sent(post({"type": "string"}, "text/plain"), body="größe")
    assert text.body == "größe".encode()
    bytes_ = sent(post({}, "application/octet-stream"), body={"name": "a", "base64": "AAE="})
    assert bytes_.body == b"\x00\x01"
    assert header(bytes_, "Content-Type") == "application/octet-stream"


@pytest.mark.parametrize(
    ("offered", "chosen", "changed"),
    [
        (["application/json", "text/plain"], "application/json", False),
        (["text/plain", "application/vnd.x+json"], "application/vnd.x+json", True),
        (["multipart/form-data", "application/x-www-form-urlencoded"], None, True),
        (["*/*"], "application/json", True),
        (["application/x-unknown", "application/json"], "application/json", True),
    ],
)
def test_of_several_media_types_one_is_chosen_and_told(
    offered: list[str], chosen: str | None, changed: bool
) -> None:
    holder = {"schema": {"type": "object", "properties": {"a": {"type": "string"}}}}
    body = {"required": True, "content": dict.fromkeys(offered, holder)}
    operation = only(document({"/things": {"post": {"requestBody": body}}}))
    wanted = chosen or "application/x-www-form-urlencoded"
    assert header(sent(operation, a="1"), "Content-Type") == wanted
    assert bool(operation.contract.changes) == changed


def test_the_accept_header_names_what_a_success_is_made_of() -> None:
    def accept(content: dict[str, object]) -> str:
        responses = {"200": {"content": content}, "400": {"content": {"text/html": {}}}}
        return header(sent(only(document({"/x": {"get": {"responses": responses}}}))), "Accept")

    assert accept({"text/csv": {}, "application/vnd.x+json": {}}) == "application/vnd.x+json"
    assert accept({"text/csv": {}, "text/plain": {}}) == "text/csv, text/plain"
    assert accept({"*/*": {}}) == "application/json, */*;q=0.8"
    assert accept({"text/csv\r\nX-Evil: 1": {}}) == "application/json, */*;q=0.8"


def test_a_path_that_holds_a_query_keeps_it() -> None:
    operation = get(query("b", {"type": "string"}), path="/x?action=list")
    assert sent(operation, b="1").target == "https://api.example/x?action=list&b=1"


def test_a_value_never_changes_the_shape_of_the_path() -> None:
    operation = get(path("id", {"type": "string"}), path="/things/{id}")
    with pytest.raises(ArgumentError):
        sent(operation, id="..")


@pytest.mark.parametrize(
    ("node", "reason"),
    [
        ({"requestBody": {"content": {"multipart/related": {}}}}, "cannot be written"),
        ({"requestBody": {"content": {"nonsense": {}}}}, "cannot be written"),
        ({"requestBody": {"$ref": "#/nowhere"}}, "leads nowhere"),
        ({"requestBody": {"$ref": "other.yaml#/x"}}, "out of the document"),
        ({"responses": {"101": {}}}, "upgrades the connection"),
        ({"parameters": [{"name": "a"}]}, "is in no place"),
        ({"parameters": [{"in": "query"}]}, "has no name"),
        ({"parameters": ["nonsense"]}, "an object is expected"),
        ({"parameters": [{"name": "a", "in": "body"}]}, "is in body"),
        ({"parameters": [query("a", {}, style="label")]}, "there is not in a query"),
        ({"parameters": [query("a", {"$ref": "#/no"}, required=True)]}, "leads nowhere"),
        ({"security": "nonsense"}, "security cannot be understood"),
    ],
)
def test_what_cannot_be_sent_faithfully_is_unsupported_with_the_reason(
    node: dict[str, object], reason: str
) -> None:
    operation = only(document({"/x": {"post": node}}))
    assert reason in operation.contract.unsupported
    with pytest.raises(UnsupportedError, match="post_x cannot be called"):
        sent_unchecked(operation)


def sent_unchecked(operation: object) -> object:
    from dragoman.apis.http.prepare import prepare

    return prepare(operation, {})  # type: ignore[arg-type]


def test_a_hole_without_a_parameter_is_unsupported() -> None:
    assert "hole {id}" in only(document({"/x/{id}": {"get": {}}})).contract.unsupported


def test_an_optional_argument_with_a_broken_schema_takes_any_value_and_says_so() -> None:
    operation = get(query("a", {"$ref": "#/no"}))
    assert sent(operation, a="x").target.endswith("?a=x")
    assert "a takes any value" in operation.contract.changes[0]


def test_big_integers_go_through_unchanged() -> None:
    operation = post({"type": "object", "properties": {"n": {"type": "integer"}}})
    body = sent(operation, n=2**80).body
    assert body is not None
    assert json.loads(body) == {"n": 2**80}


def test_a_form_in_parts_that_describes_no_file_takes_one_for_any_text() -> None:
    schema = {"type": "object", "properties": {"file": {"type": "string"}, "n": {"enum": ["a"]}}}
    operation = post(schema, "multipart/form-data")
    file = {"name": "a.pdf", "base64": "AAE="}
    assert b'filename="a.pdf"' in (sent(operation, file=file, n="a").body or b"")
    assert b'name="file"' in (sent(operation, file="text").body or b"")
    assert operation.contract.changes == ("file may be a file too",)


def test_of_several_patches_a_list_of_changes_is_the_last_choice() -> None:
    kinds = ["application/json-patch+json", "application/merge-patch+json", "application/x+yaml"]
    holder = {"schema": {"type": "object"}}
    body = {"required": True, "content": dict.fromkeys(kinds, holder)}
    operation = only(document({"/things": {"patch": {"requestBody": body}}}))
    assert header(sent(operation, body={"a": 1}), "Content-Type") == kinds[1]


def test_an_xml_body_is_text_that_nobody_checks_and_says_so() -> None:
    operation = post({"type": "object", "properties": {"a": {}}}, "application/xml")
    assert sent(operation, body="<a/>").body == b"<a/>"
    assert "which is not checked" in operation.contract.changes[0]


FILE = {"type": "string", "format": "binary"}
HOLDS_FILE = {"type": "object", "properties": {"f": FILE}}
HOLDS_TEXT = {"type": "object", "properties": {"url": {"type": "string"}}}


@pytest.mark.parametrize(
    "schema",
    [
        {"oneOf": [HOLDS_FILE, HOLDS_TEXT]},
        {"anyOf": [HOLDS_TEXT, {"$ref": "#/components/schemas/A"}]},
        {"oneOf": [{"allOf": [{"oneOf": [HOLDS_FILE]}]}, HOLDS_TEXT]},
        {"oneOf": [{"type": "object", "properties": {"f": {"type": "array", "items": FILE}}}]},
        {"oneOf": [{"type": "object", "properties": {"f": {"anyOf": [FILE, {"const": 1}]}}}]},
        {"type": "object", "if": HOLDS_TEXT, "then": HOLDS_FILE},
        {"type": "object", "dependentSchemas": {"url": HOLDS_FILE}},
        {"type": "object", "additionalProperties": FILE},
        {"type": "object", "patternProperties": {"^f": FILE}},
        {**HOLDS_FILE, "minProperties": 1},
    ],
)
def test_a_form_whose_files_are_more_than_members_of_a_list_is_unsupported(schema: object) -> None:
    operation = post(schema, "multipart/form-data", components={"schemas": {"A": HOLDS_FILE}})
    assert operation.contract.unsupported == (
        "its body is a form with a file among members that depend on a choice or are open"
    )


@pytest.mark.parametrize("first", ["application/json", "application/x-www-form-urlencoded"])
def test_of_the_media_types_of_a_file_the_one_that_carries_it_is_sent(first: str) -> None:
    content = {first: {"schema": HOLDS_FILE}, "multipart/form-data": {"schema": HOLDS_FILE}}
    node = {"requestBody": {"required": True, "content": content}}
    operation = only(document({"/things": {"post": node}}))
    assert operation.contract.changes == (
        f"of {first}, multipart/form-data its body is multipart/form-data",
    )
    file = {"name": "a", "media_type": "text/plain", "base64": "AAE="}
    assert b"\x00\x01" in (sent(operation, f=file).body or b"")


def test_a_form_with_a_choice_and_no_file_is_sent() -> None:
    number = {"type": "object", "properties": {"n": {"type": "integer"}}}
    operation = post({"oneOf": [HOLDS_TEXT, number]}, "multipart/form-data")
    assert b'name="n"' in (sent(operation, body={"n": 0}).body or b"")


@pytest.mark.parametrize("schema", [{"format": "byte"}, {"contentEncoding": "base64"}])
@pytest.mark.parametrize("media_type", ["application/octet-stream", "image/png"])
def test_a_body_of_base64_under_a_type_of_bytes_is_the_bytes_and_says_so(
    media_type: str, schema: dict[str, str]
) -> None:
    operation = post({"type": "string", **schema}, media_type)
    assert operation.contract.changes == (
        f"its body is the raw bytes of a file ({media_type}), not base64 text",
    )
    file = {"name": "a", "media_type": media_type, "base64": "AAE="}
    prepared = sent(operation, body=file)
    assert prepared.body == b"\x00\x01"
    assert header(prepared, "Content-Type") == media_type
    assert post({"type": "string", "format": "binary"}, media_type).contract.changes == ()


def test_base64_in_json_or_text_stays_the_text_that_it_is() -> None:
    text = {"type": "string", "format": "byte"}
    assert sent(post(text, "text/plain"), body="AAE=").body == b"AAE="
    operation = post({"type": "object", "properties": {"a": text}})
    assert sent(operation, a="AAE=").body == b'{"a":"AAE="}'
    assert operation.contract.changes == ()


def test_a_form_in_an_unknown_style_is_unsupported() -> None:
    form = "application/x-www-form-urlencoded"
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    operation = post(schema, form, encoding={"a": {"style": "matrix"}})
    assert "there is not in a form" in operation.contract.unsupported


def test_a_body_that_the_owner_takes_away_is_not_sent() -> None:
    body = {"required": True, "content": {"application/json": {"schema": {"type": "array"}}}}
    operation = only(document({"/x": {"post": {"requestBody": body}}}), omit=["body"])
    assert sent(operation).body is None


def test_a_member_that_a_body_needs_and_nobody_understands_makes_it_unsupported() -> None:
    schema = {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#/no"}, "b": {}}}
    assert "its a: the reference #/no leads nowhere" in post(schema).contract.unsupported
    optional = post({**schema, "required": ["b"]})
    assert sent(optional, a=1, b=2).body == b'{"a":1,"b":2}'
    assert "its a takes any value" in optional.contract.changes[0]
