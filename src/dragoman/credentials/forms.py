"""The forms of `auth`: one key and its value become the parts that they stand for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from dragoman.config.auth import AuthValue, BasicAuth, OAuthAuth
from dragoman.credentials.parts import (
    AUTHORIZATION,
    BEARER,
    Basic,
    Client,
    Grant,
    Part,
    Place,
    UserGrant,
    Value,
)
from dragoman.credentials.wording import described, form_of, offer
from dragoman.nearest import did_you_mean
from dragoman.operation import Scheme
from dragoman.secrets.reference import Template

__all__ = ["TYPES", "Misuse", "named", "typed"]

_PLACES: dict[str, Place] = {"header": "header", "query": "query", "cookie": "cookie"}

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A name of a header or cookie (RFC 9110, 5.6.2)."""

_NOT_THE_OWNER_S = frozenset(
    {"connection", "content-length", "cookie", "expect", "host", "te", "trailer"}
    | {"transfer-encoding", "upgrade"}
)

_CHALLENGED = frozenset(
    {"digest", "hoba", "mutual", "mutualtls", "negotiate", "ntlm", "scram-sha-1", "scram-sha-256"}
)
"""What depends on more than a secret: on the server's challenge or on a certificate."""


class Misuse(Exception):  # noqa: N818 - it becomes one line of a ConfigurationError
    """What is wrong with one key under `auth`, as the end of a sentence about it."""


def named(key: str, value: AuthValue, scheme: Scheme) -> Part | None:
    """Return the part for a scheme that the owner named; None where the value is not for it.

    Raises `Misuse` for a scheme that no value would do for.
    """
    kind = (scheme.scheme if scheme.kind == "http" else scheme.kind).lower()
    if kind in _CHALLENGED:
        raise Misuse(f"is {described(scheme)}: not supported.")
    if kind == "basic":
        return _basic(key, value)
    if not isinstance(value, Template):
        is_token = kind in ("oauth2", "openidconnect")
        return _grant(key, value, scheme) if is_token else None
    if scheme.kind == "apiKey":
        return Value(key, _PLACES[scheme.place], scheme.name, value)
    if scheme.kind == "http" and kind != "bearer":
        return Value(key, "header", AUTHORIZATION, value, before=f"{scheme.scheme} ")
    return _bearer(key, value)


def typed(key: str, value: AuthValue, schemes: Mapping[str, Scheme]) -> list[Part]:
    """Return the parts of a key that is a type; raises `Misuse` where it is none."""
    read = TYPES.get(key)
    if read is not None:
        return read(key, value, schemes)
    if key in schemes:
        raise Misuse(f"is {described(schemes[key])}: write {form_of(schemes[key])}.")
    meant = did_you_mean(key, [*TYPES, *schemes], 1)
    what = f"is neither a type ({', '.join(TYPES)}) nor a scheme. {offer(schemes)} {meant}"
    raise Misuse(what.rstrip())


def _read_bearer(key: str, value: AuthValue, _: Mapping[str, Scheme]) -> list[Part]:
    if not isinstance(value, Template):
        raise Misuse('has another form: write one secret: "${NAME}".')
    return [_bearer(key, value)]


def _bearer(key: str, value: Template) -> Part:
    first = value.parts[0] if value.parts else ""
    if isinstance(first, str) and first.lower().startswith(BEARER.lower()):
        raise Misuse("repeats the word Bearer: write the token alone.")
    return Value(key, "header", AUTHORIZATION, value, before=BEARER)


def _read_basic(key: str, value: AuthValue, _: Mapping[str, Scheme]) -> list[Part]:
    part = _basic(key, value)
    if part is None:
        raise Misuse('has another form: write {username: …, password: "${NAME}"}.')
    return [part]


def _basic(key: str, value: AuthValue) -> Part | None:
    if isinstance(value, BasicAuth):
        return Basic(key, value.username, value.password)
    if isinstance(value, Mapping) and value.keys() == {"username", "password"}:
        return Basic(key, value["username"], value["password"])
    return None


def _read_oauth(key: str, value: AuthValue, schemes: Mapping[str, Scheme]) -> list[Part]:
    part = _grant(key, value, _common(schemes))
    if part is None:
        raise Misuse(
            'has another form: write {client_id: …, client_secret: "${NAME}", token_url: …}.'
        )
    return [part]


def _common(schemes: Mapping[str, Scheme]) -> Scheme:
    """Return the addresses on which all schemes agree that have any."""

    def agreed(name: str) -> str:
        urls = {getattr(scheme, name) for scheme in schemes.values()} - {""}
        return urls.pop() if len(urls) == 1 else ""

    return Scheme(
        "",
        "oauth2",
        token_url=agreed("token_url"),
        authorization_url=agreed("authorization_url"),
        code_token_url=agreed("code_token_url"),
    )


def _grant(key: str, value: AuthValue, described: Scheme) -> Part | None:
    """Return the grant; its addresses are the owner's or, without one, the description's."""
    if not isinstance(value, OAuthAuth):
        return None
    by_code = value.grant == "authorization_code"
    token_url = value.token_url or (described.code_token_url if by_code else described.token_url)
    if not token_url:
        raise Misuse("needs a token_url: its description names none, or more than one.")
    client = Client(key, value.client_id, value.client_secret, token_url)
    is_typed = bool(value.token_url)
    if not by_code:
        return Grant(client, tuple(value.scopes), value.audience, is_typed)
    authorization_url = value.authorization_url or described.authorization_url
    if not authorization_url:
        raise Misuse("needs an authorization_url: its description names none, or more than one.")
    return UserGrant(
        client,
        authorization_url,
        scopes=tuple(value.scopes),
        issuer=value.issuer,
        revocation_url=value.revocation_url,
        is_typed=is_typed,
    )


def _read_api_key(key: str, value: AuthValue, schemes: Mapping[str, Scheme]) -> list[Part]:
    keys = [scheme for scheme in schemes.values() if scheme.kind == "apiKey"]
    if not isinstance(value, Template):
        raise Misuse('has another form: write one secret: "${NAME}".')
    if len(keys) != 1:
        raise Misuse(
            f"does not say which key is meant. {offer(schemes)} Write the scheme's name in place "
            f'of api_key, or the place: header: {{X-Key: "{value}"}}.'
        )
    return [Value(key, _PLACES[keys[0].place], keys[0].name, value)]


def _read_placed(key: str, value: AuthValue, _: Mapping[str, Scheme]) -> list[Part]:
    return list(_placed(key, value))


def _placed(key: str, value: AuthValue) -> Iterator[Part]:
    """Yield one part for each header, query parameter or cookie that the owner named."""
    place = _PLACES[key]
    if not isinstance(value, Mapping) or not value:
        raise Misuse('needs names: {X-Key: "${NAME}"}.')
    for name, template in value.items():
        if not name or (place != "query" and not _TOKEN.fullmatch(name)):
            raise Misuse(f"holds {name!r}, which is no name of a {place}.")
        if place == "header" and name.lower() in _NOT_THE_OWNER_S:
            raise Misuse(f"holds {name}, which Dragoman sets itself or has its own form.")
        yield Value(key, place, name, template)


TYPES: Mapping[str, Callable[[str, AuthValue, Mapping[str, Scheme]], list[Part]]] = {
    "bearer": _read_bearer,
    "api_key": _read_api_key,
    "basic": _read_basic,
    "header": _read_placed,
    "query": _read_placed,
    "cookie": _read_placed,
    "oauth": _read_oauth,
}
"""How each type is read."""
