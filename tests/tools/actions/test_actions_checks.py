"""Each rule of the GPT editor is broken alone, and is found alone."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from dragoman.tools.actions.checks import CHECKS, examine

Document = dict[str, Any]


def good() -> Document:
    """A document in which nothing is wrong, with something of everything that is looked at."""
    order = {"type": "object", "properties": {"id": {"type": "string", "description": "Its id."}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Orders", "description": "Orders of a shop.", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": {
            "/orders/{id}": {
                "get": {
                    "operationId": "getOrder",
                    "summary": "Get an order",
                    "description": "Get an order by its id.",
                    "x-openai-isConsequential": False,
                    "parameters": [
                        {"name": "id", "in": "path", "schema": {"type": "string"}},
                        {
                            "name": "fields",
                            "in": "query",
                            "explode": False,
                            "schema": {"type": "array", "items": {"type": "string"}},
                        },
                    ],
                    "responses": {"200": _json({"$ref": "#/components/schemas/Order"})},
                }
            },
            "/orders": {
                "post": {
                    "operationId": "createOrder",
                    "requestBody": _json(copy.deepcopy(order)),
                    "responses": {"200": {"description": "Done."}},
                }
            },
        },
        "components": {
            "schemas": {"Order": order},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"key": []}],
    }


def _json(schema: Any) -> dict[str, Any]:
    return {"description": "", "content": {"application/json": {"schema": schema}}}


def get(document: Document) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"]["/orders/{id}"]["get"]
    return found


def post(document: Document) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"]["/orders"]["post"]
    return found


def body(document: Document) -> dict[str, Any]:
    found: dict[str, Any] = post(document)["requestBody"]["content"]["application/json"]["schema"]
    return found


def schemas(document: Document) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"]
    return found


def oauth(**urls: str) -> dict[str, Any]:
    flow = {
        "authorizationUrl": "https://api.example.com/authorize",
        "tokenUrl": "https://api.example.com/token",
        "scopes": {},
    }
    return {"type": "oauth2", "flows": {"authorizationCode": {**flow, **urls}}}


def _many_operations(document: Document) -> None:
    for number in range(29):
        document["paths"][f"/more/{number}"] = {"get": {"operationId": f"more{number}"}}


def _grow(document: Document) -> None:
    for number in range(2_000):
        schemas(document)[f"Big{number}"] = {"type": "string", "description": "x" * 450}


def _at_server(url: str) -> Callable[[Document], None]:
    return lambda document: document.update(servers=[{"url": url}])


def _with_scheme(scheme: dict[str, Any]) -> Callable[[Document], None]:
    return lambda document: document["components"].update(securitySchemes={"key": scheme})


def _with_parameter(**members: Any) -> Callable[[Document], None]:
    return lambda document: get(document)["parameters"].append(members)


BREAKING: dict[str, list[Callable[[Document], object]]] = {
    "openapi-version": [
        lambda d: d.update(openapi="2.0"),
        lambda d: d.update(openapi=3.1),
    ],
    "info-title": [lambda d: d["info"].pop("title")],
    "info-description": [
        lambda d: d["info"].pop("description"),
        lambda d: d["info"].update(description="  "),
    ],
    "operations": [lambda d: d.update(paths={})],
    "operation-count": [_many_operations],
    "document-size": [_grow],
    "body-object": [
        lambda d: post(d).update(requestBody=_json({"type": "array", "items": {"type": "string"}})),
        lambda d: post(d).update(requestBody=_json({"type": "string"})),
    ],
    "object-properties": [
        lambda d: schemas(d).update(Any={"type": "object"}),
        lambda d: body(d)["properties"].update(more={"type": "object"}),
        lambda d: get(d)["responses"].update({"404": _json({"type": "object"})}),
    ],
    "components-schemas": [
        lambda d: (d["components"].pop("schemas"), get(d).update(responses={})),
        lambda d: (d["components"].update(schemas=[]), get(d).update(responses={})),
    ],
    "known-component": [
        lambda d: get(d).update(responses={"200": _json({"$ref": "#/components/schemas/None"})}),
        lambda d: get(d).update(responses={"200": _json({"$ref": "other.json#/Order"})}),
    ],
    "nested-reference": [
        lambda d: schemas(d).update(Orders={"type": "array", "items": _ref("Order")}),
        lambda d: get(d).update(responses={"200": _json({"anyOf": [_ref("Order")]})}),
    ],
    "circular-components": [
        lambda d: schemas(d).update(A={"type": "array", "items": _ref("A")}),
        lambda d: schemas(d).update(
            A={"type": "array", "items": _ref("B")}, B={"type": "array", "items": _ref("A")}
        ),
    ],
    "common-subset": [
        lambda d: body(d)["properties"].update(one={"type": ["string", "null"]}),
        lambda d: body(d)["properties"].update(one={"const": "a"}),
        lambda d: body(d)["properties"].update(one={"type": "integer", "exclusiveMinimum": 0}),
        lambda d: body(d)["properties"].update(one={"type": "string", "nullable": True}),
    ],
    "server": [lambda d: d.pop("servers")],
    "one-host": [
        lambda d: d["servers"].append({"url": "https://other.example.com"}),
        lambda d: get(d).update(servers=[{"url": "https://other.example.com"}]),
    ],
    "server-https": [_at_server("http://api.example.com")],
    "server-port": [_at_server("https://api.example.com:8443")],
    "server-public": [
        _at_server("https://localhost"),
        _at_server("https://192.0.2.1"),
        _at_server("https://[2001:db8::1]"),
        _at_server("https://intranet"),
        _at_server("https://"),
    ],
    "server-lower-case": [_at_server("https://API.example.com")],
    "one-scheme": [
        lambda d: d["components"]["securitySchemes"].update(
            other={"type": "http", "scheme": "basic"}
        )
    ],
    "auth-type": [
        _with_scheme({"type": "apiKey", "in": "query", "name": "key"}),
        _with_scheme({"type": "http", "scheme": "digest"}),
        _with_scheme({"type": "mutualTLS"}),
        _with_scheme({"type": "oauth2", "flows": {"clientCredentials": {}}}),
    ],
    "oauth-fields": [
        _with_scheme(oauth(tokenUrl="http://api.example.com/token")),
        _with_scheme(oauth(authorizationUrl="")),
    ],
    "oauth-domain": [_with_scheme(oauth(tokenUrl="https://login.example.net/token"))],
    "operation-id": [
        lambda d: get(d).pop("operationId"),
        lambda d: get(d).update(operationId="orders.get"),
        lambda d: get(d).update(operationId="x" * 65),
    ],
    "operation-id-unique": [lambda d: get(d).update(operationId="createOrder")],
    "summary-length": [lambda d: get(d).update(summary="x" * 301)],
    "description-length": [lambda d: get(d).update(description="x" * 301)],
    "consequential": [lambda d: get(d).update({"x-openai-isConsequential": "false"})],
    "text-only": [
        lambda d: get(d).update(responses={"200": {"content": {"image/png": {}}}}),
        lambda d: post(d)["requestBody"]["content"].update({"video/mp4": {}}),
    ],
    "parameter-reference": [_with_parameter(**{"$ref": "#/components/parameters/Page"})],
    "parameter-name": [_with_parameter(**{"in": "query", "schema": {"type": "string"}})],
    "duplicate-parameter": [
        _with_parameter(**{"name": "id", "in": "query", "schema": {"type": "string"}}),
        lambda d: d["paths"]["/orders/{id}"].update(parameters=[{"name": "id", "in": "path"}]),
    ],
    "header-parameter": [
        _with_parameter(**{"name": "X-Trace", "in": "header", "schema": {"type": "string"}}),
        _with_parameter(**{"name": "session", "in": "cookie", "schema": {"type": "string"}}),
    ],
    "query-list": [
        _with_parameter(**{"name": "ids", "in": "query", "schema": {"type": "array", "items": {}}}),
    ],
    "parameter-text": [
        _with_parameter(**{"name": "q", "in": "query", "description": "x" * 701}),
        lambda d: body(d)["properties"]["id"].update(description="x" * 701),
    ],
    "file-parameter": [
        lambda d: body(d)["properties"].update(openaiFileIdRefs={"type": "string"}),
        lambda d: body(d)["properties"].update(
            openaiFileIdRefs={"type": "array", "items": {"type": "integer"}}
        ),
    ],
    "file-response": [
        lambda d: schemas(d)["Order"]["properties"].update(openaiFileResponse={"type": "string"})
    ],
}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def test_a_good_document_has_no_findings() -> None:
    assert examine(good()) == []


def test_every_check_has_a_case_that_fails_it() -> None:
    assert [check.name for check in CHECKS if check.name not in BREAKING] == []
    assert len({check.name for check in CHECKS}) == len(CHECKS)


@pytest.mark.parametrize(
    ("name", "break_it"),
    [(name, one) for name, cases in BREAKING.items() for one in cases],
    ids=[f"{name}-{n}" for name, cases in BREAKING.items() for n in range(len(cases))],
)
def test_a_broken_rule_is_found_alone(name: str, break_it: Callable[[Document], object]) -> None:
    document = good()
    break_it(document)
    assert {finding.check.name for finding in examine(document)} == {name}


@pytest.mark.parametrize("host", ["accounts.google.com", "login.microsoftonline.com"])
def test_google_microsoft_and_adobe_may_sign_in_for_any_host(host: str) -> None:
    document = good()
    url = f"https://{host}/authorize"
    _with_scheme(oauth(authorizationUrl=url, tokenUrl=url))(document)
    assert examine(document) == []


def test_a_name_that_only_ends_like_theirs_may_not() -> None:
    document = good()
    _with_scheme(oauth(tokenUrl="https://notgoogle.com/token"))(document)
    assert [finding.check.name for finding in examine(document)] == ["oauth-domain"]


def test_the_size_counts_what_references_name_as_often_as_they_do() -> None:
    document = good()
    schemas(document)["Order"]["properties"] |= {
        f"m{number}": {"type": "string", "description": "x" * 600} for number in range(500)
    }
    assert examine(document) == []
    post(document)["responses"] = {"200": _json(_ref("Order"))}
    assert [finding.check.name for finding in examine(document)] == ["document-size"]


def test_a_finding_says_which_rule_where_what_is_there_and_what_would_work() -> None:
    document = good()
    get(document)["summary"] = "x" * 301
    (finding,) = examine(document)
    assert str(finding) == (
        "summary-length (documented): /paths/~1orders~1{id}/get/summary: a summary has 300 "
        "characters at the most; it has 301. Shorten it."
    )
    assert finding.as_json() == {
        "check": "summary-length",
        "level": "documented",
        "at": "/paths/~1orders~1{id}/get/summary",
        "message": "a summary has 300 characters at the most; it has 301.",
        "fix": "Shorten it.",
    }


@pytest.mark.parametrize(
    "hostile",
    [
        None,
        [],
        {"paths": []},
        {"paths": {"/a": [], "/b": {"get": 5}, "/c": {"get": {"parameters": [None, 7, {}]}}}},
        {"components": {"schemas": {"A": None, "B": {"properties": [], "anyOf": {}}}}},
        {"servers": ["x", {"url": 5}, {"url": "https://[broken"}, {"url": "https://h:99999"}]},
        {"components": {"securitySchemes": {"a": {"type": [], "flows": []}, "b": 5}}},
        {"paths": {"/a": {"get": {"requestBody": {"$ref": "#/paths/~1a/get/requestBody"}}}}},
    ],
)
def test_any_json_may_be_looked_at(hostile: Any) -> None:
    assert examine(hostile)


def test_a_schema_without_a_bottom_is_looked_at_in_bounds() -> None:
    document = good()
    node: dict[str, Any] = {"type": "object"}
    for _ in range(10_000):
        node = {"type": "object", "properties": {"a": node}}
    schemas(document)["Deep"] = node
    names = {finding.check.name for finding in examine(document)}
    assert names == {"object-properties", "document-size"}
