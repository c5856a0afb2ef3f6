"""Callers who come with a token of an identity provider: a signed JWT (RFC 7519, RFC 9068).

The provider's keys (RFC 7517) are fetched at first use, kept for an hour, and fetched anew for a
key that is not known, at most once a minute. Whoever the token is for is the end user: it is its
own subject, and names no other.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dragoman.clock import Clock
from dragoman.errors import AuthenticationError, DragomanError, NetworkError
from dragoman.network import Bounds, Network, Reach, Request

if TYPE_CHECKING:
    from jwt import PyJWK

__all__ = ["Identity", "IdentityProvider"]

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""Signatures by a key of the provider; never `none` or a shared secret (RFC 8725, 3.1)."""

LEEWAY_SECONDS = 60
"""By how much the provider's clock and ours may differ."""

_MAX_TOKEN = 16 * 1024
_MAX_KEYS = 100
_FRESH_SECONDS = 3600.0
_AGAIN_SECONDS = 60.0
_DOWN_SECONDS = 5.0
"""How long a provider that is down is not asked again: anybody can send what looks like a token."""

_BOUNDS = Bounds(seconds=10.0, max_bytes=512 * 1024, redirects=0)

_REQUIRED = ("exp", "iss", "aud")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who calls: a caller of the file, and the end user that has proved to be one."""

    caller: str
    user: str | None = None


@dataclass(slots=True)
class IdentityProvider:
    """Reads tokens of one issuer for one audience.

    `callers` are those of the file with the claims that a token needs to be one of them, in their
    order; `user_claim` names the claim that is the end user.
    """

    issuer: str
    audience: Sequence[str]
    callers: Mapping[str, Mapping[str, str]]
    network: Network
    clock: Clock
    jwks_url: str | None = None
    user_claim: str = "sub"
    _keys: Mapping[str, PyJWK] = field(default_factory=dict, repr=False)
    _fetched_at: float | None = None
    _down: tuple[float, str] | None = None
    _fetching: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def identify(self, token: str) -> Identity:
        """Return who a token says it is for.

        Raises `AuthenticationError` for a token that is none, or is not for us, or not now, or of
        nobody that the file knows; `NetworkError` where the provider's keys cannot be fetched.
        """
        import jwt  # noqa: PLC0415 - only where tokens are used

        if len(token) > _MAX_TOKEN:
            raise AuthenticationError("The token is longer than 16 KiB.")
        if not token.isascii():
            raise AuthenticationError("This is no token that can be read.")
        try:
            header = jwt.get_unverified_header(token)
            key = await self._key(header)
            claims = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                audience=list(self.audience),
                issuer=self.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": [*_REQUIRED, self.user_claim], "verify_sub": False},
            )
        except jwt.PyJWTError as error:
            raise AuthenticationError(self._why(error)) from None
        user = claims[self.user_claim]
        if not isinstance(user, str) or not user:
            raise AuthenticationError(f"The claim {self.user_claim} of the token is no text.")
        return Identity(self._caller(claims), user)

    def _caller(self, claims: Mapping[str, Any]) -> str:
        for name, wanted in self.callers.items():
            if all(_holds(claim, claims.get(claim), value) for claim, value in wanted.items()):
                return name
        raise AuthenticationError(
            "The token is of nobody that the configuration knows.",
            hint="A caller with claims: {…} that this token has would let it in.",
        )

    async def _key(self, header: Mapping[str, Any]) -> PyJWK:
        """Return the provider's key that the token names; the only one, where it names none."""
        kid = header.get("kid")
        found = self._choose(kid)
        if found is None or not self._is_fresh(_FRESH_SECONDS):
            await self._fetch(forced=found is None)
            found = self._choose(kid) or found
        if found is None:
            raise AuthenticationError(
                "The token is signed with a key that its issuer does not name."
            )
        return found

    def _choose(self, kid: object) -> PyJWK | None:
        if kid is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(str(kid))

    def _is_fresh(self, seconds: float) -> bool:
        return self._fetched_at is not None and self.clock.monotonic() - self._fetched_at < seconds

    async def _fetch(self, *, forced: bool) -> None:
        """Fetch the keys; those that we have serve on where that fails now."""
        async with self._fetching:
            if self._is_fresh(_AGAIN_SECONDS if forced else _FRESH_SECONDS):
                return
            if self._down and self.clock.monotonic() - self._down[0] < _DOWN_SECONDS:
                raise NetworkError(self._down[1], sent=False)
            try:
                keys = await self._download()
            except DragomanError as error:
                if not self._keys:
                    self._down = self.clock.monotonic(), error.detail
                    raise
                keys = self._keys
            self._keys, self._fetched_at = keys, self.clock.monotonic()

    async def _download(self) -> Mapping[str, PyJWK]:
        from jwt import PyJWKSet, PyJWTError  # noqa: PLC0415 - only where tokens are used

        url = self.jwks_url
        if url is None:
            # OpenID Connect Discovery 1.0, 4; RFC 8414 has the same member.
            place = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
            said = await self._object(place)
            if said.get("issuer") != self.issuer:  # 4.3: it must be the very same text.
                of = repr(said.get("issuer"))[:200]
                raise NetworkError(f"{place} is of the issuer {of}.", sent=False)
            url = str(said.get("jwks_uri", ""))
        found = await self._object(url)
        listed = found.get("keys")
        if not isinstance(listed, list):
            raise NetworkError(f"{url} holds no usable keys: they are no list.", sent=False)
        try:
            keys = PyJWKSet.from_dict({"keys": listed[:_MAX_KEYS]}) if listed else None
        except (PyJWTError, TypeError, ValueError) as error:
            raise NetworkError(f"{url} holds no usable keys: {error}", sent=False) from None
        signing = [key for key in keys or () if key.public_key_use in (None, "sig")]
        return {str(key.key_id): key for key in signing}

    async def _object(self, url: str) -> Mapping[str, Any]:
        reach = Reach.of(urls=[self.issuer, *([self.jwks_url] if self.jwks_url else [])])
        response = await self.network.exchange(Request("GET", url), reach=reach, bounds=_BOUNDS)
        try:
            value = json.loads(response.body)
        except (ValueError, RecursionError):
            value = None
        if response.status != 200 or not isinstance(value, dict):
            raise NetworkError(
                f"The identity provider answered {response.status} and no JSON object at {url}.",
                sent=False,
            )
        return value

    def _why(self, error: Exception) -> str:
        """Return what is wrong with a token; of it only what anybody may know."""
        known = {
            "ExpiredSignatureError": "The token has expired.",
            "ImmatureSignatureError": "The token is not valid yet: do the clocks differ?",
            "InvalidAudienceError": "The token is for another audience.",
            "InvalidIssuerError": "The token is of another issuer.",
            "InvalidSignatureError": "The signature of the token is not right.",
            "InvalidAlgorithmError": "The token is signed in a way that is not accepted.",
            "MissingRequiredClaimError": f"The token lacks a claim: {error}.",
        }
        return known.get(type(error).__name__, "This is no token that can be read.")


def _holds(name: str, claim: object, wanted: str) -> bool:
    """Whether a claim is the value, has it in its list, or, of scopes, among its words.

    Only scopes are words (RFC 8693, 4.2; Microsoft calls them `scp`): a title may hold any.
    """
    if isinstance(claim, str):
        return claim == wanted or (name in {"scope", "scp"} and wanted in claim.split(" "))
    if isinstance(claim, bool):
        return wanted == ("true" if claim else "false")
    if isinstance(claim, list):
        return wanted in claim
    return isinstance(claim, int) and str(claim) == wanted
