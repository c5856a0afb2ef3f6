"""Which room is given what: everything that one open configuration consists of."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from dragoman.access.identity import IdentityProvider
from dragoman.access.policy import Policy
from dragoman.apis.description import Description
from dragoman.apis.http import handwritten
from dragoman.app.entering import identity_provider
from dragoman.app.waiting import without_what_waits
from dragoman.audit.approvals import Approvals
from dragoman.audit.caller_keys import CallerKeys
from dragoman.audit.claims import Claims
from dragoman.audit.pauses import Pauses
from dragoman.audit.privacy import Privacy
from dragoman.audit.records import AuditLog
from dragoman.call.allowance import Allowance
from dragoman.call.approve import Approve
from dragoman.call.authorize import Authorize
from dragoman.call.claim import Claiming
from dragoman.call.fresh import Fresh
from dragoman.call.identify import Identify
from dragoman.call.keys import Keys
from dragoman.call.limit import Limit, Rates
from dragoman.call.path import CallPath
from dragoman.call.record import Record
from dragoman.call.reuse import Reuse
from dragoman.call.send import Route, Send
from dragoman.call.shape import Shape
from dragoman.call.validate import Validate
from dragoman.catalog.build import build
from dragoman.catalog.catalog import Catalog
from dragoman.catalog.compiled import Described, describe
from dragoman.catalog.kept import Kept, folder_of
from dragoman.catalog.lock import Lock, lock_path, read_lock
from dragoman.clock import Clock
from dragoman.config.load import Configuration
from dragoman.config.settings import ApiSettings
from dragoman.credentials.credentials import Credentials
from dragoman.credentials.user_tokens import UserTokens
from dragoman.errors import ConfigurationError, DragomanError
from dragoman.network import Network, Origin, Reach, origin_of
from dragoman.operation import Operation, Prepared
from dragoman.secrets.live import LiveValues
from dragoman.secrets.secrets import Secrets
from dragoman.store.store import Store

__all__ = ["Parts", "open_parts", "reach_of"]


@dataclass(frozen=True, slots=True)
class Parts:
    """The open rooms.

    `unavailable` says why an API of the file has no operations now; without a `lock` nothing is
    pinned; `key` derives a key from the root key, by a label.
    """

    configuration: Configuration
    clock: Clock
    live: LiveValues
    secrets: Secrets
    network: Network
    store: Store
    key: Callable[[str], Awaitable[bytes]]
    audit: AuditLog
    approvals: Approvals
    pauses: Pauses
    caller_keys: CallerKeys
    identity: IdentityProvider | None
    policy: Policy
    catalog: Catalog
    descriptions: Mapping[str, Description]
    unavailable: Mapping[str, DragomanError]
    lock: Lock | None
    routes: Mapping[str, Route]
    path: CallPath

    def operation(self, operation_id: str) -> Operation:
        """Return an operation; raises `NotFoundError`, or why its API cannot be read now."""
        return _operation(self.catalog, self.unavailable, operation_id)


def _operation(
    catalog: Catalog, unavailable: Mapping[str, DragomanError], operation_id: str
) -> Operation:
    fault = unavailable.get(operation_id.partition(".")[0])
    if fault is not None and operation_id not in catalog.operations:
        raise fault
    return catalog.get(operation_id)


async def open_parts(
    configuration: Configuration,
    *,
    live: LiveValues,
    secrets: Secrets,
    network: Network,
    store: Store,
    key: Callable[[str], Awaitable[bytes]],
    clock: Clock,
    read_only: bool,
) -> Parts:
    """Read all descriptions and wire the call path; raises `ConfigurationError` with all faults.

    An API whose description cannot be fetched now does not keep the others from working.
    """
    policy = Policy.compile(configuration, read_only=read_only)
    lock = await asyncio.to_thread(read_lock, lock_path(configuration))
    read, unavailable = await _describe_all(configuration, network)
    described, withheld = await without_what_waits(read, unavailable, lock, configuration)
    descriptions = {name: one.description for name, one in described.items()}
    catalog = await asyncio.to_thread(
        build,
        list(descriptions.values()),
        configuration.settings,
        configuration.where,
        {name: one.index for name, one in described.items() if one.index is not None},
        withheld,
    )
    routes = _routes(
        configuration,
        described,
        lock,
        secrets=secrets,
        tokens=UserTokens(store, clock, lambda: key("user tokens")),
        network=network,
        clock=clock,
    )
    privacy = configuration.settings.privacy
    kept = Privacy(privacy.bodies, timedelta(days=privacy.keep))
    audit = AuditLog(store, clock, live.redact_json, kept)
    approvals = Approvals(store, clock)
    pauses = Pauses(store, clock)
    return Parts(
        configuration=configuration,
        clock=clock,
        live=live,
        secrets=secrets,
        network=network,
        store=store,
        key=key,
        audit=audit,
        approvals=approvals,
        pauses=pauses,
        caller_keys=CallerKeys(store, clock, lambda: key("caller keys")),
        identity=identity_provider(configuration.settings, network, clock),
        policy=policy,
        catalog=catalog,
        descriptions=descriptions,
        unavailable=unavailable,
        lock=lock,
        routes=routes,
        path=_call_path(
            partial(_operation, catalog, unavailable),
            policy=policy,
            routes=routes,
            network=network,
            claims=Claims(store, clock),
            pauses=pauses,
            approvals=approvals,
            audit=audit,
            keys=Keys(lambda: key("claims")),
            live=live,
            clock=clock,
        ),
    )


def _routes(
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


def _call_path(
    operation: Callable[[str], Operation],
    *,
    policy: Policy,
    routes: Mapping[str, Route],
    network: Network,
    claims: Claims,
    pauses: Pauses,
    approvals: Approvals,
    audit: AuditLog,
    keys: Keys,
    live: LiveValues,
    clock: Clock,
) -> CallPath:
    """Give each stage what it needs, and nothing else."""
    rates = Rates()
    limit = Limit(rates)

    def credential(prepared: Prepared) -> str:
        return routes[prepared.api].accounts[prepared.account].label(prepared.security)

    fresh = Fresh(clock, credential)
    return CallPath(
        identify=Identify(policy),
        authorize=Authorize(operation, pauses, policy, rates, Allowance(clock, audit.count)),
        validate=Validate(),
        reuse=Reuse(claims, keys, fresh),
        approve=Approve(approvals, claims, keys, clock, live.redact_json, credential),
        limit=limit,
        claim=Claiming(claims, keys, clock, live.redact_bytes, fresh.forget),
        send=Send(routes, network, live, limit),
        shape=Shape(live),
        record=Record(audit, live, clock),
    )


async def _describe_all(
    configuration: Configuration, network: Network
) -> tuple[dict[str, Described], dict[str, DragomanError]]:
    """Read the descriptions of all APIs together."""
    apis = configuration.settings.apis
    kept = Kept(folder_of(configuration.environment))
    found = await asyncio.gather(
        *(_describe(name, api, configuration, network, kept) for name, api in apis.items()),
        return_exceptions=True,
    )
    described: dict[str, Described] = {}
    unavailable: dict[str, DragomanError] = {}
    faults: list[str] = []
    for name, result in zip(apis, found, strict=True):
        if isinstance(result, ConfigurationError):
            faults.extend(result.messages)
        elif isinstance(result, DragomanError):
            unavailable[name] = result
        elif isinstance(result, BaseException):
            raise result
        else:
            described[name] = result
    if faults:
        raise ConfigurationError(*faults)
    return described, unavailable


async def _describe(
    name: str, api: ApiSettings, configuration: Configuration, network: Network, kept: Kept
) -> Described:
    if api.openapi is None:
        return Described(handwritten.read(name, api))
    return await describe(
        name,
        api.openapi,
        api,
        base=configuration.base,
        network=network,
        reach=reach_of(api),
        kept=kept,
    )


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
