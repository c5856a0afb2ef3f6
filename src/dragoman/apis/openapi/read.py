"""OpenAPI documents into operations: cheap to list, each contract read at its first use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from threading import Lock

from dragoman.apis.description import Description
from dragoman.apis.http.effect import effect_of
from dragoman.apis.openapi.contract import Place, Shared, contract_of, unsupported
from dragoman.apis.openapi.definitions import Definitions
from dragoman.apis.openapi.document import Document, object_of, text_of
from dragoman.apis.openapi.listing import Listed, Listing, listing_of, place_of
from dragoman.apis.openapi.load import Source
from dragoman.apis.openapi.security import (
    WHOLE,
    Security,
    credential_places,
    required_by,
    schemes_of,
)
from dragoman.apis.openapi.servers import Servers
from dragoman.config.settings import ApiSettings
from dragoman.errors import DescriptionError
from dragoman.operation import Contract, Operation

__all__ = ["described", "read"]

_MAX_FINDINGS = 100


def read(name: str, source: Source, api: ApiSettings) -> Description:
    """Return the operations of a document, as the API `name` of the owner's file.

    A part of the document that cannot be read costs that part alone: an operation of it is
    unsupported, with the reason, and `findings` tell the rest.
    """
    return described(name, listing_of(source), api)


def described(name: str, listing: Listing, api: ApiSettings) -> Description:
    """Return what a document lists as the API `name`, with the owner's settings applied."""
    document = listing.document
    findings = list(listing.findings)
    servers = Servers(document, api.base_url)
    owners = [document.root, *({"servers": one} for one in listing.servers)]
    listed = list(dict.fromkeys(url for owner in owners for url in servers.all(owner)))
    schemes, faults = schemes_of(document, _base(listed, document))
    findings += faults
    whole = bool(api.auth) and not listing.requires
    if whole:
        findings.append(
            "No operation of the document requires any security: what stands under auth is sent"
            " with all of them."
        )
    shared = Shared(Definitions(document), servers, credential_places(schemes, api))
    reading = _Reading(name, api, shared, whole, Lock())
    info = object_of(document.root, "info")
    return Description(
        api=name,
        title=text_of(info, "title"),
        version=text_of(info, "version"),
        description=text_of(info, "description"),
        operations=reading.operations(listing.operations),
        schemes=schemes,
        servers=tuple(listed),
        relative_servers=tuple(dict.fromkeys(servers.relative(document.root))),
        findings=tuple(findings[:_MAX_FINDINGS]),
    )


def _base(listed: list[str], document: Document) -> str:
    """Return what other addresses of the document are relative to (OpenAPI 3.0.4, section 4.6)."""
    if document.is_3_0 and "://" in document.location:
        return document.location
    return f"{listed[0]}/" if listed else document.location


@dataclass(frozen=True, slots=True)
class _Reading:
    """Makes operations. Their contracts share what was translated already, one thread at a time."""

    api: str
    settings: ApiSettings
    shared: Shared
    whole: bool
    lock: Lock

    def operations(self, listed: tuple[Listed, ...]) -> Mapping[str, Operation]:
        """Return the operations by name."""
        return {one.name: self._operation(one) for one in listed}

    def _operation(self, listed: Listed) -> Operation:
        return Operation(
            id=f"{self.api}.{listed.name}",
            api=self.api,
            name=listed.name,
            kind="http",
            effect=effect_of(listed.method),
            route=f"{listed.method} {listed.path}",
            summary=listed.summary,
            description=listed.description,
            tags=listed.tags,
            deprecated=listed.deprecated,
            takes=listed.takes,
            gives=listed.gives,
            read=lambda: self._contract(listed),
        )

    def _contract(self, listed: Listed) -> Contract:
        with self.lock:
            try:
                place = place_of(self.shared.definitions.document, listed)
            except DescriptionError as error:
                return unsupported(error)
            security = self._security(listed.name, place)
            shared = self._without_own_key(listed.name)
            return contract_of(place, shared, security, self._omitted(listed.name))

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

    def _without_own_key(self, name: str) -> Shared:
        """Take the header of the operation's own idempotency key away from its arguments."""
        own = self.settings.operations.get(name)
        if own is None or own.idempotency is None or own.idempotency.header is None:
            return self.shared
        header = ("header", own.idempotency.header.lower())
        return replace(self.shared, credentials=self.shared.credentials | {header})

    def _omitted(self, name: str) -> frozenset[str]:
        own = self.settings.operations.get(name)
        key = (own.idempotency if own else None) or self.settings.idempotency
        ours = {key.body} if key is not None and key.body is not None else set()
        return frozenset(self.settings.omit) | frozenset(own.omit if own else ()) | ours
