"""The contract of one operation: what it accepts, what it requires, and how its request is made."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import quote

from dragoman.apis.http.binding import Binding, Body, Hole, Parameter, Template
from dragoman.apis.http.target import parse_template
from dragoman.apis.openapi.arguments import Arguments
from dragoman.apis.openapi.beside import ignored_beside
from dragoman.apis.openapi.bodies import bound_body
from dragoman.apis.openapi.definitions import Definitions, Needs
from dragoman.apis.openapi.document import object_of
from dragoman.apis.openapi.media_types import accepted, upgrades
from dragoman.apis.openapi.parameters import Declared, bound, declared
from dragoman.apis.openapi.security import Credentials, Security
from dragoman.apis.openapi.servers import Servers
from dragoman.errors import DescriptionError
from dragoman.operation import Contract, JsonObject

__all__ = ["Place", "Shared", "contract_of", "unsupported"]

_ANY = "application/json, */*;q=0.8"
_MAX_CHANGES = 50
_QUERY_SAFE = "/?:@!$&'()*+,;=%-._~[]"
_CLOSED: JsonObject = {"type": "object", "properties": {}, "additionalProperties": False}


@dataclass(frozen=True, slots=True)
class Shared:
    """What all operations of a document have in common."""

    definitions: Definitions
    servers: Servers
    credentials: Credentials


@dataclass(frozen=True, slots=True)
class Place:
    """An operation in its document: method and path, its object and that of its path."""

    method: str
    path: str
    item: JsonObject
    node: JsonObject


def contract_of(
    place: Place, shared: Shared, security: Security | None, omitted: Collection[str]
) -> Contract:
    """Return the contract; whatever cannot be built faithfully makes it unsupported, with why.

    `security` is None where what the document says of it cannot be understood.
    """
    try:
        return _contract(place, shared, security, omitted)
    except DescriptionError as error:
        return unsupported(error, security)


def unsupported(error: DescriptionError, security: Security | None = None) -> Contract:
    """Return the contract of an operation that cannot be called, for the reason given."""
    return Contract(_CLOSED, security or (), None, unsupported=error.detail.rstrip("."))


def _contract(
    place: Place, shared: Shared, security: Security | None, omitted: Collection[str]
) -> Contract:
    if security is None:
        raise DescriptionError("what it says of security cannot be understood")
    document = shared.definitions.document
    responses = object_of(place.node, "responses")
    if upgrades(responses):
        raise DescriptionError("it upgrades the connection (it answers 101)")
    if place.method in ("TRACE", "CONNECT"):
        raise DescriptionError(f"{place.method} is not sent")
    server = shared.servers.of(place.node, place.item)
    template, query = _template(place.path)
    needs, arguments = Needs(shared.definitions), Arguments(omitted)
    holes = {piece.name for piece in template if isinstance(piece, Hole)}
    found = declared(document, place.item, place.node)
    parameters = bound(found, arguments, needs, shared.credentials, holes)
    _check_holes(holes, parameters, found)
    body = _body(place, arguments, needs)
    if server.change:
        needs.changes[server.change] = None
    binding = Binding(
        method=place.method,
        server=server.url,
        path=template,
        parameters=parameters,
        body=body,
        query=query,
        accept=accepted(document, responses) or _ANY,
        credentials=frozenset(name for where, name in shared.credentials if where == "query"),
    )
    changes = tuple(needs.changes)[:_MAX_CHANGES]
    schema, omitted = arguments.schema(needs.defs), frozenset(arguments.taken_away)
    return Contract(schema, security, binding, changes, omitted=omitted)


def _template(path: str) -> tuple[Template, str]:
    """Return the path with its holes, and the query that some documents write behind it."""
    path, mark, query = path.partition("?")
    if "{" in query or "#" in query:
        raise DescriptionError("its path has a query with holes")
    try:
        template = parse_template(path)
        return template, quote(query, safe=_QUERY_SAFE) if mark else ""
    except (ValueError, UnicodeEncodeError) as error:
        raise DescriptionError(f"its path cannot be sent: {error}") from None


def _check_holes(
    holes: Collection[str], parameters: Collection[Parameter], found: Collection[Declared]
) -> None:
    """Raise for a hole in the path that no argument fills."""
    filled = {one.name for one in parameters if one.place == "path"}
    for hole in holes:
        if hole not in filled:
            is_omitted = any(one.place == "path" and one.name == hole for one in found)
            why = "omit takes away" if is_omitted else "no parameter fills"
            raise DescriptionError(f"its path has the hole {{{hole[:80]}}}, which {why}")


def _body(place: Place, arguments: Arguments, needs: Needs) -> Body | None:
    described = place.node.get("requestBody")
    if described is None:
        return None
    try:
        node = needs.definitions.document.resolve(described)
    except DescriptionError as error:
        raise DescriptionError(f"its body cannot be read: {error.detail}") from None
    for key in ignored_beside(needs.definitions.document, described):
        needs.changes[f"{key} beside the $ref of its body does not count"] = None
    return bound_body(node, arguments, needs)
