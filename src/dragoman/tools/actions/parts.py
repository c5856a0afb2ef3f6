"""Looking at any OpenAPI document as the GPT editor does; nothing of it is trusted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

__all__ = [
    "Found",
    "listed",
    "mapped",
    "operations",
    "parameters",
    "references",
    "request_schemas",
    "schemas",
    "schemes",
    "servers",
    "text",
]

Node = Mapping[str, Any]

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_MAX_NODES = 200_000
_MAX_POINTER = 1_000
_INNER = ("items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else")
_INNER_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_INNER_MAPS = ("properties", "patternProperties", "$defs", "dependentSchemas")


class Found(NamedTuple):
    """A part of a document, and where it stands (RFC 6901)."""

    at: str
    node: Node


def operations(document: Node) -> Iterator[Found]:
    """Yield the operations."""
    for path, item in mapped(document.get("paths")).items():
        for method in _METHODS:
            if isinstance(mapped(item).get(method), Mapping):
                yield Found(f"/paths/{_escaped(path)}/{method}", item[method])


def parameters(document: Node) -> Iterator[tuple[Found, list[Found]]]:
    """Yield each operation with its parameters, those of its path among them."""
    for path, item in mapped(document.get("paths")).items():
        at = f"/paths/{_escaped(path)}"
        shared = _parameters_of(mapped(item), at)
        for method in _METHODS:
            node = mapped(item).get(method)
            if isinstance(node, Mapping):
                below = f"{at}/{method}"
                yield Found(below, node), [*shared, *_parameters_of(node, below)]


def request_schemas(document: Node) -> Iterator[Found]:
    """Yield the schema of each body, with references followed."""
    for at, node in operations(document):
        body = _resolved(document, node.get("requestBody"))
        for media_type, holder in mapped(body.get("content")).items():
            if "schema" in mapped(holder):
                below = f"{at}/requestBody/content/{_escaped(media_type)}/schema"
                yield Found(below, _resolved(document, holder["schema"]))


def schemas(document: Node) -> Iterator[Found]:
    """Yield every schema, and every one within it, up to a bound that no small document has."""
    left = _MAX_NODES
    waiting = list(_roots(document))
    while waiting and left > 0:
        at, node = waiting.pop()
        left -= 1
        yield Found(at, node)
        inner = [(key, node.get(key)) for key in _INNER]
        for key in _INNER_LISTS:
            inner += [(f"{key}/{number}", one) for number, one in enumerate(listed(node.get(key)))]
        for key in _INNER_MAPS:
            named = mapped(node.get(key)).items()
            inner += [(f"{key}/{_escaped(name)}", one) for name, one in named]
        waiting += [Found(_below(at, key), one) for key, one in inner if isinstance(one, Mapping)]


def references(document: Node) -> Iterator[tuple[str, str]]:
    """Yield every reference, and where it stands."""
    for at, node in schemas(document):
        if isinstance(node.get("$ref"), str):
            yield at, node["$ref"]


def schemes(document: Node) -> Mapping[str, Node]:
    """Return the security schemes by name."""
    declared = mapped(mapped(document.get("components")).get("securitySchemes"))
    return {name: mapped(one) for name, one in declared.items()}


def servers(document: Node) -> list[Found]:
    """Return all servers, of paths and operations too, with an address that is text."""
    owners = [Found("", document)]
    for path, item in mapped(document.get("paths")).items():
        owners.append(Found(f"/paths/{_escaped(path)}", mapped(item)))
    owners += operations(document)
    return [
        Found(f"{at}/servers/{number}/url", {"url": text(mapped(one), "url")})
        for at, owner in owners
        for number, one in enumerate(listed(owner.get("servers")))
    ]


def text(node: Node, key: str) -> str:
    """Return a member that should be text, or nothing where it is none."""
    value = node.get(key)
    return value if isinstance(value, str) else ""


def mapped(value: object) -> Node:
    """Return an object, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def listed(value: object) -> Sequence[Any]:
    """Return a list, or an empty one."""
    return value if isinstance(value, list | tuple) else ()


def _parameters_of(owner: Node, at: str) -> list[Found]:
    return [
        Found(f"{at}/parameters/{number}", mapped(one))
        for number, one in enumerate(listed(owner.get("parameters")))
    ]


def _roots(document: Node) -> Iterator[Found]:
    """Yield the schemas that stand in no other."""
    for name, one in mapped(mapped(document.get("components")).get("schemas")).items():
        yield Found(f"/components/schemas/{_escaped(name)}", mapped(one))
    for operation, found in parameters(document):
        for at, one in found:
            yield Found(f"{at}/schema", mapped(one.get("schema")))
        contents = [Found(f"{operation.at}/requestBody", mapped(operation.node.get("requestBody")))]
        for status, one in mapped(operation.node.get("responses")).items():
            contents.append(Found(f"{operation.at}/responses/{_escaped(status)}", mapped(one)))
        for at, one in contents:
            for media_type, holder in mapped(one.get("content")).items():
                below = f"{at}/content/{_escaped(media_type)}/schema"
                yield Found(below, mapped(mapped(holder).get("schema")))


def _resolved(document: Node, node: object) -> Node:
    """Follow references within the document, as far as it is worth."""
    for _ in range(8):
        reference = text(mapped(node), "$ref")
        if not reference.startswith("#/"):
            break
        node = document
        for part in reference[2:].split("/"):
            node = mapped(node).get(part.replace("~1", "/").replace("~0", "~"))
    return mapped(node)


def _below(at: str, key: str) -> str:
    """Return a place within another; so deep that nobody would look, it stays the other."""
    return at if len(at) > _MAX_POINTER else f"{at}/{key}"


def _escaped(name: object) -> str:
    return str(name)[:200].replace("~", "~0").replace("/", "~1")
