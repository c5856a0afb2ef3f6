"""How messages name what an API asks for, and how the owner writes it."""

from __future__ import annotations

from collections.abc import Mapping

from dragoman.operation import Scheme

__all__ = ["described", "form_of", "offer"]

_HTTP = {"basic": "user name and password", "bearer": "bearer token"}
_KINDS = {
    "oauth2": "OAuth 2",
    "openIdConnect": "OpenID Connect",
    "mutualTLS": "client certificate, which is not supported",
}


def described(scheme: Scheme) -> str:
    """Return a scheme with what it stands for: `ApiKey (header X-Key)`."""
    if scheme.kind == "apiKey":
        kind = f"{scheme.place} {scheme.name}"
    elif scheme.kind == "http":
        kind = _HTTP.get(scheme.scheme.lower(), f"Authorization: {scheme.scheme}")
    else:
        kind = _KINDS[scheme.kind]
    return f"{scheme.id} ({kind})"


def offer(schemes: Mapping[str, Scheme]) -> str:
    """Return the sentence that says which schemes a description has."""
    if not schemes:
        return "Its description declares no security scheme."
    return f"Its description has: {', '.join(map(described, schemes.values()))}."


def form_of(scheme: Scheme) -> str:
    """Return how the value for a scheme is written under `auth`."""
    if scheme.kind == "http" and scheme.scheme.lower() == "basic":
        return '{username: …, password: "${NAME}"}'
    if scheme.kind in ("oauth2", "openIdConnect"):
        return '"${NAME}" for a token, or {client_id: …, client_secret: "${NAME}"}'
    return '"${NAME}"'
