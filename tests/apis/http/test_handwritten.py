"""Calls that the owner wrote down by hand, from the file to the wire."""

from __future__ import annotations

from typing import Any

import pytest

from apis.http.wire import Exchange
from dragoman.apis.http.handwritten import read
from dragoman.apis.http.prepare import prepare
from dragoman.config.settings import ApiSettings
from dragoman.errors import ConfigurationError
from dragoman.operation import WHOLE_AUTH, Effect, Operation

METHOD_WANTED = ': it needs one method and path, such as get: "/parcels/{id}".'

TRACK = {"get": "/parcels/{id}", "path": {"id": "string"}, "description": "Where a parcel is."}


def settings(operations: dict[str, Any], **api: Any) -> ApiSettings:
    return ApiSettings.model_validate(
        {"http": "http://localhost:8003", **api, "operations": operations}
    )


def one(own: dict[str, Any], **api: Any) -> Operation:
    return read("carrier", settings({"op": own}, **api)).operations["op"]


def schema(own: dict[str, Any], **api: Any) -> Any:
    return one(own, **api).contract.input_schema


def faults(operations: dict[str, Any], **api: Any) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as raised:
        read("carrier", settings(operations, **api))
    return raised.value.messages


def test_an_operation_is_what_the_file_says() -> None:
    description = read("carrier", settings({"track": TRACK}, description="Parcels."))
    operation = description.operations["track"]
    assert (operation.id, operation.name, operation.route) == (
        "carrier.track",
        "track",
        "GET /parcels/{id}",
    )
    assert operation.description == "Where a parcel is."
    assert operation.contract.input_schema == {
        "type": "object",
        "properties": {"id": {"type": "string"}},
        "required": ["id"],
        "additionalProperties": False,
    }
    assert (description.description, description.servers) == (
        "Parcels.",
        ("http://localhost:8003",),
    )


async def test_a_hand_written_call_is_sent_in_these_bytes(exchange: Exchange) -> None:
    operation = one(
        {
            "post": "/parcels/{id}/quotes?v=2",
            "path": {"id": "string"},
            "query": {"fast": "boolean?", "tags": ["string"]},
            "header": {"X-Depot": "string?"},
            "body": {"weight": "number", "to": {"type": "object"}, "note": "string?"},
        },
        http="http://localhost:8003/api/v1/",
    )
    assert operation.contract.binding.server == "http://localhost:8003/api/v1"  # type: ignore[attr-defined]
    sent = await exchange(
        operation,
        {"id": "a/b", "fast": False, "tags": ["x", "y z"], "X-Depot": "7", "weight": 0, "to": {}},
    )
    assert sent.line == "POST /parcels/a%2Fb/quotes?v=2&fast=false&tags=x&tags=y%20z HTTP/1.1"
    assert sent.body == b'{"weight":0,"to":{}}'
    assert sent.header("X-Depot") == ["7"]
    assert sent.header("Content-Type") == ["application/json"]
    assert sent.header("Accept") == ["application/json, */*;q=0.8"]


def test_the_base_path_is_kept_and_encoded() -> None:
    made = prepare(one(TRACK, http="http://localhost:8003/ä b/"), {"id": "1"})
    assert made.target == "http://localhost:8003/%C3%A4%20b/parcels/1"
    moved = prepare(one(TRACK, base_url="https://eu.example/x"), {"id": "1"})
    assert moved.target == "https://eu.example/x/parcels/1"


@pytest.mark.parametrize(
    ("method", "effect"),
    [
        ("get", Effect.READ),
        ("head", Effect.READ),
        ("post", Effect.WRITE),
        ("put", Effect.WRITE),
        ("patch", Effect.WRITE),
        ("delete", Effect.DESTRUCTIVE),
    ],
)
def test_the_method_tells_the_effect_and_the_owner_corrects_it(method: str, effect: Effect) -> None:
    assert one({method: "/x"}).effect is effect
    assert one({method: "/x", "effect": "read"}).effect is Effect.READ


def test_the_whole_of_auth_is_shown_where_there_is_any() -> None:
    assert one(TRACK).contract.security == ()
    shown = one(TRACK, auth={"header": {"X-Key": "${CARRIER_KEY}"}})
    assert shown.contract.security == ((WHOLE_AUTH,),)


def test_names_that_collide_end_in_their_place() -> None:
    own = {
        "post": "/p/{id}",
        "path": {"id": "string"},
        "query": {"id": "integer?"},
        "header": {"id": "string?"},
        "body": {"id": "number"},
    }
    assert list(schema(own)["properties"]) == ["id", "id_query", "id_header", "id_body"]
    made = prepare(one(own), {"id": "a", "id_query": 1, "id_header": "h", "id_body": 2})
    assert made.target.endswith("/p/a?id=1")
    assert made.body == b'{"id":2}'
    assert ("id", "h") in made.headers


