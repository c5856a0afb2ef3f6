"""Documents for the API's own address: what passes, with which credential, and what does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from dragoman.operation import JsonValue
from dragoman.tools.actions.direct import direct
from dragoman.tools.actions.document import Published
from dragoman.tools.actions.schemes import Schemes, fields_of
from openapi_reading import described, document, query

BEARER = {"type": "http", "scheme": "bearer"}
KEY = {"type": "apiKey", "in": "header", "name": "X-Key"}


def exported(
    paths: Mapping[str, Any],
    *,
    schemes: Mapping[str, Any] | None = None,
    fill: Mapping[str, JsonValue] | None = None,
    auth: Mapping[str, Any] | None = None,
    **members: Any,
) -> tuple[tuple[Published, ...], dict[str, str]]:
    components = {"schemas": {}, "securitySchemes": dict(schemes or {})}
    source = document(paths, components=components, **members)
    source["servers"] = members.get("servers", [{"url": "https://api.example.com/v1"}])
    description = described(source, auth=dict(auth or {}))
    settings = {"api": Schemes(description.schemes, _auth(auth or {}))}
    return direct(
        list(description.operations.values()),
        title="Shop",
        about={"api": "Orders."},
        fill=lambda _: fill or {},
        schemes=settings,
    )


def _auth(auth: Mapping[str, Any]) -> Any:
    from dragoman.config.settings import ApiSettings

    return ApiSettings.model_validate({"openapi": "x", "auth": dict(auth)}).auth


def get(*parameters: Any, **members: Any) -> dict[str, Any]:
    return {"get": {"operationId": "op", "parameters": list(parameters), **members}}


def post(schema: Any, media_type: str = "application/json") -> dict[str, Any]:
    body = {"required": True, "content": {media_type: {"schema": schema}}}
    return {"post": {"operationId": "op", "requestBody": body}}


def why(paths: Mapping[str, Any], **more: Any) -> str:
    """Return the reason for which the one operation is left out."""
    documents, left_out = exported(paths, **more)
    assert documents == ()
    (reason,) = left_out.values()
    return reason


def test_an_operation_is_published_as_the_api_has_it() -> None:
    number = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    (published,), left_out = exported({"/orders/{id}": get(number, query("q", {"type": "string"}))})
    assert left_out == {}
    found: Any = published.document
    assert found["servers"] == [{"url": "https://api.example.com"}]
    operation = found["paths"]["/v1/orders/{id}"]["get"]
    assert operation["operationId"] == "op"
    assert operation["parameters"] == [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "q", "in": "query", "required": False, "schema": {"type": "string"}},
    ]


def test_a_body_has_its_own_names_and_no_others() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
        "required": ["a"],
    }
    (published,), _ = exported({"/orders": post(schema)})
    found: Any = published.document
    assert found["paths"]["/v1/orders"]["post"]["requestBody"] == {
        "required": True,
        "content": {"application/json": {"schema": schema}},
    }


CHOSEN = {"name": "X-Trace", "in": "header", "required": True, "schema": {"type": "string"}}


@pytest.mark.parametrize(
    ("paths", "reason"),
    [
        ({"/a": get(CHOSEN)}, "header-parameter"),
        ({"/a": get(query("ids", {"type": "array", "items": {"type": "string"}}))}, "query-list"),
        ({"/a": post({"type": "array", "items": {"type": "string"}})}, "body-object"),
        (
            {"/a": post({"type": "object", "properties": {"any": {"type": "object"}}})},
            "object-properties",
        ),
        ({"/a": post({"type": "object"}, "multipart/form-data")}, "its body is multipart"),
    ],
)
def test_what_would_not_reach_the_api_as_described_is_left_out(paths: Any, reason: str) -> None:
    assert why(paths).startswith(reason)


@pytest.mark.parametrize(
    ("server", "reason"),
    [("http://api.example.com", "server-https"), ("https://10.0.0.1", "server-public")],
)
def test_a_server_that_chatgpt_cannot_reach_leaves_all_out(server: str, reason: str) -> None:
    assert why({"/a": get()}, servers=[{"url": server}]).startswith(reason)


def test_each_host_has_a_document_of_its_own() -> None:
    other = {"/b": {"servers": [{"url": "https://files.example.com"}], **get()}}
    documents, _ = exported({"/a": get(), **other})
    assert [one.document["servers"] for one in documents] == [
        [{"url": "https://api.example.com"}],
        [{"url": "https://files.example.com"}],
    ]


def test_what_the_owner_fills_is_not_left_to_chatgpt() -> None:
    reason = why({"/a": get(query("user", {"type": "string"}))}, fill={"user": "caller.user"})
    assert reason == "user is filled by Dragoman, which ChatGPT would go around"


def scheme_of(published: Published) -> Any:
    components: Any = published.document["components"]
    return components["securitySchemes"]["ApiCredential"]


def test_the_scheme_that_opens_most_is_the_one() -> None:
    (published,), left_out = exported(
        {
            "/a": get(security=[{"token": []}]),
            "/b": get(security=[{"key": []}, {"token": []}]),
            "/c": get(security=[{"key": []}]),
            "/d": get(security=[{"key": [], "token": []}]),
            "/e": get(security=[{"token": []}]),
            "/f": get(security=[]),
        },
        schemes={"token": BEARER, "key": KEY},
    )
    assert scheme_of(published) == BEARER
    assert [action.path for action in published.actions] == ["/v1/a", "/v1/b", "/v1/e", "/v1/f"]
    assert published.actions[-1].node["security"] == []
    assert {reason.partition(";")[2].strip() for reason in left_out.values()} == {
        "it needs key",
        "it needs key with token",
    }


def test_a_scheme_that_the_editor_has_comes_before_one_that_it_has_not() -> None:
    in_query = {"type": "apiKey", "in": "query", "name": "key"}
    either = [{"query": []}, {"token": []}]
    (published,), _ = exported(
        {"/a": get(security=either), "/b": get(security=either)},
        schemes={"query": in_query, "token": BEARER},
    )
    assert scheme_of(published) == BEARER


def test_a_key_in_the_query_cannot_be_filled_in() -> None:
    in_query = {"type": "apiKey", "in": "query", "name": "key"}
    assert why({"/a": get(security=[{"q": []}])}, schemes={"q": in_query}).startswith("auth-type")


def oauth(host: str) -> dict[str, Any]:
    flow = {
        "authorizationUrl": f"https://{host}/authorize",
        "tokenUrl": f"https://{host}/token",
        "scopes": {"read": ""},
    }
    return {"type": "oauth2", "flows": {"authorizationCode": flow}}


def test_oauth_by_code_is_carried_with_its_addresses() -> None:
    scheme = oauth("api.example.com")
    (published,), _ = exported({"/a": get(security=[{"o": []}])}, schemes={"o": scheme})
    assert scheme_of(published) == scheme
    assert ("Token URL", "https://api.example.com/token") in fields_of(scheme, "yours")


def test_oauth_on_another_host_is_left_out() -> None:
    reason = why({"/a": get(security=[{"o": []}])}, schemes={"o": oauth("login.example.net")})
    assert reason.startswith("oauth-domain")


@pytest.mark.parametrize(
    ("auth", "scheme"),
    [
        ({"bearer": "${T}"}, BEARER),
        ({"header": {"X-Key": "${T}"}}, KEY),
        ({"basic": {"username": "u", "password": "${T}"}}, {"type": "http", "scheme": "basic"}),
    ],
)
def test_what_the_owner_wrote_stands_where_the_description_is_silent(
    auth: Any, scheme: Any
) -> None:
    (published,), _ = exported({"/a": get()}, auth=auth)
    assert scheme_of(published) == scheme


@pytest.mark.parametrize(
    ("scheme", "fields"),
    [
        (BEARER, [("API key", "yours"), ("Auth type", "Bearer")]),
        (KEY, [("API key", "yours"), ("Auth type", "Custom"), ("Custom header name", "X-Key")]),
        ({}, []),
    ],
)
def test_the_fields_of_the_editor_follow_from_the_scheme(scheme: Any, fields: Any) -> None:
    assert list(fields_of(scheme, "yours")[1:]) == fields


def test_two_operations_of_one_name_do_not_both_stand() -> None:
    twin = {"/a": get(), "/b": {"get": {"operationId": "op"}}}
    documents, left_out = exported(twin)
    names = [action.node["operationId"] for one in documents for action in one.actions]
    assert len(names) == len(set(names)) == 2 - len(left_out)
