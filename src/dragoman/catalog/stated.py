"""An operation as its description alone states it, without a word of the owner, and its hash.

The owner's settings would change the hash with every edit of dragoman.yaml. Answers are no part
of it: they are untrusted whatever a description says of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from dragoman.apis.http.binding import Binding
from dragoman.apis.openapi.document import Document
from dragoman.apis.openapi.listing import Listed, Listing, place_of
from dragoman.apis.openapi.read import described
from dragoman.apis.openapi.servers import Servers
from dragoman.config.settings import ApiSettings
from dragoman.errors import DescriptionError
from dragoman.network.address import parse_address
from dragoman.operation import WHOLE_AUTH, Contract, JsonValue, Operation, Scheme

__all__ = ["Stated", "Statement", "state"]

# Any server and any credential will do: what is asked is what the document makes of them. With a
# server given, an operation whose document names none that can be used has a contract all the same.
_NOBODY = ApiSettings.model_validate(
    {"base_url": "https://server.invalid", "auth": {"bearer": "${NOBODY}"}}
)


@dataclass(frozen=True, slots=True)
class Stated:
    """One operation by the word of its description.

    `server` is where its requests go, empty where the document alone does not say. `schemes` are
    those that its security names, `binding` is how its request is written. `hash` is the SHA-256
    over all but the server and the name.
    """

    operation: Operation
    contract: Contract
    server: str
    schemes: tuple[Scheme, ...]
    binding: JsonValue
    hash: str


@dataclass(frozen=True, slots=True)
class Statement:
    """All that a description states; `origins` are the hosts that it wants credentials sent to."""

    operations: Mapping[str, Stated]
    origins: tuple[str, ...]


def state(name: str, listing: Listing) -> Statement:
    """Return what a document states of the API `name`, by operation id. Reads every contract."""
    alone = described(name, listing, _NOBODY)
    servers = Servers(listing.document, None)
    stated = {
        operation.id: _stated(operation, listed, listing.document, servers, alone.schemes)
        for operation, listed in zip(alone.operations.values(), listing.operations, strict=True)
    }
    plain = described(name, listing, ApiSettings())
    addresses = [*plain.servers, *(one.token_url for one in plain.schemes.values())]
    return Statement(stated, tuple(sorted({_origin(one) for one in addresses if "://" in one})))


def _origin(address: str) -> str:
    found = parse_address(address)
    return f"{found.scheme}://{found.netloc}"


def _stated(
    operation: Operation,
    listed: Listed,
    document: Document,
    servers: Servers,
    schemes: Mapping[str, Scheme],
) -> Stated:
    contract = operation.contract
    names = {name for alternative in contract.security for name in alternative}
    shown = tuple(one for one in schemes.values() if one.id in names or WHOLE_AUTH in names)
    binding = _written(contract.binding)
    hashed = _hash(
        operation.route,
        operation.effect,
        operation.summary,
        operation.description,
        operation.tags,
        operation.deprecated,
        contract.input_schema,
        contract.security,
        [msgspec.to_builtins(one) for one in shown],
        binding,
    )
    return Stated(operation, contract, _server(listed, document, servers), shown, binding, hashed)


def _server(listed: Listed, document: Document, servers: Servers) -> str:
    try:
        place = place_of(document, listed)
        return servers.of(place.node, place.item).url
    except DescriptionError:
        return ""


def _written(binding: object) -> JsonValue:
    """Return how a request is written as plain data; what it accepts follows from the answers."""
    if not isinstance(binding, Binding):
        return None
    plain: JsonValue = msgspec.to_builtins(
        replace(binding, server="", accept=""), order="deterministic"
    )
    return plain


def _hash(*parts: object) -> str:
    # The standard library tells numbers of any length.
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
