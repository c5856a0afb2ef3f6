"""The parts that credentials are made of: each is one secret and the place where it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from dragoman.operation import Scheme
from dragoman.secrets.reference import Template

__all__ = [
    "AUTHORIZATION",
    "BEARER",
    "OF_THE_USER",
    "Basic",
    "Client",
    "Grant",
    "Part",
    "Place",
    "UserGrant",
    "Value",
    "fit",
    "place_of",
]

Place: TypeAlias = Literal["header", "query", "cookie"]

AUTHORIZATION = "Authorization"
BEARER = "Bearer "

OF_THE_USER = " of the user"
"""With what the label of a token that an end user gave us ends."""


@dataclass(frozen=True, slots=True)
class Value:
    """A secret as it is, after `before` (`Bearer `). `key` is where it stands under `auth`."""

    key: str
    place: Place
    name: str
    template: Template
    before: str = ""

    @property
    def label(self) -> str:
        """What it is, without its value: `bearer ${SHOP_TOKEN}`, `header X-Key ${KEY}`."""
        kind = self.before.strip().lower() or f"{self.place} {self.name}"
        return f"{kind} {self.template}"


@dataclass(frozen=True, slots=True)
class Basic:
    """A user name and password (RFC 7617)."""

    key: str
    username: str | Template
    password: Template

    @property
    def label(self) -> str:
        """What it is, without its value."""
        return f"basic {self.password}"


@dataclass(frozen=True, slots=True)
class Client:
    """Who we are at a token endpoint; without a secret a public client (RFC 6749, 2.1)."""

    key: str
    client_id: str | Template
    client_secret: Template | None
    token_url: str | Template

    @property
    def label(self) -> str:
        """What it is, without its value."""
        return f"oauth {self.client_secret or self.client_id}"


@dataclass(frozen=True, slots=True)
class Grant:
    """A token that is fetched with client credentials (RFC 6749, 4.4) and shown as a bearer.

    `is_typed` says that the owner wrote the token address, not the description.
    """

    client: Client
    scopes: tuple[str, ...] = ()
    audience: str | Template | None = None
    is_typed: bool = True

    @property
    def key(self) -> str:
        """Where it stands under `auth`."""
        return self.client.key

    @property
    def label(self) -> str:
        """What it is, without its value."""
        return self.client.label


@dataclass(frozen=True, slots=True)
class UserGrant:
    """A token that each end user gives us by an authorization code (RFC 6749, 4.1; RFC 7636).

    `issuer` is what the server calls itself (RFC 9207), where the owner says so; tokens are
    given back at `revocation_url` (RFC 7009); `is_typed` says that the owner wrote the token
    address.
    """

    client: Client
    authorization_url: str | Template
    scopes: tuple[str, ...] = ()
    issuer: str | Template | None = None
    revocation_url: str | Template | None = None
    is_typed: bool = True

    @property
    def key(self) -> str:
        """Where it stands under `auth`."""
        return self.client.key

    @property
    def label(self) -> str:
        """What it is, without its value."""
        return f"{self.client.label}{OF_THE_USER}"


Part: TypeAlias = Value | Basic | Grant | UserGrant


def place_of(part: Part) -> tuple[str, str]:
    """Return where the part is shown; names of headers do not depend on case (RFC 9110, 5.1)."""
    if not isinstance(part, Value):
        return "header", AUTHORIZATION.lower()
    return part.place, part.name.lower() if part.place == "header" else part.name


def fit(part: Part, scheme: Scheme) -> int | None:
    """Return how well a part does what a scheme asks for: 0 exactly, 1 as well, None not at all."""
    if scheme.kind == "apiKey":
        name = scheme.name.lower() if scheme.place == "header" else scheme.name
        return 0 if place_of(part) == (scheme.place, name) else None
    if scheme.kind == "mutualTLS" or place_of(part) != ("header", AUTHORIZATION.lower()):
        return None
    if isinstance(part, Value) and not part.before:
        return 1  # The owner has written the whole header, whatever its scheme.
    kind = scheme.scheme.lower() if scheme.kind == "http" else scheme.kind
    if isinstance(part, Basic):
        return 0 if kind == "basic" else None
    if kind not in ("bearer", "oauth2", "openIdConnect"):
        return None
    return 0 if isinstance(part, Grant | UserGrant) is (kind != "bearer") else 1
