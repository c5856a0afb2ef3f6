"""Security of a document: its schemes, and what each operation requires (OpenAPI 3.1.1, 4.8.27)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

from dragoman.apis.openapi.document import Document, object_of, text_of
from dragoman.apis.openapi.servers import resolved
from dragoman.config.settings import ApiSettings
from dragoman.errors import DescriptionError
from dragoman.operation import WHOLE_AUTH, JsonObject, Scheme

__all__ = [
    "WHOLE",
    "Credentials",
    "Security",
    "credential_places",
    "required_by",
    "requires",
    "schemes_of",
]

Security = tuple[tuple[str, ...], ...]
Credentials = frozenset[tuple[str, str]]
"""Places and names that credentials take; the names of headers in lower case."""

_PLACES = ("header", "query", "cookie")
_KINDS = ("apiKey", "http", "oauth2", "openIdConnect", "mutualTLS")
WHOLE: Security = ((WHOLE_AUTH,),)
"""All that the owner wrote under `auth`."""


def schemes_of(document: Document, base: str) -> tuple[dict[str, Scheme], list[str]]:
    """Return the schemes by id, and a finding for each that cannot be read.

    `base` is what relative token addresses are resolved against.
    """
    schemes: dict[str, Scheme] = {}
    findings: list[str] = []
    for name, declared in document.component("securitySchemes").items():
        try:
            schemes[name] = _scheme(name, document.resolve(declared), base)
        except DescriptionError as error:
            findings.append(f"The security scheme {name[:80]} cannot be used: {error.detail}.")
    return schemes, findings


def _scheme(name: str, declared: JsonObject, base: str) -> Scheme:
    kind = text_of(declared, "type")
    if kind not in _KINDS:
        raise DescriptionError(f"its type is {kind[:40]!r}")
    if kind == "apiKey":
        place, key = text_of(declared, "in"), text_of(declared, "name")
        if place not in _PLACES or not key:
            raise DescriptionError("it does not say where its key goes")
        return Scheme(name, "apiKey", cast("Literal['header', 'query', 'cookie']", place), key)
    if kind == "http":
        scheme = text_of(declared, "scheme")
        if not scheme.replace("-", "").isalnum() or not scheme.isascii():
            raise DescriptionError("it names no scheme of HTTP")
        return Scheme(name, "http", scheme=scheme)
    if kind != "oauth2":
        return Scheme(name, cast("Literal['openIdConnect', 'mutualTLS']", kind))
    flows = object_of(declared, "flows")
    flow, by_code = object_of(flows, "clientCredentials"), object_of(flows, "authorizationCode")
    return Scheme(
        name,
        "oauth2",
        token_url=_address(flow, "tokenUrl", base),
        authorization_url=_address(by_code, "authorizationUrl", base),
        code_token_url=_address(by_code, "tokenUrl", base),
        scopes=tuple(object_of(flow, "scopes") or object_of(by_code, "scopes")),
    )


def _address(flow: JsonObject, name: str, base: str) -> str:
    address = text_of(flow, name)
    return resolved(address, base) if address else ""


def required_by(owner: JsonObject) -> Security | None:
    """Return what an operation or a document says of security, None where it says nothing.

    Raises `DescriptionError` for what cannot be understood: it must not be read as nothing.
    """
    declared = owner.get("security")
    if declared is None:
        return None
    if not isinstance(declared, list) or not all(isinstance(one, dict) for one in declared):
        raise DescriptionError("what it says of security cannot be understood")
    if any(WHOLE_AUTH in one for one in declared if isinstance(one, dict)):
        raise DescriptionError(f"no security scheme may be named {WHOLE_AUTH}")
    return tuple(tuple(one) for one in declared if isinstance(one, dict))


def requires(owner: JsonObject) -> bool:
    """Whether any credential is required there; what cannot be understood counts."""
    try:
        return any(required_by(owner) or ())
    except DescriptionError:
        return True


def credential_places(schemes: Mapping[str, Scheme], settings: ApiSettings) -> Credentials:
    """Return the places that the credential of the API takes: of its keys, and the owner's own."""
    places: set[tuple[str, str]] = {
        (one.place, one.name) for one in schemes.values() if one.kind == "apiKey"
    }
    for place in _PLACES:
        given: object = settings.auth.get(place)
        if isinstance(given, dict):
            places |= {(place, str(name)) for name in given}
    if settings.idempotency is not None and settings.idempotency.header is not None:
        places.add(("header", settings.idempotency.header))  # We set it, so it is no argument.
    return frozenset((place, name.lower() if place == "header" else name) for place, name in places)
