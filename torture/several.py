"""Documents in several files that refer to one another, tampered with: which are asked for."""

from __future__ import annotations

import asyncio
import copy
import json
import posixpath
from functools import cache
from typing import Any

from dragoman.apis.openapi.load import parsed
from dragoman.apis.openapi.read import read
from dragoman.apis.openapi.references import gathered
from dragoman.config.settings import ApiSettings
from dragoman.errors import DescriptionError, DragomanError
from dragoman.exact_json import encode
from dragoman.network import origin_of
from dragoman.operation import JsonObject, JsonValue
from torture.choices import Choices
from torture.hostile import as_json, mutated
from torture.promise import expected

__all__ = ["files", "loop"]

_PLACES = ("./api/openapi.json", "openapi.json", "https://api.example/v1/openapi.json")
_OTHERS = frozenset({("https", "types.example", 443)})
_MOST = 40

_OBJECT = {
    "type": "object",
    "properties": {"a": {"$ref": "types/a.json#/A"}, "b": {"$ref": "b.json"}},
}
_FILES: dict[str, Any] = {
    "openapi.json": {
        "openapi": "3.0.4",
        "info": {"title": "T", "version": "1"},
        "servers": [{"url": "https://api.example"}],
        "paths": {
            "/x": {"$ref": "types/paths.json#/~1x"},
            "/y": {
                "post": {
                    "parameters": [{"$ref": "types/a.json#/parameters/Q"}],
                    "requestBody": {
                        "content": {
                            "application/json": {"schema": _OBJECT},
                            "multipart/form-data": {"schema": {"$ref": "b.json"}},
                        },
                    },
                },
            },
        },
        "components": {"schemas": {"Own": {"type": "string", "nullable": True}}},
    },
    "types/paths.json": {
        "/x": {
            "get": {
                "parameters": [{"$ref": "./a.json#/parameters/Q"}],
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "../b.json"}}}}
                },
            },
        },
    },
    "types/a.json": {
        "A": {
            "allOf": [{"$ref": "#/B"}, {"$ref": "../b.json#/properties/back"}],
            "required": ["b"],
        },
        "B": {"properties": {"own": {"$ref": "../openapi.json#/components/schemas/Own"}}},
        "parameters": {"Q": {"name": "q", "in": "query", "schema": {"$ref": "#/B"}}},
    },
    "b.json": {
        "type": "object",
        "properties": {
            "back": {"$ref": "types/a.json#/A"},
            "far": {"$ref": "https://types.example/t.json#/T"},
            "self": {"$ref": "#"},
            "file": {"type": "string", "format": "binary"},
        },
    },
    "t.json": {"T": {"type": "integer", "maximum": 1}},
}

_WRITTEN = r"""
b.json types/a.json#/A types/a.json#/parameters/Q openapi.json openapi.json#/paths/~1y #/A # b.json#
./b.json ../b.json ../../b.json ../../../etc/passwd types/../b.json types/../../b.json /etc/passwd
%2e%2e/%2e%2e/b.json ..%2f..%2fb.json b.json%00 b.json?x=1#/A .. . / ./ types/ \..\b.json c:b.json
file:///etc/passwd file:b.json //evil.example/x.json http://api.example/v1/b.json
https://api.example:443/v1/b.json https://api.example@evil.example/b.json https://evil.example/t.json
https://types.example/t.json#/T HTTPS://TYPES.EXAMPLE/t.json https://types.example:8443/t.json
https://[ https://[::1]/x https://169.254.169.254/x data:,{} javascript:x b.json#/%zz b.json#A
é.json t.json#/T https://types.example/../t.json#/T #/x-dragoman-files/0 #/x-dragoman-unread/0
"""
_REFERENCES = tuple(_WRITTEN.split())


@cache
def loop() -> asyncio.AbstractEventLoop:
    """Return the loop of this target, which makes its sockets before the guard is armed."""
    return asyncio.new_event_loop()


def files(data: bytes) -> None:
    """Gather a document in several files, and read every contract of it.

    Nothing may be asked for but files of the document's own folder, or of its origin and the one
    that the owner lists.
    """
    choices = Choices(data)
    location = choices.pick(_PLACES)
    root, others = _tampered(choices)
    asked: list[str] = []

    async def fetch(name: str) -> JsonValue:
        assert len(asked) < _MOST, "files are asked for without end"
        assert name not in asked, f"{name} is asked for twice"
        asked.append(name)
        _check_place(name, location)
        content = others.get(_short(name, location))
        if content is None:
            raise DescriptionError("there is no such file.")
        return content

    with expected():
        loop().run_until_complete(_read(root, location, fetch))


async def _read(root: Any, location: str, fetch: Any) -> None:
    if not isinstance(root, dict):
        return
    document, findings = await gathered(root, location, fetch, _OTHERS)
    assert len(findings) <= 1_000
    source = parsed(_as_text(document), location, from_disk="://" not in location)
    found = read("api", source, ApiSettings.model_validate({"openapi": location}))
    for operation in found.operations.values():
        contract = operation.contract
        assert contract.unsupported or contract.binding is not None
        encode(contract.input_schema)


def _as_text(document: JsonObject) -> bytes:
    """Return a gathered document as it would be compiled."""
    try:
        return json.dumps(document).encode()
    except (RecursionError, ValueError, TypeError):
        raise DescriptionError("no JSON") from None


def _tampered(choices: Choices) -> tuple[Any, dict[str, Any]]:
    """Return the root and the other files, with references exchanged and parts changed."""
    found = copy.deepcopy(_FILES)
    for _ in range(choices.below(4)):
        node = choices.pick(list(_holders(found)))
        node["$ref"] = choices.pick(_REFERENCES)
    if choices.below(3) == 0:
        name = choices.pick(list(found))
        found[name] = _as_read(as_json(mutated(found[name], choices)))
    return found.pop("openapi.json"), found


def _as_read(text: bytes) -> Any:
    try:
        return json.loads(text, parse_float=float)
    except (ValueError, RecursionError):
        return {}


def _holders(node: Any) -> Any:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            yield from _holders(inner)


def _check_place(name: str, location: str) -> None:
    if "://" in name:
        own = {origin_of(location)} if "://" in location else set()
        try:
            origin = origin_of(name)
        except DragomanError:
            raise AssertionError(f"{name!r} has no origin") from None
        assert origin in own | _OTHERS, f"{name!r} is of another origin"
        return
    folder = posixpath.dirname(posixpath.normpath(location))
    inside = posixpath.relpath(posixpath.normpath(name), folder or ".")
    assert "://" not in location, f"{name!r} of a document from an address"
    assert not name.startswith("/"), f"{name!r} is elsewhere"
    assert not inside.startswith(".."), f"{name!r} is elsewhere"


def _short(name: str, location: str) -> str:
    """Return a name as the files are known here."""
    if "://" in name:
        base = posixpath.dirname(location) if "://" in location else "https://types.example"
        return (
            name.partition("#")[0].removeprefix(f"{base}/").removeprefix("https://types.example/")
        )
    folder = posixpath.dirname(posixpath.normpath(location))
    return posixpath.relpath(posixpath.normpath(name), folder or ".")
