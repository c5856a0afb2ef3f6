"""What we show to one API: chosen by what an operation requires, bound to the API's origins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from dragoman.clock import Clock, Deadline
from dragoman.config.auth import AuthValue
from dragoman.credentials.auth import read_auth
from dragoman.credentials.authorization_code import AuthorizationCode
from dragoman.credentials.client_credentials import ClientCredentials
from dragoman.credentials.parts import (
    AUTHORIZATION,
    BEARER,
    Basic,
    Grant,
    Part,
    UserGrant,
    Value,
    place_of,
)
from dragoman.credentials.reveal import Reveal
from dragoman.credentials.token_endpoint import TokenEndpoint
from dragoman.credentials.user_tokens import UserTokens
from dragoman.credentials.wording import described, form_of
from dragoman.errors import ConfigurationError, CredentialError, NetworkError
from dragoman.network import Network, Origin, Reach
from dragoman.network.address import Address, parse_address
from dragoman.operation import WHOLE_AUTH, Credential, Scheme

if TYPE_CHECKING:
    from dragoman.secrets.secrets import Secrets

__all__ = ["Credentials"]

Security = tuple[tuple[str, ...], ...]
"""Alternatives, each of schemes that are needed together (OpenAPI Security Requirement Object)."""


class Credentials:
    """The credentials of one API.

    `auth` is what the owner wrote, `schemes` what the description declares, `allowed_origins`
    where a credential may go, `where` the `file:line` of a key under `auth`. Nothing is resolved
    before it is needed. Raises `ConfigurationError` where `auth` does not fit the schemes.
    """

    def __init__(
        self,
        api: str,
        auth: Mapping[str, AuthValue],
        schemes: Mapping[str, Scheme],
        *,
        allowed_origins: frozenset[Origin],
        secrets: Secrets,
        tokens: UserTokens,
        network: Network,
        reach: Reach,
        clock: Clock,
        where: Callable[[str], str],
        account: str = "",
    ) -> None:
        self._api = api
        self._schemes = schemes
        self._allowed = allowed_origins
        self._auth = read_auth(api, auth, schemes, where)
        self._where = where
        self._reveal = Reveal(api, secrets, where)
        self._chosen: dict[Security, tuple[Part, ...]] = {}
        self._roots = tuple(Address(*origin, target="/").url for origin in allowed_origins)
        self._grants: dict[Grant, ClientCredentials] = {}
        self._by_code: dict[UserGrant, AuthorizationCode] = {}
        for part in self._auth.parts:
            if isinstance(part, Grant | UserGrant):
                endpoint = TokenEndpoint(part.client, part.label, self._reveal, network, reach)
                if isinstance(part, Grant):
                    self._grants[part] = ClientCredentials(part, endpoint, clock)
                else:
                    self._by_code[part] = AuthorizationCode(
                        api, part, endpoint, tokens, clock, account
                    )

    @property
    def by_code(self) -> AuthorizationCode:
        """What end users connect with; raises `ConfigurationError` where they do not.

        Its addresses are judged first: a document that was fetched does not say where a person
        types a password.
        """
        for grant, source in self._by_code.items():
            if not grant.is_typed:
                self._check_origin(str(grant.client.token_url), "token_url")
                self._check_origin(str(grant.authorization_url), "authorization_url")
            return source
        raise ConfigurationError(
            f"{self._api} has no grant: authorization_code under auth ({self._where('')}), "
            "so there is nothing to connect."
        )

    async def aclose(self) -> None:
        """Let what is fetched for end users now be kept, before the store is closed."""
        await asyncio.gather(*(source.aclose() for source in self._by_code.values()))

    async def credential(
        self,
        security: Security,
        target: str,
        deadline: Deadline | None = None,
        *,
        user: str | None = None,
    ) -> Credential:
        """Return what to show for a request to this address, on behalf of an end user.

        It is the first alternative of `security` that `auth` satisfies. Where the empty one is
        among them and no other can be satisfied, or nothing is required, it is empty.

        Raises `CredentialError` where nothing satisfies, the address is not one that may be shown
        the credential, or a secret is missing; `NetworkError` where a token cannot be fetched
        now, or not before the deadline.
        """
        parts = self._choose(security)
        if not parts:
            return Credential()
        self._check_origin(target)
        if len(parts) == 1 and isinstance(parts[0], Value) and parts[0].template.is_at_hand:
            return await self._reveal.value(parts[0])  # nothing is waited for
        try:
            async with asyncio.timeout(deadline.remaining() if deadline else None):
                return _together([await self._show(part, user or "") for part in parts])
        except TimeoutError:
            raise NetworkError(
                f"{self._api}: no token within the time of the call.", sent=False
            ) from None

    def of_user(self, security: Security) -> AuthorizationCode | None:
        """Return the grant of each end user that `credential` would ask, where it would."""
        try:
            parts = self._choose(security)
        except CredentialError:
            return None
        return next((self._by_code[part] for part in parts if isinstance(part, UserGrant)), None)

    def label(self, security: Security) -> str:
        """Return what `credential` would show, by its label; empty where that is nothing.

        Nothing is resolved or fetched, and no address is judged.
        """
        try:
            parts = self._choose(security)
        except CredentialError:
            return ""
        return ", ".join(part.label for part in parts)

    async def renewed(
        self,
        shown: Credential,
        security: Security,
        target: str,
        deadline: Deadline | None = None,
        *,
        user: str | None = None,
    ) -> Credential | None:
        """Return another credential in place of one that an API refused with 401, if there is one.

        Tokens are fetched anew, and secrets of a store on the network are read again. Tokens that
        were fetched since are kept: many refused calls fetch one new token.
        """
        # Who else was refused may have renewed it, or read it while the secret was exchanged.
        known = await self.credential(security, target, deadline, user=user)
        if known != shown:
            return known
        for part in self._choose(security):
            await self._forget(part, shown, user or "")
        credential = await self.credential(security, target, deadline, user=user)
        return None if credential == shown else credential

    async def _forget(self, part: Part, shown: Credential, user: str) -> None:
        bearers = [
            value.removeprefix(BEARER) for name, value in shown.headers if name == AUTHORIZATION
        ]
        if isinstance(part, Value | Basic):
            self._reveal.forget(part)
        for token in bearers:
            if isinstance(part, Grant):
                self._grants[part].forget(token)
            elif isinstance(part, UserGrant):
                await self._by_code[part].forget(user, token)

    def _choose(self, security: Security) -> tuple[Part, ...]:
        """Return the parts to show; the owner's file decides, so it is the same each time."""
        known = self._chosen.get(security)
        if known is None:
            known = self._chosen[security] = self._first_satisfied(security)
        return known

    def _first_satisfied(self, security: Security) -> tuple[Part, ...]:
        for alternative in security:
            parts = self._satisfying(alternative) if alternative else None
            if parts is not None:
                return parts
        if not security or () in security:
            return ()
        raise self._unsatisfied(security)

    def _satisfying(self, alternative: tuple[str, ...]) -> tuple[Part, ...] | None:
        """Return the parts for all schemes of an alternative, or None where one has no part."""
        if WHOLE_AUTH in alternative:
            return self._apart(self._auth.parts)
        found = [self._auth.by_scheme.get(scheme) for scheme in alternative]
        parts = [part for part in found if part is not None]
        if len(parts) < len(found):
            return None
        return self._apart((*parts, *self._auth.loose))

    def _apart(self, parts: Iterable[Part]) -> tuple[Part, ...]:
        """Return the parts, each once; two for one place cannot be shown together."""
        by_place: dict[tuple[str, str], Part] = {}
        for part in parts:
            other = by_place.setdefault(place_of(part), part)
            if other != part:
                raise CredentialError(
                    f"{self._api} is to be shown {other.label} and {part.label} in one place.",
                    hint=f"Keep one under auth ({self._where(part.key)}).",
                )
        return tuple(by_place.values())

    def _unsatisfied(self, security: Security) -> CredentialError:
        wanted = [
            " with ".join(self._wording(scheme) for scheme in alternative)
            for alternative in security
        ]
        given = ", ".join(part.label for part in self._auth.parts) or "nothing"
        name = security[0][0]
        scheme = self._schemes.get(name)
        form = form_of(scheme) if scheme else '"${NAME}"'
        return CredentialError(
            f"{self._api} wants {', or '.join(wanted)}; under auth it has {given}.",
            hint=f"Write auth: {{{name}: {form}}} ({self._where('')}).",
        )

    def _wording(self, scheme_id: str) -> str:
        scheme = self._schemes.get(scheme_id)
        return described(scheme) if scheme else f"{scheme_id}, which it does not declare"

    def _check_origin(self, target: str, key: str = "base_url") -> None:
        """Refuse an address that the owner has not named, with the key that would name it."""
        if target.startswith(self._roots):  # up to the slash that ends the authority
            return
        address = parse_address(target)
        if address.origin in self._allowed:
            return
        origin = f"{address.scheme}://{address.netloc}"
        fix = {
            "base_url": f"under apis.{self._api} base_url: {origin}, or servers: [{origin}]",
            "token_url": f"under auth token_url: {address.shown}",
            "authorization_url": f"under auth authorization_url: {address.shown}",
        }
        raise CredentialError(
            f"The credential of {self._api} is not shown to {origin}: "
            "neither your file nor a document on your disk names it.",
            hint=f"If it is right, write {fix[key]}",
        )

    async def _show(self, part: Part, user: str) -> Credential:
        if isinstance(part, Value):
            return await self._reveal.value(part)
        if isinstance(part, Basic):
            return await self._reveal.basic(part)
        if not part.is_typed:
            self._check_origin(str(part.client.token_url), "token_url")
        if isinstance(part, Grant):
            token = await self._grants[part].token()
        else:
            token = await self._by_code[part].token(user)
        return Credential(headers=((AUTHORIZATION, f"{BEARER}{token}"),), label=part.label)


def _together(shown: Iterable[Credential]) -> Credential:
    credentials = list(shown)
    return Credential(
        headers=tuple(pair for one in credentials for pair in one.headers),
        query=tuple(pair for one in credentials for pair in one.query),
        cookies=tuple(pair for one in credentials for pair in one.cookies),
        label=", ".join(one.label for one in credentials),
    )
