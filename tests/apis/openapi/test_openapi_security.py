"""What an operation must be shown, as its document says it, and where the document says nothing."""

from __future__ import annotations

from typing import Any

import pytest

from dragoman.operation import WHOLE_AUTH, Scheme
from openapi_reading import described, document

WHOLE = ((WHOLE_AUTH,),)
SCHEMES = {
    "Key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "Token": {"type": "http", "scheme": "bearer"},
}


def security(
    node: Any = None, top: Any = None, auth: Any = None, operation: Any = None
) -> tuple[tuple[str, ...], ...]:
    """Return what `GET /x` requires; `GET /y` always requires Key."""
    own = {} if node is None else {"security": node}
    source = document(
        {
            "/x": {"get": {"operationId": "x", **own}},
            "/y": {"get": {"operationId": "y", "security": [{"Key": []}]}},
        },
        components={"securitySchemes": SCHEMES},
        **({} if top is None else {"security": top}),
    )
    settings = {"auth": auth or {}, "operations": {"x": operation} if operation else {}}
    return described(source, **settings).operations["x"].contract.security


def test_alternatives_sets_and_the_empty_one_are_kept_apart() -> None:
    assert security([{"Key": [], "Token": []}, {"Token": ["a"]}, {}]) == (
        ("Key", "Token"),
        ("Token",),
        (),
    )


def test_the_operation_overrides_the_document() -> None:
    assert security(top=[{"Key": []}]) == (("Key",),)
    assert security([{"Token": []}], top=[{"Key": []}]) == (("Token",),)
    assert security([], top=[{"Key": []}]) == ()


def test_without_a_word_nothing_is_required() -> None:
    assert security() == ()
    assert security(auth={"bearer": "${TOKEN}"}) == ()


def test_the_owner_has_the_credential_sent_where_the_document_wants_none() -> None:
    assert security([], auth={"bearer": "${TOKEN}"}, operation={"auth": True}) == WHOLE


@pytest.mark.parametrize("top", [None, [], [{}]])
def test_a_document_that_requires_nothing_is_sent_all_of_auth_and_this_is_reported(
    top: Any,
) -> None:
    paths = {
        "/x": {"get": {"operationId": "x"}},
        "/open": {"get": {"operationId": "open", "security": []}},
    }
    source = document(paths, **({} if top is None else {"security": top}))
    description = described(source, auth={"bearer": "${TOKEN}"})
    assert description.operations["x"].contract.security == WHOLE
    assert description.operations["open"].contract.security == ()
    assert any("requires any security" in finding for finding in description.findings)
    assert described(source).operations["x"].contract.security in ((), ((),))


def test_a_requirement_cannot_claim_all_of_the_auth() -> None:
    source = document({"/x": {"get": {"security": [{WHOLE_AUTH: []}]}}})
    (operation,) = described(source, auth={"bearer": "${TOKEN}"}).operations.values()
    assert operation.contract.unsupported
    assert operation.contract.security == ()


def test_schemes_of_every_kind() -> None:
    flows = {
        "clientCredentials": {"tokenUrl": "oauth/token", "scopes": {"read": "", "write": ""}},
        "implicit": {"authorizationUrl": "https://x.example/a", "scopes": {}},
    }
    declared = {
        **SCHEMES,
        "OAuth": {"type": "oauth2", "flows": flows},
        "OpenId": {"type": "openIdConnect", "openIdConnectUrl": "https://x.example/o"},
        "Mutual": {"type": "mutualTLS"},
        "Reference": {"$ref": "#/components/securitySchemes/Key"},
    }
    description = described(document({}, components={"securitySchemes": declared}))
    assert description.schemes == {
        "Key": Scheme("Key", "apiKey", "header", "X-Key"),
        "Token": Scheme("Token", "http", scheme="bearer"),
        "OAuth": Scheme(
            "OAuth",
            "oauth2",
            token_url="https://api.example/oauth/token",
            scopes=("read", "write"),
        ),
        "OpenId": Scheme("OpenId", "openIdConnect"),
        "Mutual": Scheme("Mutual", "mutualTLS"),
        "Reference": Scheme("Reference", "apiKey", "header", "X-Key"),
    }


@pytest.mark.parametrize(
    "declared",
    [
        "nonsense",
        {"type": "magic"},
        {"type": "apiKey", "in": "body", "name": "x"},
        {"type": "apiKey", "in": "header"},
        {"type": "http", "scheme": "two words"},
        {"$ref": "#/nowhere"},
        {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "ftp://x.example"}}},
    ],
)
def test_a_scheme_that_cannot_be_read_is_reported_and_no_other_suffers(declared: Any) -> None:
    schemes = {"Bad": declared, **SCHEMES}
    description = described(document({}, components={"securitySchemes": schemes}))
    assert set(description.schemes) == {"Key", "Token"}
    assert "Bad" in description.findings[0]
