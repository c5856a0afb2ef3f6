"""OpenAPI documents into operations: cheap to list, each contract read at its first use."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import Lock

from dragoman.apis.description import Description
from dragoman.apis.http.effect import effect_of
from dragoman.apis.openapi.contract import Place, Shared, contract_of
from dragoman.apis.openapi.definitions import Definitions
from dragoman.apis.openapi.document import Document, list_of, object_of, text_of
from dragoman.apis.openapi.load import Source
from dragoman.apis.openapi.names import names_of
from dragoman.apis.openapi.security import (
    WHOLE,
    Security,
    credential_places,
    required_by,
    requires,
    schemes_of,
)
from dragoman.apis.openapi.servers import Servers
from dragoman.config.settings import ApiSettings
from dragoman.errors import DescriptionError
from dragoman.operation import Contract, JsonValue, Operation

__all__ = ["read"]

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_METHOD = re.compile(r"[A-Z][A-Z-]{0,30}")
_MAX_OPERATIONS = 20_000
_MAX_FINDINGS = 100


def read(name: str, source: Source, api: ApiSettings) -> Description:
    """Return the operations of a document, as the API `name` of the owner's file.

    A part of the document that cannot be read costs that part alone: an operation of it is
    unsupported, with the reason, and `findings` tell the rest.
    """
    document = _document(source)
    findings = list(source.findings)
    places = list(_places(document, findings))
    servers = Servers(document, api.base_url)
    listed = _servers(servers, places)
    schemes, faults = schemes_of(document, _base(listed, document))
    findings += faults
    whole = bool(api.auth) and not _requires_any(document, places)
    if whole:
        findings.append(
            "No operation of the document requires any security: what stands under auth is sent"
            " with all of them."
        )
    shared = Shared(Definitions(document), servers, credential_places(schemes, api))
    reading = _Reading(name, api, shared, whole=whole)
    info = object_of(document.root, "info")
    return Description(
        api=name,
        title=text_of(info, "title"),
        version=text_of(info, "version"),
        description=text_of(info, "description"),
        operations=reading.operations(places),
        schemes=schemes,
        servers=tuple(listed),
        findings=tuple(findings[:_MAX_FINDINGS]),
    )


def _document(source: Source) -> Document:
    version = str(source.document.get("openapi", ""))
    return Document(source.document, version.startswith("3.0"), source.location)


def _places(document: Document, findings: list[str]) -> Iterator[Place]:
    """Yield the operations in the order of the document."""
    count = 0
    for path, declared in object_of(document.root, "paths").items():
        if path.startswith("x-"):
            continue
        try:
            item = document.resolve(declared)
        except DescriptionError as error:
            findings.append(f"The path {path[:80]} cannot be read: {error.detail}.")
            continue
        for method, node in _methods(item):
            if not isinstance(node, dict):
                findings.append(f"{method} {path[:80]} is no operation: it is no object.")
                continue
            count += 1
            if count > _MAX_OPERATIONS:
                findings.append(f"Only the first {_MAX_OPERATIONS:,} operations are read.")
                return
            yield Place(method, path, item, node)


def _methods(item: Mapping[str, JsonValue]) -> Iterator[tuple[str, JsonValue]]:
    for method in item:
        if method in _METHODS:
            yield method.upper(), item[method]
    # OpenAPI 3.2, section 4.9: other methods, by their exact names.
    for method, node in object_of(item, "additionalOperations").items():
        if _METHOD.fullmatch(method):
            yield method, node


def _servers(servers: Servers, places: list[Place]) -> list[str]:
    """Return every server that the document names, each once: its own, of paths, of operations."""
    listed = dict.fromkeys(servers.all(servers.document.root))
    for place in places:
        for owner in (place.item, place.node):
            if "servers" in owner:
                listed |= dict.fromkeys(servers.all(owner))
    return list(listed)


def _base(listed: list[str], document: Document) -> str:
    """Return what other addresses of the document are relative to (OpenAPI 3.0.4, section 4.6)."""
    if document.is_3_0 and "://" in document.location:
        return document.location
    return f"{listed[0]}/" if listed else document.location


def _requires_any(document: Document, places: list[Place]) -> bool:
    """Whether any operation requires a credential, by itself or by the word of the document."""
    if any(requires(place.node) for place in places):
        return True
    return requires(document.root) and any("security" not in place.node for place in places)


@dataclass(frozen=True, slots=True)
class _Reading:
    """Makes operations. Their contracts share what was translated already, one thread at a time."""

    api: str
    settings: ApiSettings
    shared: Shared
    whole: bool

    def operations(self, places: list[Place]) -> dict[str, Operation]:
        """Return the operations by name."""
        names = names_of(
            [(text_of(place.node, "operationId"), place.method, place.path) for place in places]
        )
        lock = Lock()
        return {
            name: self._operation(name, place, lock)
            for name, place in zip(names, places, strict=True)
        }

    def _operation(self, name: str, place: Place, lock: Lock) -> Operation:
        def contract() -> Contract:
            security, omitted = self._security(name, place), self._omitted(name)
            with lock:
                return contract_of(place, self.shared, security, omitted)

        node = place.node
        return Operation(
            id=f"{self.api}.{name}",
            api=self.api,
            name=name,
            kind="http",
            effect=effect_of(place.method),
            route=f"{place.method} {place.path}",
            summary=text_of(node, "summary") or text_of(place.item, "summary"),
            description=text_of(node, "description") or text_of(place.item, "description"),
            tags=tuple(tag for tag in list_of(node, "tags") if isinstance(tag, str)),
            deprecated=node.get("deprecated") is True,
            read=contract,
        )

    def _security(self, name: str, place: Place) -> Security | None:
        """Return what a call must show; None where the document cannot be understood."""
        own = self.settings.operations.get(name)
        if own is not None and own.auth:
            return WHOLE
        try:
            declared = required_by(place.node)
            if declared is not None:
                return declared
            if self.whole:
                return WHOLE
            return required_by(self.shared.definitions.document.root) or ()
        except DescriptionError:
            return None

    def _omitted(self, name: str) -> frozenset[str]:
        own = self.settings.operations.get(name)
        return frozenset(self.settings.omit) | frozenset(own.omit if own else ())
