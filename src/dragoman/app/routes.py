"""How each API is reached: at which private addresses, with which credentials to which origins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dragoman.call.send import Route
from dragoman.catalog.compiled import Described
from dragoman.catalog.lock import Lock
from dragoman.clock import Clock
from dragoman.config.load import Configuration
from dragoman.config.settings import ApiSettings
from dragoman.credentials.credentials import Credentials
from dragoman.credentials.user_tokens import UserTokens
from dragoman.network import Network, Origin, Reach, origin_of
from dragoman.secrets.secrets import Secrets

__all__ = ["reach_of", "routes_of"]


def routes_of(
    configuration: Configuration,
    described: Mapping[str, Described],
    lock: Lock | None,
    *,
    secrets: Secrets,
    tokens: UserTokens,
    network: Network,
    clock: Clock,
) -> dict[str, Route]:
    """Return how each API is reached, with the credentials of each of its accounts."""
    routes: dict[str, Route] = {}
    for name, one in described.items():
        api = configuration.settings.apis[name]
        accounts = {
            account: _credentials(
                configuration,
                one,
                lock,
                account=account,
                secrets=secrets,
                tokens=tokens,
                network=network,
                clock=clock,
            )
            for account in api.accounts or ("",)
        }
        routes[name] = Route(accounts, reach_of(api))
    return routes


def reach_of(api: ApiSettings) -> Reach:
    """Return the private addresses of an API: those of origins that the owner typed, or listed."""
    overlays = [location for location in api.overlays if "://" in location]
    return Reach.of(urls=[*_typed_addresses(api), *overlays], hosts=api.allow_private)


def _typed_addresses(api: ApiSettings) -> list[str]:
    typed = [api.openapi, api.base_url, api.http, *api.servers]
    logins = ("token_url", "authorization_url", "revocation_url")
    given = [value for auth in (api.auth, *api.accounts.values()) for value in auth.values()]
    typed += [getattr(value, login, None) for value in given for login in logins]
    return [address for address in typed if address and "://" in address]


def _credentials(
    configuration: Configuration,
    described: Described,
    lock: Lock | None,
    *,
    account: str,
    secrets: Secrets,
    tokens: UserTokens,
    network: Network,
    clock: Clock,
) -> Credentials:
    description = described.description
    api = configuration.settings.apis[description.api]
    place = ("apis", description.api, *(("accounts", account) if account else ("auth",)))
    return Credentials(
        description.api,
        api.auth_of(account),
        description.schemes,
        allowed_origins=_allowed_origins(api, described, lock),
        secrets=secrets,
        tokens=tokens,
        network=network,
        reach=reach_of(api),
        clock=clock,
        where=lambda key: configuration.where(*place, key),
        account=account,
    )


def _allowed_origins(
    api: ApiSettings, described: Described, lock: Lock | None
) -> frozenset[Origin]:
    """Return where the credential may go: origins of the owner's file, or of a file of the owner's.

    What a fetched document names does not count: whoever serves it would choose who gets the key.
    Nor does what was not accepted, where there is a lock file.
    """
    typed = _origins(_typed_addresses(api))
    if not described.from_disk:
        return typed
    description = described.description
    schemes = description.schemes.values()
    logins = [u for s in schemes for u in (s.token_url, s.code_token_url, s.authorization_url)]
    named = _origins([*description.servers, *logins])
    if lock is not None:
        accepted = lock.apis.get(description.api)
        named &= _origins(accepted.origins if accepted else ())
    return typed | named


def _origins(addresses: Iterable[str]) -> frozenset[Origin]:
    return frozenset(origin_of(address) for address in addresses if "://" in address)
