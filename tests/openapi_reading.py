"""Small documents, read as the program reads them, and the request that a call makes of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import jsonschema_rs

from dragoman.apis.description import Description
from dragoman.apis.http.prepare import prepare
from dragoman.apis.openapi.load import parsed
from dragoman.apis.openapi.read import read
from dragoman.config.settings import ApiSettings
from dragoman.operation import Operation, Prepared

SERVER = "https://api.example"


def document(
    paths: Mapping[str, Any], schemas: Mapping[str, Any] | None = None, **other: Any
) -> dict[str, Any]:
    """Return an OpenAPI 3.1 document; `other` replaces members of its root."""
    return {
        "openapi": "3.1.1",
        "info": {"title": "T", "version": "1"},
        "servers": [{"url": SERVER}],
        "paths": paths,
        "components": {"schemas": schemas or {}},
        **other,
    }


def described(
    source: Mapping[str, Any], *, location: str = "./openapi.json", **settings: Any
) -> Description:
    """Return the description in a document; `settings` are those of the API."""
    from_disk = "://" not in location
    loaded = parsed(json.dumps(source).encode(), location, from_disk=from_disk)
    return read("api", loaded, ApiSettings.model_validate({"openapi": location, **settings}))


def only(source: Mapping[str, Any], **settings: Any) -> Operation:
    """Return the one operation of a document."""
    (operation,) = described(source, **settings).operations.values()
    return operation


def get(*parameters: Any, path: str = "/things", **document_members: Any) -> Operation:
    """Return an operation GET with these parameters."""
    return only(document({path: {"get": {"parameters": list(parameters)}}}, **document_members))


def query(name: str, schema: Any, **other: Any) -> dict[str, Any]:
    """Return a query parameter."""
    return {"name": name, "in": "query", "schema": schema, **other}


def post(
    schema: Any,
    media_type: str = "application/json",
    *,
    required: bool = True,
    encoding: Any = None,
    **document_members: Any,
) -> Operation:
    """Return an operation POST with a body of this schema."""
    holder = {"schema": schema, **({"encoding": encoding} if encoding else {})}
    body = {"required": required, "content": {media_type: holder}}
    return only(document({"/things": {"post": {"requestBody": body}}}, **document_members))


def sent(operation: Operation, **arguments: Any) -> Prepared:
    """Return the request for these arguments, after checking that the contract accepts them."""
    assert accepts(operation, arguments), errors(operation, arguments)
    return prepare(operation, arguments)


def accepts(operation: Operation, arguments: Mapping[str, Any]) -> bool:
    """Whether the contract accepts these arguments."""
    return not errors(operation, arguments)


def errors(operation: Operation, arguments: Mapping[str, Any]) -> list[str]:
    """Return what the contract says against these arguments."""
    contract = operation.contract
    assert not contract.unsupported, contract.unsupported
    schema: Any = contract.input_schema
    validator = jsonschema_rs.Draft202012Validator(schema, offline=True)
    return [error.message for error in validator.iter_errors(dict(arguments))]


def header(prepared: Prepared, name: str) -> str:
    """Return a header of a request."""
    return dict(prepared.headers)[name]
