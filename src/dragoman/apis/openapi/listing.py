"""What a document says by itself: all of its operations, cheaply, before the owner has a word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dragoman.apis.openapi.contract import Place
from dragoman.apis.openapi.document import Document, list_of, object_of, text_of
from dragoman.apis.openapi.load import Source
from dragoman.apis.openapi.names import names_of
from dragoman.apis.openapi.security import requires
from dragoman.apis.openapi.wording import Wording
from dragoman.errors import DescriptionError
from dragoman.operation import JsonObject, JsonValue

__all__ = ["Listed", "Listing", "listing_of", "place_of"]

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_METHOD = re.compile(r"[A-Z][A-Z-]{0,30}")
_ADDITIONAL = "additionalOperations"
_MAX_OPERATIONS = 20_000
_MAX_FINDINGS = 100


@dataclass(frozen=True, slots=True)
class Listed:
    """One operation: its name, which no other has, and where it stands.

    `member` is the key of its object in that of its path: a method in lower case, or the exact
    name of an additional one. `takes` and `gives` are words for search.
    """

    name: str
    path: str
    member: str
    summary: str
    description: str
    tags: tuple[str, ...]
    deprecated: bool
    takes: str = ""
    gives: str = ""

    @property
    def method(self) -> str:
        """The method of its requests."""
        return self.member.upper()


@dataclass(frozen=True, slots=True)
class Listing:
    """The operations of a document in their order.

    `servers` are what paths and operations say of servers of their own; `requires` tells whether
    any operation requires a credential.
    """

    document: Document
    operations: tuple[Listed, ...]
    servers: tuple[JsonValue, ...] = ()
    requires: bool = False
    findings: tuple[str, ...] = ()


def listing_of(source: Source) -> Listing:
    """Return what a document lists; a part that cannot be read is a finding."""
    document = _document(source)
    findings = list(source.findings)
    found = list(_found(document, findings))
    names = names_of(
        [(text_of(one.node, "operationId"), one.member.upper(), one.path) for one in found]
    )
    wording = Wording(document)
    owners = [owner for one in found for owner in (one.item, one.node) if "servers" in owner]
    return Listing(
        document,
        tuple(_listed(name, one, wording) for name, one in zip(names, found, strict=True)),
        tuple({id(owner): owner["servers"] for owner in owners}.values()),
        _requires_any(document, found),
        tuple(findings[:_MAX_FINDINGS]),
    )


def place_of(document: Document, listed: Listed) -> Place:
    """Return an operation in its document; raises `DescriptionError` where it is not there."""
    item = document.path_item(listed.path)
    owner = item if listed.member in _METHODS else object_of(item, _ADDITIONAL)
    node = owner.get(listed.member)
    if not isinstance(node, dict):
        raise DescriptionError("it is no object")
    return Place(listed.method, listed.path, item, node)


@dataclass(frozen=True, slots=True)
class _Found:
    path: str
    member: str
    item: JsonObject
    node: JsonObject


def _document(source: Source) -> Document:
    root = source.document
    version = str(root.get("openapi", ""))
    schemas = object_of(object_of(root, "components"), "schemas")
    # Of Swagger 2.0 the definitions are carried over, so that both names name one thing.
    is_2_0 = bool(schemas) and root.get("definitions") is schemas
    return Document(root, version.startswith("3.0"), source.location, is_2_0)


def _found(document: Document, findings: list[str]) -> Iterator[_Found]:
    """Yield the operations in the order of the document."""
    count = 0
    for path, declared in object_of(document.root, "paths").items():
        if path.startswith("x-"):
            continue
        try:
            item = document.item(declared)
        except DescriptionError as error:
            findings.append(f"The path {path[:80]} cannot be read: {error.detail}.")
            continue
        for member, node in _members(item):
            if not isinstance(node, dict):
                told = f"{member.upper()} {path[:80]} is no operation: it is no object."
                findings.append(told)
                continue
            count += 1
            if count > _MAX_OPERATIONS:
                findings.append(f"Only the first {_MAX_OPERATIONS:,} operations are read.")
                return
            yield _Found(path, member, item, node)


def _members(item: Mapping[str, JsonValue]) -> Iterator[tuple[str, JsonValue]]:
    for method in item:
        if method in _METHODS:
            yield method, item[method]
    # OpenAPI 3.2, section 4.9: other methods, by their exact names.
    for method, node in object_of(item, _ADDITIONAL).items():
        if _METHOD.fullmatch(method):
            yield method, node


def _listed(name: str, one: _Found, wording: Wording) -> Listed:
    node = one.node
    return Listed(
        name,
        one.path,
        one.member,
        summary=text_of(node, "summary") or text_of(one.item, "summary"),
        description=text_of(node, "description") or text_of(one.item, "description"),
        tags=tuple(tag for tag in list_of(node, "tags") if isinstance(tag, str)),
        deprecated=node.get("deprecated") is True,
        takes=wording.takes(one.item, node),
        gives=wording.gives(node),
    )


def _requires_any(document: Document, found: list[_Found]) -> bool:
    """Whether any operation requires a credential, by itself or by the word of the document."""
    if any(requires(one.node) for one in found):
        return True
    return requires(document.root) and any("security" not in one.node for one in found)
