"""The programs' own OpenAPI documents, read into operations.

Routes, the check of arguments and the credentials that an operation asks for are taken from the
document that is served, so that it cannot say anything else than what happens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

__all__ = ["Operation", "Parameter", "operations_of"]

_METHODS = ("get", "post", "put", "patch", "delete")

Json = Mapping[str, Any]
"""A part of a document; its members are `Any` because the documents are ours, and tested."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of path, query or header, with the type that its text is read as."""

    name: str
    place: str
    is_required: bool
    type: str
    default: object
    check: jsonschema_rs.Validator


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation; `security` lists alternatives of schemes, `body` checks its JSON body."""

    id: str
    method: str
    path: str
    parameters: tuple[Parameter, ...]
    security: tuple[tuple[str, ...], ...]
    body: jsonschema_rs.Validator | None
    defaults: Mapping[str, object]
    """What members of the body are where they are absent."""


def operations_of(document: Json) -> Iterator[Operation]:
    """Yield the operations of a document of OpenAPI 3."""
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield _operation(document, method, path, item)


def _operation(document: Json, method: str, path: str, item: Json) -> Operation:
    described: Json = item[method]
    schema = _body_schema(described)
    members: Json = _resolved(document, schema).get("properties", {}) if schema else {}
    parameters = [*item.get("parameters", ()), *described.get("parameters", ())]
    return Operation(
        id=described["operationId"],
        method=method.upper(),
        path=path,
        parameters=tuple(_parameter(document, one) for one in parameters),
        security=tuple(tuple(one) for one in described.get("security", document["security"])),
        body=_validator(document, schema) if schema else None,
        defaults={name: one["default"] for name, one in members.items() if "default" in one},
    )


def _parameter(document: Json, described: Json) -> Parameter:
    parameter = _resolved(document, described)
    schema = _resolved(document, parameter["schema"])
    return Parameter(
        name=parameter["name"],
        place=parameter["in"],
        is_required=parameter.get("required", False),
        type=schema["type"],
        default=schema.get("default"),
        check=_validator(document, schema),
    )


def _body_schema(operation: Json) -> Json | None:
    media: Json = operation.get("requestBody", {}).get("content", {})
    return media["application/json"]["schema"] if "application/json" in media else None


def _validator(document: Json, schema: Json) -> jsonschema_rs.Validator:
    """Return a validator in which the document's `#/components/…` resolve."""
    whole = {**schema, "components": document["components"]}
    return jsonschema_rs.validator_for(whole, validate_formats=True, offline=True)


def _resolved(document: Json, value: Json) -> Json:
    """Follow a `$ref` inside the document."""
    if "$ref" not in value:
        return value
    found: Any = document
    for name in value["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return _resolved(document, found)
