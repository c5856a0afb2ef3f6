"""A description that no rule finds anything in, and what one change of it makes lint say."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

from dragoman.apis.openapi.load import parsed
from dragoman.lint.advice import Advice, advise
from dragoman.lint.subject import subject_of

Change = Callable[[dict[str, Any]], object]

_PROBLEM = {"content": {"application/problem+json": {"schema": {"type": "object"}}}}
_ERRORS = {"default": {"description": "What went wrong.", **_PROBLEM}}
_ID = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "Number of the order.",
    "schema": {"type": "string"},
}
_ORDER = {
    "type": "object",
    "properties": {
        "status": {"type": "string"},
        "delivery": {"type": "string", "format": "date"},
    },
}

EXEMPLARY: Mapping[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1"},
    "servers": [{"url": "https://shop.example"}],
    "security": [{"key": []}],
    "paths": {
        "/orders": {
            "get": {
                "operationId": "listOrders",
                "summary": "List the orders of a customer",
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer"}},
                ],
                "responses": {
                    "200": {
                        "description": "Orders.",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "array",
                                    "items": {"$ref": "#/components/schemas/Order"},
                                }
                            }
                        },
                    },
                    **_ERRORS,
                },
            },
            "post": {
                "operationId": "createOrder",
                "summary": "Place an order",
                "parameters": [
                    {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}},
                ],
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Order"}}
                    }
                },
                "responses": _ERRORS,
            },
        },
        "/orders/{id}": {
            "get": {
                "operationId": "getOrder",
                "description": "Read one order by its number.",
                "parameters": [_ID],
                "responses": _ERRORS,
            },
            "delete": {
                "operationId": "cancelOrder",
                "description": "Cancel an order that was not sent yet.",
                "parameters": [_ID],
                "responses": _ERRORS,
            },
        },
    },
    "components": {
        "schemas": {"Order": _ORDER},
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Shop-Key"}},
    },
}


def changed(*changes: Change) -> dict[str, Any]:
    """Return the document with changes."""
    document: dict[str, Any] = copy.deepcopy(dict(EXEMPLARY))
    for change in changes:
        change(document)
    return document


def advice_on(document: Mapping[str, Any]) -> Advice:
    """Return what lint says of a document."""
    data = json.dumps(document).encode()
    return advise(subject_of(parsed(data, "./shop.json", from_disk=True), "shop"))


def read(document: dict[str, Any]) -> Any:
    """Return the operation `getOrder`."""
    return document["paths"]["/orders/{id}"]["get"]


def create(document: dict[str, Any]) -> Any:
    """Return the operation `createOrder`."""
    return document["paths"]["/orders"]["post"]


def listing(document: dict[str, Any]) -> Any:
    """Return the operation `listOrders`."""
    return document["paths"]["/orders"]["get"]


def order(document: dict[str, Any]) -> Any:
    """Return the members of an order."""
    return document["components"]["schemas"]["Order"]["properties"]