def test_objects_that_list_properties_are_closed_at_every_depth() -> None:
    point = {"type": "object", "properties": {"x": {"type": "object", "properties": {"y": {}}}}}
    made = schema({"post": "/x", "body": {"at": point, "any": "object"}})["properties"]
    assert made["at"]["additionalProperties"] is False
    assert made["at"]["properties"]["x"]["additionalProperties"] is False
    assert made["any"] == {"type": "object"}
    composed = {"type": "object", "properties": {"a": {}}, "oneOf": [{"properties": {"b": {}}}]}
    assert schema({"post": "/x", "body": {"at": composed}})["properties"]["at"] == {
        **composed,
        "unevaluatedProperties": False,
    }
    opened = {"type": "object", "properties": {"a": {}}, "additionalProperties": True}
    assert schema({"post": "/x", "body": {"at": opened}})["properties"]["at"] == opened


def test_what_the_owner_omits_is_no_argument() -> None:
    own = {"get": "/x", "query": {"token": "string", "q": "string?"}}
    assert list(schema({**own, "omit": ["token"]})["properties"]) == ["q"]
    assert "required" not in schema(own, omit=["token"])


def test_a_parameter_of_the_credential_is_no_argument() -> None:
    operation = one(
        {"get": "/x", "query": {"key": "string", "q": "string?"}, "header": {"x-key": "string"}},
        auth={"query": {"key": "${K}"}, "header": {"X-Key": "${K}"}},
    )
    assert list(operation.contract.input_schema["properties"]) == ["q"]  # type: ignore[arg-type]
    assert len(operation.contract.changes) == 2


def test_an_api_without_operations_says_so() -> None:
    assert "has no operations" in read("carrier", settings({})).findings[0]


@pytest.mark.parametrize(
    ("own", "fault"),
    [
        ({}, METHOD_WANTED),
        ({"get": "/a", "post": "/b"}, METHOD_WANTED),
        ({"get": "x"}, ": the path x cannot be called: it does not begin with a slash."),
        ({"get": "/a/../b"}, ": the path /a/../b cannot be called: it has a segment of dots."),
        ({"get": "/a#b"}, ": the path /a#b cannot be called: it holds '#'."),
        ({"get": "/a/{id"}, ": the path /a/{id cannot be called: it holds '{'."),
        ({"get": "/a/{id}"}, ": say what {id} is: path: {id: string}."),
        ({"get": "/a", "path": {"id": "string"}}, ".path: the path has no place {id}."),
        ({"get": "/a?q={q}"}, ": a value in the query is written under query:, not into the path."),
        ({"get": "/a?q=ä"}, ": the text behind ? must be encoded, and holds no #."),
        ({"get": "/a/{id}", "path": {"id": "string?"}},
         ".path.id: what stands in the path cannot be left out."),
        ({"get": "/a/{id}", "path": {"id": "string"}, "omit": ["id"]},
         ".omit: the path needs id: fill it instead."),
        ({"get": "/a", "query": {"status": "string"}, "omit": ["statuss"]},
         ".omit: there is no argument 'statuss'. Did you mean status?"),
        ({"get": "/a", "header": {"Host": "string"}},
         ".header.Host: no argument may write this header: "
         "it frames the message or governs the connection."),
        ({"get": "/a", "query": {"q": {"$ref": "#/x"}}},
         ".query.q: $ref is not followed in a schema written by hand: "
         "write it out, or use a YAML anchor."),
    ],
)  # fmt: skip
def test_bad_input_is_told_with_its_place(own: dict[str, Any], fault: str) -> None:
    assert f"apis.carrier.operations.op{fault}" in faults({"op": own})


@pytest.mark.parametrize(
    ("schema", "fault"),
    [
        ("integr", "'integr' is no type: "),
        (7, "must be a type such as string or integer?, or a JSON Schema"),
        ({"type": "nope"}, "it is no JSON Schema: "),
        ({"type": "string", "pattern": "("}, "it is no JSON Schema: "),
    ],
)
def test_a_schema_that_is_none_is_told_before_the_first_call(schema: Any, fault: str) -> None:
    for place in ("query", "body"):
        [told] = faults({"op": {"post": "/a", place: {"q": schema}}})
        assert told.startswith(f"apis.carrier.operations.op.{place}.q: {fault}")


def test_all_faults_are_told_at_once() -> None:
    told = faults(
        {"a": {"get": "x"}, "b c": {"get": "/x"}}, http="http://localhost/?q=1", omit=["token"]
    )
    assert [line.split(":")[0] for line in told] == [
        "apis.carrier.http",
        "apis.carrier.operations.a",
        "apis.carrier.operations.b c",
        "apis.carrier.omit",
    ]


def test_the_header_that_we_set_ourselves_is_no_argument() -> None:
    own = {"post": "/labels", "header": {"idempotency-key": "string", "X-Trace": "string"}}
    told = schema(own, idempotency={"header": "Idempotency-Key"})
    assert (list(told["properties"]), told["required"]) == (["X-Trace"], ["X-Trace"])
