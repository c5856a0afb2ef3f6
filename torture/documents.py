"""Documents to begin with: two small ones that use much of OpenAPI, and parts of real ones."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from dragoman import demo

__all__ = ["SPECS", "SWAGGER", "WHOLE", "documents"]

SPECS = Path(
    os.environ.get("DRAGOMAN_SPECS", Path(__file__).resolve().parents[2] / "shared" / "specs")
)
_PATHS = 4
_MAX_PARTS = 40
_MAX_BYTES = 60_000


def _of(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _query(name: str, schema: Any, **other: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, **other}


_LIST: Any = {"type": "array", "items": {"type": "string"}}
_OBJECT: Any = {"type": "object", "properties": {"x": {"type": "integer"}, "y": {}}}

WHOLE: dict[str, Any] = {
    "openapi": "3.1.1",
    "info": {"title": "T", "version": "1"},
    "servers": [{"url": "https://api.example/v1"}],
    "paths": {
        "/x/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": _of("Id")}],
            "servers": [{"url": "https://{h}.example", "variables": {"h": {"default": "a"}}}],
            "post": {
                "operationId": "x",
                "tags": ["a"],
                "security": [{"Key": []}],
                "parameters": [
                    _query("q", _LIST, style="form"),
                    {"name": "c", "in": "cookie", "content": {"application/json": {"schema": {}}}},
                ],
                "requestBody": {
                    "required": True,
                    "content": {
                        "multipart/form-data": {
                            "schema": {"allOf": [_of("A"), {"required": ["f"]}]},
                            "encoding": {"f": {"contentType": "image/png"}},
                        },
                    },
                },
                "responses": {"200": {"content": {"application/json": {}}}},
            },
        },
        "/y": {"put": {"requestBody": {"content": {"application/json": {"schema": _of("B")}}}}},
        "/z/{p}/{l}-{m}/{t}.json": {
            "get": {
                "parameters": [
                    {"name": "p", "in": "path", "required": True, "schema": {}},
                    {"name": "l", "in": "path", "required": True, "schema": _LIST},
                    *(
                        {"name": n, "in": "path", "required": True, "style": s, "schema": _OBJECT}
                        for n, s in (("m", "matrix"), ("t", "label"))
                    ),
                    _query("a", {"type": ["number", "null"], "exclusiveMinimum": 0}),
                    _query("b", _OBJECT, style="deepObject", explode=True),
                    _query("d", _LIST, style="pipeDelimited", explode=False),
                    _query("e", _OBJECT, explode=True),
                    _query("f", _LIST, explode=False, allowReserved=True),
                    {"name": "X-H", "in": "header", "schema": _LIST},
                    {"name": "k", "in": "cookie", "schema": {"type": "string"}},
                ],
            },
            "post": {
                "parameters": [
                    {"name": n, "in": "path", "required": True, "schema": {"type": "string"}}
                    for n in ("p", "l", "m", "t")
                ],
                "requestBody": {
                    "content": {
                        "application/x-www-form-urlencoded": {
                            "schema": {
                                "type": "object",
                                "properties": {"a": {"type": "string"}, "l": _LIST, "o": _OBJECT},
                                "additionalProperties": True,
                            },
                            "encoding": {"o": {"style": "deepObject", "explode": True}},
                        },
                    },
                },
            },
        },
    },
    "components": {
        "schemas": {
            "Id": {"type": "string", "pattern": "^a", "enum": ["a"], "minLength": 1},
            "A": {"type": "object", "properties": {"f": {"type": "string", "format": "binary"}}},
            "B": {
                "oneOf": [_of("A"), {"type": "array", "items": _of("B")}],
                "discriminator": {"propertyName": "f"},
                "nullable": True,
                "additionalProperties": {"type": "integer", "readOnly": True},
            },
        },
        "securitySchemes": {
            "Key": {"type": "apiKey", "in": "query", "name": "k"},
            "O": {
                "type": "oauth2",
                "flows": {"clientCredentials": {"tokenUrl": "/t", "scopes": {}}},
            },
        },
    },
    "security": [{"O": []}],
}
"""OpenAPI 3.1, and 3.0 as well where its version is changed."""

SWAGGER: dict[str, Any] = {
    "swagger": "2.0",
    "host": "api.example",
    "schemes": ["https"],
    "consumes": ["application/json"],
    "produces": ["application/json"],
    "paths": {
        "/x/{id}": {
            "parameters": [{"$ref": "#/parameters/Id"}],
            "post": {
                "parameters": [
                    {"name": "b", "in": "body", "schema": {"$ref": "#/definitions/A"}},
                    {"name": "q", "in": "query", "type": "array", "items": {"type": "string"}},
                ],
                "responses": {"200": {"$ref": "#/responses/R"}},
            },
            "put": {"parameters": [{"name": "f", "in": "formData", "type": "file"}]},
        },
    },
    "parameters": {"Id": {"name": "id", "in": "path", "required": True, "type": "string"}},
    "definitions": {"A": {"type": "object", "properties": {"a": {"type": "string"}}}},
    "responses": {"R": {"schema": {"$ref": "#/definitions/A"}}},
    "securityDefinitions": {"O": {"type": "oauth2", "flow": "application", "tokenUrl": "/t"}},
}


@cache
def documents(*, real: bool = False) -> tuple[bytes, ...]:
    """Return documents as JSON; with `real` also parts of those that vendors publish."""
    shop = (Path(demo.__file__).parent / "shop" / "openapi.json").read_bytes()
    small = [WHOLE, {**WHOLE, "openapi": "3.0.4"}, SWAGGER]
    found = [json.dumps(one).encode() for one in small]
    if real and SPECS.is_dir():
        found += [part for path in sorted(SPECS.glob("*.json")) for part in _parts(path)]
    return (*found, shop)


def _parts(path: Path) -> Iterator[bytes]:
    """Yield a few paths of a document, each with all that it refers to, where that is not much."""
    root = json.loads(path.read_bytes())
    names = list(root["paths"])
    for name in names[:: max(1, len(names) // _PATHS)]:
        part = {key: one for key, one in root.items() if key not in _SHARED and key != "tags"}
        part["paths"] = {name: root["paths"][name]}
        waiting, seen = list(_references(part)), set[str]()
        while waiting and len(seen) <= _MAX_PARTS:
            pointer = waiting.pop()
            if pointer not in seen:
                seen.add(pointer)
                waiting += _references(_carried(pointer, root, part))
        text = json.dumps(part).encode()
        if len(seen) <= _MAX_PARTS and len(text) <= _MAX_BYTES:
            yield text


_SHARED = ("components", "definitions", "parameters", "responses", "paths")


def _carried(pointer: str, root: Mapping[str, Any], into: dict[str, Any]) -> Any:
    """Copy what a pointer names to the same place of another document, and return it."""
    parts = [unquote(part).replace("~1", "/").replace("~0", "~") for part in pointer[2:].split("/")]
    *above, last = parts
    found: Any = root
    target: Any = into
    for name in above:
        found = found[int(name) if isinstance(found, list) else name]
        if not isinstance(found, dict):
            return None  # what lies in a list came along with the list
        target = target.setdefault(name, {})
    target[last] = found[last]
    return found[last]


def _references(node: Any) -> Iterator[str]:
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, dict):
            pointer = current.get("$ref")
            if isinstance(pointer, str) and pointer.startswith("#/"):
                yield pointer
        if isinstance(current, dict | list):
            waiting.extend(current.values() if isinstance(current, dict) else current)
