"""The parts that credentials are made of: each is one secret and the place where it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from dragoman.operation import Scheme
from dragoman.secrets.reference import Template

__all__ = ["AUTHORIZATION", "BEARER", "Basic", "Grant", "Part", "Place", "Value", "fit", "place_of"]

Place: TypeAlias = Literal["header", "query", "cookie"]

AUTHORIZATION = "Authorization"
BEARER = "Bearer "


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
class Grant:
    """A token that is fetched with client credentials (RFC 6749, 4.4) and shown as a bearer.

    `is_typed` says that the owner wrote the token address, not the description.
    """

    key: str
    client_id: str | Template
    client_secret: Template
    token_url: str | Template
    scopes: tuple[str, ...] = ()
    audience: str | Template | None = None
    is_typed: bool = True

    @property
    def label(self) -> str:
        """What it is, without its value."""
        return f"oauth {self.client_secret}"


Part: TypeAlias = Value | Basic | Grant


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
    return 0 if isinstance(part, Grant) is (kind != "bearer") else 1
